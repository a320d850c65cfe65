"""Requests that several cases send: every route, every kind of error, every kind of malformed JSON.

Rule: data only; each row has a readable id, and one table serves the cases about the envelope, request ids, CORS
and the comparison of the two servers. Neighbours: `subject` (sends them).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    keyed: bool = field(default=True)

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

SUCCESSES = (
    Case("page", "GET", "/", 200, keyed=False),
    Case("health", "GET", "/health", 200, keyed=False),
    Case("docs", "GET", "/docs", 200, keyed=False),
    Case("openapi", "GET", "/openapi.json", 200, keyed=False),
    Case("chat", "POST", "/chat", 200, (JSON,), payload("hello", "routes")),
    Case("stream", "POST", "/chat/stream", 200, (JSON,), payload("hello", "routes")),
    Case("delete", "DELETE", "/sessions/nobody", 204),
)

ERRORS = (
    Case("unknown-route", "GET", "/nope", 404),
    Case("unknown-session", "GET", "/sessions/nobody", 404),
    Case("method", "GET", "/chat", 405),
    Case("plain-options", "OPTIONS", "/health", 405),
    Case("no-key", "POST", "/chat", 401, (JSON,), payload("hello"), keyed=False),
    Case("no-key-stream", "POST", "/chat/stream", 401, (JSON,), payload("hello"), keyed=False),
    Case("no-key-session", "GET", "/sessions/nobody", 401, keyed=False),
    Case("media-type", "POST", "/chat", 415, (("Content-Type", "text/plain"),), payload("hello")),
    Case("too-large", "POST", "/chat", 413, (JSON,), b" " * (LIMIT + 1)),
    Case("malformed", "POST", "/chat", 422, (JSON,), b"{"),
    Case("malformed-stream", "POST", "/chat/stream", 422, (JSON,), b"{"),
    Case("empty-message", "POST", "/chat", 422, (JSON,), payload("")),
    Case("no-object", "POST", "/chat", 422, (JSON,), b"[]"),
)

FAULTS = (
    Case("fail", "POST", "/chat", 502, (JSON,), payload("/fail")),
    Case("hang", "POST", "/chat", 504, (JSON,), payload("/hang")),
    Case("crash", "POST", "/chat", 500, (JSON,), payload("/crash")),
    Case("stall", "POST", "/chat", 502, (JSON,), payload("/stall")),
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


def nested(levels: int) -> bytes:
    """A valid request with an unknown field that is nested so deep (the request itself is the first level)."""
    inner = levels - 1
    return b'{"message": "deep", "extra": ' + b"[" * inner + b"]" * inner + b"}"


MALFORMED: Mapping[str, bytes] = MappingProxyType(
    {
        "empty": b"",
        "blank": b" \n",
        "word": b"hello",
        "unclosed": b'{"message": "hi"',
        "single-quotes": b"{'message': 'hi'}",
        "trailing-comma": b'{"message": "hi",}',
        "trailing-text": b'{"message": "hi"} x',
        "two-values": b'{"message": "hi"}{"message": "hi"}',
        "comment": b'{"message": "hi"} // note',
        "control-character": b'{"message": "a\nb"}',
        "bad-escape": b'{"message": "\\x41"}',
        "leading-zero": b'{"message": "hi", "n": 01}',
        "plus-sign": b'{"message": "hi", "n": +1}',
        "bare-point": b'{"message": "hi", "n": .5}',
        "other-space": b'{"message":\x0c"hi"}',
        "invalid-utf8": b'{"message": "\xff"}',
        "overlong-utf8": b'{"message": "\xc0\xaf"}',
        "surrogate-in-utf8": b'{"message": "\xed\xa0\x80"}',
        "utf-16": '{"message": "hi"}'.encode("utf-16"),
        "utf-16-le": '{"message": "hi"}'.encode("utf-16-le"),
        "utf-32": '{"message": "hi"}'.encode("utf-32"),
        "byte-order-mark": b'\xef\xbb\xbf{"message": "hi"}',
        "lone-high-surrogate": b'{"message": "\\ud800"}',
        "lone-low-surrogate": b'{"message": "\\udc00"}',
        "swapped-surrogates": b'{"message": "\\udc00\\ud800"}',
        "surrogate-and-letter": b'{"message": "\\ud83dx"}',
        "surrogate-in-unknown-field": b'{"message": "hi", "extra": ["\\udfff"]}',
        "surrogate-in-key": b'{"message": "hi", "\\ud800": 1}',
        "nesting-1000": nested(1000),
        "nesting-30000": nested(30_000),
        "open-brackets": b"[" * 60_000,
        "integer-5000-digits": b'{"message": "hi", "n": ' + b"9" * 5000 + b"}",
        "negative-5000-digits": b'{"message": "hi", "n": -' + b"9" * 5000 + b"}",
        "integer-5000-alone": b"1" * 5000,
        "nan": b'{"message": "hi", "n": NaN}',
        "infinity": b'{"message": "hi", "n": Infinity}',
        "minus-infinity": b'{"message": "hi", "n": -Infinity}',
        "nan-alone": b"NaN",
    }
)
