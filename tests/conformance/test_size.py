"""Bodies over the limit: exact, chunked, early, and while the client is still sending."""

import pytest

from tests.conformance import wire
from tests.conformance.requests import LIMIT
from tests.conformance.subject import JSON, Subject, payload

SPARE = 1024 * 1024
CHUNKED = ("Transfer-Encoding", "chunked")
ROUTES = pytest.mark.parametrize("route", ["/chat", "/chat/stream"])


def _padded(size: int) -> bytes:
    return payload("hello").ljust(size)


def _pieces(body: bytes, size: int = 8192) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def _chunked(server: Subject, route: str, body: bytes) -> wire.Answer:
    head = wire.request("POST", route, [("X-API-Key", server.key), JSON, CHUNKED])
    return server.raw(head, *wire.chunked(_pieces(body)))


@ROUTES
@pytest.mark.clause("errors.too-large")
def test_the_limit_is_exact(server: Subject, route: str) -> None:
    """A body of exactly the limit is taken, one byte more is 413, and the detail names the limit."""
    assert server.post(route, _padded(LIMIT)).status == 200
    answer = server.post(route, _padded(LIMIT + 1))
    assert (answer.status, answer.json()["error"]) == (413, "Content too large")
    assert str(LIMIT) in answer.json()["detail"]


@ROUTES
@pytest.mark.clause("errors.too-large-chunked")
def test_the_limit_is_exact_for_chunked_bodies(server: Subject, route: str) -> None:
    """A chunked body of exactly the limit is taken, one byte more is 413 with the same words."""
    assert _chunked(server, route, _padded(LIMIT)).status == 200
    answer = _chunked(server, route, _padded(LIMIT + 1))
    assert answer.status == 413
    assert answer.json() == server.post(route, _padded(LIMIT + 1)).json()


@pytest.mark.profile("limited")
@pytest.mark.clause("errors.too-large")
def test_the_limit_can_be_set(server: Subject) -> None:
    """MAX_BODY_BYTES sets the limit."""
    assert server.post("/chat", _padded(200)).status == 200
    answer = server.post("/chat", _padded(201))
    assert answer.status == 413
    assert "200" in answer.json()["detail"]


@pytest.mark.clause("errors.too-large-early", "errors.too-large-chunked")
@pytest.mark.parametrize("coding", ["content-length", "chunked"])
def test_a_giant_is_refused_before_its_end(server: Subject, coding: str) -> None:
    """A body that declares 10 GB, or that never ends, is answered when 1 MiB over the limit has been read."""
    sent = _pieces(b" " * (LIMIT + SPARE + 8192), 8192)
    length = CHUNKED if coding == "chunked" else ("Content-Length", "10000000000")
    with server.connect(timeout=5) as connection:
        connection.expect("POST")
        connection.send(wire.request("POST", "/chat", [("X-API-Key", server.key), JSON, length]))
        connection.send(*(wire.chunked(sent, end=False) if coding == "chunked" else sent))
        assert connection.answer().status == 413


@pytest.mark.clause("errors.too-large-sending")
@pytest.mark.parametrize("coding", ["content-length", "chunked"])
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_a_client_still_sending_gets_the_answer(server: Subject, route: str, coding: str) -> None:
    """A client that reads only after it has sent all of its body, 1 MiB over the limit, reads the 413."""
    body = b" " * (LIMIT + SPARE)
    answer = _chunked(server, route, body) if coding == "chunked" else server.post(route, body)
    assert (answer.status, answer.json()["error"]) == (413, "Content too large")


@pytest.mark.clause("errors.too-large-sending", "order.key-first")
@pytest.mark.parametrize(
    ("target", "keyed", "status"), [("/chat", False, 401), ("/nope", True, 404), ("/health", True, 405)]
)
def test_other_errors_reach_a_client_still_sending(server: Subject, target: str, keyed: bool, status: int) -> None:
    """A large body whose request is refused for another reason gets that answer, not a reset."""
    key = [("X-API-Key", server.key)] if keyed else []
    assert server.request("POST", target, [*key, JSON], b" " * (LIMIT + SPARE)).status == status


@pytest.mark.clause("request.message")
def test_split_bodies(server: Subject) -> None:
    """A body that comes byte by byte, or in chunks that split a character, is the same body."""
    body = payload("Grüße 😀")
    head = wire.request("POST", "/chat", [("X-API-Key", server.key), JSON, ("Content-Length", str(len(body)))])
    assert server.raw(head, *_pieces(body, 1)).status == 200
    coded = wire.request("POST", "/chat", [("X-API-Key", server.key), JSON, CHUNKED])
    assert server.raw(coded, *wire.chunked(_pieces(body, 1))).status == 200


@pytest.mark.clause("json.malformed", "errors.internal")
@pytest.mark.parametrize("body", [b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n"])
def test_broken_chunks(server: Subject, body: bytes) -> None:
    """Chunks that make no sense are the client's fault, 400 from the server or 422 from the app, and never a 500."""
    head = wire.request("POST", "/chat", [("X-API-Key", server.key), JSON, CHUNKED])
    assert server.raw(head, body).status in {400, 422}
