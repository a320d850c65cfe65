"""Holds the clauses, the cases and the pages that are written from them together."""

from tests.conformance import trace
from tests.conformance.clauses import load_clauses
from tests.known_differences import __main__ as known


def test_every_clause_has_a_case() -> None:
    """No promise of the contract is without a test or a row."""
    tests, rows = trace.traced(), trace.rows()
    assert [clause for clause in load_clauses() if not tests[clause] and not rows[clause]] == []


def test_every_named_clause_is_known() -> None:
    """No test and no row names a clause that is not in the table."""
    assert (trace.traced().keys() | trace.rows().keys()) - load_clauses().keys() == set()


def test_every_conformance_test_has_a_clause() -> None:
    """No test of the conformance suite is about nothing that was promised; those that play rows leave it to them."""
    suite = [test for test in trace.cases() if test.name.startswith("tests/conformance/")]
    assert len(suite) > 50
    assert [test.name for test in suite if not test.clauses and not test.rows] == []


def test_clauses_are_sentences() -> None:
    """A clause is one sentence that can stand in a table."""
    texts = load_clauses()
    assert [clause for clause, text in texts.items() if not text.endswith(".") or "|" in text] == []


def test_the_clause_page_is_current() -> None:
    """docs/clauses.md is what `python -m tests.conformance.trace` writes."""
    assert trace.PAGE.read_text("utf-8") == trace.page()


def test_the_page_of_differences_is_current() -> None:
    """docs/known-differences.md is what `python -m tests.known_differences` writes."""
    assert known.PAGE.read_text("utf-8") == known.page()
