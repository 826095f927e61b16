/* The side menu as a drawer, pop-up menus, copy buttons, larger type, search key, print. */
import { fresh } from './once.js';
import { toast } from './toast.js';

let isWatching = false;

export function watchMenus(root) {
  if (!isWatching) {
    isWatching = true;
    drawer();
    document.addEventListener('click', closeOthers);
    document.addEventListener('keydown', keys);
    clock();
    hall();
  }
  fresh(root, '[data-copy]').forEach((button) => button.addEventListener('click', () => copy(button)));
  fresh(root, '[data-print]').forEach((button) => button.addEventListener('click', () => window.print()));
  fresh(root, '[data-bigtype]').forEach(bigType);
  fresh(root, '[data-density-toggle]').forEach((button) => button.addEventListener('click', () => {
    const next = document.documentElement.dataset.density === 'dense' ? '' : 'dense';
    document.documentElement.dataset.density = next;
    localStorage.setItem('lc-density', next);
  }));
  fresh(root, 'details.lc-more').forEach((menu) => menu.addEventListener('toggle', () => place(menu)));
}

/* Without a script the button is a link to #menu and :target opens it. */
function drawer() {
  const menu = document.getElementById('menu');
  const page = document.getElementById('top');
  const opener = document.querySelector('.lc-menu');
  if (!menu || !opener) return;
  const veil = document.createElement('div');
  veil.className = 'lc-veil';
  const close = () => {
    menu.classList.remove('open');
    page.inert = false;
    veil.remove();
    opener.focus();
  };
  opener.addEventListener('click', (event) => {
    event.preventDefault();
    menu.classList.add('open');
    page.inert = true;
    document.body.append(veil);
    (menu.querySelector('[aria-current]') || menu.querySelector('a')).focus();
  });
  veil.addEventListener('click', close);
  menu.querySelector('.lc-menu-close').addEventListener('click', (event) => {
    event.preventDefault();
    close();
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && menu.classList.contains('open')) close();
  });
}

function closeOthers(event) {
  document.querySelectorAll('details.lc-more[open]').forEach((menu) => {
    if (!menu.contains(event.target) || event.target.closest('.lc-pop a, .lc-pop button')) menu.open = false;
  });
}

/* Opens upwards where there is no room below. */
function place(menu) {
  const pop = menu.querySelector('.lc-pop');
  pop.classList.remove('up');
  if (menu.open && pop.getBoundingClientRect().bottom > window.innerHeight && menu.getBoundingClientRect().top > pop.offsetHeight) {
    pop.classList.add('up');
  }
}

function keys(event) {
  if (event.key === 'Escape') {
    const open = document.querySelector('details.lc-more[open]');
    if (open) {
      open.open = false;
      open.querySelector('summary').focus();
    }
    return;
  }
  if (event.key === '/' && !isTyping(event)) {
    const field = document.querySelector('[data-find]');
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
}

export function isTyping(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing
    || !!event.target.closest('input, textarea, select, [contenteditable], dialog');
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'visually-hidden';
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
  }
  toast('已复制');
}

function bigType(button) {
  const root = document.documentElement;
  const show = () => button.setAttribute('aria-pressed', String(root.dataset.type === 'big'));
  show();
  button.addEventListener('click', () => {
    root.dataset.type = root.dataset.type === 'big' ? '' : 'big';
    localStorage.setItem('lc-type', root.dataset.type);
    show();
  });
}

/* The server's time, carried on by this machine's clock. */
function clock() {
  const shown = document.querySelector('[data-clock]');
  if (!shown) return;
  const ahead = new Date(shown.dataset.clock).getTime() - Date.now();
  const format = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
  setInterval(() => { shown.textContent = format.format(new Date(Date.now() + ahead)); }, 1000);
}

/* The hall screen is drawn 1080 high and scaled by height; a wider wall gets wider lanes. On a
   narrow or upright screen nothing is scaled: the parts stand one below the other. */
function hall() {
  const body = document.querySelector('body[data-hall]');
  if (!body) return;
  const isNarrow = window.matchMedia('(max-width: 1023px), (max-aspect-ratio: 13/10)');
  const scale = () => {
    if (isNarrow.matches) {
      ['zoom', 'width', 'height'].forEach((name) => body.style.removeProperty(name));
      return;
    }
    const zoom = Math.min(window.innerHeight / 1080, window.innerWidth / 1440);
    body.style.zoom = zoom;
    body.style.width = `${window.innerWidth / zoom}px`;
    body.style.height = `${window.innerHeight / zoom}px`;
  };
  scale();
  window.addEventListener('resize', scale);
}
