// A party's number: made in this browser, kept in it, compared with the logged rule before it is
// given to anybody (liancha-draw/1, §§3 and 4). Plain http has no crypto.subtle, so the hash comes
// from a library; randomness is the browser's own.
import { sha256 } from "../vendor/noble-hashes/sha2.js";

const utf8 = new TextEncoder();
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const H = (text) => hex(sha256(utf8.encode(text)));
const key = (place) => `liancha-nonce:${place.dataset.draw}:${place.dataset.party}`;

export function commitment(draw, party, nonce) {
  return H(`liancha-commit/1\n${draw}\n${party}\n${nonce}\n`);
}

/** Keep a number for this draw and party; false where the browser keeps nothing. */
export function keep(place, nonce) {
  try {
    localStorage.setItem(key(place), nonce);
    return localStorage.getItem(key(place)) === nonce;
  } catch {
    return false;
  }
}

export function kept(place) {
  try {
    return localStorage.getItem(key(place)) || "";
  } catch {
    return "";
  }
}

/** Whether this tab reveals by itself once the rule is logged: said at the commitment, asked once. */
export function promise(place, isGiven) {
  try {
    sessionStorage.setItem(`${key(place)}:auto`, isGiven ? "yes" : "");
  } catch {
    // Without storage one more click.
  }
}

export function redeem(place) {
  try {
    const isGiven = sessionStorage.getItem(`${key(place)}:auto`) === "yes";
    sessionStorage.removeItem(`${key(place)}:auto`);
    return isGiven;
  } catch {
    return false;
  }
}

/** A nonce for this party: the one made before, or a fresh one. */
export function make(place) {
  return kept(place) || hex(crypto.getRandomValues(new Uint8Array(32)));
}

export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** The logged rule, once it is the one under its logged digest. Throws an Error to show. */
export async function readRule(place) {
  const answer = await fetch(place.dataset.rule, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("读不到存证的规则，请稍后再试。");
  const text = await answer.text();
  if (H(text) !== place.dataset.digest) {
    throw new Error("存证的规则与规则摘要不符，请不要交出随机数，并通知见证人。");
  }
  return JSON.parse(text);
}

/** Why this number must not be given away: the logged rule has another commitment; "" if it may. */
export async function check(place, nonce) {
  let rule;
  try {
    rule = await readRule(place);
  } catch (error) {
    return error.message;
  }
  const own = rule.parties.find((each) => each.party === place.dataset.party);
  if (rule.draw !== place.dataset.draw || !own) return "存证的规则里没有这一方，请不要交出随机数。";
  if (own.commitment !== commitment(place.dataset.draw, place.dataset.party, nonce)) {
    return "存证的承诺不是由本机的随机数算出的。承诺若在别处生成，请贴入那里的随机数。";
  }
  return "";
}
