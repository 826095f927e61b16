/* Does a draw of targets follow from its own record (liancha-draw/1, §§1–6)? The transcript alone,
   the lists with it, one firm's answer. Each question is settled on its own where it can be, so
   that every part that is wrong gets named and not only the first. */
import { checkCeremony } from './ceremony.js';
import { drawTargets } from './drawing.js';
import { byBytes, bytes, decimal, decodeAnyhow, fromHex, isHex, nameProblem, sameBytes, shown } from './form.js';
import { FRAME, Frame, byCode, lineProblem } from './frame.js';
import { H, Tickets, fileDigest } from './hash.js';
import { Reading, loadJson } from './json.js';
import { TRANSCRIPT } from './transcript.js';
import { includes, leafHash } from './tree.js';
import { rows } from './tsv.js';
import { within } from './within.js';
import { thousands } from './words.js';

export const DRAWN = 'drawn.tsv';
export const CODES = 'codes.txt';

const isDrawn = (ticket, threshold) => threshold !== null && ticket <= threshold;

export function checkTranscript(report, told) {
  checkCeremony(report, told);
  const wrong = told.strata
    .map(({ count, threshold }, n) => ({ isWrong: (threshold === null) !== (count === 0), n }))
    .filter(({ isWrong }) => isWrong)
    .map(({ n }) => ({
      part: `${TRANSCRIPT} strata[${n}].threshold`,
      message: '抽中户数为 0 时才没有抽中线',
    }));
  report.settle('thresholds', wrong, '每层一条，未抽取的层没有');
  const due = told.strata.reduce((so, { count }) => so + count, 0);
  const problems = [];
  if (told.drawn.size !== due) {
    problems.push({ part: `${TRANSCRIPT} drawn.size`, message: `各层应抽共 ${due} 户，记为 ${told.drawn.size} 户` });
  }
  report.settle('drawn', problems, `名单 ${thousands(due)} 户，摘要 ${told.drawn.sha256}`);
  report.reach('transcript');
}

/* frame.tsv, drawn.tsv and codes.txt, whichever are there; yields the share done so far. */
export function* checkLists(report, told, files) {
  let drawing = null;
  let codes = null;
  if (files.has(FRAME)) {
    const frame = yield* within(0, 0.7, checkFrame(report, told, files.get(FRAME)));
    if (!frame.problems.length) drawing = yield* within(0.7, 0.99, drawAgain(report, told, frame));
  }
  if (files.has(DRAWN)) {
    const lines = yield* within(0.99, 1, checkDrawn(report, told, files.get(DRAWN), drawing));
    codes = lines.map(({ code }) => code);
  }
  if (drawing) codes = drawing.lines.map(({ code }) => code);
  if (files.has(CODES)) checkCodes(report, told, files.get(CODES), codes);
  if (files.has(FRAME) && files.has(DRAWN)) report.reach('full');
}

function* checkFrame(report, told, data) {
  const frame = new Frame(data);
  const sha256 = yield* within(0, 0.2, fileDigest(data));
  yield* within(0.2, 0.35, frame.read());
  const root = yield* within(0.35, 1, frame.root());
  const problems = [...frame.problems];
  const { size } = frame.lines;
  for (const [name, ours] of [['sha256', sha256], ['size', size], ['root', root]]) {
    if (ours !== told.frame[name]) {
      problems.push({ part: FRAME, message: `${name} 算得 ${ours}，记录为 ${told.frame[name]}` });
    }
  }
  const ruled = new Map(told.strata.map((stratum) => [stratum.name, stratum.size]));
  const held = frame.sizes();
  for (const name of new Set([...ruled.keys(), ...held.keys()])) {
    const count = held.get(name) || 0;
    if (!ruled.has(name)) {
      problems.push({ part: FRAME, message: `分层 ${shown(name)} 有 ${count} 户，规则中没有这一层` });
    } else if (count !== ruled.get(name) && !frame.problems.length) {
      problems.push({ part: FRAME, message: `分层 ${shown(name)} 有 ${count} 户，记录为 ${ruled.get(name)} 户` });
    }
  }
  report.settle('frame', problems, `${thousands(size)} 户，代码与盐各不重复，根 ${root}`);
  return frame;
}

/* Every ticket computed again from the recorded seed. */
function* drawAgain(report, told, frame) {
  const drawing = yield* drawTargets(frame, told.strata, told.seed);
  if (drawing.problem) {
    report.bad('tickets', '', `不能复算：${drawing.problem}`);
    return null;
  }
  const problems = [];
  drawing.thresholds.forEach((ours, n) => {
    const theirs = told.strata[n].threshold;
    if (ours !== theirs) {
      problems.push({
        part: `${TRANSCRIPT} strata[${n}].threshold`,
        message: `复算得 ${ours || '没有'}，记录为 ${theirs || '没有'}`,
      });
    }
  });
  const file = drawing.lines.map(
    ({ stratum, place, ticket, code, salt }) => `${stratum}\t${place}\t${ticket}\t${code}\t${salt}\n`,
  );
  if (H(file.join('')) !== told.drawn.sha256) {
    const message = '由名单和种子复算的抽中名单与记录的摘要不符';
    problems.push({ part: `${TRANSCRIPT} drawn.sha256`, message });
  }
  report.settle('tickets', problems, `${thousands(frame.lines.size)} 张逐户重算，抽中线和抽中名单都一致`);
  return drawing;
}

// drawn.tsv and codes.txt

function readDrawn(data, problems) {
  return rows(data, DRAWN, 5, problems).map(({ number, cells }) => {
    const [stratum, place, ticket, code, salt] = cells;
    const where = `${DRAWN} 第 ${number} 行`;
    const note = (message) => problems.push({ part: where, message });
    if (!decimal(place)) note('序号应为从 1 起的阿拉伯数字');
    if (!isHex(ticket, 64)) note('票据应为 64 位小写十六进制数');
    if (!isHex(salt, 32)) note('盐应为 32 位小写十六进制数');
    if (nameProblem(code)) note(`代码${nameProblem(code)}`);
    return { where, stratum, place: decimal(place) || 0, ticket, code, salt };
  });
}

function* checkDrawn(report, told, data, drawing) {
  const problems = [];
  const lines = readDrawn(data, problems);
  const sha256 = yield* fileDigest(data);
  if (sha256 !== told.drawn.sha256) {
    problems.push({ part: DRAWN, message: `SHA-256 算得 ${sha256}，与记录的不同` });
  }
  if (lines.length !== told.drawn.size) {
    problems.push({ part: DRAWN, message: `有 ${lines.length} 行，记录为 ${told.drawn.size} 户` });
  }
  const counted = checkDrawnLines(told, lines, problems);
  told.strata.forEach(({ name, count, threshold }) => {
    const { found, last } = counted.get(name) || { found: 0, last: null };
    if (found !== count) {
      problems.push({ part: DRAWN, message: `分层 ${shown(name)} 有 ${found} 户，应抽 ${count} 户` });
    }
    if (last !== threshold) {
      problems.push({ part: DRAWN, message: `分层 ${shown(name)} 最后一张票据与抽中线不同` });
    }
  });
  const odd = drawing ? firstOdd(lines, drawing.lines) : -1;
  if (odd >= 0) {
    const ours = drawing.lines[odd];
    const message = `复算为 ${ours ? shown(ours.code) : '没有这一行'}`;
    problems.push({ part: `${DRAWN} 第 ${odd + 1} 行`, message });
  }
  report.facts.drawnSizes = told.strata.map(({ name }) => (counted.get(name) || { found: 0 }).found);
  report.settle('drawn', problems, `${DRAWN} ${thousands(lines.length)} 行，逐行相符`);
  return lines;
}

/* Each line on its own and against the one before; stratum → {found, last ticket}. */
function checkDrawnLines(told, lines, problems) {
  const tickets = new Tickets(told.seed);
  const order = new Map(told.strata.map(({ name }, n) => [name, n]));
  const counted = new Map();
  const codes = new Set();
  let before = null;
  for (const line of lines) {
    const note = (message) => problems.push({ part: line.where, message });
    const spot = order.has(line.stratum) ? order.get(line.stratum) : order.size;
    const so = counted.get(line.stratum) || { found: 0, last: null };
    counted.set(line.stratum, { found: so.found + 1, last: line.ticket });
    if (!order.has(line.stratum)) note(`规则中没有分层 ${shown(line.stratum)}`);
    else if (!isDrawn(line.ticket, told.strata[spot].threshold)) note('票据大于本层的抽中线');
    if (line.ticket !== tickets.of(line.code, line.salt)) note('票据与种子、代码、盐算得的不符');
    if (before && (spot - before.spot || byBytes(line.ticket, before.ticket) || byBytes(line.code, before.code)) <= 0) {
      note('应按规则中各层的次序、层内按票据排列');
    }
    if (line.place !== so.found + 1) note(`层内序号应为 ${so.found + 1}`);
    if (codes.has(line.code)) note(`${shown(line.code)} 重复`);
    codes.add(line.code);
    before = { spot, ticket: line.ticket, code: line.code };
  }
  return counted;
}

function firstOdd(theirs, ours) {
  const keys = ['stratum', 'place', 'ticket', 'code', 'salt'];
  for (let n = 0; n < Math.max(theirs.length, ours.length); n += 1) {
    if (!theirs[n] || !ours[n] || keys.some((key) => theirs[n][key] !== ours[n][key])) return n;
  }
  return -1;
}

function checkCodes(report, told, data, codes) {
  const given = decodeAnyhow(data).split('\n').slice(0, -1);
  const sorted = [...new Set(given)].sort(byBytes);
  const problems = [];
  const hasMark = given.length > 0 && given[0].startsWith('\ufeff');
  if (!isFileOf(data, sorted) || hasMark || given.some(nameProblem)) {
    problems.push({ part: CODES, message: '应为每行一个代码，按字节排序，不重复' });
  }
  if (given.length !== told.drawn.size) {
    problems.push({ part: CODES, message: `有 ${given.length} 个代码，记录为 ${told.drawn.size} 户` });
  }
  if (codes && !isFileOf(data, [...codes].sort(byBytes))) {
    problems.push({ part: CODES, message: '与抽中名单的代码不同' });
  }
  if (!codes && !problems.length) {
    // Nothing public covers codes alone: a digest of them could be guessed before the visits.
    report.open('drawn', `${CODES} ${given.length} 个代码，个数相符；缺少 ${DRAWN}，代码本身核对不了`);
    return;
  }
  report.settle('drawn', problems, `${CODES} ${given.length} 个代码，与抽中名单相同`);
}

function isFileOf(data, codes) {
  return sameBytes(data, bytes(codes.map((code) => `${code}\n`).join('')));
}

// firm.json

function readFirm(data, name) {
  const reading = new Reading();
  const keys = ['draw', 'line', 'index', 'path', 'seed', 'ticket', 'threshold', 'drawn'];
  const found = reading.fields(loadJson(data, name), name, ...keys);
  const line = reading.raw(found.line, `${name} line`);
  if (typeof found.line === 'string' && lineProblem(line)) reading.note(`${name} line`, lineProblem(line));
  const { threshold } = found;
  const read = {
    draw: reading.text(found.draw, `${name} draw`),
    line,
    index: reading.number(found.index, `${name} index`),
    path: reading.items(found.path, `${name} path`).map((node, n) => reading.hex(node, `${name} path[${n}]`)),
    seed: reading.hex(found.seed, `${name} seed`),
    ticket: reading.hex(found.ticket, `${name} ticket`),
    threshold: threshold === null ? null : reading.hex(threshold, `${name} threshold`),
    drawn: reading.truth(found.drawn, `${name} drawn`),
  };
  reading.finish();
  return read;
}

/* One firm's own answer: line in the committed tree, ticket, threshold, drawn or not. */
export function checkFirm(report, told, data, name) {
  const answer = readFirm(data, name);
  const [code, stratum, salt] = answer.line.split('\t');
  const problems = [];
  const note = (part, message) => problems.push({ part: `${name} ${part}`, message });
  if (answer.draw !== told.draw) note('draw', `抽取记录的编号是 ${told.draw}`);
  if (answer.seed !== told.seed) note('seed', '与抽取记录的种子不同');
  const leaf = leafHash(bytes(answer.line));
  const isIn = includes(fromHex(told.frame.root), told.frame.size, answer.index, leaf, answer.path.map(fromHex));
  if (!isIn) note('line、index、path', '这一行与旁证算不出抽取前公布的名单根');
  const ticket = H(`${answer.seed}:${code}:${salt}`);
  if (answer.ticket !== ticket) note('ticket', '与种子、代码、盐算得的不符');
  const own = told.strata.find(({ name: one }) => one === stratum);
  if (!own) note('line', `规则中没有分层 ${shown(stratum)}`);
  else if (answer.threshold !== own.threshold) note('threshold', '与抽取记录中本层的抽中线不同');
  if (answer.drawn !== isDrawn(answer.ticket, answer.threshold)) note('drawn', '票据不大于抽中线才是抽中');
  let word = answer.drawn ? '抽中，票据不大于抽中线' : '未抽中，票据大于抽中线';
  if (answer.threshold === null) word = '未抽中，本层不抽取';
  const isGood = report.settle('firm', problems, `${code} 在冻结的名单中；${word}`);
  report.reach('firm');
  report.facts.firms = report.facts.firms || [];
  report.facts.firms.push({ ...answer, name, code, stratum, salt, isIn, isGood, ours: ticket, own });
}

// A supplement

/* A supplementary batch draws from the earlier pool minus the drawn, with fresh salts (§2). */
export function* supplementProblems(frameData, earlierData, drawnData) {
  const problems = [];
  const taken = new Set(readDrawn(drawnData, problems).map(({ code }) => code));
  const [now, before] = [new Frame(frameData), new Frame(earlierData)];
  yield* now.read();
  yield* before.read();
  const held = byCode(now);
  const earlier = byCode(before);
  const salts = new Set();
  let odd = [];
  for (const [code, [stratum, salt]] of earlier) {
    salts.add(salt);
    const mine = held.get(code);
    if (taken.has(code) ? mine : !mine || mine[0] !== stratum) odd.push(code);
  }
  for (const code of held.keys()) if (!earlier.has(code)) odd.push(code);
  odd = odd.sort(byBytes);
  if (odd.length) {
    const message = `候选应为前一批的名单减去已抽中的，${shown(odd[0])} 等 ${odd.length} 户不符`;
    problems.push({ part: FRAME, message });
  }
  if ([...held.values()].some(([, salt]) => salts.has(salt))) {
    problems.push({ part: FRAME, message: '盐与前一批的相同，应另取' });
  }
  return problems;
}
