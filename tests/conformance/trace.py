"""Which case shows which clause: read from the sources, written to docs/clauses.md.

Rule: read, not run: a mark `@pytest.mark.clause("group.name")` on a test function is all there is to know, wherever
below `tests/` it stands. `python -m tests.conformance.trace` writes the page; a unit test holds the stored one to it.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conformance.clauses import load_clauses

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "clauses.md"

HEAD = """\
# The contract, clause by clause

Every promise of the contract, and the tests that show it. Written by `python -m tests.conformance.trace`; a test
holds this page to the sources, every clause to at least one test, and every conformance test to at least one clause.
"""


def cases(tests: Path = TESTS) -> Iterator[tuple[str, list[str]]]:
    """Every test function below `tests`, as pytest names it, with the clauses that it is marked with."""
    for path in sorted(tests.rglob("test_*.py")):
        place = path.relative_to(tests.parent).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"), place)
        shared = [name for node in tree.body if _assigns_marks(node) for name in _clauses(node)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                own = [name for decorator in node.decorator_list for name in _clauses(decorator)]
                yield f"{place}::{node.name}", shared + own


def traced() -> Mapping[str, list[str]]:
    """Clause -> the tests that are marked with it, in the order of the clauses; unknown ones at the end."""
    table: dict[str, list[str]] = {clause: [] for clause in load_clauses()}
    for case, clauses in cases():
        for clause in clauses:
            table.setdefault(clause, []).append(case)
    return table


def page() -> str:
    """The whole page."""
    lines, group = [HEAD], ""
    sentences = load_clauses()
    for clause, names in traced().items():
        if clause.partition(".")[0] != group:
            group = clause.partition(".")[0]
            lines.append(f"\n## {group}\n\n| clause | promise | tests |\n|---|---|---|\n")
        shown = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in names)
        lines.append(f"| {clause} | {sentences[clause]} | {shown} |\n")
    return "".join(lines)


def _clauses(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "clause":
            yield from (str(argument.value) for argument in call.args if isinstance(argument, ast.Constant))


def _assigns_marks(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
