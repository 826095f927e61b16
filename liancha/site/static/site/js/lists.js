/* Lists: query rows, ticks and the batch bar, labels of the cards a table becomes on a phone, J K X Enter. */
import { fresh } from './once.js';
import { isTyping } from './menus.js';

const number = (n) => n.toLocaleString('zh-CN');
let isWatching = false;

export function watchLists(root) {
  fresh(root, 'form[data-batch]').forEach(batch);
  fresh(root, 'table.lc-table').forEach(label);
  fresh(root, 'form.lc-query').forEach(fold);
  if (!isWatching) {
    isWatching = true;
    document.addEventListener('keydown', move);
  }
}

function batch(form) {
  const boxes = () => [...document.querySelectorAll(`[data-pick][form="${form.id}"]`)];
  const heads = () => [...document.querySelectorAll(`[data-pick-all="${form.id}"]`)];
  const { total, unit } = form.dataset;
  const said = form.querySelector('[data-batch-count]');
  const takeAll = form.querySelector('[data-batch-all]');
  const isAll = form.elements.all;
  const show = () => {
    const all = boxes();
    const on = all.filter((box) => box.checked);
    form.hidden = on.length === 0;
    said.textContent = `已选 ${number(isAll.value ? Number(total) : on.length)} ${unit}`;
    takeAll.hidden = Boolean(isAll.value) || on.length >= Number(total);
    all.forEach((box) => box.closest('tr')?.classList.toggle('is-on', box.checked));
    heads().forEach((head) => {
      head.checked = all.length > 0 && on.length === all.length;
      head.indeterminate = on.length > 0 && on.length < all.length;
    });
  };
  const set = (on) => boxes().forEach((box) => { box.checked = on; });
  let last = null;
  boxes().forEach((box) => box.addEventListener('click', (event) => {
    isAll.value = '';
    const all = boxes();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    }
    last = box;
    show();
  }));
  heads().forEach((head) => head.addEventListener('change', () => {
    isAll.value = '';
    set(head.checked);
    show();
  }));
  takeAll.addEventListener('click', () => {
    set(true);
    isAll.value = '1';
    show();
  });
  form.querySelector('[data-batch-none]').addEventListener('click', () => {
    isAll.value = '';
    set(false);
    show();
  });
  window.addEventListener('pageshow', show);
  show();
}

/* On a phone a query row with several fields shows the first one, and the rest on demand. */
function fold(form) {
  const fields = [...form.children].filter((child) => child.classList.contains('lc-field'));
  if (fields.length < 2) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn lc-query-toggle';
  button.textContent = '筛选';
  const show = (isFolded) => {
    form.classList.toggle('folded', isFolded);
    button.setAttribute('aria-expanded', String(!isFolded));
  };
  button.addEventListener('click', () => show(!form.classList.contains('folded')));
  fields[0].after(button);
  show(!form.querySelector('.is-invalid'));
}

/* Below 900 px the head is gone: cells that do not speak for themselves get its word. */
const says = (cell) => cell.textContent.trim() || cell.querySelector('svg, img, i');

function label(table) {
  const heads = [...table.querySelectorAll('thead th')].map((head) => (head.querySelector('.visually-hidden, input') ? '' : head.textContent.trim()));
  const speaks = '.name, .btn, .lc-who, .lc-tag, .lc-due, input, .lc-empty, .lc-post, .lc-more';
  table.querySelectorAll('tbody tr, tfoot tr').forEach((row) => [...row.cells].forEach((cell, place) => {
    if (place && heads[place] && !cell.dataset.th && cell.colSpan === 1 && says(cell) && !cell.querySelector(speaks)) cell.dataset.th = heads[place];
  }));
}

function move(event) {
  if (isTyping(event) && !event.target.matches('[data-pick]')) return;
  const rows = [...document.querySelectorAll('.lc-table tbody tr')].filter((row) => row.querySelector('a.name'));
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains('at'));
  const key = event.key.toLowerCase();
  if (key === 'j' || key === 'k') {
    const next = Math.min(rows.length - 1, Math.max(0, at + (key === 'j' ? 1 : -1)));
    rows.forEach((row, place) => row.classList.toggle('at', place === next));
    rows[next].scrollIntoView({ block: 'nearest' });
  } else if (at >= 0 && key === 'x') {
    rows[at].querySelector('[data-pick]')?.click();
  } else if (at >= 0 && event.key === 'Enter' && event.target === document.body) {
    rows[at].querySelector('a.name').click();
  }
}
