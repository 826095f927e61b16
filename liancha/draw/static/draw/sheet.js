// The sealed sheet: the number and its code are put on the paper by this browser and by nobody else.
import { check, kept } from "./nonces.js";
import { drawing } from "./qr.js";

const sheet = document.querySelector("[data-sheet]");
const fault = document.querySelector("[data-fault]");
const typed = document.querySelector("[data-own-nonce]");
const print = document.querySelector("[data-print]");

/** Without a number that fits there is nothing to print. */
function present(isReady) {
  sheet.hidden = !isReady;
  print.disabled = !isReady;
}

async function show(nonce) {
  const problem = await check(sheet, nonce);
  fault.textContent = problem;
  fault.hidden = !problem;
  present(!problem);
  if (problem) return;
  sheet.querySelector("[data-nonce]").textContent = nonce.match(/.{8}/g).join(" ");
  sheet.querySelector("[data-code]").replaceChildren(drawing(nonce.toUpperCase()));
}

function look() {
  const nonce = typed.value.trim().toLowerCase() || kept(sheet);
  if (/^[0-9a-f]{64}$/.test(nonce)) {
    show(nonce);
    return;
  }
  fault.textContent = typed.value
    ? "随机数是 64 位十六进制数。"
    : "本机没有这一方的随机数。请回到生成它的设备，或在上面贴入。贴入的内容只留在这一页。";
  fault.hidden = false;
  present(false);
}

typed.addEventListener("input", look);
look();
