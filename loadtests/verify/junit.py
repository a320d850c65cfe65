"""The results as a JUnit file, for a CI system to read.

Rule: only elements that every reader of the format knows. A subject is a suite; a case's clauses, sentences and
grade stand in its `system-out`, one line each; a known difference is a pass that says so there.
Neighbours: `results` is what it lays out.
"""

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from loadtests.verify import alone
from loadtests.verify.grades import Grade
from loadtests.verify.results import NO_CLAUSE, NO_SUBJECT, CaseResult, Outcome, Results

Item = tuple[CaseResult, Outcome]
# XML 1.0 has no way to write these, escaped or not
IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(found: Results, targets_file: str = "") -> str:
    """The whole file; `targets_file` is for `alone.command`."""
    results = found.visible()
    root = ET.Element("testsuites", {"name": "parity verify", **_counts(results.outcomes())})
    for subject in results.subjects:
        mine = [(case, outcome) for case, outcome in results.outcomes() if outcome.subject == subject.name]
        facts = {
            "name": subject.name or NO_SUBJECT,
            "timestamp": results.started.removesuffix(" UTC").replace(" ", "T"),
            "hostname": "localhost",
        }
        suite = ET.SubElement(
            root, "testsuite", facts | _counts(mine) | {"skipped": _number(mine, Grade.NOT_APPLICABLE)}
        )
        names = Counter(_name(*item) for item in mine)
        for case, outcome in mine:
            element = _case(suite, case, outcome, only=names[_name(case, outcome)] == 1)
            command = alone.command(results, outcome, targets_file)
            ET.SubElement(element, "system-out").text = _text(f"{_said(case, outcome)}\nrun alone: {command}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(items: Sequence[Item]) -> dict[str, str]:
    return {
        "tests": str(len(items)),
        "failures": _number(items, Grade.WRONG),
        "errors": "0",
        "time": f"{sum(outcome.seconds for _, outcome in items):.3f}",
    }


def _number(items: Sequence[Item], grade: Grade) -> str:
    return str(sum(outcome.grade is grade for _, outcome in items))


def _name(case: CaseResult, outcome: Outcome) -> str:
    return case.id + (f" ({outcome.profile})" if outcome.profile not in {"", "plain"} else "")


def _case(suite: ET.Element, case: CaseResult, outcome: Outcome, *, only: bool) -> ET.Element:
    """Add a case; one whose name is not the `only` one of its suite is also named by its function."""
    group = (case.clauses or (NO_CLAUSE,))[0].partition(".")[0]
    function = "" if only else f" by {outcome.node.partition('::')[2].partition('[')[0]}"
    name = f"{outcome.subject or NO_SUBJECT}.{group}"
    facts = {"classname": name, "name": _name(case, outcome) + function, "time": f"{outcome.seconds:.3f}"}
    element = ET.SubElement(suite, "testcase", {key: _text(value) for key, value in facts.items()})
    if outcome.grade is Grade.NOT_APPLICABLE:
        ET.SubElement(element, "skipped", message=_text(outcome.reason))
    if outcome.grade is Grade.WRONG:
        first = next(iter(outcome.reason.strip().splitlines()), "wrong")
        ET.SubElement(element, "failure", message=_text(first), type="wrong").text = _text(_failure(outcome))
    return element


def _failure(outcome: Outcome) -> str:
    seen = (f"\n\n--- to {each.server}\n{each.sent}\n--- answer\n{each.answer}" for each in outcome.exchanges)
    return outcome.reason + "".join(seen)


def _said(case: CaseResult, outcome: Outcome) -> str:
    known = f"\nwhy: {outcome.reason}" if outcome.grade is Grade.KNOWN else ""
    return (
        f"clauses: {', '.join(case.clauses) or NO_CLAUSE}\ndoes: {case.does}\nexpects: {case.expects}\n"
        f"grade: {outcome.grade}{known}"
    )


def _text(text: str) -> str:
    return IMPOSSIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
