"""What counts as a difference between two answers, and what does not."""

from collections.abc import Mapping

import pytest

from tests.conformance.compare import differences
from tests.conformance.wire import Answer

UUIDS = ("0b2f8f2e-53ad-4d27-9c0c-6a0f4fb7c001", "6f7d0f7e-1111-4222-8333-444455556666")


def _answer(body: bytes = b"{}", status: int = 200, **headers: str) -> Answer:
    return _with(headers, body, status)


def _with(headers: Mapping[str, str], body: bytes = b"{}", status: int = 200) -> Answer:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, (("content-length", str(len(body))), *pairs), body)


def test_equal_answers() -> None:
    """The same answer twice has no differences, nor has one with its headers in another order."""
    one = _answer(vary="Origin", allow="GET")
    assert differences(one, one) == []
    assert differences(one, _answer(allow="GET", vary="Origin")) == []


@pytest.mark.parametrize("name", ["server", "date", "connection", "keep_alive", "transfer_encoding"])
def test_what_belongs_to_the_server_program(name: str) -> None:
    """Headers that the contract lets differ are no difference, present or absent."""
    assert differences(_answer(), _with({name: "x"})) == []


def test_status_and_header_and_body() -> None:
    """Each difference is said in words with both sides in it."""
    found = differences(_answer(b"abc", 200, allow="GET"), _answer(b"abd", 404))
    assert found == [
        "status 200 and 404",
        "header allow: 'GET' and absent",
        "body from character 2: …'abc' and …'abd'",
    ]


def test_a_repeated_header() -> None:
    """A header that one sends twice is a difference."""
    twice = Answer(200, (("content-length", "2"), ("vary", "Origin"), ("vary", "Origin")), b"{}")
    assert differences(_answer(vary="Origin"), twice) == ["header vary: 'Origin' and 'Origin', 'Origin'"]


def test_a_body_that_is_longer() -> None:
    """A body that only goes on longer is a difference, and so is its length."""
    assert len(differences(_answer(b"ab"), _answer(b"abc"))) == 2


def test_what_is_new_each_time() -> None:
    """New session ids and times of day are masked, and their lengths with them."""
    one, other = (_answer(b'{"session_id":"%b"}' % name.encode()) for name in UUIDS)
    assert differences(one, other) == []
    assert differences(_answer(b"It is 2026-01-02 03:04:05."), _answer(b"It is 2027-11-12 13:14.")) == []
    assert differences(_answer(b"one"), _answer(b"two")) != []


def test_request_ids() -> None:
    """A request id that was sent must come back from both; one that was not is new, and must be there."""
    assert differences(_answer(x_request_id="a1"), _answer(x_request_id="b2"), b"X-Request-ID: c3") == []
    assert differences(_answer(x_request_id="mine"), _answer(x_request_id="b2"), b"X-Request-ID: mine") != []
    assert differences(_answer(x_request_id="a1"), _answer()) != []
    assert differences(_answer(x_request_id="a b"), _answer(x_request_id="a1")) != []


def test_bytes_that_are_no_text() -> None:
    """Bodies that are no UTF-8 are compared too."""
    (found,) = differences(_answer(b"\xff"), _answer(b"\xfe"))
    assert found.startswith("body from character")
