"""The peer that calibration drives: it keeps its schedule and a true record, and nothing of it is left behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httptools
import httpx
import psutil
import pytest

from loadtests.calibrate.record import Record, record_of
from loadtests.calibrate.running import RunningPeer, peer
from loadtests.calibrate.schedule import FRAMINGS, GAPS, Framing, Schedule, scripts
from loadtests.calibrate.step import step_of
from loadtests.drive import DriveResult, DriveSpec, drive
from loadtests.drive.client.sse import SSEParser
from loadtests.drive.histogram import quantiles
from tests.links import ROOT

QUICK = Schedule(ttft=0.02, itl=0.01, tokens=9, reply=0.01)


class Reading:
    """A client that takes a stream write by write; httptools' callback and the SSE parser behind it."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._sse = SSEParser()
        self._http = httptools.HttpResponseParser(self)

    def on_body(self, data: bytes) -> None:
        """A piece of the body, as httptools tells it."""
        self.events += [json.loads(event.data) for event in self._sse.feed(data)]

    def take(self, data: bytes) -> int:
        """How many token events this write completes."""
        before = len(self.events)
        self._http.feed_data(data)
        return sum(event["type"] == "token" for event in self.events[before:])


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
def test_every_write_completes_its_own_tokens(framing: Framing) -> None:
    """In every framing a write ends just the events that the script says, and the stream keeps the contract."""
    script, reading = scripts(Schedule(framing=framing))["stream"][0], Reading()
    assert tuple(map(reading.take, script.writes)) == script.tokens
    kinds = [event["type"] for event in reading.events]
    assert kinds == ["start", *["token"] * 28, "end"]
    assert sum(script.tokens) == 28


def test_framings_differ_in_their_bytes() -> None:
    """Each framing dresses the same events in other bytes."""
    wires = {
        name: b"".join(scripts(Schedule(framing=framing))["stream"][0].writes) for name, framing in FRAMINGS.items()
    }
    assert len(set(wires.values())) == len(wires)
    assert b"\r\n\r\n" in wires["crlf"].partition(b"\r\n\r\n")[2]
    assert b"\n: another\n" in wires["comments"]
    ends = [
        write.endswith(b"\n\n\r\n") for write in scripts(Schedule(framing=FRAMINGS["anywhere"]))["stream"][0].writes
    ]
    assert sum(ends) < len(ends) / 3  # most writes end inside an event


def test_gaps_are_uneven_and_absolute() -> None:
    """Tokens are due at times that add up from the request, and their gaps are not all the same."""
    script = scripts(QUICK)["stream"][0]
    gaps = [later - earlier for earlier, later in pairwise(script.offsets[1:])]
    assert script.offsets[:2] == (0.0, QUICK.ttft)
    assert gaps == pytest.approx([QUICK.itl * GAPS[number % len(GAPS)] for number in range(QUICK.tokens)])


@dataclass
class Played:
    """An answer as the peer keeps it."""

    received: float
    stamps: tuple[float, ...]
    tokens: tuple[int, ...] = (0, 1, 2, 0)
    offsets: tuple[float, ...] = (0.0, 0.1, 0.3, 0.4)


def test_record_is_of_what_was_sent_in_the_window() -> None:
    """Requests count by when they came, gaps by the token that ends them, both from real stamps."""
    before, inside = Played(9.8, (9.8, 9.9, 10.1, 10.2)), Played(10.5, (10.5, 10.65, 10.8, 10.9))
    unfinished, later = Played(10.9, (10.9, 11.2)), Played(12.0, (12.0,))
    record = record_of([before, inside, unfinished, later], 10.0, 1.0, cpu_percent=7.0)
    assert (record.requests, record.tokens, record.writes) == (2, 5, 7)
    ttft, itl, latency = (quantiles(getattr(record, name)) for name in ("ttft", "itl", "latency"))
    assert (ttft.count, itl.count, latency.count) == (2, 4, 1)  # two events in one write have a gap of 0
    assert [one.max for one in (ttft, itl, latency)] == pytest.approx([300, 200, 400], rel=0.01)
    assert quantiles(record.late).max == pytest.approx(50, rel=0.01)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningPeer]:
    """A peer with short streams."""
    with peer(QUICK) as started:
        yield started


def test_peer_keeps_the_contract_as_far_as_the_load_asks(running: RunningPeer) -> None:
    """Health, an unknown session, a chat with and without its tool, and nothing else."""
    with httpx.Client(base_url=running.url) as client:
        assert client.get("/health").json()["status"] == "healthy"
        assert client.get("/sessions/parity-drive").status_code == 404
        assert client.get("/nothing").status_code == 404
        calls = [client.post("/chat", json={"message": text}).json()["tool_calls"] for text in ("Hello", "calculate 1")]
    assert [len(made) for made in calls] == [0, 1]


def test_peer_records_when_it_sent(running: RunningPeer) -> None:
    """A client's own stamps of one stream are those of the record, and never before them."""
    start, began = time.time(), time.monotonic()
    stamps: list[float] = []
    with httpx.stream("POST", f"{running.url}/chat/stream", json={"message": "Hello"}) as answer:
        stamps += [time.monotonic() for line in answer.iter_lines() if '"token"' in line]
    record = running.record(start, time.time() - start)
    assert (record.requests, record.tokens, record.refused) == (1, QUICK.tokens, 0)
    ttft = quantiles(record.ttft).max
    assert QUICK.ttft * 1e3 <= ttft + 0.1
    assert ttft <= (stamps[0] - began) * 1e3
    assert quantiles(record.itl).count == QUICK.tokens - 1


def test_a_request_in_pieces_is_one_request(running: RunningPeer) -> None:
    """The peer answers when the last byte has come, wherever the request was cut."""
    body = b'{"message": "Hello"}'
    request = b"POST /chat HTTP/1.1\r\nHost: peer\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (request[:20], request[20:70], request[70:]):
            client.sendall(piece)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_leaves_is_left(running: RunningPeer) -> None:
    """A client that goes away inside a stream disturbs nobody and is not counted as refused."""
    with httpx.stream("POST", f"{running.url}/chat/stream", json={"message": "Hello"}):
        pass
    assert httpx.get(f"{running.url}/health").status_code == 200
    assert running.record(time.time() - 60, 60).refused == 0


def test_peer_ends_when_whoever_started_it_is_gone() -> None:
    """When its standard input closes, the peer ends by itself."""
    command = [sys.executable, "-m", "loadtests.calibrate.peer", QUICK.model_dump_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_ctrl_c_in_the_terminal_is_not_the_peers(running: RunningPeer) -> None:
    """The peer is in no process group that a terminal would interrupt; whoever started it ends it."""
    (process,) = [child for child in psutil.Process().children() if "loadtests.calibrate.peer" in child.cmdline()]
    assert os.getpgid(process.pid) == process.pid != os.getpgrp()
    assert os.getsid(process.pid) != os.getsid(0)
    assert httpx.get(f"{running.url}/health").status_code == 200


def test_a_peer_whose_starter_is_killed_ends() -> None:
    """Even a SIGKILL of the starter, which no `finally` sees, leaves no peer in its session of its own."""
    code = (
        "import psutil, time\n"
        "from loadtests.calibrate.running import peer\n"
        "from loadtests.calibrate.schedule import Schedule\n"
        "with peer(Schedule()):\n"
        "    print(psutil.Process().children()[0].pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as starter:
        assert starter.stdout is not None
        process = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
        assert psutil.wait_procs([process], timeout=20)[1] == []


def test_no_peer_is_left_behind() -> None:
    """The peer is gone when its block ends, also by an exception."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(RuntimeError, match="a test"), peer(QUICK):
        raise RuntimeError("a test")
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


@pytest.fixture(scope="module")
def driven() -> tuple[DriveResult, Record]:
    """One short round against the peer, and the peer's record of it."""
    with peer(QUICK) as started:
        result = drive(DriveSpec("stream", started.url, "any", users=3, seconds=1.0, warmup=0.5))
        return result, started.record(result.window.start, result.window.seconds)


def test_counts_are_those_of_the_record(driven: tuple[DriveResult, Record]) -> None:
    """Generator and peer cut the same window: requests and token events agree but for its edges."""
    result, record = driven
    assert result.tokens == pytest.approx(record.tokens, abs=6)
    assert result.requests.count == pytest.approx(record.requests, abs=3)


def moved(record: Record, milliseconds: float) -> Record:
    """The record of a server whose first tokens came that much earlier."""
    early = Played(0.0, (0.0, QUICK.ttft - milliseconds / 1e3))
    return record.model_copy(update={"ttft": record_of([early], 0.0, 1.0, cpu_percent=0.0).ttft})


def test_a_figure_off_the_record_is_untrue(driven: tuple[DriveResult, Record]) -> None:
    """A TTFT that is 15 ms off the record, events that were not counted and a framing that was not told are untrue."""
    result, record = driven
    said = step_of(result, moved(record, 15), FRAMINGS["plain"], 3).untrue
    assert any(line.startswith("TTFT p50 is +") for line in said)
    lost = step_of(result, record.model_copy(update={"tokens": record.tokens * 2}), FRAMINGS["plain"], 3)
    assert any("events counted where the server's record has" in line for line in lost.untrue)
    four = step_of(result, record, FRAMINGS["four"], 3)
    assert any("where the server wrote 4 at a time" in line for line in four.untrue)
