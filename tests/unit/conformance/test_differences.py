"""The table of known differences, without a server: whole sentences, one row for each class that the fuzzing knows."""

import pytest

from tests.conformance.clauses import load_clauses
from tests.conformance.profiles import PROFILES
from tests.conformance.record import REASON
from tests.fuzz import known
from tests.known_differences.difference import Difference
from tests.known_differences.table import DIFFERENCES

KINDS = {False: {"uvicorn", "gunicorn"}, True: {"fastapi", "flask"}}


def test_every_class_of_the_fuzzing_has_a_row() -> None:
    """What the fuzzing lets pass as known is explained to a reader, and pinned."""
    classes = {entry.id for entry in known.KNOWN} | {known.HALF_CLOSE, known.OVERTAKES}
    assert classes - {row.id for row in DIFFERENCES} == set()


def test_ids_are_unique() -> None:
    """A row can be named."""
    assert len({row.id for row in DIFFERENCES}) == len(DIFFERENCES)


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.id)
def test_a_row_says_everything(row: Difference) -> None:
    """Whole sentences that fit a record, both sides, known clauses and settings, and answers that differ."""
    assert all(text.endswith(".") for text in (row.does, row.expects, row.rfc, row.matters, row.change))
    assert not row.sent.endswith(".")
    assert len(row.reason) <= REASON
    assert {name.partition(" ")[0] for name in row.answers} == KINDS[row.by_framework]
    assert set(row.clauses) <= load_clauses().keys()
    assert row.profile in PROFILES
    said = {row.said(name) for name in row.answers}
    assert len(said) > 1, said
    assert set(row.says or ()) <= row.answers.keys()
    assert not row.shows or row.shows[1] == row.shows[1].lower()


def test_answers_are_found_by_kind_and_worded() -> None:
    """The whole name of a server wins over its program; what no row names has no answer."""
    rows = {row.id: row for row in DIFFERENCES}
    assert rows["upgrade-with-more"].answer("gunicorn sync") == "200"
    assert rows["upgrade-with-more"].answer("gunicorn gevent") == "200 200"
    assert rows["interrupt"].answer("gunicorn sync") is None
    assert rows["half-close"].answer("aiohttp") is None
    assert rows["half-close"].said("uvicorn") == "no answer, it closes the connection"
    assert rows["long-header"].said("gunicorn") == "431 in words of its own"
