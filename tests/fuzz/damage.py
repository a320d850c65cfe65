"""Requests that are damaged, or say what parsers quarrel about: headers, targets, whole requests, pipelines.

Rule: each goes out on a connection of its own with the probe behind it, so that a server that loses its place is seen.
Neighbours: `framing` (lengths and chunks), `json_bytes` (the edits), `known` (what servers may do differently here).
"""

from hypothesis import strategies as st

from tests.fuzz import values
from tests.fuzz.example import KEY, PROBE, SESSION, Example
from tests.fuzz.json_bytes import edited, edits
from tests.fuzz.values import GOOD_KEY, JSON_TYPE
from tests.fuzz.wellformed import ID, assembled, chat, few_cuts

BODY = b'{"message":"hi","and":"more"}'
"""Without a session: what one server refuses is stored on the other, and no later example may see that."""
BASES = (
    assembled(b"GET", b"/health", (ID,)),
    chat(b"/chat", BODY),
    chat(b"/chat/stream", BODY),
    assembled(b"GET", b"/sessions/" + SESSION, (GOOD_KEY, ID)),
    assembled(b"DELETE", b"/sessions/" + SESSION, (GOOD_KEY, ID)),
    assembled(b"POST", b"/chat", (JSON_TYPE, ID), BODY),
)
bases = st.sampled_from(BASES)

TOKENS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"\x00", b"\x0b", b"\x7f", b"\x80", b"\xff", b"/", b"//",
    b"/..", b"%", b"%2e", b"#", b"?", b"HTTP/1.1", b"HTTP/1.0", b"\r\n\r\n", b"\r\n ", b"GET ", b"X: y\r\n",
    b"Connection: close\r\n", KEY,
)  # fmt: skip

LINES = (
    b"X: y",
    b"X:",
    b"X:y",
    b"X: ",
    b"X : y",
    b" X: y",
    b"X",
    b": y",
    b"X: a\r\n b",
    b"X: a\r\n\tb",
    b"X:\ty\t",
    b"X: a\x00b",
    b"X: a\x0bb",
    b"X: a\x7fb",
    b"X: a\x80b",
    b"X: a\rb",
    b"X: a\nb",
    b"X: " + b"y" * 8180,
    b"X: " + b"y" * 8192,
    b"X@: y",
    b"X\x80: y",
    b"(): y",
    b"Host: other.test",
    b"Host: a b",
    b"Host:",
    b"Content-Type: text/plain",
    b"Content-Type: application/json",
    b"Content_Length: 1",
    b"X-API-Key: wrong",
    b"X-Request-ID: y",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: x, close",
    b"Connection: Upgrade\r\nUpgrade: h2c",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    b"Upgrade: h2c",
    b"Expect: 100-continue",
    b"Expect: magic",
    b"Expect:",
    b"SCRIPT_NAME: /elsewhere",
    b"PATH_INFO: /docs",
    b"REMOTE_USER: x",
    b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off",
    b"X-Forwarded-Proto: https",
    b"Trailer: X-API-Key",
    b"TE: trailers, chunked",
    b"Keep-Alive: timeout=1",
    b"Proxy-Connection: close",
    b"\r\n".join(b"X-%d: y" % number for number in range(92)),
    b"\r\n".join(b"X-%d: y" % number for number in range(101)),
)
"""Header lines that parsers differ about, or might."""

TARGETS = (
    b"/health", b"/sessions/" + SESSION, b"/health%", b"/health%2", b"/health%zz", b"/%2e/health", b"/./health",
    b"/x/../health", b"/%2Fhealth", b"//health", b"///", b"/health/", b"/health;x", b"/health?", b"/health??",
    b"/health#x", b"/health?#", b"/#", b"#", b"?", b"/health%00", b"/health%0A", b"/health%FF", b"/\xff",
    b"/h\xc3\xa9", b"/\x7f", b"/\\health", b"/health\\", b"/[", b"/{}", b"/|", b'/"', b"/<>", b"/^", b"/`", b"health",
    b"*", b"**", b"/*", b"http://parity.test/health", b"HTTP://PARITY.TEST/health", b"http://parity.test",
    b"http://parity.test?x", b"http://", b"http:/health", b"http:///health", b"http://u:p@parity.test:80/health",
    b"https://other.test/sessions/-", b"ftp://parity.test/health", b"x://health", b"http://[::1]/health",
    b"http://[/health", b"parity.test:80", b"parity.test", b":80", b"", b"/health HTTP/1.1", b"/health ", b" /health",
    b"/a b", b"/\thealth", b"/" + b"x" * 4075, b"/" + b"x" * 4096, b"/health?" + b"x" * 4080,
    b"/health?" + b"x" * 9000, b"/%e2%80%a8", b"/health%E2%80%A8", b"/+", b"/health%20", b"/sessions/%20",
    b"/sessions/a?b=c/d", b"/sessions/..", b"/sessions/%2e%2e", b"/sessions//", b"/sessions/a/", b"/;/health",
)  # fmt: skip
METHODS = (
    b"GET", b"OPTIONS", b"POST", b"DELETE", b"CONNECT", b"TRACE", b"BREW", b"get", b"Get", b"G", b"GE", b"M-SEARCH",
    b"QUERY", b"PRI", b"X" * 20, b"X" * 21, b"", b"GE T", b"G\x00T", b"\xffET", b"GET\t", b"SOURCE", b"PURGE", b"G_T",
    b"REPORT", b"ANNOUNCE", b"LINK",
)  # fmt: skip
VERSIONS = (
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/1.9", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/2", b"HTTP/1.10",
    b"HTTP/01.1", b"http/1.1", b"HTTP/1.", b"HTTP/1", b"HTTP", b"", b"ICE/1.0", b"RTSP/1.0", b"HTTP/1.1 ",
    b" HTTP/1.1", b"HTTP/1,1", b"HTTP/1.1\t", b"HTTP/3.1",
)  # fmt: skip


@st.composite
def headers(draw: st.DrawFn) -> Example:
    """A valid request with some of its header lines odd, doubled, moved or gone."""
    line, *rest = _head_lines(base := draw(bases))
    added = st.sampled_from(LINES) | st.builds(
        lambda name, before, value, after: b"%b:%b%b%b" % (name, before, value, after),
        values.names,
        values.spaces,
        values.plain_values | st.binary(max_size=3),
        values.spaces,
    )
    for kind in draw(st.lists(st.sampled_from("addcs"), min_size=1, max_size=2)):
        place = draw(st.integers(0, len(rest)))
        before, after = rest[:place], rest[place:]
        if kind == "a":
            rest = [*before, draw(added), *after]
        elif kind == "d":
            rest = [*before, *after[:1], *after]
        elif kind == "c":
            rest = [*before, *(header.swapcase() for header in after)]
        else:
            rest = [*before, *after[1:]]
    request = b"\r\n".join([line, *rest, b"", base.partition(b"\r\n\r\n")[2]])
    return Example("header", (request,), "run", draw(few_cuts))


def _head_lines(request: bytes) -> list[bytes]:
    return request.partition(b"\r\n\r\n")[0].split(b"\r\n")


@st.composite
def targets(draw: st.DrawFn) -> Example:
    """A request line of odd parts: method, target, version."""
    odd = draw(st.sampled_from("tttmmvv"))
    verb = draw(st.sampled_from(METHODS)) if odd == "m" else b"GET"
    target = draw(_odd_targets) if odd == "t" else b"/health"
    version = draw(st.sampled_from(VERSIONS)) if odd == "v" else b"HTTP/1.1"
    before = draw(st.sampled_from([b"", b"", b"", b"\r\n", b"\r\n\r\n", b"\n", b" ", b"\x00"])) if odd == "v" else b""
    verb = draw(st.sampled_from([b"GET", b"GET", b"OPTIONS", b"DELETE"])) if odd == "t" else verb
    line = before + b"%b %b %b" % (verb, target, version)
    return Example(
        "target",
        (b"%b\r\nHost: parity.test\r\nX-API-Key: (key)\r\nX-Request-ID: x\r\n\r\n" % line,),
        "run",
        draw(few_cuts),
    )


_odd_targets = st.sampled_from(TARGETS) | st.builds(
    edited,
    st.sampled_from(TARGETS[:12]),
    st.lists(
        edits((b"%", b"%2", b"%2F", b"/", b".", b"..", b"?", b"#", b";", b"@", b":", b"\\", b"\x80", b"*", b"[", b"]")),
        max_size=2,
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> Example:
    """A valid request with some bytes changed, anywhere."""
    return Example(
        "bytes", (edited(draw(bases), draw(st.lists(edits(TOKENS), min_size=1, max_size=2))),), "run", draw(few_cuts)
    )


@st.composite
def pipelines(draw: st.DrawFn) -> Example:
    """Two to four requests on one connection, none of which waits for an answer; some are damaged."""
    some = draw(st.lists(bases, min_size=2, max_size=4))
    if draw(st.integers(0, 3)) == 3:
        some[-1] = edited(some[-1], draw(st.lists(edits(TOKENS), min_size=1, max_size=1)))
    return Example("pipeline", tuple(some), "run", draw(few_cuts))


@st.composite
def leavers(draw: st.DrawFn) -> Example:
    """A client that ends its side of the connection after a request, or in the middle of one."""
    request = draw(bases)
    length = draw(st.just(len(request)) | st.integers(0, len(request)))
    more = draw(st.sampled_from([(), (PROBE,)])) if length == len(request) else ()
    return Example("leave", (request[:length], *more), "leave", draw(few_cuts))
