"""What is asked of the upstream, read once from the settings: the model, the times, the bounds, the retries.

Rule: no I/O; a setting that cannot serve raises `ConfigurationError` with its cure, and the key is never in it.
Neighbours: `client` (asks), `retry` (how long between attempts), `messages`, `assembler`.
"""

import logging
import random
import re
from collections.abc import Sequence
from typing import Any

import httpx2

from shared.agent.model import Utterance
from shared.agent.openai.assembler import Assembler
from shared.agent.openai.failures import error_of, named
from shared.agent.openai.messages import messages, schemas
from shared.agent.openai.retry import Patience, Retries
from shared.agent.tools import Tool
from shared.clock import Clock
from shared.errors import ModelError
from shared.settings import ConfigurationError, Settings

LAST_RESORT = 5.0  # seconds that the socket's own times lie above the turn's, which should have ended the call by then

_logger = logging.getLogger("parity.model")


class Plan:
    """What both clients have in common."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._model = _given(settings.openai_model, "OPENAI_MODEL", "the name of a model that the API offers")
        first = settings.model_first_token_timeout or settings.model_timeout
        self._patience = Patience(settings.model_retries, first)
        self._clock = clock
        self.limit = settings.model_max_chars
        silence = max(first, settings.model_timeout) + LAST_RESORT
        self.timeout = httpx2.Timeout(silence, connect=settings.model_connect_timeout)
        self.options: dict[str, Any] = {
            "base_url": _address(settings.openai_base_url),
            "api_key": _key(settings.openai_api_key),
            "timeout": self.timeout,
            "max_retries": 0,
            "default_headers": {"Accept-Encoding": "identity"},  # what is compressed waits in a buffer first
        }

    def request(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> dict[str, Any]:
        """The arguments of the SDK's `post`; no list of tools is better than an empty one, which the API refuses.

        Not of its `chat.completions.create`: that makes a model of every chunk, which costs many times what
        all the rest of a token does, and which the assembler does not need (docs/decisions/0014-model-calls.md).
        """
        body: dict[str, Any] = {"model": self._model, "messages": messages(conversation), "stream": True}
        if tools:
            body["tools"] = schemas(tools)
        return {"path": "/chat/completions", "cast_to": object, "body": body}

    def assembler(self, conversation: Sequence[Utterance]) -> Assembler:
        """For one attempt at an answer; the ids that it makes up are new to the conversation."""
        return Assembler(f"call-{len(conversation)}", self.limit)

    def attempts(self) -> "Attempts":
        """For one question."""
        return Attempts(Retries(self._patience, self._clock, random.random))


class Attempts:
    """The attempts at one question, and the log's line for each that failed and was not the last."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries

    def after(self, exc: Exception, *, begun: bool) -> float | ModelError:
        """What comes after this failure: seconds to wait before the next attempt, or the error to raise."""
        pause = self._retries.pause(exc, begun=begun)
        if pause is None:
            return error_of(exc)
        _logger.warning("model call failed, trying again", extra={"fields": {"cause": named(exc), "pause": pause}})
        return pause


def _given(value: str | None, name: str, cure: str) -> str:
    if not value:
        raise ConfigurationError(f"AGENT_MODEL=openai needs {name}: set it to {cure}")
    return value


def _key(value: str | None) -> str:
    key = _given(value, "OPENAI_API_KEY", "the API's key, or to any word if the API asks for none")
    if not re.fullmatch(r"[!-~]+", key):
        raise ConfigurationError("OPENAI_API_KEY holds what no header can carry (a space, a line's end): set it anew")
    return key


def _address(value: str | None) -> str | None:
    if value is not None and not re.match(r"https?://[^/]", value):
        raise ConfigurationError(f"OPENAI_BASE_URL={value!r} is no address: set it like http://127.0.0.1:8100/v1")
    return value
