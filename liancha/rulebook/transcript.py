"""The public record of a draw: rule, hands, chance and outcome (liancha-draw/1, §§6 and 8).

Made from a rule, what the hands revealed and what was drawn; written as transcript.json. Strict
reading is `reading`'s, and whether the outcome follows from the seed is asked by `verify`. No firm
stands in a transcript of targets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from . import protocol
from .assignment import Assignment
from .form import Refused, digest, file_digest, raise_all
from .protocol import InspectorRule, Rule, TargetRule
from .sampling import Drawing, DrawnLine

FILE: Final = "transcript.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """What both kinds of transcript share. nonces stand in the order of the rule's parties."""

    rule: Rule
    nonces: tuple[str | None, ...]
    value: str | None
    seed: str

    def as_json(self) -> dict[str, object]:
        beacon = self.rule.beacon
        parties = [
            party.as_json() | {"nonce": nonce}
            for party, nonce in zip(self.rule.parties, self.nonces, strict=True)
        ]
        return self.rule.as_json() | {
            "beacon": beacon.as_json() | {"value": self.value} if beacon else None,
            "parties": parties,
            "seed": self.seed,
        }

    @property
    def digest(self) -> str:
        """The transcript digest: what the log, supplements and inspectors' draws refer to."""
        return digest(self.as_json())

    def file(self) -> bytes:
        """transcript.json, for people to read; its digest does not depend on the layout."""
        return json_file(self.as_json())

    @property
    def missing(self) -> list[str]:
        """Names of the parties that did not reveal, in the order of the rule."""
        return [
            party.name
            for party, nonce in zip(self.rule.parties, self.nonces, strict=True)
            if nonce is None
        ]

    def reveal_problems(self, part: str = FILE) -> list[Refused]:
        """Nonces against commitments, and who may be missing."""
        found = []
        for index, (party, nonce) in enumerate(zip(self.rule.parties, self.nonces, strict=True)):
            if nonce is None:
                continue
            if protocol.commitment(self.rule.draw, party.name, nonce) != party.commitment:
                where = f"{part} parties[{index}].nonce"
                found.append(Refused(where, f"{party.name}揭示的随机数与承诺不符"))
        if not any(self.nonces):
            found.append(Refused(f"{part} parties", "没有一方揭示随机数，应作废"))
        elif self.missing and self.rule.beacon is None:
            message = f"没有公开随机数时不能缺揭示：{'、'.join(self.missing)}"
            found.append(Refused(f"{part} parties", message))
        return found

    def value_problems(self, part: str = FILE) -> list[Refused]:
        """The beacon's value against its form."""
        beacon = self.rule.beacon
        if beacon is None or self.value is None:
            return []
        problem = protocol.value_problem(beacon.form, self.value)
        return [Refused(f"{part} beacon.value", problem)] if problem else []

    def expected_seed(self) -> str | None:
        """The seed that rule, nonces and value give; None where they give none."""
        if not any(self.nonces):
            return None
        return protocol.seed(self.rule.digest, self.nonces, self.value)


def begin(rule: Rule, nonces: Sequence[str | None], value: str | None) -> str:
    """The seed of a ceremony whose reveals are closed and whose beacon, if any, has shown.

    Raises Refused with every problem: a nonce that is not the committed one, a lack that the
    rule does not allow, a value of another form.
    """
    if len(nonces) != len(rule.parties):
        raise Refused("规则 parties", f"应有 {len(rule.parties)} 份随机数，可以为空")
    if (value is None) != (rule.beacon is None):
        wrong = "还没有开奖结果" if rule.beacon else "规则没有指定公开随机数"
        raise Refused("规则 beacon", wrong)
    seed = protocol.seed(rule.digest, nonces, value)
    ceremony = Ceremony(rule=rule, nonces=tuple(nonces), value=value, seed=seed)
    raise_all(ceremony.reveal_problems("规则") + ceremony.value_problems("规则"))
    return seed


@dataclass(frozen=True, slots=True)
class DrawnFile:
    """SHA-256 and number of lines of drawn.tsv."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTranscript(Ceremony):
    """A draw of targets. thresholds stand in the order of the rule's strata."""

    rule: TargetRule
    thresholds: tuple[str | None, ...]
    drawn: DrawnFile

    @classmethod
    def of(
        cls,
        rule: TargetRule,
        nonces: Sequence[str | None],
        value: str | None,
        drawing: Drawing,
    ) -> Self:
        """The transcript of a drawing made with `begin(rule, nonces, value)`. Raises Refused."""
        if drawing.strata != rule.strata:
            raise Refused("抽取", "抽取所用的分层与规则不同")
        data = drawn_file(drawing.lines)
        return cls(
            rule=rule,
            nonces=tuple(nonces),
            value=value,
            seed=begin(rule, nonces, value),
            thresholds=drawing.thresholds,
            drawn=DrawnFile(file_digest(data), len(drawing.lines)),
        )

    def as_json(self) -> dict[str, object]:
        strata = [
            stratum.as_json() | {"threshold": threshold}
            for stratum, threshold in zip(self.rule.strata, self.thresholds, strict=True)
        ]
        return Ceremony.as_json(self) | {
            "drawn": {"sha256": self.drawn.sha256, "size": self.drawn.size},
            "strata": strata,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorTranscript(Ceremony):
    """A department's draw of inspectors; pairs and loads sorted by bytes."""

    rule: InspectorRule
    assignment: tuple[tuple[str, str], ...]
    loads: tuple[tuple[str, int], ...]
    cap: int

    @classmethod
    def of(
        cls,
        rule: InspectorRule,
        nonces: Sequence[str | None],
        value: str | None,
        assignment: Assignment,
    ) -> Self:
        """The transcript of `assign(…, seed=begin(rule, nonces, value), base=rule.base)`."""
        return cls(
            rule=rule,
            nonces=tuple(nonces),
            value=value,
            seed=begin(rule, nonces, value),
            assignment=assignment.pairs,
            loads=tuple(sorted(assignment.loads.items())),
            cap=assignment.cap,
        )

    def as_json(self) -> dict[str, object]:
        return Ceremony.as_json(self) | {
            "assignment": [list(pair) for pair in self.assignment],
            "cap": self.cap,
            "loads": [list(pair) for pair in self.loads],
        }


def json_file(value: Mapping[str, object]) -> bytes:
    """A JSON file to read and to download."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def drawn_file(lines: Sequence[DrawnLine]) -> bytes:
    """drawn.tsv: strata in order, within each by place."""
    return "".join(
        f"{line.stratum}\t{line.place}\t{line.ticket}\t{line.code}\t{line.salt}\n" for line in lines
    ).encode()
