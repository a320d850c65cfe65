"""Another OpenAI-compatible server serves both twins: llama.cpp's, with a model made by hand.

Rule: it is not of the project's environment, so the test runs where PARITY_OTHER_UPSTREAM names one that is up, as
"URL KEY MODEL", and skips elsewhere. Neighbour: `other_server` (the server, and what its model says).
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from loadtests.targets import DEFAULT_TARGETS, load_targets
from tests.conformance.fixtures import Launched, started

VARIABLE = "PARITY_OTHER_UPSTREAM"
PROSE = "Hello from a model made by hand."
RESULT = "The tool has answered!"
CALL = {"name": "calculate", "arguments": {"expression": "6 * 7"}, "result": "42"}


@pytest.fixture(scope="module")
def settings() -> Mapping[str, str]:
    """What puts a twin in front of the other server."""
    words = os.environ.get(VARIABLE, "").split()
    if not words:
        pytest.skip(f'not applicable: set {VARIABLE}="URL KEY MODEL"; docs/upstream.md says how to start such a server')
    url, key, model = words
    names = {"AGENT_MODEL": "openai", "OPENAI_BASE_URL": url, "OPENAI_API_KEY": key, "OPENAI_MODEL": model}
    return MappingProxyType(names)


@pytest.fixture(scope="module", params=DEFAULT_TARGETS)
def twin(
    request: pytest.FixtureRequest, settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Launched]:
    """A twin in front of it."""
    target = load_targets()[request.param]
    with started(target, settings, tmp_path_factory.mktemp("other") / f"{target.name}.log") as launched:
        yield launched


def test_prose(twin: Launched) -> None:
    """Its words come whole on both routes, more than one token of them, and the turn is stored."""
    assert twin.subject.chat("Hi", "prose").json()["reply"] == PROSE
    events = twin.subject.streamed("Hi", "prose")
    tokens = [event["content"] for event in events if event["type"] == "token"]
    assert "".join(tokens) == PROSE
    assert len(tokens) > 1
    assert events[-1] == {"type": "end"}
    assert [message["content"] for message in twin.subject.messages("prose")] == ["Hi", PROSE] * 2


def test_a_tool_call(twin: Launched) -> None:
    """Its tool call is run, and what it says of the result follows, on both routes."""
    answer = twin.subject.chat("calculate 6 * 7").json()
    assert (answer["reply"], answer["tool_calls"]) == (RESULT, [CALL])
    events = twin.subject.streamed("calculate 6 * 7")
    assert [event for event in events if event["type"] == "tool_call"] == [{"type": "tool_call", **CALL}]
    assert "".join(event["content"] for event in events if event["type"] == "token") == RESULT
    assert events[-1] == {"type": "end"}


def test_a_client_that_leaves(twin: Launched) -> None:
    """A client that leaves in the middle takes nothing with it: the next is answered."""
    for _ in range(5):
        with twin.subject.stream("Hi") as stream:
            stream.until("start")
    assert twin.subject.chat("Hi").json()["reply"] == PROSE


def test_its_refusal(settings: Mapping[str, str], tmp_path: Path) -> None:
    """A key that it refuses is a failed model, and neither its words nor the key get out."""
    for name in DEFAULT_TARGETS:
        wrong = {**settings, "OPENAI_API_KEY": "a-wrong-key"}
        with started(load_targets()[name], wrong, tmp_path / f"{name}.log") as launched:
            got = launched.subject.chat("Hi")
            log = launched.subject.log_text()
        assert got.status == 502
        assert got.json() == {"error": "Bad gateway", "detail": "The model could not answer"}
        assert "a-wrong-key" not in log
