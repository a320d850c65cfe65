"""The pages about the truth of the figures and the generator's ceiling say what the stored runs hold."""

from pathlib import Path

import pytest

from loadtests.calibrate.schedule import FRAMINGS
from tests.truth.page import BEFORE, CALIBRATION, NOW, TRUTH, calibration_page, read, truth_page
from tests.truth.table import load


def test_the_truth_page_is_that_of_the_stored_table() -> None:
    """docs/truth.md is what `python -m tests.truth.page` makes of docs/results/truth.json."""
    assert TRUTH.read_text(encoding="utf-8") == truth_page(load()), "run python -m tests.truth.page"


def test_the_calibration_page_is_that_of_the_stored_runs() -> None:
    """docs/calibration.md is what `python -m tests.truth.page` makes of docs/results/calibration*.json."""
    assert CALIBRATION.read_text(encoding="utf-8") == calibration_page(read(BEFORE), read(NOW)), (
        "run python -m tests.truth.page"
    )


def test_no_stored_round_is_untrue() -> None:
    """Every framing has true rows, and no round that the generator's own gates let pass was off the record."""
    rows = load().rows
    assert {row.step.framing for row in rows if row.step.good} == set(FRAMINGS)
    assert [row.step for row in rows if row.step.untrue and not row.step.refused] == []


def test_the_stored_table_goes_up_to_the_ceiling() -> None:
    """Plain events were driven with true figures at over nine tenths of the calibrated ceiling."""
    stored = load()
    most = max(row.step.per_second for row in stored.rows if row.step.good and row.step.framing == "plain")
    assert most > 0.9 * stored.events_per_second


@pytest.mark.parametrize("file", [BEFORE, NOW], ids=lambda file: file.stem)
def test_a_stored_ceiling_is_that_of_its_best_step(file: Path) -> None:
    """The ceilings are those of the highest good steps of the same file."""
    calibration = read(file)
    best = {
        scenario: max(step.per_second for step in calibration.steps if step.good and step.scenario == scenario)
        for scenario in ("stream", "chat")
    }
    ceiling = calibration.ceiling
    assert (ceiling.events_per_second, ceiling.requests_per_second) == (best["stream"], best["chat"])
