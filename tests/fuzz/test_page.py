"""The page about the fuzzing says what the stored run holds, and a result is stored and read without loss."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.kinds import KINDS
from tests.fuzz.page import PAGE, STORED, page, summary
from tests.fuzz.tally import Find, KindCount, Result

RESULT = Result(
    targets=("a", "b"),
    seed=7,
    seconds=12.5,
    examples=500,
    requests=1250,
    ended="complete",
    kinds=(KindCount("chat", 500, 1250, {"2xx": 1000, "4xx": 250, "none": 0}),),
    known={"repeated-host": 3, "connect": 5},
    finds=(),
    versions={"uvicorn": "1.2"},
)
FIND = Find("json", 3, "status 200 and 500", "Case()", steady=False)


def test_the_page_is_that_of_the_stored_runs() -> None:
    """docs/fuzz.md is what `python -m tests.fuzz.page` makes of docs/results/fuzz*.json."""
    assert PAGE.read_text(encoding="utf-8") == page(map(Result.read, STORED)), "run python -m tests.fuzz.page"


@pytest.mark.parametrize("file", STORED, ids=lambda file: file.stem)
def test_a_stored_run_is_a_long_one(file: Path) -> None:
    """A stored run has all kinds, at least 100,000 requests, and no find."""
    stored = Result.read(file)
    assert stored.requests >= 100_000
    assert {kind.name for kind in stored.kinds} == {kind.name for kind in KINDS}
    assert (stored.ended, stored.finds) == ("complete", ())
    assert stored.requests == sum(kind.requests for kind in stored.kinds)


def test_a_result_is_read_as_it_was_stored(tmp_path: Path) -> None:
    """Nothing is lost in the JSON."""
    result = replace(RESULT, finds=(FIND,))
    result.store(tmp_path / "new" / "fuzz.json")
    assert Result.read(tmp_path / "new" / "fuzz.json") == result


@pytest.mark.parametrize(
    "words",
    [
        "**a and b: 1,250 requests in 500 examples, no finds.** Seed 7, 12 s, 100 requests a second (uvicorn 1.2).",
        "| chat | chat requests from the model, valid and nearly valid | 500 | 1,250 | 1,000 | 250 |",
        "| connect | 5 |\n| repeated-host | 3 |",
        "Finds: none.",
    ],
)
def test_a_summary_says_what_was_counted(words: str) -> None:
    """The sum, each kind's counts, the known differences by number, the finds."""
    assert words in summary(RESULT)


def test_a_summary_shows_a_find() -> None:
    """A find is shown with its seed, what parts, and its row."""
    said = summary(replace(RESULT, ended="finds", finds=(FIND,)))
    assert "1 find.**" in said
    assert "- json, seed 3 (not every time): status 200 and 500\n\n```python\nCase()\n```" in said
