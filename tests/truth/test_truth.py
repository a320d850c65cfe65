"""The reader tells the truth: its figures are those of the server's record, however the events are dressed."""

import pytest

from loadtests.calibrate.running import peer
from loadtests.calibrate.schedule import FRAMINGS, Framing, Schedule
from loadtests.calibrate.step import Step, play
from tests.truth.rounds import UNTRUE, best, rounds

USERS = 40
SECONDS = 1.5
TOKENS = 8  # short streams: many TTFTs in a short window


def truth(schedule: Schedule, scenario: str = "stream", users: int = USERS) -> Step:
    """A round that counts; the test is skipped where the machine is too busy to measure anything."""

    def one() -> Step:
        with peer(schedule) as running:
            return play(running, scenario, schedule.framing, users=users, seconds=SECONDS)

    played = rounds(one)
    chosen, valid = best(played), [step for step in played if not step.refused]
    if not chosen.good and len(valid) < UNTRUE:
        reasons = "; ".join(dict.fromkeys(reason for step in played for reason in step.refused))
        pytest.skip(f"the machine is too busy to measure, nothing was shown in {len(played)} rounds: {reasons}")
    return chosen


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
def test_figures_are_those_of_the_servers_record(framing: Framing) -> None:
    """TTFT and ITL are within 1 ms at p50 and 2 ms at p99 of the record, in any framing; events per read are told."""
    step = truth(Schedule(framing=framing, tokens=TOKENS))
    assert step.untrue == ()
    assert step.seen > 10 * USERS
    assert step.events_per_read == pytest.approx(framing.per_write, rel=0.05)
    assert step.itl_reliable is (framing.per_write == 1)


def test_a_stall_is_seen_as_long_as_it_was() -> None:
    """When the server sends nothing for half a second, latency at p99 shows it as the server's record has it.

    All that waited is answered in one burst, and each answer has the time at which it came.
    """
    step = truth(Schedule(reply=0.05, stall_after=2.05, stall=0.5), "chat", users=15)
    assert step.untrue == ()
    assert step.figures["latency"].p99 > 400
