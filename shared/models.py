"""Requests, responses and stream events: what goes over the wire, as Pydantic models.

Rule: the order of the fields is the order on the wire, and both servers serialise by these models alone.
Neighbours: `errors` (the envelope's words), `sse` (event -> bytes), `agent` (makes the events).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

VERSION = "1.0.0"
"""The API's version, as `/health` and the OpenAPI document tell it."""

SESSION_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"

SessionId = Annotated[str, StringConstraints(pattern=SESSION_ID_PATTERN)]


class Frozen(BaseModel):
    """A value: made once, never changed."""

    model_config = ConfigDict(frozen=True)


class ChatRequest(Frozen):
    """What a client asks; fields that the model does not know are ignored."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "calculate 6 * 7"}]})

    message: str = Field(min_length=1, max_length=5000, description="What the user says.")
    session_id: SessionId | None = Field(
        default=None, description="The session to continue; a new one is made when it is missing or null."
    )


class ToolCallRecord(Frozen):
    """One tool call of a turn: the name, the arguments as the model gave them, and what came back."""

    name: str
    arguments: dict[str, Any]
    result: str


class ChatResponse(Frozen):
    """A whole turn's answer."""

    reply: str = Field(description="What the agent says.")
    session_id: str = Field(description="The session that the turn was stored in.")
    tool_calls: list[ToolCallRecord] = Field(description="The tools that were called, in call order.")


class HealthResponse(Frozen):
    """Whether this process takes new work."""

    status: Literal["healthy", "draining"]
    version: str


class Message(Frozen):
    """One stored message."""

    role: Literal["user", "assistant"]
    content: str


class SessionResponse(Frozen):
    """All that is stored of a session, oldest first."""

    session_id: str
    messages: list[Message]


class Event(Frozen):
    """What every event has in common: its type is always sent, so the document says that it is required."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class StartEvent(Event):
    """The first event of every stream."""

    type: Literal["start"] = "start"
    session_id: str


class TokenEvent(Event):
    """A piece of the reply; all of them joined are the reply."""

    type: Literal["token"] = "token"
    content: str


class ToolCallEvent(Event):
    """A tool was called, and this came back."""

    type: Literal["tool_call"] = "tool_call"
    name: str
    arguments: dict[str, Any]
    result: str


class EndEvent(Event):
    """The turn is complete and stored; nothing follows."""

    type: Literal["end"] = "end"


class ErrorEvent(Event):
    """The turn failed and is not stored; nothing follows. The words are those of the error envelope."""

    type: Literal["error"] = "error"
    error: str
    detail: str


StreamEvent = Annotated[StartEvent | TokenEvent | ToolCallEvent | EndEvent | ErrorEvent, Field(discriminator="type")]


class ValidationDetail(Frozen):
    """What is wrong with one place of a body; `loc` starts with "body"."""

    type: str
    loc: list[str | int]
    msg: str


class ErrorResponse(Frozen):
    """The one envelope that every error comes in."""

    error: str = Field(description="The error's title.")
    detail: str | list[ValidationDetail] = Field(description="One sentence, or what is wrong place by place.")
