"""The agent's tools: a calculator, a clock and a look back at the session.

Rule: a tool's result is text and so is its failure, which starts with "error: "; nothing that a model or a
user says makes `run_tool` raise, and nothing of an unexpected exception is told. What a tool may know comes in
as its `Context`. Neighbours: `calculator` (the arithmetic), `model` (asks for tools), `turn` (runs them).
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.agent.calculator import CalculationError, calculate
from shared.models import Message

ERROR = "error: "

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,3}")
_logger = logging.getLogger("parity.tools")


@dataclass(frozen=True, slots=True)
class Context:
    """What a tool may look at: the session's stored messages, oldest first, and the time (aware, UTC)."""

    history: tuple[Message, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its name, what it tells the model of itself, its arguments' Pydantic model, and its work."""

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[[Any, Context], str]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calculation(_Arguments):
    """What `calculate` takes."""

    expression: str = Field(description="Arithmetic, for example (6 + 1) * 7.")


class Place(_Arguments):
    """What `get_time` takes."""

    zone: str = Field(description="An IANA time zone, for example Europe/Paris.")


class Recollection(_Arguments):
    """What `recall` takes."""

    which: Literal["first", "last", "all"] = Field(description="Which of the user's earlier messages.")


def run_tool(tools: Sequence[Tool], name: str, arguments: Mapping[str, Any], context: Context) -> str:
    """What the tool `name` says to `arguments`, which are validated first; never raises an `Exception`."""
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        known = ", ".join(tool.name for tool in tools)
        return f"{ERROR}there is no tool {shorten(name, 40)!r}; there are: {known or 'none'}"
    try:
        return tool.run(tool.arguments.model_validate(arguments), context)
    except ValidationError as error:
        return ERROR + "; ".join(_in_words(problem["loc"], problem["msg"]) for problem in error.errors())
    except Exception:
        _logger.exception("tool %s failed", tool.name)
        return f"{ERROR}{tool.name} failed"


def shorten(text: str, width: int) -> str:
    """`text` on one line and at most `width` characters long, the last one an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1].rstrip()}…"


def _in_words(place: tuple[int | str, ...], message: str) -> str:
    return f"{shorten('.'.join(map(str, place)), 40)}: {message}" if place else message


def _calculate(arguments: Calculation, _: Context) -> str:
    try:
        return calculate(arguments.expression)
    except CalculationError as error:
        return f"{ERROR}{error}"


def _get_time(arguments: Place, context: Context) -> str:
    try:
        # The pattern comes first: zoneinfo looks in the file system for whatever it is given.
        zone = ZoneInfo(arguments.zone) if _ZONE.fullmatch(arguments.zone) else None
    except (LookupError, ValueError, OSError):  # unknown, no zone's data, a folder or an over-long name
        zone = None
    if zone is None:
        unknown = shorten(arguments.zone, 40)
        return f"{ERROR}there is no time zone {unknown!r}; use one like Europe/Paris or UTC"
    local = context.now.astimezone(zone)
    offset = local.isoformat(timespec="minutes")[16:]
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()} (UTC{offset})"


def _recall(arguments: Recollection, context: Context) -> str:
    said = [message.content for message in context.history if message.role == "user"]
    if not said:
        return "nothing yet: this is the first message of the session"
    if arguments.which == "all":
        return "\n".join(f"{number}. {shorten(text, 100)}" for number, text in enumerate(said, start=1))
    return said[0] if arguments.which == "first" else said[-1]


TOOLS = (
    Tool("calculate", "Compute + - * / // % ** with parentheses.", Calculation, _calculate),
    Tool("get_time", "Tell the time in a time zone.", Place, _get_time),
    Tool("recall", "Look up what the user said earlier in this session.", Recollection, _recall),
)
