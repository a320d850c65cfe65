"""The example of docs/agent.md on both servers, as it stands there."""

import re
from collections.abc import Iterator

import pytest

from loadtests.targets import load_targets
from tests.conformance.fixtures import Launched, started
from tests.links import ROOT

TARGETS = ("fastapi-uvicorn", "flask-gthread", "flask-gevent")
REPLY = "Let me see. It is 42."
CALL = {"name": "calculate", "arguments": {"expression": "6 * 7"}, "result": "42"}


@pytest.fixture(scope="module", params=TARGETS)
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """A server with the example as its agent."""
    folder = tmp_path_factory.mktemp(request.param)
    document = (ROOT / "docs" / "agent.md").read_text("utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    assert len(example.strip().splitlines()) <= 12
    (folder / "agent.py").write_text(example, "utf-8")
    settings = {"AGENT_MODEL": "agent:Agent", "PYTHONPATH": f"{ROOT}:{folder}"}
    with started(load_targets()[request.param], settings, folder / "log") as launched:
        yield launched


def test_chat(twin: Launched) -> None:
    """The reply is whole, and the tool was run."""
    answer = twin.subject.chat("6 * 7")
    assert answer.status == 200
    assert (answer.json()["reply"], answer.json()["tool_calls"]) == (REPLY, [CALL])


def test_chat_stream(twin: Launched) -> None:
    """Each piece and the tool call are events of their own, in order."""
    events = twin.subject.streamed("6 * 7")
    assert [event["type"] for event in events] == ["start", "token", "tool_call", "token", "end"]
    assert "".join(event["content"] for event in events if event["type"] == "token") == REPLY
