"""What a client asks: the request's model, and its messages as the agent's conversation.

Rule: it is strict where the API is (each tool call gets its result, each result belongs to a call), so that a client
that assembles its messages wrongly is told so; fields that we do not use are ignored. Neighbours: `app`, `score`.
"""

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loadtests.upstream.refusals import bad_request
from shared.agent.model import Assistant, ToolCall, ToolResult, User, Utterance


class _Taken(BaseModel):
    model_config = ConfigDict(frozen=True)


class Part(_Taken):
    """A part of a message; only text is understood."""

    type: Literal["text"]
    text: str


class Function(_Taken):
    """Which function a tool call calls; `arguments` is JSON in a string."""

    name: str
    arguments: str


class Called(_Taken):
    """A tool call that the assistant has made before."""

    id: str
    function: Function


class Said(_Taken):
    """One message."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[Part, ...] | None = None
    tool_calls: tuple[Called, ...] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """Its text, whichever way it was sent."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content or ())


class Named(_Taken):
    """A function's name; what it takes is its owner's business."""

    name: str


class Offered(_Taken):
    """A tool that may be called."""

    type: Literal["function"]
    function: Named


class StreamOptions(_Taken):
    """What a stream brings beside the answer."""

    include_usage: bool = False


class Asked(_Taken):
    """A request for a chat completion."""

    model: str = Field(min_length=1)
    messages: tuple[Said, ...] = Field(min_length=1)
    tools: tuple[Offered, ...] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def offered(self) -> tuple[str, ...]:
        """The names of the tools that may be called."""
        return tuple(tool.function.name for tool in self.tools or ())

    @property
    def wants_usage(self) -> bool:
        """Whether the stream is to end with a chunk on its usage."""
        return bool(self.stream_options and self.stream_options.include_usage)


def read(body: bytes) -> Asked:
    """The request in these bytes; raises `Refused` (400)."""
    try:
        return Asked.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the body"
        raise bad_request(f"We could not parse the JSON body of your request: {where}: {problem['msg']}") from None


def conversation(messages: Sequence[Said]) -> tuple[Utterance, ...]:
    """The messages as the agent's model knows them; raises `Refused` (400) where calls and results do not match."""
    said: list[Utterance] = []
    waiting: dict[str, ToolCall] = {}
    for message in messages:
        if message.role == "tool":
            call = waiting.pop(message.tool_call_id or "", None)
            if call is None:
                raise bad_request("messages with role 'tool' must answer a preceding message's 'tool_calls'")
            said.append(ToolResult(call, message.text))
            continue
        _all_answered(waiting)
        if message.role == "user":
            said.append(User(message.text))
        elif message.role == "assistant":
            calls = tuple(map(_call, message.tool_calls or ()))
            waiting = {call.id: call for call in calls}
            said.append(Assistant(message.text, calls))
    _all_answered(waiting)
    return tuple(said)


def _all_answered(waiting: dict[str, ToolCall]) -> None:
    if waiting:
        missing = ", ".join(waiting)
        raise bad_request(f"'tool_calls' must be followed by a tool message for each; these have none: {missing}")


def _call(called: Called) -> ToolCall:
    try:
        arguments = json.loads(called.function.arguments)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise bad_request(f"the arguments of the tool call {called.id!r} are no JSON object")
    return ToolCall(called.id, called.function.name, arguments)
