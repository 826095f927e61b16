/* What this phone still holds, row by row, with a way on for each. */
import * as store from './store.js';
import * as sync from './sync.js';

const list = document.querySelector('[data-drafts]');
const button = document.querySelector('[data-drafts-send]');
const LOOKS = {
  wait: ['clock', '等待上传'],
  conflict: ['file-earmark-diff', '服务器上已有改动，请选一份'],
  refused: ['exclamation-triangle', ''],
};

function icon(name, cls = '') {
  const mark = document.createElement('i');
  mark.className = `bi bi-${name} ${cls}`;
  mark.ariaHidden = 'true';
  return mark;
}

function action(word, act) {
  const one = document.createElement(typeof act === 'string' ? 'a' : 'button');
  one.className = 'btn btn-sm';
  one.textContent = word;
  if (typeof act === 'string') one.href = act;
  else {
    one.type = 'button';
    one.addEventListener('click', act);
  }
  return one;
}

function line({ key, draft }) {
  const item = document.createElement('li');
  const [mark, said] = LOOKS[draft.state];
  const words = document.createElement('div');
  const name = document.createElement('b');
  name.textContent = draft.name;
  const more = document.createElement('small');
  const at = new Date(draft.at).toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit' });
  more.textContent = `${draft.visit}，${at} 写，${said || draft.message}`;
  words.append(name, more);
  item.append(icon('file-earmark-text'), words);
  if (draft.state === 'wait') item.append(icon(mark, 'soft'));
  else {
    item.className = 'x';
    const ways = document.createElement('div');
    ways.className = 'ph-ways';
    if (draft.state === 'conflict') ways.append(action('比一比', `${draft.page}#row-${key.split('/').pop()}`));
    else {
      const text = document.createElement('small');
      text.textContent = draft.situation;
      words.append(text);
      ways.append(action('再传', () => { store.write(key, { ...draft, state: 'wait' }); sync.flush(); show(); }), action('丢弃', () => discard(key, item)));
    }
    item.append(ways);
  }
  return item;
}

/* Thrown away only after a second tap that says what goes. */
function discard(key, item) {
  const ask = action('确认丢弃这一项', () => sync.drop(key));
  ask.classList.add('btn-danger');
  item.querySelector('.ph-ways').replaceChildren(ask);
}

function show() {
  const rows = store.rows();
  list.replaceChildren(...rows.map(line));
  list.hidden = !rows.length;
  document.querySelector('[data-drafts-none]').hidden = rows.length > 0;
  document.querySelector('[data-drafts-some]').hidden = !rows.length;
  document.querySelector('[data-drafts-count]').textContent = rows.length;
  button.disabled = !rows.some(({ draft }) => draft.state === 'wait');
}

button.addEventListener('click', () => sync.flush());
sync.onChange(show);
store.onOtherTab(show);
show();
