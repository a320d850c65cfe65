"""What the scripted peer sends and when: a schedule, and the framing its events are dressed in.

Rule: pure values, made into bytes once, before the first request: write by write with the time at which it is due after
the request was read, and how many token events it completes. Whatever the framing, a write brings an event's last byte
and never the next one's, so the moment of the write is the moment of the event. Neighbours: `peer` plays a `Script`,
`running` starts the peer with a `Schedule`, the truth test walks through `FRAMINGS`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Final

from loadtests.drive.totals import Frozen

GAPS: Final = (1.0, 0.5, 1.0, 1.5)  # of an ITL, over and over: p50 and p99 differ, and the mean of a stream is neither
DELAYS: Final = tuple(0.5 + share / 14 for share in (0, 11, 6, 3, 9, 1, 13, 5, 10, 2, 14, 7, 12, 4, 8))  # of a reply
MOST_BYTES: Final = 13  # of a chunk, where chunks end anywhere
KEPT_BACK: Final = 12  # bytes of a write that no earlier one may bring, so that it ends the event itself
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"
SESSION: Final = "9d7d6ed7-cc61-4b42-9841-f2879dd617e1"


class Framing(Frozen):
    """How events are put into bytes. `anywhere`: tiny HTTP chunks, and writes that end inside the next event."""

    name: str
    what: str
    eol: str = "\n"
    comments: bool = False
    lines: int = 1
    anywhere: bool = False
    per_write: int = 1


_ALL: Final = (
    Framing(name="plain", what="one event, one chunk, one write"),
    Framing(name="anywhere", what="chunk and write boundaries anywhere", anywhere=True),
    Framing(name="crlf", what="CRLF ends the lines", eol="\r\n"),
    Framing(name="cr", what="CR alone ends the lines", eol="\r"),
    Framing(name="comments", what="comments before and after each event", comments=True),
    Framing(name="lines", what="two data lines an event", lines=2),
    Framing(name="four", what="four events a write", per_write=4),
)
FRAMINGS: Final[Mapping[str, Framing]] = MappingProxyType({framing.name: framing for framing in _ALL})


class Schedule(Frozen):
    """When things are sent, in seconds: a stream's `ttft` and `itl`, a reply's delay; and a stall of the whole server.

    `stall_after` counts from the first turn; while it stalls, the peer reads requests and sends nothing.
    """

    framing: Framing = FRAMINGS["plain"]
    ttft: float = 0.05
    itl: float = 0.05
    tokens: int = 28
    reply: float = 0.05
    stall_after: float | None = None
    stall: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """One answer: the writes, when each is due after the request was read, and the token events each completes."""

    writes: tuple[bytes, ...]
    offsets: tuple[float, ...]
    tokens: tuple[int, ...]
    stream: bool


def scripts(schedule: Schedule) -> Mapping[str, tuple[Script, ...]]:
    """The answers by name, to be given in turn: `stream`, `chat` and `tool`, which is a chat with a tool call.

    Replies take unequal times, because users that wait equally long fall into step and stay so.
    """
    delays = tuple(schedule.reply * share for share in DELAYS)
    replies = {
        name: tuple(_reply(calls, delay) for delay in delays) for name, calls in (("chat", b""), ("tool", _TOOL))
    }
    return {"stream": (_stream(schedule),), **replies}


_TOOL: Final = b'{"name":"calculate","arguments":{"expression":"6 * 7"},"result":"42"}'


def whole(body: bytes, status: str = "200 OK") -> bytes:
    """A whole JSON answer in one piece."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _reply(calls: bytes, delay: float) -> Script:
    body = b'{"reply":"Think about who will run it.","session_id":"%b","tool_calls":[%b]}' % (SESSION.encode(), calls)
    return Script((whole(body),), (delay,), (0,), stream=False)


def _stream(schedule: Schedule) -> Script:
    framing, per_write = schedule.framing, schedule.framing.per_write
    sizes = [min(per_write, schedule.tokens - first) for first in range(0, schedule.tokens, per_write)]
    bodies = [_event("start", f'"session_id": "{SESSION}"', framing)]
    bodies += [_event("token", '"content": " word"', framing) * size for size in sizes]
    bodies += [_event("end", f'"session_id": "{SESSION}"', framing)]
    chance = random.Random(1)  # noqa: S311 - boundaries to be repeated, not a secret
    wire = [b"".join(_chunks(body, framing, chance)) for body in bodies]
    wire[0], wire[-1] = HEAD + wire[0], wire[-1] + LAST_CHUNK
    writes = _shifted(wire, chance) if framing.anywhere else wire
    return Script(tuple(writes), (0.0, *_times(schedule, sizes)), (0, *sizes, 0), stream=True)


def _times(schedule: Schedule, sizes: list[int]) -> Iterator[float]:
    """When each write of tokens is due, and at last the end."""
    gaps = (schedule.itl * GAPS[number % len(GAPS)] * size for number, size in enumerate(sizes))
    return accumulate(gaps, initial=schedule.ttft)


def _event(kind: str, rest: str, framing: Framing) -> bytes:
    fields = [f'{{"type": "{kind}",', f"{rest}}}"]
    data = fields if framing.lines == 2 else ["".join(fields)]
    lines = [*(f"data: {line}" for line in data), ""]
    if framing.comments:
        lines = [": a comment", "", *lines, ": another"]
    return "".join(line + framing.eol for line in lines).encode()


def _chunks(body: bytes, framing: Framing, chance: random.Random) -> Iterator[bytes]:
    """The body in HTTP chunks: one, or many that end anywhere."""
    while body:
        size = chance.randint(1, MOST_BYTES) if framing.anywhere else len(body)
        yield b"%x\r\n%b\r\n" % (len(body[:size]), body[:size])
        body = body[size:]


def _shifted(wire: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """The same bytes with each write ending somewhere inside what follows, but before that event's end."""
    begun = b""
    for piece, following in zip(wire, [*wire[1:], b""], strict=True):
        cut = chance.randint(0, max(len(following) - KEPT_BACK, 0))
        yield piece[len(begun) :] + following[:cut]
        begun = following[:cut]
