/* How anything of a draw is written down (liancha-draw/1, §0): bytes, text, numbers, hex, order,
   canonical JSON. What is written otherwise is refused, never repaired. Knows no file's meaning. */
export const LARGEST = Number.MAX_SAFE_INTEGER; // 2⁵³−1
export const DEEPEST = 32;

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/; // Unicode Cc
const LONE = /[\ud800-\udfff]/u; // with the flag u a pair is one character, so only lone ones match
const HEX = /^[0-9a-f]*$/;
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/* Something is not written as the protocol says. `part` is a file, field or line. */
export class Refused extends Error {
  constructor(part, message, problems) {
    super(`${part}：${message}`);
    this.part = part;
    this.problems = problems || [{ part, message }];
  }
}

export function refuseAll(problems) {
  if (problems.length) throw new Refused(problems[0].part, problems[0].message, problems);
}

// Bytes and text

const utf8 = new TextEncoder();

export const bytes = (text) => utf8.encode(text);

export function decode(data, part) {
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) {
    throw new Refused(part, '开头有字节顺序标记（BOM），应去掉');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Refused(part, '不是 UTF-8');
  }
}

/* For text that is only shown or compared: what is no UTF-8 turns into U+FFFD. */
export function decodeAnyhow(data) {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(data);
}

/* Why this is no string of the protocol, or ''. */
export function textProblem(text) {
  if (!text) return '不能为空';
  if (LONE.test(text)) return '含有不成对的代理项';
  if (CONTROL.test(text)) return '含有控制字符';
  if (text.normalize('NFC') !== text) return '不是 NFC 规范形式';
  return '';
}

/* Why this is no code, unit or inspector, or ''. */
export function nameProblem(text) {
  return textProblem(text) || (text.includes(':') ? '不能含有冒号' : '');
}

/* Any text, made fit for one line on a screen. */
export function shown(text) {
  const points = Array.from(text);
  const cut = points.length > 40 ? `${points.slice(0, 40).join('')}…` : text;
  const hex = (mark, width) => mark.charCodeAt(0).toString(16).padStart(width, '0');
  const clean = cut
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, (mark) => `\\x${hex(mark, 2)}`)
    .replace(/[\ud800-\udfff]/gu, (mark) => `\\u${hex(mark, 4)}`);
  return `「${clean}」`;
}

/* Order of the UTF-8 bytes, which is that of the code points and not of JavaScript's own `<`. */
export function byBytes(a, b) {
  const length = Math.min(a.length, b.length);
  for (let n = 0; n < length; n += 1) {
    const left = a.charCodeAt(n);
    const right = b.charCodeAt(n);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/* Halves of a pair stand above every character that needs none. */
function rank(unit) {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

// Numbers and hex

/* An ASCII decimal 0…2⁵³−1 without leading zero, or null. */
export function decimal(text) {
  if (!DECIMAL.test(text)) return null;
  return BigInt(text) <= BigInt(LARGEST) ? Number(text) : null;
}

export function isHex(value, digits) {
  return typeof value === 'string' && value.length === digits && HEX.test(value);
}

export function fromHex(text) {
  const raw = new Uint8Array(text.length / 2);
  for (let n = 0; n < raw.length; n += 1) raw[n] = parseInt(text.slice(2 * n, 2 * n + 2), 16);
  return raw;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(raw) {
  let text = '';
  for (let n = 0; n < raw.length; n += 1) text += PAIRS[raw[n]];
  return text;
}

export function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

// RFC 8785

/* The one spelling of a value made of null, booleans, safe integers, strings, lists and Maps. */
export function canonical(value, depth = 0) {
  if (depth > DEEPEST) throw new Refused('JSON', `层次超过 ${DEEPEST} 层`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Refused('JSON', '数应为不超过 2⁵³−1 的整数');
    return String(value);
  }
  if (typeof value === 'string') {
    if (LONE.test(value)) throw new Refused('JSON', `文字 ${shown(value)} 含有不成对的代理项`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  const keys = [...value.keys()].sort(); // RFC 8785 sorts by UTF-16 units, as JavaScript does
  const pair = (key) => `${canonical(key, depth + 1)}:${canonical(value.get(key), depth + 1)}`;
  return `{${keys.map(pair).join(',')}}`;
}

/* A Map out of an object literal of ours, so that `canonical` knows one kind of object only. */
export function mapOf(fields) {
  return new Map(Object.entries(fields));
}
