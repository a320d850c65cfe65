"""The proof, small, on every run of the suite; and the stored one, held to the recording and to the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import pytest

from loadtests.analyse import statistics
from loadtests.bench import Bench
from loadtests.measure.precheck import Precheck
from loadtests.targets import load_targets, pick
from tests.statistics import curve, page, proof, record, simulate
from tests.statistics.noise import Noise, Recorded, Rounds
from tests.statistics.proof import BLOCKS, FAMILY, Proof, failures
from tests.unit.loadtests import made_up

DRAWS = 300


@pytest.fixture(scope="module")
def noise() -> Noise:
    """The stored recording."""
    return Noise.read()


@pytest.fixture(scope="module")
def stored() -> Proof:
    """The stored proof."""
    return Proof.read()


def most(share: float, draws: int = DRAWS) -> float:
    """What a simulated share may be by chance when it should be `share`: three standard errors more."""
    return share + 3 * math.sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize("blocks", [4, 8])
def test_where_nothing_differs_a_run_seldom_says_so(noise: Noise, blocks: int) -> None:
    """Of simulated runs with ten comparisons, at most one in 20 calls any of them different."""
    _, corrected = simulate.family([one.noise for one in noise.figures], FAMILY, blocks, DRAWS)
    assert corrected <= most(statistics.SURE)


def test_the_interval_holds_the_truth_as_often_as_it_says(noise: Noise) -> None:
    """95% over all recorded figures; the plain percentile bootstrap, which is not used, is narrower and holds less."""
    found = simulate.coverage([one.noise for one in noise.figures], 5, 2 * DRAWS)
    assert found["t"].held >= 1 - most(statistics.SURE, 2 * DRAWS)
    assert found["percentile"].held < found["t"].held
    assert found["percentile"].width < found["t"].width
    assert found["bootstrap-t"].held > found["percentile"].held


def test_power_rises_with_the_difference_and_with_the_blocks(noise: Noise) -> None:
    """A tenth is found more often than a fiftieth, and with 20 blocks more often than with 4."""
    for one in noise.figures:
        found = {
            (effect, blocks): simulate.power(one.noise, effect, blocks, DRAWS, FAMILY)
            for effect in (0.02, 0.10)
            for blocks in (4, 20)
        }
        assert found[0.02, 4] <= found[0.10, 4] + 0.05
        assert found[0.10, 4] <= found[0.10, 20] + 0.05


def test_what_a_run_says_it_resolves_it_finds(noise: Noise) -> None:
    """Four of five times, within what chance and a shape that is not normal may do."""
    for one in noise.figures:
        effect = statistics.resolves(simulate.spread_of(one.noise), 8, FAMILY)
        assert effect is not None
        assert simulate.power(one.noise, effect, 8, DRAWS, FAMILY) == pytest.approx(0.8, abs=0.12)


def test_three_per_cent_are_seldom_called_equivalent(noise: Noise) -> None:
    """At the edge of what is as good as equal, `equivalent` is wrong, and rare."""
    for one in noise.figures:
        assert simulate.equivalent(one.noise, 0.03, 8, DRAWS) <= most(statistics.SURE) + proof.SLACK


def test_draws_are_as_wide_as_what_was_recorded(noise: Noise) -> None:
    """Smoothing keeps the spread, and turning round half of the draws leaves no direction."""
    for one in noise.figures:
        drawing = simulate.source(one.noise, "a test")
        logs = [math.log(ratio) for ratio in drawing.ratios(4_000)]
        assert simulate.spread_of(logs) == pytest.approx(simulate.spread_of(one.noise), rel=0.1)
        assert sum(logs) / len(logs) == pytest.approx(0, abs=0.08 * simulate.spread_of(logs))


def test_the_stored_proof_is_of_the_stored_recording(noise: Noise, stored: Proof) -> None:
    """The real rounds' verdicts and a table of draws come out again, to the last digit."""
    assert stored.recorded == noise.recorded
    assert stored.real == tuple(proof.real(noise))
    first = noise.figures[0]
    again = simulate.false_positives(first.noise, BLOCKS[0], stored.draws)
    assert stored.false[0].shares[0] == again


def test_the_stored_proof_holds(noise: Noise, stored: Proof) -> None:
    """No sentence speaks against the statistics; at least 1,000 draws of A against A stand behind each share."""
    assert min(stored.draws, stored.interval_draws, stored.other_draws) >= 1_000
    assert not noise.refused_kept, "recorded busy; python -m tests.statistics --record, then --store, where it is quiet"
    assert list(failures(stored)) == []


def test_the_page_is_what_the_stored_proof_says(noise: Noise, stored: Proof) -> None:
    """docs/statistics.md and its picture are written from the JSON and not by hand."""
    assert page.PAGE.read_text("utf-8") == page.page(noise, stored)
    assert curve.SVG.read_text("utf-8") == page.curves(noise, stored)
    ElementTree.fromstring(curve.SVG.read_text("utf-8"))


def test_what_does_not_hold_is_said(stored: Proof) -> None:
    """Every rule speaks up when its figures are bad, and the page opens with it."""
    bad = stored.model_copy(
        update={
            "families": tuple(one.model_copy(update={"corrected": 0.2}) for one in stored.families),
            "false": tuple(one.model_copy(update={"shares": (0.3,)}) for one in stored.false),
            "intervals": tuple(one.model_copy(update={"held": 0.8}) for one in stored.intervals),
            "stopping": tuple(one.model_copy(update={"held": 0.9}) for one in stored.stopping),
            "equivalent": tuple(one.model_copy(update={"shares": (0.2,)}) for one in stored.equivalent),
            "real": tuple(
                one.model_copy(update={"word": "higher" if one.variant == "again" else "equivalent"})
                for one in stored.real
            ),
        }
    )
    text = " ".join(failures(bad))
    for said in (
        "found a difference where there is none",
        "false positives",
        "the interval held",
        "stopped at 5%",
        "are called equivalent at a difference of 3%",
        "against itself",
    ):
        assert said in text
    assert "equivalent at a difference of 0%" not in text
    assert "2 ms added were not found" in text
    assert "**It does not hold: " in page.page(Noise.read(), bad)


def test_what_is_forgiven_is_said(noise: Noise, stored: Proof) -> None:
    """A share at the edge of what is allowed is no failure and one beyond it is; the page opens with these edges."""
    edge = proof.allowed(stored).false
    for share, failed in ((edge, False), (edge + 0.001, True)):
        moved = tuple(one.model_copy(update={"shares": (share,)}) for one in stored.false)
        assert any(failures(stored.model_copy(update={"false": moved}))) == failed
    assert f"{edge:.1%} false positives of a figure" in page.page(noise, stored)


def test_rounds_that_lack_a_value_are_in_no_ratio() -> None:
    """A refused round leaves its block out, on either side."""
    blocks = (Rounds(baseline=1.0, again=2.0), Rounds(baseline=None, again=2.0), Rounds(baseline=1.0, again=None))
    one = Recorded(key="chat.x", title="X", load="1 users", unit="s", primary=False, blocks=blocks)
    assert one.ratios("again") == (2.0,)
    assert one.ratios("slower") == ()


def test_the_slower_variant_is_told_to_wait_and_held_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 ms more for the first token, for the server and for the look before the load; all else as it was."""
    seen: list[Mapping[str, str]] = []

    @contextmanager
    def running(_target: object, *, settings: Mapping[str, str], **_more: Any) -> Iterator[None]:
        seen.append(settings)
        yield

    def look(_url: str, _key: str, settings: Mapping[str, str]) -> Precheck:
        seen.append(settings)
        return Precheck(ttft=None, gap=None, documented=None, problems=())

    usual = Bench(running=running, look=look)  # type: ignore[arg-type]  # nothing is asked of what runs
    monkeypatch.setattr(record, "Bench", lambda: usual)
    bench, settings = record.slower(), {"SCRIPTED_TTFT": "0", "SCRIPTED_ITL": "0"}
    with bench.running(pick(load_targets(), (record.TARGET,))[0], settings=settings):
        bench.look("http://127.0.0.1:1", "key", settings)
    assert seen == [{"SCRIPTED_TTFT": "0.002", "SCRIPTED_ITL": "0"}] * 2


def test_recorded_figures_are_those_of_the_report() -> None:
    """A block's values are what the report's own table reads from its rounds; what was not played is None."""
    plan = made_up.plan(only=("stream",))
    first, second = (one for one in plan.rounds if one.target in {"flask-gevent", "fastapi-uvicorn"} and one.block == 1)
    played = (
        record.Played("baseline", made_up.a_round(plan, first)),
        record.Played("again", made_up.a_round(plan, second)),
    )
    level = plan.scenario("stream").levels[0]
    found = record.figure_of(played, 2, "stream", "itl_p99", level)
    done = played[0].done.drives[0].result.itl_ms
    assert done is not None
    assert found.blocks[0].baseline == done.p99
    assert found.blocks[0].slower is None
    assert found.blocks[1] == Rounds()
