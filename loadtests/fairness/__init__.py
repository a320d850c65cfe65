"""The fairness check: would a ratio of these deployments be about the frameworks, or about how they were set up?

Rule: it looks at each deployment as it really runs and at the plan, before any load; findings are printed, stored with
the run and shown in its report, and nothing is forbidden. Neighbours: `look` sees, `rules` judge, `command` is
`parity fairness`, compare asks before it loads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loadtests.fairness import rules
from loadtests.fairness.look import looks
from loadtests.fairness.model import Asked, Fairness, Finding, Look
from loadtests.levels import WAITING
from loadtests.measure.environment import Cores
from loadtests.plan import Plan
from loadtests.targets import Regime, Target

__all__ = ["Asked", "Fairness", "Finding", "Look", "check", "checked", "judged"]


def check(targets: Sequence[Target], plan: Plan, cores: Cores) -> tuple[Finding, ...]:
    """What is not fair between these targets under this plan; starts each of them and looks. Raises `NotReady`."""
    return checked(targets, plan, cores).findings


def checked(targets: Sequence[Target], plan: Plan, cores: Cores) -> Fairness:
    """The same, with what was seen."""
    asked = _asked(targets, plan, cores)
    seen = looks(targets, cores, asked.streams)
    return Fairness(looks=seen, findings=judged(seen, asked, _groups(plan)))


def judged(
    seen: Sequence[Look], asked: Asked, groups: Mapping[str, Sequence[str]] | None = None
) -> tuple[Finding, ...]:
    """What the rules say of these looks; `groups`: whose workers are to be equal, all of them where there are none."""
    found = [finding for look in seen for rule in rules.ALONE for finding in rule(look, asked)]
    found += [finding for rule in rules.BETWEEN if rule is not rules.unequal_workers for finding in rule(seen, asked)]
    for names in (groups or {"": [look.target for look in seen]}).values():
        members = [look for look in seen if look.target in names]
        found += rules.unequal_workers(members, asked)
    return tuple(sorted(found, key=lambda finding: not finding.grave))


def _asked(targets: Sequence[Target], plan: Plan, cores: Cores) -> Asked:
    return Asked(
        workers={target.name: target.workers for target in targets},
        slots={target.name: target.slots for target in targets},
        streams={target.name: max(_waiting(plan, target.name), default=0) for target in targets},
        cores=cores.server,
    )


def _waiting(plan: Plan, target: str) -> Iterator[int]:
    """How many requests wait at once with that target, at each level of the scenarios in which they do."""
    for scenario in plan.scenarios:
        if scenario.name in WAITING:
            yield from (level.streams or level.users or 0 for level in scenario.on(target).levels)


def _groups(plan: Plan) -> Mapping[str, Sequence[str]]:
    """The matrix compares like with like among those with as many workers; each at its best has unequal ones."""
    regime: Regime = "like-for-like"
    if not any(regime in target.regimes for target in plan.compared) or plan.which != "matrix":
        return {"": [target.name for target in plan.compared]}
    numbers = sorted({target.workers for target in plan.compared if regime in target.regimes})
    return {
        f"{number} workers": [t.name for t in plan.compared if t.workers == number and regime in t.regimes]
        for number in numbers
    }
