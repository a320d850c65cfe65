"""Requests that several cases send: every route, every kind of error, every kind of failure; and what the contract
says of all of them alike, its methods, titles and limit.

Rule: data only; each sample has a readable id and says in a few words what it is, and one table serves the cases about
the envelope, request ids, CORS and the log. Neighbours: `subject` (sends them), `cases` (makes rows of them).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.conformance import wire
from tests.conformance.subject import JSON, Subject, payload

LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
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
    Sample("page", "GET", "/", 200, keyed=False, words="the chat page"),
    Sample("health", "GET", "/health", 200, keyed=False, words="the health check"),
    Sample("docs", "GET", "/docs", 200, keyed=False, words="the documentation"),
    Sample("openapi", "GET", "/openapi.json", 200, keyed=False, words="the OpenAPI document"),
    Sample("chat", "POST", "/chat", 200, (JSON,), TURN, words="a turn"),
    Sample("stream", "POST", "/chat/stream", 200, (JSON,), TURN, words="a streamed turn"),
    Sample("delete", "DELETE", "/sessions/nobody", 204, words="a deletion of a session that is not there"),
)

ERRORS = (
    Sample("unknown-route", "GET", "/nope", 404, words="a request to an address that is no route"),
    Sample("unknown-session", "GET", "/sessions/nobody", 404, words="a look at a session that is not there"),
    Sample("method", "GET", "/chat", 405, words="a GET of a route that takes only POST"),
    Sample("plain-options", "OPTIONS", "/health", 405, words="an OPTIONS that is no preflight"),
    Sample("no-key", "POST", "/chat", 401, (JSON,), payload("hello"), keyed=False, words="a turn without a key"),
    Sample(
        "no-key-stream",
        "POST",
        "/chat/stream",
        401,
        (JSON,),
        payload("hello"),
        keyed=False,
        words="a streamed turn without a key",
    ),
    Sample("no-key-session", "GET", "/sessions/nobody", 401, keyed=False, words="a look at a session without a key"),
    Sample("media-type", "POST", "/chat", 415, (TEXT,), payload("hello"), words="a turn sent as plain text"),
    Sample("too-large", "POST", "/chat", 413, (JSON,), b" " * (LIMIT + 1), words="a body one byte over the limit"),
    Sample("malformed", "POST", "/chat", 422, (JSON,), b"{", words="malformed JSON"),
    Sample("malformed-stream", "POST", "/chat/stream", 422, (JSON,), b"{", words="malformed JSON for a stream"),
    Sample("empty-message", "POST", "/chat", 422, (JSON,), payload(""), words="an empty message"),
    Sample("no-object", "POST", "/chat", 422, (JSON,), b"[]", words="JSON that is no object"),
)

FAULTS = (
    Sample("fail", "POST", "/chat", 502, (JSON,), payload("/fail"), words="a turn whose model fails"),
    Sample("hang", "POST", "/chat", 504, (JSON,), payload("/hang"), words="a turn whose model stays silent"),
    Sample("crash", "POST", "/chat", 500, (JSON,), payload("/crash"), words="a turn that fails unexpectedly"),
    Sample("stall", "POST", "/chat", 502, (JSON,), payload("/stall"), words="a turn whose model fails halfway"),
)


def sample(name: str) -> Sample:
    """The sample of this id."""
    return next(each for each in (*SUCCESSES, *ERRORS, *FAULTS) if each.id == name)


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
