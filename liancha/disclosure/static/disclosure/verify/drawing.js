/* The draw itself (liancha-draw/1, §5): in each stratum the `count` lines with the smallest
   (ticket, code). Every ticket is computed; of each only the first 32 bits are kept, then those
   few that can be drawn are computed once more and sorted in full. */
import { toHex } from './form.js';
import { Tickets } from './hash.js';
import { STEP } from './frame.js';

const COLON = 0x3a;

/* What came out: drawn lines, strata in order, and for each stratum its threshold or null.
   `strata` are the rule's, `frame` is read and without problems; yields the share done so far.
   Answers {problem} where frame and rule do not fit. */
export function* drawTargets(frame, strata, seed) {
  const problem = unfit(frame, strata);
  if (problem) return { problem };
  const places = new Map(frame.strata.names.map((name, place) => [name, place]));
  const { size } = frame.lines;
  const tickets = new LineTickets(frame, seed);
  const heads = new Uint32Array(size);
  for (let n = 0; n < size; n += 1) {
    heads[n] = tickets.head(n);
    if (n % STEP === 0) yield (0.9 * n) / size;
  }
  const byStratum = split(frame, heads);
  const lines = [];
  const thresholds = [];
  for (const { name, count } of strata) {
    const place = places.get(name);
    const drawn = count ? smallest(frame, tickets, heads, place, byStratum[place], count) : [];
    drawn.forEach(({ n, ticket }, at) => {
      lines.push({ stratum: name, place: at + 1, ticket, code: frame.code(n), salt: frame.salt(n) });
    });
    thresholds.push(count ? drawn[count - 1].ticket : null);
    yield 0.9 + (0.1 * thresholds.length) / strata.length;
  }
  return { lines, thresholds };
}

function unfit(frame, strata) {
  const names = strata.map(({ name }) => name);
  if (!names.length || new Set(names).size < names.length) return '至少要有一层，各层名称应互不相同';
  for (const { name, count, size } of strata) {
    if (count > size) return `分层 ${name} 应抽 ${count} 户，多于 ${size} 户`;
  }
  const sizes = frame.sizes();
  for (const name of sizes.keys()) if (!names.includes(name)) return `规则中没有分层 ${name}`;
  for (const { name, size } of strata) {
    if ((sizes.get(name) || 0) !== size) return `分层 ${name} 规则记 ${size} 户，名单中有 ${sizes.get(name) || 0} 户`;
  }
  return '';
}

class LineTickets {
  constructor(frame, seed) {
    this.frame = frame;
    this.tickets = new Tickets(seed);
    this.held = new Uint8Array(256);
    this.held[0] = COLON;
    this.cuts = [];
  }

  /* Ticket of line n, in bytes that the next call overwrites. */
  of(n) {
    const { data, lines, tab, next } = this.frame;
    const [start, end] = [lines.starts[n], lines.end(n)];
    const code = tab[n] - start;
    const length = 2 + code + end - next[n] - 1;
    if (length > this.held.length) this.widen(length);
    this.held.set(data.subarray(start, tab[n]), 1);
    this.held[1 + code] = COLON;
    this.held.set(data.subarray(next[n] + 1, end), 2 + code);
    this.tickets.into(this.tickets.out, this.cut(length));
    return this.tickets.out;
  }

  head(n) {
    const out = this.of(n);
    return ((out[0] << 24) | (out[1] << 16) | (out[2] << 8) | out[3]) >>> 0;
  }

  widen(length) {
    const wider = new Uint8Array(2 * length);
    wider.set(this.held);
    this.held = wider;
    this.cuts = [];
  }

  cut(length) {
    this.cuts[length] = this.cuts[length] || this.held.subarray(0, length);
    return this.cuts[length];
  }
}

/* For each stratum of the frame the first 32 bits of its tickets, in ascending order. */
function split(frame, heads) {
  const held = frame.strata.sizes.map((size) => new Uint32Array(size));
  const filled = held.map(() => 0);
  for (let n = 0; n < heads.length; n += 1) {
    const place = frame.stratum[n];
    held[place][filled[place]] = heads[n];
    filled[place] += 1;
  }
  return held.map((list) => list.sort());
}

/* The lines of one stratum that are drawn, by (ticket, code). Whoever is drawn has a ticket that
   begins with the count-th smallest 32 bits or less; ties there are settled by the whole. */
function smallest(frame, tickets, heads, place, sorted, count) {
  const last = sorted[count - 1];
  const held = [];
  for (let n = 0; n < heads.length; n += 1) {
    if (frame.stratum[n] === place && heads[n] <= last) held.push({ n, ticket: toHex(tickets.of(n)) });
  }
  held.sort((a, b) => (a.ticket === b.ticket ? frame.byCode(a.n, b.n) : a.ticket < b.ticket ? -1 : 1));
  return held.slice(0, count);
}
