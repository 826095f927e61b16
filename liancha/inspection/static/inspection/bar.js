/* The sync chip in the bar, always true; what the phone says when the network or the log-in is
   gone; and no way off the page while leaving it would end in nothing. */
import * as store from './store.js';
import * as sync from './sync.js';

const chip = document.querySelector('[data-sync]');

function state() {
  const { waiting, conflicts, refused } = sync.counts();
  const offline = !navigator.onLine || sync.problem === 'offline';
  if (!store.works) return ['wait', 'exclamation-triangle', '本机存不下'];
  if (conflicts) return ['wait', 'file-earmark-diff', `${conflicts} 项要选`];
  if (refused) return ['wait', 'exclamation-triangle', `${refused} 项没存上`];
  if (offline && waiting) return ['wait', 'wifi-off', `离线，已存本机 ${waiting}`];
  if (offline) return ['wait', 'wifi-off', '离线'];
  if (waiting && sync.problem) return ['wait', 'cloud-slash', `已存本机 ${waiting}`];
  if (waiting) return ['', 'cloud-arrow-up', `待传 ${waiting}`];
  return ['good', 'cloud-check', '已全部上传'];
}

function show() {
  if (!chip) return;
  const [look, icon, word] = state();
  chip.dataset.l = look;
  chip.querySelector('i').className = `bi bi-${icon}`;
  const words = chip.querySelector('span');
  if (words.textContent !== word) words.textContent = word;
  warn();
}

/* A strip at the top of the page, for what a chip is too small for. */
export function say(text, { link = '', url = '', kind = 'wait' } = {}) {
  let strip = document.querySelector('[data-field-note]');
  if (!strip) {
    strip = document.createElement('div');
    strip.className = 'lc-note';
    strip.dataset.fieldNote = '';
    strip.role = 'status';
    document.getElementById('main').prepend(strip);
  }
  // Not written anew for the same words: a link must stay under the finger that taps it.
  strip.hidden = !text;
  if (strip.dataset.said === text + url) return;
  strip.dataset.said = text + url;
  strip.dataset.s = kind;
  const words = document.createElement('div');
  words.textContent = text;
  if (url) {
    const way = document.createElement('a');
    way.href = url;
    way.textContent = link;
    words.append(' ', way);
  }
  strip.replaceChildren(words);
}

function warn() {
  const { waiting } = sync.counts();
  const here = location.pathname + location.search;
  if (sync.problem === 'login') say(`登录已过期，写的 ${waiting} 项存在本机，不会丢。`, { link: '重新登录', url: `${document.body.dataset.login}?next=${encodeURIComponent(here)}` });
  else if (sync.problem === 'stale') say(`登录有变化，写的 ${waiting} 项存在本机，不会丢。`, { link: '刷新本页', url: here });
  else if (sync.problem === 'server') say('服务器暂时没有回应，写的内容存在本机，稍后会再传。');
  else if (!store.works) say('这台手机存不下草稿（空间已满，或浏览器禁止保存）。请保持联网，写完等右上角显示已上传。', { kind: 'bad' });
  else {
    const strip = document.querySelector('[data-field-note]');
    if (strip && navigator.onLine) strip.hidden = true;
  }
}

sync.onChange(show);
store.onOtherTab(show);

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href]');
  if (!link || navigator.onLine || link.protocol === 'tel:') return;
  event.preventDefault();
  say('现在没有网络，打不开别的页面。写的内容存在本机，可以接着写。');
}, true);

document.querySelectorAll('form[data-needs-net]').forEach((form) => form.addEventListener('submit', (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  delete form.dataset.sent;
  say('现在没有网络，这一步要联网才能办。');
}));

document.querySelectorAll('[data-visit-over]').forEach((ended) => store.remove(`sign/${ended.dataset.visitOver}`));

show();
sync.flush();
