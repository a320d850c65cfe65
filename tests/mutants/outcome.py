"""What came of the cases that pytest played: read from its JUnit file and the suite's records, never from the terminal.

Rule: only a case that failed in its own call says something of the server; an error before or after it, and a server
that did not start, say something of us. Neighbours: `errand` (ran pytest), `verdict` (judges).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from loadtests.serve import NotReady

Kind = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case on one server. `node` is pytest's id of it, `id` and `does` the suite's own words."""

    node: str
    id: str
    does: str
    kind: Kind
    message: str


def read_outcomes(junit: Path, records: Path) -> tuple[Outcome, ...]:
    """Every case that was played, in order; an error counts as a case of its own, as in the file."""
    told = read_records(records)
    root = ET.parse(junit).getroot()
    return tuple(_outcome(element, told) for element in root.iter("testcase"))


def read_records(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Node -> the case's id and what it does, from what `--record` wrote."""
    # Not splitlines(), which knows other line ends than JSON's own lines do.
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").split("\n") if line]
    return {record["node"]: (record["case"], record["does"]) for record in map(json.loads, lines)}


def _outcome(element: ET.Element, told: Mapping[str, tuple[str, str]]) -> Outcome:
    name, module = element.get("name", ""), element.get("classname", "")
    node = f"{module.replace('.', '/')}.py::{name}" if module else name
    kind, message = _kind(element)
    return Outcome(node, *told.get(node, (name, "")), kind, message)


def _kind(element: ET.Element) -> tuple[Kind, str]:
    """A failure is of the case's call; a server of the case's own that did not start is none."""
    kinds: tuple[tuple[str, Kind], ...] = (("failure", "failed"), ("error", "error"), ("skipped", "skipped"))
    for tag, kind in kinds:
        if (found := element.find(tag)) is not None:
            message = found.get("message", "")
            unready = message.partition(":")[0].endswith(NotReady.__name__)
            return ("error" if unready else kind), message
    return "passed", ""
