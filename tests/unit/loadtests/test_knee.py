"""The decisions of a search for the knee, on made-up servers.

Rule: a made-up server is a function from a load to an answer, so the true knee is known; nothing is started here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from loadtests.files import ROOT
from loadtests.knee.steps import (
    ANSWERS,
    FAR,
    MOST_PROBES,
    NEAR,
    WITHIN,
    Answer,
    Bracket,
    End,
    Next,
    after,
    bracket,
    cut,
    short,
    tallies,
)
from tests.statistics import knee as rehearsal

Server = Callable[[float, int], bool | None]  # load, how often this load was asked before -> held


def hunt(
    server: Server, first: float = 50, most: float = 20_000, stride: float = FAR
) -> tuple[list[Answer], End, Bracket]:
    """Every answer of a search on this server, its end, and the bracket."""
    answers: list[Answer] = []
    while isinstance(step := after(answers, first, most, stride), Next):
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
    """The knee lies between the two ends, which are a tenth apart (or neighbours): three answers, or two failures."""
    answers, end, found = hunt(sharp(knee))
    assert found.low is not None
    assert found.failed is not None
    assert found.low.load <= knee < found.failed.load
    assert found.failed.load <= max(found.low.load * WITHIN, found.low.load + 1)
    assert (found.low.held, found.failed.failed) == (ANSWERS, 2)
    assert end.limit == "server"
    assert len(answers) <= 18


def test_the_loads_of_a_search_in_order() -> None:
    """Doubling until one fails, the geometric middle of what is left, then the ends again, the lower one first."""
    answers, end, _ = hunt(sharp(930), first=100)
    assert [answer.load for answer in answers] == [100, 200, 400, 800, 1600, 1131, 951, 872, 872, 872, 951]
    assert end.why == "held 3 of 3 times at 872, failed 2 of 2 at 951"


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
    """Down to a load of 1, which fails twice: a third answer would not make it hold."""
    answers, end, found = hunt(lambda _load, _before: False)
    assert [answer.load for answer in answers] == [50, 25, 12, 6, 3, 2, 1, 1]
    assert (end.limit, end.why) == ("server", "held at no load, failed 2 of 2 at 1")
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


@pytest.mark.parametrize("first", [100, 700, 880, 950, 1_200, 5_000])
def test_a_search_from_near_the_knee_finds_the_same(first: int) -> None:
    """Wherever it begins, the bracket holds the knee and is as narrow; from a quarter away it takes ten probes."""
    answers, end, found = hunt(sharp(930), first=first, stride=NEAR)
    assert found.low is not None
    assert found.failed is not None
    assert found.low.load <= 930 < found.failed.load <= found.low.load * WITHIN
    assert end.limit == "server"
    assert len(answers) <= (10 if 1 / 1.35 <= first / 930 <= 1.35 else 16)


def test_strides_from_near_the_knee_grow() -> None:
    """A fifth more, then longer and longer up to twice, so that a guess that is far off costs a few probes."""
    answers, _, _ = hunt(sharp(10_000), first=100, stride=NEAR)
    loads = [answer.load for answer in answers]
    assert loads[:6] == [100, 120, 173, 346, 692, 1384]
    answers, _, _ = hunt(sharp(5), first=100, stride=NEAR)
    assert [answer.load for answer in answers][:5] == [100, 83, 57, 28, 14]


def test_a_failure_below_a_load_that_held_is_asked_again_at_once() -> None:
    """A server that was slow for a moment does not send the search down: a failure below what held is doubted."""
    answers = [Answer(256, held=True), Answer(395, held=True), Answer(431, held=False), Answer(304, held=False)]
    assert after(answers, 16, 4_096) == Next(304, edge=True)
    answers += [Answer(304, held=True), Answer(304, held=True)]
    step = after(answers, 16, 4_096)
    assert isinstance(step, Next)
    assert step.load >= 395
    answers[-1] = Answer(304, held=False)
    step = after(answers, 16, 4_096)
    assert isinstance(step, Next)
    assert step.load < 304, "it failed twice, so it is an end, whatever held above it"


def test_a_search_that_is_cut_short_answers_with_its_bracket() -> None:
    """Both ends with how often they were asked, and why no more; what they lack is said. Without two ends: nothing."""
    answers = [Answer(800, held=True), Answer(960, held=False), Answer(876, held=True), Answer(876, held=True)]
    end = cut(answers, "the time was over")
    assert end == End("server", "held 2 of 2 times at 876, failed 1 of 1 at 960; the time was over")
    assert short(answers) == (
        "held 2 of 2 times at 876, failed 1 of 1 at 960; an end is sure after 3 answers, or 2 failures"
    )
    assert short(answers[:2]).endswith("failed 1 of 1 at 960, 1.20 times as much, with a gap between them")
    assert not short([*answers, Answer(876, held=True), Answer(960, held=False)])
    walled = [Answer(127, held=True), Answer(138, held=None), Answer(138, held=None)]
    end = cut(walled, "the time was over")
    assert end.limit == "generator"
    assert end.why == "held 1 of 1 times at 127; at 138 the load generator could not tell; the time was over"
    assert cut(answers[:1], "the time was over") == End("unfinished", "the time was over")
    assert not short(answers[:1])


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
    """The decision's table is what the rehearsal prints; at most one in 20 promises too much, from near one in 10."""
    page = (ROOT / "docs/decisions/0012-the-knee.md").read_text("utf-8")
    for line in rehearsal.table():
        assert line in page
    for edge in rehearsal.EDGES:
        for near, most in ((False, 1 / 20), (True, 1 / 10)):
            found = [rehearsal.rehearse(edge, seed, near=near) for seed in range(rehearsal.SEARCHES)]
            assert sum((one.low or 0) > one.knee for one in found) <= len(found) * most
