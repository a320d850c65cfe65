"""What is stored of a turn, and when: whole, before its end, also at the same time as others, and for good.

Neighbours: `test_disconnect` and `test_faults` (turns that must not be stored), `test_sessions` (reads them).
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.conformance import wire
from tests.conformance.events import text
from tests.conformance.fixtures import Launch
from tests.conformance.subject import JSON, Subject, fresh, payload

CROWD = 20


@pytest.mark.concurrent(2)
@pytest.mark.clause("sessions.turn")
@pytest.mark.parametrize("message", ["hello", "calculate 6 * 7"], ids=["words", "tool-call"])
def test_stored_before_the_end_event(server: Subject, message: str) -> None:
    """The very moment that the end event is read, the session is asked for on a connection that is open already.

    Expected: the turn is there, ten times out of ten.
    """
    for _ in range(10):
        session = fresh()
        with server.connect() as reader, server.stream(message, session) as stream:
            reader.expect("GET")
            events = stream.until("end")
            reader.send(wire.request("GET", f"/sessions/{session}", [("X-API-Key", server.key)]))
            messages = reader.answer().json().get("messages", [])
        assert [said["content"] for said in messages] == [message, text(events)]


@pytest.mark.concurrent(3)
@pytest.mark.profile("paced")
@pytest.mark.clause("sessions.together")
def test_nothing_is_stored_of_half_a_turn(server: Subject) -> None:
    """While a model is still speaking, in a stream and in a POST /chat, their sessions are read.

    Expected: nothing is there of either, not even the user's message; when they have ended, both turns are whole.
    """
    streamed, plain = fresh(), fresh()
    with server.connect() as connection, server.stream("hello", streamed) as stream:
        connection.expect("POST")
        connection.send(wire.request("POST", "/chat", [("X-API-Key", server.key), JSON], payload("hello", plain)))
        begun = [next(stream.events()) for _ in range(10)]
        assert (server.messages(streamed), server.messages(plain)) == ([], [])
        reply = text([*begun, *stream.events()])
        assert connection.answer().json()["reply"] == reply
    assert [said["content"] for said in server.messages(streamed)] == ["hello", reply]
    assert server.messages(plain) == server.messages(streamed)


@pytest.mark.concurrent(CROWD)
@pytest.mark.clause("sessions.concurrent", "sessions.shared")
def test_turns_at_the_same_time(server: Subject) -> None:
    """Twenty clients send a message to one session at the same moment, every other one as a stream; then all again.

    Expected: all forty turns are kept, each reply next to its own message.
    """
    session, barrier = fresh(), Barrier(CROWD)
    said = [f"message number {number}" for number in range(2 * CROWD)]

    def turn(number: int) -> str:
        barrier.wait(30)
        return _turn(server, session, said[number], streamed=bool(number % 2))

    with ThreadPoolExecutor(CROWD) as pool:
        replies = dict(zip(said, pool.map(turn, range(2 * CROWD)), strict=True))
    messages = server.messages(session)
    assert [message["role"] for message in messages] == ["user", "assistant"] * (2 * CROWD)
    assert {a["content"]: b["content"] for a, b in zip(messages[::2], messages[1::2], strict=True)} == replies


def _turn(server: Subject, session: str, message: str, *, streamed: bool) -> str:
    if streamed:
        return text(server.streamed(message, session))
    reply: str = server.chat(message, session).json()["reply"]
    return reply


@pytest.mark.clause("sessions.shared", "sessions.concurrent")
def test_two_servers_share_the_sessions(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two servers with the same store take turns of one session, first one after the other, then at the same time.

    Expected: each knows at once what the other has stored, model and reader alike, no turn is lost, and what one
    deletes is gone for the other.
    """
    store = {"SESSION_STORE": f"sqlite:///{tmp_path_factory.mktemp('store')}/sessions.sqlite3"}
    session, secret = fresh(), fresh("secret")
    with launch(store) as first, launch(store) as second:
        servers = [first.subject, second.subject]
        servers[0].chat(secret, session)
        assert servers[1].chat("what did I say first?", session).json()["tool_calls"][0]["result"] == secret
        assert servers[0].messages(session) == servers[1].messages(session)
        with ThreadPoolExecutor(4) as pool:
            statuses = [pool.submit(servers[turn % 2].chat, f"{turn}", session) for turn in range(16)]
        assert {answer.result().status for answer in statuses} == {200}
        assert sorted(said["content"] for said in servers[0].messages(session)[4::2]) == sorted(map(str, range(16)))
        assert servers[1].delete(f"/sessions/{session}").status == 204
        assert servers[0].messages(session) == []


@pytest.mark.clause("sessions.durable")
def test_kill_9(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every process of a server is killed (SIGKILL) while a turn is under way, and again right after an end event.

    Expected: after a restart every turn that a client saw completed is there, and of the turn under way nothing is.
    """
    store = {"SESSION_STORE": f"sqlite:///{tmp_path_factory.mktemp('store')}/sessions.sqlite3"}
    done, streamed, under_way = fresh(), fresh(), fresh()
    with launch({**store, "SCRIPTED_ITL": "0.01"}) as launched:
        reply = launched.subject.chat("calculate 1", done).json()["reply"]
        with launched.subject.stream("hello", under_way) as stream:
            stream.until("token")
            launched.process.kill()
    with launch(store) as again:
        assert [message["content"] for message in again.subject.messages(done)] == ["calculate 1", reply]
        assert again.subject.messages(under_way) == []
        with again.subject.stream("hello", streamed) as stream:
            stream.until("end")
            again.process.kill()
    with launch(store) as again:
        assert len(again.subject.messages(streamed)) == 2
