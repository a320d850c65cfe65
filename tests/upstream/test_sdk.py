"""The official SDK, sync and async, straight at the upstream: an answer is an answer to it, a fault its own error."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from loadtests.upstream import FAULTS, SECRET, Upstream
from shared.agent.model import Text, ToolCall, User
from shared.agent.script import script

LONG, SHORT = 30.0, 0.4  # seconds: patience, and that with what never comes
SILENT = ("/upstream hang", "/upstream slow-first", "/upstream stall")
TOOLS = [{"type": "function", "function": {"name": "calculate", "parameters": {"type": "object"}}}]
FEW = "calculate 6 * 7 and calculate 2 ** 10"


@dataclass(frozen=True)
class Got:
    """What an answer comes to."""

    content: str
    calls: tuple[tuple[str, str, str], ...]
    finish: str | None


async def _asked(up: Upstream, message: str, *, stream: bool) -> Any:
    async with openai.AsyncOpenAI(**_options(up, message)) as client:
        answer = await client.chat.completions.create(**_question(message), stream=stream)
        return answer if isinstance(answer, ChatCompletion) else [chunk async for chunk in answer]


def ask(up: Upstream, message: str, kind: str, *, stream: bool) -> Got:
    """Put one question by one of the SDK's clients."""
    if kind == "async":
        found = asyncio.run(_asked(up, message, stream=stream))
    else:
        with openai.OpenAI(**_options(up, message)) as client:
            answer = client.chat.completions.create(**_question(message), stream=stream)
            found = list(answer) if stream else answer
    return _joined(found) if stream else _whole(found)


def _options(up: Upstream, message: str) -> dict[str, Any]:
    timeout = SHORT if message.startswith(SILENT) else LONG
    return {"base_url": f"{up.url}/v1", "api_key": up.key, "max_retries": 0, "timeout": timeout}


def _question(message: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": message}], "tools": TOOLS}


def _whole(answer: ChatCompletion) -> Got:
    choices = cast("list[Any] | None", answer.choices)
    if not choices:
        return Got("", (), None)
    message, finish = choices[0].message, choices[0].finish_reason
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return Got(message.content or "", tuple(calls), finish)


def _joined(chunks: Iterable[ChatCompletionChunk]) -> Got:
    content, finish = "", None
    calls: dict[int, list[str]] = {}
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        content += choice.delta.content or ""
        finish = choice.finish_reason or finish
        for piece in choice.delta.tool_calls or ():
            assert piece.function is not None
            if piece.id:
                calls[piece.index] = [piece.id, piece.function.name or "", ""]
            calls[piece.index][2] += piece.function.arguments or ""
    return Got(content, tuple((one, name, arguments) for one, name, arguments in calls.values()), finish)


HOW = pytest.mark.parametrize(
    ("kind", "stream"),
    [(kind, stream) for kind in ("sync", "async") for stream in (True, False)],
    ids=["sync-stream", "sync-whole", "async-stream", "async-whole"],
)

# What the SDK makes of each fault: its exception, or the finish_reason of an answer; streamed, and whole.
STOP, CALLS = "stop", "tool_calls"
OUTCOMES: Mapping[str, tuple[Any, Any]] = MappingProxyType(
    {
        "hang": (openai.APITimeoutError, openai.APITimeoutError),
        "401": (openai.AuthenticationError, openai.AuthenticationError),
        "429": (openai.RateLimitError, openai.RateLimitError),
        "429-once": (openai.RateLimitError, openai.RateLimitError),
        "500": (openai.InternalServerError, openai.InternalServerError),
        "500-once": (openai.InternalServerError, openai.InternalServerError),
        "slow-first": (openai.APITimeoutError, openai.APITimeoutError),
        "stall": (openai.APITimeoutError, openai.APITimeoutError),
        "malformed": (json.JSONDecodeError, json.JSONDecodeError),
        "cut": (openai.APIConnectionError, openai.APIConnectionError),
        "cut-clean": (None, None),
        "bad-arguments": (CALLS, CALLS),
        "wrong-arguments": (CALLS, CALLS),
        "unknown-tool": (CALLS, CALLS),
        "endless-tools": (CALLS, CALLS),
        "huge-token": (STOP, STOP),
        "fragments": (CALLS, CALLS),
        "error-event": (openai.APIError, None),
    }
)


def test_every_fault_is_here() -> None:
    """No fault of the table goes untried."""
    assert OUTCOMES.keys() == FAULTS.keys()


@HOW
def test_prose(up: Upstream, kind: str, *, stream: bool) -> None:
    """An answer is the scripted agent's, word for word."""
    steps = script([User("Grüße 👋")], ["calculate"], faults=False)
    words = "".join(step.content for step in steps if isinstance(step, Text))
    assert ask(up, "Grüße 👋", kind, stream=stream) == Got(words, (), STOP)


@HOW
def test_tool_calls(up: Upstream, kind: str, *, stream: bool) -> None:
    """Parallel tool calls come whole, with the ids, names and arguments of the script."""
    steps = script([User(FEW)], ["calculate"], faults=False)
    calls = [(step.id, step.name, dict(step.arguments)) for step in steps if isinstance(step, ToolCall)]
    got = ask(up, FEW, kind, stream=stream)
    assert [(one, name, json.loads(arguments)) for one, name, arguments in got.calls] == calls
    assert got.finish == CALLS


@HOW
@pytest.mark.parametrize("fault", OUTCOMES)
def test_fault(up: Upstream, fault: str, kind: str, *, stream: bool) -> None:
    """Each fault is to the SDK what the real thing would be."""
    expected = OUTCOMES[fault][0 if stream else 1]
    question = f"/upstream {fault} {kind} {stream}"  # a question of its own: `-once` looks at the whole of it
    if not isinstance(expected, type):
        assert ask(up, question, kind, stream=stream).finish == expected
        return
    with pytest.raises(expected) as raised:
        ask(up, question, kind, stream=stream)
    assert raised.type is expected


@HOW
def test_once_is_once(up: Upstream, kind: str, *, stream: bool) -> None:
    """Asked the same again, the upstream answers; asked once more, it fails again."""
    question = f"/upstream 500-once again {kind} {stream}"
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            ask(up, question, kind, stream=stream)
        assert ask(up, question, kind, stream=stream).finish == STOP


def test_retry_after(up: Upstream) -> None:
    """A 429 says when to come back, and an SDK that is allowed to does: it has waited that long."""
    with openai.OpenAI(base_url=f"{up.url}/v1", api_key=up.key, max_retries=1) as client:
        client.chat.completions.create(**_question("/upstream 429-once patiently"))
    refused, answered = up.calls()[-2:]
    assert (refused.outcome, answered.outcome) == ("429-once", "completed")
    assert answered.began - refused.began >= 1


def test_upstream_words_are_marked(up: Upstream) -> None:
    """What the upstream says of an error holds the marker, the key that was sent too."""
    with (
        openai.OpenAI(base_url=f"{up.url}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match=f"wrong.*{SECRET}"),
    ):
        client.models.list()
    with pytest.raises(openai.APIError, match=SECRET):
        ask(up, "/upstream error-event", "sync", stream=True)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_spoilt_calls(up: Upstream, *, stream: bool) -> None:
    """Tool calls are spoilt as their names say: no JSON, another shape, no such tool, two at once."""
    bad, wrong, unknown, both = (
        ask(up, f"/upstream {name}", "sync", stream=stream).calls
        for name in ("bad-arguments", "wrong-arguments", "unknown-tool", "fragments")
    )
    with pytest.raises(json.JSONDecodeError):
        json.loads(bad[0][2])
    assert isinstance(json.loads(wrong[0][2])["expression"], int)
    assert unknown[0][1] not in {"calculate", "get_time", "recall"}
    assert [json.loads(arguments) for _, _, arguments in both] == [
        {"expression": "6 * 7"},
        {"expression": "(2 + 3) ** 4"},
    ]
    assert len({one for one, _, _ in both}) == 2
    assert len(ask(up, "/upstream huge-token", "sync", stream=stream).content) == 10_000_000


def test_models(up: Upstream) -> None:
    """The list of models has the name that a server in front is given."""
    with openai.OpenAI(base_url=f"{up.url}/v1", api_key=up.key) as client:
        assert [model.id for model in client.models.list()] == [up.settings["OPENAI_MODEL"]]
