"""A user's own agent: what can be used is, and what cannot is told in one sentence before the first request."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from types import ModuleType
from typing import Any

import pytest

from shared.agent import build
from shared.agent.model import Delta, End, Text
from shared.agent.polled_models import AsyncPolledModel, PolledModel, ThreadedModel
from shared.clock import Clock
from shared.drain import Drain
from shared.settings import ConfigurationError, Settings


class Both:
    """Says where it runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def ask(self, *_: object) -> Generator[Delta, None, None]:
        """By a thread."""
        yield Text(threading.current_thread().name)

    async def aask(self, *_: object) -> AsyncGenerator[Delta, None]:
        """By a task."""
        yield Text(f"task {self.settings.agent_model}")


class Blocks:
    """Takes no settings."""

    def ask(self, *_: object) -> Generator[Delta, None, None]:
        """By a thread."""
        yield Text(threading.current_thread().name)


class OnlyAsync:
    """Needs a loop."""

    async def aask(self, *_: object) -> AsyncGenerator[Delta, None]:
        """By a task."""
        yield Text("task")


def _breaks() -> None:
    raise LookupError("no such thing")


@pytest.fixture(autouse=True)
def _module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("own_agents")
    here: dict[str, Any] = {"Both": Both, "Blocks": Blocks, "OnlyAsync": OnlyAsync, "breaks": _breaks}
    module.__dict__.update(here, neither=object, number=5)
    monkeypatch.setitem(sys.modules, "own_agents", module)


def _settings(name: str) -> Settings:
    return Settings(agent_model=name, session_store="memory://")


def _model(name: str) -> Any:
    return build.agent(_settings(name), Drain(1.0), Clock())._model


def _async_model(name: str) -> Any:
    return build.async_agent(_settings(name), Drain(1.0), Clock())._model


@pytest.mark.parametrize("name", ["own_agents:Both", "own_agents:Blocks"])
def test_code_that_blocks_uses_ask(name: str) -> None:
    """In a thread of the call's own; a factory that takes the settings is given them."""
    model = _model(name)
    assert isinstance(model, PolledModel)
    call = model.open([], ())
    assert next(iter(call.receive(10.0))) == Text("model-call")
    call.close()


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("own_agents:Both", AsyncPolledModel, "task own_agents:Both"),
        ("own_agents:OnlyAsync", AsyncPolledModel, "task"),
        ("own_agents:Blocks", ThreadedModel, "model-call"),
    ],
)
def test_a_loop_uses_aask_if_there_is_one(name: str, kind: Any, said: str) -> None:
    """And else a thread of the call's own."""

    async def main() -> list[Delta]:
        model = _async_model(name)
        assert type(model) is kind
        call = model.open([], ())
        deltas: list[Delta] = []
        while End() not in deltas:
            deltas += await call.receive(10.0)
        await call.close()
        await model.close()
        return deltas

    assert asyncio.run(main()) == [Text(said), End()]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no_such_module:Agent", "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("own_agents:Nobody", "cannot be imported: AttributeError: .* 'Nobody'"),
        ("own_agents:number", "is int, which cannot be called: name a factory"),
        ("own_agents:breaks", "raised LookupError: no such thing"),
        ("own_agents:neither", "gave object, which has neither ask nor aask: see docs/agent.md"),
        ("gpt", "is no model of ours: set it to scripted, to openai, or to package.module:factory for your own"),
        ("", "is no model of ours"),
        ("a:b:c", "is no model of ours"),
    ],
)
@pytest.mark.parametrize("make", [_model, _async_model], ids=["blocking", "on a loop"])
def test_what_cannot_be_used(make: Any, name: str, told: str) -> None:
    """One sentence, with the setting and what is wrong with it."""
    with pytest.raises(ConfigurationError, match=f"AGENT_MODEL='{name}' {told}"):
        make(name)


def test_an_agent_for_a_loop_alone_cannot_block() -> None:
    """Where no loop runs, `aask` is of no use."""
    with pytest.raises(ConfigurationError, match=r"has no ask.*no event loop runs here for its aask: add one"):
        _model("own_agents:OnlyAsync")


def test_the_sdk_is_imported_only_where_it_is_used() -> None:
    """A server with another model does not pay for it."""
    code = "import sys, fastapi_impl.app, flask_impl.app; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
