"""Tells what came of a campaign: lines in the terminal, a JSON file to keep, and docs/mutants.md made of that file.

Rule: the page says nothing that the file does not; a test holds the one to the other. Neighbours: `campaign`.
"""

import json
from collections.abc import Mapping
from typing import Any

from loadtests.serve import ROOT
from tests.conformance.clauses import load_clauses
from tests.mutants.campaign import Campaign, Healthy
from tests.mutants.verdict import Verdict

STORED = ROOT / "docs" / "results" / "mutants.json"
PAGE = ROOT / "docs" / "mutants.md"

HEAD = """\
# Mutants

Broken servers, and the cases of the conformance suite that notice. Each is a healthy server with one small replacement
from `tests/mutants/table/`, which breaks one clause of the contract; only that clause's cases are run on it. The cases
that noticed pass on unbroken copies of all three default targets. `make mutants` runs them all; this page was written
from `docs/results/mutants.json` by `python -m tests.mutants --store`.
"""


def line(told: Verdict | Healthy) -> str:
    """One outcome for the terminal."""
    if isinstance(told, Healthy):
        rest = "".join(f"\n    {wrong}" for wrong in told.failed)
        word = "broken" if told.failed else "passed"
        return f"{word:<9}{told.name:<34} {told.passed:>3} cases that killed pass {told.seconds:>12.1f} s{rest}"
    head = f"{told.word:<9}{told.mutant.name:<34} {told.mutant.breaks:<26} {told.seconds:>5.1f} s"
    return f"{head}  {told.by.id}: {told.by.does}" if told.by else f"{head}  {told.note}"


def summary(campaign: Campaign) -> str:
    """The last line: how many there were, and what became of them."""
    words = [one.word for one in campaign.verdicts]
    rest = "".join(f", {words.count(word)} {word}" for word in ("survived", "broken") if word in words)
    alarms = sum(len(one.failed) for one in campaign.healthy)
    false = f", {alarms} false alarms" if alarms else ""
    return f"{len(words)} mutants, {words.count('killed')} killed{rest}{false}"


def stored(campaign: Campaign) -> dict[str, Any]:
    """The campaign as JSON."""
    return {
        "summary": summary(campaign),
        "seconds": round(campaign.seconds),
        "mutants": [_kept(one) for one in campaign.verdicts],
        "healthy": [{"name": one.name, "passed": one.passed, "failed": one.failed} for one in campaign.healthy],
    }


def _kept(one: Verdict) -> dict[str, Any]:
    mutant = one.mutant
    return {
        "name": mutant.name,
        "breaks": mutant.breaks,
        "because": mutant.because,
        "target": mutant.target,
        "file": mutant.file,
        "verdict": one.word,
        "case": one.by.id if one.by else "",
        "does": one.by.does if one.by else one.note,
        "seconds": round(one.seconds, 1),
    }


def store(campaign: Campaign) -> None:
    """Write the file and the page."""
    STORED.write_text(json.dumps(stored(campaign), indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page(load()), "utf-8")


def load() -> dict[str, Any]:
    """The stored file; empty where there is none yet."""
    kept: dict[str, Any] = json.loads(STORED.read_text("utf-8")) if STORED.is_file() else {}
    return kept


def seconds(kept: Mapping[str, Any]) -> Mapping[str, float]:
    """How long each mutant took when it was stored."""
    return {one["name"]: one["seconds"] for one in kept.get("mutants", ())}


def page(kept: Mapping[str, Any]) -> str:
    """The whole page."""
    lines = [HEAD, f"\n**{kept['summary']}**, in {kept['seconds']} s.\n"]
    group = ""
    for one in sorted(kept["mutants"], key=lambda one: list(load_clauses()).index(one["breaks"])):
        if one["breaks"].partition(".")[0] != group:
            group = one["breaks"].partition(".")[0]
            lines.append(
                f"\n## {group}\n\n| mutant | clause | the mistake | in | noticed by |\n|---|---|---|---|---|\n"
            )
        lines.append(
            f"| {one['name']} | {one['breaks']} | {_cell(one['because'])} | `{one['file']}` ({one['target']}) "
            f"| {_cell(one['does'])} (`{_cell(one['case'])}`) |\n"
        )
    lines.append("\n## Healthy copies\n\n| copy | cases that killed a mutant and pass here |\n|---|---|\n")
    lines += [f"| {one['name'].removeprefix('healthy-')} | {one['passed']} |\n" for one in kept["healthy"]]
    return "".join(lines)


def _cell(text: str) -> str:
    """Text as it can stand in a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
