/* Sends drafts one by one and keeps each until the server has answered for it. Nothing is taken
   off this phone before that, nothing on the server is overwritten unseen: when somebody else has
   written the row meanwhile, the draft waits for a choice. */
import * as store from './store.js';

const TYPING = 1500;
const PATIENCE = 15_000;
const AGAIN = 20_000;
const NONE = 0;
const tab = tabName();
const listeners = new Set();
const timers = new Map();
let running = null;
let unstored = new Map(); // drafts this phone could not keep; sent all the same

/* '' | 'offline' | 'login' | 'stale' | 'server' */
export let problem = navigator.onLine ? '' : 'offline';

export function onChange(listener) {
  listeners.add(listener);
}

function tell(news = {}) {
  listeners.forEach((listener) => listener(news));
}

/* A tab keeps its name over a reload, so that its own lost receipt is no conflict. */
function tabName() {
  try {
    const known = sessionStorage.getItem('liancha/tab');
    if (known) return known;
    const name = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
    sessionStorage.setItem('liancha/tab', name);
    return name;
  } catch {
    return `${Date.now()}-${Math.random()}`;
  }
}

export function content(draft) {
  return JSON.stringify([draft.finding, draft.situation.trim(), [...draft.measures]
    .sort((a, b) => (a.kind < b.kind ? -1 : 1))
    .map((m) => [m.kind, m.channel, m.detail.trim(), m.basis.trim(), m.deadline_on, m.document_number.trim(), Number(m.witness) || NONE])]);
}

export function counts() {
  const drafts = [...store.rows().map((each) => each.draft), ...unstored.values()];
  const of = (state) => drafts.filter((draft) => draft.state === state).length;
  return { waiting: of('wait'), conflicts: of('conflict'), refused: of('refused'), all: drafts.length };
}

/* Keep a draft now and send it soon: at once after a tap, when typing pauses otherwise. */
export function keep(key, draft, { typing = false } = {}) {
  if (store.write(key, draft)) unstored.delete(key);
  else unstored.set(key, draft);
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => flush(), typing ? TYPING : NONE));
  tell();
}

export function drop(key) {
  clearTimeout(timers.get(key));
  store.remove(key);
  unstored.delete(key);
  tell();
}

export function flush() {
  running ||= run().finally(() => { running = null; });
  return running;
}

async function run() {
  const due = [...store.rows(), ...[...unstored].map(([key, draft]) => ({ key, draft }))];
  for (const { key, draft } of due) {
    if (draft.state !== 'wait') continue;
    if (!navigator.onLine) {
      problem = 'offline';
      break;
    }
    const went = await send(key, draft);
    if (!went) break;
  }
  tell();
}

async function send(key, draft) {
  let response;
  try {
    response = await fetch(draft.url, {
      method: 'POST',
      redirect: 'manual',
      credentials: 'same-origin',
      keepalive: document.visibilityState === 'hidden',
      signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': token() },
      body: JSON.stringify({ finding: draft.finding, situation: draft.situation, measures: draft.measures.map((m) => ({ ...m, witness: Number(m.witness) || null })), seen: draft.seen, tab }),
    });
  } catch {
    problem = 'offline';
    return false;
  }
  if (response.type === 'opaqueredirect' || response.status === 401) return stop('login');
  if (response.status === 403) return stop('stale');
  if (response.status >= 500) return stop('server');
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    if (response.ok) return stop('server');
  }
  problem = '';
  if (response.ok) settled(key, draft, answer);
  else if (answer.error === 'conflict') contested(key, draft, answer.theirs);
  else mark(key, { state: 'refused', message: answer.message || '服务器上没有这一项，可能已换人或已改派。' });
  return true;
}

function stop(why) {
  problem = why;
  return false;
}

function current(key) {
  return unstored.get(key) || store.read(key);
}

function mark(key, changes) {
  const draft = current(key);
  if (!draft) return;
  Object.assign(draft, changes);
  if (store.write(key, draft)) unstored.delete(key);
  else unstored.set(key, draft);
}

/* Typed on while it was under way? Then the rest is sent from what the server has now. */
function settled(key, sent, answer) {
  const now = current(key);
  if (now && content(now) !== content(sent)) {
    mark(key, { seen: answer.version });
    timers.set(key, setTimeout(() => flush(), TYPING));
  } else {
    store.remove(key);
    unstored.delete(key);
  }
  tell({ key, sent, answer });
}

function contested(key, sent, theirs) {
  if (content(theirs) === content(sent)) settled(key, sent, { version: theirs.version, missing: [] });
  else mark(key, { state: 'conflict', theirs });
}

export function choose(key, mine) {
  const draft = current(key);
  if (!draft || !draft.theirs) return null;
  const { theirs } = draft;
  if (mine) {
    mark(key, { state: 'wait', seen: theirs.version, theirs: null });
    flush();
  } else drop(key);
  return theirs;
}

function token() {
  const field = document.querySelector('input[name="csrfmiddlewaretoken"]');
  return field ? field.value : '';
}

window.addEventListener('online', () => { problem = ''; flush(); tell(); });
window.addEventListener('offline', () => { problem = 'offline'; tell(); });
window.addEventListener('pagehide', () => { flush(); });
document.addEventListener('visibilitychange', () => { flush(); });
setInterval(() => { if (counts().waiting) flush(); }, AGAIN);
