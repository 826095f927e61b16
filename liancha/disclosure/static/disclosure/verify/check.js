/* Checks the files of one draw: whatever levels they allow (liancha-draw/1, §6). This module knows
   no page; it runs in the worker, and in a test, alike. */
import { Refused } from './form.js';
import { digest, fileDigest } from './hash.js';
import * as inspectors from './inspectors.js';
import { LOG, checkLog } from './log.js';
import { Report } from './report.js';
import * as targets from './targets.js';
import { FRAME } from './frame.js';
import { TRANSCRIPT, readTranscript } from './transcript.js';
import { textProblem } from './form.js';
import { outcome, within } from './within.js';

const KNOWN = [TRANSCRIPT, LOG, FRAME, targets.DRAWN, targets.CODES, ...inspectors.INPUTS];

export const isFirm = (name) => name.startsWith('firm') && name.endsWith('.json') && !textProblem(name);
export const isKnown = (name) => KNOWN.includes(name) || isFirm(name);

/* files    Map of name → Uint8Array
   earlier  Maps of other draws: the one a supplement adds to, the target draw that an inspectors'
            draw is of
   Yields the share done so far, answers a plain object: findings, levels, facts, failed, isGood. */
export function* checking(files, earlier = []) {
  const report = new Report();
  const told = read(report, files);
  if (!told) return report.plain();
  const isOfTargets = told.kind === 'targets';
  const needed = isOfTargets ? [FRAME, targets.DRAWN] : inspectors.INPUTS;
  (isOfTargets ? targets : inspectors).checkTranscript(report, told);
  if (isOfTargets) yield* within(0, 0.95, targets.checkLists(report, told, files));
  else if (inspectors.INPUTS.some((name) => files.has(name))) {
    yield* within(0, 0.95, inspectors.checkInputs(report, told, files));
  }
  const lacking = needed.filter((name) => !files.has(name));
  if (lacking.length) report.open('level', `没有 ${lacking.join('、')}，${isOfTargets ? '每一户的票据' : '派人结果'}没有重算`);
  yield* within(0.95, 1, checkEarlier(report, told, files, earlier));
  if (files.has(LOG)) attempt(report, 'log', () => checkLog(report, told, files.get(LOG)));
  for (const name of [...files.keys()].filter(isFirm).sort()) {
    if (isOfTargets) attempt(report, 'firm', () => targets.checkFirm(report, told, files.get(name), name));
    else report.bad('firm', name, '这份抽取记录是抽取执法检查人员的，里面没有企业');
  }
  return report.plain();
}

/* The same at once. */
export function check(files, earlier = []) {
  return outcome(checking(files, earlier));
}

/* What is not of the protocol's form is a finding; anything else is a fault of this page. */
function attempt(report, topic, work) {
  try {
    work();
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    report.settle(topic, refusal.problems, '');
  }
}

function read(report, files) {
  if (!files.has(TRANSCRIPT)) {
    report.bad('files', TRANSCRIPT, `缺少 ${TRANSCRIPT}，没有它什么都不能核对`);
    return null;
  }
  let told = null;
  attempt(report, 'files', () => {
    told = readTranscript(files.get(TRANSCRIPT));
  });
  if (!told) {
    report.open('level', `${TRANSCRIPT} 格式有误，其余没有核对`);
    return null;
  }
  const own = digest(told.whole);
  report.good('files', `${TRANSCRIPT} 合乎 liancha-draw/1 的格式，记录摘要 ${own}`);
  Object.assign(report.facts, factsOf(told), { transcript: own });
  return told;
}

function factsOf(told) {
  const { kind, draw, seed, strata, frame, beacon, loads, cap, base } = told;
  return { kind, draw, seed, strata, frame, beacon, loads, cap, base };
}

/* The other draw that this one refers to, if its files were given. */
function* checkEarlier(report, told, files, earlier) {
  const isOfTargets = told.kind === 'targets';
  const reference = isOfTargets ? told.supplements : told.of;
  if (!reference) return;
  const what = isOfTargets ? '补充的是' : '依据的对象抽取是';
  const part = `${TRANSCRIPT} ${isOfTargets ? 'supplements' : 'of'}`;
  for (const other of earlier) {
    const found = readAnyhow(other);
    if (!found || digest(found.whole) !== reference.transcript) continue;
    const problems = [];
    if (found.draw !== reference.draw) problems.push({ part, message: `那次抽取的编号是 ${found.draw}` });
    if (found.kind !== 'targets') problems.push({ part, message: '那次抽取不是抽取检查对象' });
    let text = `${what} ${reference.draw}，记录摘要相符`;
    if (isOfTargets && files.has(FRAME)) {
      if (other.has(FRAME) && other.has(targets.DRAWN) && found.kind === 'targets') {
        for (const [name, told] of [[FRAME, found.frame], [targets.DRAWN, found.drawn]]) {
          if ((yield* within(0, 0, fileDigest(other.get(name)))) !== told.sha256) {
            problems.push({ part: `前一批的 ${name}`, message: '与它自己的抽取记录不符' });
          }
        }
        const lists = [files.get(FRAME), other.get(FRAME), other.get(targets.DRAWN)];
        problems.push(...(yield* targets.supplementProblems(...lists)));
        text += '；候选是那次的名单减去已抽中的，盐已另取';
      } else {
        report.open('earlier draw', '那次抽取的名单不全，候选范围没有核对');
      }
    }
    report.settle('earlier draw', problems, text);
    return;
  }
  if (earlier.length) report.bad('earlier draw', part, '给出的另一次抽取与引用的摘要不符');
  else report.open('earlier draw', `${what} ${reference.draw}，没有给出它的文件，未核对`);
}

function readAnyhow(files) {
  try {
    return files.has(TRANSCRIPT) ? readTranscript(files.get(TRANSCRIPT)) : null;
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    return null;
  }
}
