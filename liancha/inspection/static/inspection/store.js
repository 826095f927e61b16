/* What this phone holds until the server has it. localStorage, because it is written before the
   next keystroke: a dead network, a reload or a closed page loses nothing. One entry per row of a
   form, kept apart by person, so that a colleague who logs in here neither sees nor sends it. */
const PREFIX = `liancha/draft/${document.body.dataset.person}/`;

export let works = true;

export function read(key) {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

export function write(key, draft) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(draft));
    works = true;
  } catch {
    works = false; // full, or switched off: the bar says so, and the row still goes to the server
  }
  return works;
}

export function remove(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    works = false;
  }
}

export function rows() {
  const found = [];
  try {
    for (let n = 0; n < localStorage.length; n += 1) {
      const name = localStorage.key(n);
      if (!name.startsWith(`${PREFIX}row/`)) continue;
      const key = name.slice(PREFIX.length);
      const draft = read(key);
      if (draft) found.push({ key, draft });
    }
  } catch {
    works = false;
  }
  return found.sort((a, b) => a.draft.at - b.draft.at);
}

/* Another tab of the same person wrote or sent a row. */
export function onOtherTab(listener) {
  window.addEventListener('storage', (event) => {
    if (event.key && event.key.startsWith(PREFIX)) listener(event.key.slice(PREFIX.length));
  });
}
