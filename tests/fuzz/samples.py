"""For each class of `known`: requests that it takes, and near ones that it does not.

Rule: a sample shows the class on both servers; a neighbour is hardly different, and gets the same answers from both.
Neighbours: `known` (the classes), `test_known` (plays these).
"""

from dataclasses import dataclass, replace

from tests.fuzz.damage import BODY
from tests.fuzz.example import Example

GET = b"GET /health HTTP/1.1\r\nHost: parity.test\r\nX-Request-ID: x\r\n\r\n"
VAST = b"1" + b"0" * 16


@dataclass(frozen=True, slots=True)
class Sample:
    """`takes`: examples of the class `id`; `leaves`: neighbours that are none."""

    id: str
    takes: tuple[Example, ...]
    leaves: tuple[Example, ...]


def run(*requests: bytes) -> Example:
    """Requests at once on a connection of their own."""
    return Example("known", requests, "run")


def line(start: bytes) -> Example:
    """A request with this start line."""
    return run(GET.replace(b"GET /health HTTP/1.1", start))


def headed(*headers: bytes) -> Example:
    """A GET with these headers, too."""
    return run(GET.replace(b"\r\n\r\n", b"\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n"))


def posted(*headers: bytes, body: bytes = BODY, key: bytes = b"(key)", version: bytes = b"1.1") -> Example:
    """A chat with these headers, its length not told but by them."""
    fixed = (
        b"POST /chat HTTP/" + version,
        b"Host: parity.test",
        b"X-API-Key: " + key,
        b"Content-Type: application/json",
    )
    return run(b"\r\n".join([*fixed, b"X-Request-ID: x", *headers, b"", body]))


def chunked(size: bytes = b"%x", trailers: bytes = b"", end: bytes = b"\r\n", key: bytes = b"(key)") -> Example:
    """A chat in one chunk; `size` may hold `%x` for its length."""
    told = size % len(BODY) if b"%x" in size else size
    body = b"%b\r\n%b\r\n0\r\n%b%b" % (told, BODY, trailers, end)
    return posted(b"Transfer-Encoding: chunked", body=body, key=key)


CODED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d" % len(BODY)

SAMPLES = (
    Sample("openapi-document", (line(b"GET /openapi.json HTTP/1.1"),), (line(b"GET /openapi.jso HTTP/1.1"),)),
    Sample("repeated-host", (headed(b"Host: parity.test"), headed(b"HOST: x")), (headed(b"Hosts: x", b"X-Host: x"),)),
    Sample(
        "repeated-content-type",
        (posted(LENGTH, b"content-type: text/plain"),),
        (posted(LENGTH, b"Content-Types: x", b"Content-Language: en"),),
    ),
    Sample(
        "unknown-method",
        (line(b"BREW /health HTTP/1.1"), line(b"G_T / HTTP/1.1")),
        (line(b"PURGE / HTTP/1.1"), line(b"BR / HTTP/1.1")),
    ),
    Sample(
        "http-version",
        (
            line(b"GET /health HTTP/2.0"),
            line(b"GET /health HTTP/0.9"),
            line(b"GET /health"),
            line(b"GET /health HTTP/1.2"),
        ),
        (line(b"GET /health HTTP/1.0"), line(b"GET /health HTTP/3.0"), line(b"GET /health HTTP/1")),
    ),
    Sample(
        "two-spaces",
        (line(b"GET  /health HTTP/1.1"), line(b"GET /health  HTTP/1.1")),
        (line(b"GET /health HTTP/1.1"), line(b"GET /health HTTP/ 1.1")),
    ),
    Sample(
        "empty-lines",
        (run(b"\r\n\r\n" + GET), run(GET, b"\r\n\r\n" + GET)),
        (run(b"\r\n" + GET), run(GET, b"\r\n" + GET)),
    ),
    Sample(
        "asterisk-target",
        (line(b"GET * HTTP/1.1"), line(b"GET ** HTTP/1.1")),
        (line(b"OPTIONS * HTTP/1.1"), line(b"GET /* HTTP/1.1")),
    ),
    Sample(
        "absolute-form",
        (
            line(b"GET http://parity.test HTTP/1.1"),
            line(b"GET http://parity.test?x HTTP/1.1"),
            line(b"GET http:///health HTTP/1.1"),
            line(b"GET :// HTTP/1.1"),
        ),
        (
            line(b"GET http://parity.test/ HTTP/1.1"),
            line(b"GET http://parity.test:80/health?x HTTP/1.1"),
            line(b"GET http:/health HTTP/1.1"),
        ),
    ),
    Sample(
        "connect", (line(b"CONNECT /health HTTP/1.1"), line(b"CONNECT # HTTP/1.1")), (line(b"TRACE /health HTTP/1.1"),)
    ),
    Sample(
        "long-request-line",
        (line(b"GET /health?%b HTTP/1.1" % (b"x" * 4074)),),
        (line(b"GET /health?%b HTTP/1.1" % (b"x" * 4073)),),
    ),
    Sample("long-header", (headed(b"X: " + b"y" * 8186),), (headed(b"X: " + b"y" * 8185),)),
    Sample("many-headers", (headed(*[b"X: y"] * 99),), (headed(*[b"X: y"] * 98),)),
    Sample("unknown-expectation", (headed(b"Expect: magic"), headed(b"Expect:")), (headed(b"Expect: 100-Continue"),)),
    Sample(
        "script-name",
        (headed(b"SCRIPT_NAME: /elsewhere"),),
        (headed(b"SCRIPT-NAME: /elsewhere"), headed(b"SCRIPT_NAMES: /elsewhere")),
    ),
    Sample(
        "contradictory-scheme",
        (headed(b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"),),
        (headed(b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: on"),),
    ),
    Sample(
        "upgrade-with-body",
        (posted(LENGTH, b"Connection: Upgrade", b"Upgrade: h2c"),),
        (posted(LENGTH, b"Upgrade: h2c"),),
    ),
    Sample("upgrade-with-more", (headed(b"Connection: Upgrade", b"Upgrade: h2c"),), (headed(b"Connection: Upgrade"),)),
    Sample(
        "vast-length",
        (posted(b"Content-Length: 18446744073709551616"),),
        (posted(b"Content-Length: 18446744073709551615"),),
    ),
    Sample(
        "chunked-in-http-1.0",
        (posted(b"Transfer-Encoding: chunked", body=CODED, version=b"1.0"),),
        (posted(LENGTH, version=b"1.0"),),
    ),
    Sample(
        "unknown-transfer-coding",
        (posted(b"Transfer-Encoding: x, chunked", body=CODED),),
        (posted(b"Transfer-Encoding: x", body=CODED), posted(b"Transfer-Encoding: gzip, chunked", body=CODED)),
    ),
    Sample(
        "tab-after-coding",
        (posted(b"Transfer-Encoding: chunked\t", body=CODED),),
        (posted(b"Transfer-Encoding: chunked ", body=CODED), posted(b"Transfer-Encoding:\tchunked", body=CODED)),
    ),
    Sample("vast-chunk", (chunked(VAST + b"0"),), (chunked(b"0" * 14 + b"%x"),)),
    Sample("space-after-chunk-size", (chunked(b"%x ;a=b"),), (chunked(b"%x;a=b"), chunked(b'%x;a="b c"'))),
    Sample(
        "forbidden-trailer",
        (
            chunked(trailers=b"Host: x\r\n"),
            chunked(trailers=b"Content-Length: 5\r\n"),
            chunked(trailers=b"TE: x\r\n", key=b"no"),
        ),
        (chunked(trailers=b"Hosts: x\r\n"), chunked(trailers=b"X: y\r\n", key=b"no")),
    ),
    Sample(
        "repeated-trailer", (chunked(trailers=b"Content-Type: x\r\n" * 2),), (chunked(trailers=b"Content-Type: x\r\n"),)
    ),
    Sample(
        "long-trailer",
        (chunked(trailers=b"X: " + b"y" * 9000 + b"\r\n"),),
        (chunked(trailers=b"X: " + b"y" * 8000 + b"\r\n"),),
    ),
    Sample(
        "key-in-a-trailer", (chunked(trailers=b"X-API-Key: (key)\r\n"),), (chunked(trailers=b"X-API-Keys: (key)\r\n"),)
    ),
    Sample(
        "merged-trailer",
        (chunked(trailers=b"X-Request-ID: y\r\n"), chunked(trailers=b"Connection: close\r\n")),
        (chunked(trailers=b"X-Request-IDs: y\r\n"),),
    ),
    Sample(
        "broken-chunks",
        (chunked(b"%xg"), chunked(b""), chunked(end=b"x\r\n\r\n"), chunked(b"%x", key=b"no", end=b"x\r\n\r\n")),
        (chunked(b"%x"), chunked(b"0%x")),
    ),
    Sample("half-close", (replace(posted(b"Content-Length: 99"), manner="leave"),), (run(GET),)),
    Sample("refusal-overtakes", (run(GET, b"\0" + GET), posted()), (run(GET, GET),)),
)
