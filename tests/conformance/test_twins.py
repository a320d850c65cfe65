"""Two servers compared over whole conversations, and over every preflight: what single rows cannot show.

Rule: the same requests go to both in the same state; `compare` says what may differ. That each row of `cases` gets
the same bytes from both is in `test_cases`.
"""

import pytest

from tests.conformance.browser import Preflight, readable
from tests.conformance.compare import differences
from tests.conformance.profiles import ALLOWED_ORIGIN, FORBIDDEN_ORIGIN
from tests.conformance.samples import ERRORS, sample
from tests.conformance.subject import Subject, fresh, payload
from tests.conformance.wire import Answer

Twins = tuple[Subject, Subject]

PINNED = ("X-Request-ID", "x")
MESSAGES = (
    "hello",
    "calculate 6 * 7",
    "calculate 9**9**9",
    "calculate __import__('os')",
    "calculate (1 + 2) / 0",
    "time in Europe/Paris",
    "time in Nowhere/Land",
    "calculate 2 ** 10 and time in UTC and calculate 1/3",
    "what did I say first?",
    "what did I ask before?",
    "Grüße, 世界 😀",
    "\u2028\x00\x1f\"\\/<script>&'",
    " ",
    "\n\ndata: {}\n\n",
    "x" * 5000,
    "😀" * 5000,
)
ORIGINS = (
    "https://a.example",
    ALLOWED_ORIGIN,
    FORBIDDEN_ORIGIN,
    "null",
    "",
    "*",
    "https://app.example, https://b.example",
)
PREFLIGHTS = [
    Preflight(target, origin, method, headers)
    for target in ("/health", "/chat", "/chat/stream", "/sessions/a", "/nope")
    for origin in (ALLOWED_ORIGIN, FORBIDDEN_ORIGIN, "null")
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "BREW")
    for headers in ("", "content-type,x-api-key,x-request-id", "X-Other")
]


def _same(message: str, one: Answer, other: Answer) -> None:
    found = differences(one, other, b"x")
    assert not found, f"after {message[:40]!r}: {'; '.join(found)}"


@pytest.mark.clause("answer.same-bytes", "stream.tokens")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_conversations(twins: Twins, route: str) -> None:
    """The same conversation of sixteen turns is held with both, and then read.

    Expected: the same bytes turn by turn, and the same bytes of what is stored.
    """
    session = fresh()
    for message in MESSAGES:
        _same(message, *(subject.post(route, payload(message, session), PINNED) for subject in twins))
    _same("all turns", *(subject.get(f"/sessions/{session}", PINNED) for subject in twins))


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.same")
@pytest.mark.parametrize("origin", ORIGINS)
def test_origins(twins: Twins, origin: str) -> None:
    """A page of this origin sends right and wrong requests to both, while origins are listed.

    Expected: of every answer a browser decides the same on both.
    """
    for case in (*map(sample, ("health", "chat", "stream", "crash")), *ERRORS):
        answers = [case.send(subject, ("Origin", origin)) for subject in twins]
        assert {readable(answer, origin) for answer in answers} in ({True}, {False}), (case, answers)


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.same")
def test_preflights(twins: Twins) -> None:
    """Preflights of every kind are sent to both, while origins are listed.

    Expected: of every one a browser decides the same on both.
    """
    one, other = twins
    assert [case for case in PREFLIGHTS if case.passes(one) != case.passes(other)] == []


@pytest.mark.clause("cors.same")
def test_preflights_of_any_origin(twins: Twins) -> None:
    """Preflights of every kind are sent to both, with the settings that a user starts with.

    Expected: of every one a browser decides the same on both.
    """
    one, other = twins
    assert [case for case in PREFLIGHTS if case.passes(one) != case.passes(other)] == []
