"""Holds what a report says of the procedures: each tells what is done and what must come of it.

Read from the sources, not run, so that a test which is skipped, or runs on no server at all, is held too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import trace

SUITE = trace.TESTS / "conformance"
ROWS = "rows"
"""The mark of a test that plays rows: these say themselves what is done, what is expected, and of which clauses."""
EXPECTED = "Expected: "


def _procedures(suite: Path = SUITE) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every test function of the suite that is not fed by a table of rows, as pytest names it."""
    for path in sorted(suite.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), path.name)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and ROWS not in _marks(node):
                yield f"{path.name}::{node.name}", node


def _marks(test: ast.FunctionDef) -> list[str]:
    calls = [node for decorator in test.decorator_list for node in ast.walk(decorator) if isinstance(node, ast.Call)]
    return [call.func.attr for call in calls if isinstance(call.func, ast.Attribute)]


def _wrong(text: str) -> str:
    """What is wrong with a docstring's form; empty when nothing is."""
    parts = text.split("\n\n")
    if len(parts) != 2 or not parts[1].startswith(EXPECTED):
        return f"it needs two parts, what is done and `{EXPECTED}…`, with a blank line between them"
    if not all(part.endswith((".", ")")) for part in parts) or not parts[0][:1].isupper():
        return "each part must be made of sentences"
    return "" if len(parts[1]) > len(EXPECTED) + 10 else "nothing is expected"


FOUND = list(_procedures())


def test_procedures_are_found() -> None:
    """The search sees the suite, and leaves out the tests that play rows."""
    names = [name for name, _ in FOUND]
    assert len(names) > 50
    assert "test_stop.py::test_idle" in names
    assert not [name for name in names if name.startswith("test_cases.py")]


@pytest.mark.parametrize(("name", "test"), FOUND, ids=[name for name, _ in FOUND])
def test_a_procedure_tells_what_it_does(name: str, test: ast.FunctionDef) -> None:
    """The docstring has two parts that stand beside the grade in a report."""
    assert not (wrong := _wrong(ast.get_docstring(test) or "")), f"{name}: {wrong}"


@pytest.mark.parametrize(("name", "test"), FOUND, ids=[name for name, _ in FOUND])
def test_a_procedure_has_a_clause(name: str, test: ast.FunctionDef) -> None:
    """It is marked with at least one promise of the contract."""
    assert "clause" in _marks(test), f"{name}: mark it with @pytest.mark.clause(…), ids are in clauses.toml"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("A request is sent.\n\nExpected: it is answered.", False),
        ("A request is sent.", True),
        ("A request is sent.\n\nIt is answered.", True),
        ("A request is sent. Expected: it is answered.", True),
        ("A request is sent.\n\nExpected: .", True),
        ("A request is sent.\n\nExpected: it is answered.\n\nAnd more.", True),
        ("a request is sent\n\nExpected: it is answered.", True),
    ],
)
def test_the_form_is_held(text: str, wrong: bool) -> None:
    """A docstring without one of its parts is told apart from one that has both."""
    assert bool(_wrong(text)) is wrong
