"""What a draw of inspectors will be like, said before it (liancha-draw/1, §8; Measures, art. 19).

Even loads and teams that nobody can guess do not always go together: where specialists are scarce,
evenness decides who goes. A department that chooses the base sees here what either choice does:
the loads to expect, and the pair of a unit and an inspector that comes out most often. Estimated
from draws with made-up seeds; the real one does not exist yet. Same inputs, same answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from .assignment import assign
from .staffing import Staffing, forced_pairs

TRIALS: Final = 200
LEAST_TRIALS: Final = 4
WORK: Final = 300_000  # allowed pairs looked at in all trials together: about a second


@dataclass(frozen=True, slots=True)
class Foresight:
    """What `trials` draws with a base came to.

    trials   how many were made
    loads    (units, people): how many people had so many units, over all trials together
    span     (least, most) load of those who may go anywhere, as it came out most often
    unit, inspector, times
             the pair that came out most often among those left to chance, and how often; "" and
             0 where nothing is left to chance
    forced   pairs that every draw contains: the unit has no more people than it needs
    """

    base: int
    trials: int
    loads: tuple[tuple[int, int], ...]
    span: tuple[int, int]
    unit: str
    inspector: str
    times: int
    forced: tuple[tuple[str, str], ...]

    @property
    def percent(self) -> int:
        """How often the surest pair came out, rounded to the nearest hundredth."""
        return (200 * self.times + self.trials) // (2 * self.trials)

    def as_json(self) -> dict[str, object]:
        return {
            "base": self.base,
            "forced": [list(pair) for pair in self.forced],
            "loads": [list(each) for each in self.loads],
            "pair": [self.unit, self.inspector, self.times],
            "span": list(self.span),
            "trials": self.trials,
        }


def trials_for(staffing: Staffing) -> int:
    """As many as TRIALS while the department is small, fewer for a large one, never none."""
    pairs = sum(map(len, staffing.eligible.values())) or 1
    return max(LEAST_TRIALS, min(TRIALS, WORK // pairs))


def foresee(staffing: Staffing, *, base: int = 1, trials: int | None = None) -> Foresight:
    """Draw several times with made-up seeds and count.

    staffing  checked, and known to have an assignment: `assign` raises Infeasible otherwise
    trials    None: as many as `trials_for` allows
    """
    made = trials or trials_for(staffing)
    key = staffing.inputs()
    able = {name for seats in staffing.eligible.values() for name in seats}
    forced = forced_pairs(staffing)
    fixed = set(forced)
    times: Counter[tuple[str, str]] = Counter()
    loads: Counter[int] = Counter()
    spans: Counter[tuple[int, int]] = Counter()
    for number in range(made):
        text = f"liancha-foresight/1\n{number}\n{key.roster}\n{key.needs}\n{key.eligible}\n"
        drawn = assign(staffing, seed=sha256(text.encode()).hexdigest(), base=base)
        times.update(pair for pair in drawn.pairs if pair not in fixed)
        own = [load for name, load in drawn.loads.items() if name in able]
        loads.update(own)
        spans[min(own, default=0), max(own, default=0)] += 1
    # The first by name where several come out equally often, so that the answer is one.
    pair, most = min(times.items(), key=lambda item: (-item[1], item[0]), default=(("", ""), 0))
    return Foresight(
        base=base,
        trials=made,
        loads=tuple(sorted(loads.items())),
        span=min(spans, key=lambda span: (-spans[span], span)),
        unit=pair[0],
        inspector=pair[1],
        times=most,
        forced=forced,
    )
