"""What the rows are written with: requests of the usual forms, and the words that are said of them.

Rule: a function here saves typing and never decides anything; each row says its own words. Neighbours: `case`.
"""

from tests.conformance.case import Headers, Request
from tests.conformance.samples import Sample
from tests.conformance.subject import JSON, payload

UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TURNS = (("chat", "/chat"), ("stream", "/chat/stream"))
"""The two routes that take a turn, each with a name for ids."""


def get(target: str, *headers: tuple[str, str], keyed: bool = True) -> Request:
    """A GET."""
    return Request("GET", target, headers, None, keyed)


def post(target: str, body: bytes, *headers: tuple[str, str], keyed: bool = True) -> Request:
    """A POST of JSON bytes, whatever they are."""
    return Request("POST", target, (JSON, *headers), body, keyed)


def turn(target: str, message: str, session: str | None = "(fresh)") -> Request:
    """A message, in a session that nobody has used unless one is named."""
    return post(target, payload(message, session))


def of(sample: Sample, *headers: tuple[str, str]) -> Request:
    """The request of a table's row, with some headers more."""
    every: Headers = (*sample.headers, *headers)
    return Request(sample.method, sample.target, every, sample.body, sample.keyed)


def capital(words: str) -> str:
    """The words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]
