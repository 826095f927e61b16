/* Forms: no double submit, drop zones, selects that submit, phrases, passwords, first error. */
import { fresh } from './once.js';

export function watchForms(root) {
  fresh(root, 'form[data-once]').forEach(once);
  fresh(root, '[data-drop]').forEach(drop);
  fresh(root, '[data-autosubmit]').forEach((control) => control.addEventListener('change', () => control.form.requestSubmit()));
  fresh(root, '[data-words]').forEach((button) => button.addEventListener('click', () => insert(button)));
  fresh(root, '[data-toggle-password]').forEach(reveal);
  const summary = fresh(root, '[data-focus]')[0];
  if (summary) summary.focus();
}

/* The button stays usable for the browser's back and for a failed request after ten seconds. */
function once(form) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = '1';
    const button = event.submitter;
    if (button) button.setAttribute('aria-busy', 'true');
    setTimeout(() => release(form), 10_000);
  });
}

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll('[aria-busy]').forEach((button) => button.removeAttribute('aria-busy'));
}
window.addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach(release));

function drop(zone) {
  const input = zone.querySelector('input[type="file"]');
  const name = zone.querySelector('[data-drop-name]');
  const asked = name.textContent;
  const over = (on) => zone.classList.toggle('over', on);
  ['dragenter', 'dragover'].forEach((kind) => zone.addEventListener(kind, () => over(true)));
  ['dragleave', 'drop'].forEach((kind) => zone.addEventListener(kind, () => over(false)));
  input.addEventListener('change', () => {
    const files = [...input.files];
    zone.classList.toggle('has-file', files.length > 0);
    name.textContent = files.length ? files.map((file) => `${file.name}（${size(file.size)}）`).join('、') : asked;
  });
}

function size(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/* A phrase goes in where the cursor is. */
function insert(button) {
  const area = document.getElementById(button.dataset.words);
  const text = button.textContent.trim();
  const { selectionStart: start, selectionEnd: end, value } = area;
  const glue = start && !/[，。；、\s]$/.test(value.slice(0, start)) ? '；' : '';
  area.setRangeText(glue + text, start, end, 'end');
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.focus();
}

function reveal(button) {
  const field = document.getElementById(button.dataset.togglePassword);
  button.addEventListener('click', () => {
    const shows = field.type === 'text';
    field.type = shows ? 'password' : 'text';
    button.setAttribute('aria-label', shows ? '显示密码' : '隐藏密码');
    button.querySelector('i').className = shows ? 'bi bi-eye' : 'bi bi-eye-slash';
  });
}
