"""What the model is given of a session: what was said before, so much of it and for so long as is set.

Neighbours: `test_sessions` (what a reader gets), `profiles` (the limits that are set here).
"""

import time

import pytest

from tests.conformance.events import calls
from tests.conformance.poll import poll
from tests.conformance.profiles import HISTORY, TTL
from tests.conformance.subject import Subject, fresh

FIRST = "what did I say first?"
DEFAULT = 100
"""SESSION_MAX_MESSAGES where nobody sets it."""


def _first(server: Subject, session: str) -> str:
    """The first message that the model knows of, as its tool tells it."""
    result: str = server.chat(FIRST, session).json()["tool_calls"][0]["result"]
    return result


@pytest.mark.clause("sessions.history", "model.tools")
def test_history(server: Subject) -> None:
    """After two turns the model is asked what was said first, by POST /chat and in a stream.

    Expected: it knows, on both routes.
    """
    session, secret = fresh(), fresh("secret")
    server.chat(secret, session)
    server.streamed("and something else", session)
    assert _first(server, session) == secret
    assert [call["result"] for call in calls(server.streamed(FIRST, session))] == [secret]


@pytest.mark.clause("sessions.history", "sessions.history-whole")
def test_history_by_default(server: Subject) -> None:
    """A session of 100 messages is continued, with the settings that a user starts with, until it has 104.

    Expected: the model is given the last 100, so it knows the very first message once and then no more; a reader
    gets all 104.
    """
    session = fresh()
    said = [f"{number}" for number in range(DEFAULT // 2)]
    for message in said:
        assert server.chat(message, session).status == 200
    assert [_first(server, session), _first(server, session)] == said[:2]
    assert [message["content"] for message in server.messages(session)][::2] == [*said, FIRST, FIRST]


@pytest.mark.profile("forgetful")
@pytest.mark.clause("sessions.history", "sessions.history-whole")
def test_history_is_limited(server: Subject) -> None:
    """A session is continued beyond SESSION_MAX_MESSAGES, which is set to an odd number: half a turn is left out too.

    Expected: the model knows the messages within the limit and not one more; a reader still gets all.
    """
    session = fresh()
    said = [fresh(f"said-{number}") for number in range(HISTORY)]
    for message in said:
        assert server.chat(message, session).status == 200
    assert _first(server, session) == said[-(HISTORY // 2)]
    assert [message["content"] for message in server.messages(session)][:-2:2] == said


@pytest.mark.profile("forgetful")
@pytest.mark.clause("sessions.ttl", "sessions.ttl-idle")
def test_idle_sessions_are_dropped(server: Subject) -> None:
    """One session is used all the time, for longer than SESSION_TTL, while another is idle.

    Expected: the one in use is whole; the idle one is gone, for a reader and for the model.
    """
    used, idle, secret = fresh(), fresh(), fresh("secret")
    server.chat(secret, idle)
    started = time.monotonic()
    while time.monotonic() < started + 1.3 * TTL:
        server.chat("still here", used)
        time.sleep(TTL / 5)
    assert server.messages(used)[0]["content"] == "still here"
    assert len(server.messages(used)) >= 8
    assert server.get(f"/sessions/{idle}").status == 404
    assert secret not in server.chat(FIRST, idle).body.decode()
    assert len(server.messages(idle)) == 2


@pytest.mark.profile("forgetful")
@pytest.mark.clause("sessions.ttl")
def test_dropped_though_nobody_comes(server: Subject) -> None:
    """A session is only read from its turn on, and no other turn is taken that could clear it away.

    Expected: it is gone soon after SESSION_TTL; to read it is not to use it.
    """
    session = fresh()
    server.chat("hello", session)
    poll(lambda: not server.messages(session), TTL + 5, "end of the idle session", interval=TTL / 20)
