"""Sessions as a client reads and deletes them: which one, whose, and in which order.

Neighbours: `test_turns` (what is stored, and when), `test_history` (what the model is given of it, for how long).
"""

import pytest

from tests.conformance.events import calls, parse, text
from tests.conformance.subject import Subject, fresh, payload

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


@pytest.mark.clause("routes.session-read", "sessions.turn", "answer.field-order")
def test_read(server: Subject) -> None:
    """A session with one turn by POST /chat and one by POST /chat/stream is read.

    Expected: its id and its messages, each a role and a content, oldest first, the replies as the client got them.
    """
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


@pytest.mark.clause("routes.session-unknown", "errors.not-found")
def test_unknown(server: Subject) -> None:
    """A session is read that was never used.

    Expected: 404 with one sentence.
    """
    answer = server.get(f"/sessions/{fresh()}")
    assert (answer.status, answer.json()["error"]) == (404, "Not found")
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.clause("routes.session-delete")
def test_delete(server: Subject) -> None:
    """A session is deleted twice, and read after each deletion.

    Expected: both times 204 without a body, and then 404.
    """
    session = fresh()
    server.chat("hello", session)
    for _ in range(2):
        answer = server.delete(f"/sessions/{session}")
        assert (answer.status, answer.body) == (204, b"")
        assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.clause("routes.session-delete", "sessions.history")
def test_deleted_is_forgotten(server: Subject) -> None:
    """A session is deleted and then continued, and the model is asked what was said first.

    Expected: neither the model nor a reader knows anything of what was said before the deletion.
    """
    session, secret = fresh(), fresh("secret")
    server.chat(secret, session)
    server.delete(f"/sessions/{session}")
    assert secret not in server.chat("what did I say first?", session).body.decode()
    assert len(server.messages(session)) == 2


@pytest.mark.clause("sessions.exact", "routes.session-delete")
def test_ids_are_exact(server: Subject) -> None:
    """Sessions are used whose ids differ in one character only, in its case or in what a pattern would match.

    Expected: each is a session of its own, and the deletion of one leaves all others.
    """
    base = fresh("Exact")
    ids = [f"{base}{end}" for end in ("_a", "-a", ".a", ":a", "_A", "_a0", "_", "")] + [base.swapcase()]
    for session in ids:
        assert server.chat(session, session).status == 200
    assert server.delete(f"/sessions/{ids[0]}").status == 204
    said = {session: [message["content"] for message in server.messages(session)[::2]] for session in ids}
    assert said == {ids[0]: []} | {session: [session] for session in ids[1:]}


@pytest.mark.clause("routes.session-impossible")
@pytest.mark.parametrize("session", IMPOSSIBLE, ids=lambda value: value[:12])
def test_impossible_ids(server: Subject, session: str) -> None:
    """A session is read and deleted by an id that no session can have.

    Expected: it is like one that is not there: 404 to GET, 204 to DELETE.
    """
    read = server.get(f"/sessions/{session}")
    assert (read.status, read.json()["error"]) == (404, "Not found")
    assert server.delete(f"/sessions/{session}").status == 204


@pytest.mark.clause("routes.session-impossible", "sessions.exact")
def test_a_line_feed_makes_another_id(server: Subject) -> None:
    """A session that is there is read and deleted by its id with a line feed after it.

    Expected: 404 and 204, and the session itself is still there.
    """
    session = fresh()
    server.chat("hello", session)
    assert server.get(f"/sessions/{session}%0A").status == 404
    assert server.delete(f"/sessions/{session}%0A").status == 204
    assert server.messages(session)


@pytest.mark.clause("routes.session-read")
def test_escaped_ids(server: Subject) -> None:
    """A session with a colon in its id is read with the colon percent-encoded.

    Expected: the session, with the id as it is.
    """
    session = f"a:{fresh()}"
    server.chat("hello", session)
    assert server.get(f"/sessions/{session.replace(':', '%3A')}").json()["session_id"] == session


@pytest.mark.clause("sessions.isolated")
def test_another_key_sees_nothing(server: Subject, second_key: str) -> None:
    """A session of one key is read, deleted and continued with another key, on both routes.

    Expected: for the other key there is no such session, its model knows nothing of it, and the session is unchanged.
    """
    session, secret = fresh(), fresh("secret")
    server.chat(secret, session)
    assert server.get(f"/sessions/{session}", key=second_key).status == 404
    assert server.delete(f"/sessions/{session}", key=second_key).status == 204
    told = server.chat("what did I say first?", session, key=second_key)
    streamed = server.post("/chat/stream", payload("what did I say first?", session), key=second_key)
    assert [answer.status for answer in (told, streamed)] == [200, 200]
    assert secret not in (told.body + streamed.body).decode()
    assert [message["content"] for message in server.messages(session)][::2] == [secret]


@pytest.mark.clause("sessions.isolated")
def test_one_id_under_two_keys(server: Subject, second_key: str) -> None:
    """Two keys use the same session id, by POST /chat and by POST /chat/stream; then the first deletes its session.

    Expected: they are two sessions, each with its own first message, and the second key's outlives the deletion.
    """
    session, first, second = fresh(), fresh("first"), fresh("second")
    server.streamed(first, session)
    server.post("/chat/stream", payload(second, session), key=second_key)
    for key, word in ((server.key, first), (second_key, second)):
        answer = server.post("/chat/stream", payload("what did I say first?", session), key=key)
        assert [call["result"] for call in calls(parse(answer.body)[0])] == [word]
    assert server.delete(f"/sessions/{session}").status == 204
    assert [message["content"] for message in server.messages(session, key=second_key)][:1] == [second]
    assert server.messages(session) == []
