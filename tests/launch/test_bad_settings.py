"""A setting that cannot be used: the start ends with one sentence that names it and its cure."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from loadtests.serve import NotReady, running
from loadtests.targets import Target, load_targets

TARGETS = ("fastapi-uvicorn", "flask-gthread", "flask-gevent")
BAD: Mapping[str, Mapping[str, str]] = {
    "store-unknown": {"SESSION_STORE": "bogus://"},
    "store-in-a-missing-folder": {"SESSION_STORE": "sqlite:///{folder}/missing/sessions.sqlite3"},
    "store-is-a-folder": {"SESSION_STORE": "sqlite:///{folder}"},
    "store-is-no-database": {"SESSION_STORE": "sqlite:///{folder}/text.sqlite3"},
    "body-limit-word": {"MAX_BODY_BYTES": "abc"},
    "body-limit-negative": {"MAX_BODY_BYTES": "-1"},
    "streams-zero": {"MAX_STREAMS": "0"},
    "drain-word": {"DRAIN_SECONDS": "soon"},
    "drain-nan": {"DRAIN_SECONDS": "nan"},
    "heartbeat-zero": {"STREAM_HEARTBEAT": "0"},
    "history-zero": {"SESSION_MAX_MESSAGES": "0"},
    "faults-word": {"SCRIPTED_FAULTS": "perhaps"},
    "latency-negative": {"SCRIPTED_TTFT": "-1"},
    "model-unknown": {"AGENT_MODEL": "unknown"},
    "model-module-missing": {"AGENT_MODEL": "no_such_module:factory"},
    "model-name-missing": {"AGENT_MODEL": "json:no_such_name"},
    "log-level": {"LOG_LEVEL": "loud"},
}


def _output(target: Target, settings: Mapping[str, str], folder: Path) -> str:
    (folder / "text.sqlite3").write_text("This is a text and no database.\n" * 100)
    filled = {name: value.format(folder=folder) for name, value in settings.items()}
    log = folder / "logs" / "server.log"
    with (
        pytest.raises(NotReady, match=r"ended with exit code [1-9]"),
        running(target, log=log, settings=filled, ready_timeout=30),
    ):
        pass
    return log.read_text("utf-8")


def _shown(value: str) -> str:
    """The part of a value that must be in the sentence: of a store's URL the kind or the place."""
    return re.sub(r"^sqlite:///|://$|/sessions\.sqlite3$", "", value)


@pytest.mark.clause("start.bad-settings")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", BAD)
def test_told_in_one_sentence(target: str, case: str, tmp_path: Path) -> None:
    """The process ends with a code, and says once, in one line, which setting, which value and what to do."""
    output = _output(load_targets()[target], BAD[case], tmp_path)
    ((name, value),) = BAD[case].items()
    assert "Traceback" not in output, output
    lines = [line for line in output.splitlines() if name in line]
    assert len(lines) == 1, output
    assert _shown(value.format(folder=tmp_path)) in lines[0]
    assert re.search(r"(?i)\b(set|unset|use|choose|create|install|check|give|start|make|correct|name)\b", lines[0])


@pytest.mark.clause("start.bad-settings")
@pytest.mark.parametrize("target", TARGETS)
def test_no_key_is_told_by_its_value(target: str, tmp_path: Path) -> None:
    """What is refused is never a reason to print the keys."""
    output = _output(load_targets()[target], {"VALID_API_KEYS": "private-key", "LOG_LEVEL": "loud"}, tmp_path)
    assert "LOG_LEVEL" in output
    assert "private-key" not in output
