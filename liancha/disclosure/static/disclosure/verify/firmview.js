/* One firm's own answer in three steps, a line with its ticket and the threshold, and the command
   that computes the ticket without this page. `firm` is one of the report's `facts.firms`. */
import { copyButton, el, hash, icon, svg, tag } from './dom.js';
import { thousands } from './words.js';

const HEIGHT = 92;
const AXIS = 46;

export function firmSection(firm, problems) {
  const heading = firm.drawn ? '我的企业为什么被抽中？' : '我的企业为什么没有抽中？';
  const section = el(
    'section',
    { class: 'pd-firm', 'aria-label': `${firm.code} 的自查` },
    el('header', {}, el('h2', {}, heading), el('p', {}, el('span', { class: 'mono' }, firm.code), '，以下三步都在您的浏览器里算。')),
    problems.length ? wrongs(problems) : null,
    el('ol', {}, first(firm), second(firm), third(firm)),
    line(firm),
    byHand(firm),
  );
  return section;
}

function wrongs(problems) {
  const rows = problems.map(({ part, text }) => el('li', {}, `${part}：${text}`));
  return el('div', { class: 'lc-note', 'data-s': 'bad' }, icon('x-octagon'), el('div', {}, el('b', {}, '这份 firm.json 与抽取记录对不上'), el('ul', { class: 'vf-plain' }, rows)));
}

function step(number, title, text, ...mark) {
  return el('li', {}, el('i', {}, String(number)), el('h3', {}, title), el('p', {}, text), mark);
}

const fits = (isGood) => (isGood ? tag('done', 'check-lg', '对得上') : tag('bad', 'x-lg', '对不上'));

function first({ path, isIn }) {
  const text = `您这一行和 ${path.length} 个旁证合起来，正好算出抽取前公布的名单根。少一户、多一户、改一个字，都对不上。`;
  const wrong = `您这一行和 ${path.length} 个旁证合起来，算不出抽取前公布的名单根。`;
  return step(1, '您在名单里，而且名单没被动过', isIn ? text : wrong, fits(isIn));
}

function second({ ours, ticket }) {
  const text = '票据由种子、您的代码和您独有的一串数字算出。这串数字随名单定下，种子到抽取时才有。';
  return step(2, '您的票据，谁也没法事先知道', text, hash(ours), ours === ticket ? null : ' ', ours === ticket ? null : fits(false));
}

function third({ own, ours, threshold }) {
  if (!own || own.threshold === null || threshold === null) {
    const text = own ? `您这一层 ${thousands(own.size)} 户，这次不抽。` : '抽取规则里没有您这一层。';
    return step(3, '票据在线以内，就抽中', text, tag('review', 'dash-lg', '未抽中'));
  }
  const isIn = ours <= own.threshold;
  let where = isIn ? '您的票据比线小。' : '您的票据比线大。';
  if (ours === own.threshold) where = '您的票据正好是最后一张，线就画在这里。';
  const text = `您这一层 ${thousands(own.size)} 户，取票据最小的 ${thousands(own.count)} 户，线在这里。${where}`;
  return step(3, '票据在线以内，就抽中', text, isIn ? tag('locked', 'lock-fill', '抽中') : tag('draft', 'dash-lg', '未抽中'));
}

/* Tickets from 0 on the left; the right end is as far as the two marks need. */
function line({ ours, own }) {
  if (!own || own.threshold === null) return null;
  const [mine, limit] = [share(ours), share(own.threshold)];
  const end = Math.min(1, Math.max(limit * 6, mine * 1.2));
  const box = el('div', { class: 'pd-line vf-line' });
  const draw = () => {
    const width = Math.max(280, box.clientWidth || 1040);
    box.replaceChildren(chart(width, (width * mine) / end, (width * limit) / end, { ours, own }));
  };
  new ResizeObserver(draw).observe(box);
  return box;
}

const share = (ticket) => parseInt(ticket.slice(0, 12), 16) / 2 ** 48;

function chart(width, mine, limit, { ours, own }) {
  const isIn = ours <= own.threshold;
  const inside = (x) => Math.min(Math.max(x, 10), width - 10);
  const beside = (x) => (x > width * 0.6 ? { x: inside(x) - 10, 'text-anchor': 'end' } : { x: inside(x) + 10 });
  const label = `您的票据 ${ours.slice(0, 8)} 在本层的线 ${own.threshold.slice(0, 8)} 以${isIn ? '内' : '外'}`;
  const below = mine > width * 0.45 ? { x: 0 } : { x: width, 'text-anchor': 'end' };
  const centre = { x: Math.min(Math.max(mine, 62), width - 62), 'text-anchor': 'middle' };
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img', 'aria-label': label },
    svg('rect', { x: 0, y: AXIS - 15, width: limit, height: 30, class: 'in' }),
    svg('path', { d: `M0 ${AXIS}h${width}`, class: 'ax' }),
    svg('path', { d: `M${limit} ${AXIS - 24}v48`, class: 'th' }),
    svg('text', { ...beside(limit), y: 20 }, `线 ${own.threshold.slice(0, 8)}…，以内抽中`),
    svg('circle', { cx: inside(mine), cy: AXIS, r: 8, class: 'on' }),
    svg('text', { ...centre, y: 86, class: 'me' }, `您 ${ours.slice(0, 8)}…`),
    width > 560 ? svg('text', { ...below, y: 86 }, '票据越大越往右；别家的票据不对外') : null,
  );
}

function byHand({ seed, code, salt, ours, own }) {
  const text = `${seed}:${code}:${salt}`;
  const shell = `printf %s '${text.replace(/'/g, "'\\''")}' | sha256sum`;
  const windows = `([BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash([Text.Encoding]::UTF8.GetBytes('${text.replace(/'/g, "''")}'))) -replace '-').ToLower()`;
  const limit = own && own.threshold ? el('p', { class: 'hint' }, '不大于本层的线 ', el('span', { class: 'mono' }, own.threshold), ' 就是抽中。') : null;
  return el(
    'details',
    {},
    el('summary', {}, '不信这个网页？用一行命令自己算'),
    command('Linux、macOS', shell),
    command('Windows PowerShell', windows),
    el('p', { class: 'hint' }, '应得到您的票据 ', el('span', { class: 'mono' }, ours), '。'),
    limit,
  );
}

export function command(title, text) {
  const row = el('p', { class: 'vf-cmd' }, title, copyButton(text, `复制${title}的命令`));
  return [row, el('pre', { class: 'vf-pre' }, text)];
}
