"""Records noise: short rounds of one deployment, of the same again, and of the same with 2 ms added to the model.

Rule: played by the kit's own `play`, with its gates, in mirrored random blocks as a comparison plays them; read by its
own figures. The 2 ms are a setting of the scripted model and nothing else. Neighbours: `noise` is what is stored.
"""

import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from loadtests.analyse.figure_table import FIGURES
from loadtests.bench import Bench, Running
from loadtests.compare.play import Seat, play
from loadtests.measure import environment
from loadtests.pinning import kept_to
from loadtests.plan import Level, PlannedRound, PlannedScenario
from loadtests.records import Round
from loadtests.targets import Target, load_targets, pick
from tests.statistics.noise import Noise, Recorded, Rounds

TARGET: Final = "fastapi-uvicorn"
ADDED: Final = 0.002
CLOSED = Level(users=16, seconds=1.0, warmup=0.8)
OPEN = Level(rate=200.0, arrivals="constant", seconds=1.0, warmup=0.5)
STREAMS = Level(users=32, seconds=1.5, warmup=0.8)
SCENARIOS: Final = (
    PlannedScenario(name="chat", levels=(CLOSED, OPEN)),
    PlannedScenario(name="stream", levels=(STREAMS,)),
)
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "chat": ("baseline", "again", "slower"),
    "stream": ("baseline", "again"),
}
READ: Final = (
    ("chat", "throughput", CLOSED),
    ("chat", "cpu_ms", CLOSED),
    ("chat", "intended_p50", OPEN),
    ("chat", "intended_p99", OPEN),
    ("stream", "cpu_million", STREAMS),
    ("stream", "ttft_p99", STREAMS),
    ("stream", "itl_p99", STREAMS),
)
"""The figures that the noise is recorded of: scenario, key and load."""


@dataclass(frozen=True)
class Played:
    """One round that was played, and as which variant."""

    variant: str
    done: Round


def record(blocks: int, *, busy: bool = False) -> Noise:
    """Play so many blocks and give what they measured; `busy` keeps the figures of refused rounds too, and says so."""
    (target,) = pick(load_targets(), (TARGET,))
    machine = environment.take(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="parity-noise-") as folder, kept_to(machine.pinning.generator):
        rounds = tuple(_play(blocks, target, machine.pinning, Path(folder)))
    counted = tuple(one for one in rounds if busy or one.done.good)
    refused = [one.done for one in rounds if not one.done.good]
    return Noise(
        recorded=machine.started,
        machine=f"{machine.cpu}, {machine.cores} cores, {machine.kernel}",
        isolation=machine.pinning.note,
        busy=machine.load_average,
        target=TARGET,
        added_ms=1000 * ADDED,
        rounds=len(rounds),
        refused=len(refused),
        refused_kept=busy,
        reasons=tuple(sorted({reason for done in refused for reason in done.reasons})),
        figures=tuple(figure_of(counted, blocks, *which) for which in READ),
    )


def _play(blocks: int, target: Target, cores: environment.Cores, folder: Path) -> Iterator[Played]:
    chance, order, number = random.Random(1), list[tuple[PlannedScenario, str]](), 0
    every = [(scenario, variant) for scenario in SCENARIOS for variant in VARIANTS[scenario.name]]
    for block in range(1, blocks + 1):
        order = order[::-1] if block % 2 == 0 else chance.sample(every, len(every))
        for scenario, variant in order:
            number += 1
            planned = PlannedRound(number=number, block=block, scenario=scenario.name, target=variant)
            bench = slower() if variant == "slower" else Bench()
            seat = Seat(cores, folder / f"{number}.log")
            done = play(planned, scenario, target, seat, bench)
            sys.stderr.write(f"block {block} of {blocks}: {scenario.name} {variant} {'; '.join(done.reasons)}\n")
            yield Played(variant, done)


def slower() -> Bench:
    """The usual parts, but that every server is told to wait 2 ms longer for its first token, and is held to that."""
    usual = Bench()

    def more(settings: Mapping[str, str]) -> Mapping[str, str]:
        return {**settings, "SCRIPTED_TTFT": f"{float(settings['SCRIPTED_TTFT']) + ADDED:g}"}

    def running(target: Target, *, settings: Mapping[str, str], **more_of: Any) -> AbstractContextManager[Running]:
        return usual.running(target, settings=more(settings), **more_of)

    return replace(usual, running=running, look=lambda url, key, settings: usual.look(url, key, more(settings)))


def figure_of(rounds: tuple[Played, ...], blocks: int, scenario: str, key: str, level: Level) -> Recorded:
    """A figure of the report's table, read from each block's rounds at that level."""
    figure = next(figure for figure in FIGURES[scenario] if figure.key == key)
    found = {
        (one.done.block, one.variant): figure.read(one.done, level) for one in rounds if one.done.scenario == scenario
    }
    return Recorded(
        key=f"{scenario}.{key}",
        title=figure.title,
        load=level.label,
        unit=figure.unit,
        primary=figure.primary,
        blocks=tuple(
            Rounds(**{variant: found.get((block, variant)) for variant in VARIANTS[scenario]})
            for block in range(1, blocks + 1)
        ),
    )
