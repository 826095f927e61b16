/* Long work: asks for its state once a second, moves the bar, leads on when it is done.
   The address answers {state, percent, note, url, message}; see docs/interface.md. */
import { fresh } from './once.js';

const ENDS = new Set(['done', 'failed', 'cancelled']);

export function watchWork(root) {
  fresh(root, '[data-work]').forEach(follow);
}

async function follow(box) {
  const bar = box.querySelector('.lc-progress');
  const note = box.querySelector('[data-work-note]');
  const hint = box.querySelector('[data-work-hint]');
  const stop = box.querySelector('[data-work-stop]');
  if (stop) stop.addEventListener('click', () => halt(stop));
  let misses = 0;
  while (box.isConnected) {
    let now;
    try {
      const answer = await fetch(box.dataset.work, { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      now = await answer.json();
      misses = 0;
    } catch {
      misses += 1;
      note.textContent = '连不上，正在重试；工作不会因此停下。';
      await pause(Math.min(15, 1 + misses) * 1000);
      continue;
    }
    const percent = Math.max(0, Math.min(100, Math.round(now.percent || 0)));
    bar.setAttribute('aria-valuenow', percent);
    bar.firstElementChild.className = `w-${percent}`;
    note.textContent = [`${percent}%`, now.note].filter(Boolean).join('，');
    if (ENDS.has(now.state)) {
      end(box, now, { bar, note, hint });
      return;
    }
    await pause(1000);
  }
}

function end(box, now, { bar, note, hint }) {
  const url = now.url || box.dataset.next;
  if (now.state === 'done' && url) {
    window.location.assign(url);
    return;
  }
  bar.classList.toggle('failed', now.state !== 'done');
  note.textContent = { done: '已完成', failed: '没有做完', cancelled: '已停止' }[now.state];
  hint.textContent = now.message || '';
}

async function halt(button) {
  button.disabled = true;
  await fetch(button.dataset.workStop, { method: 'POST', headers: { 'X-CSRFToken': button.dataset.token } });
  button.textContent = '正在停下';
}

function pause(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
