/* transcript.json, read strictly (liancha-draw/1, §§2, 4, 6, 8): exactly the keys of the protocol,
   every value of its form. Whether the parts agree with one another is not asked here. */
import { byBytes } from './form.js';
import { Reading, loadJson } from './json.js';

export const TRANSCRIPT = 'transcript.json';

const BOTH = ['alg', 'beacon', 'draw', 'escrow', 'parties', 'protocol', 'kind', 'seed'];
const TARGETS = ['frame', 'rounding', 'strata', 'supplements', 'drawn'];
const INSPECTORS = ['base', 'excluded', 'inputs', 'of', 'salt', 'assignment', 'cap', 'loads'];

/* A plain object with every value of the file, `value` of the beacon and nonces with it; `whole` is
   the parsed file itself. Throws Refused with every problem. */
export function readTranscript(data, part = TRANSCRIPT) {
  const whole = loadJson(data, part);
  const isOfInspectors = whole instanceof Map && whole.has('inputs');
  const reading = new Reading();
  const kind = isOfInspectors ? 'inspectors' : 'targets';
  const found = reading.fields(whole, part, ...BOTH, ...(isOfInspectors ? INSPECTORS : TARGETS));
  const read = {
    kind,
    whole,
    ...ceremony(reading, found, part, kind),
    ...(isOfInspectors ? inspectors : targets)(reading, found, part),
  };
  reading.finish();
  return read;
}

function ceremony(reading, found, part, kind) {
  reading.literal(found.protocol, `${part} protocol`, 'liancha-draw/1');
  reading.literal(found.alg, `${part} alg`, 'sha256');
  reading.literal(found.kind, `${part} kind`, kind);
  return {
    draw: reading.text(found.draw, `${part} draw`),
    escrow: found.escrow === null ? null : reading.text(found.escrow, `${part} escrow`),
    seed: reading.hex(found.seed, `${part} seed`),
    parties: reading.items(found.parties, `${part} parties`).map((item, n) => {
      const where = `${part} parties[${n}]`;
      const one = reading.fields(item, where, 'commitment', 'party', 'nonce');
      return {
        party: reading.text(one.party, `${where}.party`),
        commitment: reading.hex(one.commitment, `${where}.commitment`),
        nonce: one.nonce === null ? null : reading.hex(one.nonce, `${where}.nonce`),
      };
    }),
    beacon: found.beacon === null ? null : beacon(reading, found.beacon, `${part} beacon`),
  };
}

function beacon(reading, value, part) {
  const one = reading.fields(value, part, 'due', 'form', 'source', 'value');
  return {
    due: reading.text(one.due, `${part}.due`),
    form: reading.text(one.form, `${part}.form`),
    source: reading.text(one.source, `${part}.source`),
    value: reading.text(one.value, `${part}.value`),
  };
}

function reference(reading, value, part) {
  const one = reading.fields(value, part, 'draw', 'transcript');
  return {
    draw: reading.text(one.draw, `${part}.draw`),
    transcript: reading.hex(one.transcript, `${part}.transcript`),
  };
}

function targets(reading, found, part) {
  reading.literal(found.rounding, `${part} rounding`, 'ceil');
  const frame = reading.fields(found.frame, `${part} frame`, 'root', 'sha256', 'size');
  const drawn = reading.fields(found.drawn, `${part} drawn`, 'sha256', 'size');
  const { supplements } = found;
  return {
    frame: {
      root: reading.hex(frame.root, `${part} frame.root`),
      sha256: reading.hex(frame.sha256, `${part} frame.sha256`),
      size: reading.number(frame.size, `${part} frame.size`),
    },
    strata: reading.items(found.strata, `${part} strata`).map((item, n) => {
      const where = `${part} strata[${n}]`;
      const one = reading.fields(item, where, 'count', 'name', 'ratio', 'size', 'threshold');
      return {
        count: reading.number(one.count, `${where}.count`),
        name: reading.text(one.name, `${where}.name`),
        ratio: reading.text(one.ratio, `${where}.ratio`),
        size: reading.number(one.size, `${where}.size`),
        threshold: one.threshold === null ? null : reading.hex(one.threshold, `${where}.threshold`),
      };
    }),
    drawn: {
      sha256: reading.hex(drawn.sha256, `${part} drawn.sha256`),
      size: reading.number(drawn.size, `${part} drawn.size`),
    },
    supplements: supplements === null ? null : reference(reading, supplements, `${part} supplements`),
  };
}

function inspectors(reading, found, part) {
  const inputs = reading.fields(found.inputs, `${part} inputs`, 'eligible', 'needs', 'roster');
  const read = {
    of: reference(reading, found.of, `${part} of`),
    inputs: {
      eligible: reading.hex(inputs.eligible, `${part} inputs.eligible`),
      needs: reading.hex(inputs.needs, `${part} inputs.needs`),
      roster: reading.hex(inputs.roster, `${part} inputs.roster`),
    },
    salt: reading.hex(found.salt, `${part} salt`),
    excluded: numbered(reading, found.excluded, `${part} excluded`, 'text'),
    base: reading.number(found.base, `${part} base`),
    cap: reading.number(found.cap, `${part} cap`),
    loads: numbered(reading, found.loads, `${part} loads`, 'name'),
    assignment: reading.items(found.assignment, `${part} assignment`).map((item, n) => {
      const where = `${part} assignment[${n}]`;
      const [unit, inspector] = reading.pair(item, where);
      return [reading.name(unit, `${where}[0]`), reading.name(inspector, `${where}[1]`)];
    }),
  };
  const byPair = (a, b) => byBytes(a[0], b[0]) || byBytes(a[1], b[1]);
  if (!rises(read.assignment, byPair)) reading.note(`${part} assignment`, '应按字节排序，不重复');
  if (!rises(read.loads, (a, b) => byBytes(a[0], b[0]))) {
    reading.note(`${part} loads`, '应按字节排序，不重复');
  }
  return read;
}

/* A list of [text, number]. */
function numbered(reading, value, part, form) {
  return reading.items(value, part).map((item, n) => {
    const [text, number] = reading.pair(item, `${part}[${n}]`);
    return [reading[form](text, `${part}[${n}][0]`), reading.number(number, `${part}[${n}][1]`)];
  });
}

export function rises(list, order) {
  return list.every((item, n) => n === 0 || order(list[n - 1], item) < 0);
}
