/* A report on the page: the answer in one sentence, each question with its mark, the levels that
   the files allowed, numbers by stratum or load, one section for each firm. */
import { el, hash, icon, sentence } from './dom.js';
import { command, firmSection } from './firmview.js';
import { LEVELS, MARKS, QUESTIONS, rate, seconds, thousands } from './words.js';

const ROWS = 60; // a list of loads is cut there; it is in the file

/* The section of one draw. files: its names; ms: time used; again: what the button does;
   isNameless: strata go by number, as on the page of a confidential draw. */
export function drawSection(report, { files, ms, again, isNameless }) {
  const kind = report.facts.kind || 'targets';
  const { draw } = report.facts;
  return el(
    'article',
    { class: 'vf-draw', 'aria-label': draw || '核对结果' },
    answer(report, kind, ms, again),
    (report.facts.firms || []).map((firm) => firmSection(firm, firmProblems(report, firm))),
    el(
      'div',
      { class: 'pd-cols' },
      el('div', {}, el('h2', {}, '验了哪些'), questions(report, kind)),
      el('div', {}, levels(report, kind), kind === 'targets' ? strata(report.facts, isNameless) : loads(report.facts), used(files)),
    ),
    files.includes('frame.tsv') && report.facts.seed ? byHand(report.facts.seed) : null,
  );
}

function firmProblems({ findings }, { name }) {
  return findings.filter(({ mark, topic, part }) => mark === 'bad' && topic === 'firm' && part.startsWith(`${name} `));
}

// The answer

function answer(report, kind, ms, again) {
  const { isGood, failed, facts } = report;
  const title = facts.draw ? `${facts.draw}：` : '';
  let heading = '您的浏览器刚刚重算了一遍，结果一致';
  if (!isGood) heading = facts.draw ? '重算的结果和公布的不一致' : '没法核对';
  const wrong = QUESTIONS[kind].filter(([topic]) => failed.includes(topic)).map(([, word]) => word);
  const reached = LEVELS[kind].filter(([level]) => report.levels.includes(level)).map(([, word]) => word);
  const where = reached.length ? [`验到`, el('b', {}, reached[0] === '全部' ? '全部，逐户重算' : reached.join('、')), '。'] : [];
  if (kind === 'inspectors' && reached[0] === '全部') where[1].textContent = '全部，逐席重算';
  const text = isGood ? where : [`不符的是：${wrong.join('、')}。`];
  const time = ms === null ? '' : `用时 ${seconds(ms)}，`;
  return el(
    'section',
    { class: isGood ? 'pd-ok' : 'pd-ok vf-bad', role: 'status' },
    el('div', { class: 'pd-seal' }, icon(isGood ? 'shield-check' : 'shield-exclamation')),
    el('div', {}, el('h2', {}, heading), el('p', {}, title, `${time}没有把任何东西传给服务器。`, text)),
    again ? againButton(again) : null,
  );
}

function againButton(again) {
  const button = el('button', { type: 'button', class: 'btn' }, icon('arrow-repeat'), '再算一次');
  button.addEventListener('click', again);
  return button;
}

// The questions

function questions(report, kind) {
  const rows = [];
  for (const [topic, word] of QUESTIONS[kind]) {
    const found = report.findings.filter((finding) => finding.topic === topic);
    const row = found.length ? asked(word, found) : unasked(topic, word, report, kind);
    if (row) rows.push(row);
  }
  return el('ol', { class: 'pd-chk vf-chk' }, rows);
}

function asked(word, found) {
  const mark = ['bad', 'good', 'open'].find((one) => found.some((finding) => finding.mark === one));
  const told = found.filter((finding) => (mark === 'bad' ? finding.mark === 'bad' : true));
  const lines = told.map(({ mark: own, part, text }) => el('span', { class: own === 'open' && mark !== 'open' ? 'vf-open' : false }, sentence(part ? `${part}：${text}` : text)));
  return row(mark, word, lines);
}

function row(mark, word, lines) {
  const [letter, said] = MARKS[mark];
  return el('li', { class: letter }, el('b', {}, word, el('span', { class: 'visually-hidden' }, `，${said}`)), lines);
}

/* What the files did not let us ask, and what would be needed. */
function unasked(topic, word, report, kind) {
  const needs = (text) => row('open', word, [el('span', {}, text)]);
  if (!report.facts.draw) return null;
  if (topic === 'frame') {
    const isLogged = report.levels.includes('log') && !report.failed.includes('log');
    const { root } = report.facts.frame;
    if (isLogged) return row('good', word, [el('span', {}, '冻结时已记入公开日志，根 ', hash(root))]);
    return row('open', word, [el('span', {}, '记录的根是 ', hash(root), '；有 frame.tsv 才能逐行核对')]);
  }
  if (topic === 'tickets') return needs('有 frame.tsv 才能逐户重算；企业可以用自己的 firm.json 验自己那一户');
  if (topic === 'inputs') return needs(`有 ${LEVELS[kind][0][2]} 才能逐席重算`);
  if (topic === 'log') return needs('有 log.json 才能核对');
  return null;
}

// Beside

function levels(report, kind) {
  const rows = LEVELS[kind].map(([level, word, needs]) => {
    const isReached = report.levels.includes(level);
    const state = isReached ? ['done', 'check-lg'] : ['draft', 'dash-lg'];
    return el(
      'li',
      {},
      el('span', { class: 'lc-tag', 'data-s': state[0] }, icon(state[1]), word),
      el('span', { class: 'soft' }, isReached ? '验到了' : `要有 ${needs}`),
    );
  });
  return [el('h2', {}, '验到哪一级'), el('ul', { class: 'vf-levels' }, rows)];
}

function table(caption, heads, rows, foot) {
  const cell = (value, n) => el('td', n ? { class: 'num' } : {}, String(value));
  return el(
    'table',
    { class: 'vf-table' },
    el('caption', { class: 'visually-hidden' }, caption),
    el('thead', {}, el('tr', {}, heads.map((head, n) => el('th', { scope: 'col', class: n ? 'num' : false }, head)))),
    el('tbody', {}, rows.map((cells) => el('tr', {}, cells.map(cell)))),
    foot ? el('tfoot', {}, el('tr', {}, foot.map((value, n) => (n ? cell(value, n) : el('th', { scope: 'row' }, value))))) : null,
  );
}

/* A district's name before its code, as this site has it; the file knows the code alone. */
function named(stratum) {
  const place = document.getElementById('vf-regions');
  const regions = place ? JSON.parse(place.textContent) : {};
  return stratum.replace(/\b\d{6}\b/, (code) => (Object.hasOwn(regions, code) ? `${regions[code]} ${code}` : code));
}

function strata({ strata: held, drawnSizes }, isNameless) {
  if (!held) return null;
  const sum = (key) => held.reduce((so, one) => so + one[key], 0);
  const drawn = (n) => (drawnSizes ? thousands(drawnSizes[n]) : '—');
  const label = (one, n) => (isNameless ? `第 ${n + 1} 层` : named(one.name));
  const rows = held.map((one, n) => [label(one, n), thousands(one.size), rate(one.ratio), thousands(one.count), drawn(n)]).filter((row, n) => held[n].size);
  const hollow = held.length - rows.length;
  const all = drawnSizes ? thousands(drawnSizes.reduce((so, one) => so + one, 0)) : '—';
  const foot = ['合计', thousands(sum('size')), '', thousands(sum('count')), all];
  return [
    el('h2', {}, '各层应抽与实抽'),
    table('各层应抽与实抽', ['分层', '户数', '比例', '应抽', '实抽'], rows, foot),
    hollow ? el('p', { class: 'hint pd-h' }, `另有 ${hollow} 层没有检查对象。`) : null,
    drawnSizes ? null : el('p', { class: 'hint pd-h' }, '有 drawn.tsv 才数得出实抽。'),
  ];
}

function loads({ loads: held, cap, base }) {
  if (!held) return null;
  const numbers = held.map(([, load]) => load);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const total = numbers.reduce((so, one) => so + one, 0);
  const text = `${thousands(held.length)} 人共派 ${thousands(total)} 人次，每人 ${least} 到 ${most} 次，上限 ${cap}，从 ${base} 次起均衡。`;
  const rest = held.length > ROWS ? el('p', { class: 'hint' }, `另有 ${held.length - ROWS} 人，见 transcript.json。`) : null;
  return [
    el('h2', {}, '每人派几次'),
    el('p', { class: 'pd-ex' }, text),
    el('details', { class: 'vf-more' }, el('summary', {}, '看每个人'), table('每人派几次', ['执法检查人员', '次数'], held.slice(0, ROWS), null), rest),
  ];
}

function used(files) {
  return [el('h3', { class: 'mt-3' }, '用到的文件'), el('p', { class: 'pd-ex mono vf-files' }, files.join('　'))];
}

function byHand(seed) {
  const text = `SEED=${seed}\nwhile IFS=$'\\t' read -r c s x; do printf '%s\\t%s\\t%s\\n' "$s" "$(printf %s:%s:%s "$SEED" "$c" "$x" | sha256sum | cut -c1-64)" "$c"; done <frame.tsv | LC_ALL=C sort`;
  return el(
    'details',
    { class: 'vf-more' },
    el('summary', {}, '不信这个网页？用一行命令自己算全部名单'),
    command('Linux、macOS', text),
    el('p', { class: 'hint' }, '每层按票据从小到大排好，前几户就是抽中的，户数见上表“应抽”。'),
  );
}
