"""Every client reads the same events of the same turn, on every server."""

from dataclasses import replace

import pytest

from tests.clients.clients import CLIENTS, Client
from tests.clients.relay import cutting
from tests.clients.sent import Reader, Unreadable, sent
from tests.clients.turns import LIVE, LONG, PLAIN, References, Turn, masked
from tests.conformance.subject import Subject, fresh

pytestmark = pytest.mark.concurrent(2)  # a browser keeps idle connections open beside the one in use

EACH = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
AT_ONCE = [(client, turn) for client in CLIENTS for turn in PLAIN if client.keeps or turn.short]
SOME = 3
MUCH = " and ".join(f"calculate {number} * 7" for number in range(8))


def same(reader: Reader, server: Subject, turn: Turn, references: References) -> None:
    """The client's reading is the raw client's."""
    session = turn.session(server)
    assert masked(reader.read(sent(server, turn.message, session)), session) == references.of(server, turn)


@pytest.mark.parametrize(("client", "turn"), AT_ONCE, ids=lambda value: value.id)
@pytest.mark.clause("stream.clients", "stream.grammar", "answer.utf8")
def test_at_once(reader: Reader, server: Subject, turn: Turn, references: References) -> None:
    """Events that come as fast as the server can: words, tools, what other formats take for a line's end, 20 kB."""
    same(reader, server, turn, references)


@EACH
@pytest.mark.parametrize("turn", LIVE, ids=lambda turn: turn.id)
@pytest.mark.profile("live")
@pytest.mark.clause("stream.clients", "stream.heartbeat", "errors.in-stream", "errors.in-stream-kept")
def test_live(reader: Reader, server: Subject, turn: Turn, references: References) -> None:
    """Events that come one by one after a silence in which there are only comments, and turns that fail."""
    same(reader, server, turn, references)


@EACH
@pytest.mark.clause("stream.clients")
def test_cut(reader: Reader, client: Client, server: Subject, references: References) -> None:
    """On a network that cuts events into pieces, a client that keeps the beginning of a line reads all the same."""
    session = LONG.session(server)
    with cutting(server.url) as url:
        turn = replace(sent(server, LONG.message, session), url=f"{url}/chat/stream")
        if client.keeps:
            assert masked(reader.read(turn), session) == references.of(server, LONG)
        else:
            with pytest.raises(Unreadable):
                reader.read(turn)


@EACH
@pytest.mark.clause("stream.clients", "keys.refused")
def test_refused(reader: Reader, server: Subject) -> None:
    """A turn that is refused is a failure to each client, and it is sent once."""
    name = fresh("id")
    with pytest.raises(Unreadable):
        reader.read(sent(server, "hello", fresh(), x_api_key="wrong", x_request_id=name))
    assert server.log_line(name)["status"] == 401


@EACH
@pytest.mark.profile("live")
@pytest.mark.clause("stream.clients", "stream.unbuffered", "stream.disconnect", "stream.disconnect-dropped")
def test_left(reader: Reader, server: Subject) -> None:
    """A client that goes away has read the first events by then, and the server does not store the turn."""
    name, session = fresh("id"), fresh()
    seen = reader.leave(sent(server, MUCH, session, x_request_id=name), SOME)
    assert seen[:SOME] == ["start", "token", "token"]
    assert "end" not in seen
    assert server.log_line(name, timeout=20.0)["outcome"] == "disconnected"
    assert server.messages(session) == []
