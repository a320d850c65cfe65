"""The two clients, against an upstream of a few lines: what they ask, what they give up, what they leave behind."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from shared.agent.model import Assistant, End, Text, ToolCall, ToolResult
from shared.agent.openai.failures import UpstreamFailed
from shared.errors import ModelError, ModelTimeout
from shared.settings import Settings
from tests.unit.shared.openai.asking import (
    HELLO,
    KEY,
    Asking,
    Blocking,
    Kind,
    OnALoop,
    answer,
    configured,
    readers,
    said,
    until,
)
from tests.unit.shared.openai.upstream import (
    DONE,
    EVENTS,
    LAST,
    Play,
    Upstream,
    answering,
    chunk,
    event,
    part,
    raw,
    refuses,
    says,
    waits,
)

CALL = ToolCall("c-1", "calculate", {"expression": "6 * 7"})

Test = Callable[[Asking, Upstream], Coroutine[Any, Any, None]]
With = Callable[..., None]


@pytest.fixture(params=[Blocking, OnALoop], ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Either client."""
    given: Kind = request.param
    return given


@pytest.fixture
def play(kind: Kind) -> With:
    """Run a test's coroutine with a client, in front of an upstream that plays what is given."""

    def played(test: Test, *plays: Play, tls: ssl.SSLContext | None = None, **settings: Any) -> None:
        with answering(*plays, tls=tls) as upstream:
            asking = kind(configured(upstream.url, **settings))

            async def main() -> None:
                try:
                    await test(asking, upstream)
                finally:
                    await asking.close()

            asking.run(main())

    return played


def test_the_answer_comes_through(play: With) -> None:
    """The words come in order, then the end; the upstream was sent the model, the conversation and the tools."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        assert await answer(asking, [*HELLO, Assistant("", (CALL,)), ToolResult(CALL, "42")]) == [
            Text("It"),
            Text(" is 42"),
            End(),
        ]
        [request] = upstream.requests
        assert request["model"] == "some-model"
        assert request["stream"] is True
        assert [message["role"] for message in request["messages"]] == ["user", "assistant", "tool"]
        assert {tool["function"]["name"] for tool in request["tools"]} == {"calculate", "get_time", "recall"}

    play(test, says("It", " is 42"))


def test_a_token_is_given_when_it_comes(play: With) -> None:
    """What has come can be received though the answer goes on."""

    async def test(asking: Asking, _: Upstream) -> None:
        await asking.open(HELLO)
        assert await asking.receive(10.0) == [Text("It")]
        assert not await asking.receive(0.05)
        await asking.close_call()

    play(test, waits(EVENTS + event(chunk({"content": "It"}))))


@pytest.mark.parametrize("done", [DONE + LAST, LAST], ids=["with [DONE]", "without"])
def test_answers_one_after_another_use_one_connection(play: With, done: bytes) -> None:
    """A connection whose answer is over is used again."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        for _ in range(5):
            assert said(await answer(asking, HELLO)) == ["a", "b"]
        assert upstream.connections == 1

    play(test, *[says("a", "b", done=done)] * 5)


def test_a_stream_that_goes_on_when_it_is_done_is_left(play: With) -> None:
    """What says `[DONE]` and does not end costs a moment and the connection, not the answer."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        assert said(await answer(asking, HELLO)) == ["a"]
        assert said(await answer(asking, HELLO)) == ["b"]
        assert upstream.connections == 2

    play(test, says("a", done=DONE), says("b"))


CUTS = {
    "before the headers": waits(),
    "before the first token": waits(EVENTS),
    "between two tokens": waits(EVENTS + event(chunk({"content": "It"}))),
    "in a token": waits(EVENTS + part(b'data: {"choices"')),
    "in the pause before a retry": refuses(429, "Retry-After: 20\r\n"),
}


@pytest.mark.parametrize("wait", CUTS.values(), ids=CUTS)
def test_a_call_that_is_closed_is_over(play: With, wait: Play) -> None:
    """Wherever it waits, its reader ends, its connection is closed or free, and the next call is fine."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        await asking.open(HELLO)
        await until(asking, lambda: upstream.requests, "request")
        await asking.receive(0.05)
        await asking.close_call()
        await asking.close_call()
        await until(asking, lambda: readers() == 0, "end of the reader")
        await until(asking, lambda: upstream.gone == 1 or _idle(asking) == 1, "end of the connection")
        assert said(await answer(asking, HELLO)) == ["fine"]
        assert _open(asking) == 0

    play(test, wait, says("fine"))


def _pool(asking: Asking) -> Any:
    sdk: Any = asking.client._sdk
    return sdk._client._transport._pool


def _open(asking: Asking) -> int:
    return len(_pool(asking)._requests)


def _idle(asking: Asking) -> int:
    return sum(connection.is_idle() for connection in _pool(asking).connections)


FAILURES: dict[str, tuple[Play, str]] = {
    "401": (refuses(401), "AuthenticationError, status 401"),
    "a redirect": (refuses(307, "Location: /elsewhere\r\n"), "APIStatusError, status 307"),
    "no HTTP": (raw(b"220 smtp ready\r\n\r\n", close=True), "APIConnectionError of RemoteProtocolError"),
    "no JSON": (raw(EVENTS + part(b"data: {secret-word\n\n") + LAST), "JSONDecodeError"),
    "nested without end": (raw(EVENTS + part(b"data: " + b"[" * 50_000 + b"\n\n") + LAST), "RecursionError"),
    "no object": (raw(EVENTS + part(b"data: 5\n\n") + LAST), "a chunk of the stream is not what the API defines"),
    "no text": (raw(EVENTS + part(b"data: \xff\xfe\n\n") + LAST), "UnicodeDecodeError"),
    "an error inside": (raw(EVENTS + event({"error": {"message": "secret-word"}}) + LAST), "APIError"),
    "cut": (raw(EVENTS + event(chunk({"content": "x"})), close=True), "APIConnectionError of RemoteProtocolError"),
    "no end": (raw(EVENTS + event(chunk({"content": "x"})) + LAST), "the stream ended without a finish_reason"),
    "too long": (says("x" * 60, "x" * 60), "the answer is longer than MODEL_MAX_CHARS=100 characters"),
    "a line without end": (
        raw(EVENTS + part(b"data: " + b"x" * 99_999)),
        "a line of the stream is longer than an answer may be",
    ),
    "an error without end": (refuses(500, body=b"secret-word" * 100_000), "InternalServerError, status 500"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_ours_to_tell(play: With, name: str) -> None:
    """Whatever the upstream does wrong is a `ModelError` whose cause has our words: none of its, and not the key."""
    wrong, told = FAILURES[name]

    async def test(asking: Asking, _: Upstream) -> None:
        with pytest.raises(ModelError) as raised:
            await answer(asking, HELLO)
        assert not isinstance(raised.value, ModelTimeout)
        assert raised.value.detail is None
        assert isinstance(raised.value.__cause__, UpstreamFailed)
        assert str(raised.value.__cause__) == told
        assert raised.value.__context__ is None
        assert _open(asking) == 0

    play(test, wrong, model_retries=0, model_max_chars=100)


def test_what_may_pass_is_tried_again(play: With) -> None:
    """Two failures before the first token are not seen from outside; the wait is the one that was asked for."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        assert said(await answer(asking, HELLO)) == ["third"]
        assert len(upstream.requests) == 3

    play(test, refuses(503, "Retry-After-Ms: 10\r\n"), raw(b"", close=True), says("third"), model_retries=2)


def test_what_was_begun_is_not_tried_again(play: With) -> None:
    """A connection that breaks after the first token fails the call, or the client would read it twice."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        with pytest.raises(ModelError):
            await answer(asking, HELLO)
        assert len(upstream.requests) == 1

    play(test, raw(EVENTS + event(chunk({"content": "It"})), close=True), says("never"))


def test_a_wait_that_cannot_help_is_not_made(play: With) -> None:
    """When the upstream asks for more time than the first token has, the call fails at once."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        with pytest.raises(ModelError):
            await answer(asking, HELLO)
        assert len(upstream.requests) == 1

    play(test, refuses(429, "Retry-After: 60\r\n"), says("never"), model_first_token_timeout=30.0)


def test_nobody_takes_the_connection(kind: Kind) -> None:
    """A server that is there and does not accept fails the call with a timeout, after the time to connect."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # fill its backlog
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        given: dict[str, Any] = {
            "openai_base_url": url,
            "openai_api_key": KEY,
            "openai_model": "some-model",
            "model_retries": 0,
        }
        asking = kind(Settings(**given, model_connect_timeout=0.2))

        async def main() -> None:
            with pytest.raises(ModelTimeout) as raised:
                await answer(asking, HELLO)
            assert str(raised.value.__cause__) == "APITimeoutError of ConnectTimeout"
            await asking.close()

        asking.run(main())


def test_nobody_listens(play: With) -> None:
    """A port without a server fails the call, after the attempts that it has."""

    async def test(asking: Asking, upstream: Upstream) -> None:
        upstream.close()
        with pytest.raises(ModelError) as raised:
            await answer(asking, HELLO)
        assert str(raised.value.__cause__) == "APIConnectionError of ConnectError"

    play(test, model_retries=1)
