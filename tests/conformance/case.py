"""A conformance case as data: one request, the answer it must get, and two sentences that say so to a reader.

Rule: a row says everything; nothing is added to a request but the key (where it is `keyed`), `Host` and
`Content-Length`, and nothing is checked but what `Expect` names and the envelope that every error has. Placeholders
(`PLACEHOLDERS`) stand for what differs between runs. Neighbours: `judge` (holds an answer against an `Expect`),
`cases` (the rows), `test_cases` (plays them), `record` (what came of them).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from types import EllipsisType, MappingProxyType
from typing import Any, TypeVar

from tests.conformance import wire
from tests.conformance.profiles import PLAIN

Headers = tuple[tuple[str, str], ...]
Filled = TypeVar("Filled")

PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "(key)": "a key of the server",
        "(second-key)": "another key of the server",
        "(key-cut)": "the key without its last character",
        "(key-swapped)": "the key with its upper and lower case letters swapped",
        "(fresh)": "a name that nobody has used: of a session, or of a request",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """A well-formed request; `keyed` sends the server's key before the other headers."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    keyed: bool = True

    def pieces(self) -> tuple[bytes, ...]:
        """What goes out, each piece in a write of its own."""
        key = (("X-API-Key", "(key)"),) if self.keyed else ()
        return (wire.request(self.method, self.target, (*key, *self.headers), self.body),)

    def header(self, name: str) -> str | None:
        """The first value of one of the row's own headers."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are, for what no well-formed request can say; each piece goes out in a write of its own."""

    parts: tuple[bytes, ...]

    def pieces(self) -> tuple[bytes, ...]:
        """What goes out, each piece in a write of its own."""
        return self.parts

    @property
    def method(self) -> str:
        """The method, which decides whether the answer has a body."""
        return self.parts[0].partition(b" ")[0].decode("latin-1")

    def header(self, name: str) -> str | None:
        """The first value of a header, read from the bytes."""
        found = re.search(rb"(?im)^%b:[ \t]*(.*?)[ \t]*\r$" % re.escape(name.encode()), b"".join(self.parts))
        return found[1].decode("latin-1") if found else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of a 422's detail; without a type any but `json_invalid` will do, without a place any in the body."""

    type: str | None = None
    loc: tuple[str | int, ...] | None = None


HeaderValue = str | re.Pattern[str] | None
"""A header's only value: this one, one that matches as a whole, or (None) no such header at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What the answer must be. In JSON a pattern stands for any string that matches as a whole, `...` for anything."""

    status: int | tuple[int, ...]
    detail: str | None = None
    """The sentence of an error."""
    detail_has: str | None = None
    """A part of the sentence of an error."""
    problems: tuple[Problem, ...] | None = None
    """The entries of a 422, in any order."""
    headers: tuple[tuple[str, HeaderValue], ...] = ()
    header_parts: Headers = ()
    """Words that a list such as `Vary` must have among others, in any letter case."""
    json: Any = None
    """The whole JSON, its fields in this order."""
    has: Any = None
    """Some of the JSON's fields, in any order, on every level."""
    body: bytes | None = None
    body_has: tuple[bytes, ...] = ()
    body_has_not: tuple[bytes, ...] = ()
    events: tuple[Mapping[str, Any] | EllipsisType, ...] | None = None
    """The stream's events, each as in `json`; `...` stands for any number of tokens and tool calls."""
    stored: tuple[str, ...] | None = None
    """What the session then holds of the user: the messages, oldest first."""
    readable: bool | None = None
    """Whether a page of the request's Origin may read the answer, without credentials."""
    passes: bool | None = None
    """Whether a browser, after this preflight, sends the request itself."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row. `does` and `expects` are whole sentences; `profile` names the settings the server must have."""

    id: str
    clauses: tuple[str, ...]
    does: str
    expects: str
    request: Request | Raw
    expect: Expect
    profile: str = PLAIN


def values(key: str, second_key: str | None, fresh: str) -> Mapping[str, str]:
    """What the placeholders stand for in this run."""
    second = {"(second-key)": second_key} if second_key else {}
    return {"(key)": key, **second, "(key-cut)": key[:-1], "(key-swapped)": key.swapcase(), "(fresh)": fresh}


def filled(value: Filled, known: Mapping[str, str]) -> Filled:
    """The same value with every placeholder in it, however deep, replaced."""
    made: Any = value
    if isinstance(value, str):
        for name, meant in known.items():
            made = made.replace(name, meant)
    elif isinstance(value, bytes):
        for name, meant in known.items():
            made = made.replace(name.encode(), meant.encode())
    elif isinstance(value, tuple):
        made = tuple(filled(item, known) for item in value)
    elif isinstance(value, Mapping):
        made = {name: filled(item, known) for name, item in value.items()}
    elif isinstance(value, list):
        made = [filled(item, known) for item in value]
    elif is_dataclass(value) and not isinstance(value, type):
        made = replace(value, **{each.name: filled(getattr(value, each.name), known) for each in fields(value)})
    result: Filled = made
    return result


def sent(request: Request | Raw, known: Mapping[str, str]) -> tuple[bytes, ...]:
    """The bytes of a request, with the placeholders filled before its length is counted."""
    return filled(filled(request, known).pieces(), known)
