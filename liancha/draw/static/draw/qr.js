// A QR code of 64 hex digits, made in the browser because the number must not leave it. One size
// serves: version 4, level Q, alphanumeric, mask 0 (ISO/IEC 18004). Text in, rows of booleans out.
const SIZE = 33;
const DATA = 24; // codewords of data in each of the two blocks
const CHECK = 26; // codewords of error correction in each
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const FORMAT = 0b11 << 3; // level Q, mask 0

const EXP = [];
const LOG = [];
for (let n = 0, value = 1; n < 255; n += 1) {
  EXP[n] = value;
  LOG[value] = n;
  value = value < 128 ? value << 1 : (value << 1) ^ 0x11d;
}
const times = (a, b) => (a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0);

function dataWords(text) {
  let bits = "0010" + text.length.toString(2).padStart(9, "0");
  for (let n = 0; n < text.length; n += 2) {
    const [a, b] = [LETTERS.indexOf(text[n]), LETTERS.indexOf(text[n + 1])];
    bits += n + 1 < text.length ? (a * 45 + b).toString(2).padStart(11, "0") : a.toString(2).padStart(6, "0");
  }
  if (bits.length > 16 * DATA) throw new RangeError("too long for this size");
  bits = (bits + "0000").slice(0, 16 * DATA);
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const words = bits.match(/.{8}/g).map((byte) => parseInt(byte, 2));
  for (let n = 0; words.length < 2 * DATA; n += 1) words.push(n % 2 ? 0x11 : 0xec);
  return words;
}

function generator() {
  let poly = [1];
  for (let n = 0; n < CHECK; n += 1) {
    const next = [...poly, 0];
    poly.forEach((value, place) => {
      next[place + 1] ^= times(value, EXP[n]);
    });
    poly = next;
  }
  return poly;
}

function checkWords(block) {
  const poly = generator();
  const rest = [...block, ...new Array(CHECK).fill(0)];
  for (let n = 0; n < block.length; n += 1) {
    const lead = rest[n];
    poly.forEach((value, place) => {
      rest[n + place] ^= times(value, lead);
    });
  }
  return rest.slice(block.length);
}

function allWords(text) {
  const words = dataWords(text);
  const blocks = [words.slice(0, DATA), words.slice(DATA)];
  const checks = blocks.map(checkWords);
  const woven = ([a, b]) => a.flatMap((value, n) => [value, b[n]]);
  return [...woven(blocks), ...woven(checks)];
}

/** Finders, timing, alignment and format: what does not depend on the text. */
function frame() {
  const rows = Array.from({ length: SIZE }, () => new Array(SIZE).fill(null));
  const finder = (top, left) => {
    for (let r = -1; r <= 7; r += 1) {
      for (let c = -1; c <= 7; c += 1) {
        if (rows[top + r]?.[left + c] === undefined) continue;
        const ring = Math.max(Math.abs(r - 3), Math.abs(c - 3));
        rows[top + r][left + c] = ring !== 2 && ring !== 4;
      }
    }
  };
  finder(0, 0);
  finder(0, SIZE - 7);
  finder(SIZE - 7, 0);
  for (let n = 8; n < SIZE - 8; n += 1) rows[6][n] = rows[n][6] = n % 2 === 0;
  for (let r = -2; r <= 2; r += 1) {
    for (let c = -2; c <= 2; c += 1) rows[26 + r][26 + c] = Math.max(Math.abs(r), Math.abs(c)) !== 1;
  }
  let rest = FORMAT << 10;
  for (let n = 14; n >= 10; n -= 1) if ((rest >> n) & 1) rest ^= 0x537 << (n - 10);
  const format = ((FORMAT << 10) | rest) ^ 0x5412;
  const bit = (n) => Boolean((format >> n) & 1);
  for (let n = 0; n < 15; n += 1) {
    rows[n < 6 ? n : n < 8 ? n + 1 : SIZE - 15 + n][8] = bit(n);
    rows[8][n < 8 ? SIZE - 1 - n : n < 9 ? 7 : 14 - n] = bit(n);
  }
  rows[SIZE - 8][8] = true;
  return rows;
}

/** Rows of the code, true for dark. */
export function code(text) {
  const rows = frame();
  const bits = allWords(text)
    .map((word) => word.toString(2).padStart(8, "0"))
    .join("");
  let n = 0;
  for (let right = SIZE - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right -= 1;
    for (let step = 0; step < SIZE; step += 1) {
      const r = up ? SIZE - 1 - step : step;
      for (const c of [right, right - 1]) {
        if (rows[r][c] !== null) continue;
        rows[r][c] = (bits[n] === "1") !== ((r + c) % 2 === 0);
        n += 1;
      }
    }
  }
  return rows;
}

/** The same as an <svg>, with its quiet margin. */
export function drawing(text) {
  const rows = code(text);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `-4 -4 ${SIZE + 8} ${SIZE + 8}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(svg.namespaceURI, "path");
  const cells = rows.flatMap((row, r) => row.map((dark, c) => (dark ? `M${c} ${r}h1v1h-1z` : "")));
  path.setAttribute("d", cells.join(""));
  svg.append(path);
  return svg;
}
