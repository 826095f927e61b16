/* log.json: what the public log says of one draw (liancha-draw/1, §§6 and 7). Entries in the tree,
   checkpoints that grow into one another, and what the entries say. Signatures are not checked
   here: their keys must come from somewhere else than this site. */
import { missing, inputsSeal } from './ceremony.js';
import { dueAt, formProblem } from './beacon.js';
import { bytes, canonical, decimal, fromHex, isHex, mapOf, Refused, shown, textProblem } from './form.js';
import { digest } from './hash.js';
import { Reading, loadJson, parseJson } from './json.js';
import { TRANSCRIPT, rises } from './transcript.js';
import { extendsTree, includes, leafHash } from './tree.js';

export const LOG = 'log.json';
const KINDS = ['freeze', 'rule', 'close', 'draw'];
const WORDS = { freeze: '冻结', commit: '承诺', rule: '规则', close: '截止', draw: '抽取', void: '作废' };
const ALSO = ['commit', 'void'];
const SIGNATURE = /^— ((?:[^\s+]|\ufeff)+) ([A-Za-z0-9+/]+={0,2})$/u;
const COSIGNATURE = 4 + 8 + 64; // key id, seconds since 1970, Ed25519 (tlog-cosignature)

export function checkLog(report, told, data) {
  const log = readLog(data);
  const problems = [...treeProblems(log), ...entryProblems(log, told, report.facts.ruleDigest)];
  if (told.beacon && !formProblem(told.beacon.form)) problems.push(...lateProblems(log, told.beacon));
  const places = log.entries.map(({ words, index }) => `${WORDS[words.get('kind')]}第 ${index} 条`);
  report.settle('log', problems, `${places.join('、')}，都在日志的树里，各检查点前后一致`);
  report.reach('log');
  for (const [kind, word] of [['rule', '规则'], ['close', '揭示截止']]) {
    const proven = log.entries.find(({ words }) => words.get('kind') === kind);
    if (proven && !cosignedAt(log.checkpoints[proven.checkpoint]).length) {
      report.open('log', `${word}的检查点没有见证方联签`);
    }
  }
  const signatures = log.checkpoints.reduce((so, one) => so + one.signatures.length, 0);
  report.open('log', `检查点共有 ${signatures} 份署名，署名真伪不在这里核对`);
  if (log.entries.some(({ words }) => words.get('kind') === 'void')) {
    report.open('log', '日志记明这次抽取已作废');
  }
}

// Reading

function readLog(data) {
  const reading = new Reading();
  const found = reading.fields(loadJson(data, LOG), LOG, 'entries', 'checkpoints');
  const part = `${LOG} checkpoints`;
  const checkpoints = reading
    .items(found.checkpoints, part)
    .map((item, n) => checkpoint(reading, item, `${part}[${n}]`));
  const entries = reading
    .items(found.entries, `${LOG} entries`)
    .map((item, n) => entry(reading, item, `${LOG} entries[${n}]`, checkpoints.length));
  if (!rises(entries, (a, b) => a.index - b.index)) reading.note(`${LOG} entries`, '应按序号排列，不重复');
  if (!rises(checkpoints, (a, b) => a.size - b.size)) reading.note(part, '应按大小排列，不重复');
  reading.finish();
  return { entries, checkpoints };
}

function hexes(reading, value, part) {
  return reading.items(value, part).map((node, n) => reading.hex(node, `${part}[${n}]`));
}

function checkpoint(reading, value, part) {
  const one = reading.fields(value, part, 'size', 'root', 'text', 'signatures', 'consistency');
  const read = {
    size: reading.number(one.size, `${part}.size`),
    root: reading.hex(one.root, `${part}.root`),
    text: reading.raw(one.text, `${part}.text`),
    signatures: reading.items(one.signatures, `${part}.signatures`).map((item, n) => {
      const line = reading.text(item, `${part}.signatures[${n}]`);
      if (!blob(line) || blob(line).length <= 4) {
        reading.note(`${part}.signatures[${n}]`, '应为 — 名称 Base64 的署名行');
      }
      return line;
    }),
    consistency: hexes(reading, one.consistency, `${part}.consistency`),
  };
  if (typeof one.text === 'string') {
    const problem = textOfCheckpoint(read);
    if (problem) reading.note(`${part}.text`, problem);
  }
  return read;
}

/* C2SP tlog-checkpoint: origin LF size LF base64 root LF, further lines possible. */
function textOfCheckpoint({ text, size, root }) {
  const lines = text.split('\n');
  const rest = lines.pop();
  if (lines.length < 3 || rest || lines.some(textProblem)) {
    return '应为 来源、大小、Base64 根 三行，每行以换行符结束';
  }
  if (decimal(lines[1]) !== size) return '大小与 size 不符';
  return lines[2] === btoa(String.fromCharCode(...fromHex(root))) ? '' : '根与 root 不符';
}

/* The bytes of a signature line as a binary string; null if it is no such line. */
function blob(line) {
  const found = SIGNATURE.exec(line);
  if (!found || found[2].length % 4) return null;
  try {
    return atob(found[2]);
  } catch {
    return null;
  }
}

function entry(reading, value, part, checkpoints) {
  const one = reading.fields(value, part, 'checkpoint', 'index', 'leaf', 'path');
  const leaf = reading.raw(one.leaf, `${part}.leaf`);
  let words = new Map();
  if (typeof one.leaf === 'string') {
    try {
      words = wordsOf(leaf);
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      reading.note(`${part}.leaf`, refusal.problems[0].message);
    }
  }
  const at = reading.number(one.checkpoint, `${part}.checkpoint`);
  if (at >= checkpoints) reading.note(`${part}.checkpoint`, `只有 ${checkpoints} 个检查点，从 0 数起`);
  return {
    leaf,
    words,
    checkpoint: at,
    index: reading.number(one.index, `${part}.index`),
    path: hexes(reading, one.path, `${part}.path`),
  };
}

/* Leaf data: 32 hex digits TAB the entry as RFC 8785 JSON. Throws Refused for anything else. */
function wordsOf(leaf) {
  const tab = leaf.indexOf('\t');
  if (!isHex(leaf.slice(0, Math.max(0, tab)), 32)) {
    throw new Refused('leaf', '应为 32 位小写十六进制数、制表符、条目正文');
  }
  const body = leaf.slice(tab + 1);
  const words = parseJson(body, 'leaf');
  if (canonical(words) !== body) throw new Refused('leaf', '正文应为 RFC 8785 规范形式');
  if (!(words instanceof Map)) throw new Refused('leaf', '正文应为对象');
  return words;
}

// Checking

function treeProblems({ entries, checkpoints }) {
  const problems = [];
  const note = (part, message) => problems.push({ part: `${LOG} ${part}`, message });
  if (!checkpoints.length) note('checkpoints', '至少要有一个检查点');
  const last = checkpoints[checkpoints.length - 1];
  const origin = ({ text }) => text.slice(0, text.indexOf('\n'));
  checkpoints.forEach((one, n) => {
    if (origin(one) !== origin(last)) note(`checkpoints[${n}].text`, '来源与最后一个检查点不同');
    const proof = one.consistency.map(fromHex);
    if (!extendsTree(one.size, fromHex(one.root), last.size, fromHex(last.root), proof)) {
      note(`checkpoints[${n}]`, '不能证明它是最后一个检查点的前身');
    }
  });
  entries.forEach(({ leaf, index, path, checkpoint: at }, n) => {
    const { root, size } = checkpoints[at];
    if (!includes(fromHex(root), size, index, leafHash(bytes(leaf)), path.map(fromHex))) {
      note(`entries[${n}]`, `不能证明它在检查点 ${at} 的树里`);
    }
  });
  return problems;
}

function entryProblems(log, told, ruleDigest) {
  const problems = [];
  const note = (part, message) => problems.push({ part: `${LOG} ${part}`, message });
  const kinds = log.entries.map(({ words }) => words.get('kind'));
  const isVoid = kinds.includes('void');
  for (const kind of KINDS) {
    const count = kinds.filter((one) => one === kind).length;
    if (count > 1) note('entries', `${kind} 有 ${count} 条`);
    if (!count && !(isVoid && (kind === 'close' || kind === 'draw'))) note('entries', `缺少 ${kind} 条目`);
  }
  const order = kinds.map((kind) => KINDS.indexOf(kind)).filter((place) => place >= 0);
  if (order.some((place, n) => n && order[n - 1] > place)) note('entries', `次序应为 ${KINDS.join('、')}`);
  log.entries.forEach(({ words }, n) => saidProblems(words, told, ruleDigest, (message) => note(`entries[${n}].leaf`, message)));
  for (const [kind, then, word] of [['rule', 'close', '规则'], ['close', 'draw', '揭示截止']]) {
    const [proven, following] = [kinds.indexOf(kind), kinds.indexOf(then)];
    if (proven < 0 || following < 0) continue;
    const { size } = log.checkpoints[log.entries[proven].checkpoint];
    if (size > log.entries[following].index) {
      note(kind, `${word}要用 ${then} 之前的检查点证明，这个检查点已含 ${then}`);
    }
  }
  return problems;
}

function saidProblems(words, told, ruleDigest, note) {
  const expected = {
    freeze: ['frame', told.kind === 'targets' ? mapOf(told.frame) : inputsSeal(told)],
    rule: ['rule_digest', ruleDigest],
    close: ['missing', missing(told)],
    draw: ['transcript', digest(told.whole)],
  };
  const kind = words.get('kind');
  if (words.get('draw') !== told.draw) note(`属于另一次抽取 ${shown(String(words.get('draw')))}`);
  if (KINDS.includes(kind)) {
    const [key, value] = expected[kind];
    if (!words.has(key) || canonical(words.get(key)) !== canonical(value)) {
      note(`${kind} 的 ${key} 与${TRANSCRIPT} 算出的不符`);
    }
  } else if (!ALSO.includes(kind)) {
    note(`不该有 ${shown(String(kind))} 条目`);
  }
}

/* When the witnesses say they cosigned, in seconds since 1970: claims, for no key is known here. */
function cosignedAt({ signatures }) {
  return signatures
    .map(blob)
    .filter((held) => held && held.length === COSIGNATURE)
    .map((held) => Array.from(held.slice(4, 12)).reduce((so, mark) => so * 256 + mark.charCodeAt(0), 0));
}

/* The close must be cosigned before the beacon is due. */
function lateProblems(log, beacon) {
  const due = dueAt(beacon.due);
  const close = log.entries.find(({ words }) => words.get('kind') === 'close');
  const times = close ? cosignedAt(log.checkpoints[close.checkpoint]) : [];
  if (due === null || !times.length || Math.min(...times) < due) return [];
  const at = new Date(Math.min(...times, 2 ** 33) * 1000).toISOString();
  return [{ part: `${LOG} close`, message: `联签自称于 ${at}，不早于开奖时间` }];
}
