"""Requests that every HTTP parser takes: chats, all routes with all headers, turns of a session.

Rule: framing and header syntax are right, so both apps see every request, and no known difference can excuse an answer.
Neighbours: `values` (what they are made of), `damage` (what is not well-formed), `kinds` (all of them).
"""

from collections.abc import Iterable

from hypothesis import strategies as st

from tests.fuzz import values
from tests.fuzz.example import SESSION, Example
from tests.fuzz.values import GOOD_KEY, JSON_TYPE, Header

ID: Header = (b"X-Request-ID", b"x")
CHATS = (b"/chat", b"/chat/stream")
ROUTES = (
    b"/chat",
    b"/chat/stream",
    b"/health",
    b"/sessions/" + SESSION,
    b"/",
    b"/docs",
    b"/openapi.json",
    b"/sessions/",
    b"/sessions/-",
    b"/sessions/" + SESSION + b"%0A",
    b"/sessions/a%2Fb",
    b"/sessions/%C3%A9",
    b"/chat/",
    b"//health",
    b"/health?a=b&a",
    b"/chat?x=%zz",
    b"/%68ealth",
    b"/nope",
    b"/docs/assets/nope",
    b"/docs/assets/..%2F",
    b"/Health",
)
METHODS = (b"GET", b"POST", b"DELETE", b"HEAD", b"OPTIONS", b"PUT", b"PATCH", b"TRACE", b"PROPFIND")

RIGHT = (
    (b"GET", b"/health"),
    (b"POST", b"/chat"),
    (b"POST", b"/chat/stream"),
    (b"GET", b"/sessions/" + SESSION),
    (b"DELETE", b"/sessions/" + SESSION),
    (b"HEAD", b"/"),
    (b"OPTIONS", b"/chat"),
)
"""Methods where they belong."""

few_cuts = st.lists(st.integers(1, 400), max_size=2).map(tuple) | st.just(())
chat_routes = st.sampled_from(CHATS)


def assembled(verb: bytes, target: bytes, headers: Iterable[Header], body: bytes | None = None) -> bytes:
    """A request of HTTP/1.1 with these headers, and `Host` and `Content-Length` where there is a body."""
    lines = [b"%b %b HTTP/1.1" % (verb, target), b"Host: parity.test", *(b"%b: %b" % pair for pair in headers)]
    lines += [] if body is None else [b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body or b""])


def chat(target: bytes, body: bytes) -> bytes:
    """A chat request with nothing odd about it but its body."""
    return assembled(b"POST", target, (GOOD_KEY, JSON_TYPE, ID), body)


@st.composite
def chats(draw: st.DrawFn) -> Example:
    """One chat request, generated from the model."""
    return Example("chat", (chat(draw(chat_routes), draw(values.chat_bodies())),))


@st.composite
def conversations(draw: st.DrawFn) -> Example:
    """Turns of one session, read and forgotten in between."""
    steps = draw(st.lists(st.sampled_from("cssrd"), min_size=2, max_size=4))
    requests = [_step(step, draw(values.messages)) for step in steps]
    return Example("session", (*requests, _step("r", "")))


def _step(step: str, message: str) -> bytes:
    session = b"/sessions/" + SESSION
    body = values.dumped({"message": message, "session_id": SESSION.decode()}, ascii_only=False, compact=True)
    return {
        "c": chat(b"/chat", body),
        "s": chat(b"/chat/stream", body),
        "r": assembled(b"GET", session, (GOOD_KEY, ID)),
        "d": assembled(b"DELETE", session, (GOOD_KEY, ID)),
    }[step]


@st.composite
def routes(draw: st.DrawFn) -> Example:
    """Any method on any route, with keys, types, request ids and origins right and wrong."""
    verb, target = draw(st.sampled_from(RIGHT) | st.tuples(st.sampled_from(METHODS), st.sampled_from(ROUTES)))
    key, content_type = draw(_usual(values.keys, GOOD_KEY)), draw(_usual(values.content_types, JSON_TYPE))
    headers = [*key, *content_type, *draw(values.request_ids), *draw(values.extras)]
    if draw(st.booleans()):
        headers += draw(_of_a_page(preflight=verb == b"OPTIONS"))
    body = draw(st.none() | st.just(b"{}") | values.chat_bodies() | st.sampled_from(SIZES).map(bytes))
    return Example("route", (assembled(verb, target, headers, body),))


def _usual(some: st.SearchStrategy[tuple[Header, ...]], right: Header) -> st.SearchStrategy[tuple[Header, ...]]:
    """The right header as often as any of the others."""
    return st.just((right,)) | some


SIZES = (0, 65_535, 65_536, 65_537, 70_000)
"""Lengths of bodies of zeros: none, and around the limit."""


@st.composite
def _of_a_page(draw: st.DrawFn, *, preflight: bool) -> list[Header]:
    """What a browser adds for a page of another origin."""
    headers = [(b"Origin", draw(values.origins))]
    if preflight:
        headers.append((b"Access-Control-Request-Method", draw(values.asked_methods)))
        headers += [
            (b"Access-Control-Request-Headers", value) for value in draw(st.lists(values.asked_headers, max_size=1))
        ]
        headers += draw(st.sampled_from([[], [(b"Access-Control-Request-Private-Network", b"true")]]))
    return headers


@st.composite
def splits(draw: st.DrawFn) -> Example:
    """A valid request cut into several writes, anywhere."""
    body = values.dumped({"message": draw(values.texts.map("hé".__add__))}, ascii_only=False, compact=True)
    request = draw(st.sampled_from([chat(target, body) for target in CHATS] + [assembled(b"GET", b"/health", (ID,))]))
    cuts = draw(st.lists(st.integers(1, len(request) - 1), min_size=1, max_size=6, unique=True))
    return Example("split", (request,), "turns", tuple(sorted(cuts)))
