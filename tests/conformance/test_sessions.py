"""Sessions: what is stored, for whom, in which order, for how long, and what the model is given of it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.events import text
from tests.conformance.fixtures import Launch
from tests.conformance.subject import Subject, fresh

IMPOSSIBLE = (
    "-a",
    ".a",
    "_",
    "a" * 129,
    "a%20b",
    "a%0A",
    "%0Aa",
    "a%00",
    "%C3%A9",
    "%FF",
    "a%22",
    "%EF%BC%A1",
    "a%2520",
    "*",
)
TTL = 2.0


@pytest.mark.clause("routes.session-read", "sessions.turn", "answer.field-order")
def test_read(server: Subject) -> None:
    """A session is read as its id and its messages, each a role and a content, oldest first."""
    session = fresh()
    replies = [server.chat("one", session).json()["reply"], text(server.streamed("two", session))]
    answer = server.get(f"/sessions/{session}")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert list(answer.json()) == ["session_id", "messages"]
    assert answer.json()["session_id"] == session
    assert [list(message.items()) for message in answer.json()["messages"]] == [
        [("role", role), ("content", content)]
        for role, content in [("user", "one"), ("assistant", replies[0]), ("user", "two"), ("assistant", replies[1])]
    ]


@pytest.mark.clause("sessions.turn")
def test_stored_before_the_end_event(server: Subject) -> None:
    """When a client has read the end event, the turn is there, whoever asks."""
    for _ in range(5):
        session = fresh()
        with server.stream("hello", session) as stream:
            stream.until("end")
            assert len(server.messages(session)) == 2


@pytest.mark.clause("routes.session-unknown", "errors.not-found")
def test_unknown(server: Subject) -> None:
    """A session that is not there is 404 with one sentence."""
    answer = server.get(f"/sessions/{fresh()}")
    assert (answer.status, answer.json()["error"]) == (404, "Not found")
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.clause("routes.session-delete")
def test_delete(server: Subject) -> None:
    """DELETE is 204 without a body, for a session that is there and for one that is not."""
    session = fresh()
    server.chat("hello", session)
    for _ in range(2):
        answer = server.delete(f"/sessions/{session}")
        assert (answer.status, answer.body) == (204, b"")
        assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.clause("routes.session-delete", "sessions.history")
def test_deleted_is_forgotten(server: Subject) -> None:
    """After DELETE the model knows nothing of what was said."""
    session, secret = fresh(), fresh("secret")
    server.chat(secret, session)
    server.delete(f"/sessions/{session}")
    assert secret not in server.chat("what did I say first?", session).json()["reply"]
    assert len(server.messages(session)) == 2


@pytest.mark.clause("routes.session-impossible")
@pytest.mark.parametrize("session", IMPOSSIBLE, ids=lambda value: value[:12])
def test_impossible_ids(server: Subject, session: str) -> None:
    """An id that no session can have is 404 to GET and 204 to DELETE."""
    read = server.get(f"/sessions/{session}")
    assert (read.status, read.json()["error"]) == (404, "Not found")
    assert server.delete(f"/sessions/{session}").status == 204


@pytest.mark.clause("routes.session-impossible", "sessions.isolated")
def test_a_line_feed_makes_another_id(server: Subject) -> None:
    """An id with a line feed after it is not the session of that id."""
    session = fresh()
    server.chat("hello", session)
    assert server.get(f"/sessions/{session}%0A").status == 404
    assert server.delete(f"/sessions/{session}%0A").status == 204
    assert server.messages(session)


@pytest.mark.clause("routes.session-read")
def test_escaped_ids(server: Subject) -> None:
    """An id may be percent-encoded in the address."""
    session = f"a:{fresh()}"
    server.chat("hello", session)
    assert server.get(f"/sessions/{session.replace(':', '%3A')}").json()["session_id"] == session


@pytest.mark.clause("sessions.isolated")
def test_isolation(server: Subject, second_key: str) -> None:
    """Another key cannot see, change or delete a session, and has its own of the same id."""
    session, secret = fresh(), fresh("secret")
    server.chat(secret, session)
    assert server.get(f"/sessions/{session}", key=second_key).status == 404
    assert server.delete(f"/sessions/{session}", key=second_key).status == 204
    other = server.chat("what did I say first?", session, key=second_key).json()
    assert secret not in other["reply"]
    assert [message["content"] for message in server.messages(session)][::2] == [secret]
    assert len(server.messages(session, key=second_key)) == 2
    assert server.delete(f"/sessions/{session}").status == 204
    assert len(server.messages(session, key=second_key)) == 2


@pytest.mark.clause("sessions.concurrent", "sessions.shared")
@pytest.mark.concurrent(8)
def test_turns_at_the_same_time(server: Subject) -> None:
    """Turns that run at the same time in one session are all kept, each reply next to its message."""
    session = fresh()
    said = [f"message number {number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        replies = dict(zip(said, pool.map(lambda item: _turn(server, session, *item), enumerate(said)), strict=True))
    messages = server.messages(session)
    assert [message["role"] for message in messages] == ["user", "assistant"] * 16
    assert {a["content"]: b["content"] for a, b in zip(messages[::2], messages[1::2], strict=True)} == replies


def _turn(server: Subject, session: str, number: int, message: str) -> str:
    if number % 2:
        return text(server.streamed(message, session))
    reply: str = server.chat(message, session).json()["reply"]
    return reply


@pytest.mark.clause("sessions.history", "model.tools")
def test_history(server: Subject) -> None:
    """The model is given what was said before."""
    session, secret = fresh(), fresh("secret")
    server.chat(secret, session)
    server.chat("and something else", session)
    assert secret in server.chat("what did I say first?", session).json()["reply"]


@pytest.mark.profile("forgetful")
@pytest.mark.clause("sessions.history", "sessions.history-whole")
def test_history_is_limited(server: Subject) -> None:
    """The model is given the last SESSION_MAX_MESSAGES only; a reader still gets all."""
    session = fresh()
    said = [fresh(f"said-{number}") for number in range(5)]
    for message in said:
        assert server.chat(message, session).status == 200
    reply = server.chat("what did I say first?", session).json()["reply"]
    assert [message in reply for message in said[:3]] == [False] * 3
    assert any(message in reply for message in said[3:])
    assert [message["content"] for message in server.messages(session)][:-2:2] == said


@pytest.mark.profile("forgetful")
@pytest.mark.clause("sessions.ttl", "sessions.ttl-idle")
def test_idle_sessions_are_dropped(server: Subject) -> None:
    """A session that is used outlives SESSION_TTL; one that is idle for so long is gone, also for the model."""
    used, idle, secret = fresh(), fresh(), fresh("secret")
    server.chat(secret, idle)
    started = time.monotonic()
    while time.monotonic() < started + 1.3 * TTL:
        server.chat("still here", used)
        time.sleep(TTL / 5)
    assert server.messages(used)[0]["content"] == "still here"
    assert len(server.messages(used)) >= 8
    assert server.get(f"/sessions/{idle}").status == 404
    assert secret not in server.chat("what did I say first?", idle).json()["reply"]


@pytest.mark.clause("sessions.durable")
def test_kill_9(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a client saw completed is there after kill -9 of every process and a restart; the turn under way is not."""
    store = {"SESSION_STORE": f"sqlite:///{tmp_path_factory.mktemp('store')}/sessions.sqlite3"}
    done, streamed, under_way = fresh(), fresh(), fresh()
    with launch({**store, "SCRIPTED_ITL": "0.01"}) as launched:
        reply = launched.subject.chat("hello", done).json()["reply"]
        with launched.subject.stream("hello", under_way) as stream:
            stream.until("token")
            launched.process.kill()
    with launch(store) as again:
        assert [message["content"] for message in again.subject.messages(done)] == ["hello", reply]
        assert again.subject.messages(under_way) == []
        with again.subject.stream("hello", streamed) as stream:
            stream.until("end")
            again.process.kill()
    with launch(store) as again:
        assert len(again.subject.messages(streamed)) == 2
