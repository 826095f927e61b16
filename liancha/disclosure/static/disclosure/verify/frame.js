/* frame.tsv, the frozen pool (liancha-draw/1, §1): `code TAB stratum TAB salt LF`. A million lines
   stay bytes, with three offsets a line; only what is shown or not ASCII becomes text. */
import { Refused, decode, decodeAnyhow, isHex, nameProblem, shown, textProblem, toHex } from './form.js';
import { Growing } from './tree.js';

export const FRAME = 'frame.tsv';
const SALT = 32;
export const STEP = 1 << 13; // lines between two reports of progress
const [TAB, LF, COLON, DELETE] = [0x09, 0x0a, 0x3a, 0x7f];

/* A stand-in for one line of text, and firm.json's `line`: why it is no line of frame.tsv, or ''. */
export function lineProblem(line) {
  const cells = line.split('\t');
  if (cells.length !== 3 || nameProblem(cells[0]) || textProblem(cells[1])) {
    return '应为 代码、分层、盐 三列，以制表符分隔';
  }
  return isHex(cells[2], SALT) ? '' : '盐应为 32 位小写十六进制数';
}

/* Where the lines are: `starts[n]` … `ends(n)` without LF. A last line without LF counts. */
class Lines {
  constructor(data) {
    this.data = data;
    let count = 0;
    for (let at = data.indexOf(LF); at >= 0; at = data.indexOf(LF, at + 1)) count += 1;
    this.isWhole = data.length === 0 || data[data.length - 1] === LF;
    this.size = count + (this.isWhole ? 0 : 1);
    this.starts = new Uint32Array(this.size + 1);
    let n = 0;
    for (let at = data.indexOf(LF); at >= 0; at = data.indexOf(LF, at + 1)) this.starts[(n += 1)] = at + 1;
    if (!this.isWhole) this.starts[this.size] = data.length + 1;
  }

  end(n) {
    return this.starts[n + 1] - 1;
  }
}

/* Strata by the bytes of their names: looked up a million times, so without making text. */
class Strata {
  constructor() {
    this.names = [];
    this.sizes = [];
    this.spellings = [];
    this.byHash = new Map();
  }

  find(data, start, end) {
    let hash = end - start;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + data[at]) | 0;
    const held = this.byHash.get(hash) || [];
    for (const place of held) if (isAt(this.spellings[place], data, start, end)) return place;
    const place = this.names.length;
    const spelling = data.slice(start, end);
    this.names.push(decodeAnyhow(spelling));
    this.sizes.push(0);
    this.spellings.push(spelling);
    this.byHash.set(hash, [...held, place]);
    return place;
  }
}

function isAt(spelling, data, start, end) {
  if (spelling.length !== end - start) return false;
  for (let n = 0; n < spelling.length; n += 1) if (spelling[n] !== data[start + n]) return false;
  return true;
}

/* The salts of a file, each a place in its bytes: an open hash table without text. */
class Salts {
  constructor(data, count) {
    this.data = data;
    let width = 16;
    while (width < 2 * count) width *= 2;
    this.mask = width - 1;
    this.table = new Uint32Array(width); // place + 1, 0 where free
  }

  /* False if the same salt was there already. */
  add(place) {
    const { data, table, mask } = this;
    let hash = 0;
    for (let n = 0; n < SALT; n += 1) hash = (Math.imul(hash, 0x01000193) ^ data[place + n]) | 0;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      if (!table[slot]) {
        table[slot] = place + 1;
        return true;
      }
      if (this.isSame(table[slot] - 1, place)) return false;
    }
  }

  isSame(a, b) {
    for (let n = 0; n < SALT; n += 1) if (this.data[a + n] !== this.data[b + n]) return false;
    return true;
  }
}

function isAscii(data) {
  for (let at = 0; at < data.length; at += 1) if (data[at] >= 0x80) return false;
  return true;
}

/* What stands in a frame.tsv: for each good line its stratum and the ends of its first two cells.
   `problems` holds everything that is not of the protocol's form. */
export class Frame {
  constructor(data) {
    this.data = data;
    this.lines = new Lines(data);
    this.problems = [];
    this.strata = new Strata();
    const { size } = this.lines;
    this.tab = new Uint32Array(size);
    this.next = new Uint32Array(size);
    this.stratum = new Int32Array(size).fill(-1);
  }

  code(n) {
    return decodeAnyhow(this.data.subarray(this.lines.starts[n], this.tab[n]));
  }

  salt(n) {
    return decodeAnyhow(this.data.subarray(this.next[n] + 1, this.lines.end(n)));
  }

  sizes() {
    return new Map(this.strata.names.map((name, place) => [name, this.strata.sizes[place]]));
  }

  /* Reads every line; yields the share done so far. */
  *read() {
    const { data, lines } = this;
    if (!isAscii(data)) {
      try {
        decode(data, FRAME);
      } catch (refusal) {
        if (!(refusal instanceof Refused)) throw refusal;
        this.problems.push(...refusal.problems);
        return;
      }
    }
    if (!lines.isWhole) this.problems.push({ part: FRAME, message: '末尾缺少换行符' });
    const count = lines.isWhole ? lines.size : lines.size - 1;
    if (!count) this.problems.push({ part: FRAME, message: '名单至少要有一户' });
    const salts = new Salts(data, count);
    let before = -1;
    for (let n = 0; n < count; n += 1) {
      if (this.line(n)) {
        this.compare(n, before);
        if (!salts.add(this.next[n] + 1)) this.note(n, '盐与前面的某一行重复');
        before = n;
      } else {
        this.note(n, '应为 代码、分层、32 位小写十六进制数 三列，以制表符分隔');
      }
      if (n % STEP === 0) yield n / count;
    }
  }

  note(n, message) {
    this.problems.push({ part: `${FRAME} 第 ${n + 1} 行`, message });
  }

  /* Takes one line apart; false if it is not of the form. */
  line(n) {
    const { data } = this;
    const start = this.lines.starts[n];
    const end = this.lines.end(n);
    let isPlain = true;
    let cell = 0;
    for (let at = start; at < end; at += 1) {
      const byte = data[at];
      if (byte === TAB) {
        if (cell === 0) this.tab[n] = at;
        else if (cell === 1) this.next[n] = at;
        cell += 1;
      } else if (byte < 0x20 || byte === DELETE || (byte === COLON && cell === 0)) {
        return false;
      } else if (byte >= 0x80) {
        isPlain = false;
      }
    }
    const [tab, next] = [this.tab[n], this.next[n]];
    if (cell !== 2 || tab === start || next === tab + 1 || end - next - 1 !== SALT) return false;
    for (let at = next + 1; at < end; at += 1) {
      const byte = data[at];
      if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return false;
    }
    if (!isPlain && lineProblem(decodeAnyhow(data.subarray(start, end)))) return false;
    this.stratum[n] = this.strata.find(data, tab + 1, next);
    this.strata.sizes[this.stratum[n]] += 1;
    return true;
  }

  compare(n, before) {
    if (before < 0) return;
    const order = this.byCode(before, n);
    if (order < 0) return;
    this.note(n, `代码 ${shown(this.code(n))} ${order ? '应按代码排序' : '与上一行重复'}`);
  }

  /* Order of two lines by the bytes of their codes. */
  byCode(a, b) {
    const { data, lines, tab } = this;
    const [left, right] = [lines.starts[a], lines.starts[b]];
    const length = Math.min(tab[a] - left, tab[b] - right);
    for (let n = 0; n < length; n += 1) {
      if (data[left + n] !== data[right + n]) return data[left + n] - data[right + n];
    }
    return tab[a] - left - (tab[b] - right);
  }

  /* The RFC 9162 root over all lines, good or not; yields the share done so far. */
  *root() {
    const { data, lines } = this;
    const tree = new Growing();
    const count = Math.max(1, lines.size); // an empty file is one empty line to whoever splits it
    for (let n = 0; n < count; n += 1) {
      tree.add(data, lines.starts[n] || 0, lines.size ? lines.end(n) : 0);
      if (n % STEP === 0) yield n / count;
    }
    return toHex(tree.root());
  }
}

/* code → [stratum, salt] of a frame already read, for comparing two of them. */
export function byCode(frame) {
  const held = new Map();
  for (let n = 0; n < frame.lines.size; n += 1) {
    if (frame.stratum[n] >= 0) held.set(frame.code(n), [frame.strata.names[frame.stratum[n]], frame.salt(n)]);
  }
  return held;
}
