/* The behaviour of the component kit. Every part finds its own elements by data attributes, also
   in what htmx brings in later; a page needs no script of its own for any of it. */
import { watchDialogs } from './dialogs.js';
import { watchForms } from './forms.js';
import { watchLists } from './lists.js';
import { watchMenus } from './menus.js';
import { watchToasts } from './toast.js';
import { watchWork } from './work.js';

const parts = [watchMenus, watchDialogs, watchForms, watchLists, watchToasts, watchWork];
const start = (root) => parts.forEach((part) => part(root));

start(document);
document.addEventListener('htmx:load', (event) => {
  if (event.target !== document.body) start(event.target);
});
