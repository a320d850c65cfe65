"""A floor's proof, before any load: for each message of the scenarios it says what its twins say, byte for byte.

Rule: asked over the wire, with no latency: status, the headers that an application sets, body and stream, session id
and `X-Request-ID` aside. A floor that says something else does other work, and nothing is held against it: no load.
Neighbours: `compare` asks; `parts` has this among what a load is made with; `verify` is the twins' own gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import httpx
from rich.console import Console

from loadtests import serve
from loadtests.bench import STOP_SECONDS
from loadtests.errors import UserError
from loadtests.same import messages
from loadtests.scenarios import JSON, NO_LATENCY
from loadtests.targets import Target

COMPARED: Final = ("content-type", "content-length", "cache-control", "x-accel-buffering", "vary")
ROUTES: Final = ("/chat", "/chat/stream")
OWN: Final = re.compile(rb'"session_id":"[0-9a-f-]{36}"')
REQUEST: Final = re.compile(r"[0-9a-f]{32}")
TIMEOUT: Final = 30.0


class Said(NamedTuple):
    """One answer, without what is each one's own."""

    status: int
    headers: tuple[tuple[str, str | None], ...]
    body: bytes


Answers = Mapping[tuple[str, bytes], Said]


def all_proved(targets: Sequence[Target], floors: Sequence[Target], scenarios: Iterable[str], console: Console) -> bool:
    """Whether every floor says what its twins say; says which does not, and to what."""
    bodies = messages(name for name in scenarios)
    said = {target.name: _answers(target, bodies) for target in (*targets, *floors) if _asked(target, floors)}
    proved = True
    for target in targets:
        if target.floor not in said:
            continue
        other = tuple(differences(said[target.floor], said[target.name]))
        proved = proved and not other
        whom = f"{target.floor}, {target.name}'s floor,"
        for text in other[:1]:
            told = f"[red]{whom} does not say what {target.name} says[/red]: {text}; no load, or add --no-floors"
            console.print(told, highlight=False, soft_wrap=True)
        if not other:
            told = f"[green]{whom} says the same[/green]: {len(bodies)} messages on both routes, byte for byte"
            console.print(told, highlight=False, soft_wrap=True)
    return proved


def differences(floor: Answers, twin: Answers) -> Iterator[str]:
    """A sentence for each message and route that is answered otherwise."""
    for (route, body), wanted in twin.items():
        got = floor[route, body]
        for what, ours, theirs in zip(Said._fields, got, wanted, strict=True):
            if ours != theirs:
                asked = repr(body[:80].decode("utf-8", "replace"))
                yield f"{route} to {asked}: {what} {_short(ours)} instead of {_short(theirs)}"


def _asked(target: Target, floors: Sequence[Target]) -> bool:
    return target in floors or target.floor in {floor.name for floor in floors}


def _answers(target: Target, bodies: Iterable[bytes]) -> Answers:
    with TemporaryDirectory(prefix="parity-floor-") as folder:
        log = Path(folder, f"{target.name}.log")
        with (
            serve.running(target, log=log, settings=NO_LATENCY, stop_timeout=STOP_SECONDS) as server,
            httpx.Client(
                base_url=server.url,
                headers={"X-API-Key": server.key, "Content-Type": JSON},
                timeout=TIMEOUT,
                trust_env=False,
            ) as client,
        ):
            try:
                return {(route, body): _said(client.post(route, content=body)) for body in bodies for route in ROUTES}
            except httpx.HTTPError as error:
                raise UserError(
                    f"{target.name} did not answer as it should before the load: {error}; "
                    f"try it with `parity serve {target.name}`"
                ) from error


def _said(answer: httpx.Response) -> Said:
    headers = [(name, answer.headers.get(name)) for name in COMPARED]
    known = REQUEST.fullmatch(answer.headers.get("x-request-id", ""))
    headers.append(("x-request-id", "an id" if known else answer.headers.get("x-request-id")))
    return Said(answer.status_code, tuple(headers), OWN.sub(b'"session_id":"(own)"', answer.content))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
