// The parties' side of a draw: one click to commit, one to reveal or to seal. A nonce is made here,
// stays in this browser, and leaves it only when its owner gives it away.
import { check, commitment, download, keep, kept, make, promise, redeem } from "./nonces.js";

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

function save(form, nonce) {
  download(`${form.dataset.draw}-${form.dataset.party}-随机数.txt`, sheet(form, nonce));
}

function commit(form) {
  const nonce = make(form);
  const digest = commitment(form.dataset.draw, form.dataset.party, nonce);
  form.elements.commitment.value = digest;
  form.querySelector("[data-shown]").textContent = `${digest.slice(0, 8)}…${digest.slice(-6)}`;
  if (keep(form, nonce)) {
    promise(form, form.querySelector("[data-by-itself]")?.checked);
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

/** The number as a file that only the keeper's key opens. */
async function seal(form) {
  const nonce = kept(form);
  if (!nonce) {
    say(form, "本机没有这一方的随机数。请回到生成它的设备，或用自己的命令行封存后贴入。");
    return false;
  }
  const fault = await check(form, nonce);
  say(form, fault);
  if (fault) return false;
  const age = "../vendor/age/age-encryption/dist";
  const [{ Encrypter, armor }, { forceWebCryptoOff }] = await Promise.all([
    import(`${age}/index.js`),
    import(`${age}/x25519.js`),
  ]);
  forceWebCryptoOff(true); // on plain http the library would stumble over the missing crypto.subtle
  const encrypter = new Encrypter();
  encrypter.addRecipient(form.dataset.key);
  const lines = [form.dataset.draw, form.dataset.party, nonce, ""];
  form.elements.seal.value = armor.encode(await encrypter.encrypt(lines.join("\n")));
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
    if (form.matches("[data-seal]") && !form.elements.seal.value) {
      event.preventDefault();
      event.stopImmediatePropagation();
      seal(form)
        .then((ready) => ready && form.requestSubmit())
        .catch(() => say(form, "没有封存成。请再点一次，或改用打印的封存单。"));
    }
  },
  true,
);

/** What a party keeps of a logged rule, to compare with whatever is published later. */
function keepsake({ draw, party, commitment: own, digest, at }) {
  const lines = [
    `抽取编号 ${draw}`,
    `一方 ${party}`,
    `承诺 ${own}`,
    `规则摘要 ${digest}`,
    `存证时间 ${at}`,
    "以后公布的抽取记录应有同一个规则摘要；不同就是被换过。",
    "",
  ];
  download(`${draw}-规则摘要.txt`, lines.join("\n"));
}

document.addEventListener("click", (event) => {
  const slip = event.target.closest("[data-keepsake]");
  if (slip) keepsake(slip.dataset);
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
// While something handed in is on its way, its form stays as it is; what is being typed stays by
// hx-preserve.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (document.querySelector("form[data-sent]")) {
    event.detail.shouldSwap = false;
    return;
  }
  if (new URL(event.detail.xhr.responseURL).pathname === event.detail.pathInfo.requestPath.split("?")[0]) return;
  event.detail.shouldSwap = false;
  location.reload();
});

/** One click a party: the tab that made the number reveals it, after the same check. */
function goOn() {
  const form = document.querySelector("[data-ready] [data-reveal]");
  if (form && redeem(form)) form.requestSubmit();
}

offer();
goOn();
document.addEventListener("htmx:afterSwap", () => {
  offer();
  goOn();
});
