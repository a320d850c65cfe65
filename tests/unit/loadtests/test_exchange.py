"""The exchange and the chat stream without a socket: their short cuts give what the long way gives.

Rule: a short cut is only for a read that holds one whole chunk, or one whole token event. Bytes that come one at a
time never do, so reading byte by byte is the oracle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.exchange import Exchange
from loadtests.drive.client.message import Reply
from tests.unit.loadtests.scripted import END, START, STREAM_END, STREAM_HEAD, answer, chunk, event, token


class Kept:
    """A reader that keeps what it is given."""

    def __init__(self) -> None:
        self.stamps: list[float] = []
        self.body = b""

    def read(self, stamp: float, data: bytes) -> None:
        """Add it."""
        self.stamps.append(stamp)
        self.body += data


def received(reads: Iterable[bytes], reader: Kept | ChatStream | None = None) -> tuple[bool, Reply]:
    """Whether the exchange was over after these reads, or before all were taken, and its reply."""
    exchange = Exchange()
    exchange.begin(reader)
    over = any(exchange.feed(float(stamp), data) for stamp, data in enumerate(reads))
    return over, exchange.reply(0.0, exchange.last)


def bytewise(pieces: Iterable[bytes]) -> list[bytes]:
    """The same bytes, one at a time."""
    return [bytes([byte]) for byte in b"".join(pieces)]


def outcome(reads: Sequence[bytes]) -> tuple[object, ...]:
    """All of a stream's exchange that does not depend on how it was cut; of a failure only its kind."""
    kept = Kept()
    over, reply = received(reads, kept)
    kind = reply.failure and reply.failure.kind
    return over, reply.status, kind, kept.body if kind is None else b""


PIECES = st.sampled_from(
    [
        *(chunk(token()), chunk(token("x" * 300)), chunk(START), chunk(token() * 2), chunk(b"x"), chunk(b"\r\n")),
        *(b"5\r\nhel", b"lo\r\n", b"\r\n", b"A\r\n0123456789\r\n", b"a;name=value\r\n0123456789\r\n"),
        *(b"05\r\nhello\r\n", b"0x5\r\nhello\r\n", b"+5\r\nhello\r\n", b"5 \r\nhello\r\n", b"5_0\r\nhello\r\n"),
        *(b"5\r\nhello\n", b"5\r\nhell\r\n", b"5\r\nhello!\r\n", b'5;a="\r\nhello\r\n', b"5\nhello\r\n", b"-1\r\n"),
        *(b"5\r\nhello!!", b"5\r\nhello\n\r", chunk(b"x") + b"1", chunk(b"x") + b"5\r"),
        *(STREAM_END, b"0\r\nTrailer: x\r\n\r\n", b"\r\nhello\r\n", b"zz\r\n", b"5\r\n"),
    ]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(PIECES, max_size=6))
@example([chunk(token()), b"5\r\n", b"hello\r\n", STREAM_END])
@example([chunk(b"x") + b"1", b"5\r\nhello\r\n", b"0123456789abcde", b"\r\n", STREAM_END])
@example([chunk(b"x"), b"5\r\nhello!!", STREAM_END])
@example([chunk(token()), b'5;a="\r\n', b"5\r\nhello\r\n"])
def test_reads_of_whole_chunks_change_nothing(pieces: list[bytes]) -> None:
    """Chunks good, bad and half, each read at once, give the body and the failure that single bytes give."""
    assert outcome([STREAM_HEAD, *pieces]) == outcome(bytewise([STREAM_HEAD, *pieces]))


@settings(deadline=None)
@given(
    st.lists(PIECES.filter(lambda piece: not piece.startswith(b"0\r\n")), max_size=6),
    st.lists(st.integers(min_value=0, max_value=600), max_size=6),
)
def test_cuts_change_nothing(pieces: list[bytes], points: list[int]) -> None:
    """However a stream is cut into reads, its body and its failure are the same (but for bytes after its end)."""
    whole = b"".join([STREAM_HEAD, *pieces, chunk(token()), STREAM_END])
    ends = sorted({0, len(whole), *(point % len(whole) for point in points)})
    assert outcome([whole[start:end] for start, end in pairwise(ends)]) == outcome(bytewise([whole]))


@pytest.mark.parametrize("size", [1, 15, 16, 255, 4_095, 4_096, 70_000])
@pytest.mark.parametrize("form", [b"%x", b"%X", b"%08x"])
def test_chunk_of_any_size(size: int, form: bytes) -> None:
    """A chunk read at once gives its data, whatever its size and however that is written."""
    kept, data = Kept(), b"x" * size
    reads = [STREAM_HEAD, form % size + b"\r\n" + data + b"\r\n", chunk(b"more"), STREAM_END]
    over, reply = received(reads, kept)
    assert (over, reply.failure, kept.body, kept.stamps) == (True, None, data + b"more", [1.0, 2.0])


def test_chunk_gets_the_time_of_its_read() -> None:
    """First byte and end are the stamps of their reads, and so is every piece of the stream."""
    kept = Kept()
    over, reply = received([STREAM_HEAD[:9], STREAM_HEAD[9:], chunk(START), chunk(token()), STREAM_END], kept)
    assert (over, reply.first_byte, reply.end, kept.stamps) == (True, 0.0, 4.0, [2.0, 3.0])


def test_chunked_body_that_is_no_stream_is_kept() -> None:
    """Without an event stream's content type, chunks read at once are a body like any other."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    kept = Kept()
    _, reply = received([head, chunk(b"hel"), chunk(b"lo"), STREAM_END], kept)
    assert (reply.body, kept.body) == (b"hello", b"")


def test_next_answer_starts_clean() -> None:
    """The second answer on a connection knows nothing of the first."""
    exchange = Exchange()
    exchange.begin(ChatStream())
    assert [exchange.feed(1.0, data) for data in (STREAM_HEAD, chunk(START), STREAM_END)] == [False, False, True]
    assert exchange.kept
    exchange.begin(None)
    assert exchange.feed(2.0, answer(b"hello", 404))
    reply = exchange.reply(1.5, exchange.last)
    assert (reply.status, reply.body, reply.first_byte, reply.failure) == (404, b"hello", 2.0, None)


def seen(reads: Iterable[bytes]) -> tuple[object, ...]:
    """All that a chat stream makes of these reads that does not depend on how they were cut."""
    stream = ChatStream()
    for stamp, data in enumerate(reads):
        stream.read(float(stamp), data)
    return len(stream.stamps), stream.first_content is None, stream.last, stream.problem


TEXT = st.one_of(
    st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=6),
    st.sampled_from([b"", b'\\"', b"\\n", b"\\u00fc", b"\\ud800", b"\\x", b'"', b'","content":"', b"\x7f", b"\\\\"]),
)
EVENTS = st.one_of(
    st.builds(lambda text: b'data: {"type":"token","content":"' + text + b'"}\n\n', TEXT),
    st.builds(lambda text: b'data: {"type": "token", "content": "' + text + b'"}\n\n', TEXT),
    st.sampled_from(
        [
            *(START, END, event("tool_call"), event("error", error="x"), b": ping\n\n", b"event: x\n", b"data: 1\n"),
            *(b'data: {"type":"token","content":"a"}\r\n\r\n', b'data:{"type":"token","content":"a"}\n\n'),
            *(b'data: {"type":"token","content":1}\n\n', b'data: {"type":"token"}\n\n', b"\n", b"\r", b"\xef\xbb\xbf"),
            *(b'data: {"type":"token","content":"a"}\n', b'data: {"type":"token","content":"a","x":1}\n\n'),
        ]
    ),
)


@settings(deadline=None, max_examples=600)
@given(st.lists(EVENTS, max_size=6), st.booleans())
@example([b"data: 1\n", token()], True)
@example([b"\r", token()], True)
@example([token(""), token()], True)
@example([END, token()], True)
def test_reads_of_whole_tokens_change_nothing(events: list[bytes], started: bool) -> None:
    """Events of any kind, each read at once, give the tokens, the first content and the problem of single bytes."""
    reads = [START, *events] if started else events
    assert seen(reads) == seen(bytewise(reads))
