"""A round of load tells the truth: its figures are those of the server's own record, and it counts what breaks."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from itertools import pairwise
from statistics import median

import psutil
import pytest

from loadtests.drive import DriveResult, DriveSpec, drive
from loadtests.drive.command import LOCUSTFILE
from loadtests.errors import UserError
from tests.unit.loadtests.scripted import (
    CLOSE,
    END,
    START,
    STREAM_END,
    STREAM_HEAD,
    Script,
    Served,
    Step,
    answer,
    chunk,
    contract,
    event,
    reply,
    serving,
    token,
)

TICK = 0.03
TOKENS = 12


def play(script: Script, scenario: str, **given: object) -> tuple[DriveResult, Served]:
    """One short round against a server that follows this script."""
    facts: dict[str, object] = {"seconds": 1.0, "warmup": 0.2, "timeout": 5.0, **given}
    with serving(contract(script)) as served:
        spec = DriveSpec(scenario, served.url, "good", **facts)  # type: ignore[arg-type]  # a test's shorthand
        return drive(spec), served


def steady(per_write: int = 1) -> Script:
    """A good stream: a token every TICK seconds, or several at a time."""
    writes = TOKENS // per_write
    steps = [step for _ in range(writes) for step in (TICK * per_write, chunk(token() * per_write))]
    return lambda _: (STREAM_HEAD, chunk(START), *steps, TICK, chunk(END), STREAM_END)


def stream_of(*steps: Step) -> Script:
    """A stream of just these steps, after a short wait."""
    return lambda _: (STREAM_HEAD, chunk(START), TICK, *steps)


@cache
def steady_round() -> tuple[DriveResult, Served]:
    """One round of good streams, looked at by several tests."""
    return play(steady(), "stream", users=3)


def token_times(served: Served) -> list[list[float]]:
    """For each stream, when the server wrote its tokens."""
    streams = ([at for at, data in writes if b'"token"' in data] for writes in served.writes)
    return [times for times in streams if times]


def test_ttft_and_itl_agree_with_the_servers_record() -> None:
    """TTFT and ITL are within a few ms of what the server wrote down, for a token every 30 ms."""
    result, served = steady_round()
    gaps = [later - earlier for times in token_times(served) for earlier, later in pairwise(times)]
    starts = [writes[0][0] for writes in served.writes if writes[0][1] == STREAM_HEAD]
    waits = [times[0] - start for times, start in zip(token_times(served), starts, strict=True)]
    assert result.itl_ms is not None
    assert result.ttft_ms is not None
    assert result.itl_ms.p50 == pytest.approx(median(gaps) * 1e3, abs=5)
    assert result.ttft_ms.p50 == pytest.approx(median(waits) * 1e3, abs=15)


def test_good_streams_are_counted_whole() -> None:
    """Streams that end well are completed, one event a read, with nothing to complain of but a noisy machine."""
    result, _ = steady_round()
    assert result.streams is not None
    assert result.streams.completed == result.requests.count > 0
    assert (result.streams.truncated, result.requests.errors) == (0, 0)
    assert result.events_per_read == pytest.approx(1, abs=0.2)
    assert result.longest_gap_ms is not None
    assert result.longest_gap_ms.count == result.requests.count
    assert not [reason for reason in result.generator.reasons if "CPU" not in reason and "hub" not in reason]


def test_json_has_what_is_promised() -> None:
    """The JSON of a round has every documented field, and reads back as the same value."""
    result, _ = steady_round()
    stored = json.loads(result.model_dump_json())
    assert set(stored["requests"]) >= {"count", "errors", "dropped"}
    for name in ("latency_ms", "latency_intended_ms", "ttft_ms", "itl_ms", "longest_gap_ms"):
        assert set(stored[name]) >= {"p50", "p95", "p99", "max"}
    assert set(stored["generator"]) == {"cpu_percent", "hub_lag_p99_ms", "valid", "reasons", "workers"}
    assert set(stored["streams"]) == {"completed", "truncated"}
    assert {"schema_version", "scenario", "throughput", "events_per_read", "groups", "in_flight"} <= set(stored)
    assert {"error_samples", "timeline", "window", "histograms"} <= set(stored)
    assert DriveResult.model_validate(stored) == result


def test_four_events_a_write_are_told() -> None:
    """Events that are written four at a time are seen as four a read, and the ITL is marked unreliable."""
    result, _ = play(steady(per_write=4), "stream", users=2)
    assert result.events_per_read == pytest.approx(4, abs=0.3)
    assert result.itl_reliable is False


BROKEN: dict[str, tuple[str, Script]] = {
    "stopped without end": ("truncated: the stream stopped", stream_of(chunk(token()), STREAM_END)),
    "connection closed": ("truncated: the server closed", stream_of(chunk(token()), CLOSE)),
    "error event": ("error event: Bad gateway", stream_of(chunk(event("error", error="Bad gateway")), STREAM_END)),
    "refused": ("status 503 instead of 200", lambda _: (answer(b'{"error":"Service unavailable"}', 503), 0.02)),
}


@pytest.mark.parametrize(("reason", "script"), BROKEN.values(), ids=BROKEN)
def test_broken_stream_is_counted_and_said(reason: str, script: Script) -> None:
    """A stream that breaks is an error with its reason and an example, and makes the round invalid."""
    result, _ = play(script, "stream", users=2, seconds=0.5)
    ((found, sample),) = result.error_samples.items()
    assert found.startswith(reason)
    assert sample.count == result.requests.errors == result.requests.count > 0
    assert sample.example
    assert any("requests failed" in why for why in result.generator.reasons)
    truncated = result.streams.truncated if result.streams else 0
    assert truncated == (result.requests.errors if reason.startswith("truncated") else 0)


def test_wrong_body_is_found_by_the_sample() -> None:
    """A body that is wrong under the right status is found by the checks in depth, which are a sample."""
    result, _ = play(lambda _: (0.002, answer(b'{"reply":""}')), "chat", users=2)
    assert 0 < result.requests.errors < result.requests.count
    assert all(reason.startswith("body: ") for reason in result.error_samples)
    assert any("failed their check" in why for why in result.generator.reasons)


def test_server_that_dies_under_load_is_reported() -> None:
    """Connections refused during the load are failures to connect, and do not end the round early."""
    served_one = itertools.count()

    with serving(contract(lambda _: (reply(tools=next(served_one) % 2), 0.01))) as served:
        spec = DriveSpec("chat", served.url, "good", users=2, seconds=2.0, warmup=0.0, timeout=5.0)
        results: list[DriveResult] = []
        driving = threading.Thread(target=lambda: results.append(drive(spec)))
        driving.start()
        deadline = time.monotonic() + 20
        while len(served.requests) < 30 and time.monotonic() < deadline:
            time.sleep(0.01)  # polling for the load to have begun
    driving.join()
    assert any(reason.startswith("connect: Connection refused") for reason in results[0].error_samples)
    assert not results[0].generator.valid


def test_open_loop_shows_the_stall_that_users_feel() -> None:
    """When a server stalls, arrivals wait for a connection: their intended times hold what actual ones hide."""
    stalls = itertools.chain(itertools.repeat(0.001, 40), (0.5,), itertools.repeat(0.001))
    result, _ = play(lambda _: (next(stalls), reply()), "async", rate=100.0, seconds=1.5, connections=1)
    assert result.requests.offered == pytest.approx(150, abs=2)
    assert result.requests.count == result.requests.offered
    assert result.requests.dropped == 0
    assert result.requests.late >= 30
    assert result.latency_intended_ms.p95 > 300 > result.latency_ms.p95
    assert result.latency_ms.max >= 490


def test_requests_that_take_too_long_are_failures() -> None:
    """A request over its time limit is a failure that says so, and the round still ends."""
    result, _ = play(lambda _: (3.0, reply()), "async", users=2, seconds=0.5, timeout=0.4)
    assert result.requests.count == result.requests.errors > 0
    assert [reason.startswith("timeout: no whole answer in 0.4 s") for reason in result.error_samples] == [True]


def test_poisson_arrivals_follow_their_seed() -> None:
    """The same seed offers the same number of requests, whatever the server does."""
    offered = {
        play(lambda _: (reply(),), "async", rate=60.0, arrivals="poisson", seed=seed, seconds=0.8)[0].requests.offered
        for seed in (7, 7)
    }
    assert len(offered) == 1


def test_arrivals_over_the_cap_are_dropped() -> None:
    """Arrivals that find too many in flight are dropped, counted, and make the round invalid."""
    result, _ = play(lambda _: (0.6, reply()), "async", rate=40.0, max_in_flight=4)
    assert result.requests.dropped > 0
    assert result.requests.count + result.requests.dropped == result.requests.offered
    assert any("of the offered load was sent" in why for why in result.generator.reasons)


def test_requests_in_flight_obey_littles_law() -> None:
    """Users that always wait are all in flight, counted and by throughput times latency; health is probed beside."""
    result, served = play(lambda _: (0.1, reply()), "async", users=6, seconds=1.5)
    assert result.in_flight.max == 6
    assert result.in_flight.mean == pytest.approx(6, rel=0.15)
    assert result.in_flight.littles_law == pytest.approx(6, rel=0.25)
    assert result.groups["health"].count == pytest.approx(15, abs=4)
    assert 60 <= result.requests.count < sum(1 for line in served.requests if line.startswith("POST /chat "))


def test_refused_and_accepted_are_reported_apart() -> None:
    """Validation's accepted and refused requests are groups of their own that add up to the whole."""
    result, _ = play(lambda _: (0.002, reply()), "validation", users=2)
    accepted, refused = result.groups["accepted"], result.groups["refused"]
    assert accepted.count + refused.count == result.requests.count
    assert (accepted.errors, refused.errors) == (0, refused.count)
    assert "status 200 instead of 422" in result.error_samples


def test_two_locust_workers_add_up() -> None:
    """With two worker processes the merged result holds all requests of both."""
    result, served = play(lambda _: (0.02, reply()), "async", users=4, seconds=1.5, processes=2)
    chats = sum(1 for line in served.requests if line.startswith("POST /chat "))
    assert 0.4 * chats < result.requests.count <= chats
    assert result.latency_ms.count == result.requests.count
    assert result.in_flight.mean == pytest.approx(4, rel=0.3)


def test_nothing_is_left_behind() -> None:
    """A round leaves no process."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    play(lambda _: (reply(),), "async", users=1, seconds=0.3)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_nobody_at_the_url() -> None:
    """A URL where nothing listens is said in one sentence with the cure, before any load."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(UserError, match=r"nothing to load at .*Connection refused.*parity serve"):
        drive(DriveSpec("chat", url, "good"))


def test_words_are_checked_where_the_model_is_known() -> None:
    """The same good stream of other words: taken by itself, and refused where it must say what the kit's model says."""
    by_itself, (asked, _) = steady_round()[0], play(steady(), "stream", users=3, words=True)
    assert (by_itself.body_checks, by_itself.requests.errors) == (0, 0)
    assert asked.body_checks > 0
    assert "bodies failed their check" in asked.generator.reasons
    (sample,) = asked.error_samples.values()
    assert sample.example.startswith(f"200 {TOKENS} tokens, 0 tool calls: ")


def test_wrong_key() -> None:
    """A key that the server refuses is said in one sentence with the cure, before any load."""
    with serving(contract(lambda _: (reply(),))) as served, pytest.raises(UserError, match=r"refuses the key.*--key"):
        drive(DriveSpec("chat", served.url, "bad"))
    assert not [line for line in served.requests if "/chat" in line]


def test_unknown_scenario() -> None:
    """A scenario that does not exist is answered with those that do."""
    with pytest.raises(UserError, match=r"no scenario 'chats'.*chat, async, validation, docs, stream"):
        drive(DriveSpec("chats", "http://127.0.0.1:1", "good"))


@pytest.mark.parametrize("given", [{"users": 1, "rate": 1.0}, {"users": 0}, {"rate": -1.0}, {"seconds": 0.0}], ids=str)
def test_load_that_makes_no_sense(given: dict[str, float]) -> None:
    """Users and a rate together, or none at all, are refused."""
    with pytest.raises(UserError, match="--"):
        DriveSpec("chat", "http://127.0.0.1:1", "good", **given)  # type: ignore[arg-type]  # a test's shorthand


def test_plain_locust_shows_ttft_and_itl() -> None:
    """`locust -f loadtests/locustfile.py` with no class named shows requests, TTFT, ITL and failures."""
    with serving(contract(lambda head: steady()(head) if "/stream" in head else (0.02, answer(b"{}")))) as served:
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--json", "-u", "2", "-r", "2"]
        command += ["--host", served.url, "--loglevel", "ERROR"]
        environment = {**os.environ, "PARITY_KEY": "good"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as locust:
            deadline = time.monotonic() + 60
            while len(token_times(served)) < 4 and time.monotonic() < deadline:
                time.sleep(0.05)  # polling for some streams to have been read
            locust.terminate()
            shown, _ = locust.communicate(timeout=30)
    rows = {(row["method"], row["name"]): row for row in json.loads(shown)}
    assert set(rows) == {(kind, "/chat/stream") for kind in ("POST", "TTFT", "ITL", "GAP max")} | {("POST", "/chat")}
    gaps = rows["ITL", "/chat/stream"]
    assert gaps["num_requests"] == (TOKENS - 1) * rows["TTFT", "/chat/stream"]["num_requests"] > 0
    assert 20 < gaps["total_response_time"] / gaps["num_requests"] < 60
    assert rows["POST", "/chat"]["num_failures"] > 0
    assert any(line.startswith("POST /chat ") for line in served.requests)
