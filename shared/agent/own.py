"""Your own agent: `AGENT_MODEL=package.module:factory`. docs/agent.md has the protocol and an example.

Rule: whatever cannot be used is told in one sentence before the first request. `ask` is an iterator over deltas for
code that may block, `aask` one for an event loop; an object may have either or both. Neighbours: `polled` (makes
calls of them), `polled_models`, `build`.
"""

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from shared.agent.model import AsyncModel, Model
from shared.agent.polled_models import AsyncPolledModel, PolledModel, ThreadedModel
from shared.settings import ConfigurationError, Settings


def model(settings: Settings) -> Model:
    """The user's, for code that may block."""
    agent = _made(settings)
    if not hasattr(agent, "ask"):
        raise _unusable(settings, "has no ask(conversation, tools), and no event loop runs here for its aask: add one")
    return PolledModel(agent)


def async_model(settings: Settings) -> AsyncModel:
    """The user's, for code on an event loop; one that blocks gets a thread for each call."""
    agent = _made(settings)
    return AsyncPolledModel(agent) if hasattr(agent, "aask") else ThreadedModel(agent)


def _made(settings: Settings) -> Any:
    factory = _factory(settings)
    try:
        agent = factory(settings) if inspect.signature(factory).parameters else factory()
    except Exception as error:
        raise _unusable(settings, f"raised {type(error).__name__}: {error}") from error
    if not hasattr(agent, "ask") and not hasattr(agent, "aask"):
        raise _unusable(settings, f"gave {type(agent).__name__}, which has neither ask nor aask: see docs/agent.md")
    return agent


def _factory(settings: Settings) -> Callable[..., Any]:
    module, _, name = settings.agent_model.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # a user's module may raise anything while it is imported
        raise _unusable(settings, f"cannot be imported: {type(error).__name__}: {error}; correct it") from error
    if not callable(found):
        raise _unusable(settings, f"is {type(found).__name__}, which cannot be called: name a factory")
    return found  # type: ignore[no-any-return]


def _unusable(settings: Settings, why: str) -> ConfigurationError:
    return ConfigurationError(f"AGENT_MODEL={settings.agent_model!r} {why}")
