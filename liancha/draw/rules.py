"""The rule of a draw: made from its rows before it is logged, read from the log ever after.

Everything computed from a rule is computed from the logged text, which nobody can change, not
from the rows it once came from (draw protocol, §§2–4).
"""

from __future__ import annotations

from django.utils import timezone

from liancha.rulebook import protocol, reading, staffing, transcript

from .models import Draw, InputFile


def made(draw: Draw) -> protocol.Rule:
    """The rule out of the draw's rows, as it would be logged now."""
    return _of_targets(draw) if draw.is_of_targets else _of_inspectors(draw)


def logged(draw: Draw) -> protocol.TargetRule | protocol.InspectorRule:
    """The rule as it was logged."""
    return reading.read_rule(draw.rule.text)


def nonces_of(draw: Draw) -> list[str | None]:
    """What was revealed, in the order of the parties; None for who is missing."""
    return [party.nonce or None for party in draw.parties.all()]


def value_of(draw: Draw) -> str | None:
    """The public value as it was entered, None for a draw that has a keeper instead."""
    return None if draw.has_keeper else draw.beacon_value


def seed_of(draw: Draw) -> str:
    """The seed, once reveals are closed and the public value, if one is named, is entered.

    Raises Refused when a nonce is not the committed one, or the value is not of the form.
    """
    return transcript.begin(logged(draw), nonces_of(draw), value_of(draw))


def strata_of(draw: Draw) -> tuple[protocol.Stratum, ...]:
    return tuple(
        protocol.Stratum(each["name"], each["size"], each["ratio"], each["count"])
        for each in draw.strata
    )


def beacon_of(draw: Draw) -> protocol.Beacon | None:
    """The public value as the rule names it, None for a draw that has a keeper instead."""
    if draw.has_keeper:
        return None
    if draw.beacon_due is None:
        raise ValueError(f"{draw} has no beacon yet")
    due = protocol.due_text(timezone.localtime(draw.beacon_due))
    return protocol.Beacon(draw.beacon_source, draw.beacon_form, due)


def inputs_of(draw: Draw) -> dict[str, bytes]:
    """roster.tsv, needs.tsv and eligible.tsv of a draw of inspectors."""
    names = (staffing.ROSTER, staffing.NEEDS, staffing.ELIGIBLE)
    rows = InputFile.objects.filter(draw=draw, department=draw.department, name__in=names)
    return {name: text.encode() for name, text in rows.values_list("name", "text")}


def staffing_of(draw: Draw) -> staffing.Staffing:
    return staffing.Staffing.read(inputs_of(draw))


def _parties(draw: Draw) -> tuple[protocol.Party, ...]:
    return tuple(protocol.Party(party.name, party.commitment) for party in draw.parties.all())


def _of_targets(draw: Draw) -> protocol.TargetRule:
    return protocol.TargetRule(
        draw=draw.number,
        parties=_parties(draw),
        beacon=beacon_of(draw),
        escrow=draw.escrow or None,
        frame=protocol.Frame(draw.frame_root, draw.frame_sha256, draw.frame_size),
        strata=strata_of(draw),
        supplements=_supplemented(draw),
    )


def _supplemented(draw: Draw) -> protocol.Reference | None:
    earlier = draw.supplements
    return protocol.Reference(earlier.number, earlier.transcript.digest) if earlier else None


def _of_inspectors(draw: Draw) -> protocol.InspectorRule:
    assert draw.of is not None
    return protocol.InspectorRule(
        draw=draw.number,
        parties=_parties(draw),
        beacon=beacon_of(draw),
        escrow=draw.escrow or None,
        of=protocol.Reference(draw.of.number, draw.of.transcript.digest),
        inputs=staffing.inputs_of(inputs_of(draw)),
        salt=draw.salt,
        excluded=tuple((reason, number) for reason, number in draw.excluded),
        base=draw.base,
    )
