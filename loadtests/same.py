"""The same reply from either model: what a target says in front of the model server, held against its model built in.

Rule: asked over the wire, before any load and with no latency: every message of the scenarios that is to be answered,
on both routes, tokens one by one. A target that says something else there does other work, and is not loaded.
Neighbours: `behind` starts the model server, `parts` has this among what a load is made with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from rich.console import Console

from loadtests import behind
from loadtests.bench import STOP_SECONDS, Bench, cpus
from loadtests.drive.client.sse import SSEParser
from loadtests.errors import UserError
from loadtests.levels import Model
from loadtests.measure.environment import Cores, choose_cores
from loadtests.scenarios import JSON, find
from loadtests.targets import Target

AT_ONCE: Final = "chat"  # the scenario whose model takes no time
TIMEOUT: Final = 30.0

Replies = dict[bytes, tuple[Any, ...]]


def all_same(targets: Sequence[Target], scenarios: Iterable[str], bench: Bench, console: Console) -> bool:
    """Whether every target gives the same replies with either model; says which does not, and to what."""
    bodies, cores, same = messages(scenarios), choose_cores("upstream"), True
    for target in targets if bodies else ():
        replies = {which: _replies(which, target, bodies, bench, cores) for which in ("scripted", "upstream")}
        other = [body for body in bodies if replies["scripted"][body] != replies["upstream"][body]]
        if other:
            text = f"[red]{target.name} says something else in front of the model server[/red] to {_short(other[0])}"
        else:
            text = f"[green]{target.name} says the same in front of the model server[/green] as with its own model"
        console.print(f"{text}; {len(bodies)} messages on both routes", highlight=False, soft_wrap=True)
        same = same and not other
    return same


def messages(scenarios: Iterable[str]) -> tuple[bytes, ...]:
    """The bodies that these scenarios send and that are to be answered, each once."""
    calls = (call for name in scenarios for call in find(name).calls if call.asks_the_model and call.expect == 200)
    return tuple(dict.fromkeys(call.body for call in calls if call.body is not None))


def _replies(which: Model, target: Target, bodies: Iterable[bytes], bench: Bench, cores: Cores) -> Replies:
    """What is replied to each, on both routes."""
    with TemporaryDirectory(prefix="parity-same-") as name:
        log, pinned = Path(name, f"{target.name}.log"), cpus(cores.server)
        with (
            behind.model(which, AT_ONCE, bench, cores, Path(name, "model.log")) as model,
            bench.running(target, log=log, settings=model.settings, cpus=pinned, stop_timeout=STOP_SECONDS) as server,
            httpx.Client(
                base_url=server.url,
                headers={"X-API-Key": server.key, "Content-Type": JSON},
                timeout=TIMEOUT,
                trust_env=False,
            ) as client,
        ):
            try:
                return {body: (_reply(client, body), _events(client, body)) for body in bodies}
            except (httpx.HTTPError, ValueError, KeyError) as error:
                raise UserError(
                    f"{target.name} did not answer as it should with AGENT_MODEL of {which}: {error}; "
                    f"try it with `parity upstream` and `parity serve {target.name}`"
                ) from error


def _reply(client: httpx.Client, body: bytes) -> tuple[Any, Any]:
    fields = client.post("/chat", content=body).raise_for_status().json()
    return fields["reply"], fields["tool_calls"]


def _events(client: httpx.Client, body: bytes) -> tuple[str, ...]:
    """Every event of the stream but the first, which names the session."""
    answer = client.post("/chat/stream", content=body).raise_for_status()
    return tuple(event.data for event in SSEParser().feed(answer.content))[1:]


def _short(body: bytes) -> str:
    return repr(body[:80].decode("utf-8", "replace"))
