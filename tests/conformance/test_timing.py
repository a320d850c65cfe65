"""When events are on the wire: at once, whole, and the headers before the model has answered.

Rule: times are compared with each other or with a generous part of a setting, never with a tight figure: machines
are noisy.
"""

from contextlib import ExitStack
from itertools import pairwise
from statistics import median

import pytest

from tests.conformance.events import parse
from tests.conformance.profiles import FIRST_TOKEN, HEARTBEAT, PACE
from tests.conformance.subject import Subject


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.unbuffered")
def test_events_come_one_by_one(server: Subject) -> None:
    """With a model that pauses between tokens, nearly every read holds one event, and they are spread in time."""
    with server.stream("hello") as stream:
        reads = list(stream.reads())
    counts = [len(parse(read.data)[0]) for read in reads]
    gaps = [later.at - earlier.at for earlier, later in pairwise(reads)]
    assert sum(counts) / len(counts) < 1.25, counts
    assert median(gaps) > PACE / 3, gaps
    assert reads[-1].at - reads[0].at > 0.7 * PACE * (len(counts) - 3)


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.whole-events")
def test_reads_hold_whole_events(server: Subject) -> None:
    """No event is split over two reads, long ones and those beyond ASCII included."""
    for message in ("Grüße 😀 " * 20, "calculate 6 * 7"):
        with server.stream(message) as stream:
            split = [read.data for read in stream.reads() if not read.data.endswith(b"\n\n")]
        assert split == []


@pytest.mark.profile("slow")
@pytest.mark.clause("stream.early-headers", "stream.unbuffered")
def test_headers_before_the_model(server: Subject) -> None:
    """Headers and the start event arrive long before a model's first token."""
    with server.stream("hello") as stream:
        times = {event["type"]: at for at, event in reversed(list(stream.timed()))}
    to_start, to_token = times["start"] - stream.sent, times["token"] - stream.sent
    assert stream.opened - stream.sent < FIRST_TOKEN / 2
    assert to_start < FIRST_TOKEN / 2 < FIRST_TOKEN * 0.9 < to_token


@pytest.mark.profile("slow")
@pytest.mark.clause("stream.heartbeat")
def test_heartbeat(server: Subject) -> None:
    """While the model is silent a comment keeps the line alive; while tokens flow there is none."""
    with server.stream("hello") as stream:
        reads = list(stream.reads())
    first = next(at for at, read in enumerate(reads) if b'"token"' in read.data)
    silent, busy = reads[:first], reads[first:]
    pings = [read for read in silent if read.data == b": ping\n\n"]
    assert 2 <= len(pings) <= FIRST_TOKEN / HEARTBEAT, [read.data for read in silent]
    gaps = [later.at - earlier.at for earlier, later in pairwise(silent)]
    assert min(gaps) > HEARTBEAT * 0.7
    assert not [read for read in busy if b": ping" in read.data]


@pytest.mark.profile("slow")
@pytest.mark.concurrent(6)
@pytest.mark.clause("stream.unbuffered")
def test_streams_do_not_wait_for_each_other(server: Subject) -> None:
    """Six streams at once each start at once, and a health check is answered meanwhile."""
    with ExitStack() as stack:
        streams = [stack.enter_context(server.stream("hello")) for _ in range(5)]
        assert max(stream.opened - stream.sent for stream in streams) < FIRST_TOKEN / 2
        assert server.request("GET", "/health").status == 200
        assert [list(stream.events())[-1] for stream in streams] == [{"type": "end"}] * 5
