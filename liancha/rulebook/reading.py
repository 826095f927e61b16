"""Reading a rule or a transcript strictly (liancha-draw/1, §§0, 2, 6 and 8).

Exactly the keys of the protocol, every value of its form; each part that is not as it should be is
named. Whether the parts agree with one another is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .form import ABSENT, Reader, load_json
from .protocol import (
    ALG,
    PROTOCOL,
    ROUNDING,
    Beacon,
    Frame,
    Inputs,
    InspectorRule,
    Party,
    Reference,
    Stratum,
    TargetRule,
)
from .transcript import FILE, DrawnFile, InspectorTranscript, TargetTranscript

_TARGETS = ("frame", "kind", "rounding", "strata", "supplements")
_INSPECTORS = ("base", "excluded", "inputs", "kind", "of", "salt")
_BOTH = ("alg", "beacon", "draw", "escrow", "parties", "protocol")


def read_rule(data: bytes | str, part: str = "规则") -> TargetRule | InspectorRule:
    """The rule as it was logged. Raises Refused with every problem."""
    value = load_json(data, part)
    reader = Reader()
    read: TargetRule | InspectorRule
    if _is_of_inspectors(value):
        read = _inspector_rule(reader, reader.fields(value, part, *_BOTH, *_INSPECTORS), part)[0]
    else:
        read = _target_rule(reader, reader.fields(value, part, *_BOTH, *_TARGETS), part)[0]
    reader.finish()
    return read.checked()


def read_transcript(data: bytes, part: str = FILE) -> TargetTranscript | InspectorTranscript:
    """Read transcript.json. Raises Refused with every part that is not of the protocol's form.

    Whether the parts agree with one another is not asked here.
    """
    value = load_json(data, part)
    reader = Reader()
    keys: tuple[str, ...]
    read: TargetTranscript | InspectorTranscript
    if _is_of_inspectors(value):
        keys = (*_BOTH, *_INSPECTORS, "assignment", "cap", "loads", "seed")
        read = _inspector_transcript(reader, reader.fields(value, part, *keys), part)
    else:
        keys = (*_BOTH, *_TARGETS, "drawn", "seed")
        read = _target_transcript(reader, reader.fields(value, part, *keys), part)
    reader.finish()
    return read


def _is_of_inspectors(value: object) -> bool:
    """By its keys, so that a wrong `kind` is named and not everything else."""
    return isinstance(value, dict) and "inputs" in value


_Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Common:
    draw: str
    parties: tuple[Party, ...]
    nonces: tuple[str | None, ...]
    beacon: Beacon | None
    value: str | None
    escrow: str | None


def _common(reader: Reader, fields: _Fields, part: str, kind: str, *, is_over: bool) -> _Common:
    reader.literal(fields["protocol"], f"{part} protocol", expected=PROTOCOL)
    reader.literal(fields["alg"], f"{part} alg", expected=ALG)
    reader.literal(fields["kind"], f"{part} kind", expected=kind)
    parties, nonces = [], []
    for index, item in enumerate(reader.items(fields["parties"], f"{part} parties")):
        where = f"{part} parties[{index}]"
        found = reader.fields(item, where, "commitment", "party", *(["nonce"] * is_over))
        name = reader.text(found["party"], f"{where}.party")
        parties.append(Party(name, reader.hex(found["commitment"], f"{where}.commitment")))
        nonce = found.get("nonce")
        nonces.append(None if nonce is None else reader.hex(nonce, f"{where}.nonce"))
    beacon = value = None
    if fields["beacon"] is not None:
        where = f"{part} beacon"
        extra = ["value"] * is_over
        found = reader.fields(fields["beacon"], where, "due", "form", "source", *extra)
        beacon = Beacon(
            source=reader.text(found["source"], f"{where}.source"),
            form=reader.text(found["form"], f"{where}.form"),
            due=reader.text(found["due"], f"{where}.due"),
        )
        value = reader.text(found["value"], f"{where}.value") if is_over else None
    escrow = fields["escrow"]
    return _Common(
        draw=reader.text(fields["draw"], f"{part} draw"),
        parties=tuple(parties),
        nonces=tuple(nonces),
        beacon=beacon,
        value=value,
        escrow=None if escrow is None else reader.text(escrow, f"{part} escrow"),
    )


def _reference(reader: Reader, value: object, part: str) -> Reference:
    found = reader.fields(value, part, "draw", "transcript")
    return Reference(
        reader.text(found["draw"], f"{part}.draw"),
        reader.hex(found["transcript"], f"{part}.transcript"),
    )


def _target_rule(
    reader: Reader, fields: _Fields, part: str, *, is_over: bool = False
) -> tuple[TargetRule, _Common, tuple[str | None, ...]]:
    common = _common(reader, fields, part, "targets", is_over=is_over)
    reader.literal(fields["rounding"], f"{part} rounding", expected=ROUNDING)
    frame = reader.fields(fields["frame"], f"{part} frame", "root", "sha256", "size")
    strata, thresholds = [], []
    for index, item in enumerate(reader.items(fields["strata"], f"{part} strata")):
        where = f"{part} strata[{index}]"
        extra = ["threshold"] * is_over
        found = reader.fields(item, where, "count", "name", "ratio", "size", *extra)
        strata.append(
            Stratum(
                name=reader.text(found["name"], f"{where}.name"),
                size=reader.number(found["size"], f"{where}.size"),
                ratio=reader.text(found["ratio"], f"{where}.ratio"),
                count=reader.number(found["count"], f"{where}.count"),
            )
        )
        threshold = found.get("threshold")
        thresholds.append(
            None if threshold is None else reader.hex(threshold, f"{where}.threshold")
        )
    earlier = fields["supplements"]
    rule = TargetRule(
        draw=common.draw,
        parties=common.parties,
        beacon=common.beacon,
        escrow=common.escrow,
        frame=Frame(
            root=reader.hex(frame["root"], f"{part} frame.root"),
            sha256=reader.hex(frame["sha256"], f"{part} frame.sha256"),
            size=reader.number(frame["size"], f"{part} frame.size"),
        ),
        strata=tuple(strata),
        supplements=(
            None if earlier is None else _reference(reader, earlier, f"{part} supplements")
        ),
    )
    return rule, common, tuple(thresholds)


def _inspector_rule(
    reader: Reader, fields: _Fields, part: str, *, is_over: bool = False
) -> tuple[InspectorRule, _Common]:
    common = _common(reader, fields, part, "inspectors", is_over=is_over)
    inputs = reader.fields(fields["inputs"], f"{part} inputs", "eligible", "needs", "roster")
    rule = InspectorRule(
        draw=common.draw,
        parties=common.parties,
        beacon=common.beacon,
        escrow=common.escrow,
        of=_reference(reader, fields["of"], f"{part} of"),
        inputs=Inputs(
            eligible=reader.hex(inputs["eligible"], f"{part} inputs.eligible"),
            needs=reader.hex(inputs["needs"], f"{part} inputs.needs"),
            roster=reader.hex(inputs["roster"], f"{part} inputs.roster"),
        ),
        salt=reader.hex(fields["salt"], f"{part} salt"),
        excluded=_numbered(reader, fields["excluded"], f"{part} excluded", reader.text),
        base=reader.number(fields["base"], f"{part} base"),
    )
    return rule, common


def _target_transcript(reader: Reader, fields: _Fields, part: str) -> TargetTranscript:
    rule, common, thresholds = _target_rule(reader, fields, part, is_over=True)
    drawn = reader.fields(fields["drawn"], f"{part} drawn", "sha256", "size")
    return TargetTranscript(
        rule=rule,
        nonces=common.nonces,
        value=common.value,
        seed=reader.hex(fields["seed"], f"{part} seed"),
        thresholds=thresholds,
        drawn=DrawnFile(
            sha256=reader.hex(drawn["sha256"], f"{part} drawn.sha256"),
            size=reader.number(drawn["size"], f"{part} drawn.size"),
        ),
    )


def _inspector_transcript(reader: Reader, fields: _Fields, part: str) -> InspectorTranscript:
    rule, common = _inspector_rule(reader, fields, part, is_over=True)
    assignment = []
    where = f"{part} assignment"
    for index, item in enumerate(reader.items(fields["assignment"], where)):
        unit, inspector = _pair(reader, item, f"{where}[{index}]")
        assignment.append(
            (
                reader.name(unit, f"{where}[{index}][0]"),
                reader.name(inspector, f"{where}[{index}][1]"),
            )
        )
    loads = _numbered(reader, fields["loads"], f"{part} loads", reader.name)
    if assignment != sorted(set(assignment)):
        reader.note(where, "应按字节排序，不重复")
    if [name for name, _ in loads] != sorted({name for name, _ in loads}):
        reader.note(f"{part} loads", "应按字节排序，不重复")
    return InspectorTranscript(
        rule=rule,
        nonces=common.nonces,
        value=common.value,
        seed=reader.hex(fields["seed"], f"{part} seed"),
        assignment=tuple(assignment),
        loads=loads,
        cap=reader.number(fields["cap"], f"{part} cap"),
    )


def _numbered(
    reader: Reader, value: object, part: str, read_text: Callable[[object, str], str]
) -> tuple[tuple[str, int], ...]:
    """A list of [text, number]."""
    pairs = []
    for index, item in enumerate(reader.items(value, part)):
        text, number = _pair(reader, item, f"{part}[{index}]")
        pairs.append(
            (
                read_text(text, f"{part}[{index}][0]"),
                reader.number(number, f"{part}[{index}][1]"),
            )
        )
    return tuple(pairs)


def _pair(reader: Reader, item: object, part: str) -> tuple[object, object]:
    found = reader.items(item, part)
    if len(found) == 2:
        return found[0], found[1]
    if isinstance(item, list):
        reader.note(part, "应有两项")
    return ABSENT, ABSENT
