"""When events are on the wire: at once, whole, and the headers before the model has answered.

Rule: times are compared with each other or with a generous part of a setting, never with a tight figure: machines
are noisy.
"""

import time
from contextlib import ExitStack
from itertools import groupby, pairwise
from statistics import median

import pytest

from tests.conformance.events import COMMENT, outline, parse
from tests.conformance.profiles import FIRST_TOKEN, HEARTBEAT, PACE, SILENCE
from tests.conformance.subject import JSON, Subject, payload
from tests.conformance.wire import Read, request

LONG = "calculate " + "1" * 4900


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.unbuffered")
def test_events_come_one_by_one(server: Subject) -> None:
    """A reply is streamed by a model that pauses between tokens, and each read of the client is timed.

    Expected: nearly every read holds one event, and the reads are as far apart as the tokens.
    """
    reads = _calm(server)
    counts = [len(parse(read.data)[0]) for read in reads]
    gaps = [later.at - earlier.at for earlier, later in pairwise(reads)]
    assert sum(counts) / len(counts) < 1.25, counts
    assert median(gaps) > PACE / 3, gaps
    assert reads[-1].at - reads[0].at > 0.7 * PACE * (len(counts) - 3)


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.whole-events")
def test_reads_hold_whole_events(server: Subject) -> None:
    """A reply with characters outside ASCII is streamed, piece by piece.

    Expected: no read of the client ends inside an event, so that a client that does not put pieces together works.
    """
    with server.stream("calculate 6 * 7 and time in Übersee") as stream:
        split = [read.data for read in stream.reads() if not read.data.endswith(b"\n\n")]
    assert split == []


@pytest.mark.clause("stream.whole-events")
@pytest.mark.parametrize("message", ["hello", LONG], ids=["short", "long"])
def test_events_are_written_whole(server: Subject, message: str) -> None:
    """A reply is streamed, once with a tool call of 5,000 bytes, and the chunks of the answer are looked at.

    Expected: every chunk, which is a write of the server, holds whole events and none begins or ends inside one.
    """
    assert [chunk for chunk in _chunks(server, message) if not (chunk[:1] in b"d:" and chunk[-2:] == b"\n\n")] == []


def _calm(server: Subject) -> list[Read]:
    """The stream of most reads out of three: a busy client finds several events in one, and a server that holds them
    back does so every time."""
    streams = []
    for _ in range(3):
        with server.stream("hello") as stream:
            streams.append(list(stream.reads()))
    return max(streams, key=len)


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.unbuffered", "stream.whole-events")
def test_each_event_is_one_write(server: Subject) -> None:
    """A reply with a tool call is streamed by a model that pauses between tokens, and its chunks are looked at.

    Expected: every chunk, which is a write of the server, holds one event: none waits for the next.
    """
    assert [chunk for chunk in _chunks(server, "calculate 6 * 7") if len(outline(chunk)) != 1] == []


def _chunks(server: Subject, message: str) -> list[bytes]:
    """The chunks of a whole stream (RFC 9112, section 7.1); none where the answer is framed in another way."""
    headers = [("X-API-Key", server.key), JSON, ("Connection", "close")]
    with server.connect() as connection:
        connection.send(request("POST", "/chat/stream", headers, payload(message)))
        head, _, rest = connection.rest().partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        pytest.skip("not applicable: needs an answer in chunked coding, which shows the server's writes")
    chunks = []
    while (size := int(rest[: rest.index(b"\r\n")].partition(b";")[0], 16)) > 0:
        start = rest.index(b"\r\n") + 2
        chunks.append(rest[start : start + size])
        rest = rest[start + size + 2 :]
    return chunks


@pytest.mark.profile("slow")
@pytest.mark.clause("stream.early-headers", "stream.unbuffered")
def test_headers_before_the_model(server: Subject) -> None:
    """A reply is streamed by a model that needs a second for its first token.

    Expected: the headers and the start event arrive long before that token.
    """
    with server.stream("hello") as stream:
        started, first = next(stream.timed())
        answered = next(at for at, event in stream.timed() if event["type"] == "token")
    assert first["type"] == "start"
    assert stream.opened - stream.sent < FIRST_TOKEN / 2
    assert started - stream.sent < FIRST_TOKEN / 2 < FIRST_TOKEN * 0.9 < answered - stream.sent


@pytest.mark.profile("slow")
@pytest.mark.clause("stream.heartbeat", "stream.unbuffered", "stream.terminal")
def test_heartbeat(server: Subject) -> None:
    """A reply with a tool call is streamed by a model that is silent before its first words and after the tool call.

    Expected: the tool call comes when it happens; comments keep the line alive in both silences, at the pace that is
    set; there is none while tokens flow, and none after the end.
    """
    with server.stream("calculate 6 * 7") as stream:
        reads = list(stream.reads())
    order = outline(b"".join(read.data for read in reads))
    assert [kind for kind, _ in groupby(order)] == ["start", COMMENT, "token", "tool_call", COMMENT, "token", "end"]
    for silence in _silences(reads):
        assert 2 <= len(silence) - 2 <= FIRST_TOKEN / HEARTBEAT, [read.data for read in silence]
        assert {read.data for read in silence[1:-1]} == {b": ping\n\n"}
        assert min(later.at - earlier.at for earlier, later in pairwise(silence[:-1])) > HEARTBEAT * 0.7


def _silences(reads: list[Read]) -> list[list[Read]]:
    """The reads of each run of comments, with the read before it and the one after it."""
    pings = [at for at, read in enumerate(reads) if read.data.startswith(b":")]
    first = [at for at in pings if at - 1 not in pings]
    last = [at for at in pings if at + 1 not in pings]
    return [reads[start - 1 : end + 2] for start, end in zip(first, last, strict=True)]


@pytest.mark.profile("slow")
@pytest.mark.clause("errors.gateway-timeout", "stream.heartbeat", "stream.terminal")
def test_heartbeats_do_not_put_off_the_timeout(server: Subject) -> None:
    """A reply is streamed by a model that never says anything, with several heartbeats within MODEL_TIMEOUT.

    Expected: comments while it is waited for; at MODEL_TIMEOUT, not before and not never, the error event.
    """
    with server.stream("/hang") as stream:
        reads = list(stream.reads())
    order = outline(b"".join(read.data for read in reads))
    assert (order[0], order[-1]) == ("start", "error")
    assert set(order[1:-1]) == {COMMENT}
    assert 0.9 * SILENCE < reads[-1].at - stream.sent < 4 * SILENCE


@pytest.mark.profile("slow")
@pytest.mark.concurrent(6)
@pytest.mark.clause("stream.unbuffered")
def test_streams_do_not_wait_for_each_other(server: Subject) -> None:
    """Five streams are open at once, all waiting for a slow model, and a health check is sent meanwhile.

    Expected: each stream starts at once, the check is answered at once, and all streams get their tokens.
    """
    with ExitStack() as stack:
        streams = [stack.enter_context(server.stream("hello")) for _ in range(5)]
        assert max(stream.opened - stream.sent for stream in streams) < FIRST_TOKEN / 2
        asked = time.monotonic()
        assert server.request("GET", "/health").status == 200
        assert time.monotonic() - asked < FIRST_TOKEN / 2
        assert [stream.until("token")[0]["type"] for stream in streams] == ["start"] * 5
