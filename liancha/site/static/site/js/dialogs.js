/* Native dialogs: opened by data-dialog-open, closed by data-dialog-close, Esc or a click outside.
   The browser keeps the focus inside and gives it back. */
import { fresh } from './once.js';

let isWatching = false;

export function watchDialogs(root) {
  fresh(root, '[data-dialog-open]').forEach((button) => button.addEventListener('click', () => {
    const dialog = document.getElementById(button.dataset.dialogOpen);
    if (dialog && !dialog.open) dialog.showModal();
  }));
  fresh(root, '[data-dialog-close]').forEach((button) => button.addEventListener('click', () => button.closest('dialog').close()));
  fresh(root, 'dialog').forEach((dialog) => {
    dialog.addEventListener('mousedown', (event) => {
      if (event.target === dialog && outside(dialog, event)) dialog.close();
    });
    /* A form that was not taken comes back with its dialog open. */
    if (dialog.open || dialog.querySelector('.is-invalid, .field-error')) {
      dialog.close();
      dialog.showModal();
    }
  });
  if (isWatching) return;
  isWatching = true;
  /* A refusal that answered htmx is swapped into #blocked by its HX-Retarget header. */
  document.addEventListener('htmx:afterSwap', (event) => {
    if (event.target.id !== 'blocked') return;
    const back = event.target.querySelector('.bk-f a');
    if (back) {
      back.addEventListener('click', (click) => {
        click.preventDefault();
        event.target.close();
      });
    }
    event.target.showModal();
  });
}

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
