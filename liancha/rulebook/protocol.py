"""What a draw rests on before a ticket exists (liancha-draw/1, §§1–4; Measures, arts. 18, 19).

Salts, counts, commitments, the rule and its digest, the seed: plain formulas over text and
integers. Nothing here is random and nothing reads a clock; secrets and nonces come from the hands
that made them. What `form` and `beacon` define can be had here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from .beacon import (
    BEACON_DIGITS,
    VALUE_WITHIN,
    Beacon,
    due_at,
    due_text,
    form_problem,
    value_problem,
)
from .form import (
    H,
    Refused,
    canonical,
    decimal,
    digest,
    file_digest,
    is_hex,
    parse_json,
    raise_all,
    text_problem,
)

__all__ = [
    "ALG",
    "BEACON_DIGITS",
    "PROTOCOL",
    "ROUNDING",
    "VALUE_WITHIN",
    "Beacon",
    "Frame",
    "H",
    "Inputs",
    "InspectorRule",
    "Party",
    "Reference",
    "Refused",
    "Rule",
    "Stratum",
    "TargetRule",
    "canonical",
    "commitment",
    "confidential_concerns",
    "count",
    "digest",
    "due_at",
    "due_text",
    "file_digest",
    "form_problem",
    "inputs_seal",
    "is_hex",
    "parse_json",
    "parse_ratio",
    "raise_all",
    "salt",
    "seed",
    "value_problem",
]

PROTOCOL: Final = "liancha-draw/1"
ALG: Final = "sha256"
ROUNDING: Final = "ceil"
FEW: Final = 5  # a smaller confidential stratum gives its members' class away


# §1 Freeze


def salt(secret: str, code: str) -> str:
    """A candidate's salt, 32 hex digits, out of the frame's secret of 64.

    One secret serves one draw number only, also after a void.
    """
    _hex(secret, "secret")
    return H(f"liancha-salt/1\n{secret}\n{code}\n")[:32]


@dataclass(frozen=True, slots=True)
class Frame:
    """The frozen pool: RFC 9162 root and SHA-256 of frame.tsv, and its number of lines."""

    root: str
    sha256: str
    size: int

    def as_json(self) -> dict[str, object]:
        return {"root": self.root, "sha256": self.sha256, "size": self.size}


# §2 Rule

_RATIO = re.compile(r"(0|[1-9][0-9]*)/([1-9][0-9]*)")


def parse_ratio(text: str, part: str = "ratio") -> Fraction:
    """`p/q` as the plan writes it, not necessarily in lowest terms; p and q up to 2⁵³−1.

    Raises Refused.
    """
    found = _RATIO.fullmatch(text)
    p, q = (decimal(found[1]), decimal(found[2])) if found else (None, None)
    if p is None or not q:
        raise Refused(part, "比例应写成 p/q，例如 1/50，用不带前导零的阿拉伯数字")
    return Fraction(p, q)


def count(ratio: str, size: int) -> int:
    """How many of a stratum are drawn: min(size, ⌈ratio × size⌉), exact.

    Source: art. 19, paragraph 1: by the ratio that the plan sets.
    """
    return min(size, -(-parse_ratio(ratio) * size // 1))


@dataclass(frozen=True, slots=True)
class Stratum:
    """One class of the pool. ratio is kept as written; count follows from it."""

    name: str
    size: int
    ratio: str
    count: int

    @classmethod
    def at_rate(cls, name: str, size: int, ratio: str) -> Self:
        """A stratum drawn at the plan's rate."""
        return cls(name, size, ratio, count(ratio, size))

    @classmethod
    def at_number(cls, name: str, size: int, number: int) -> Self:
        """A stratum of which the plan fixes the number: its rate is number/size, 0/1 if empty.

        Raises Refused when there are fewer candidates than the plan wants.
        """
        if number > size:
            raise Refused(f"分层 {name}", f"应抽 {number} 户，库中只有 {size} 户")
        return cls.at_rate(name, size, f"{number}/{size}" if size else "0/1")

    def as_json(self) -> dict[str, object]:
        return {"count": self.count, "name": self.name, "ratio": self.ratio, "size": self.size}


def confidential_concerns(strata: Iterable[Stratum]) -> tuple[str, ...]:
    """What public sizes and rates would say of firms whose class is confidential.

    A draw of confidential strata with any of these needs a reason. One Chinese sentence each.
    """
    concerns = []
    for stratum in strata:
        if 0 < stratum.size < FEW:
            concerns.append(f"分层 {stratum.name} 只有 {stratum.size} 户，少于 {FEW} 户")
        if stratum.size and stratum.count in (0, stratum.size):
            word = "全部抽取" if stratum.count else "不抽取"
            concerns.append(f"分层 {stratum.name} {word}，等于公开了每一户的分类")
    return tuple(concerns)


# §3 Commit


def commitment(draw: str, party: str, nonce: str) -> str:
    """What a party hands in before its nonce of 64 hex digits is known to anybody."""
    _hex(nonce, "nonce")
    return H(f"liancha-commit/1\n{draw}\n{party}\n{nonce}\n")


@dataclass(frozen=True, slots=True)
class Party:
    name: str
    commitment: str

    def as_json(self) -> dict[str, object]:
        return {"commitment": self.commitment, "party": self.name}


@dataclass(frozen=True, slots=True)
class Reference:
    """Another draw: its number and the digest of its transcript."""

    draw: str
    transcript: str

    def as_json(self) -> dict[str, object]:
        return {"draw": self.draw, "transcript": self.transcript}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the two kinds of draw have in common. Parties stand in the order of the seed."""

    draw: str
    parties: tuple[Party, ...]
    beacon: Beacon | None
    escrow: str | None

    def as_json(self) -> dict[str, object]:
        return {
            "alg": ALG,
            "beacon": self.beacon.as_json() if self.beacon else None,
            "draw": self.draw,
            "escrow": self.escrow,
            "parties": [party.as_json() for party in self.parties],
            "protocol": PROTOCOL,
        }

    @property
    def text(self) -> str:
        """The RFC 8785 form, as it is logged."""
        return canonical(self.as_json())

    @property
    def digest(self) -> str:
        return H(self.text)

    def problems(self, part: str = "规则") -> list[Refused]:
        """Every condition of the protocol that the rule does not meet."""
        found = [] if self.beacon is None else self.beacon.problems(f"{part} beacon")
        names = [party.name for party in self.parties]
        if len(set(names)) < len(names):
            found.append(Refused(f"{part} parties", "各方名称应互不相同"))
        if len(names) < (1 if self.beacon else 2):
            found.append(Refused(f"{part} parties", "至少要有两方，或一方加公开随机数"))
        if self.escrow in names:
            found.append(Refused(f"{part} escrow", "托管人不能是其中一方"))
        if self.escrow is None and self.beacon is None:
            found.append(Refused(f"{part} escrow", "没有公开随机数时，须有托管人"))
        return found

    def checked(self) -> Self:
        """The rule itself. Raises Refused with every problem."""
        problems = self.problems()
        if problem := text_problem(self.draw):
            problems.append(Refused("规则 draw", problem))
        for index, party in enumerate(self.parties):
            if problem := text_problem(party.name):
                problems.append(Refused(f"规则 parties[{index}].party", problem))
            if not is_hex(party.commitment, 64):
                problems.append(
                    Refused(f"规则 parties[{index}].commitment", "应为 64 位小写十六进制数")
                )
        if self.escrow is not None and (problem := text_problem(self.escrow)):
            problems.append(Refused("规则 escrow", problem))
        if self.beacon is not None and (problem := text_problem(self.beacon.source)):
            problems.append(Refused("规则 beacon.source", problem))
        raise_all(problems)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRule(Rule):
    """The rule of a draw of targets (art. 19, paragraph 1)."""

    frame: Frame
    strata: tuple[Stratum, ...]
    supplements: Reference | None = None

    def as_json(self) -> dict[str, object]:
        return Rule.as_json(self) | {
            "frame": self.frame.as_json(),
            "kind": "targets",
            "rounding": ROUNDING,
            "strata": [stratum.as_json() for stratum in self.strata],
            "supplements": self.supplements.as_json() if self.supplements else None,
        }

    def problems(self, part: str = "规则") -> list[Refused]:
        found = Rule.problems(self, part)
        names = [stratum.name for stratum in self.strata]
        if len(set(names)) < len(names):
            found.append(Refused(f"{part} strata", "各层名称应互不相同"))
        if self.frame.size < 1:
            found.append(Refused(f"{part} frame.size", "名单至少要有一户"))
        if sum(stratum.size for stratum in self.strata) != self.frame.size:
            found.append(Refused(f"{part} strata", "各层户数之和与名单户数不符"))
        for index, stratum in enumerate(self.strata):
            where = f"{part} strata[{index}]"
            if problem := text_problem(stratum.name):
                found.append(Refused(f"{where}.name", problem))
            try:
                due = count(stratum.ratio, stratum.size)
            except Refused as problem_of_ratio:
                found.append(Refused(f"{where}.ratio", problem_of_ratio.message))
                continue
            if stratum.count != due:
                message = f"{stratum.size} 户的 {stratum.ratio} 应抽 {due} 户，记为 {stratum.count}"
                found.append(Refused(f"{where}.count", message))
        if self.supplements and self.supplements.draw == self.draw:
            found.append(Refused(f"{part} supplements.draw", "补充批次不能补充它自己"))
        return found


# §8 Rule of the inspectors' draw


@dataclass(frozen=True, slots=True)
class Inputs:
    """SHA-256 of roster.tsv, needs.tsv and eligible.tsv."""

    eligible: str
    needs: str
    roster: str

    def as_json(self) -> dict[str, object]:
        return {"eligible": self.eligible, "needs": self.needs, "roster": self.roster}


def inputs_seal(salt: str, inputs: Inputs) -> str:
    """What the public `freeze` entry of an inspectors' draw shows of its inputs (§7)."""
    return H(f"{salt}\n{inputs.eligible}\n{inputs.needs}\n{inputs.roster}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorRule(Rule):
    """The rule of one department's draw of inspectors (art. 19, paragraph 1).

    of        the target draw
    salt      64 random hex digits, so that the published digest gives nothing away
    excluded  (reason, number of pairs) sorted by reason
    base      loads up to it are left to the tickets alone; 1 is as even as can be
    """

    of: Reference
    inputs: Inputs
    salt: str
    excluded: tuple[tuple[str, int], ...] = ()
    base: int = 1

    def as_json(self) -> dict[str, object]:
        return Rule.as_json(self) | {
            "base": self.base,
            "excluded": [[reason, number] for reason, number in self.excluded],
            "inputs": self.inputs.as_json(),
            "kind": "inspectors",
            "of": self.of.as_json(),
            "salt": self.salt,
        }

    def problems(self, part: str = "规则") -> list[Refused]:
        found = Rule.problems(self, part)
        reasons = [reason for reason, _ in self.excluded]
        if reasons != sorted(set(reasons)):
            found.append(Refused(f"{part} excluded", "原因应互不相同，按字节排序"))
        if self.base < 1:
            found.append(Refused(f"{part} base", "均衡起点至少为 1"))
        if not is_hex(self.salt, 64):
            found.append(Refused(f"{part} salt", "应为 64 位小写十六进制数"))
        if self.of.draw == self.draw:
            found.append(Refused(f"{part} of.draw", "派人抽取的编号不能与对象抽取相同"))
        return found


def excluded(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Numbers of excluded pairs by reason, in the order of the rule."""
    return tuple(sorted(counts.items()))


# §4 Seed


def seed(rule_digest: str, nonces: Sequence[str | None], value: str | None) -> str:
    """The seed: rule, every nonce in the order of the parties, the beacon's value last.

    nonces  64 hex digits each, None where a party did not reveal; at least one is there
    value   what the beacon showed, None without a beacon

    Raises Refused.
    """
    for nonce in nonces:
        if nonce is not None:
            _hex(nonce, "nonce")
    if not any(nonces):
        raise Refused("nonce", "没有一方揭示随机数，本次抽取应作废")
    lines = ["liancha-seed/1", rule_digest, *(nonce or "-" for nonce in nonces), value or "-"]
    return H("".join(f"{line}\n" for line in lines))


def _hex(text: str, part: str) -> None:
    if not is_hex(text, 64):
        raise Refused(part, "应为 64 位小写十六进制数")
