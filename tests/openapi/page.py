"""Writes docs/schemathesis.md: the table of documents and servers, and what to know when reading it.

Rule: every figure comes from the stored results; a test holds the page to them. Neighbours: `results`, `breaks`.
"""

from collections import Counter
from pathlib import Path

from tests.openapi.breaks import NEVER_APPLIES
from tests.openapi.results import Cell, Results

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schemathesis.md"

TEXT = """\
# Schemathesis: each document against both servers

[Schemathesis](https://schemathesis.readthedocs.io) reads an OpenAPI document, makes requests from it that fit and
requests that do not, and checks every answer against it. Here each server's own `/openapi.json` is held against both
servers, with all of its checks and all of its phases (examples, coverage, fuzzing, and stateful, which reads and
deletes the sessions that it has made, with two callers that must not see each other's).

| document of | {servers} |
|---|{rules}
{rows}

Up to {examples} examples for each operation and phase, seed {seed}; {versions}.
Written by `python -m tests.openapi --examples {examples} --seed {seed}`; `make test` runs the same with fewer.

## Exceptions
{exceptions}

## What was checked
| check | times |
|---|---:|
{checks}

Times, as Schemathesis counts them: once for every answer that the check looked at, whether or not it had something
to say there. What each of them finds when it has is shown by `tests/openapi/test_finds.py`: a false document or a
broken server for every one but these, which no server of this API can fail:

{never}

## How the stream is checked
OpenAPI 3.1 has no word for one event of a stream, so the documents describe its text, and Schemathesis is told the
schema of an event in the words of 3.2 (`tests/openapi/hooks.py`), taken from the same document. The data of every
event of every stream is checked by it.
"""


def page(results: Results) -> str:
    """The whole page."""
    names = list(dict.fromkeys(cell.server for cell in results.cells))
    checks = sum((Counter(cell.checks) for cell in results.cells), Counter[str]())
    return TEXT.format(
        servers=" | ".join(names),
        rules="---|" * len(names),
        rows="\n".join(f"| {name} | {' | '.join(_cell(results.cell(name, on)) for on in names)} |" for name in names),
        examples=f"{results.examples}",
        seed=results.seed,
        versions=", ".join(f"{name} {version}" for name, version in results.versions.items()),
        exceptions=_exceptions(results),
        checks="\n".join(f"| `{name}` | {checks[name]:,} |" for name in sorted(checks)),
        never="\n".join(f"- `{name}`: {reason}." for name, reason in NEVER_APPLIES.items()),
    )


def _cell(cell: Cell) -> str:
    requests, checks = sum(cell.requests.values()), sum(cell.checks.values())
    return f"**{len(cell.findings)} findings** in {requests:,} requests, {checks:,} checks"


def _exceptions(results: Results) -> str:
    found = dict.fromkeys(finding for cell in results.cells for finding in cell.findings)
    if not found:
        return "None: nothing was found, so nothing had to be excepted."
    return "\n".join(f"- NOT EXCEPTED: `{one.check}` at {one.operation}: {one.message}" for one in found)
