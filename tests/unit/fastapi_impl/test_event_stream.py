"""A stream's response, without a server: whose OSError ends it as what, and what is left of it in memory."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from fastapi_impl.routes import EventStream
from shared.agent.outputs import AsyncStream
from shared.agent.turn import Output
from shared.models import EndEvent
from shared.sse import StreamRecord


class Outputs:
    """A turn that is one event; it waits once, as a model would."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[Output]:
        await asyncio.sleep(0)
        yield EndEvent()

    async def aclose(self) -> None:
        """Note it."""
        self.closed = True


async def silent() -> Message:
    """A client that stays and says nothing."""
    return await asyncio.Future()


async def taken(_message: Message) -> None:
    """A server that takes what it is given."""


def broken(*_given: object) -> None:
    """What our own code may raise."""
    raise OSError("no space left on device")


def respond(record: StreamRecord, send: object = taken) -> Outputs:
    """Answer with a stream, to its end."""
    outputs = Outputs()
    response = EventStream(AsyncStream(outputs, lambda: None), record)
    try:
        asyncio.run(response({"type": "http"}, silent, send))  # type: ignore[arg-type]  # a send that raises is one too
    finally:
        assert outputs.closed
    return outputs


def test_an_oserror_of_the_server_is_a_client_that_left() -> None:
    """A write that raises ends the stream quietly, and nothing was counted."""
    record = StreamRecord()
    respond(record, broken)
    assert (record.events, record.outcome) == (0, "disconnected")


def test_an_oserror_of_our_own_is_told() -> None:
    """A watch that fails is no client that left: the server hears of it, and the turn is closed."""
    with pytest.raises(OSError, match="no space"):
        respond(StreamRecord(broken))


def test_a_stream_leaves_no_cycle() -> None:
    """What a stream was made of is gone with it, and waits for no collection."""
    respond(StreamRecord())
    gc.collect()
    gc.disable()
    try:
        respond(StreamRecord())
        kinds = {type(one).__qualname__ for one in gc.get_objects()}
    finally:
        gc.enable()
    assert not {"Listener", "EventStream"} & kinds
