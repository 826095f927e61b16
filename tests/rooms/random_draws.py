"""Draws made up by a random number, and the ways to spoil the files of a draw.

For the verifiers, which must accept the one and refuse the other. The same number makes the same
draw; what is made is complete and honest, whatever odd shape it has.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from liancha.rulebook import bundle, form, protocol, sampling
from liancha.rulebook.assignment import assign
from liancha.rulebook.protocol import Beacon, InspectorRule, Party, Reference, Stratum, TargetRule
from liancha.rulebook.staffing import Need, Seat, Staffing
from liancha.rulebook.transcript import InspectorTranscript, TargetTranscript, begin, drawn_file
from liancha.rulebook.verdicts import Blocked

NAMES = ("企业", "N", "𠮷", "ｱ", "Z9", "é", "~", "🏨")  # UTF-16 would sort some of them otherwise


def hands(random: Random, number: str) -> tuple[dict[str, Any], list[str | None], str | None]:
    """Parties with their nonces, a beacon or an escrow: parts of a rule, nonces, value."""
    names = random.sample(["市公安局", "市卫健委", "Z 局", "𠮷见证", "é"], random.randint(2, 4))
    nonces: list[str | None] = [f"{random.getrandbits(256):064x}" for _ in names]
    parties = tuple(
        Party(name, protocol.commitment(number, name, str(nonce)))
        for name, nonce in zip(names, nonces, strict=True)
    )
    if random.random() < 0.3:
        return {"parties": parties, "beacon": None, "escrow": "市司法局"}, nonces, None
    form = random.choice(["00 00 00 00 + 00", "第0000期 00-00", "0" * 12])
    value = "".join(str(random.randint(0, 9)) if mark == "0" else mark for mark in form)
    for at in random.sample(range(len(names)), random.randrange(len(names))):
        nonces[at] = None
    beacon = Beacon("双色球 下一期", form, "2026-11-23T21:15:00.5+08:00")
    return {"parties": parties, "beacon": beacon, "escrow": None}, nonces, value


def target_files(random: Random) -> dict[str, bytes]:
    """One to six strata, empty ones and all kinds of rates among them."""
    sizes = {f"{random.choice(NAMES)}/{n}": random.choice((0, 1, 3, 17, 60)) for n in range(6)}
    sizes = dict(random.sample(sorted(sizes.items()), random.randint(1, 6)))
    if not any(sizes.values()):
        sizes[next(iter(sizes))] = 5
    names = [name for name, size in sizes.items() for _ in range(size)]
    codes = random.sample(range(10**6), len(names))
    frame = bundle.freeze(
        ((f"{random.choice(NAMES)}{code}", name) for code, name in zip(codes, names, strict=True)),
        f"{random.getrandbits(256):064x}",
    )
    earlier = Reference("洛测抽〔2025〕1号-1", "0" * 64) if random.random() < 0.2 else None
    return _drawn_from(random, frame, tuple(sizes), earlier)


def _drawn_from(
    random: Random, frame: bytes, names: tuple[str, ...], earlier: Reference | None
) -> dict[str, bytes]:
    number = f"洛测抽〔2026〕{random.getrandbits(40)}号-1"
    lines = frame.decode().splitlines()
    sizes = Counter(line.split("\t")[1] for line in lines)
    rates = ("0/1", "1/50", "2/6", "7/8", "9/9", "5/2", "9007199254740991/9007199254740991")
    parts, nonces, value = hands(random, number)
    rule = TargetRule(
        draw=number,
        frame=bundle.frame_of(frame),
        strata=tuple(Stratum.at_rate(name, sizes[name], random.choice(rates)) for name in names),
        supplements=earlier,
        **parts,
    ).checked()
    drawing = sampling.draw_targets(frame.splitlines(), rule.strata, begin(rule, nonces, value))
    transcript = TargetTranscript.of(rule, nonces, value, drawing)
    answers = bundle.FirmAnswers(frame, transcript)
    return {
        "transcript.json": transcript.file(),
        "frame.tsv": frame,
        "drawn.tsv": drawn_file(drawing.lines),
        "codes.txt": bundle.codes_file(drawing.codes),
        "firm.json": answers.of(random.choice(lines).split("\t")[0]).file(),
    }


UNFAIR = ("a drawn one again", "one left out", "another stratum", "old salts", "another draw")


def supplement_files(
    random: Random, unfair: str = ""
) -> tuple[dict[str, bytes], dict[str, bytes]] | None:
    """A supplementary batch and the draw it adds to; None where that one left too few.

    unfair  one of UNFAIR: what is wrong with the batch, each file of which is honest in itself
    """
    first = target_files(random)
    told = json.loads(first["transcript.json"])
    drawn = {line.split("\t")[3] for line in first["drawn.tsv"].decode().splitlines()}
    rows = [line.split("\t") for line in first["frame.tsv"].decode().splitlines()]
    left = [(code, name) for code, name, _ in rows if code not in drawn]
    names = tuple(stratum["name"] for stratum in told["strata"])
    if len(left) < 3 or not drawn or len(names) < 2:
        return None
    number, digest = told["draw"], form.digest(told)
    if unfair == "a drawn one again":
        left += [next((code, name) for code, name, _ in rows if code in drawn)]
    elif unfair == "one left out":
        left.pop(random.randrange(len(left)))
    elif unfair == "another stratum":
        code, name = left.pop()
        left.append((code, next(other for other in names if other != name)))
    elif unfair == "another draw":
        number += "x"
    frame = bundle.freeze(left, f"{random.getrandbits(256):064x}")
    if unfair == "old salts":
        frame = b"".join(
            f"{code}\t{name}\t{salt}\n".encode() for code, name, salt in rows if code not in drawn
        )
    return _drawn_from(random, frame, names, Reference(number, digest)), first


def staffing(random: Random, units: int, people: int) -> Staffing:
    """Scarce lead seats, tight capacities, some who may go nowhere."""
    inspectors = [f"{random.choice(NAMES)}{n}" for n in range(people)]
    leads = random.uniform(0.2, 0.7)
    openness = random.uniform(0.3, 0.9)
    needs = {}
    for n in range(units):
        need = random.randint(0, 3)
        needs[f"{random.choice(NAMES)}u{n}"] = Need(need, random.randint(0, min(need, 2)))
    return Staffing(
        {name: random.choice((0, 2, 3, 5, 9, 2**53 - 1)) for name in inspectors},
        needs,
        {
            unit: {
                name: Seat.LEAD if random.random() < leads else Seat.ANY
                for name in inspectors
                if random.random() < openness
            }
            for unit in needs
        },
    )


def inspector_files(random: Random) -> dict[str, bytes] | None:
    """None where the constraints allow no assignment."""
    number = f"洛测抽〔2026〕{random.randint(1, 99)}号-1-公安"
    given = staffing(random, random.randint(1, 14), random.randint(2, 10))
    parts, nonces, value = hands(random, number)
    rule = InspectorRule(
        draw=number,
        of=Reference("洛测抽〔2026〕100号-1", "ab" * 32),
        inputs=given.inputs(),
        salt=f"{random.getrandbits(256):064x}",
        excluded=protocol.excluded({"请假": 2, "𠮷": 1, "ｱ": 4}),
        base=random.randint(1, 3),
        **parts,
    ).checked()
    try:
        made = assign(given, seed=begin(rule, nonces, value), base=rule.base)
    except Blocked:
        return None
    transcript = InspectorTranscript.of(rule, nonces, value, made)
    return {"transcript.json": transcript.file()} | given.files()


# Spoilt files


def spots(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield (*at, key)
        yield from spots(value[key], (*at, key))


def others(value: Any) -> list[Any]:
    """What else might stand there: near it, far from it, and of another kind."""
    found: list[Any] = [None, True, 1.5, "", [value], {}, 2**53, -1]
    if isinstance(value, bool):
        found += [not value]
    elif isinstance(value, int):
        found += [value + 1, value - 1, value + 2**40, str(value)]
    elif isinstance(value, str):
        last = "1" if value.endswith("0") else "0"
        found += [value[:-1] + last, value[1:], value.upper(), f"{value} ", f"{value}\u0301"]
        found += [f"{value}\n", f"\ud800{value}", f"{value}\u0085", f"{value}:", "0" * len(value)]
        found += ["1/0", "01/2", "2026-02-30T00:00:00Z", "０" * 9]
    elif isinstance(value, list):
        found += [value[:-1], value + value[:1], value[::-1], [*value, None]]
    elif isinstance(value, dict):
        found += [{**value, "also": 1}] + [
            {key: one for key, one in value.items() if key != left} for left in value
        ]
    return found


def json_changes(name: str, data: bytes, each: int) -> list[dict[str, bytes]]:
    """Every value in turn, replaced by so many others, the same ones each time."""
    random = Random(1)
    whole = json.loads(data)
    changes = []
    for *before, last in spots(whole):
        value = _inside(whole, before)[last]
        found = [other for other in others(value) if json.dumps(other) != json.dumps(value)]
        for other in random.sample(found, min(each, len(found))):
            spoilt = copy.deepcopy(whole)
            _inside(spoilt, before)[last] = other
            changes.append({name: json.dumps(spoilt).encode()})
    return changes


def _inside(value: Any, at: list[Any]) -> Any:
    for key in at:
        value = value[key]
    return value


TEXTS = [
    b"",
    b"\n",
    b"null",
    b"[]",
    b"NaN",
    b'{"draw":"NaN","cap":\n -Infinity}',
    b"{} {}",
    b"\xef\xbb\xbf{}",
    b"\xff",
    b'{"kind":"inspectors"}',
    b'{"kind":"targets","kind":"targets"}',
    b'{"inputs":1}',
    b"[" * 40 + b"]" * 40,
    b"{'kind':1}",
    b'{"kind":1,}',
    b'{"a":"\\x"}',
    b'{"a":"\t"}',
    b'{"a":"\\ud800"}',
]


def retold(data: bytes) -> list[bytes]:
    """The same values, told in ways that are not of the form, or are."""
    text = data.decode()
    return [
        text.replace(f'"size": {size}', f'"size": {other}', 1).encode()
        for size in (24, 12)
        for other in (
            f"{size}.0",
            f"{size}e0",
            f"0{size}",
            f"+{size}",
            f"-{size}",
            "-0",
            f" {size} ",
        )
    ] + [
        text.replace('"alg"', '"alg": "sha256", "alg"', 1).encode(),
        text.replace('"alg"', '"\\u0061lg"', 1).encode(),
        text.replace('"alg"', '"alg\\u0000"', 1).encode(),
        text.replace("{", "{\f", 1).encode(),
        text.replace("{", "{\u00a0", 1).encode(),
        text.replace("〔", "\\u3014").encode(),
        f"\r\n\t {text} \t".encode(),
        f"{text}x".encode(),
        text.replace('"', "“", 1).encode(),
        text.encode("utf-16"),
        text.replace('"kind": "targets"', '"kind": "inspectors"').encode(),
    ]


def line_changes(name: str, data: bytes, each: int) -> list[dict[str, bytes]]:
    """Lines lost, doubled, moved and written otherwise, cells changed: so many ways for each."""
    random = Random(2)
    lines = data.splitlines(keepends=True)
    found: list[bytes] = [data[:-1], data + b"\n", b"\xef\xbb\xbf" + data, b"", b"\n"]
    for at, line in enumerate(lines):
        cells = line[:-1].split(b"\t")
        row = [b"", line * 2, line.replace(b"\n", b"\r\n"), line[:-1] + b"\t\n", b"\xff" + line]
        row += [
            line.upper(),
            b" " + line,
            b":" + line,
            "é".encode() + line,
            "e\u0301".encode() + line,
        ]
        for c, cell in enumerate(cells):
            for other in (b"", cell[:-1], cell + b"0", b"0" + cell, b"\x7f" + cell, b"lead", b"9"):
                row.append(b"\t".join([*cells[:c], other, *cells[c + 1 :]]) + b"\n")
        found += [
            b"".join([*lines[:at], other, *lines[at + 1 :]]) for other in random.sample(row, each)
        ]
        if at:
            found.append(b"".join([*lines[: at - 1], line, lines[at - 1], *lines[at + 1 :]]))
    return [{name: other} for other in found if other != data]
