"""What the upstream counts is what happened, whoever leaves when; its pace and its faults follow the seed."""

from itertools import islice
from pathlib import Path

import pytest

from loadtests import upstream
from loadtests.errors import UserError
from loadtests.upstream import FAULTS, Stats, Upstream
from loadtests.upstream.ledger import KEPT, Ledger
from loadtests.upstream.pace import Lottery, Pace
from tests.conformance.poll import poll
from tests.upstream.wire import answer, body, chunks, connection, request

TOOL = {"type": "function", "function": {"name": "calculate"}}
SLACK = 5.0  # seconds: what a busy machine may take to see that a socket was closed


def risen(up: Upstream, before: Stats) -> dict[str, int]:
    """The counts that have risen since, and by how much."""
    now = up.stats()
    names = (name for name in Stats.model_fields if name != "faults")
    return {name: rise for name in names if (rise := getattr(now, name) - getattr(before, name))}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_completed(up: Upstream, *, stream: bool) -> None:
    """A call that was answered counts once, with its tokens, its characters and its tool calls."""
    before = up.stats()
    got = answer(up, body("calculate 6 * 7 and calculate 1 + 1", tools=[TOOL], stream=stream))
    if stream:
        deltas = [part["choices"][0]["delta"] for part in chunks(got.body)[0][1:]]
        words = [delta["content"] for delta in deltas if "content" in delta]
    else:
        words = [got.json()["choices"][0]["message"]["content"]]
    characters = len("".join(words))
    rise = risen(up, before)
    tokens = rise.pop("tokens")
    assert tokens == len(words) if stream else tokens > 1
    counted = {"requests": 1, "calls": 1, "completed": 1, "characters": characters, "tool_calls": 2, "connections": 1}
    assert rise == counted
    last = up.calls()[-1]
    assert (last.outcome, last.tokens, last.characters, last.fault) == ("completed", tokens, characters, None)
    assert last.ended is not None
    assert last.began <= last.ended


def test_refused(up: Upstream) -> None:
    """What was refused is a request, and no call."""
    before = up.stats()
    answer(up, body("Hello"), key="wrong")
    answer(up, b"{")
    assert risen(up, before) == {"requests": 2, "refused": 2, "connections": 2}


def test_failed(up: Upstream) -> None:
    """A fault that was played to its end is the call's outcome, and is counted under its name."""
    before = up.stats()
    for name in ("500", "malformed", "cut-clean"):
        answer(up, body(f"/upstream {name}"))
    rise = risen(up, before)
    assert {name: rise[name] for name in ("calls", "failed")} == {"calls": 3, "failed": 3}
    assert [call.outcome for call in up.calls()[-3:]] == ["500", "malformed", "cut-clean"]
    faults = up.stats().faults
    assert all(faults[name] == before.faults.get(name, 0) + 1 for name in ("500", "malformed", "cut-clean"))


def test_connections_are_counted_once(up: Upstream) -> None:
    """Two calls over one connection are one connection; asking for the counts is none."""
    before = up.stats()
    with connection(up) as one:
        one.expect("POST")
        one.send(request(up, body("Hello")))
        one.answer()
        one.send(request(up, body("Hello")))
        poll(lambda: up.stats().completed == before.completed + 2, SLACK, "second answer")
    assert risen(up, before)["connections"] == 1


@pytest.mark.parametrize("name", ["hang", "slow-first", "stall"])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_client_leaves_in_silence(up: Upstream, name: str, *, stream: bool) -> None:
    """A client that leaves a silent call has cancelled it, and that shows at once."""
    before = up.stats()
    with connection(up) as one:
        one.send(request(up, body(f"/upstream {name}", stream=stream)))
        poll(lambda: up.stats().open == before.open + 1, SLACK, "open call")
    poll(lambda: up.stats().open == before.open, SLACK, "end of the call")
    last = up.calls()[-1]
    assert (last.outcome, last.fault) == ("cancelled", name)


def test_a_client_leaves_in_the_middle(tmp_path: Path) -> None:
    """Of a call whose client left, the tokens sent so far are counted, and no more come."""
    with upstream.running(log=tmp_path / "log", itl=0.1) as up:
        with connection(up) as one:
            one.expect("POST")
            one.send(request(up, body("Hello")))
            one.head()
            next(one.reads())
        poll(lambda: up.stats().cancelled == 1, SLACK, "cancelled call")
        stats, (call,) = up.stats(), up.calls()
    assert (stats.open, stats.completed, stats.failed) == (0, 0, 0)
    assert call.outcome == "cancelled"
    assert 0 < call.tokens == stats.tokens < 80  # the whole answer has more
    assert call.characters == stats.characters


def test_pace(tmp_path: Path) -> None:
    """Tokens come no earlier than they are due, and a whole answer not before its last token is."""
    with upstream.running(log=tmp_path / "log", ttft=0.3, itl=0.01) as up:
        for stream in (True, False):
            answer(up, body("Hello", stream=stream))
        streamed, whole = up.calls()
    assert streamed.tokens == whole.tokens
    for call in (streamed, whole):
        assert call.ended is not None
        assert call.ended - call.began >= 0.3 + 0.01 * (call.tokens - 1) - 0.01  # time.time() may be slewed


def test_schedule() -> None:
    """The schedule is absolute, the same for the same seed and call; jitter delays by its share, and never reorders."""
    assert list(islice(Pace(ttft=1, itl=0.5).dues(7), 4)) == [1, 1.5, 2, 2.5]
    jittered = Pace(ttft=1, itl=0.5, jitter=1, seed=3)
    dues = list(islice(jittered.dues(7), 200))
    assert dues == list(islice(jittered.dues(7), 200))
    assert dues != list(islice(jittered.dues(8), 200))
    assert dues == sorted(dues)
    assert 1 <= dues[0] <= 2
    assert all(0 <= due - (dues[0] + 0.5 * at) <= 0.5 for at, due in enumerate(dues))
    assert 80 <= dues[-1] - dues[0] <= 110


def test_share_of_faults(tmp_path: Path) -> None:
    """The given share of calls is spoilt, the same ones for the same seed, by the given faults alone."""
    lottery = Lottery(("500", "malformed"), 0.25, seed=5)
    drawn = [lottery.draw(number) for number in range(1, 41)]
    with upstream.running(log=tmp_path / "log", faults=("500", "malformed"), fault_rate=0.25, seed=5) as up:
        for _ in drawn:
            answer(up, body("Hello"))
        assert [call.fault for call in up.calls()] == drawn
        assert up.stats().failed == 40 - drawn.count(None)
    many = [lottery.draw(number) for number in range(10_000)]
    assert 2_200 < 10_000 - many.count(None) < 2_800
    assert {*many} == {None, "500", "malformed"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"faults": ("cutt",), "fault_rate": 0.1}, "did you mean cut?"),
        ({"faults": ("cut",)}, "go together"),
        ({"fault_rate": 0.1}, "go together"),
        ({"jitter": 1.5}, "--jitter 1.5 cannot be used"),
    ],
)
def test_wrong_options(tmp_path: Path, given: dict[str, object], complaint: str) -> None:
    """Options that make no sense are told in one sentence before anything starts."""
    with pytest.raises(UserError, match=complaint.replace("?", r"\?")), upstream.running(log=tmp_path / "log", **given):  # type: ignore[arg-type]  # options of several types
        pass


def test_only_the_last_calls_are_kept() -> None:
    """The table of calls is bounded; the counts are not."""
    ledger = Ledger(now=lambda: 0.0)
    for _ in range(KEPT + 10):
        ledger.begin(None).end("completed")
    assert len(ledger.calls()) == KEPT
    assert ledger.stats().completed == KEPT + 10
    assert ledger.calls()[-1].id == f"chatcmpl-{KEPT + 10:08d}"
    assert set(FAULTS).isdisjoint({"open", "completed", "cancelled"})
