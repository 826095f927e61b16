/* SHA-256, synchronous: crypto.subtle is asynchronous, too slow for a list, and absent on plain
   http. The arithmetic is @noble/hashes'; here are the few ways in which a draw uses it. */
import { sha256 } from '../../vendor/noble-hashes/sha2.js';
import { bytes, canonical, toHex } from './form.js';

const CHUNK = 1 << 20;
const BLANK = sha256.create();

export const SIZE = 32;
export const raw = (data) => sha256(data);
export const H = (text) => toHex(sha256(bytes(text)));
export const digest = (value) => H(canonical(value));

/* SHA-256 of a file; yields the share done so far. */
export function* fileDigest(data) {
  const state = sha256.create();
  for (let at = 0; at < data.length; at += CHUNK) {
    state.update(data.subarray(at, at + CHUNK));
    yield Math.min(1, (at + CHUNK) / data.length);
  }
  return toHex(state.digest());
}

/* One state used again and again: a fresh one for each of a million lines would cost more than
   the hashing. `begin` is hashed once and its state copied. */
export class Repeated {
  constructor(begin = new Uint8Array()) {
    this.begun = BLANK.clone().update(begin);
    this.state = BLANK.clone();
  }

  into(out, data) {
    this.begun._cloneInto(this.state);
    this.state.update(data);
    this.state.digestInto(out);
  }
}

/* Tickets of one seed: its 64 digits fill exactly one block (§5), which is absorbed once. */
export class Tickets extends Repeated {
  constructor(seed) {
    super(bytes(seed));
    this.out = new Uint8Array(SIZE);
  }

  /* H(seed ":" words[0] ":" words[1] …) */
  of(...words) {
    this.into(this.out, bytes(words.map((word) => `:${word}`).join('')));
    return toHex(this.out);
  }
}
