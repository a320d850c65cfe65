"""The SSE reader keeps the whole grammar, however the bytes are cut. Oracle: httpx-sse's decoder."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise

import pytest
from httpx_sse import _decoders as httpx_sse
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.drive.client.sse import ServerSentEvent, SSEError, SSEParser

EVERYTHING = (
    b"\xef\xbb\xbf: a comment\n"
    b"data: one\n\n"
    b"event: kind\ndata: two\ndata:three\ndata:  four\n\n"
    b"id: 7\rdata\r\r"
    b"data: CRLF\r\n\r\n"
    b"retry: 1500\nretry: soon\nid: no\0id\nunknown: field\ndata: gr\xc3\xbc\xc3\x9fe \xf0\x9f\x8c\x8d\n\n"
    b"event: no data\n\n"
    b"data: \xff\xc3\n\n"
    b"data: never ended\n"
)
EVENTS = [
    ServerSentEvent("one", "message", ""),
    ServerSentEvent("two\nthree\n four", "kind", ""),
    ServerSentEvent("", "message", "7"),
    ServerSentEvent("CRLF", "message", "7"),
    ServerSentEvent("grüße 🌍", "message", "7"),
    ServerSentEvent("��", "message", "7"),
]


def parse(pieces: Iterable[bytes]) -> list[ServerSentEvent]:
    """All events of a stream that came in these pieces."""
    parser = SSEParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def cut(data: bytes, *points: int) -> list[bytes]:
    """The data in pieces, cut at these points."""
    ends = sorted({0, len(data), *(point % (len(data) + 1) for point in points)})
    return [data[start:end] for start, end in pairwise(ends)]


def oracle(data: bytes) -> list[ServerSentEvent]:
    """What httpx-sse makes of the whole stream, without the blocks that it dispatches though they have no data."""
    decoder, found, has_data = httpx_sse.SSEDecoder(), [], False
    for line in httpx_sse.SSELineDecoder().decode(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace") + "\0"):
        has_data = has_data or line.partition(":")[0] == "data"
        event = decoder.decode(line)
        if not line:
            if event is not None and has_data:
                found.append(ServerSentEvent(event.data, event.event or "message", event.id))
            has_data = False
    return found


LINES = st.sampled_from(
    [
        *(b"data: token", b"data:x", b"data", b"data:  two spaces", "data: é€😀".encode(), b"data: \xff\xfe\x80"),
        *(b": comment", b":", b"event: kind", b"event:", b"event", b"id: 3", b"id", b"id: a\0b", b"retry: 20"),
        *(
            b"retry: x",
            b"unknown: field",
            b" data: not at the start",
            b"data : no",
            b"Data: no",
            b"\xef\xbb\xbfdata: no",
        ),
    ]
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n"])
STREAMS = st.builds(
    lambda mark, lines, tail: mark + b"".join(line + end for line, end in lines) + tail,
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(LINES, ENDS), max_size=12),
    st.sampled_from([b"", b"data: unfinished", b"data: unfinished\n", b"\xef", b"\r"]),
)


def test_whole_grammar_in_one_read() -> None:
    """Comments, several data lines, ids, retry, all line ends, UTF-8 and its errors are read as the standard says."""
    parser = SSEParser()
    assert parser.feed(EVERYTHING) == EVENTS
    assert parser.retry == 1500


def test_byte_by_byte() -> None:
    """A stream that comes one byte at a time gives the same events."""
    assert parse(bytes([byte]) for byte in EVERYTHING) == EVENTS


@pytest.mark.parametrize("point", range(len(EVERYTHING) + 1))
def test_every_split_point(point: int) -> None:
    """A stream cut in two anywhere gives the same events."""
    assert parse((EVERYTHING[:point], EVERYTHING[point:])) == EVENTS


def test_dispatched_at_the_blank_line() -> None:
    """An event is given by the read that ends its blank line, and no later."""
    parser = SSEParser()
    assert parser.feed(b"data: now\n") == []
    assert [event.data for event in parser.feed(b"\ndata: later")] == ["now"]


def test_lone_cr_ends_a_line_at_once() -> None:
    """A CR ends its line without waiting for the next byte, and an LF in the next read belongs to it."""
    parser = SSEParser()
    assert [event.data for event in parser.feed(b"data: a\r\r")] == ["a"]
    assert parser.feed(b"\n") == []
    assert [event.data for event in parser.feed(b"data: b\r\n\r\n")] == ["b"]


def test_unfinished_block_is_not_dispatched() -> None:
    """What the stream ends in the middle of is no event."""
    assert parse([b"data: a\n\ndata: b\n"]) == [ServerSentEvent("a", "message", "")]


def test_mark_is_only_at_the_start() -> None:
    """One byte order mark at the very start is dropped, a second one is part of the first field's name."""
    assert parse([b"\xef", b"\xbb", b"\xbfdata: a\n\n"]) == [ServerSentEvent("a", "message", "")]
    assert parse([b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n"]) == []


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 99, b"data: x\n", b"x"])
def test_endless_event_is_an_error(piece: bytes) -> None:
    """An event that never ends is refused once it is over the limit, however it comes."""
    parser = SSEParser(limit=1_000)
    with pytest.raises(SSEError, match="more than 1000 bytes"):
        deque(map(parser.feed, [piece] * 2_000), maxlen=0)


@settings(deadline=None)
@given(STREAMS)
def test_agrees_with_httpx_sse(data: bytes) -> None:
    """An independent decoder that has the whole stream at once finds the same events."""
    assert parse([data]) == oracle(data)


@settings(deadline=None)
@given(STREAMS, st.lists(st.integers(min_value=0, max_value=10_000), max_size=8))
def test_cuts_change_nothing(data: bytes, points: list[int]) -> None:
    """However a stream is cut into reads, its events are the same."""
    assert parse(cut(data, *points)) == parse([data])


@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(min_value=0, max_value=200), max_size=5))
def test_any_bytes(data: bytes, points: list[int]) -> None:
    """No bytes upset the parser, and cutting them changes nothing."""
    assert parse(cut(data, *points)) == parse([data]) == oracle(data)
