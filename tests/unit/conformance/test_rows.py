"""What holds for every row of `tests/conformance/cases`, and how placeholders are filled."""

import re
from collections import Counter

import pytest

from tests.conformance.case import PLACEHOLDERS, Expect, Raw, Request, filled, sent, values
from tests.conformance.cases import ALL, GROUPS
from tests.conformance.clauses import load_clauses
from tests.conformance.profiles import PROFILES

KNOWN = values("key-1", "key-2", "new")


def test_ids_are_unique() -> None:
    """No two rows have the same id."""
    assert [name for name, times in Counter(case.id for case in ALL).items() if times > 1] == []


def test_ids_name_their_group() -> None:
    """An id is `group.name`, without spaces or brackets, and the rows of a module are one group."""
    assert [case.id for case in ALL if not re.fullmatch(r"[a-z-]+\.[A-Za-z0-9.-]+", case.id)] == []
    groups = [{case.id.partition(".")[0] for case in group.CASES} for group in GROUPS]
    assert [names for names in groups if len(names) > 1] == []
    assert len(set().union(*groups)) == len([names for names in groups if names])


def test_clauses_exist() -> None:
    """Every row names clauses, all of them are in the table, and none twice."""
    known = load_clauses().keys()
    assert [case.id for case in ALL if not case.clauses or set(case.clauses) - known] == []
    assert [case.id for case in ALL if len(set(case.clauses)) < len(case.clauses)] == []


def test_sentences() -> None:
    """What a row does and expects are sentences: they begin with a capital or a digit and end with a full stop."""
    texts = [(case.id, text) for case in ALL for text in (case.does, case.expects)]
    assert [name for name, text in texts if not re.fullmatch(r"[A-Z0-9].+\.", text, re.DOTALL)] == []
    assert [name for name, text in texts if ".." in text.removesuffix(".") and "/.." not in text] == []


def test_no_two_rows_say_the_same() -> None:
    """Nobody reads the same pair of sentences twice."""
    assert [pair for pair, times in Counter((case.does, case.expects) for case in ALL).items() if times > 1] == []


def test_profiles_exist() -> None:
    """A row asks for settings that there are."""
    assert {case.profile for case in ALL} <= PROFILES.keys()


def test_placeholders_are_known() -> None:
    """Whatever looks like a placeholder in a row is one."""
    named = {found for case in ALL for found in re.findall(r"\((?:key|second-key|fresh)[a-z-]*\)", repr(case))}
    assert named == PLACEHOLDERS.keys()


def test_every_row_can_fail() -> None:
    """A row expects a status, and one that takes several of them has no more than four."""
    statuses = [case.expect.status if isinstance(case.expect.status, tuple) else (case.expect.status,) for case in ALL]
    assert [each for each in statuses if not 1 <= len(each) <= 4 or (500 in each and len(each) > 1)] == []


def test_lengths_are_counted_after_filling() -> None:
    """The declared length is that of the body that is sent, however long the placeholder was."""
    (data,) = sent(Request("POST", "/chat", (), b"((fresh))", keyed=True), values("k", None, "x" * 20))
    assert b"X-API-Key: k\r\n" in data
    assert b"Content-Length: 22\r\n" in data
    assert data.endswith(b"(" + b"x" * 20 + b")")


def test_filled_reaches_everything() -> None:
    """Placeholders are replaced in bytes, mappings, tuples and lists, and whatever else stands there is kept."""
    form = re.compile("x")
    expect = Expect(status=200, json={"a": ["(fresh)", form, ...]}, headers=(("A", "(key)"), ("B", None)))
    assert filled(expect, KNOWN) == Expect(
        status=200, json={"a": ["new", form, ...]}, headers=(("A", "key-1"), ("B", None))
    )
    assert sent(Raw((b"GET /(second-key)", b"(key-cut)")), KNOWN) == (b"GET /key-2", b"key-")


def test_a_second_key_that_is_missing_is_not_filled() -> None:
    """Without a second key its placeholder stays, so that a row can be seen to need it."""
    assert filled("(second-key)", values("key-1", None, "new")) == "(second-key)"


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"GET / HTTP/1.1\r\nOrigin: a\r\n\r\n", "origin", "a"),
        (b"GET / HTTP/1.1\r\nX: Origin: a\r\n\r\n", "origin", None),
    ],
)
def test_headers_of_raw_bytes(head: bytes, name: str, expected: str | None) -> None:
    """The method and the headers of raw bytes are read from them."""
    assert (Raw((head,)).method, Raw((head,)).header(name)) == ("GET", expected)
