"""SHA-256 of many short lines at once, compiled by numba for the processor that is here.

Compiled once and kept beside this file, or in the user's cache where that may not be written.
Source: FIPS 180-4, §§4.1.2, 4.2.2 and 6.2.2.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

LANES: Final = 16  # lines that are hashed side by side: two registers of eight words
SALT: Final = 32  # bytes
LONGEST: Final = 21  # bytes of a code whose line still fits into one block
Array = np.ndarray[Any, np.dtype[Any]]


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits of the fraction of the square (2) or cube (3) root, exactly."""
    wanted = number << (32 * power)
    low, high = 0, 1 << 48
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= wanted else (low, middle)
    return low & 0xFFFFFFFF


BEGIN: Final[Array] = np.array([_root_bits(p, 2) for p in _primes(8)], dtype=np.uint32)
ROUNDS: Final[Array] = np.array([_root_bits(p, 3) for p in _primes(64)], dtype=np.uint32)


@njit(nogil=True, cache=True)
def compress(words: Array, state: Array, begin: Array) -> None:
    """One block in each lane. words 64 rows of LANES, the first 16 filled; state 8 rows, given
    back; begin the 8 words that the block before left."""
    u = np.uint32
    for t in range(16, 64):
        for n in range(LANES):
            x = words[(t - 15) * LANES + n]
            y = words[(t - 2) * LANES + n]
            low = ((x >> u(7)) | (x << u(25))) ^ ((x >> u(18)) | (x << u(14))) ^ (x >> u(3))
            top = ((y >> u(17)) | (y << u(15))) ^ ((y >> u(19)) | (y << u(13))) ^ (y >> u(10))
            words[t * LANES + n] = u(
                words[(t - 16) * LANES + n] + low + words[(t - 7) * LANES + n] + top
            )
    for row in range(8):
        for n in range(LANES):
            state[row * LANES + n] = begin[row]
    for t in range(64):
        constant = ROUNDS[t]
        for n in range(LANES):
            a = state[n]
            b = state[LANES + n]
            c = state[2 * LANES + n]
            e = state[4 * LANES + n]
            f = state[5 * LANES + n]
            g = state[6 * LANES + n]
            turned = ((e >> u(6)) | (e << u(26))) ^ ((e >> u(11)) | (e << u(21)))
            turned ^= (e >> u(25)) | (e << u(7))
            first = u(
                state[7 * LANES + n]
                + turned
                + ((e & f) ^ (~e & g))
                + constant
                + words[t * LANES + n]
            )
            turned = ((a >> u(2)) | (a << u(30))) ^ ((a >> u(13)) | (a << u(19)))
            turned ^= (a >> u(22)) | (a << u(10))
            state[7 * LANES + n] = g
            state[6 * LANES + n] = f
            state[5 * LANES + n] = e
            state[4 * LANES + n] = u(state[3 * LANES + n] + first)
            state[3 * LANES + n] = c
            state[2 * LANES + n] = b
            state[LANES + n] = a
            state[n] = u(first + turned + ((a & b) ^ (a & c) ^ (b & c)))
    for row in range(8):
        for n in range(LANES):
            state[row * LANES + n] = u(state[row * LANES + n] + begin[row])


@njit(nogil=True, cache=True)
def pick(
    data: Array,
    marks: Array,
    begin: Array,
    names: Array,
    ends: Array,
    limits: Array,
    sizes: Array,
    kept: Array,
    words: Array,
    state: Array,
    blocks: Array,
    quads: Array,
) -> int:
    """Look at every line of a piece; returns how many of them must be looked at again.

    data    whole lines of frame.tsv
    marks   where its TABs and LFs are
    begin   the state that the seed leaves
    names   the strata's names one after the other, ends where each ends
    limits  (2, strata): the first 64 bits of a ticket that may still be below its bound at most,
            and 1 where any may be at all
    sizes   in, out: lines of each stratum that are ruled out
    kept    out: where the lines begin and end that are not: too small a ticket, another shape
    words, state, blocks, quads  room to work in; quads are the bytes of blocks as numbers
    """
    u = np.uint32
    w = np.uint64  # an index without a sign need not be looked at for one
    count = 0
    starts = np.zeros(LANES, np.int64)
    stops = np.zeros(LANES, np.int64)
    layers = np.zeros(LANES, np.int64)
    filled = 0
    mark = 0
    start = 0
    last = 0
    while mark < marks.size or filled:
        if mark < marks.size:
            layer = -1
            tab = marks[mark]
            after = 0
            if mark + 2 < marks.size and data[tab] == 9 and tab - start <= LONGEST:
                after = marks[mark + 1] + 1
                end = marks[mark + 2]
                if data[after - 1] == 9 and data[end] == 10 and end - after == SALT:
                    layer = _layer(data, tab + 1, after - 1, names, ends, last)
            if layer >= 0:
                last = layer
                length = tab - start
                base = 64 * filled
                blocks[base] = 58
                for n in range(length):
                    blocks[w(base + 1 + n)] = data[w(start + n)]
                blocks[base + 1 + length] = 58
                place = base + 2 + length
                for n in range(SALT):
                    blocks[w(place + n)] = data[w(after + n)]
                blocks[place + SALT] = 0x80
                for n in range(place + SALT + 1, base + 62):
                    blocks[w(n)] = 0
                bits = 8 * (64 + 2 + length + SALT)
                blocks[base + 62] = bits >> 8
                blocks[base + 63] = bits & 255
                starts[filled] = start
                stops[filled] = after + SALT
                layers[filled] = layer
                filled += 1
                mark += 3
                start = after + SALT + 1
            else:
                kept[2 * count] = start
                while mark < marks.size and data[marks[mark]] != 10:
                    mark += 1
                stop = marks[mark] if mark < marks.size else data.size
                kept[2 * count + 1] = stop
                count += 1
                mark += 1
                start = stop + 1
            if filled < LANES and mark < marks.size:
                continue
        for t in range(16):
            for n in range(LANES):
                x = quads[16 * n + t]
                words[t * LANES + n] = (
                    (x >> u(24))
                    | ((x >> u(8)) & u(0xFF00))
                    | ((x & u(0xFF00)) << u(8))
                    | (x << u(24))
                )
        compress(words, state, begin)
        for n in range(filled):
            ticket = (np.uint64(state[n]) << np.uint64(32)) | np.uint64(state[LANES + n])
            if limits[1, layers[n]] and ticket <= limits[0, layers[n]]:
                kept[2 * count] = starts[n]
                kept[2 * count + 1] = stops[n]
                count += 1
            else:
                sizes[layers[n]] += 1
        filled = 0
    if start < data.size:
        kept[2 * count] = start
        kept[2 * count + 1] = data.size
        count += 1
    return count


@njit(nogil=True, cache=True)
def _layer(data: Array, first: int, end: int, names: Array, ends: Array, last: int) -> int:
    """Which stratum these bytes name, -1 for none; the one of the line before is tried first."""
    for at in range(-1, ends.size):
        layer = last if at < 0 else at
        begin = ends[layer - 1] if layer else 0
        if ends[layer] - begin == end - first:
            is_same = True
            for n in range(end - first):
                is_same &= data[first + n] == names[begin + n]
            if is_same:
                return layer
    return -1
