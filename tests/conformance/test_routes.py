"""The routes: what each answers, HEAD, unknown addresses, methods that are not taken, no redirects."""

import re
from itertools import product

import pytest

from tests.conformance import wire
from tests.conformance.requests import ROUTES
from tests.conformance.subject import JSON, Subject, fresh, payload

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
REFUSED = [(method, target) for target, method in product(ROUTES, METHODS) if method not in ROUTES[target].split(", ")]
REPAIRABLE = (
    "//health",
    "/health/",
    "/health//",
    "/chat/",
    "//chat",
    "/chat//stream",
    "/chat/stream/",
    "/docs/",
    "/openapi.json/",
    "/sessions",
    "/sessions/",
    "/sessions//",
    "/sessions/a/",
    "/sessions/a/b",
    "/HEALTH",
    "//",
)
FAILED_GETS = [
    ("/nope", True, 404),
    ("/sessions/nobody", True, 404),
    ("/sessions/nobody", False, 401),
    ("/chat", True, 405),
]


@pytest.mark.clause("routes.health")
def test_health(server: Subject) -> None:
    """GET /health needs no key and gives the status and the version, in this order."""
    answer = server.request("GET", "/health")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert list(answer.json().items()) == [("status", "healthy"), ("version", "1.0.0")]


@pytest.mark.clause("routes.chat")
def test_chat(server: Subject) -> None:
    """POST /chat answers a turn as JSON."""
    answer = server.chat("hello")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert answer.json()["reply"]


@pytest.mark.clause("routes.stream")
def test_stream(server: Subject) -> None:
    """POST /chat/stream answers a turn as events."""
    answer = server.post("/chat/stream", payload("hello"))
    assert answer.status == 200
    assert answer.body.startswith(b"data: ")


@pytest.mark.clause("routes.head")
@pytest.mark.parametrize("target", [route for route, allow in ROUTES.items() if "HEAD" in allow])
def test_head(server: Subject, target: str) -> None:
    """HEAD answers the status and the headers of GET, and no body."""
    if "sessions" in target:
        assert server.chat("hello", target.rpartition("/")[2]).status == 200
    get = server.get(target)
    head = server.request("HEAD", target, [("X-API-Key", server.key)])
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Type") == get.header("Content-Type")
    assert head.header("Content-Length") in {None, str(len(get.body))}


@pytest.mark.clause("routes.head", "errors.envelope")
@pytest.mark.parametrize(("target", "keyed", "status"), FAILED_GETS)
def test_head_of_an_error(server: Subject, target: str, keyed: bool, status: int) -> None:
    """HEAD where GET fails answers GET's status and headers, and no body."""
    headers = [("X-API-Key", server.key)] if keyed else []
    get, head = (server.request(method, target, headers) for method in ("GET", "HEAD"))
    assert (get.status, head.status, head.body) == (status, status, b"")
    assert head.header("Content-Type") == get.header("Content-Type") == "application/json"


@pytest.mark.clause("routes.head")
def test_head_then_get_on_one_connection(server: Subject) -> None:
    """HEAD sends not a byte after its headers, so that the next answer on the connection is in step."""
    with server.connect() as connection:
        connection.expect("HEAD")
        connection.send(wire.request("HEAD", "/health") + wire.request("GET", "/health", [("Connection", "close")]))
        assert connection.answer().status == 200
        rest = connection.rest()
    assert rest == b"" or re.match(rb"HTTP/1\.[01] 200 ", rest), rest[:80]


@pytest.mark.clause("routes.unknown")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("target", ["/nope", "/chat/streams", "/docs/nope", "/health%0A", "/chat%0A"])
def test_unknown_address(server: Subject, method: str, target: str) -> None:
    """What is no route is 404, for every method."""
    assert server.request(method, target).status == 404


@pytest.mark.clause("routes.method", "routes.allow", "errors.method")
@pytest.mark.parametrize(("method", "target"), REFUSED)
def test_method_not_taken(server: Subject, method: str, target: str) -> None:
    """A method that a route does not take is 405, and Allow lists those that it takes, sorted."""
    answer = server.request(method, target, [("X-API-Key", server.key)])
    assert (answer.status, answer.header("Allow")) == (405, ROUTES[target])
    assert answer.json()["error"] == "Method not allowed"
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.clause("routes.method")
@pytest.mark.parametrize("header", [("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST")])
def test_half_a_preflight_is_none(server: Subject, header: tuple[str, str]) -> None:
    """OPTIONS with only one of the two headers that make a preflight is 405."""
    answer = server.request("OPTIONS", "/chat", [header])
    assert (answer.status, answer.header("Allow")) == (405, "POST")


@pytest.mark.clause("routes.no-redirect", "routes.unknown")
@pytest.mark.parametrize("target", REPAIRABLE)
def test_no_redirect(server: Subject, target: str) -> None:
    """An address with a slash too many, or in other letters, is 404."""
    answer = server.get(target)
    assert (answer.status, answer.header("Location")) == (404, None)


@pytest.mark.clause("routes.no-redirect")
@pytest.mark.parametrize("target", ["/chat/", "//chat", "/chat/stream/"])
def test_no_redirect_of_a_post(server: Subject, target: str) -> None:
    """A POST to an address with a slash too many is 404."""
    answer = server.request("POST", target, [("X-API-Key", server.key), JSON], payload("hello", fresh()))
    assert (answer.status, answer.header("Location")) == (404, None)


@pytest.mark.clause("routes.health")
def test_a_query_does_not_matter(server: Subject) -> None:
    """A query that nobody asked for changes nothing."""
    assert server.request("GET", "/health?x=1&x=2&%ff").status == 200


@pytest.mark.clause("routes.health", "errors.internal")
def test_an_offered_upgrade_is_not_taken(server: Subject) -> None:
    """A request that offers to go on as a WebSocket is answered as if it had not (RFC 9110, section 7.8)."""
    offer = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    answer = server.request("GET", "/health", [*offer, ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
    assert (answer.status, answer.json()["status"]) == (200, "healthy")
