"""Limits and slow peers, the short version: fewer clients, seconds instead of minutes, and no time that is judged.

Rule: what is asserted are promises: memory that is bounded, refusals that are clean, others who are served meanwhile,
and everything back afterwards. Neighbours: `course` (the whole measurement), `judge` (the promises).
"""

import pytest

from loadtests.descriptors import open_files
from tests.conformance.fixtures import Launch
from tests.resilience.limits import ending, endless, floods, judge, streams
from tests.resilience.limits.attacks import BODIES, HEADS, READERS, SILENT, Attack
from tests.resilience.limits.look import turn
from tests.resilience.limits.play import Sizes, play

FEW = Sizes(clients=0.25, hold=0.3)
READING = Sizes(clients=0.2, hold=0.1)
IDLE = 2000
"""Silent connections, where the target has that many places; half of its places where it has fewer."""


@pytest.mark.concurrent(2 * streams.LIMIT)
def test_peers_who_are_slow_silent_or_too_many(launch: Launch) -> None:
    """Four times as many streams as are allowed, heads without end, 50 slow senders of each kind, 2,000 silent clients.

    Expected: exactly so many streams, the others 503; each flood is refused with bounded memory; others are served
    meanwhile; when it is over nothing of it is left.
    """
    with open_files(), launch(streams.SETTINGS) as launched:
        target = launched.process.target
        assert turn(launched.subject, launched.process) is not None
        broken = [*judge.of_streams(streams.play(launched))]
        broken += [each for name in floods.FLOODS for each in judge.of_flood(floods.play(name, launched))]
        idle = min(IDLE, target.slots // 2) if target.slots else IDLE
        for attack, sizes in ((HEADS, FEW), (BODIES, FEW), (SILENT, Sizes(idle / SILENT.clients, FEW.hold))):
            broken += _named(attack, [*judge.of_row(play(attack, launched, sizes), target)])
    assert broken == []


@pytest.mark.concurrent(2 * READERS.clients)
def test_readers_of_a_byte_a_second(launch: Launch) -> None:
    """Ten clients read a byte a second of a stream that never ends; they leave; SIGTERM comes while five others do.

    Expected: memory does not grow, others are served, nothing is left of them, and the process ends in time.
    """
    with launch(endless.SETTINGS) as launched:
        assert turn(launched.subject, launched.process) is not None
        row = play(READERS, launched, READING)
        assert _named(READERS, [*judge.of_row(row, launched.process.target)]) == []
        ended = ending.play(launched)
    assert ended.gone < ending.LONGEST / 2, ended


def _named(attack: Attack, sentences: list[str]) -> list[str]:
    return [f"{attack.name}: {sentence}" for sentence in sentences]
