/* Rule, commitments, beacon and seed (liancha-draw/1, §§2–4): the same for both kinds of draw, and
   all of it follows from transcript.json alone. */
import { dueAt, formProblem, valueProblem } from './beacon.js';
import { byBytes, canonical, decimal, mapOf } from './form.js';
import { H } from './hash.js';
import { TRANSCRIPT, rises } from './transcript.js';
import { thousands } from './words.js';

/* The logged rule: what the transcript says, without what came after it. RFC 8785 text. */
export function ruleText(told) {
  const rule = {
    alg: 'sha256',
    beacon: told.beacon && without(told.beacon, 'value'),
    draw: told.draw,
    escrow: told.escrow,
    kind: told.kind,
    parties: told.parties.map((party) => without(party, 'nonce')),
    protocol: 'liancha-draw/1',
  };
  if (told.kind === 'targets') {
    Object.assign(rule, {
      frame: mapOf(told.frame),
      rounding: 'ceil',
      strata: told.strata.map((stratum) => without(stratum, 'threshold')),
      supplements: told.supplements && mapOf(told.supplements),
    });
  } else {
    Object.assign(rule, {
      base: told.base,
      excluded: told.excluded,
      inputs: mapOf(told.inputs),
      of: mapOf(told.of),
      salt: told.salt,
    });
  }
  return canonical(mapOf(rule));
}

function without(fields, key) {
  const rest = mapOf(fields);
  rest.delete(key);
  return rest;
}

export const ruleDigest = (told) => H(ruleText(told));

export function missing(told) {
  return told.parties.filter((party) => party.nonce === null).map((party) => party.party);
}

/* What the public freeze entry of an inspectors' draw shows of its inputs (§7). */
export function inputsSeal(told) {
  const { eligible, needs, roster } = told.inputs;
  return H(`${told.salt}\n${eligible}\n${needs}\n${roster}\n`);
}

// Counts

/* [p, q] of `p/q`, or null. */
function ratio(text) {
  const found = /^(0|[1-9][0-9]*)\/([1-9][0-9]*)$/.exec(text);
  if (!found || decimal(found[1]) === null || decimal(found[2]) === null) return null;
  return [BigInt(found[1]), BigInt(found[2])];
}

/* min(size, ⌈p·size/q⌉), exact. */
function due(p, q, size) {
  const wanted = (p * BigInt(size) + q - 1n) / q;
  return wanted < BigInt(size) ? Number(wanted) : size;
}

function countProblems(told) {
  const problems = [];
  told.strata.forEach(({ count, ratio: text, size }, n) => {
    const where = `${TRANSCRIPT} strata[${n}]`;
    const read = ratio(text);
    if (!read) {
      problems.push({ part: `${where}.ratio`, message: '比例应写成 p/q，例如 1/50，用不带前导零的阿拉伯数字' });
      return;
    }
    const ours = due(...read, size);
    if (count !== ours) {
      problems.push({ part: `${where}.count`, message: `${size} 户的 ${text} 应抽 ${ours} 户，记为 ${count} 户` });
    }
  });
  return problems;
}

// The rule

function ruleProblems(told) {
  const problems = [];
  const note = (part, message) => problems.push({ part: `${TRANSCRIPT} ${part}`, message });
  const names = told.parties.map((party) => party.party);
  if (told.beacon) {
    const form = formProblem(told.beacon.form);
    if (form) note('beacon.form', form);
    if (dueAt(told.beacon.due) === null) {
      note('beacon.due', '应为带时区的时间，例如 2026-08-30T21:15:00+08:00');
    }
  }
  if (new Set(names).size < names.length) note('parties', '各方名称应互不相同');
  if (names.length < (told.beacon ? 1 : 2)) note('parties', '至少要有两方，或一方加公开随机数');
  if (names.includes(told.escrow)) note('escrow', '托管人不能是其中一方');
  if (!told.escrow && !told.beacon) note('escrow', '没有公开随机数时，须有托管人');
  if (told.kind === 'targets') targetProblems(told, note);
  else inspectorProblems(told, note);
  return problems;
}

function targetProblems(told, note) {
  const { draw, frame, strata, supplements } = told;
  if (new Set(strata.map(({ name }) => name)).size < strata.length) note('strata', '各层名称应互不相同');
  if (frame.size < 1) note('frame.size', '名单至少要有一户');
  const sum = strata.reduce((so, { size }) => so + BigInt(size), 0n);
  if (sum !== BigInt(frame.size)) note('strata', `各层户数之和 ${sum} 与名单户数 ${frame.size} 不符`);
  if (supplements && supplements.draw === draw) note('supplements.draw', '补充批次不能补充它自己');
}

function inspectorProblems(told, note) {
  if (!rises(told.excluded, (a, b) => byBytes(a[0], b[0]))) {
    note('excluded', '原因应互不相同，按字节排序');
  }
  if (told.base < 1) note('base', '均衡起点至少为 1');
  if (told.of.draw === told.draw) note('of.draw', '派人抽取的编号不能与对象抽取相同');
}

// Commitments, value, seed

function revealProblems(told) {
  const problems = [];
  told.parties.forEach(({ party, nonce, commitment }, n) => {
    if (nonce !== null && H(`liancha-commit/1\n${told.draw}\n${party}\n${nonce}\n`) !== commitment) {
      problems.push({ part: `${TRANSCRIPT} parties[${n}].nonce`, message: `${party}揭示的随机数与承诺不符` });
    }
  });
  const lacking = missing(told);
  if (lacking.length === told.parties.length) {
    problems.push({ part: `${TRANSCRIPT} parties`, message: '没有一方揭示随机数，应作废' });
  } else if (lacking.length && !told.beacon) {
    problems.push({ part: `${TRANSCRIPT} parties`, message: `没有公开随机数时不能缺揭示：${lacking.join('、')}` });
  }
  return problems;
}

/* The seed that rule, nonces and value give; null where no nonce was revealed. */
function expectedSeed(told) {
  if (missing(told).length === told.parties.length) return null;
  const nonces = told.parties.map(({ nonce }) => nonce || '-');
  const value = told.beacon ? told.beacon.value : '-';
  return H(['liancha-seed/1', ruleDigest(told), ...nonces, value, ''].join('\n'));
}

export function checkCeremony(report, told) {
  const digest = ruleDigest(told);
  report.settle('rule', ruleProblems(told), `规则摘要 ${digest}`);
  if (told.kind === 'targets') {
    const drawn = told.strata.reduce((so, { count }) => so + count, 0);
    report.settle('counts', countProblems(told), `${told.strata.length} 层共 ${thousands(drawn)} 户，逐层向上取整`);
  }
  const lacking = missing(told);
  const names = told.parties.filter(({ nonce }) => nonce !== null).map(({ party }) => party);
  const rest = lacking.length ? `；${lacking.join('、')}没有揭示，已记录在案` : '';
  report.settle('commitments', revealProblems(told), `${names.join('、')}，${names.length} 份都与承诺相符${rest}`);
  if (told.beacon) {
    const problem = valueProblem(told.beacon.form, told.beacon.value);
    const problems = problem ? [{ part: `${TRANSCRIPT} beacon.value`, message: problem }] : [];
    report.settle('beacon', problems, `${told.beacon.source}：${told.beacon.value}`);
  } else {
    report.open('beacon', `这次没有用公开随机数，随机数由${told.escrow || '托管人'}保管`);
  }
  const seed = expectedSeed(told);
  const wrong = [];
  if (seed === null) {
    wrong.push({ part: `${TRANSCRIPT} seed`, message: '没有揭示的随机数，算不出种子' });
  } else if (seed !== told.seed) {
    const message = `由规则、随机数和开奖结果算得 ${seed}，与记录的不同；其中任何一项改动都会如此`;
    wrong.push({ part: `${TRANSCRIPT} seed`, message });
  }
  report.settle('seed', wrong, told.seed);
  Object.assign(report.facts, { ruleDigest: digest });
}
