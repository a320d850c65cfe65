"""What the model is told: messages and schemas, compared whole."""

import json

from shared.agent.model import Assistant, ToolCall, ToolResult, User
from shared.agent.openai.messages import messages, schemas
from shared.agent.tools import TOOLS

CALL = ToolCall("c-1", "calculate", {"expression": "½ * 7"})


def test_a_conversation() -> None:
    """User, tool calls, their results and the answer have the API's roles, in order; arguments are JSON in a string."""
    said = messages([User("½ * 7?"), Assistant("", (CALL,)), ToolResult(CALL, "42"), Assistant("It is 42.")])
    assert said == [
        {"role": "user", "content": "½ * 7?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c-1",
                    "type": "function",
                    "function": {"name": "calculate", "arguments": '{"expression":"½ * 7"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c-1", "content": "42"},
        {"role": "assistant", "content": "It is 42."},
    ]


def test_text_beside_tool_calls_is_kept() -> None:
    """An assistant's message has its text and its calls."""
    [said] = messages([Assistant("Let me see.", (CALL,))])
    assert said["content"] == "Let me see."


def test_the_tools_are_described_by_their_models() -> None:
    """A tool's schema is that of its Pydantic model, without titles and without the docstring of our code."""
    calculate, _, recall = schemas(TOOLS)
    assert calculate == {
        "type": "function",
        "function": {
            "name": "calculate",
            "description": "Compute + - * / // % ** with parentheses.",
            "parameters": {
                "additionalProperties": False,
                "properties": {"expression": {"description": "Arithmetic, for example (6 + 1) * 7.", "type": "string"}},
                "required": ["expression"],
                "type": "object",
            },
        },
    }
    assert '"enum": ["first", "last", "all"]' in json.dumps(recall)
