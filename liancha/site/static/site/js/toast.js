/* Toasts say what worked, for six seconds, longer while pointed at. Failures are never toasts. */
import { fresh } from './once.js';

const LASTS = 6000;

export function watchToasts(root) {
  fresh(root, '[data-toast]').forEach(keep);
}

export function toast(text, { url = '', link = '' } = {}) {
  const region = document.getElementById('toasts');
  if (!region) return;
  const box = document.createElement('div');
  box.className = 'lc-toast';
  box.dataset.toast = '';
  const icon = document.createElement('i');
  icon.className = 'bi bi-check-circle-fill';
  icon.ariaHidden = 'true';
  const words = document.createElement('span');
  words.textContent = text;
  if (url) {
    const more = document.createElement('a');
    more.href = url;
    more.textContent = link;
    words.append(more);
  }
  box.append(icon, words);
  region.append(box);
  watchToasts(region);
}

function keep(box) {
  let left = 0;
  const go = () => {
    box.classList.add('gone');
    setTimeout(() => box.remove(), 250);
  };
  const wait = () => { left = setTimeout(go, LASTS); };
  box.addEventListener('pointerenter', () => clearTimeout(left));
  box.addEventListener('pointerleave', wait);
  box.addEventListener('focusin', () => clearTimeout(left));
  box.addEventListener('focusout', wait);
  const close = box.querySelector('.lc-toast-x');
  if (close) close.addEventListener('click', go);
  wait();
}
