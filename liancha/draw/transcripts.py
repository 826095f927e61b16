"""What a draw came to, as its transcript: computed from logged and frozen things only."""

from __future__ import annotations

from liancha.rulebook import assignment, protocol, reading, sampling, transcript

from . import frames, rules
from .models import Draw, DrawnTarget


def of_targets(draw: Draw, outcome: frames.Outcome) -> transcript.TargetTranscript:
    rule = rules.logged(draw)
    assert isinstance(rule, protocol.TargetRule)
    return transcript.TargetTranscript.of(
        rule, rules.nonces_of(draw), rules.value_of(draw), outcome.drawing
    )


def of_inspectors(draw: Draw, drawn: assignment.Assignment) -> transcript.InspectorTranscript:
    rule = rules.logged(draw)
    assert isinstance(rule, protocol.InspectorRule)
    return transcript.InspectorTranscript.of(
        rule, rules.nonces_of(draw), rules.value_of(draw), drawn
    )


def assignment_of(draw: Draw) -> assignment.Assignment:
    """Who goes where, computed from the frozen inputs and the seed. Raises Infeasible."""
    return assignment.assign(
        rules.staffing_of(draw), seed=draw.seed or rules.seed_of(draw), base=draw.base
    )


def read(draw: Draw) -> transcript.TargetTranscript | transcript.InspectorTranscript:
    """The transcript that was kept."""
    return reading.read_transcript(draw.transcript.text.encode())


def drawn_lines(draw: Draw) -> list[sampling.DrawnLine]:
    """The lines of drawn.tsv as they are locked in the database, strata in the rule's order."""
    order = {each["name"]: n for n, each in enumerate(draw.strata)}
    rows = DrawnTarget.objects.filter(draw=draw).values_list(
        "stratum", "place", "ticket", "candidate__code", "candidate__salt"
    )
    lines = [sampling.DrawnLine(*row) for row in rows]
    return sorted(lines, key=lambda line: (order[line.stratum], line.place))
