"""The README's numbers are those of the stored files, and its run is not older than the source that it is about."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.analyse.units import TIMES
from loadtests.measure import handwork
from tests.readme.document import README
from tests.readme.quoted import NUMBERS, RESULTS, RUN, Number, misquoted, stale, unfound

TEXT = README.read_text("utf-8")
QUOTED = sorted(run for run in set(RUN.findall(TEXT)) if f"docs/results/{run}/summary.md" in TEXT)


@pytest.mark.parametrize("run", QUOTED)
def test_the_quoted_run_counted_the_lines_of_this_source(run: str) -> None:
    """The lines by hand that the quoted run tells are counted again, and are the same in the source of today."""
    assert list(stale(RESULTS / run)) == []


def test_a_run_is_quoted() -> None:
    """The README has one, so that the test above is about something."""
    assert QUOTED


def test_the_readme_quotes_the_lines_of_this_source() -> None:
    """The rows of the README say as many lines by hand for each framework as are counted today."""
    assert list(misquoted(TEXT)) == []


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_number(one: Number) -> None:
    """What the README says in a number or a word is what the stored file holds."""
    assert list(one.wrong(TEXT)) == []


def test_figures_of_a_linked_run_are_in_its_summary() -> None:
    """Each ratio and interval that stands beside the link to a run is one that the run found."""
    assert list(unfound(TEXT)) == []


def _made_up(folder: Path, work: tuple[handwork.Handwork, ...]) -> Path:
    folder.mkdir()
    features = [json.loads(one.model_dump_json()) for one in work]
    (folder / "handwork.json").write_text(json.dumps({"features": features}), "utf-8")
    return folder


def test_an_older_run_is_noticed(tmp_path: Path) -> None:
    """A run of this source is not stale; one that counted a line less, another package or nothing of a feature is."""
    first, *rest = handwork.count()
    less = first.model_copy(update={"lines": first.lines - 1})
    other = first.model_copy(update={"packages": ("marshmallow",)})
    assert list(stale(_made_up(tmp_path / "now", (first, *rest)))) == []
    for name, work in (("less", (less, *rest)), ("other", (other, *rest)), ("nothing", tuple(rest))):
        (said,) = stale(_made_up(tmp_path / name, work))
        assert said.startswith(f"{first.feature}, {first.twin}: ")
        assert said.endswith("in the source; make that run again, and quote it")
        assert f", {first.lines} lines with {' and '.join(first.packages)} in" in said


def test_rows_of_another_source_are_noticed() -> None:
    """A row that tells a line more than there is, and a row that is gone, are named."""
    lines = {feature: handwork.lines_of(handwork.count(), feature) for feature in ("validation", "documentation")}
    rows = [
        f"| **{row}**: said. | All did. Lines by hand: FastAPI {lines[feature]['fastapi']}, Flask {flask}. | holds |"
        for row, feature, flask in (
            ("Type validation", "validation", lines["validation"]["flask"]),
            ("API documentation", "documentation", lines["documentation"]["flask"] + 1),
        )
    ]
    assert [said.partition(":")[0] for said in misquoted("\n".join(rows))] == [
        "API documentation",
        "Streaming responses",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [("all twenty deployments", 0), ("all 21 deployments", 1), ("all of them", 1), ("all 1,000 d", 0)],
)
def test_a_wrong_number_is_noticed(text: str, count: int) -> None:
    """In digits and in words; one that is gone is an error too, unless nothing needs to say it."""
    stored = 1_000 if "1,000" in text else 20
    one = Number("deployments", r"all NUMBER d", lambda: stored)
    assert len(list(one.wrong(text))) == count
    assert len(list(replace(one, needed=False).wrong(text))) == (0 if "of them" in text else count)


def test_a_figure_that_the_run_does_not_have_is_noticed() -> None:
    """In a paragraph with a link to a run; elsewhere nothing is asked."""
    link, ratio, interval = f"[the run](docs/results/{QUOTED[0]})", f"999.99{TIMES}", "999.98 to 999.99"
    assert list(unfound(f"No link: {ratio}.\n\n{link} found {ratio} ({interval}).")) == [
        f"'{figure}' is not in the summary of {QUOTED[0]}, which the paragraph of it links"
        for figure in (ratio, interval)
    ]
