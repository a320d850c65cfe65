"""The agent, put together from the settings: the one place that knows which model and which store there are.

Rule: a choice that cannot be made raises `ConfigurationError`, before the first request. Neighbours: `service`,
the models (`scripted`, `openai`, `own`), `sessions`; called by each server's `create_app`.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from shared.agent import own
from shared.agent.model import AsyncModel, Model
from shared.agent.polled_models import AsyncPolledModel, PolledModel
from shared.agent.scripted import AsyncScriptedModel, ScriptedModel
from shared.agent.service import Agent, AsyncAgent, Rules
from shared.clock import Clock
from shared.drain import Drain
from shared.errors import StoreUnavailable
from shared.sessions import async_store_for, store_for
from shared.settings import ConfigurationError, Settings

Store = TypeVar("Store")
Maker = TypeVar("Maker")
OWN = "package.module:factory"  # stands in the tables for every name of this form


def agent(settings: Settings, drain: Drain, clock: Clock) -> Agent:
    """The agent for code that may block."""
    model = _picked(MODELS, settings)(settings, clock)
    store = _opened(lambda: store_for(settings.session_store, ttl=settings.session_ttl, now=clock.wall))
    return Agent(Rules(settings, drain, clock), model, store)


def async_agent(settings: Settings, drain: Drain, clock: Clock) -> AsyncAgent:
    """The agent for code on an event loop."""
    model = _picked(ASYNC_MODELS, settings)(settings, clock)
    store = _opened(lambda: async_store_for(settings.session_store, ttl=settings.session_ttl, now=clock.wall))
    return AsyncAgent(Rules(settings, drain, clock), model, store)


def _scripted(settings: Settings, clock: Clock) -> Model:
    return ScriptedModel(settings.scripted_ttft, settings.scripted_itl, settings.scripted_faults, clock.monotonic)


def _async_scripted(settings: Settings, clock: Clock) -> AsyncModel:
    return AsyncScriptedModel(settings.scripted_ttft, settings.scripted_itl, settings.scripted_faults, clock.monotonic)


def _openai(settings: Settings, clock: Clock) -> Model:
    from shared.agent.openai import client, plan  # noqa: PLC0415 - the SDK is imported when it is used

    return PolledModel(client.Client(plan.Plan(settings, clock)))


def _async_openai(settings: Settings, clock: Clock) -> AsyncModel:
    from shared.agent.openai import client, plan  # noqa: PLC0415 - as above

    return AsyncPolledModel(client.AsyncClient(plan.Plan(settings, clock)))


def _own(settings: Settings, _: Clock) -> Model:
    return own.model(settings)


def _async_own(settings: Settings, _: Clock) -> AsyncModel:
    return own.async_model(settings)


MODELS: Mapping[str, Callable[[Settings, Clock], Model]] = {"scripted": _scripted, "openai": _openai, OWN: _own}
ASYNC_MODELS: Mapping[str, Callable[[Settings, Clock], AsyncModel]] = {
    "scripted": _async_scripted,
    "openai": _async_openai,
    OWN: _async_own,
}


def _picked(table: Mapping[str, Maker], settings: Settings) -> Maker:
    """The row of the model that is asked for; a name with a colon is a user's own."""
    name = OWN if re.fullmatch(r"[^:]+:[^:]+", settings.agent_model) else settings.agent_model
    if name not in table:
        known = f"scripted, to openai, or to {OWN} for your own"
        raise ConfigurationError(f"AGENT_MODEL={settings.agent_model!r} is no model of ours: set it to {known}")
    return table[name]


def _opened(opener: Callable[[], Store]) -> Store:
    try:
        return opener()
    except (ValueError, StoreUnavailable) as error:
        raise ConfigurationError(f"SESSION_STORE cannot be used: {error}") from error
