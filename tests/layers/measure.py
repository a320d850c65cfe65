"""Plays the layers: CPU time of a server for a request, and for an event of a stream, one layer more at a time.

Rule: in a block every layer's server is alive at once, on one core, and they take turns in random order, a quarter of a
second each, so that a slow moment of the machine meets all of them; what is compared is always inside one block. The
kit's own targets and commands; only the app's name is another. Neighbours: `names`, `model`, `costs`, `__main__`.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests.drive.client.message import Endpoint, prepare
from loadtests.growth import cpu
from loadtests.growth.loop import Loop, Seen
from loadtests.measure import environment
from loadtests.pinning import kept_to
from loadtests.scenarios import find
from loadtests.serve import Server, running
from loadtests.targets import Target, load_targets
from tests.layers import names
from tests.layers.model import Cell, Measured, Size
from tests.layers.names import BARE, SQLITE, TWIN, VARIABLE
from tests.resilience.part import Tell, machine, now

STREAM_LAYERS = ("routing", "request id and log")
APPS = {
    "fastapi_impl.app:create_app": "tests.layers.fastapi_layers:create_app",
    "flask_impl.app:create_app()": "tests.layers.flask_layers:create_app()",
}
WARM = 0.3  # seconds of load that fill caches
SPREAD = 1.0  # seconds over which streams are opened
SETTLE = 0.4
READY = 60.0
STOP = 0.2


def measure(size: Size, tell: Tell) -> Measured:
    """Everything, in `size.minutes` or so."""
    cores, kinds = environment.choose_cores(), (_chat, _stream)
    cells: dict[str, list[Cell]] = {kind.__name__: [] for kind in kinds}
    chance = random.Random(size.seed)
    with kept_to(cores.generator):
        for block in range(size.blocks):
            for kind in kinds:
                for name in chance.sample(size.targets, len(size.targets)):
                    bench = Bench(load_targets()[name], block, size, frozenset(cores.server) or None, chance)
                    cells[kind.__name__] += kind(bench)
            tell(f"block {block + 1} of {size.blocks}")
    return Measured(
        taken=now(),
        machine=machine(),
        pinning=cores.note,
        size=size,
        chat=tuple(cells[_chat.__name__]),
        stream=tuple(cells[_stream.__name__]),
    )


@dataclass(frozen=True)
class Bench:
    """One target in one block."""

    target: Target
    block: int
    size: Size
    cpus: frozenset[int] | None
    chance: random.Random

    @contextmanager
    def servers(self, layers: tuple[str, ...], settings: Mapping[str, str]) -> Iterator[Mapping[str, Server]]:
        """One for each layer, all alive; `settings` are the scenario's."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="parity-layers-")))
            found: dict[str, Server] = {}
            for number, layer in enumerate(self.chance.sample(layers, len(layers))):
                target = self._deployed(layer)
                given = {**settings, "SESSION_STORE": "memory://", VARIABLE: layer}
                if layer == SQLITE:
                    given["SESSION_STORE"] = f"sqlite:///{folder / 'sessions.sqlite3'}"
                log = folder / f"{number}.log"
                server = running(
                    target, log=log, settings=given, cpus=self.cpus, ready_timeout=READY, stop_timeout=STOP
                )
                found[layer] = stack.enter_context(server)
            yield found

    @property
    def floor(self) -> tuple[str, ...]:
        """The bare server, where the target names its floor."""
        return (BARE,) if self.target.floor else ()

    def of(self, layers: tuple[str, ...]) -> tuple[str, ...]:
        """Those of them that are to be measured."""
        return tuple(layer for layer in layers if layer in (self.size.layers or layers))

    def cell(self, layer: str, counted: int, used: float, seen: list[Seen]) -> Cell:
        """What came of it."""
        seconds = sum(one.seconds for one in seen)
        return Cell(
            target=self.target.name,
            layer=layer,
            block=self.block,
            us=round(1e6 * used / max(counted, 1), 3),
            count=counted,
            share=round(used / seconds, 4),
            busy=round(sum(one.busy * one.seconds for one in seen) / seconds, 4),
            errors=sum(one.errors for one in seen),
            problem=next((one.problem for one in seen if one.problem), ""),
        )

    def _deployed(self, layer: str) -> Target:
        """This target with another app in its command; the floor is a target of its own."""
        if layer in {TWIN, SQLITE}:
            return self.target
        if layer == BARE:
            return load_targets()[self.target.floor or ""]
        command = tuple(APPS.get(word, word) for word in self.target.command)
        assert command != self.target.command, f"{self.target.name} does not name an app of {[*APPS]}"
        return self.target.model_copy(update={"command": command})


def _chat(bench: Bench) -> Iterator[Cell]:
    """POST /chat from a standstill, as fast as answers come."""
    size, scenario = bench.size, find("chat")
    layers = (*bench.floor, *bench.of(names.of(bench.target.framework)), TWIN, SQLITE)
    bodies = [call.body for call in scenario.calls]
    with bench.servers(layers, scenario.settings) as servers, ExitStack() as stack:
        loops = {
            layer: stack.enter_context(_loop(server, "/chat", bodies, size.connections))
            for layer, server in servers.items()
        }
        for loop in loops.values():
            loop.burst(WARM)
        used, seen = dict.fromkeys(layers, 0.0), {layer: list[Seen]() for layer in layers}
        for layer in (one for _ in range(size.slices) for one in bench.chance.sample(layers, len(layers))):
            before = cpu.seconds(servers[layer].processes())
            seen[layer].append(loops[layer].burst(size.burst))
            used[layer] += cpu.seconds(servers[layer].processes()) - before
        for layer in layers:
            yield bench.cell(layer, sum(one.answers for one in seen[layer]), used[layer], seen[layer])


def _stream(bench: Bench) -> Iterator[Cell]:
    """Streams at the scenario's pace, held open and begun again; one layer's at a time."""
    if bench.target.slots == 1:
        return  # a server that takes one request at a time has one stream
    size, scenario = bench.size, find("stream")
    layers = (*bench.floor, *bench.of(STREAM_LAYERS), TWIN)
    bodies = [call.body for call in scenario.calls]
    with bench.servers(layers, scenario.settings) as servers:
        for layer in bench.chance.sample(layers, len(layers)):
            tree = servers[layer].processes()
            with _loop(servers[layer], "/chat/stream", bodies, size.streams, streams=True) as loop:
                loop.begin(SPREAD)
                loop.run(SETTLE)
                before = cpu.seconds(tree)
                seen = loop.run(size.window)
                used = cpu.seconds(tree) - before
            yield bench.cell(layer, seen.events, used, [seen])


def _loop(server: Server, path: str, bodies: list[bytes | None], connections: int, *, streams: bool = False) -> Loop:
    endpoint = Endpoint.of(server.url)
    head = {"X-API-Key": server.key, "Accept": "*/*", "Content-Type": "application/json"}
    requests = [prepare(endpoint, "POST", path, head, body) for body in bodies]
    return Loop(endpoint, requests, connections, streams=streams)
