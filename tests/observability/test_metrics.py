"""The figures are right, with one worker and with four, and stay right when a worker is killed."""

import signal
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from loadtests.serve import Server
from loadtests.targets import load_targets
from tests.conformance.fixtures import Launched, started
from tests.conformance.poll import poll
from tests.conformance.subject import Subject
from tests.observability.scrape import Scrape, scrape
from tests.observability.traffic import SETTINGS, Played, play

TARGETS = ("fastapi-uvicorn", "flask-gthread", "flask-gevent", "fastapi-uvicorn-4", "flask-gthread-4")
FOUR = ("fastapi-uvicorn-4", "flask-gthread-4")


def _settings(folder: Path, **more: str) -> Mapping[str, str]:
    return {**SETTINGS, "METRICS_DIR": str(folder / "metrics"), **more}


def _wrong(seen: Scrape, played: Played) -> dict[str, tuple[float, float]]:
    """What is not as it was played: seen, played."""
    sums = {
        f"{method} {route} {status}": (
            seen.sum("parity_http_requests_total", method=method, route=route, status=status),
            count,
        )
        for (method, route, status), count in played.requests.items()
    }
    timed = sum(count for (_, route, _), count in played.requests.items() if route.startswith("/chat"))
    sums |= {kind: (seen.sum("parity_stream_events_total", type=kind), n) for kind, n in played.events.items()}
    sums |= {f"turn {how}": (seen.sum("parity_turns_total", outcome=how), n) for how, n in played.turns.items()}
    sums |= {kind: (seen.sum("parity_model_errors_total", error=kind), n) for kind, n in played.model_errors.items()}
    chats = [seen.sum("parity_http_request_duration_seconds_count", route=route) for route in ("/chat", "/chat/stream")]
    sums |= {"timed": (sum(chats), timed)}
    sums |= {"first tokens": (seen.sum("parity_time_to_first_token_seconds_count"), played.turns["completed"])}
    sums |= {gauge: (seen.sum(gauge), 0) for gauge in ("parity_http_requests_in_progress", "parity_streams_open")}
    return {name: pair for name, pair in sums.items() if pair[0] != pair[1]}


def _exactly(launched: Launched, played: Played) -> None:
    """A log line is written, and a figure with it, when the client has its answer already: so it is waited for."""
    seen: list[Scrape] = []

    def right() -> bool:
        seen[:] = [scrape(launched.subject)]
        return not _wrong(seen[0], played)

    try:
        poll(right, 10, "scrape with the sums of what was sent")
    except AssertionError as late:
        raise AssertionError(f"seen, played: {_wrong(seen[0], played)}") from late


@pytest.mark.parametrize("name", TARGETS)
def test_sums_are_what_was_sent(name: str, tmp_path: Path) -> None:
    """All requests, turns, events and errors of all workers are counted, each once, whichever worker is asked."""
    with started(load_targets()[name], _settings(tmp_path), tmp_path / "log") as launched:
        _exactly(launched, play(launched.subject))


def _workers(server: Server, folder: Path) -> list[psutil.Process]:
    """The processes that answer requests: those that have a place in the folder."""
    places = {int(file.name.removeprefix("alive_")) for file in folder.glob("alive_*")}
    return [process for process in server.processes() if process.pid in places]


@pytest.mark.parametrize("name", FOUR)
def test_killed_worker_has_counted_what_it_has(name: str, tmp_path: Path) -> None:
    """After `kill -9` of a worker no count goes back, and what it had in hand is no longer counted as open."""
    settings = _settings(tmp_path, SCRIPTED_ITL="0.05")
    with started(load_targets()[name], settings, tmp_path / "log") as launched:
        subject, folder = launched.subject, tmp_path / "metrics"
        poll(lambda: len(_workers(launched.process, folder)) == 4, 30, "four workers")
        with subject.stream("calculate 6 * 7") as stream:
            stream.until("token")
            poll(lambda: scrape(subject).sum("parity_streams_open") == 1, 10, "open stream")
            before = scrape(subject)
            for worker in _workers(launched.process, folder):
                worker.send_signal(signal.SIGKILL)
                worker.wait(10)
                poll(lambda: len(_workers(launched.process, folder)) == 4, 30, "new worker")
                if scrape(subject).sum("parity_streams_open") == 0:
                    break
        after = scrape(subject)
        assert after.sum("parity_streams_open") == after.sum("parity_http_requests_in_progress") == 0
        for counter in ("parity_http_requests_total", "parity_stream_events_total"):
            assert after.sum(counter) >= before.sum(counter) > 0


def test_client_that_leaves_is_a_turn(tmp_path: Path) -> None:
    """A stream whose client has gone is a disconnected turn, on both twins."""
    for name in ("fastapi-uvicorn", "flask-gthread"):
        settings = _settings(tmp_path / name, SCRIPTED_ITL="0.05")
        with started(load_targets()[name], settings, tmp_path / f"{name}.log") as launched:
            with launched.subject.stream("calculate 6 * 7") as stream:
                stream.until("token")
            poll(lambda of=launched.subject: _gone(of) == 1, 10, "disconnected turn")  # type: ignore[misc]


def _gone(subject: Subject) -> float:
    return scrape(subject).sum("parity_turns_total", outcome="disconnected")


def test_new_run_begins_at_zero(tmp_path: Path) -> None:
    """What an earlier run has left in the folder is not counted again."""
    for _ in range(2):
        with started(load_targets()["fastapi-uvicorn"], _settings(tmp_path), tmp_path / "log") as launched:
            assert launched.subject.chat("hello").status == 200
            poll(lambda: scrape(launched.subject).sum("parity_turns_total") == 1, 10, "one turn")
            launched.process.kill()
