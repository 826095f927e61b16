// The parties' side of a draw. A nonce is made here, stays in this browser, and leaves it only when
// its owner reveals it (liancha-draw/1, §§3 and 4). Plain http has no crypto.subtle, so the hash
// comes from a library; randomness is the browser's own.
import { sha256 } from "../vendor/noble-hashes/sha2.js";

const utf8 = new TextEncoder();
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const H = (text) => hex(sha256(utf8.encode(text)));
const key = (form) => `liancha-nonce:${form.dataset.draw}:${form.dataset.party}`;

export function commitment(draw, party, nonce) {
  return H(`liancha-commit/1\n${draw}\n${party}\n${nonce}\n`);
}

function say(form, text) {
  const place = form.querySelector("[data-fault]");
  place.textContent = text;
  place.hidden = !text;
}

function sheet(form, nonce) {
  return [
    `抽取编号 ${form.dataset.draw}`,
    `一方 ${form.dataset.party}`,
    `承诺 ${commitment(form.dataset.draw, form.dataset.party, nonce)}`,
    "随机数（揭示以前不要给任何人看）",
    nonce,
    "",
  ].join("\n");
}

function keep(form, nonce) {
  try {
    localStorage.setItem(key(form), nonce);
    return localStorage.getItem(key(form)) === nonce;
  } catch {
    return false;
  }
}

function kept(form) {
  try {
    return localStorage.getItem(key(form)) || "";
  } catch {
    return "";
  }
}

function save(form, nonce) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([sheet(form, nonce)], { type: "text/plain" }));
  link.download = `${form.dataset.draw}-${form.dataset.party}-随机数.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A nonce for this form: the one made before, or a fresh one. */
function make(form) {
  const before = kept(form);
  if (before) return before;
  return hex(crypto.getRandomValues(new Uint8Array(32)));
}

function commit(form) {
  const nonce = make(form);
  const digest = commitment(form.dataset.draw, form.dataset.party, nonce);
  form.elements.commitment.value = digest;
  form.querySelector("[data-shown]").textContent = `${digest.slice(0, 8)}…${digest.slice(-6)}`;
  if (keep(form, nonce)) {
    form.querySelector("[data-made]").hidden = false;
    return true;
  }
  // Nothing may be handed in that could be lost: without storage the file comes first.
  if (!form.dataset.saved) {
    save(form, nonce);
    form.dataset.saved = nonce;
    say(form, "这个浏览器不保存数据，随机数已存成文件。请确认文件在，再点一次提交。");
    return false;
  }
  form.elements.commitment.value = commitment(
    form.dataset.draw,
    form.dataset.party,
    form.dataset.saved,
  );
  return true;
}

/** Find one's own commitment in the logged rule, and the rule under its logged digest. */
async function check(form, nonce) {
  const answer = await fetch(form.dataset.rule, { headers: { Accept: "application/json" } });
  if (!answer.ok) return "读不到存证的规则，请稍后再试。";
  const text = await answer.text();
  if (H(text) !== form.dataset.digest) return "存证的规则与规则摘要不符，请不要揭示，并通知见证人。";
  const rule = JSON.parse(text);
  const own = rule.parties.find((each) => each.party === form.dataset.party);
  if (rule.draw !== form.dataset.draw || !own) return "存证的规则里没有这一方，请不要揭示。";
  if (own.commitment !== commitment(form.dataset.draw, form.dataset.party, nonce)) {
    return "存证的承诺不是由本机的随机数算出的。承诺若在别处生成，请贴入那里的随机数。";
  }
  return "";
}

async function reveal(form) {
  const nonce = kept(form);
  if (!nonce) {
    say(form, "本机没有这一方的随机数。请回到生成它的设备，或贴入、读入当时保存的随机数。");
    return false;
  }
  const fault = await check(form, nonce);
  say(form, fault);
  if (fault) return false;
  form.querySelector("[data-checked]").hidden = false;
  form.elements.nonce.value = nonce;
  return true;
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.matches("[data-commit]") && !commit(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    if (form.matches("[data-reveal]") && !form.elements.nonce.value) {
      event.preventDefault();
      event.stopImmediatePropagation();
      reveal(form)
        .then((ready) => ready && form.requestSubmit())
        .catch(() => say(form, "网络中断，没有揭示。请再点一次。"));
    }
  },
  true,
);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (!button) return;
  const form = button.closest("form");
  const nonce = make(form);
  keep(form, nonce);
  save(form, nonce);
});

document.addEventListener("change", async (event) => {
  const file = event.target.closest("[data-nonce-file]")?.files[0];
  if (!file) return;
  const found = (await file.text()).match(/^[0-9a-f]{64}$/m);
  document.getElementById(event.target.dataset.nonceFile).value = found ? found[0] : "";
});

/** Who has a number here already may save it again; the button is there for them. */
function offer() {
  for (const form of document.querySelectorAll("[data-commit]")) {
    form.querySelector("[data-save]").hidden = false;
  }
}

// A session that has run out answers with the log-in page: show that, not a page inside a page.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL).pathname === event.detail.pathInfo.requestPath.split("?")[0]) return;
  event.detail.shouldSwap = false;
  location.reload();
});

offer();
document.addEventListener("htmx:afterSwap", offer);
