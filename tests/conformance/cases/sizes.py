"""The limit of a body, exactly: with a declared length and in chunks, with the usual limit and one that was set."""

from tests.conformance import wire
from tests.conformance.case import Case, Expect, Raw, Request
from tests.conformance.cases.build import TURNS, post
from tests.conformance.samples import LIMIT
from tests.conformance.subject import JSON, payload

CHUNKED = ("Transfer-Encoding", "chunked")
KEY = ("X-API-Key", "(key)")
MIB = 1024 * 1024


def _padded(size: int) -> bytes:
    return payload("hello").ljust(size)


def pieces(body: bytes, size: int = 8192) -> list[bytes]:
    """The body cut into pieces of this size."""
    return [body[start : start + size] for start in range(0, len(body), size)]


def _chunked(route: str, body: bytes, size: int = 8192) -> Raw:
    head = wire.request("POST", route, (KEY, JSON, CHUNKED))
    return Raw((head, *wire.chunked(pieces(body, size))))


def _byte_by_byte(route: str, body: bytes) -> Raw:
    head = wire.request("POST", route, (KEY, JSON, ("Content-Length", str(len(body)))))
    return Raw((head, *pieces(body, 1)))


def _coded(route: str, chunks: bytes) -> Raw:
    return Raw((wire.request("POST", route, (KEY, JSON, CHUNKED)) + chunks,))


TAKEN = Expect(status=200)
REFUSED = Expect(status=413, detail_has=str(LIMIT))
HELLO = b"%x\r\n%b\r\n" % (len(payload("hello")), payload("hello"))

FORMS = (
    ("exact", "exactly the limit", LIMIT, "200: the limit itself is allowed.", TAKEN),
    ("one-more", "one byte more than the limit", LIMIT + 1, "413, and the detail names the limit.", REFUSED),
    ("one-mib-more", "1 MiB more than the limit, which the client sends to its end before it reads",
     LIMIT + MIB, "413: who is still sending gets the answer.", REFUSED),
)  # fmt: skip
BROKEN = (
    ("no-length", "have no length", b"zz\r\nhello\r\n0\r\n\r\n"),
    ("no-end", "are longer than their length", b"5\r\nhelloXX0\r\n\r\n"),
    ("negative", "have a negative length", b"-5\r\nhello\r\n0\r\n\r\n"),
)
ELSEWHERE = (
    ("no-key", "POST", "/chat", False, 401, "to POST /chat without a key"),
    ("no-route", "POST", "/nope", True, 404, "to an address that is no route"),
    ("no-method", "POST", "/health", True, 405, "to a route that takes no POST"),
)

CASES = (
    *(
        Case(
            id=f"sizes.{name}-{kind}",
            clauses=("errors.too-large", *(("errors.too-large-sending",) if "mib" in name else ())),
            does=f"POST {route} with a body of {words}.",
            expects=expects,
            request=post(route, _padded(size)),
            expect=expect,
        )
        for kind, route in TURNS
        for name, words, size, expects, expect in FORMS
    ),
    *(
        Case(
            id=f"sizes.chunked-{name}-{kind}",
            clauses=("errors.too-large-chunked", *(("errors.too-large-sending",) if "mib" in name else ())),
            does=f"POST {route} with a body in chunks, together {words}.",
            expects=expects,
            request=_chunked(route, _padded(size)),
            expect=expect,
        )
        for kind, route in TURNS
        for name, words, size, expects, expect in FORMS
    ),
    *(
        Case(
            id=f"sizes.set-{name}",
            clauses=("errors.too-large",),
            does=f"A body of {size} bytes goes to a server whose limit was set to 200.",
            expects=expects,
            request=post("/chat", _padded(size)),
            expect=expect,
            profile="limited",
        )
        for name, size, expects, expect in (
            ("exact", 200, "200: the limit that was set is allowed.", TAKEN),
            (
                "one-more",
                201,
                "413, and the detail names the limit that was set.",
                Expect(status=413, detail_has="200"),
            ),
        )
    ),
    *(
        Case(
            id=f"sizes.sending-{name}",
            clauses=("errors.too-large-sending", "order.key-first" if status == 401 else "order.routes-first"),
            does=f"A body 1 MiB over the limit goes {words}.",
            expects=f"{status}, which the client gets after it has sent all, and no reset.",
            request=Request(method, target, (JSON,), b" " * (LIMIT + MIB), keyed),
            expect=Expect(status=status),
        )
        for name, method, target, keyed, status, words in ELSEWHERE
    ),
    *(
        Case(
            id=f"sizes.chunks-of-a-byte-{kind}",
            clauses=("request.message",),
            does=f"POST {route} with a body in chunks of one byte, which split its characters.",
            expects="200, and the message is stored whole.",
            request=_chunked(route, payload("Grüße 😀"), 1),
            expect=Expect(status=200, stored=("Grüße 😀",)),
        )
        for kind, route in TURNS
    ),
    *(
        Case(
            id=f"sizes.byte-by-byte-{kind}",
            clauses=("request.message",),
            does=f"POST {route} with a declared length and a body of which each byte is a write of its own.",
            expects="200, and the message is stored whole.",
            request=_byte_by_byte(route, payload("Grüße 😀")),
            expect=Expect(status=200, stored=("Grüße 😀",)),
        )
        for kind, route in TURNS
    ),
    Case(
        id="sizes.chunk-extension",
        clauses=("request.message",),
        does="A chunk whose length is followed by an extension, and a trailer after the last.",
        expects="200: both are allowed, and neither means anything here (RFC 9112, section 7.1).",
        request=_coded("/chat", HELLO.replace(b"\r\n", b";a=b\r\n", 1) + b"0\r\nX-Trailer: x\r\n\r\n"),
        expect=TAKEN,
    ),
    Case(
        id="sizes.chunk-length-in-capitals",
        clauses=("request.message",),
        does="A chunk whose length is written in capitals and with zeros before it.",
        expects="200: it is a hexadecimal number.",
        request=_coded(
            "/chat",
            b"000" + HELLO.replace(HELLO.partition(b"\r\n")[0], b"%X" % len(payload("hello")), 1) + b"0\r\n\r\n",
        ),
        expect=TAKEN,
    ),
    *(
        Case(
            id=f"sizes.broken-chunks-{name}-{form}",
            clauses=("json.malformed", "errors.internal"),
            does=f"The body's chunks {words}; they come {when}.",
            expects="400 from the server program or 422 from the app: the client's fault, and no 500.",
            request=Raw((head, chunks) if form == "later" else (head + chunks,)),
            expect=Expect(status=(400, 422)),
        )
        for name, words, chunks in BROKEN
        for form, when in (("later", "in a write of their own"), ("at-once", "in one write with the head"))
        for head in (wire.request("POST", "/chat", (KEY, JSON, CHUNKED)),)
    ),
    *(
        Case(
            id=f"sizes.{name}-{kind}",
            clauses=("json.malformed",),
            does=f"POST {route} with {words}.",
            expects="422 with an entry of type json_invalid: an empty body is malformed.",
            request=Request("POST", route, headers),
            expect=Expect(status=422, detail=None, has={"detail": [{"type": "json_invalid"}]}),
        )
        for kind, route in TURNS
        for name, words, headers in (
            ("length-0", "a declared length of 0", (JSON, ("Content-Length", "0"))),
            ("no-length", "neither a body nor a length", (JSON,)),
        )
    ),
)
