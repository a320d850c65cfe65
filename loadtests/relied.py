"""What a comparison relied on, as it is stored with the run and said in the terminal.

Rule: only what the gate of `verify` found; a run is never stored without it. Neighbours: `verify.gate` decides,
`results` stores, the report shows the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console

from loadtests.files import ROOT
from loadtests.records import Relied
from loadtests.targets import Target
from loadtests.verify import VerifyOutcome


def rows(targets: Sequence[Target], outcomes: Mapping[str, VerifyOutcome]) -> tuple[Relied, ...]:
    """One row for each target, in their order."""
    return tuple(_row(outcomes[target.name]) for target in targets)


def page(outcome: VerifyOutcome) -> str:
    """Where the suite's page is, for who sits here: from the kit's folder, or else the full path."""
    found = outcome.page.resolve()
    return str(found.relative_to(ROOT) if found.is_relative_to(ROOT) else found)


def all_passed(targets: Sequence[Target], outcomes: Mapping[str, VerifyOutcome], console: Console) -> bool:
    """Whether every target keeps the contract; says which does not, and where to look."""
    failed = [target.name for target in targets if not outcomes[target.name].ok]
    for name in failed:
        console.print(
            f"[red]{name} does not keep the contract[/red]: {_short(outcomes[name])}; "
            f"no load without a pass. Look closer: {page(outcomes[name])}",
            highlight=False,
            soft_wrap=True,
        )
    return not failed


def show(found: Iterable[Relied], outcomes: Mapping[str, VerifyOutcome], console: Console) -> None:
    """Say for each target when it passed, with how many cases, on what, and where its page is."""
    for row in found:
        when = "passed now" if row.why else f"passed {row.passed_at}, and nothing has changed since"
        beside = f"{row.known} known differences, {row.not_applicable} not applicable"
        bound = f"sha256 {row.fingerprint[:12]}" if row.fingerprint else "no hash, as its sources are not named"
        text = f"{when}; {row.identical + row.known} cases ({beside}); {bound}; {page(outcomes[row.target])}"
        console.print(f"[green]{row.target} keeps the contract[/green]: {text}", highlight=False, soft_wrap=True)


def _kept(outcome: VerifyOutcome) -> str:
    """Where the page is, as it is stored: without a path of this machine."""
    found = outcome.page.resolve()
    return page(outcome) if found.is_relative_to(ROOT) else f"{found.parent.name}/{found.name}"


def _row(outcome: VerifyOutcome) -> Relied:
    found = outcome.count
    return Relied(
        target=outcome.target,
        passed_at=outcome.passed_at,
        identical=found.identical,
        known=found.known,
        not_applicable=found.not_applicable,
        fingerprint=outcome.fingerprint,
        page=_kept(outcome),
        why=outcome.why,
    )


def _short(outcome: VerifyOutcome) -> str:
    wrong = outcome.count.wrong
    return f"{wrong} cases ended wrong" if wrong else "no case applied, so nothing was shown"
