"""The drain in short: the usual deployments and one of several workers; and that what judges them can find fault."""

import signal
import socket
import socketserver
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.targets import DEFAULT_TARGETS, load_services
from tests.conformance.fixtures import started
from tests.conformance.subject import Subject
from tests.resilience.drain import PART
from tests.resilience.drain import client as seen
from tests.resilience.drain.client import CHAT, STREAM, Client
from tests.resilience.drain.deployments import deployments, with_workers
from tests.resilience.drain.judge import SLACK, broken
from tests.resilience.drain.killing import killed
from tests.resilience.drain.measure import SIGTERM
from tests.resilience.drain.measured import GROUPS, LONG, NEW, SHORT
from tests.resilience.drain.page import page
from tests.resilience.drain.stopping import stopped
from tests.serving import serving

QUICK = replace(SIGTERM, itl=0.06)
START = b'data: {"type":"start","session_id":"s"}\n\n'
LAST = b'data: {"type":"end"}\n\n'
OTHER_WORDS = b'data: {"type":"error","error":"Bad gateway","detail":"The model could not answer"}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b"0\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


ANSWERS: Mapping[str, tuple[str, bytes]] = {
    "ended": (seen.END, HEAD + _chunk(START) + _chunk(LAST) + DONE),
    "a last event and an open body": (seen.CUT, HEAD + _chunk(START) + _chunk(LAST)),
    "broken off": (seen.CUT, HEAD + _chunk(START)),
    "whole without a last event": (seen.CLEAN, HEAD + _chunk(START) + DONE),
    "whole inside an event": (seen.CLEAN, HEAD + _chunk(START) + _chunk(LAST[:-1]) + DONE),
    "no framing to tell": (seen.CLEAN, b"HTTP/1.1 200 OK\r\n\r\n" + START),
    "something after the last event": (seen.OTHER, HEAD + _chunk(START) + _chunk(LAST) + _chunk(START) + DONE),
    "two last events": (seen.OTHER, HEAD + _chunk(START) + _chunk(LAST) + _chunk(LAST) + DONE),
    "an error of other words": (seen.OTHER, HEAD + _chunk(START) + _chunk(OTHER_WORDS) + DONE),
    "a refusal of other words": (seen.OTHER, b"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy"),
    "nothing": (seen.RESET, b""),
}


class _Scripted(socketserver.BaseRequestHandler):
    """Answers with the bytes of its server, whatever is asked, and closes; with none, the connection is reset."""

    def handle(self) -> None:
        answer: bytes = getattr(self.server, "answer")  # noqa: B009 - a server of ours has it
        self.request.recv(1 << 16)
        self.request.sendall(answer)
        if not answer:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()


@pytest.mark.parametrize("name", [*DEFAULT_TARGETS, "fastapi-uvicorn-4"])
def test_sigterm_with_fifty_streams(name: str, tmp_path: Path) -> None:
    """Who can finish does, the others are told, nobody is lied to, what was seen completed is stored, all are gone."""
    seen_by = stopped(load_services()[name], QUICK, tmp_path)
    assert seen_by.broken == ()
    assert (seen_by.outcomes[SHORT], seen_by.outcomes[LONG]) == ({seen.END: 25}, {seen.ERROR: 25})


def test_one_of_four_workers_is_killed(tmp_path: Path) -> None:
    """What it had in hand breaks and can be seen to, nobody else notices, and another worker takes its place."""
    assert killed(load_services()["flask-gthread-4"], tmp_path).broken == ()


def test_an_app_built_before_its_workers_says_so(tmp_path: Path) -> None:
    """Under gunicorn --preload there is no drain; the worker's log says so when it starts."""
    target = load_services()["flask-sync"]
    preloading = target.model_copy(update={"command": (*target.command, "--preload")})
    with started(preloading, {}, tmp_path / "preload.log") as launched:
        assert "--preload" in launched.subject.log_text()
    with started(target, {}, tmp_path / "plain.log") as launched:
        assert "--preload" not in launched.subject.log_text()


@pytest.mark.parametrize("case", ANSWERS)
def test_how_an_answer_ended(case: str) -> None:
    """Whole, broken off and untrue are told apart by the framing and the last event."""
    outcome, answer = ANSWERS[case]
    server = socketserver.TCPServer(("127.0.0.1", 0), _Scripted)
    setattr(server, "answer", answer)  # noqa: B010 - a server of ours has it
    with serving(server) as place:
        client = Client(Subject("scripted", f"http://{place}", "key"), STREAM, "hello").start()
        client.join(10)
    assert client.outcome == outcome, client.detail


def test_nobody_listens() -> None:
    """A port that is closed refuses, which is no reset."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert Client(Subject("nobody", place, "key"), CHAT, "hello").start().outcome == seen.REFUSED


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("outcome", [seen.CUT, seen.RESET, seen.CLEAN, seen.OTHER])
def test_what_no_group_may_see(group: str, outcome: str) -> None:
    """A client that saw one of these is a broken promise, whoever it is."""
    assert len(list(_found({group: (_client(outcome),)}))) == 1


@pytest.mark.parametrize(
    ("gone", "code", "sentence"), [(None, 0, "gone after None"), (9.5, 0, "gone after 9.5"), (1.0, 1, "exit code is 1")]
)
def test_late_or_odd_ends(gone: float | None, code: int, sentence: str) -> None:
    """A process that stays, or ends in another way than an operator expects, is a broken promise."""
    [found] = broken("flask-sync", 3.0, {}, gone, code)
    assert sentence in found


def test_the_page_says_what_is_forgiven() -> None:
    """Beside each promise of a time stands how much later it counts as broken."""
    said = page(PART.load())
    promised = [line for line in said.splitlines() if line.startswith("Promised: ")]
    assert promised
    assert all(line.endswith(f"counted as broken {SLACK:g} s after that, for a busy machine.") for line in promised)


def test_work_taken_on_late() -> None:
    """A turn that was answered long after the first refusal is a broken promise; one before it is not."""
    refused, early, late = _client(seen.UNAVAILABLE, 5.0), _client(seen.ANSWERED, 4.0), _client(seen.ANSWERED, 7.0)
    assert list(_found({NEW: (early, refused)})) == []
    [found] = _found({NEW: (early, refused, late)})
    assert "1 turns were taken on" in found


def test_every_kind_of_server_has_one_worker_and_four() -> None:
    """The twins that are made here differ in their number of workers alone, and are made only where there is none."""
    kinds = {(each.server, each.workers) for each in deployments()}
    assert kinds == {(server, workers) for server, _ in kinds for workers in (1, 4)}
    for target in load_services().values():
        assert with_workers(with_workers(target, 4), 1) == with_workers(target, 1)
        assert with_workers(target, target.workers).command == target.command


def _client(outcome: str, asked: float = 0.0) -> Client:
    return Client(Subject("made up", "http://127.0.0.1:1", "key"), CHAT, "hello", asked=asked, outcome=outcome)


def _found(groups: Mapping[str, tuple[Client, ...]]) -> list[str]:
    return list(broken("flask-sync", 3.0, groups, 1.0, -signal.SIGTERM))
