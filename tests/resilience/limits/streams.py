"""MAX_STREAMS with four times as many clients: who gets in, how the rest is refused, and that places come back.

Rule: the streams are silent on purpose (the scripted `/hang`), so the count is exact and plain turns cost nothing; half
of the clients leave by closing, half by a reset. Neighbours: `measured`, `judge`.
"""

import json
import socket
import struct
import time
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPException, HTTPResponse

from loadtests.targets import Target
from tests.conformance.fixtures import Launched
from tests.conformance.subject import JSON, payload
from tests.conformance.wire import request
from tests.resilience.limits.look import healthy, turn
from tests.resilience.limits.measured import Streams

LIMIT = 20
TIMES = 4
HEARTBEAT = 0.2
PATIENCE = 5.0
BACK = 10.0
"""Seconds in which the places of clients that left must be free; a heartbeat or two is promised."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset, as a client does whose process was killed with bytes unread."""

SETTINGS: Mapping[str, str] = {
    "MAX_STREAMS": str(LIMIT),
    "STREAM_HEARTBEAT": str(HEARTBEAT),
    "SCRIPTED_FAULTS": "true",
    "MODEL_TIMEOUT": "60",
}


def applies(target: Target) -> bool:
    """Whether it can hold so many streams at all, with room for more clients."""
    return target.slots is None or target.slots > TIMES * LIMIT


def play(launched: Launched) -> Streams:
    """The figures of one target with `SETTINGS`."""
    workers = launched.process.target.workers
    with ExitStack() as held:
        answers = _ask_for(TIMES * LIMIT * workers, launched, held)
        answered, health = turn(launched.subject, launched.process), healthy(launched.process)
    again, seconds = _again(launched, answers.count("200"))
    return Streams(
        target=launched.subject.name,
        limit=LIMIT,
        workers=workers,
        clients=len(answers),
        admitted=answers.count("200"),
        refused=answers.count("503"),
        other=tuple(sorted({*answers} - {"200", "503"})),
        turn=answered,
        healthy=health,
        again=again,
        again_after=round(seconds, 3),
    )


def _ask_for(count: int, launched: Launched, held: ExitStack) -> list[str]:
    """So many streams, one after the other, kept until `held` ends; what came of each."""
    key = ("X-API-Key", launched.subject.key)
    sent = request("POST", "/chat/stream", [key, JSON], payload("/hang"))
    address = (launched.process.host, launched.process.port)
    return [_ask(held, address, sent, reset=number % 2 == 1) for number in range(count)]


def _ask(held: ExitStack, address: tuple[str, int], sent: bytes, *, reset: bool) -> str:
    """Ask for a stream: "200" when it begins, "503" when it is refused as promised, else what came."""
    try:
        connection = held.enter_context(socket.create_connection(address, PATIENCE))
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.sendall(sent)
        answer = HTTPResponse(connection)
        held.callback(answer.close)  # it has the socket open too
        answer.begin()
        return "200" if answer.status == 200 else _refusal(answer)
    except (OSError, HTTPException) as error:
        return type(error).__name__


def _refusal(answer: HTTPResponse) -> str:
    envelope = sorted(json.loads(answer.read())) == ["detail", "error"]
    promised = envelope and answer.headers.get("Retry-After", "").isdecimal()
    return str(answer.status) if promised else f"{answer.status} without envelope or Retry-After"


def _again(launched: Launched, count: int) -> tuple[int, float]:
    """Ask until as many streams as before are open at once; how many were, and after how long."""
    began, admitted = time.monotonic(), 0
    with ExitStack() as held:
        while admitted < count and time.monotonic() < began + BACK:
            with ExitStack() as one:
                if _ask_for(1, launched, one) == ["200"]:
                    admitted += 1
                    held.push(one.pop_all())
    return admitted, time.monotonic() - began
