/* The page “在浏览器里验证”: takes files in, has them checked, shows what came out. After it is
   loaded it needs no network; only “用本站公开的文件” fetches, and nothing is ever sent. */
import { watchMenus } from '../../site/js/menus.js';
import { checkAll } from './bench.js';
import { el, icon } from './dom.js';
import { chosen, dropped, sortIn } from './intake.js';
import { drawSection } from './reportview.js';

const zone = document.getElementById('vf-zone');
const busy = document.getElementById('vf-busy');
const bar = busy.querySelector('.lc-progress');
const note = busy.querySelector('[data-note]');
const stop = busy.querySelector('[data-stop]');
const results = document.getElementById('vf-results');
const published = document.getElementById('vf-published');
const SOON = 150; // ms
const VERDICT = /^结果(一致|不一致)·/;
let draws = [];
let running = null;

// In

for (const input of zone.querySelectorAll('input[type="file"]')) {
  input.addEventListener('change', () => {
    const items = chosen(input.files);
    input.value = ''; // the same file again is a change too
    if (items.length) takeIn(items);
  });
}
const over = (on) => (event) => {
  event.preventDefault();
  zone.classList.toggle('over', on);
};
document.addEventListener('dragover', over(true));
document.addEventListener('dragleave', over(false));
document.addEventListener('drop', async (event) => {
  over(false)(event);
  takeIn(await dropped(event.dataTransfer));
});

async function takeIn(items) {
  const { draws: found, notes } = await sortIn(items, draws.length === 1 ? draws[0] : null);
  if (found.length) draws = found;
  else if (items.length) clear(); // an answer about other files would seem to be about these
  say(found.length ? notes : ['里面没有抽取的文件。要有 transcript.json，和它旁边的文件', ...notes]);
  if (found.length) await go();
}

/* Files of this site's own draw: links on the page, the draw they refer to among them. */
async function fetchPublished() {
  say([]);
  show('正在取本站公开的文件', 0);
  stop.hidden = true;
  try {
    const held = new Map();
    for (const link of published.querySelectorAll('a[data-file]')) {
      const answer = await fetch(link.href, { credentials: 'omit' });
      if (!answer.ok) throw new Error(String(answer.status));
      const { draw, file } = link.dataset;
      if (!held.has(draw)) held.set(draw, new Map());
      held.get(draw).set(file, await answer.blob());
    }
    draws = [...held].map(([draw, files]) => ({
      files,
      isBeside: draw !== published.dataset.draw,
      isNameless: 'nameless' in published.dataset,
    }));
  } catch {
    busy.hidden = true;
    say(['取不到本站公开的文件。请检查网络后重试，或把下载好的文件拖进来']);
    return;
  }
  await go();
}

// Check

async function go() {
  if (running) running.stop();
  const started = performance.now();
  let done = 0;
  const mine = checkAll(draws, (share) => {
    done = share;
    if (running === mine && performance.now() - started > SOON) tell();
  });
  running = mine;
  const tell = () => show('正在您的浏览器里重算', done, performance.now() - started);
  // A small draw is there at once; for a larger one the old answer makes room for the bar.
  setTimeout(() => {
    if (running !== mine) return;
    results.replaceChildren();
    stop.hidden = false;
    tell();
  }, SOON);
  let reports;
  try {
    reports = await mine.done;
  } catch {
    reports = null;
    say(['浏览器没有算完，可能是内存不够。请关掉别的标签页再试，或用命令验证']);
  }
  if (running !== mine) return;
  running = null;
  busy.hidden = true;
  if (reports) report(reports, performance.now() - started);
}

stop.addEventListener('click', () => {
  if (!running) return;
  running.stop();
  running = null;
  busy.hidden = true;
  say(['已停下，没有核对完']);
});

function show(word, share, ms = 0) {
  const percent = Math.floor(share * 100);
  busy.hidden = false;
  busy.querySelector('[data-word]').textContent = word;
  bar.setAttribute('aria-valuenow', percent);
  bar.firstElementChild.className = `w-${percent}`;
  const left = share > 0.1 && ms > 1500 ? `，还要约 ${Math.ceil((ms * (1 - share)) / share / 1000)} 秒` : '';
  note.textContent = `${percent}%${left}`;
}

// Out

function report(reports, ms) {
  const shown = reports
    .map((one, n) => ({ one, draw: draws[n] }))
    .filter(({ draw }) => !draw.isBeside);
  results.replaceChildren(
    ...shown.map(({ one, draw }, n) =>
      drawSection(one, {
        files: [...draw.files.keys()].sort(),
        ms,
        again: n ? null : go,
        isNameless: Boolean(draw.isNameless),
      }),
    ),
  );
  watchMenus(results);
  zone.classList.add('vf-after');
  document.getElementById('vf-help').hidden = true;
  document.title = `${shown.every(({ one }) => one.isGood) ? '结果一致' : '结果不一致'}·${document.title.replace(VERDICT, '')}`;
  results.focus();
}

function clear() {
  if (running) running.stop();
  running = null;
  busy.hidden = true;
  draws = [];
  results.replaceChildren();
  document.title = document.title.replace(VERDICT, '');
}

function say(sentences) {
  const box = document.getElementById('vf-notes');
  box.replaceChildren(
    ...sentences.map((text) => el('div', { class: 'lc-note', 'data-s': 'wait' }, icon('info-circle'), el('div', {}, `${text}。`))),
  );
}

if (published) {
  published.querySelector('button').addEventListener('click', fetchPublished);
  fetchPublished();
}
document.body.dataset.verifier = 'ready';
