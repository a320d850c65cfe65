"""Frozen settings: the environment is read here and nowhere else.

Rule: every setting has a default that works offline; a value that cannot be used is told in one sentence with its
cure, before the first request. Neighbours: each server's `app.py` (`create_app(settings)`), `agent.build`.
"""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

STARTUP_FAILURE = 3
"""The exit code that both uvicorn and gunicorn take for "do not start me again"."""


class ConfigurationError(Exception):
    """A setting that cannot be used; the message is one sentence with its cure."""


def _listed(value: Any) -> Any:
    """A comma-separated string as a tuple, blanks ignored."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """All that can be set, by environment variables of the same names in capitals. Times are in seconds."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, allow_inf_nan=False)

    valid_api_keys: CommaSeparated = Field(default=(), repr=False)
    allowed_origins: CommaSeparated = ("*",)
    max_body_bytes: PositiveInt = 64 * 1024
    max_streams: PositiveInt | None = None
    stream_heartbeat: PositiveFloat = 15.0
    drain_seconds: NonNegativeFloat = 10.0
    session_store: str = "sqlite:///parity-sessions.sqlite3"
    session_max_messages: PositiveInt = 100
    session_ttl: PositiveFloat = 24 * 60 * 60.0
    agent_model: str = "scripted"
    model_connect_timeout: PositiveFloat = 5.0
    model_first_token_timeout: PositiveFloat | None = None
    model_timeout: PositiveFloat = 30.0
    model_retries: NonNegativeInt = 2
    model_max_chars: PositiveInt = 1_000_000
    openai_base_url: str | None = None
    openai_api_key: str | None = Field(default=None, repr=False)
    openai_model: str | None = None
    scripted_ttft: NonNegativeFloat = 0.0
    scripted_itl: NonNegativeFloat = 0.0
    scripted_faults: bool = False
    metrics_dir: Path | None = None
    otel_exporter_otlp_endpoint: str | None = None
    otel_traces_exporter: Literal["otlp", "none"] = "otlp"
    otel_service_name: str = "parity"
    otel_instrumentation_http_capture_headers_sanitize_fields: CommaSeparated = ()
    log_level: Annotated[str, Field(pattern="(?i)^(debug|info|warning|error|critical)$")] = "info"


def from_environment() -> Settings:
    """The settings of this process's environment; raises `ConfigurationError` for a value of no use."""
    try:
        return Settings()
    except ValidationError as exc:
        error = exc.errors()[0]
        name = str(error["loc"][0]).upper()
        raise ConfigurationError(
            f"{name}={error['input']!r} cannot be used: {error['msg'].lower()}; set another value or none at all"
        ) from None


def refuse_to_start(error: ConfigurationError) -> SystemExit:
    """Say it in one sentence, and give what ends the process without a traceback under any server."""
    print(f"parity: {error}", file=sys.stderr, flush=True)  # noqa: T201 - there is no log yet to say it in
    if multiprocessing.parent_process():
        os._exit(STARTUP_FAILURE)  # uvicorn's parent waits 10 s for a worker that takes its time to end
    return SystemExit(STARTUP_FAILURE)
