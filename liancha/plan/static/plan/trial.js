/* The simulator: asks the server while sliders move and puts the answer in place. All numbers come
   from the server, so page, workbook and rulebook say the same; the address always names the trial. */

const form = document.getElementById('sm-form');
const outcome = document.getElementById('sm-outcome');
const ladder = form.dataset.ladder.split(',');
const WAIT = 60; // milliseconds of rest before asking: a drag asks as often as answers come

let asked = 0;
let timer = 0;
let running = null;

function query() {
  const data = new URLSearchParams(new FormData(form));
  for (const [key, value] of [...data]) if (value === '') data.delete(key);
  return data.toString();
}

function put(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  fresh.querySelectorAll('[data-live]').forEach((part) => {
    const old = document.getElementById(part.id);
    if (!old) return;
    if (part.dataset.chart) {
      const data = JSON.parse(part.querySelector('script').textContent);
      old.dispatchEvent(new CustomEvent('lc:data', { detail: data }));
    } else {
      old.replaceWith(part);
    }
  });
  const now = document.getElementById('sm-figures').dataset.query;
  document.querySelectorAll('[data-query]').forEach((input) => {
    if (input instanceof HTMLInputElement) input.value = now;
  });
  const sheet = document.getElementById('sm-xlsx');
  sheet.href = `${sheet.dataset.base}?${now}`;
}

async function ask() {
  const number = ++asked;
  running?.abort();
  running = new AbortController();
  const text = query();
  outcome.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(`?${text}`, { headers: { 'X-Part': 'outcome' }, signal: running.signal });
    const html = await answer.text();
    if (number !== asked || !answer.ok) return;
    put(html);
    window.history.replaceState(null, '', `?${text}`);
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  } finally {
    if (number === asked) outcome.setAttribute('aria-busy', 'false');
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
}

function slide(row) {
  const range = row.querySelector('[data-step]');
  row.querySelector('input[name]').value = ladder[range.value];
  range.setAttribute('aria-valuetext', `${ladder[range.value]}%`);
}

/* Where the slider stands for a typed rate: the nearest step. */
function follow(row) {
  const typed = Number.parseFloat(row.querySelector('input[name]').value);
  if (Number.isNaN(typed)) return;
  const steps = ladder.map((step) => Math.abs(Number(step) - typed));
  row.querySelector('[data-step]').value = steps.indexOf(Math.min(...steps));
}

form.querySelectorAll('[data-rate]').forEach((row) => {
  const range = row.querySelector('[data-step]');
  range.setAttribute('aria-valuetext', `${ladder[range.value]}%`);
  range.addEventListener('input', () => slide(row));
  row.querySelector('input[name]').addEventListener('input', () => follow(row));
});
form.querySelectorAll('[data-preset]').forEach((chip) => {
  chip.addEventListener('click', () => {
    const values = chip.dataset.preset.split(',');
    form.querySelectorAll('[data-rate]').forEach((row, place) => {
      row.querySelector('input[name]').value = values[place];
      follow(row);
    });
    soon();
  });
});
form.addEventListener('input', soon);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});
document.getElementById('sm-department')?.addEventListener('change', soon);
