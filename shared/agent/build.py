"""The agent, put together from the settings: the one place that knows which model and which store there are.

Rule: a choice that cannot be made raises `ConfigurationError`, before the first request. Neighbours: `service`,
`scripted`, `sessions`; called by each server's `create_app`.
"""

from collections.abc import Callable
from typing import TypeVar

from shared.agent.scripted import AsyncScriptedModel, ScriptedModel
from shared.agent.service import Agent, AsyncAgent, Rules
from shared.clock import Clock
from shared.drain import Drain
from shared.errors import StoreUnavailable
from shared.sessions import async_store_for, store_for
from shared.settings import ConfigurationError, Settings

Store = TypeVar("Store")

MODELS = {"scripted": (ScriptedModel, AsyncScriptedModel)}


def agent(settings: Settings, drain: Drain, clock: Clock) -> Agent:
    """The agent for code that may block."""
    kind, _ = _models(settings.agent_model)
    model = kind(settings.scripted_ttft, settings.scripted_itl, settings.scripted_faults, clock.monotonic)
    store = _opened(lambda: store_for(settings.session_store, ttl=settings.session_ttl, now=clock.wall))
    return Agent(Rules(settings, drain, clock), model, store)


def async_agent(settings: Settings, drain: Drain, clock: Clock) -> AsyncAgent:
    """The agent for code on an event loop."""
    _, kind = _models(settings.agent_model)
    model = kind(settings.scripted_ttft, settings.scripted_itl, settings.scripted_faults, clock.monotonic)
    store = _opened(lambda: async_store_for(settings.session_store, ttl=settings.session_ttl, now=clock.wall))
    return AsyncAgent(Rules(settings, drain, clock), model, store)


def _models(name: str) -> tuple[type[ScriptedModel], type[AsyncScriptedModel]]:
    if name not in MODELS:
        raise ConfigurationError(f"AGENT_MODEL={name!r} is no model of ours: set it to {' or '.join(MODELS)}")
    return MODELS[name]


def _opened(opener: Callable[[], Store]) -> Store:
    try:
        return opener()
    except (ValueError, StoreUnavailable) as error:
        raise ConfigurationError(f"SESSION_STORE cannot be used: {error}") from error
