"""Requests whose length is told in ways that parsers differ about: Content-Length, Transfer-Encoding, chunks, trailers.

Rule: the probe behind the body shows where each server thinks that it ended; two servers that disagree can be played
off against each other (request smuggling), so a difference needs the best of reasons. Neighbours: `damage`, `known`.
"""

from hypothesis import strategies as st

from tests.fuzz.damage import BODY
from tests.fuzz.example import KEY, Example
from tests.fuzz.wellformed import CHATS, few_cuts

LENGTHS = (
    b"%d", b"0%d", b"000000%d", b"+%d", b"-%d", b" %d\t", b"%d ", b"%d, %d", b"%d,%d", b"%d;", b"%d.0", b"0x%x",
    b"%d_0", b"\xb2", b"", b"x", b"18446744073709551615", b"18446744073709551616", b"9223372036854775808", b"1" * 30,
    b"-0", b"-1", b"1e1", b'"%d"', b"\xc2\xa0%d",
)  # fmt: skip
CODINGS = (
    b"chunked", b"Chunked", b"CHUNKED", b" chunked\t", b"identity", b"identity, chunked", b"chunked, identity",
    b"gzip, chunked", b"gzip", b"chunked, gzip", b"chunked, chunked", b"chunked,", b",chunked", b"chunked;q=1",
    b"xchunked", b"chunkedx", b"\x0bchunked", b"", b"x", b'"chunked"', b"chunked\x00", b"deflate, chunked",
    b"x, chunked", b"chunked\r\nTransfer-Encoding: chunked", b"identity\r\nTransfer-Encoding: chunked",
    b"chunked\r\nTransfer-Encoding: identity", b"chunked\r\nContent-Length: 1",
)  # fmt: skip
NAMES = (
    b"Content-Length",
    b"content-length",
    b"Content-Length ",
    b" Content-Length",
    b"Content_Length",
    b"Content-Length\t",
)
EXTENSIONS = (
    b"", b";", b";a", b";a=b", b';a="b;c"', b" ;a", b"; a = b", b" ", b"\t", b";a\x00", b";a\xff", b";\n",
    b";" + b"x" * 300, b"\r", b';a="\r\n"',
)  # fmt: skip
TRAILERS = (
    b"", b"X: y\r\n", b"X-Request-ID: trailed\r\n", b"X-API-Key: " + KEY + b"\r\n", b"Content-Length: 5\r\n",
    b"Host: other.test\r\n", b"Content-Type: text/plain\r\n", b"Transfer-Encoding: chunked\r\n", b"X\r\n",
    b"X : y\r\n", b" X: y\r\n", b"X: y\n", b"Connection: close\r\n", b"Origin: https://a.example\r\n",
    b"Expect: magic\r\n", b"X: " + b"y" * 9000 + b"\r\n",
)  # fmt: skip
SIZES = (
    b"%x",
    b"%X",
    b"0%x",
    b"00000000%x",
    b"+%x",
    b"-%x",
    b"0x%x",
    b"%x ",
    b" %x",
    b"%x\t",
    b"%xg",
    b"",
    b"%d.",
    b"ffffffffffffffffff",
)
ENDS = (b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"", b"\r\n\r\n", b"x\r\n")


@st.composite
def lengths(draw: st.DrawFn) -> Example:
    """A body whose Content-Length is odd, wrong, doubled or gone."""
    told = len(BODY) + draw(st.sampled_from([0, 0, 0, -1, 1, 7, -len(BODY)]))
    values = draw(st.lists(st.sampled_from(LENGTHS), min_size=0, max_size=2))
    names = [draw(st.sampled_from(NAMES)) if draw(st.integers(0, 3)) == 3 else NAMES[0] for _ in values]
    lines = [b"%b: %b" % (name, _numbered(value, told)) for name, value in zip(names, values, strict=True)]
    return Example("length", (_posted(draw, lines, BODY),), "run", draw(few_cuts))


@st.composite
def codings(draw: st.DrawFn) -> Example:
    """A body in chunks, under an odd Transfer-Encoding."""
    coding = draw(st.just(b"chunked") | st.sampled_from(CODINGS))
    lines = [b"Transfer-Encoding: " + coding]
    if draw(st.integers(0, 5)) == 5:
        lines.insert(draw(st.integers(0, 1)), b"Content-Length: %d" % draw(st.sampled_from([0, 5, len(BODY)])))
    return Example("coding", (_posted(draw, lines, _chunk(BODY) + b"0\r\n\r\n"),), "run", draw(few_cuts))


@st.composite
def chunks(draw: st.DrawFn) -> Example:
    """A chunked body with odd sizes, extensions, line ends, trailers, or no end."""
    places = sorted(draw(st.lists(st.integers(1, len(BODY) - 1), max_size=2, unique=True)))
    parts = [BODY[start:end] for start, end in zip([0, *places], [*places, len(BODY)], strict=True)]
    odd = draw(st.integers(0, len(parts)))
    body = b""
    for number, part in enumerate([*parts, b""]):
        body += draw(_odd_chunks(part)) if number == odd else _chunk(part) if part else b"0\r\n"
    trailers = b"".join(draw(st.lists(st.sampled_from(TRAILERS), max_size=2)))
    end = draw(st.just(b"\r\n") | st.sampled_from(ENDS))
    return Example(
        "chunk", (_posted(draw, [b"Transfer-Encoding: chunked"], body + trailers + end),), "run", draw(few_cuts)
    )


def _posted(draw: st.DrawFn, lines: list[bytes], body: bytes) -> bytes:
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0"]))
    key = draw(st.sampled_from([b"X-API-Key: (key)", b"X-API-Key: (key)", b"X: y"]))
    line = b"POST %b HTTP/%b" % (draw(st.sampled_from(CHATS)), version)
    first = [line, b"Host: parity.test", key, b"Content-Type: application/json", b"X-Request-ID: x"]
    return b"\r\n".join([*first, *lines, b"", body])


def _numbered(form: bytes, number: int) -> bytes:
    holes = form.count(b"%d") + form.count(b"%x")
    return form % ((number,) * holes) if holes else form


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@st.composite
def _odd_chunks(draw: st.DrawFn, data: bytes) -> bytes:
    size = _numbered(
        draw(st.just(b"%x") | st.sampled_from(SIZES)),
        len(data) + draw(st.sampled_from([0, 0, 0, -1, 1]) if data else st.just(0)),
    )
    line = size + draw(st.just(b"") | st.sampled_from(EXTENSIONS)) + draw(st.just(b"\r\n") | st.sampled_from(ENDS))
    return line + (data + draw(st.just(b"\r\n") | st.sampled_from(ENDS)) if data else b"")
