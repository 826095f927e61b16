/* Does a draw of inspectors follow from its own record (liancha-draw/1, §8)? The transcript alone,
   then, with roster.tsv, needs.tsv and eligible.tsv, the whole assignment made again. */
import { assign } from './assignment.js';
import { checkCeremony } from './ceremony.js';
import { byBytes, decimal, nameProblem, shown } from './form.js';
import { fileDigest } from './hash.js';
import { TRANSCRIPT, rises } from './transcript.js';
import { rows } from './tsv.js';
import { within } from './within.js';
import { thousands } from './words.js';

export const ROSTER = 'roster.tsv';
export const NEEDS = 'needs.tsv';
export const ELIGIBLE = 'eligible.tsv';
export const INPUTS = [ROSTER, NEEDS, ELIGIBLE];

export function checkTranscript(report, told) {
  checkCeremony(report, told);
  const sent = new Map();
  for (const [, name] of told.assignment) sent.set(name, (sent.get(name) || 0) + 1);
  const loads = new Map(told.loads);
  const problems = [];
  for (const name of new Set([...loads.keys(), ...sent.keys()])) {
    const [said, found] = [loads.get(name), sent.get(name) || 0];
    if (said !== found) {
      const message = `${shown(name)} 记为 ${said === undefined ? '缺' : said}，派出 ${found} 次`;
      problems.push({ part: `${TRANSCRIPT} loads`, message });
    }
  }
  const note = (message) => problems.push({ part: `${TRANSCRIPT} cap`, message });
  if (told.cap < told.base) note('不能小于均衡起点 base');
  if (told.loads.some(([, load]) => load > told.cap)) note('不能小于最大的负荷');
  const text = `${thousands(told.assignment.length)} 人次，${thousands(told.loads.length)} 人，每人不超过 ${told.cap} 次`;
  report.settle('assignment', problems, text);
  report.reach('transcript');
}

/* The three files, and, when all are there, the assignment made again from them. */
export function* checkInputs(report, told, files) {
  const { roster, needs, eligible } = told.inputs;
  const recorded = { [ROSTER]: roster, [NEEDS]: needs, [ELIGIBLE]: eligible };
  const given = INPUTS.filter((name) => files.has(name));
  const problems = [];
  for (const name of given) {
    const ours = yield* within(0, 0, fileDigest(files.get(name)));
    if (ours !== recorded[name]) {
      problems.push({ part: name, message: `SHA-256 算得 ${ours}，记录为 ${recorded[name]}` });
    }
  }
  if (given.length < INPUTS.length) {
    report.settle('inputs', problems, `${given.join('、')} 的摘要与规则相符`);
    return;
  }
  const wrong = [];
  const staffing = readStaffing(files, wrong);
  report.settle('inputs', [...problems, ...wrong], '人员、需求、可派范围三份文件的摘要与规则相符');
  report.reach('full');
  if (wrong.length) {
    report.open('assignment', '依据有误，未重算');
    return;
  }
  const again = told.base < 1 ? null : yield* within(0.1, 1, assign(staffing, told.seed, told.base));
  report.settle('assignment', differences(told, again), '由三份文件和种子逐席重算，一致');
}

function differences(told, again) {
  if (told.base < 1) return [{ part: `${TRANSCRIPT} base`, message: '均衡起点至少为 1' }];
  if (!again) return [{ part: `${TRANSCRIPT} assignment`, message: '按这三份文件派不满，得不到派人结果' }];
  const problems = [];
  const ours = new Set(again.pairs.map(spelled));
  const theirs = new Set(told.assignment.map(spelled));
  const odd = [...again.pairs.filter((pair) => !theirs.has(spelled(pair))), ...told.assignment.filter((pair) => !ours.has(spelled(pair)))];
  if (odd.length) {
    const some = odd.slice(0, 3).map(([unit, name]) => `${shown(unit)} ${shown(name)}`);
    const message = `与重算结果有 ${odd.length} 处不同：${some.join('、')}`;
    problems.push({ part: `${TRANSCRIPT} assignment`, message });
  }
  if (spelledAll(again.loads) !== spelledAll(told.loads)) {
    problems.push({ part: `${TRANSCRIPT} loads`, message: '与重算的负荷不同' });
  }
  if (again.cap !== told.cap) {
    problems.push({ part: `${TRANSCRIPT} cap`, message: `重算为 ${again.cap}，记录为 ${told.cap}` });
  }
  return problems;
}

const spelled = (row) => row.join('\t'); // names hold no TAB
const spelledAll = (list) => list.map(spelled).join('\n');

// Reading the three files

function readStaffing(files, problems) {
  const roster = readTable(files.get(ROSTER), ROSTER, 1, problems);
  const needs = readTable(files.get(NEEDS), NEEDS, 2, problems);
  const eligible = readEligible(files.get(ELIGIBLE), problems);
  if (!problems.length) agree(roster, needs, eligible, problems);
  return { roster, needs, eligible };
}

/* Lines of a name and so many numbers, sorted by name: [[name, number…]…]. */
function readTable(data, part, numbers, problems) {
  const read = rows(data, part, 1 + numbers, problems).map(({ number, cells: [name, ...rest] }) => {
    const where = `${part} 第 ${number} 行`;
    if (nameProblem(name)) problems.push({ part: where, message: nameProblem(name) });
    const counts = rest.map(decimal);
    if (counts.includes(null)) problems.push({ part: where, message: '人数应为不带前导零的阿拉伯数字' });
    return { where, row: [name, ...counts] };
  });
  read.forEach(({ where, row }, n) => {
    if (n && byBytes(read[n - 1].row[0], row[0]) >= 0) {
      problems.push({ part: where, message: '应按名称的字节排序，不重复' });
    }
  });
  return read.map(({ row }) => row);
}

function readEligible(data, problems) {
  const read = rows(data, ELIGIBLE, 3, problems).map(({ number, cells: [unit, name, seat] }) => {
    const where = `${ELIGIBLE} 第 ${number} 行`;
    if (seat !== 'lead' && seat !== 'any') problems.push({ part: where, message: '席位应为 lead 或 any' });
    return { where, row: [unit, name, seat === 'lead'] };
  });
  const byPair = (a, b) => byBytes(a.row[0], b.row[0]) || byBytes(a.row[1], b.row[1]);
  if (!rises(read, byPair)) {
    read.forEach((line, n) => {
      if (n && byPair(read[n - 1], line) >= 0) {
        problems.push({ part: line.where, message: '应按检查对象、人员排序，不重复' });
      }
    });
  }
  return read.map(({ row }) => row);
}

function agree(roster, needs, eligible, problems) {
  if (!roster.length) problems.push({ part: ROSTER, message: '至少要有一名执法检查人员' });
  for (const [unit, need, leads] of needs) {
    if (leads > need) problems.push({ part: `${NEEDS} ${shown(unit)}`, message: '主检席数不能多于所需人数' });
  }
  const people = new Set(roster.map(([name]) => name));
  const units = new Set(needs.map(([unit]) => unit));
  const unknown = new Set();
  for (const [unit, name] of eligible) {
    if (!units.has(unit) && !unknown.has(unit)) {
      unknown.add(unit);
      problems.push({ part: `${ELIGIBLE} ${shown(unit)}`, message: `不在 ${NEEDS} 中` });
    }
    if (!people.has(name)) {
      problems.push({ part: `${ELIGIBLE} ${shown(unit)} ${shown(name)}`, message: `不在 ${ROSTER} 中` });
    }
  }
}
