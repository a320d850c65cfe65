"""What a load is counted as: the window's rules, distributions without loss, merging, and judging a round."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from loadtests.drive.histogram import Durations, quantiles
from loadtests.drive.recorder import Outcome, Recorder, Streamed, Window
from loadtests.drive.result import Load, judge, result_of
from loadtests.drive.show import show
from loadtests.drive.totals import Totals, Warmup, WorstStream, merge
from loadtests.scenarios import SCENARIOS, find

WINDOW = Window(100.0, 10.0)
SECONDS = st.floats(min_value=0, max_value=4_000, allow_nan=False)


def outcome(intended: float, end: float, **rest: object) -> Outcome:
    """A request that was sent when it was meant to be."""
    return Outcome(intended, intended, end, end, **rest)  # type: ignore[arg-type]  # a test's shorthand


def recorded(*outcomes: Outcome, window: Window = WINDOW) -> Totals:
    """The totals of these requests."""
    recorder = Recorder(window)
    for each in outcomes:
        recorder.record(each)
    return recorder.totals(cpu_percent=10.0)


@settings(deadline=None, max_examples=40)
@given(st.lists(SECONDS, max_size=20), st.lists(SECONDS, max_size=20))
def test_merged_histograms_are_those_of_one_recorder(some: list[float], others: list[float]) -> None:
    """Two recorders merged have the very figures of one that had seen it all."""
    parts = [recorded(*(outcome(101, 101 + value) for value in values)) for values in (some, others)]
    whole = recorded(*(outcome(101, 101 + value) for value in some + others))
    both = merge(parts)
    assert both.whole.count == whole.whole.count
    assert both.timeline == whole.timeline
    if some or others:
        for name in ("latency", "latency_intended", "ttfb"):
            assert quantiles(both.whole.histograms[name]) == quantiles(whole.whole.histograms[name])


def test_a_request_belongs_to_the_window_of_its_intended_start() -> None:
    """Warm-up requests do not count even if they end inside; late ones do; throughput is what ended inside."""
    totals = recorded(outcome(99, 101), outcome(100, 104), outcome(109, 113), outcome(110, 111))
    assert totals.whole.count == 2
    assert totals.whole.done == 2
    assert totals.whole.busy == pytest.approx(1 + 4 + 1)
    assert [second.requests for second in totals.timeline] == [0, 1, 0, 0, 1, 0, 0, 0, 0, 0]


def test_a_failure_counts_by_its_end_too() -> None:
    """What breaks inside the window is counted though it began in the warm-up."""
    totals = recorded(outcome(99, 101, reason="cut", example="x"), outcome(90, 99, reason="cut"), outcome(101, 102))
    assert (totals.whole.count, totals.whole.errors, totals.failures["cut"].count) == (2, 1, 1)


def test_gaps_are_pooled_by_the_moment_they_end() -> None:
    """Gaps of all streams are pooled when their second token was read inside the window; TTFT goes by the start."""
    early = Streamed(99.5, (99.5, 99.9, 100.1, 100.5), complete=True)
    inside = Streamed(105.2, (105.2, 105.3, 105.3), complete=True)
    totals = recorded(outcome(99, 101, streamed=early), outcome(105, 106, streamed=inside))
    histograms = totals.whole.histograms
    assert quantiles(histograms["itl"]).count == 4
    assert quantiles(histograms["ttft"]).count == 1
    assert quantiles(histograms["ttft"]).p50 == pytest.approx(200, rel=0.001)
    assert quantiles(histograms["longest_gap"]).max == pytest.approx(100, rel=0.001)
    assert (totals.tokens, totals.token_reads) == (5, 4)
    assert (totals.completed_streams, totals.truncated_streams) == (1, 0)


def test_the_worst_stream_is_that_of_the_longest_gap() -> None:
    """The stream with the longest gap of all that began in the window keeps its tokens' times, over processes too."""
    early = Streamed(99.5, (99.5, 105.0), complete=True)
    calm = Streamed(101.1, (101.1, 101.2), complete=True)
    worst = Streamed(105.2, (105.2, 105.2, 105.9004), complete=True)
    one = recorded(outcome(99, 106, streamed=early), outcome(105, 106, streamed=worst))
    both = merge([recorded(outcome(101, 102, streamed=calm)), one, recorded()])
    assert both.worst_stream == one.worst_stream == WorstStream(longest_gap_ms=700.4, tokens_ms=(200.0, 200.0, 900.4))


def test_nothing_counts_before_the_window_opens() -> None:
    """What ends before is forgotten; what is in flight counts from then on, with its later gaps and its end."""
    recorder = Recorder()
    for _ in range(3):
        recorder.enter()
    recorder.record(outcome(98, 99, reason="cut"))
    recorder.arrival(99)
    recorder.checked()
    recorder.leave()
    recorder.leave()
    recorder.open(WINDOW, 1e9, Warmup(seconds=2, settled=True, limit=5))
    recorder.record(outcome(99, 101, streamed=Streamed(99.5, (99.5, 100.5), complete=True)))
    totals = recorder.totals(cpu_percent=1)
    assert (totals.whole.count, totals.whole.done, totals.offered, totals.body_checks) == (0, 1, 0, 0)
    assert (totals.tokens, totals.most_in_flight, totals.started_at) == (1, 1, 1e9)
    assert totals.failures == {}
    assert totals.warmup.seconds == 2


def test_progress_is_seen_in_answers_and_in_open_streams() -> None:
    """Slice by slice: what was answered, the tokens that have been read, and each stream's first content once."""
    recorder = Recorder()
    stream = Growing()
    recorder.record(outcome(1, 1.5))
    recorder.progress.begins(stream, 7.0)
    assert recorder.progress.slice()[1:4] == (1, 1, 0.5)
    stream.read(2)
    first = recorder.progress.slice()
    assert first[1:3] == (2, 1)
    assert first.total == pytest.approx(0.25)
    stream.read(3)
    assert recorder.progress.slice()[1:3] == (3, 0)
    recorder.progress.ends(stream)
    recorder.record(outcome(7, 9, streamed=Streamed(stream.first_content, stream.stamps, complete=True)))
    assert recorder.progress.slice()[1:3] == (0, 0)


class Growing:
    """A stream that is being read."""

    def __init__(self) -> None:
        self.first_content: float | None = None
        self.stamps: list[float] = []

    def read(self, tokens: int) -> None:
        """One read brings so many."""
        self.first_content = 7.25
        self.stamps.extend([7.25] * tokens)


def test_probes_are_apart() -> None:
    """A probe is in its group and nowhere else."""
    totals = recorded(outcome(101, 102, group="health", apart=True), outcome(101, 102, group="accepted"))
    assert (totals.whole.count, totals.groups["health"].count, totals.groups["accepted"].count) == (1, 1, 1)


def late(seconds: float) -> str:
    """The histogram of one hub lag."""
    lag = Durations()
    lag.add(seconds)
    return lag.encode()


GOOD = recorded(*(outcome(101, 101.01) for _ in range(200)))
FAULTS: dict[str, dict[str, object]] = {
    "CPU was over 60%": {"cpu_percent": 61.0},
    "hub was late by over 2 ms at p99": {"hub_lag": late(0.003)},
    "no request": {"whole": GOOD.whole.model_copy(update={"count": 0})},
    "requests failed": {"whole": GOOD.whole.model_copy(update={"errors": 3})},
    "streams were truncated": {"truncated_streams": 2},
    "less than 99% of the offered load was sent": {"offered": 100, "dropped": 2},
    "1 of 2 load generator processes was lost": {"faults": ("1 of 2 load generator processes was lost",)},
}


def test_a_good_round_is_valid() -> None:
    """Nothing is held against a round without faults."""
    assert judge(GOOD).valid


@pytest.mark.parametrize(("words", "change"), FAULTS.items(), ids=FAULTS)
def test_each_fault_makes_a_round_invalid(words: str, change: dict[str, object]) -> None:
    """Each reason to distrust a round is found alone, in words that are the same for every such round."""
    verdict = judge(GOOD.model_copy(update=change))
    assert not verdict.valid
    assert [words in reason for reason in verdict.reasons] == [True]


def test_failed_body_checks_are_a_reason() -> None:
    """Bodies that fail their sampled check are said apart from other failures."""
    reasons = judge(recorded(outcome(101, 102), outcome(101, 102, reason="body: no reply in the body"))).reasons
    assert "bodies failed their check" in reasons


def test_a_round_without_a_checked_body_is_not_valid() -> None:
    """Where bodies are to be checked, a status alone proves nothing."""
    assert judge(GOOD.model_copy(update={"body_checks": 0}), bodies=True).reasons == ("no body was checked",)
    assert judge(GOOD.model_copy(update={"body_checks": 1}), bodies=True).valid
    assert judge(GOOD.model_copy(update={"body_checks": 0}), bodies=False).valid


def test_the_latest_process_is_judged() -> None:
    """A late process among punctual ones is not thinned out by their ticks."""
    late, punctual = Durations(), Durations()
    late.add(0.01)
    for _ in range(500):
        punctual.add(0.0001)
    parts = [GOOD.model_copy(update={"hub_lag": lag.encode()}) for lag in (punctual, late, punctual)]
    assert [judge(part).valid for part in parts] == [True, False, True]
    assert judge(merge(parts)).reasons == ("the generator's hub was late by over 2 ms at p99",)


def test_a_round_is_shown_with_its_doubts() -> None:
    """The terminal shows figures, failures as they came (markup or not) and that the round is not to be trusted."""
    totals = recorded(outcome(101, 101.5), outcome(101, 102, reason="status 500 instead of 200", example="500 [x]"))
    console = Console(record=True, width=200, file=None, force_terminal=False)
    show(result_of(totals, "chat", Load(users=1, warmup=0, seed=1), streams=False), console)
    text = console.export_text()
    for words in (
        "latency",
        "500.",
        "1 times status 500 instead of 200; the first: 500 [x]",
        "Do not trust this round",
    ):
        assert words in text


CHAT = {"reply": "Hello", "session_id": "9d7d6ed7-cc61-4b42-9841-f2879dd617e1", "tool_calls": []}
TOOL = {"name": "calculate", "arguments": {}, "result": "42"}
ENTRY = {"type": "json_invalid", "loc": ["body"], "msg": "Invalid JSON"}
BODIES = {
    "chat": (0, CHAT, [{}, [], CHAT | {"reply": ""}, CHAT | {"session_id": "1"}, CHAT | {"tool_calls": [TOOL]}]),
    "chat with a tool": (1, CHAT | {"tool_calls": [TOOL]}, [CHAT, CHAT | {"tool_calls": [TOOL | {"result": "41"}]}]),
}


@pytest.mark.parametrize(("number", "good", "bad"), BODIES.values(), ids=BODIES)
def test_chat_bodies_are_checked(number: int, good: object, bad: list[object]) -> None:
    """A right reply passes, and each wrong one is found."""
    check = find("chat").calls[number].check
    assert check is not None
    assert check(json.dumps(good).encode()) is None
    assert all(check(json.dumps(body).encode()) for body in bad)
    assert check(b"no JSON")


def test_envelopes_are_checked() -> None:
    """A right error envelope passes, and each wrong one is found."""
    check = next(call.check for call in find("validation").calls if call.body == b'{"message": "Hello"')
    assert check is not None
    assert check(json.dumps({"error": "Validation error", "detail": [ENTRY]}).encode()) is None
    for detail in ([], "text", [ENTRY | {"type": "missing"}], [ENTRY | {"loc": []}], [ENTRY | {"input": "x"}]):
        assert check(json.dumps({"error": "Validation error", "detail": detail}).encode())
    assert check(json.dumps({"error": "Unprocessable", "detail": [ENTRY]}).encode())


def test_scenarios_are_whole() -> None:
    """Each scenario asks for something, for settings and for an SLO; only streams lack a check of their body."""
    assert list(SCENARIOS) == ["chat", "async", "validation", "docs", "stream", "long-stream"]
    for scenario in SCENARIOS.values():
        assert scenario.users > 0
        assert set(scenario.settings) == {"SCRIPTED_TTFT", "SCRIPTED_ITL", "SESSION_STORE"}
        assert all(call.check is not None or call.stream for call in scenario.calls)
    groups = {call.group for call in find("validation").calls}
    assert groups == {"accepted", "refused"}
