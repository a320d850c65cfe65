"""What speaks against a round, on made-up drives; tests/validity provokes the same on real ones."""

from __future__ import annotations

import pytest

from loadtests.compare.judge import Conditions, Judged, judged
from loadtests.drive.result import BUSY, TRUNCATED
from loadtests.drive.totals import WorstStream
from loadtests.measure.environment import Cores
from loadtests.measure.placing import Placed
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level, PlannedScenario
from loadtests.records import Driven
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import CEILING

FINE = Precheck(ttft=0.0, gap=0.0, documented=None, problems=())
PINNED = Cores(server=(0,), generator=(1,), note="pinned")
FREE = Cores(server=(), generator=(), note="not pinned")
UNSEEN = Placed()
LEVEL = Level(users=32, seconds=2, warmup=0.5)


def against(
    scenario: str, rate: float, *, placed: Placed = UNSEEN, cores: Cores = PINNED, **changes: object
) -> tuple[str, ...]:
    """The reasons against a round of one drive at this rate."""
    result = made_up.result(scenario, LEVEL, rate, **changes)
    drives = (Driven(level=LEVEL, result=result, samples=(), placed=placed),)
    return judged(FINE, drives, Conditions(PlannedScenario(name=scenario, levels=(LEVEL,)), cores, CEILING)).reasons


def of_chat(rate: float, *, bare: bool, level: Level = LEVEL, placed: Placed = UNSEEN, **changes: object) -> Judged:
    """All against a round of chat, of a floor or of a twin."""
    drives = (Driven(level=level, result=made_up.result("chat", level, rate, **changes), samples=(), placed=placed),)
    planned = PlannedScenario(name="chat", levels=(level,))
    return judged(FINE, drives, Conditions(planned, PINNED, CEILING, bare=bare))


@pytest.mark.parametrize(
    ("scenario", "rate", "reason"),
    [
        ("chat", 8_100, "8,100 requests/s are 90% of the generator's ceiling (9,000 requests/s)"),
        ("stream", 450, "18,000 events/s are 90% of the generator's ceiling (20,000 events/s)"),
    ],
)
def test_a_round_near_the_ceiling_is_refused_with_the_figures(scenario: str, rate: float, reason: str) -> None:
    """From nine tenths of what the generator can drive its figures are not trusted; just below they are."""
    assert any(reason in text for text in against(scenario, rate))
    assert not any("ceiling" in text for text in against(scenario, rate * 0.98))


def test_a_floor_that_outruns_the_generator_is_counted_and_not_timed() -> None:
    """What speaks against its times alone is kept apart, in either loop; a twin is refused."""
    near = (
        "9,000 requests/s are 100% of the generator's ceiling (9,000 requests/s), "
        "from 90% on its figures are not trusted"
    )
    assert of_chat(9_000, bare=True) == Judged((), (near,))
    assert of_chat(9_000, bare=False) == Judged((near,))
    assert of_chat(9_000, bare=True, level=Level(rate=9_000, seconds=2, warmup=0.5)) == Judged((), (near,))


def test_what_speaks_against_counts_refuses_a_floor_too() -> None:
    """A busy generator counts as well as an idle one; a failed request and a shared core are reasons for everybody."""
    found = of_chat(500, bare=True, cpu_percent=99.0, truncated_streams=1, placed=Placed(server=(0, 1)))
    assert found == Judged((TRUNCATED, "the server may run on core 1, the generator's"), (BUSY,))


@pytest.mark.parametrize(
    ("busy", "reasons"),
    [((20.0, 99.0), ()), ((99.0, 99.0), (f"at 32 users: {BUSY}", f"at 64 users: {BUSY}"))],
    ids=["one", "both"],
)
def test_a_load_that_the_generator_did_not_keep_up_with_is_left_out(
    busy: tuple[float, float], reasons: tuple[str, ...]
) -> None:
    """The round's other load counts; a round is refused when there is none."""
    levels = (LEVEL, Level(users=64, seconds=2, warmup=0.5))
    drives = tuple(
        Driven(level=level, result=made_up.result("chat", level, 500, cpu_percent=cpu), samples=())
        for level, cpu in zip(levels, busy, strict=True)
    )
    planned = PlannedScenario(name="chat", levels=levels)
    assert judged(FINE, drives, Conditions(planned, PINNED, CEILING)) == Judged(reasons)
    assert [driven.timed for driven in drives] == [cpu < 60 for cpu in busy]


def test_what_a_load_did_wrong_refuses_the_whole_round() -> None:
    """A server that cut a stream at one load is not believed at the other."""
    levels = (LEVEL, Level(users=64, seconds=2, warmup=0.5))
    drives = tuple(
        Driven(level=level, result=made_up.result("stream", level, 20, truncated_streams=cut), samples=())
        for level, cut in zip(levels, (0, 1), strict=True)
    )
    found = judged(FINE, drives, Conditions(PlannedScenario(name="stream", levels=levels), PINNED, CEILING))
    assert f"at 64 users: {TRUNCATED}" in found.reasons


def test_a_server_on_the_generators_core_is_refused_and_the_reverse() -> None:
    """Each side is named with the core that is the other's."""
    swapped = against("chat", 500, placed=Placed(server=(0, 1), generator=(0,)))
    assert swapped == (
        "the server may run on core 1, the generator's",
        "the generator may run on core 0, the server's",
    )
    assert against("chat", 500, placed=Placed(server=(0,), generator=(1,))) == ()


def test_where_nothing_is_pinned_no_core_is_anybodys() -> None:
    """A machine of one core is said in the environment, and is no reason against each round."""
    assert against("chat", 500, placed=Placed(server=(0, 1), generator=(0, 1)), cores=FREE) == ()


def test_answers_before_the_model_is_done_are_refused() -> None:
    """A model that takes 200 ms cannot have answered half of all requests in 100."""
    (reason,) = against("async", 32 / 0.1)
    assert reason.startswith(
        "the server did not keep SCRIPTED_TTFT=0.2 and SCRIPTED_ITL=0 under load: half of its answers"
    )
    assert against("async", 32 / 0.21) == ()


def test_streams_that_end_before_their_tokens_are_due_are_refused() -> None:
    """Thirty tokens 50 ms apart take 1.5 s; gaps alone may be short, since a late server catches up in bursts."""
    worst = WorstStream(longest_gap_ms=60, tokens_ms=tuple(50.0 * n for n in range(1, 31)))
    (reason,) = against("stream", 32 / 0.8, worst_stream=worst)
    assert "half of its streams were there within" in reason
    assert "the model alone takes 1500 ms" in reason
    assert against("stream", 32 / 1.6, worst_stream=worst) == ()


def test_a_drive_that_did_not_finish_is_said() -> None:
    """A round with fewer drives than levels does not count."""
    planned = PlannedScenario(name="chat", levels=(LEVEL,))
    assert judged(FINE, (), Conditions(planned, PINNED)) == Judged(("only 0 of 1 drives finished",))
