/* The rows of one department: one open at a time, every tap and keystroke kept at once. */
import * as store from './store.js';
import * as sync from './sync.js';

const list = document.querySelector('[data-items]');
const rows = [...list.querySelectorAll('form[data-row]')];
const next = document.querySelector('[data-next]');
const previous = document.querySelector('[data-previous]');
const signLink = document.querySelector('.ph-to-sign');
const SAID = { fine: '未发现问题', found: '发现问题', none: '不涉及' };
const ORDERS = { rectify: '责令改正', cease: '责令停止违法活动' };
const KINDS = Object.fromEntries([...rows[0]?.querySelectorAll('[name="kind"]') || []].map((box) => [box.value, box.parentElement.textContent.trim()]));
const saved = new Map(); // row → what the server has

const keyOf = (form) => `row/${list.dataset.visit}/${form.dataset.row}`;
const part = (box, name) => {
  const controls = [...box.querySelectorAll(`[data-part="${name}"]`)];
  if (controls[0]?.type === 'radio') return controls.find((each) => each.checked)?.value || '';
  return controls[0]?.value || '';
};

function collect(form) {
  const finding = form.elements.finding.value || '';
  const measures = finding !== 'found' ? [] : [...form.querySelectorAll('[name="kind"]:checked')].map((box) => {
    const measure = form.querySelector(`[data-measure="${box.value}"]`);
    const word = (name) => part(measure, name);
    const isOral = word('channel') === 'oral';
    const isOrder = box.value in ORDERS;
    return { kind: box.value, channel: word('channel'), detail: word('detail'), basis: word('basis'), deadline_on: word('deadline_on'), document_number: isOrder && !isOral ? word('document_number') : '', witness: isOral ? word('witness') : '' };
  });
  return { finding, situation: form.elements.situation.value, measures };
}

function apply(form, filled) {
  form.querySelectorAll('[name="finding"]').forEach((radio) => { radio.checked = radio.value === filled.finding; });
  form.elements.situation.value = filled.situation;
  form.querySelectorAll('[name="kind"]').forEach((box) => {
    const measure = filled.measures.find((each) => each.kind === box.value);
    box.checked = Boolean(measure);
    if (!measure) return;
    form.querySelectorAll(`[data-measure="${box.value}"] [data-part]`).forEach((control) => {
      const value = String(measure[control.dataset.part] ?? '');
      if (control.type === 'radio') control.checked = control.value === value;
      else control.value = value;
    });
  });
  show(form);
}

/* What the form still lacks before it can be signed; the server asks the same again. */
function lacks({ finding, situation, measures }) {
  if (!finding) return ['结果'];
  if (finding !== 'found') return [];
  const missing = situation.trim() ? [] : ['发现的情况'];
  if (!measures.length) missing.push('处置');
  measures.forEach((each) => {
    const word = KINDS[each.kind];
    if (!each.basis.trim()) missing.push(`${word}的依据`);
    if (each.kind in ORDERS) {
      if (!each.channel) missing.push(`${word}的方式`);
      else if (each.channel === 'oral') {
        if (!each.detail.trim()) missing.push(`${word}的原话`);
        if (!each.witness) missing.push(`${word}的在场人员`);
      }
    }
    if (each.kind === 'rectify' && !each.deadline_on) missing.push(`${word}的期限`);
  });
  return missing;
}

function show(form) {
  const filled = collect(form);
  const { finding } = filled;
  form.querySelectorAll('[data-when]').forEach((box) => {
    box.hidden = box.dataset.when === 'answered' ? !finding : box.dataset.when !== finding;
  });
  form.querySelector('[data-situation-label]').textContent = finding === 'found' ? '发现的情况' : '检查情况（选填）';
  form.querySelector('[data-situation-label]').classList.toggle('req', finding === 'found');
  form.querySelectorAll('[data-measure]').forEach((measure) => {
    measure.hidden = !form.querySelector(`[name="kind"][value="${measure.dataset.measure}"]`).checked;
    const channel = part(measure, 'channel');
    measure.querySelectorAll('[data-when-channel]').forEach((box) => { box.hidden = !box.dataset.whenChannel.split(' ').includes(channel); });
    const label = measure.querySelector('[data-detail-label]');
    if (measure.dataset.measure in ORDERS) label.textContent = channel === 'oral' ? '当场说的话' : '内容';
    label.classList.toggle('req', channel === 'oral');
  });
  const missing = lacks(filled);
  const said = form.querySelector('[data-said]');
  const isHalf = finding && missing.length > 0;
  said.className = !finding ? 'soft' : isHalf ? 'warn' : finding === 'fine' ? 'good' : finding === 'found' ? 'bad' : 'soft';
  said.textContent = !finding ? '待填' : isHalf ? `${SAID[finding]}，未写完` : SAID[finding];
  form.classList.toggle('done', Boolean(finding) && !isHalf);
  form.querySelector('[data-lacks]').textContent = isHalf ? `还缺：${missing.join('、')}` : '';
  summarise();
}

function keep(form, typing) {
  const filled = collect(form);
  if (!filled.finding) return;
  const key = keyOf(form);
  const there = store.read(key);
  if (!there && sync.content(filled) === saved.get(form)) return;
  sync.keep(key, {
    ...filled,
    seen: there ? there.seen : Number(form.dataset.version),
    state: there?.state === 'conflict' ? 'conflict' : 'wait',
    theirs: there?.theirs || null,
    url: form.dataset.url,
    page: location.pathname,
    name: form.querySelector('h2 b').textContent.trim(),
    visit: list.dataset.name,
    at: Date.now(),
  }, { typing });
}

/* ── one open at a time ── */

let open = null;

function unfold(form, { scroll = true } = {}) {
  rows.forEach((each) => {
    const isOpen = each === form;
    each.classList.toggle('open', isOpen);
    each.querySelector('[data-body]').hidden = !isOpen;
    each.querySelector('[data-open]').setAttribute('aria-expanded', String(isOpen));
  });
  open = form;
  summarise();
  if (form && scroll) form.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

function following() {
  const at = open ? rows.indexOf(open) : -1;
  const order = [...rows.slice(at + 1), ...rows.slice(0, Math.max(at, 0))];
  return order.find((form) => lacks(collect(form)).length) || null;
}

function summarise() {
  const fixed = list.querySelectorAll('.ph-item:not(form)').length;
  const answered = rows.filter((form) => form.elements.finding.value).length;
  document.querySelector('[data-answered]').textContent = answered + fixed;
  const left = rows.filter((form) => !form.elements.finding.value);
  const rest = document.querySelector('[data-rest]');
  rest.hidden = left.length < 2;
  rest.querySelector('[data-rest-count]').textContent = left.length;
  rest.querySelector('[data-rest-names]').textContent = left.map((form) => form.querySelector('h2 b').textContent.trim()).join('、');
  const isHalf = open && lacks(collect(open)).length > 0;
  next.textContent = following() ? '存好，下一项' : isHalf ? '存好这一项' : '去企业签字';
  previous.disabled = !open || rows.indexOf(open) < 1;
}

next.addEventListener('click', async () => {
  const goal = following();
  if (goal) unfold(goal);
  else if (open && lacks(collect(open)).length) open.querySelector('[data-lacks]').scrollIntoView({ block: 'center' });
  await sync.flush();
  if (!goal && rows.every((form) => !lacks(collect(form)).length)) signLink.click();
});
previous.addEventListener('click', () => unfold(rows[Math.max(0, rows.indexOf(open) - 1)]));

document.querySelectorAll('[data-rest-fill]').forEach((button) => button.addEventListener('click', () => {
  rows.filter((form) => !form.elements.finding.value).forEach((form) => {
    form.querySelector(`[name="finding"][value="${button.dataset.restFill}"]`).checked = true;
    if (button.dataset.restFill === 'none') form.elements.situation.value = '现场没有找到该单位。';
    show(form);
    keep(form, false);
  });
}));

/* ── somebody else wrote the same row ── */

function describe(filled) {
  const measures = filled.measures.map((each) => KINDS[each.kind] || each.kind).join('、');
  return [SAID[filled.finding] || '', filled.situation, measures].filter(Boolean).join('。');
}

function contest(form) {
  const box = form.querySelector('[data-conflict]');
  const draft = store.read(keyOf(form));
  const theirs = draft?.state === 'conflict' ? draft.theirs : null;
  box.hidden = !theirs;
  if (!theirs) return;
  // Not written anew for the same choice: a button must stay under the finger that taps it.
  const choiceNow = `${sync.content(theirs)}${sync.content(draft)}`;
  if (box.dataset.said === choiceNow) return;
  box.dataset.said = choiceNow;
  const line = (title, text) => {
    const p = document.createElement('p');
    const b = document.createElement('b');
    b.textContent = title;
    p.append(b, text);
    return p;
  };
  const button = (word, mine) => {
    const one = document.createElement('button');
    one.type = 'button';
    one.className = 'btn';
    one.textContent = word;
    one.addEventListener('click', () => {
      const taken = sync.choose(keyOf(form), mine);
      if (!mine && taken) {
        form.dataset.version = taken.version;
        saved.set(form, sync.content(taken));
        apply(form, taken);
      }
      contest(form);
    });
    return one;
  };
  const choice = document.createElement('div');
  choice.className = 'ph-seg two';
  choice.append(button('用我写的', true), button(`用${theirs.by}写的`, false));
  box.replaceChildren(line(`${theirs.by} ${theirs.at} 也填了这一项：`, describe(theirs)), line('您写的：', describe(draft)), choice);
}

/* ── beginning ── */

rows.forEach((form) => {
  const stored = [...form.querySelectorAll('[data-stored]')].map(({ dataset: d }) => ({ kind: d.stored, channel: d.channel, detail: d.detail, basis: d.basis, deadline_on: d.deadline_on, document_number: d.document_number, witness: d.witness }));
  apply(form, { ...collect(form), measures: stored });
  saved.set(form, sync.content(collect(form)));
  const draft = store.read(keyOf(form));
  if (draft) apply(form, draft);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', (event) => {
    show(form);
    keep(form, event.target.matches('textarea, input:not([type="radio"]):not([type="checkbox"]):not([type="date"])'));
  });
  form.addEventListener('focusout', () => sync.flush());
  form.querySelector('[data-open]').addEventListener('click', () => unfold(open === form ? null : form, { scroll: false }));
  form.querySelectorAll('[data-set-date]').forEach((button) => button.addEventListener('click', () => {
    const field = button.parentElement.querySelector('input');
    field.value = button.dataset.setDate;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }));
  contest(form);
});

sync.onChange(({ key, sent, answer }) => {
  rows.forEach((form) => {
    if (keyOf(form) === key) {
      form.dataset.version = answer.version;
      saved.set(form, sync.content(sent));
    }
    contest(form);
    const refused = store.read(keyOf(form));
    if (refused?.state === 'refused') form.querySelector('[data-lacks]').textContent = `没存上：${refused.message}`;
  });
});

store.onOtherTab((key) => rows.filter((form) => keyOf(form) === key).forEach((form) => {
  const draft = store.read(key);
  if (draft && !form.contains(document.activeElement)) apply(form, draft);
}));

const asked = rows.find((form) => location.hash === `#row-${form.dataset.row}`);
const first = asked || rows.find((form) => lacks(collect(form)).length);
if (first) unfold(first, { scroll: Boolean(asked) });
else summarise();
