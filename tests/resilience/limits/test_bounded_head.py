"""uvicorn with a limit on a request's head: what is under it passes as ever, what is over it is refused in any place.

Rule: raw bytes on one server; what a client of good will sends must not meet the limit. Neighbours:
`fastapi_impl/protocol.py`, `floods` (the same limit, met by those who would do harm).
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from fastapi_impl.protocol import LIMIT, REFUSAL
from loadtests.targets import load_targets
from tests.conformance.fixtures import started
from tests.conformance.subject import JSON, Subject, payload
from tests.conformance.wire import request

HEALTH = request("GET", "/health")


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """FastAPI with a model that is slow enough to be met in the middle of its answer."""
    log = tmp_path_factory.mktemp("bounded") / "server.log"
    with started(load_targets()["fastapi-uvicorn"], {"SCRIPTED_TTFT": "5", "STREAM_HEARTBEAT": "0.1"}, log) as launched:
        yield launched.subject


def _wide(size: int, *more: tuple[str, str]) -> bytes:
    return request("GET", "/health", [("X-Wide", "v" * size), *more])


def _said(server: Subject, *pieces: bytes) -> bytes:
    """All that the server says to these pieces, until it closes; a reset ends it too."""
    with server.connect() as connection:
        said = bytearray()
        with suppress(ConnectionError):
            for piece in pieces:
                connection.send(piece)
            said += connection.rest()
        return bytes(said)


def test_a_large_head_is_taken(bounded: Subject) -> None:
    """A head just under the limit, twice on one connection, so that more than the limit comes in all: two answers."""
    said = _said(bounded, _wide(LIMIT - 100), _wide(LIMIT - 100, ("Connection", "close")))
    assert said.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    "pieces",
    [
        (_wide(LIMIT),),
        (_wide(LIMIT)[:-9], _wide(LIMIT)[-9:]),
        (request("GET", f"/health?{'v' * LIMIT}"),),
    ],
    ids=["whole", "in two pieces", "as an address"],
)
def test_a_larger_one_is_refused(bounded: Subject, pieces: tuple[bytes, ...]) -> None:
    """A head over the limit, wherever it stands: 431, the end of the connection, and no word of the application."""
    said = _said(bounded, *pieces)
    assert (said.count(b"HTTP/1.1 "), said.count(b"HTTP/1.1 431 ")) == (1, 1)
    assert said.endswith(b"\r\n\r\n" + REFUSAL)


@pytest.mark.parametrize("inside", [True, False], ids=["in one read", "in another"])
def test_behind_another(bounded: Subject, inside: bool) -> None:
    """A head over the limit behind another request: it is never answered as if it were not, wherever it is cut."""
    first = LIMIT // 2 if inside else 0
    pieces = HEALTH + _wide(LIMIT)[:first], _wide(LIMIT)[first:]
    said = _said(bounded, *pieces)
    assert said.count(b"HTTP/1.1 200 ") <= 1
    assert said.count(b"HTTP/1.1 431 ") <= 1


def test_in_the_middle_of_an_answer(bounded: Subject) -> None:
    """A head over the limit behind a stream that is open: the connection ends, and nothing comes between."""
    asked = request("POST", "/chat/stream", [("X-API-Key", bounded.key), JSON], payload("hello"))
    assert b"HTTP/1.1 431 " not in _said(bounded, asked, _wide(4 * LIMIT))
    assert bounded.request("GET", "/health").status == 200


def test_trailers(bounded: Subject) -> None:
    """Trailers over the limit, behind a body that the application waits for: the connection ends."""
    headers = [("X-API-Key", bounded.key), JSON, ("Transfer-Encoding", "chunked")]
    endless = [b"X-Endless: ", *[b"v" * LIMIT] * 16]
    assert _said(bounded, request("POST", "/chat", headers), b"1\r\nv\r\n0\r\n", *endless) == b""


def test_a_body_has_its_own_limit(bounded: Subject) -> None:
    """A body larger than a head may be, in chunks, is the application's to refuse, in its own words."""
    headers = [("X-API-Key", bounded.key), JSON, ("Transfer-Encoding", "chunked")]
    chunk = b"4000\r\n" + b"v" * 0x4000 + b"\r\n"
    answer = bounded.raw(request("POST", "/chat", headers), *[chunk] * 8, b"0\r\n\r\n")
    assert (answer.status, answer.json()["error"]) == (413, "Content too large")
