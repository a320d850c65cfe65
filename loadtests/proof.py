"""Proof of work: what the clients received is what the model sent.

Rule: pure, and of the whole round: a server that answers from a cache, leaves out what was said or asks twice is found
even where every answer looks right. The generator waits for what is under way, so nothing is cut at a round's end; what
did not come whole was sent all the same, and counts against the round. Neighbours: `drive.receipt` reads the answers,
`upstream` counts, `compare.judge` refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from loadtests.drive.totals import Received
from loadtests.records import Counted, Driven


def received(drives: tuple[Driven, ...]) -> Received:
    """What all drives of a round received."""
    return reduce(Received.plus, (driven.result.received or Received() for driven in drives), Received())


def differences(drives: tuple[Driven, ...], counted: Counted, *, streams: bool) -> Iterator[str]:
    """A sentence for whatever was received and not sent, or sent and not received."""
    before, after = counted.before, counted.after
    got = received(drives)
    pairs = [
        ("answers of the model", got.calls, after.completed - before.completed),
        ("tool calls", got.tool_calls, after.tool_calls - before.tool_calls),
        ("characters", got.characters, after.characters - before.characters),
    ]
    if streams:  # a reply in one piece does not show its tokens
        pairs.insert(2, ("tokens", got.tokens, after.tokens - before.tokens))
    for what, came, went in pairs:
        if came != went:
            yield f"the clients received {came:,} {what}, and the model server sent {went:,}"
    for what in ("cancelled", "failed", "refused"):
        if number := getattr(after, what) - getattr(before, what):
            yield f"the model server saw {number:,} calls {what}"
