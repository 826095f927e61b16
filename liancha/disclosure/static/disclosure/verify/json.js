/* A strict JSON reader: text that has one meaning only. Objects become Maps. The browser's own
   JSON.parse would keep the last of two equal keys, and round large numbers, without a word. */
import { DEEPEST, LARGEST, Refused, decimal, decode, isHex, nameProblem, refuseAll, shown, textProblem } from './form.js';

/* Stands where the text holds a number that the protocol has no use for. */
class Misfit {
  constructor(message) {
    this.message = message;
  }
}

/* An object; `twice` names the keys that stand in it more than once. */
class Read extends Map {
  twice = new Set();
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/* With a Misfit, or keys in `twice`, wherever the text could be read in two ways: for a Reading, which names
   the field. Throws Refused for what cannot be read at all. */
export function loadJson(data, part) {
  return new Parser(decode(data, part), part, false).whole();
}

/* Text that has one meaning only, integers with sign: an entry of the log. Throws Refused. */
export function parseJson(text, part) {
  const parser = new Parser(text, part, true);
  const value = parser.whole();
  refuseAll(parser.faults.map((message) => ({ part, message })));
  return value;
}

class Parser {
  constructor(text, part, signed) {
    this.text = text;
    this.part = part;
    this.signed = signed;
    this.at = 0;
    this.faults = []; // Misfits and doubled keys, in words
  }

  fault(message) {
    this.faults.push(message);
    return message;
  }

  whole() {
    const value = this.value(0);
    this.blank();
    if (this.at < this.text.length) this.wrong();
    return value;
  }

  wrong() {
    const before = this.text.slice(0, this.at).split('\n');
    const column = before[before.length - 1].length + 1;
    throw new Refused(this.part, `第 ${before.length} 行第 ${column} 字起不是 JSON`);
  }

  blank() {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at += 1;
    }
  }

  takes(mark) {
    this.blank();
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  value(depth) {
    if (depth > DEEPEST) throw new Refused(this.part, `层次超过 ${DEEPEST} 层`);
    if (this.takes('{')) return this.object(depth);
    if (this.takes('[')) return this.list(depth);
    if (this.takes('"')) return this.string();
    for (const [word, meant] of [['null', null], ['true', true], ['false', false]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return meant;
      }
    }
    return this.number();
  }

  object(depth) {
    const read = new Read();
    if (this.takes('}')) return read;
    do {
      if (!this.takes('"')) this.wrong();
      const key = this.string();
      if (read.has(key)) {
        read.twice.add(key);
        this.fault(`键 ${shown(key)} 写了两次`);
      }
      if (!this.takes(':')) this.wrong();
      read.set(key, this.value(depth + 1));
    } while (this.takes(','));
    if (!this.takes('}')) this.wrong();
    return read;
  }

  list(depth) {
    const read = [];
    if (this.takes(']')) return read;
    do read.push(this.value(depth + 1));
    while (this.takes(','));
    if (!this.takes(']')) this.wrong();
    return read;
  }

  string() {
    let read = '';
    for (;;) {
      PLAIN.lastIndex = this.at;
      const plain = PLAIN.exec(this.text)[0];
      read += plain;
      this.at += plain.length;
      const mark = this.text[this.at];
      if (mark === '"') {
        this.at += 1;
        return read;
      }
      if (mark !== '\\') this.wrong(); // a control character, or the end
      read += this.escape();
    }
  }

  escape() {
    const mark = this.text[this.at + 1];
    if (mark === 'u') {
      const digits = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.wrong();
      this.at += 6;
      return String.fromCharCode(parseInt(digits, 16));
    }
    if (!Object.prototype.hasOwnProperty.call(ESCAPES, mark)) this.wrong();
    this.at += 2;
    return ESCAPES[mark];
  }

  number() {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (!found) this.wrong();
    const digits = found[0];
    const isNegative = digits.startsWith('-');
    this.at += digits.length;
    const size = decimal(isNegative && this.signed ? digits.slice(1) : digits);
    if (size === null || digits === '-0') {
      return new Misfit(this.fault(`数 ${shown(digits)} 应为 0 到 2⁵³−1 的整数，不带小数点和指数`));
    }
    return isNegative ? -size : size;
  }
}

/* Stands for a value whose absence is already on record. */
export const ABSENT = Symbol('absent');

/* Reads values out of parsed JSON and keeps every problem, so that all parts get named. Each
   method gives something harmless where it notes a problem; `finish` throws them. */
export class Reading {
  problems = [];

  note(part, message) {
    this.problems.push({ part, message });
  }

  finish() {
    refuseAll(this.problems);
  }

  /* Exactly these keys; a plain object of them. */
  fields(value, part, ...keys) {
    const read = {};
    if (!(value instanceof Map)) {
      this.wrong(value, part, '应为对象');
      for (const key of keys) read[key] = ABSENT;
      return read;
    }
    for (const key of value.twice) this.note(inside(part, shown(key)), '写了两次');
    for (const key of value.keys()) {
      if (!keys.includes(key)) this.note(inside(part, shown(key)), '协议里没有这一项');
    }
    for (const key of keys) {
      if (!value.has(key)) this.note(inside(part, key), '缺少这一项');
      read[key] = value.has(key) ? value.get(key) : ABSENT;
    }
    return read;
  }

  items(value, part) {
    if (Array.isArray(value)) return value;
    this.wrong(value, part, '应为列表');
    return [];
  }

  pair(value, part) {
    const found = this.items(value, part);
    if (found.length === 2) return found;
    if (Array.isArray(value)) this.note(part, '应有两项');
    return [ABSENT, ABSENT];
  }

  text(value, part) {
    return this.checked(value, part, textProblem);
  }

  name(value, part) {
    return this.checked(value, part, nameProblem);
  }

  /* Text whose form is the caller's to check: it may hold TAB and LF. */
  raw(value, part) {
    return this.checked(value, part, () => '');
  }

  literal(value, part, expected) {
    if (value !== ABSENT && value !== expected) this.note(part, `应为 ${expected}`);
  }

  hex(value, part, digits = 64) {
    if (isHex(value, digits)) return value;
    this.wrong(value, part, `应为 ${digits} 位小写十六进制数`);
    return '0'.repeat(digits);
  }

  number(value, part) {
    if (typeof value === 'number' && value >= 0 && value <= LARGEST) return value;
    this.wrong(value, part, '应为 0 到 2⁵³−1 的整数');
    return 0;
  }

  truth(value, part) {
    if (typeof value === 'boolean') return value;
    this.wrong(value, part, '应为 true 或 false');
    return false;
  }

  checked(value, part, problemOf) {
    if (typeof value !== 'string') {
      this.wrong(value, part, '应为文字');
      return '-';
    }
    const problem = problemOf(value);
    if (problem) this.note(part, problem);
    return value;
  }

  wrong(value, part, message) {
    if (value !== ABSENT) this.note(part, value instanceof Misfit ? value.message : message);
  }
}

/* `transcript.json` and `seed` give `transcript.json seed`; deeper down a dot joins. */
function inside(part, key) {
  return part.endsWith('.json') ? `${part} ${key}` : `${part}.${key}`;
}
