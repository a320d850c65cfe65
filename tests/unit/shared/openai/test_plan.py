"""The settings of a model behind an API: what is missing or odd is told in one sentence, and never the key."""

import logging
from typing import Any

import httpx2
import openai
import pytest

from shared.agent.model import User
from shared.agent.openai.plan import Attempts, Plan
from shared.agent.openai.retry import Patience, Retries
from shared.agent.tools import TOOLS
from shared.clock import Clock
from shared.errors import ModelError, ModelTimeout
from shared.settings import ConfigurationError, Settings

GIVEN = {"openai_api_key": "sk-not-for-the-log", "openai_model": "some-model"}
REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1")


def plan(**settings: Any) -> Plan:
    """With what is needed, unless it is said otherwise."""
    return Plan(Settings(**(GIVEN | settings)), Clock())


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"openai_api_key": None}, "needs OPENAI_API_KEY: set it to"),
        ({"openai_model": None}, "needs OPENAI_MODEL: set it to"),
        ({"openai_api_key": "sk-not for-the-log"}, "OPENAI_API_KEY holds what no header can carry"),
        ({"openai_api_key": "sk-not-for-the-log\n"}, "OPENAI_API_KEY holds what no header can carry"),
        (
            {"openai_base_url": "127.0.0.1/v1"},
            "OPENAI_BASE_URL='127.0.0.1/v1' is no address: set it like http",
        ),
    ],
)
def test_a_setting_that_cannot_serve(settings: dict[str, Any], told: str) -> None:
    """It is named with its cure, and the key is not shown."""
    with pytest.raises(ConfigurationError, match=told) as raised:
        plan(**settings)
    assert "the-log" not in str(raised.value)


def test_the_key_is_in_no_text() -> None:
    """Settings that are printed do not show it."""
    assert "not-for-the-log" not in repr(Settings(openai_api_key=GIVEN["openai_api_key"]))


@pytest.mark.parametrize(("first", "between"), [(None, 7.0), (60.0, 7.0), (3.0, 7.0)])
def test_the_sockets_own_times_lie_above_the_turns(first: float | None, between: float) -> None:
    """The turn ends a silent call, the socket only where the turn could not; connecting has a time of its own."""
    timeout = plan(model_first_token_timeout=first, model_timeout=between, model_connect_timeout=2.0).timeout
    assert timeout.read is not None
    assert timeout.read > max(first or 0.0, between)
    assert timeout.connect == 2.0


def test_without_tools_none_are_named() -> None:
    """The API refuses an empty list."""
    assert "tools" in plan().request([User("hello")], TOOLS)["body"]
    assert "tools" not in plan().request([User("hello")], ())["body"]


def test_another_attempt_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The line has the failure's class and status and the pause, and nothing that the upstream said."""
    attempts = Attempts(Retries(Patience(1, 30.0), Clock(), lambda: 0.0))
    response = httpx2.Response(503, request=REQUEST)
    error = openai.InternalServerError("secret-word", response=response, body={"error": "secret-word"})
    with caplog.at_level(logging.WARNING, "parity.model"):
        assert attempts.after(error, begun=False) == 0.5
    [line] = caplog.records
    assert line.__dict__["fields"] == {"cause": "InternalServerError, status 503", "pause": 0.5}
    assert "secret-word" not in line.getMessage()
    assert isinstance(attempts.after(error, begun=False), ModelError)


def test_a_timeout_is_a_timeout() -> None:
    """What the socket waited for in vain is the client's 504, everything else its 502."""
    attempts = Attempts(Retries(Patience(0, 30.0), Clock(), lambda: 0.0))
    assert isinstance(attempts.after(openai.APITimeoutError(request=REQUEST), begun=False), ModelTimeout)
    assert type(attempts.after(openai.APIConnectionError(request=REQUEST), begun=False)) is ModelError
