"""Which error wins when several hold: 404, 405, 401, 415, 413, 422, each pair of them."""

import pytest

from tests.conformance.requests import LIMIT, MALFORMED
from tests.conformance.subject import JSON, Subject, payload

TEXT = ("Content-Type", "text/plain")
GARBAGE = b"\xff{"
HUGE = b"{" * (LIMIT + 1)

ROUTES_FIRST = {
    "404-before-405": ("DELETE", "/nope", True, JSON, payload("hi"), 404),
    "404-before-401": ("POST", "/nope", False, JSON, payload("hi"), 404),
    "404-before-415": ("POST", "/nope", True, TEXT, payload("hi"), 404),
    "404-before-413": ("POST", "/nope", True, JSON, HUGE, 404),
    "404-before-422": ("POST", "/nope", True, JSON, GARBAGE, 404),
    "404-before-all": ("POST", "/nope", False, TEXT, HUGE, 404),
    "405-before-401": ("PUT", "/chat", False, JSON, payload("hi"), 405),
    "405-before-415": ("PUT", "/chat", True, TEXT, payload("hi"), 405),
    "405-before-413": ("PUT", "/chat", True, JSON, HUGE, 405),
    "405-before-422": ("PUT", "/chat", True, JSON, GARBAGE, 405),
    "405-before-all": ("DELETE", "/chat/stream", False, TEXT, HUGE, 405),
}
BODIES = {
    "415-wrong-type": (TEXT, payload("hi")),
    "413-too-large": (JSON, HUGE),
    "422-empty-message": (JSON, payload("")),
    "all-of-them": (TEXT, HUGE),
}
BOTH = pytest.mark.parametrize("route", ["/chat", "/chat/stream"])


@pytest.mark.clause("order.routes-first")
@pytest.mark.parametrize("case", ROUTES_FIRST.values(), ids=ROUTES_FIRST.keys())
def test_routes_first(server: Subject, case: tuple[str, str, bool, tuple[str, str], bytes, int]) -> None:
    """An unknown address or method is told whatever else is wrong."""
    method, target, keyed, media, body, status = case
    key = [("X-API-Key", server.key)] if keyed else []
    assert server.request(method, target, [*key, media], body).status == status


@BOTH
@pytest.mark.clause("order.key-first")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_key_before_body(server: Subject, route: str, body: tuple[tuple[str, str], bytes]) -> None:
    """Without a key every body gets the same 401, and nothing is learned about it."""
    assert server.request("POST", route, [body[0]], body[1]).status == 401


@pytest.mark.clause("order.key-first")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_key_before_malformed_json(server: Subject, body: bytes) -> None:
    """Without a key no malformed body is parsed."""
    answer = server.request("POST", "/chat", [JSON], body)
    assert (answer.status, answer.json()["detail"]) == (401, "Invalid API Key")


@pytest.mark.clause("order.key-first", "keys.refused")
def test_key_before_session(server: Subject) -> None:
    """Without a key nobody learns which sessions there are."""
    assert server.chat("hello", "order-known").status == 200
    for session in ("order-known", "order-unknown"):
        assert server.request("GET", f"/sessions/{session}").status == 401
        assert server.request("DELETE", f"/sessions/{session}").status == 401
    assert server.messages("order-known")


@BOTH
@pytest.mark.clause("order.media-first")
@pytest.mark.parametrize("body", [HUGE, GARBAGE, payload(""), b""], ids=["413", "422", "422-empty-message", "empty"])
def test_media_type_before_the_rest(server: Subject, route: str, body: bytes) -> None:
    """A wrong content type is told before the body is looked at."""
    assert server.request("POST", route, [("X-API-Key", server.key), TEXT], body).status == 415


@BOTH
@pytest.mark.clause("order.size-first")
def test_size_before_json(server: Subject, route: str) -> None:
    """A body over the limit is told before it is parsed."""
    assert server.post(route, HUGE).status == 413
