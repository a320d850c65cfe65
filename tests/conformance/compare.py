"""Two servers' answers to the same bytes: what of them differs that the contract does not let differ.

Rule: status, headers and body are compared as they came. Left out is what belongs to the server program, and masked
is only what is new each time: ids and times of day. Neighbours: `test_cases`, `test_twins`, `tests/fuzz`.
"""

import re

from tests.conformance.wire import Answer

MAY_DIFFER = frozenset({"server", "date", "connection", "keep-alive", "transfer-encoding"})
GENERATED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?|\b\d\d:\d\d(:\d\d)?\b")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SHOWN = 60
"""How many characters are shown on each side of the place where two bodies part."""


def differences(one: Answer, other: Answer, sent: bytes = b"") -> list[str]:
    """What differs, in words; nothing where the answers are the same.

    An `X-Request-ID` that the client has `sent` must be the same on both; one that it has not is new each time.
    """
    found = [f"status {one.status} and {other.status}"] if one.status != other.status else []
    found += _headers(one, other, sent)
    first, second = masked(one.body), masked(other.body)
    return [*found, _parting(first, second)] if first != second else found


def masked(body: bytes) -> str:
    """The body as text, with new session ids and times of day replaced; bytes that are no UTF-8 as \\xNN."""
    return CLOCK.sub("<time>", GENERATED.sub("<uuid>", body.decode("utf-8", "backslashreplace")))


def _headers(one: Answer, other: Answer, sent: bytes) -> list[str]:
    ignored = MAY_DIFFER | ({"content-length"} if _framed(one) or _framed(other) else set())
    names = sorted({name for answer in (one, other) for name, _ in answer.headers} - ignored)
    shown = [(name, _values(one, name, sent), _values(other, name, sent)) for name in names]
    return [f"header {name}: {_said(first)} and {_said(second)}" for name, first, second in shown if first != second]


def _framed(answer: Answer) -> bool:
    """Whether the body's length is told by framing, or is that of something new each time."""
    return bool(answer.all("Transfer-Encoding")) or masked(answer.body) != answer.body.decode(
        "utf-8", "backslashreplace"
    )


def _values(answer: Answer, name: str, sent: bytes) -> list[str]:
    values = sorted(answer.all(name))
    if name != "x-request-id":
        return values
    return ["<new>" if REQUEST_ID.fullmatch(value) and value.encode() not in sent else value for value in values]


def _said(values: list[str]) -> str:
    return ", ".join(repr(value) for value in values) or "absent"


def _parting(one: str, other: str) -> str:
    """Where two texts part, with what stands there."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, at - SHOWN)
    return f"body from character {at}: …{one[start : at + SHOWN]!r} and …{other[start : at + SHOWN]!r}"
