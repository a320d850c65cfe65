"""The decisions of a search for the knee, on made-up servers.

Rule: a made-up server is a function from a load to an answer, so the true knee is known; nothing is started here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from loadtests.files import ROOT
from loadtests.knee.steps import ANSWERS, MOST_PROBES, WITHIN, Answer, Bracket, End, Next, after, bracket, tallies
from tests.statistics import knee as rehearsal

Server = Callable[[float, int], bool | None]  # load, how often this load was asked before -> held


def hunt(server: Server, first: float = 50, most: float = 20_000) -> tuple[list[Answer], End, Bracket]:
    """Every answer of a search on this server, its end, and the bracket."""
    answers: list[Answer] = []
    while isinstance(step := after(answers, first, most), Next):
        assert len(answers) < MOST_PROBES, "a search without an end"
        assert 1 <= step.load <= most
        before = sum(answer.load == step.load for answer in answers)
        assert step.edge is (before > 0)
        answers.append(Answer(step.load, server(step.load, before)))
    return answers, step, bracket(tallies(answers))


def sharp(knee: float) -> Server:
    """A server that holds up to its knee, and never beyond."""
    return lambda load, _: load <= knee


@pytest.mark.parametrize("knee", [1, 2, 3, 17, 49, 50, 51, 99, 100, 150, 1_234, 3_199, 3_200, 6_000, 19_999])
def test_a_sharp_knee_is_found_to_a_tenth(knee: int) -> None:
    """The knee lies between the two ends, which are a tenth apart (or neighbours) and have three answers each."""
    answers, end, found = hunt(sharp(knee))
    assert found.low is not None
    assert found.failed is not None
    assert found.low.load <= knee < found.failed.load
    assert found.failed.load <= max(found.low.load * WITHIN, found.low.load + 1)
    assert (found.low.held, found.failed.failed) == (ANSWERS, ANSWERS)
    assert end.limit == "server"
    assert len(answers) <= 18


def test_the_loads_of_a_search_in_order() -> None:
    """Doubling until one fails, the geometric middle of what is left, then the ends again, the lower one first."""
    answers, end, _ = hunt(sharp(930), first=100)
    assert [answer.load for answer in answers] == [100, 200, 400, 800, 1600, 1131, 951, 872, 872, 872, 951, 951]
    assert end.why == "held 3 of 3 times at 872, failed 3 of 3 at 951"


def test_a_server_that_never_fails_is_limited_by_the_plan() -> None:
    """The highest load is asked three times and nothing beyond it; the end says that no higher one was to be tried."""
    answers, end, found = hunt(sharp(1e9), most=300)
    assert [answer.load for answer in answers] == [50, 100, 200, 300, 300, 300]
    assert (end.limit, found.failed) == ("plan", None)
    assert "held 3 of 3 times at 300, and no higher load was to be tried" in end.why


def test_a_server_that_fails_at_first_is_asked_for_less() -> None:
    """Loads are halved until one holds; the search goes on from there."""
    answers, _, found = hunt(sharp(5))
    assert [answer.load for answer in answers[:5]] == [50, 25, 12, 6, 3]
    assert found.low is not None
    assert found.failed is not None
    assert (found.low.load, found.failed.load) == (5, 6)


def test_a_server_that_holds_nothing_has_no_lower_end() -> None:
    """Down to a load of 1, which fails three times."""
    answers, end, found = hunt(lambda _load, _before: False)
    assert [answer.load for answer in answers] == [50, 25, 12, 6, 3, 2, 1, 1, 1]
    assert (end.limit, end.why) == ("server", "held at no load, failed 3 of 3 at 1")
    assert found.low is None


def test_a_low_end_that_fails_once_moves_down() -> None:
    """What failed one of three times is no load that was held: the end below it is asked three times instead."""

    def server(load: float, before: int) -> bool:
        return load < 872 or (load == 872 and before != 1)

    answers, end, found = hunt(server, first=100)
    assert found.low is not None
    assert found.failed is not None
    assert found.low.load < 872 < found.failed.load
    assert found.low.held == ANSWERS
    assert "failed 1 of 3 at 872" in end.why
    assert sum(answer.load == 872 for answer in answers) == ANSWERS


def test_a_high_end_that_holds_twice_moves_up() -> None:
    """One unlucky failure while doubling is played off, and the search goes on above it."""

    def server(load: float, before: int) -> bool:
        return load <= 930 and not (load == 200 and before == 0)

    answers, end, found = hunt(server, first=100)
    assert [answer.held for answer in answers if answer.load == 200] == [False, True, True]
    assert found.low is not None
    assert found.failed is not None
    assert found.low.load <= 930 < found.failed.load
    assert end.limit == "server"


def test_a_high_end_fails_by_the_majority() -> None:
    """Failed, held, failed: it counts as failed, and the end says how often."""

    def server(load: float, before: int) -> bool:
        return load <= 930 or (load == 951 and before == 1)

    _, end, found = hunt(server, first=100)
    assert found.failed is not None
    assert (found.failed.load, found.failed.held, found.failed.failed) == (951, 1, 2)
    assert end.why == "held 3 of 3 times at 872, failed 2 of 3 at 951"


def test_where_the_generator_cannot_tell_is_asked_once_more() -> None:
    """One None is no answer; the next at the same load is taken."""
    answers, _, found = hunt(lambda load, before: None if load == 200 and not before else load <= 300)
    assert [answer.held for answer in answers if answer.load == 200] == [None, True]
    assert found.low is not None
    assert found.low.load <= 300


def test_the_generators_own_limit_is_a_lower_bound() -> None:
    """Above 500 it never can tell: the most that was seen to hold is within a tenth of that, and nothing failed."""
    answers, end, found = hunt(lambda load, _: None if load > 500 else True)
    assert found.low is not None
    assert found.low.load <= 500 <= found.low.load * WITHIN
    assert found.low.held == ANSWERS
    assert (end.limit, found.failed) == ("generator", None)
    assert "the load generator could not tell" in end.why
    assert max(sum(a.load == load for a in answers if a.held is None) for load in {a.load for a in answers}) == 2


def test_a_generator_that_can_tell_nothing_ends_the_search_at_once() -> None:
    """Two tries at the first load, then the end, with no figure at all."""
    answers, end, found = hunt(lambda _load, _before: None)
    assert [answer.load for answer in answers] == [50, 50]
    assert (end.limit, found.low, found.failed) == ("generator", None, None)


def test_a_server_that_flaps_ends_the_search_in_bounds() -> None:
    """Whatever a server answers, a search ends within its probes, and its low end never failed."""
    for seed in range(300):
        chance = random.Random(seed)
        answers, end, found = hunt(lambda _load, _before, c=chance: c.choice([True, False, None]))  # type: ignore[misc]  # a default, as loops need it
        assert len(answers) <= MOST_PROBES
        assert found.low is None or (found.low.held > 0 and not found.low.failed)
        assert found.low is None or found.top is None or found.low.load < found.top.load
        assert end.limit != "unfinished" or len(answers) == MOST_PROBES


def test_a_noisy_edge_is_inside_the_uncertainty() -> None:
    """A server that fails more and more often from 900 to 1,100: 19 of 20 searches end with a bracket in that range."""
    touched = 0
    for seed in range(200):
        chance = random.Random(seed)

        def server(load: float, _before: int, chance: random.Random = chance) -> bool:
            return chance.random() >= (load - 900) / 200

        _, end, found = hunt(server)
        assert found.low is not None
        if end.limit == "server" and found.failed is not None:
            touched += found.low.load <= 1_100 and found.failed.load >= 900
    assert touched >= 190


def test_the_rehearsal_in_the_docs_is_this_one() -> None:
    """The decision's table is what the rehearsal prints, and at most one search in twenty promises too much."""
    page = (ROOT / "docs/decisions/0012-the-knee.md").read_text("utf-8")
    for line in rehearsal.table():
        assert line in page
    for edge in rehearsal.EDGES:
        found = [rehearsal.rehearse(edge, seed) for seed in range(rehearsal.SEARCHES)]
        assert sum((one.low or 0) > one.knee for one in found) <= len(found) / 20
