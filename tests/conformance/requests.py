"""Requests that several cases send: every route, every kind of error, every kind of failure.

Rule: data only; each row has a readable id and says in a few words what it is, and one table serves the cases about
the envelope, request ids, CORS and the log. Neighbours: `subject` (sends them), `cases` (makes rows of them).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.conformance import wire
from tests.conformance.subject import JSON, Subject, payload

LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Case:
    """A request without its key, and the status it must get. `keyed` sends the subject's key along."""

    id: str
    method: str
    target: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    keyed: bool = True
    words: str = ""
    """What it is, in the middle of a sentence."""

    def send(self, subject: Subject, *more: tuple[str, str]) -> wire.Answer:
        """Send it, with some headers more."""
        key = [("X-API-Key", subject.key)] if self.keyed else []
        return subject.request(self.method, self.target, [*key, *self.headers, *more], self.body)


ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "/": "GET, HEAD",
        "/health": "GET, HEAD",
        "/chat": "POST",
        "/chat/stream": "POST",
        "/sessions/some-id": "DELETE, GET, HEAD",
        "/openapi.json": "GET, HEAD",
        "/docs": "GET, HEAD",
    }
)
"""Each route with the methods it takes, as `Allow` lists them."""

TEXT = ("Content-Type", "text/plain")
TURN = payload("hello", "routes")

SUCCESSES = (
    Case("page", "GET", "/", 200, keyed=False, words="the chat page"),
    Case("health", "GET", "/health", 200, keyed=False, words="the health check"),
    Case("docs", "GET", "/docs", 200, keyed=False, words="the documentation"),
    Case("openapi", "GET", "/openapi.json", 200, keyed=False, words="the OpenAPI document"),
    Case("chat", "POST", "/chat", 200, (JSON,), TURN, words="a turn"),
    Case("stream", "POST", "/chat/stream", 200, (JSON,), TURN, words="a streamed turn"),
    Case("delete", "DELETE", "/sessions/nobody", 204, words="a deletion of a session that is not there"),
)

ERRORS = (
    Case("unknown-route", "GET", "/nope", 404, words="a request to an address that is no route"),
    Case("unknown-session", "GET", "/sessions/nobody", 404, words="a look at a session that is not there"),
    Case("method", "GET", "/chat", 405, words="a GET of a route that takes only POST"),
    Case("plain-options", "OPTIONS", "/health", 405, words="an OPTIONS that is no preflight"),
    Case("no-key", "POST", "/chat", 401, (JSON,), payload("hello"), keyed=False, words="a turn without a key"),
    Case(
        "no-key-stream",
        "POST",
        "/chat/stream",
        401,
        (JSON,),
        payload("hello"),
        keyed=False,
        words="a streamed turn without a key",
    ),
    Case("no-key-session", "GET", "/sessions/nobody", 401, keyed=False, words="a look at a session without a key"),
    Case("media-type", "POST", "/chat", 415, (TEXT,), payload("hello"), words="a turn sent as plain text"),
    Case("too-large", "POST", "/chat", 413, (JSON,), b" " * (LIMIT + 1), words="a body one byte over the limit"),
    Case("malformed", "POST", "/chat", 422, (JSON,), b"{", words="malformed JSON"),
    Case("malformed-stream", "POST", "/chat/stream", 422, (JSON,), b"{", words="malformed JSON for a stream"),
    Case("empty-message", "POST", "/chat", 422, (JSON,), payload(""), words="an empty message"),
    Case("no-object", "POST", "/chat", 422, (JSON,), b"[]", words="JSON that is no object"),
)

FAULTS = (
    Case("fail", "POST", "/chat", 502, (JSON,), payload("/fail"), words="a turn whose model fails"),
    Case("hang", "POST", "/chat", 504, (JSON,), payload("/hang"), words="a turn whose model stays silent"),
    Case("crash", "POST", "/chat", 500, (JSON,), payload("/crash"), words="a turn that fails unexpectedly"),
    Case("stall", "POST", "/chat", 502, (JSON,), payload("/stall"), words="a turn whose model fails halfway"),
)

TITLES: Mapping[int, str] = MappingProxyType(
    {
        401: "Unauthorized",
        404: "Not found",
        405: "Method not allowed",
        413: "Content too large",
        415: "Unsupported media type",
        422: "Validation error",
        500: "Internal server error",
        502: "Bad gateway",
        503: "Service unavailable",
        504: "Gateway timeout",
    }
)
