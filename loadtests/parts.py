"""What a comparison and a search for a knee are made with, before and during the load; tests give their own.

Rule: only the parts; who asks for them decides what they mean. Neighbours: `compare` and `knee.command` ask, `bench`
has those of one load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from loadtests import calibrate, knee
from loadtests.bench import Bench
from loadtests.fairness import Fairness
from loadtests.fairness.command import told
from loadtests.floors import proof
from loadtests.plan import Plan, PlannedKnee
from loadtests.records import Ceiling, KneeSearch
from loadtests.same import all_same
from loadtests.targets import Target
from loadtests.verify import VerifyOutcome, ensure_verified

Verify = Callable[[Sequence[Target], Console], Mapping[str, VerifyOutcome]]
Search = Callable[[PlannedKnee, Target, knee.Place, Bench], KneeSearch]
Prove = Callable[[Sequence[Target], Sequence[Target], Iterable[str], Console], bool]
Same = Callable[[Sequence[Target], Iterable[str], Bench, Console], bool]


@dataclass(frozen=True)
class Parts:
    """The suite, the load, the generator's ceiling, the search, whether a target says the same with either model,
    whether the floors say what their twins say, what is not fair between the targets."""

    verify: Verify = ensure_verified
    bench: Bench = field(default_factory=Bench)
    calibrate: Callable[[Console], Ceiling | None] = calibrate.sought
    search: Search = knee.search
    same: Same = all_same
    prove: Prove = proof.all_proved
    fair: Callable[[Sequence[Target], Plan, Console], Fairness | None] = told
