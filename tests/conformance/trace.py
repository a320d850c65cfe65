"""Which case shows which clause: rows and tests, written to docs/clauses.md.

Rule: rows are data and are imported; of a test the mark `@pytest.mark.clause("group.name")` is read from its source,
wherever below `tests/` it stands. `python -m tests.conformance.trace` writes the page; a unit test holds the stored
one to it. Neighbours: `clauses` (the promises), `cases` (the rows).
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.cases import ALL
from tests.conformance.clauses import load_clauses

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "clauses.md"
FEW = 4
"""So many rows are shown at once; more are folded."""

HEAD = """\
# The contract, clause by clause

Every promise of the contract, and the cases that show it: rows of `tests/conformance/cases`, by their ids, and tests.
Written by `python -m tests.conformance.trace`; a test holds this page to the sources, every clause to at least one
case, and every case to at least one clause.
"""


@dataclass(frozen=True, slots=True)
class Test:
    """A test function, as pytest names it, with the clauses that it is marked with; `rows`: it plays a table."""

    name: str
    clauses: tuple[str, ...]
    rows: bool


def cases(tests: Path = TESTS) -> Iterator[Test]:
    """Every test function below `tests`."""
    for path in sorted(tests.rglob("test_*.py")):
        place = path.relative_to(tests.parent).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"), place)
        shared = [name for node in tree.body if _assigns_marks(node) for name in _marked(node, "clause")]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                own = [name for decorator in node.decorator_list for name in _marked(decorator, "clause")]
                rows = any(_calls(decorator, "rows") for decorator in node.decorator_list)
                yield Test(f"{place}::{node.name}", (*shared, *own), rows)


def traced() -> Mapping[str, list[str]]:
    """Clause -> the tests that are marked with it, in the order of the clauses; unknown ones at the end."""
    table: dict[str, list[str]] = {clause: [] for clause in load_clauses()}
    for case in cases():
        for clause in case.clauses:
            table.setdefault(clause, []).append(case.name)
    return table


def rows() -> Mapping[str, list[str]]:
    """Clause -> the ids of the rows that show it, in the rows' order."""
    table: dict[str, list[str]] = {clause: [] for clause in load_clauses()}
    for case in ALL:
        for clause in case.clauses:
            table.setdefault(clause, []).append(case.id)
    return table


def page() -> str:
    """The whole page."""
    lines, group = [HEAD], ""
    sentences, tests = load_clauses(), traced()
    for clause, ids in rows().items():
        if clause.partition(".")[0] != group:
            group = clause.partition(".")[0]
            lines.append(f"\n## {group}\n\n| clause | promise | cases |\n|---|---|---|\n")
        shown = [*_folded(ids), *(f"`{name.removeprefix('tests/')}`" for name in tests[clause])]
        lines.append(f"| {clause} | {sentences[clause]} | {'<br>'.join(shown)} |\n")
    return "".join(lines)


def _folded(ids: list[str]) -> list[str]:
    shown = [f"`{name}`" for name in ids]
    if len(shown) <= FEW:
        return shown
    return [f"<details><summary>{len(shown)} rows</summary>{'<br>'.join(shown)}</details>"]


def _marked(node: ast.AST, mark: str) -> Iterator[str]:
    for call in _calls(node, mark):
        yield from (str(argument.value) for argument in call.args if isinstance(argument, ast.Constant))


def _calls(node: ast.AST, mark: str) -> list[ast.Call]:
    calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == mark]


def _assigns_marks(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
