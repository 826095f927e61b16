/* The Merkle tree of RFC 9162, §2.1: its root, and the checking of its two kinds of proof. Sizes
   and indices go up to 2⁵³−1, so they are halved by division and not by 32-bit shifts. */
import { sameBytes } from './form.js';
import { Repeated, SIZE, raw } from './hash.js';

const half = (number) => Math.floor(number / 2);
const isOdd = (number) => number % 2 === 1;

export function leafHash(data) {
  const held = new Uint8Array(1 + data.length);
  held.set(data, 1);
  return raw(held);
}

function nodeHash(left, right) {
  const held = new Uint8Array(1 + 2 * SIZE);
  held[0] = 1;
  held.set(left, 1);
  held.set(right, 1 + SIZE);
  return raw(held);
}

/* The root over leaves that come one by one and are not kept. Complete subtrees wait on a stack,
   sizes falling; a leaf completes as many of them as its number ends in binary ones. */
export class Growing {
  constructor() {
    this.size = 0;
    this.stack = new Uint8Array(64 * SIZE);
    this.height = 0;
    this.hash = new Repeated();
    this.node = new Uint8Array(1 + 2 * SIZE);
    this.node[0] = 1;
    this.leaf = new Uint8Array(256);
  }

  add(data, start, end) {
    const length = 1 + end - start;
    if (length > this.leaf.length) this.leaf = new Uint8Array(2 * length);
    this.leaf.set(data.subarray(start, end), 1);
    this.hash.into(this.top(this.height), this.leaf.subarray(0, length));
    this.height += 1;
    for (let number = this.size; isOdd(number); number = half(number)) this.join();
    this.size += 1;
  }

  root() {
    if (!this.size) return raw(new Uint8Array());
    while (this.height > 1) this.join();
    return this.stack.slice(0, SIZE);
  }

  join() {
    this.height -= 1;
    const left = (this.height - 1) * SIZE;
    this.node.set(this.stack.subarray(left, left + 2 * SIZE), 1);
    this.hash.into(this.top(this.height - 1), this.node);
  }

  top(place) {
    return this.stack.subarray(place * SIZE, (place + 1) * SIZE);
  }
}

/* §2.1.3.2: does the path lead from this leaf at this index to the root of a tree of this size? */
export function includes(root, size, index, leaf, path) {
  if (index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let found = leaf;
  for (const sibling of path) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      found = nodeHash(sibling, found);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      found = nodeHash(found, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && sameBytes(found, root);
}

/* §2.1.4.2: is the first tree the beginning of the second? Two trees of one size need an empty
   proof and the same root. */
export function extendsTree(first, firstRoot, second, secondRoot, path) {
  if (first === second) return path.length === 0 && sameBytes(firstRoot, secondRoot);
  if (first < 1 || first > second || path.length === 0) return false;
  const proof = isPowerOfTwo(first) ? [firstRoot, ...path] : path;
  let fn = first - 1;
  let sn = second - 1;
  while (isOdd(fn)) {
    fn = half(fn);
    sn = half(sn);
  }
  let old = proof[0];
  let now = proof[0];
  for (const sibling of proof.slice(1)) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      old = nodeHash(sibling, old);
      now = nodeHash(sibling, now);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      now = nodeHash(now, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && sameBytes(old, firstRoot) && sameBytes(now, secondRoot);
}

function isPowerOfTwo(number) {
  let rest = number;
  while (rest > 1 && !isOdd(rest)) rest = half(rest);
  return rest === 1;
}
