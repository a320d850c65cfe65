"""What a load does while it warms up: answers, and the tokens and first tokens of streams that are still being read.

Rule: looked at from outside, a slice of time after the other, so that the generator does nothing more for a token, and
a stream of minutes shows its TTFT at once. Neighbours: `recorder` tells of answers, `generator` of streams that begin
and end, `settle` judges the slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Protocol

from loadtests.drive.settle import Slice


class Stream(Protocol):
    """What can be seen of a stream, while it is being read and afterwards."""

    @property
    def first_content(self) -> float | None: ...  # noqa: D102 - as in `recorder.Streamed`
    @property
    def stamps(self) -> Sequence[float]: ...  # noqa: D102 - as in `recorder.Streamed`


class Progress:
    """Work done and latencies known since the load began."""

    def __init__(self) -> None:
        self._open: dict[Stream, float] = {}
        self._ended = Slice(0.0, 0, 0, 0.0, 0.0)
        self._seen = Slice(monotonic(), 0, 0, 0.0, 0.0)

    def begins(self, stream: Stream, sent: float) -> None:
        """This stream is about to be asked for."""
        self._open[stream] = sent

    def ends(self, stream: Stream) -> None:
        """This stream is over."""
        del self._open[stream]

    def ended(self, sent: float, end: float, stream: Stream | None) -> None:
        """A request is over; what came of it."""
        self._ended += _answer(end - sent) if stream is None else _stream(stream, sent)

    def slice(self) -> Slice:
        """What has been seen since the last call."""
        seen = self._ended + Slice(monotonic(), 0, 0, 0.0, 0.0)
        for stream, sent in self._open.items():
            seen += _stream(stream, sent)
        before, self._seen = self._seen, seen
        return seen - before


def _answer(seconds: float) -> Slice:
    return Slice(0.0, 1, 1, seconds, seconds**2)


def _stream(stream: Stream, sent: float) -> Slice:
    if stream.first_content is None:
        return Slice(0.0, len(stream.stamps), 0, 0.0, 0.0)
    first = stream.first_content - sent
    return Slice(0.0, len(stream.stamps), 1, first, first**2)
