/* Entering results: what will be covered in public is shown while it is typed, and the fields of an
   order only where a code asks for one. The server covers again when it keeps the text; it alone decides. */
const WAIT = 400;
const ORDERED = new Set(['05', '11']);

for (const form of document.querySelectorAll('form[data-covered]')) {
  form.querySelectorAll('textarea.js-covered').forEach((area) => watch(area, form));
  form.querySelectorAll('[data-item]').forEach(order);
}

function order(item) {
  const code = item.querySelector('select');
  const fields = item.querySelectorAll('[data-order]');
  const show = () => fields.forEach((field) => { field.hidden = !ORDERED.has(code.value); });
  code.addEventListener('change', show);
  show();
}

function watch(area, form) {
  const note = document.createElement('div');
  note.className = 'rs-w';
  note.hidden = true;
  note.id = `${area.id}_covered`;
  note.setAttribute('role', 'status');
  area.after(note);
  area.setAttribute('aria-describedby', [area.getAttribute('aria-describedby'), note.id].filter(Boolean).join(' '));
  let timer = 0;
  let asked = 0;
  const ask = async () => {
    const turn = ++asked;
    if (!area.value.trim()) return tell(note, []);
    const body = new FormData();
    body.set('text', area.value);
    body.set('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(form.dataset.covered, { method: 'POST', body, headers: { Accept: 'application/json' } });
      if (answer.ok && turn === asked) {
        const { text, found } = await answer.json();
        tell(note, found, text);
      }
    } catch { /* Offline: the server covers when it gets the form. */ }
  };
  area.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  ask();
}

function tell(note, found, text = '') {
  note.hidden = found.length === 0;
  note.replaceChildren();
  if (!found.length) return;
  const icon = document.createElement('i');
  icon.className = 'bi bi-eye-slash';
  icon.setAttribute('aria-hidden', 'true');
  note.append(icon, `公示时会遮住 ${found.length} 处：`);
  found.forEach(([kind, words], n) => {
    const mark = document.createElement('mark');
    mark.textContent = words;
    note.append(n ? '、' : '', `${kind} `, mark);
  });
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.textContent = '看遮住后的样子';
  const after = document.createElement('p');
  after.textContent = text;
  details.append(summary, after);
  note.append('。', details);
}
