/* The signature page: the pad, the three ways it can end, and nothing sent while a row is not. */
import { say } from './bar.js';
import * as store from './store.js';
import * as sync from './sync.js';

const form = document.querySelector('[data-ending]');
const key = `sign/${form.dataset.visit}`;
const send = document.querySelector('[data-ending-send]');
const note = document.querySelector('[data-ending-note]');
const canvas = form.querySelector('[data-pad]');
const pad = new window.SignaturePad(canvas, { penColor: '#17242f', minWidth: 0.8, maxWidth: 2.6 });
const KEPT = ['signer', 'signer_post', 'opinion', 'actual_address', 'refusal'];
let width = 0;

const ending = () => form.elements.ending.value;

/* A canvas forgets its drawing when its size changes (the phone is turned): draw it again. */
function fit() {
  if (!canvas.offsetWidth || canvas.offsetWidth === width) return;
  const strokes = pad.toData();
  const scale = width ? canvas.offsetWidth / width : 1;
  const ratio = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
  width = canvas.offsetWidth;
  canvas.width = width * ratio;
  canvas.height = canvas.offsetHeight * ratio;
  canvas.getContext('2d').scale(ratio, ratio);
  pad.clear();
  pad.fromData(strokes.map((stroke) => ({ ...stroke, points: stroke.points.map((point) => ({ ...point, x: point.x * scale })) })));
}

function keep() {
  store.write(key, { ending: ending(), strokes: pad.toData(), width, fields: Object.fromEntries(KEPT.map((name) => [name, form.elements[name]?.value || ''])) });
}

function restore() {
  const draft = store.read(key);
  if (!draft) return;
  const radio = [...form.querySelectorAll('[name="ending"]')].find((each) => each.value === draft.ending);
  if (radio && radio.type === 'radio') radio.checked = true;
  KEPT.forEach((name) => { if (form.elements[name] && !form.elements[name].value) form.elements[name].value = draft.fields[name] || ''; });
  show();
  if (draft.strokes?.length) {
    width = draft.width || width;
    pad.fromData(draft.strokes);
    const drawn = pad.toData();
    width = 0;
    fit();
    const scale = draft.width ? canvas.offsetWidth / draft.width : 1;
    pad.clear();
    pad.fromData(drawn.map((stroke) => ({ ...stroke, points: stroke.points.map((point) => ({ ...point, x: point.x * scale })) })));
  }
}

function show() {
  const now = ending();
  form.querySelectorAll('[data-for]').forEach((box) => { box.hidden = !box.dataset.for.split(' ').includes(now); });
  const colleague = form.elements.colleague;
  const second = form.querySelector('[data-second]');
  if (second) second.hidden = !colleague.value;
  const waits = now !== 'signed' && !colleague?.value;
  send.textContent = waits ? '记下说明，等第二人确认' : '完成检查';
  fit();
}

async function reach() {
  try {
    const answer = await fetch(location.pathname, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout ? AbortSignal.timeout(10_000) : undefined });
    return answer.type !== 'opaqueredirect' && answer.status < 500;
  } catch {
    return false;
  }
}

async function finish() {
  note.textContent = '';
  if (ending() === 'signed' && pad.isEmpty()) return '还没有签名。请签字人在框内签名。';
  if (ending() !== 'signed' && form.elements.refusal.value.trim().length < 10) return '情况说明至少 10 个字。请写明时间、经过和对方的说法。';
  await sync.flush();
  const left = store.rows().filter(({ key: row }) => row.startsWith(`row/${form.dataset.visit}/`));
  if (left.length && navigator.onLine) return `还有 ${left.length} 项没有传上去：${left.map(({ draft }) => draft.name).join('、')}。请回到检查事项处理。`;
  if (!navigator.onLine || !(await reach())) return '现在没有网络，或登录已过期。签名和说明已存本机，联网后再点一次。';
  form.querySelector('[data-pad-value]').value = ending() === 'signed' ? pad.toDataURL('image/png') : '';
  form.submit();
  return '';
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (send.disabled) return;
  send.disabled = true;
  keep();
  const wrong = await finish();
  if (!wrong) return;
  send.disabled = false;
  note.textContent = wrong;
  note.scrollIntoView({ block: 'center' });
});
form.addEventListener('input', () => { show(); keep(); });
pad.addEventListener('endStroke', keep);
form.querySelector('[data-pad-clear]').addEventListener('click', () => { pad.clear(); keep(); });
window.addEventListener('resize', () => { fit(); });
window.addEventListener('pageshow', () => { send.disabled = false; });
if (!store.works) say('这台手机存不下草稿，签名后请不要关闭本页。', { kind: 'bad' });

show();
restore();
show();
