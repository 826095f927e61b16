/* Who inspects whom (liancha-draw/1, §8), written from the protocol's text: tickets first, then
   repair by breadth-first search, under a cap on the load that rises by one. Integers and hashes
   only, so the same inputs and seed give the same answer everywhere. */
import { byBytes } from './form.js';
import { Tickets } from './hash.js';

const STEP = 1 << 13;

/* roster   [[inspector, capacity]…]
   needs    [[unit, need, leads]…]
   eligible [[unit, inspector, isLead]…], each pair once, names known to the other two
   Yields the share done so far, answers {pairs, loads, cap}, or null where no assignment exists. */
export function* assign({ roster, needs, eligible }, seed, base) {
  const desk = yield* new Desk(roster, needs, seed).seat(eligible);
  const capacity = Math.max(...roster.map(([, room]) => room));
  // A load cannot exceed the number of units: a higher cap would change nothing any more.
  const highest = Math.min(capacity, needs.length);
  for (let cap = base; ; cap += 1) {
    desk.cap = cap;
    desk.takeTickets();
    desk.repair();
    if (desk.isFull()) return desk.outcome();
    if (cap >= highest) return null;
    yield 0.5 + (0.5 * (cap - base)) / (highest - base);
  }
}

/* Units and inspectors by their place in the two orders that the seed gives. A pair is a number;
   pairs stand by unit, within it by inspector. */
class Desk {
  constructor(roster, needs, seed) {
    this.tickets = new Tickets(seed);
    this.roster = this.inOrder(roster, 'inspector');
    this.needs = this.inOrder(needs, 'unit');
    this.load = new Int32Array(roster.length);
    this.members = new Int32Array(needs.length);
    this.anys = new Int32Array(needs.length); // members with seat `any`
    this.on = this.roster.map(() => new Set()); // each inspector's pairs
    this.cap = 0;
  }

  /* Ascending by H(seed ":" word ":" name), ties by name. */
  inOrder(rows, word) {
    return rows
      .map((row) => ({ row, ticket: this.tickets.of(word, row[0]) }))
      .sort((a, b) => compare(a.ticket, b.ticket) || byBytes(a.row[0], b.row[0]))
      .map(({ row }) => row);
  }

  *seat(eligible) {
    const units = new Map(this.needs.map(([name], at) => [name, at]));
    const people = new Map(this.roster.map(([name], at) => [name, at]));
    const pairs = eligible.map(([unit, name, isLead]) => ({
      unit: units.get(unit),
      person: people.get(name),
      isLead,
    }));
    pairs.sort((a, b) => a.unit - b.unit || a.person - b.person);
    this.unit = Int32Array.from(pairs, ({ unit }) => unit);
    this.person = Int32Array.from(pairs, ({ person }) => person);
    this.isLead = Uint8Array.from(pairs, ({ isLead }) => (isLead ? 1 : 0));
    this.taken = new Uint8Array(pairs.length);
    this.first = new Int32Array(this.needs.length + 1); // first pair of each unit
    for (const { unit } of pairs) this.first[unit + 1] += 1;
    for (let at = 0; at < this.needs.length; at += 1) this.first[at + 1] += this.first[at];
    this.queue = yield* this.byTicket();
    return this;
  }

  /* All pairs by ascending (ticket, unit, inspector). */
  *byTicket() {
    const count = this.unit.length;
    const whole = new Array(count);
    const heads = new Float64Array(count); // the first 52 bits; ties are settled by the whole
    for (let pair = 0; pair < count; pair += 1) {
      whole[pair] = this.tickets.of(this.unitName(pair), this.personName(pair));
      heads[pair] = parseInt(whole[pair].slice(0, 13), 16);
      if (pair % STEP === 0) yield (0.4 * pair) / count;
    }
    return Uint32Array.from(heads.keys()).sort(
      (a, b) =>
        heads[a] - heads[b] ||
        compare(whole[a], whole[b]) ||
        byBytes(this.unitName(a), this.unitName(b)) ||
        byBytes(this.personName(a), this.personName(b)),
    );
  }

  unitName(pair) {
    return this.needs[this.unit[pair]][0];
  }

  personName(pair) {
    return this.roster[this.person[pair]][0];
  }

  isShort(unit) {
    return this.members[unit] < this.needs[unit][1];
  }

  isFull() {
    return this.needs.every((need, unit) => !this.isShort(unit));
  }

  hasRoom(person) {
    return this.load[person] < Math.min(this.roster[person][1], this.cap);
  }

  /* Does the unit fit this pair's inspector, in place of `leaving`'s if one leaves? */
  fits(pair, leaving = -1) {
    if (this.isLead[pair]) return true;
    const unit = this.unit[pair];
    const [, need, leads] = this.needs[unit];
    const stay = this.anys[unit] - (leaving >= 0 && !this.isLead[leaving] ? 1 : 0);
    return stay + 1 <= need - leads;
  }

  take(pair) {
    this.move(pair, 1);
    this.on[this.person[pair]].add(pair);
  }

  release(pair) {
    this.move(pair, -1);
    this.on[this.person[pair]].delete(pair);
  }

  move(pair, by) {
    this.taken[pair] += by;
    this.load[this.person[pair]] += by;
    this.members[this.unit[pair]] += by;
    if (!this.isLead[pair]) this.anys[this.unit[pair]] += by;
  }

  // 1. Tickets

  takeTickets() {
    for (const pair of this.queue) {
      if (this.taken[pair] || !this.isShort(this.unit[pair])) continue;
      if (this.fits(pair) && this.hasRoom(this.person[pair])) this.take(pair);
    }
    // A unit that is full stays full: its pairs need not be looked at under the next cap.
    this.queue = this.queue.filter((pair) => this.isShort(this.unit[pair]));
  }

  // 2. Repair

  repair() {
    this.hopeless = new Uint8Array(this.roster.length); // reached by a search that failed
    for (let unit = 0; unit < this.needs.length; unit += 1) {
      while (this.isShort(unit) && this.search(unit));
    }
  }

  /* One search for a unit that is short; true if it ended and everyone was moved. */
  search(unit) {
    const seen = new Uint8Array(this.roster.length);
    const via = new Map(); // inspector → {pair he would take, pair its holder would leave, holder}
    const line = [];
    const visit = (at, leaving, holder) => {
      for (let pair = this.first[at]; pair < this.first[at + 1]; pair += 1) {
        const person = this.person[pair];
        if (this.taken[pair] || seen[person] || this.hopeless[person]) continue;
        if (!this.fits(pair, leaving)) continue;
        seen[person] = 1;
        via.set(person, { pair, leaving, holder });
        line.push(person);
      }
    };
    visit(unit, -1, -1);
    const open = new Uint8Array(this.needs.length); // 1: from a lead seat, 2: from an `any` seat
    for (let at = 0; at < line.length; at += 1) {
      const person = line[at];
      if (this.hasRoom(person)) {
        this.walk(person, via);
        return true;
      }
      const pairs = [...this.on[person]].sort((a, b) => a - b); // by unit, in order
      for (const leaving of pairs) {
        const grade = this.isLead[leaving] ? 1 : 2; // the second opens all that the first does
        if (open[this.unit[leaving]] >= grade) continue;
        open[this.unit[leaving]] = grade;
        visit(this.unit[leaving], leaving, person);
      }
    }
    for (const person of line) this.hopeless[person] = 1;
    return false;
  }

  walk(last, via) {
    for (let person = last; person >= 0; ) {
      const { pair, leaving, holder } = via.get(person);
      if (leaving >= 0) this.release(leaving);
      this.take(pair);
      person = holder;
    }
  }

  outcome() {
    const pairs = [];
    for (let pair = 0; pair < this.taken.length; pair += 1) {
      if (this.taken[pair]) pairs.push([this.unitName(pair), this.personName(pair)]);
    }
    pairs.sort((a, b) => byBytes(a[0], b[0]) || byBytes(a[1], b[1]));
    const loads = this.roster.map(([name], person) => [name, this.load[person]]);
    loads.sort((a, b) => byBytes(a[0], b[0]));
    return { pairs, loads, cap: this.cap };
  }
}

function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
