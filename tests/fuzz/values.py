"""The parts that requests are generated from: messages, session ids, JSON values, headers.

Rule: drawn by Hypothesis, so that a find shrinks to the first and simplest of each; limits of the contract are met
exactly, one below and one above. Neighbours: `wellformed`, `damage`.
"""

import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.example import KEY, SESSION

Header = tuple[bytes, bytes]

SESSION_TEXT = SESSION.decode()
TOOLS = (
    "calculate 6 * 7",
    "calculate 9**9**9",
    "calculate (1 + 2) / 0 and time in Europe/Paris",
    "what did I say first?",
    "what did I ask before?",
    "time in Nowhere/Land",
    "/fail",
    "\n\ndata: {}\n\n",
    "\u2028\x00\x1f\"\\/<script>&'",
)
LENGTHS = (1, 4999, 5000, 5001)

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=12)
sized = st.builds(lambda character, length: character * length, st.sampled_from("xé世😀"), st.sampled_from(LENGTHS))
messages = st.sampled_from(["hi"]) | st.sampled_from(TOOLS) | texts.filter(bool) | sized

numbers = st.integers() | st.floats() | st.sampled_from([2**53 + 1, 2**64, -0.0, 1e308])
scalars = st.none() | st.booleans() | numbers | st.text(max_size=4)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)

sessions = st.just(SESSION_TEXT) | st.builds(
    lambda length, character: SESSION_TEXT + character * (length - len(SESSION_TEXT)),
    st.sampled_from([12, 127, 128, 129]),
    st.sampled_from("aZ9._:-"),
)
impossible_sessions = st.builds(
    lambda before, after: before + SESSION_TEXT + after,
    st.sampled_from(["", "-", ".", " ", "é", "\n"]),
    st.sampled_from(["", "\n", " ", "/", "é", "\0", "٣", "\u2028", '"']),
) | st.sampled_from(["", "0" * 129])


def dumped(value: Any, *, ascii_only: bool, compact: bool) -> bytes:
    """The value as JSON in UTF-8; what no UTF-8 can hold, a lone surrogate, goes out as it would be written."""
    separators = (",", ":") if compact else (", ", ": ")
    return json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode("utf-8", "surrogatepass")


@st.composite
def chat_bodies(draw: st.DrawFn) -> bytes:
    """Bodies of chat requests: most valid, some nearly so, a few no object at all."""
    kind = draw(st.integers(0, 9))
    if kind == 9:
        value: Any = draw(json_values)
    else:
        value = {"message": draw(messages if kind < 7 else json_values)}
        value |= draw(st.just({}) | st.fixed_dictionaries({"session_id": sessions}) | _odd_sessions)
        value |= draw(st.just({}) | st.dictionaries(st.text(max_size=3), json_values, max_size=2))
    return dumped(value, ascii_only=draw(st.booleans()), compact=draw(st.booleans()))


_odd_sessions = st.fixed_dictionaries({"session_id": impossible_sessions | json_values})

names = st.text("abcXYZ019-_.!#$%&'*+^`|~", min_size=1, max_size=8).map(str.encode)
plain_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8).map(str.encode)
spaces = st.sampled_from([b"", b" ", b"\t", b"  "])

JSON_TYPE: Header = (b"Content-Type", b"application/json")
GOOD_KEY: Header = (b"X-API-Key", KEY)

keys = st.sampled_from(
    [
        (GOOD_KEY,),
        (),
        ((b"X-API-Key", b"wrong"),),
        ((b"x-api-key", b"\t" + KEY + b" "),),
        (GOOD_KEY, GOOD_KEY),
        ((b"X-API-Key", b""),),
        (GOOD_KEY, (b"X-API-Key", b"")),
        ((b"X-API-Key", KEY + b"x"),),
        ((b"X-API-Key", KEY + b"," + KEY),),
        ((b"X-API-Key", b"\xff\xe9"),),
        ((b"X_API_Key", KEY),),
        ((b"Authorization", b"Bearer " + KEY),),
    ]
)

content_types = st.sampled_from(
    [
        (JSON_TYPE,),
        (),
        ((b"content-type", b"APPLICATION/JSON ;charset=utf-8"),),
        ((b"Content-Type", b"application/json; charset=utf-16"),),
        ((b"Content-Type", b"application/json;"),),
        ((b"Content-Type", b";application/json"),),
        ((b"Content-Type", b"application/json, text/plain"),),
        ((b"Content-Type", b"application/problem+json"),),
        ((b"Content-Type", b"text/plain"),),
        ((b"Content-Type", b"multipart/form-data; boundary=x"),),
        ((b"Content-Type", b"application/x-www-form-urlencoded"),),
        ((b"Content-Type", b""),),
        ((b"Content-Type", b"application/json\xa0"),),
    ]
)

request_ids = st.one_of(
    st.just(((b"X-Request-ID", b"x"),)),
    st.sampled_from([1, 63, 64, 65]).map(lambda length: ((b"X-Request-ID", b"a" * length),)),
    st.binary(max_size=4)
    .filter(lambda value: not set(value) & {*range(9), *range(10, 32), 127})
    .map(lambda value: ((b"X-Request-ID", value),)),
    st.just(((b"X-Request-ID", b"x"), (b"X-Request-ID", b"x"))),
    st.just(()),
)

origins = st.sampled_from(
    [b"https://app.example", b"null", b"", b"*", b"https://a.example, https://b.example", b"\xe9"]
)
"""The values of `Origin`: a header of every page of another origin."""

asked_methods = st.sampled_from([b"GET", b"POST", b"DELETE", b"PUT", b"BREW", b"get", b""])
asked_headers = st.sampled_from([b"content-type,x-api-key", b"x-request-id", b"X-Other , y", b"", b"*", b",", b"\xe9"])

EXTRAS: tuple[Header, ...] = (
    (b"Accept", b"text/event-stream"),
    (b"Accept-Encoding", b"gzip, br"),
    (b"Authorization", b"Basic eDp5"),
    (b"Cache-Control", b"no-store"),
    (b"Connection", b"keep-alive"),
    (b"Connection", b"close"),
    (b"Content-Encoding", b"gzip"),
    (b"Cookie", b"a=b; c"),
    (b"Expect", b"100-continue"),
    (b"Forwarded", b"for=1.2.3.4;proto=https"),
    (b"If-None-Match", b"*"),
    (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT"),
    (b"Last-Event-ID", b"7"),
    (b"Range", b"bytes=0-1"),
    (b"TE", b"trailers"),
    (b"Upgrade-Insecure-Requests", b"1"),
    (b"User-Agent", b"\xe9"),
    (b"X-Forwarded-For", b"1.2.3.4, 5.6.7.8"),
    (b"X-Forwarded-Host", b"evil.example"),
    (b"X-Forwarded-Prefix", b"/elsewhere"),
    (b"X-Forwarded-Proto", b"https"),
    (b"X-HTTP-Method-Override", b"DELETE"),
    (b"X-Original-URL", b"/docs"),
)
"""Headers that a server might act on, and here must not."""

extras = st.lists(st.sampled_from(EXTRAS) | st.tuples(names, plain_values), max_size=3)
