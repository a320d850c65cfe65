"""Judges what came of a mutant: killed, survived, or broken so that nothing can be said.

Rule: a kill is a case that failed in its own call on the broken server. A mutant that does not start, a case that
does not get as far as its call, and a clause without a case are broken, and never count. Neighbours: `outcome`,
`errand`, `campaign` (asks for the errands), `report` (tells).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tests.conformance import trace
from tests.mutants.copies import MUTANT
from tests.mutants.errand import Errand, Result
from tests.mutants.outcome import Outcome
from tests.mutants.table import Mutant

Word = Literal["killed", "survived", "broken"]

SUITE = "tests/conformance"
LAUNCH = "tests/launch"
TWINS = {"fastapi": "flask-gthread", "flask": "fastapi-uvicorn"}
"""The healthy target that a mutant of each framework is compared with, where a clause is about the pair."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a mutant. `by`: the case that killed it; `note`: how it failed, or why nothing can be said."""

    mutant: Mutant
    word: Word
    by: Outcome | None
    note: str
    seconds: float


def errand_for(mutant: Mutant, *, whole: bool = False) -> Errand:
    """The run that has to kill a mutant: its clause's cases until the first failure, or every case if `whole`."""
    group, _, name = mutant.breaks.partition(".")
    inside = group == "start"  # its cases are about commands, and run these themselves
    paired = name.startswith("same")  # answer.same-bytes, cors.same, …: what only a comparison can show
    suite = LAUNCH if inside else SUITE
    chosen = (suite,) if whole else (*_files(suite).get(mutant.breaks, (suite,)), "--clause", mutant.breaks)
    return Errand(
        name=mutant.name,
        deployment=mutant.deployment,
        words=(*chosen, "--exitfirst"),
        patch=mutant,
        twin=TWINS[mutant.deployment.framework] if paired or whole else None,
        inside=inside,
    )


@cache
def _files(suite: str) -> Mapping[str, tuple[str, ...]]:
    """Clause -> the suite's files with cases of it: to collect all of them takes longer than most of the runs."""
    found: dict[str, dict[str, None]] = {}
    tests = [test for test in trace.cases() if test.name.startswith(f"{suite}/")]
    shown = [(test.name, test.clauses) for test in tests]
    shown += [(test.name, tuple(clause for clause, ids in trace.rows().items() if ids)) for test in tests if test.rows]
    for name, clauses in shown:
        for clause in clauses:
            found.setdefault(clause, {})[name.partition("::")[0]] = None
    return {clause: tuple(files) for clause, files in found.items()}


def judge(mutant: Mutant, result: Result) -> Verdict:
    """The verdict on what came of its errand."""
    word, by, note = _judged(result)
    return Verdict(mutant, word, by, note, result.seconds)


def _judged(result: Result) -> tuple[Word, Outcome | None, str]:
    if result.trouble:
        return "broken", None, result.trouble
    kinds = {outcome.kind: outcome for outcome in reversed(result.outcomes)}
    if by := kinds.get("failed"):
        if concerns_mutant(by):
            return "killed", by, by.message
        return "broken", None, f"the healthy twin failed: {by.node}: {by.message}"
    if error := kinds.get("error"):
        return "broken", None, f"{error.node} did not get as far as its call: {error.message}"
    if "passed" not in kinds:
        return "broken", None, f"no case of the clause could be played on it ({len(result.outcomes)} skipped)"
    return "survived", None, f"{sum(outcome.kind == 'passed' for outcome in result.outcomes)} cases passed"


def concerns_mutant(outcome: Outcome) -> bool:
    """Whether a case was about the broken server: its suite is all about it, or its id names it."""
    return outcome.node.startswith(LAUNCH) or MUTANT in outcome.node
