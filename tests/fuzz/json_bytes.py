"""JSON damaged at the byte level: bytes and tokens put in, taken out, changed, doubled; encodings; nesting; numbers.

Rule: the body's length is told rightly, so only the body is odd, and both apps must say the same of it.
Neighbours: `wellformed` (the request around it), `damage` (the same edits on whole requests).
"""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.fuzz import values
from tests.fuzz.example import SESSION, Example
from tests.fuzz.wellformed import chat, chat_routes

Edit = Callable[[bytes], bytes]

TOKENS = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"null", b"true", b"NaN", b"Infinity", b"-Infinity", b"-", b"+1",
    b"01", b".5", b"1.", b"1e5", b"1E+400", b"0x1", b"//x", b"/**/", b"\xef\xbb\xbf", b"\x00", b"\x0b", b"\x1f",
    b"\x7f", b"\x80", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xa8", b"\\u0000",
    b"\\ud83d\\ude00", b"\\ud800", b"\\udc00", b"\\uD83Dx", b"\\u12", b"\\x41", b"\\/", b"\\'", b"'", b" ", b"\t",
    b"\r\n", b'"message":"second"', b'"session_id":null', b"{}",
)  # fmt: skip
BASES = (
    b'{"message":"hi"}',
    b'{"message":"h\xc3\xa9 \\u00e9 \xf0\x9f\x98\x80","session_id":"%b"}' % SESSION,
    b'{ "message" : "a\\"b" , "n" : [ 1 , -2.5e3 , { "x" : null } ] }',
    b'{"message":"hi","extra":1234567890123456789012345678901234567890,"more":[true,false]}',
)
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "latin-1", "cp1252")
LEVELS = (1, 99, 100, 101, 126, 127, 128, 129, 200, 201, 202, 255, 256, 300, 999, 1000, 1001)
DIGITS = (1, 19, 20, 309, 310, 4300, 4301, 5000)

places = st.floats(0, 1, exclude_max=True)
"""Where in the bytes, as a fraction: an edit keeps its sense while what it edits shrinks."""


def at(data: bytes, place: float) -> int:
    """The offset."""
    return int(place * len(data))


def inserted(place: float, what: bytes) -> Edit:
    """Puts bytes in."""
    return lambda data: data[: at(data, place)] + what + data[at(data, place) :]


def deleted(place: float, length: int) -> Edit:
    """Takes bytes out."""
    return lambda data: data[: at(data, place)] + data[at(data, place) + length :]


def changed(place: float, mask: int) -> Edit:
    """Changes a byte: the bits of the mask are flipped."""
    return lambda data: (
        data[: (i := at(data, place))] + bytes([byte ^ mask for byte in data[i : i + 1]]) + data[i + 1 :]
    )


def doubled(place: float, length: int) -> Edit:
    """Says some bytes twice."""
    return lambda data: data[: (i := at(data, place)) + length] + data[i:]


def cut_off(place: float) -> Edit:
    """Drops the rest."""
    return lambda data: data[: at(data, place)]


def edits(tokens: tuple[bytes, ...]) -> st.SearchStrategy[Edit]:
    """Any one edit; what is put in is one of the tokens or some bytes."""
    lengths = st.integers(1, 12)
    return st.one_of(
        st.builds(inserted, places, st.sampled_from(tokens) | st.binary(min_size=1, max_size=3)),
        st.builds(deleted, places, lengths),
        st.builds(changed, places, st.integers(1, 255)),
        st.builds(doubled, places, lengths),
        st.builds(cut_off, places),
    )


def edited(data: bytes, some: list[Edit]) -> bytes:
    """The bytes after all edits."""
    for edit in some:
        data = edit(data)
    return data


def nested(levels: int, opening: bytes, closing: bytes) -> bytes:
    """An unknown field, nested so deep (the request itself is the first level)."""
    return b'{"message":"deep","n":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"


def long_number(digits: int, before: bytes, after: bytes) -> bytes:
    """An unknown field with a number of so many digits."""
    return b'{"message":"long","n":' + before + b"7" * digits + after + b"}"


damaged = st.builds(edited, st.sampled_from(BASES), st.lists(edits(TOKENS), min_size=1, max_size=3))
encoded = st.builds(
    lambda message, encoding: (
        values.dumped({"message": message}, ascii_only=False, compact=True).decode().encode(encoding, "replace")
    ),
    values.texts.map("é".__add__),
    st.sampled_from(ENCODINGS),
)
deep = st.builds(nested, st.sampled_from(LEVELS), st.just(b"["), st.sampled_from([b"]", b""])) | st.builds(
    nested, st.sampled_from(LEVELS), st.just(b'{"a":'), st.just(b"}")
)
long_numbers = st.builds(
    long_number,
    st.sampled_from(DIGITS),
    st.sampled_from([b"", b"-", b"0.", b"1e"]),
    st.sampled_from([b"", b".0", b"e9"]),
)
bodies = st.one_of(damaged, damaged, damaged, encoded, deep, long_numbers, st.binary(max_size=8))


@st.composite
def bad_json(draw: st.DrawFn) -> Example:
    """A chat request whose body is JSON, or was."""
    return Example("json", (chat(draw(chat_routes), draw(bodies)),))
