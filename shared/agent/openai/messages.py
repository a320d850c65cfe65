"""What the model is told: a conversation as the API's messages, tools as the API's schemas.

Rule: pure; what goes in is ours, what comes out is the SDK's own types. Neighbour: `client`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from openai.types.chat import (
    ChatCompletionFunctionToolParam,
    ChatCompletionMessageFunctionToolCallParam,
    ChatCompletionMessageParam,
)
from pydantic_core import to_json

from shared.agent.model import Assistant, ToolCall, ToolResult, User, Utterance
from shared.agent.tools import Tool


def messages(conversation: Sequence[Utterance]) -> list[ChatCompletionMessageParam]:
    """The conversation, oldest first."""
    return [_MESSAGES[type(utterance)](utterance) for utterance in conversation]


def schemas(tools: Sequence[Tool]) -> list[ChatCompletionFunctionToolParam]:
    """The tools, with their arguments as JSON Schema."""
    return [_schema(tool) for tool in tools]


@cache
def _schema(tool: Tool) -> ChatCompletionFunctionToolParam:
    """Made once: Pydantic takes a third of a millisecond for it."""
    parameters = _parameters(tool)
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


def _parameters(tool: Tool) -> dict[str, object]:
    """The arguments' schema, without what Pydantic says of our own code: its docstring and its titles."""
    schema = {key: value for key, value in tool.arguments.model_json_schema().items() if key not in _OURS}
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    plain = {name: {key: value for key, value in of.items() if key != "title"} for name, of in properties.items()}
    return {**schema, "properties": plain}


_OURS = {"title", "description"}


def _user(said: User) -> ChatCompletionMessageParam:
    return {"role": "user", "content": said.content}


def _assistant(said: Assistant) -> ChatCompletionMessageParam:
    if not said.calls:
        return {"role": "assistant", "content": said.content}
    return {"role": "assistant", "content": said.content or None, "tool_calls": [_call(call) for call in said.calls]}


def _call(call: ToolCall) -> ChatCompletionMessageFunctionToolCallParam:
    arguments = to_json(dict(call.arguments)).decode()
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _result(said: ToolResult) -> ChatCompletionMessageParam:
    return {"role": "tool", "tool_call_id": said.call.id, "content": said.result}


_MESSAGES = cast(
    Mapping[type[Utterance], Callable[[Utterance], ChatCompletionMessageParam]],
    {User: _user, Assistant: _assistant, ToolResult: _result},
)
