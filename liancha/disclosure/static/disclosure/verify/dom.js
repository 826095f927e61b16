/* Elements of the page. Text is always text: nothing from a visitor's file becomes markup. */
const SVG = 'http://www.w3.org/2000/svg';

export function el(name, attributes = {}, ...inside) {
  return fill(document.createElement(name), attributes, inside);
}

export function svg(name, attributes = {}, ...inside) {
  return fill(document.createElementNS(SVG, name), attributes, inside);
}

function fill(made, attributes, inside) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...inside.flat().filter((part) => part !== null && part !== false));
  return made;
}

export const icon = (name) => el('i', { class: `bi bi-${name}`, 'aria-hidden': 'true' });

export function copyButton(text, label) {
  return el('button', { type: 'button', class: 'lc-copy', 'data-copy': text, 'aria-label': label }, icon('copy'));
}

export function tag(state, iconName, word) {
  return el('span', { class: 'lc-tag', 'data-s': state }, icon(iconName), word);
}

/* A digest as the other pages show it: eight and six digits, the whole in the title. */
export function hash(text) {
  const short = `${text.slice(0, 8)}…${text.slice(-6)}`;
  return el('span', { class: 'lc-hash', title: text }, icon('fingerprint'), el('span', {}, short), copyButton(text, '复制全文'));
}

/* A sentence with its digests as chips. */
export function sentence(text) {
  return text.split(/([0-9a-f]{64})/).map((piece, n) => (n % 2 ? hash(piece) : piece));
}
