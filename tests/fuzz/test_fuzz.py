"""The bounded part of the fuzzing: some examples of each kind, always the same, to one server of each framework."""

import pytest

from tests.conformance.subject import Subject
from tests.fuzz.kinds import KINDS, Kind
from tests.fuzz.pair import Pair
from tests.fuzz.run import play_round
from tests.fuzz.tally import Tally

EXAMPLES = 46
"""Of each kind; 13 kinds make about 600."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_same_answers(twins: tuple[Subject, Subject], kind: Kind) -> None:
    """Generated and damaged requests get the same answers from both; neither fails, hangs or dies."""
    tally = Tally()
    with Pair(*twins) as pair:
        processes = pair.processes()
        find = play_round(pair, kind, 1, EXAMPLES, tally)
        assert find is None, f"{find.parts}\n{find.row}" if find else ""
        assert pair.processes() == processes
    assert tally.examples[kind.name] > EXAMPLES // 2
