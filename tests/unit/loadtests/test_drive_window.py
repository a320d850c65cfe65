"""The window of a round: opened when the load has settled, one for all processes, every request of it kept if asked."""

from __future__ import annotations

import csv
import itertools
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from loadtests.drive import DriveResult, DriveSpec, RowsLost, drive
from loadtests.drive.histogram import DIGITS
from loadtests.drive.rows import COLUMNS
from loadtests.drive.show import run, show
from loadtests.errors import UserError
from tests.unit.loadtests.scripted import (
    END,
    START,
    STREAM_END,
    STREAM_HEAD,
    Script,
    chunk,
    contract,
    reply,
    serving,
    token,
)

SLOW = 1.0  # seconds that a server is slow at first
Row = dict[str, str]


def played(script: Script, scenario: str, **given: object) -> DriveResult:
    """One short round against a server that follows this script."""
    with serving(contract(script)) as served:
        facts: dict[str, object] = {"seconds": 0.5, "timeout": 5.0, **given}
        return drive(DriveSpec(scenario, served.url, "good", **facts))  # type: ignore[arg-type]  # a test's shorthand


def waking() -> Script:
    """Answers take 100 ms in the server's first second, 5 ms from then on."""
    first: list[float] = []

    def script(_: str) -> tuple[float | bytes, ...]:
        now = time.monotonic()
        first.append(now)
        return (0.1 if now - first[0] < SLOW else 0.005, reply())

    return script


def streams() -> Script:
    """Each stream has one long gap, longer than the last one's."""
    number = itertools.count(1)

    def script(_: str) -> tuple[float | bytes, ...]:
        long = 0.05 + 0.004 * next(number)
        tokens = (0.01, chunk(token()), 0.01, chunk(token()), long, chunk(token()))
        return (STREAM_HEAD, chunk(START), *tokens, chunk(END), STREAM_END)

    return script


@cache
def with_rows() -> tuple[DriveResult, tuple[Row, ...]]:
    """One round over two processes with latencies of some spread, and its rows; looked at by several tests."""
    waits = itertools.cycle((0.002, 0.004, 0.008, 0.016, 0.03))
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.csv")
        result = played(
            lambda _: (next(waits), reply()), "async", users=6, processes=2, seconds=1.0, warmup=0.4, rows=file
        )
        with file.open(encoding="utf-8", newline="") as lines:
            return result, tuple(csv.DictReader(lines))


def test_the_window_opens_when_a_slow_start_is_over() -> None:
    """A server that is slow for its first second is measured after it, and the seconds before are said."""
    result = played(waking(), "async", users=4, warmup=5.0)
    assert result.warmup.settled
    assert SLOW < result.warmup.seconds < result.warmup.limit == 5.0
    assert result.latency_ms.p50 < 50


def test_a_load_that_does_not_settle_is_measured_at_the_limit() -> None:
    """Latency that grows all the time: the window opens when the longest warm-up is over, and that is said."""
    slower = (0.01 * 1.1**number for number in itertools.count())
    result = played(lambda _: (next(slower), reply()), "async", users=4, warmup=1.5)
    assert not result.warmup.settled
    assert result.warmup.seconds == pytest.approx(1.5, abs=0.3)
    console = Console(record=True, width=200, file=None, force_terminal=False)
    show(result, console)
    assert "had not settled" in console.export_text()


def test_streams_settle_while_they_are_read() -> None:
    """Streams that last longer than the warm-up show by their tokens that the load has settled."""
    tokens = tuple(step for _ in range(100) for step in (0.05, chunk(token())))
    result = played(lambda _: (STREAM_HEAD, chunk(START), *tokens), "stream", users=6, warmup=4.0, timeout=1.0)
    assert result.warmup.settled
    assert result.warmup.seconds < 4.0
    assert result.tokens > 0


def test_no_warm_up_is_said() -> None:
    """With a warm-up of 0 the window opens at once."""
    result = played(lambda _: (0.01, reply()), "async", users=1, warmup=0.0)
    assert (result.warmup.settled, result.warmup.limit) == (False, 0.0)
    assert result.warmup.seconds < 0.5


def test_the_worst_stream_keeps_its_tokens() -> None:
    """The stream with the longest gap is kept, token by token, in ms from its request."""
    result = played(streams(), "stream", users=2, warmup=0.2)
    worst = result.worst_stream
    assert worst is not None
    assert result.longest_gap_ms is not None
    gaps = [later - earlier for earlier, later in itertools.pairwise(worst.tokens_ms)]
    assert len(worst.tokens_ms) == 3
    assert max(gaps) == pytest.approx(worst.longest_gap_ms, abs=0.002)
    assert worst.longest_gap_ms == pytest.approx(result.longest_gap_ms.max, rel=10**-DIGITS)
    assert 0 < worst.tokens_ms[0] < worst.tokens_ms[-1]


def test_every_request_of_the_window_is_a_row() -> None:
    """The rows are the requests that were counted, of both processes, each inside the window, its times in order."""
    result, rows = with_rows()
    assert tuple(rows[0]) == COLUMNS
    chats = [row for row in rows if row["group"] != "health"]
    assert len(chats) == result.requests.count
    assert len(rows) - len(chats) == result.groups["health"].count
    assert {row["process"] for row in rows} == {"0", "1"}
    assert {row["status"] for row in rows} == {"200"}
    for row in rows:
        times = [float(row[name]) for name in ("intended", "sent", "first_byte", "end")]
        assert 0 <= times[0] < 1.0
        assert times == sorted(times)


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_merged_figures_are_those_of_the_rows(percent: int) -> None:
    """p50, p95 and p99 over two processes are those of the rows, within a bucket of the histogram."""
    result, rows = with_rows()
    latencies = sorted(1e3 * (float(row["end"]) - float(row["sent"])) for row in rows if row["group"] != "health")
    exact = latencies[int(len(latencies) * percent / 100 + 0.5) - 1]  # the nearest rank
    assert getattr(result.latency_ms, f"p{percent}") == pytest.approx(exact, rel=10**-DIGITS, abs=0.002)


def test_two_processes_count_one_window() -> None:
    """Over two processes the window is as long as asked, opened for both at once, and full from start to end."""
    result, rows = with_rows()
    for process in ("0", "1"):
        intended = [float(row["intended"]) for row in rows if row["process"] == process]
        assert min(intended) < 0.1
        assert max(intended) > 0.9
    assert result.window.seconds == 1.0


def test_two_processes_share_one_schedule() -> None:
    """An open loop over two processes offers what one would: every arrival once, evenly spaced."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.csv")
        result = played(lambda _: (reply(),), "chat", rate=50.0, processes=2, warmup=0.4, seconds=1.0, rows=file)
        with file.open(encoding="utf-8", newline="") as lines:
            intended = sorted(float(row["intended"]) for row in csv.DictReader(lines))
    assert result.requests.offered == pytest.approx(50, abs=1)
    assert [later - earlier for earlier, later in itertools.pairwise(intended)] == pytest.approx(
        [0.02] * (len(intended) - 1), abs=0.002
    )


def test_rows_that_cannot_be_written_cost_no_figures() -> None:
    """Where the file for the rows cannot be, the figures are shown all the same, then one sentence says why."""
    console = Console(record=True, width=200, file=None, force_terminal=False)
    with serving(contract(lambda _: (0.01, reply()))) as served:
        spec = DriveSpec("async", served.url, "good", users=1, seconds=0.3, warmup=0.0, rows=Path("/dev/full"))
        with pytest.raises(RowsLost, match="/dev/full: No space left on device; choose another --rows"):
            run(spec, console)
    assert "latency" in console.export_text()


def test_a_place_that_cannot_be_is_told_before_the_load() -> None:
    """A folder that does not exist, or a folder in a file's place, is said at once."""
    console = Console(record=True, width=200, file=None, force_terminal=False)
    for file, words in ((Path("/no/such/rows.csv"), "there is no folder /no/such for --rows"), (Path("/"), "a folder")):
        with pytest.raises(UserError, match=words):
            run(DriveSpec("async", "http://127.0.0.1:9", "good", rows=file), console)


def test_a_full_disk_leaves_no_half_result() -> None:
    """A result that does not fit is one sentence after the figures."""
    console = Console(record=True, width=200, file=None, force_terminal=False)
    with serving(contract(lambda _: (0.01, reply()))) as served:
        spec = DriveSpec("async", served.url, "good", users=1, seconds=0.3, warmup=0.0)
        with pytest.raises(UserError, match="No space left on device; choose another --json"):
            run(spec, console, Path("/dev/full"))
    assert "latency" in console.export_text()
