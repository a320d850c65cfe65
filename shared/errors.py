"""The one table of errors: exception -> status, title, detail, headers.

Rule: whatever goes wrong, in a handler, in a stream or in the framework itself, is looked up here, so both servers
say the same words, and nothing of an unexpected exception reaches the client. Neighbours: each server's `errors.py`
(the framework's hooks), `sse` (the same words as an `error` event).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.models import ErrorEvent, ErrorResponse, ValidationDetail

Detail = str | list[ValidationDetail]


class ApiError(Exception):
    """An error that the contract names; what is given here goes before the table's sentence and headers."""

    def __init__(self, detail: Detail | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})


class InvalidKey(ApiError):
    """No key, a wrong key, or the header more than once."""


class NotFound(ApiError):
    """No such route, or no such session for this key."""


class MethodNotAllowed(ApiError):
    """The route is there, the method is not; `headers` carries `Allow`."""


class BodyTooLarge(ApiError):
    """The body is over the limit, which `detail` names."""


class UnsupportedMediaType(ApiError):
    """The body is not declared as JSON."""


class InvalidBody(ApiError):
    """The body is no JSON, or not what is asked; `detail` is the list."""


class Unavailable(ApiError):
    """No new work is taken now: draining, or too many streams."""


class StoreUnavailable(Unavailable):
    """The session store is out of reach."""


class ModelError(ApiError):
    """The model failed; what it said is logged, never sent."""


class ModelTimeout(ModelError):
    """The model was too slow."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table; `detail` and `headers` hold unless the exception brings its own."""

    status: int
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


RETRY = {"Retry-After": "1"}

TABLE: Mapping[type[Exception], Entry] = {
    InvalidKey: Entry(401, "Unauthorized", "Invalid API Key", {"WWW-Authenticate": "APIKey"}),
    NotFound: Entry(404, "Not found", "There is nothing at this address"),
    MethodNotAllowed: Entry(405, "Method not allowed", "This address does not take this method"),
    BodyTooLarge: Entry(413, "Content too large", "The body is over the limit"),
    UnsupportedMediaType: Entry(
        415, "Unsupported media type", "The body must be sent as Content-Type: application/json"
    ),
    InvalidBody: Entry(422, "Validation error", "The body is not valid"),
    ModelTimeout: Entry(504, "Gateway timeout", "The model did not answer in time"),
    ModelError: Entry(502, "Bad gateway", "The model could not answer"),
    StoreUnavailable: Entry(503, "Service unavailable", "The session store is out of reach", RETRY),
    Unavailable: Entry(
        503, "Service unavailable", "The service takes no more work just now, please try again later", RETRY
    ),
    Exception: Entry(500, "Internal server error", "Service temporarily unavailable, please try again later"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error, ready to be sent: the status, the envelope and the headers that go with them."""

    status: int
    body: ErrorResponse
    headers: Mapping[str, str]


def entry_for(kind: type[BaseException]) -> Entry:
    """The row of the nearest ancestor that the table knows."""
    return next(TABLE[ancestor] for ancestor in kind.__mro__ if ancestor in TABLE)


def problem(exc: Exception) -> Problem:
    """What a client is told of this exception."""
    entry = entry_for(type(exc))
    known = exc if isinstance(exc, ApiError) else ApiError()
    detail = entry.detail if known.detail is None else known.detail
    return Problem(entry.status, ErrorResponse(error=entry.title, detail=detail), {**entry.headers, **known.headers})


def error_event(exc: Exception) -> ErrorEvent:
    """The same words as the last event of a stream."""
    told = problem(exc).body
    return ErrorEvent(error=told.error, detail=str(told.detail))


def invalid_body(errors: Iterable[Mapping[str, Any]]) -> InvalidBody:
    """Pydantic's errors (`type`, `loc`, `msg`, …), with `loc` starting at "body", as the contract's list."""
    return InvalidBody([ValidationDetail(type=e["type"], loc=_from_body(e["loc"]), msg=e["msg"]) for e in errors])


def _from_body(loc: Iterable[str | int]) -> list[str | int]:
    places = list(loc)
    return places if places[:1] == ["body"] else ["body", *places]


def method_not_allowed(methods: Iterable[str]) -> MethodNotAllowed:
    """The error for an address that takes only these methods; HEAD goes with GET, OPTIONS is never listed."""
    allowed = set(methods) - {"OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    return MethodNotAllowed(headers={"Allow": ", ".join(sorted(allowed))})
