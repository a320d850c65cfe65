"""The twins in front of the upstream: what their clients get is what the scripted model gives them, byte by byte."""

from collections import Counter
from pathlib import Path

import pytest

from loadtests.targets import DEFAULT_TARGETS, load_targets
from loadtests.upstream import Upstream
from tests.conformance.fixtures import started

MESSAGES = (
    "Hello",
    "calculate 6 * 7 and calculate 2 ** 10",
    "what did I say first?",
    "calculate 1 / 0 and time in Nowhere/City",
    'Grüße 👋 \\ "',
    "what did I say so far?",
    " ",
)


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_same_words(up: Upstream, name: str, tmp_path: Path) -> None:
    """Message for message of a session, both routes give the same bytes with the model over HTTP and without it.

    Every token and tool call that the upstream sent has come out at the clients' end, over one connection.
    """
    target, before = load_targets()[name], up.stats()
    kinds: Counter[str] = Counter()
    with (
        started(target, up.settings, tmp_path / "openai.log") as far,
        started(target, {}, tmp_path / "scripted.log") as near,
    ):
        for message in MESSAGES:
            answers = [server.subject.chat(message, "chat") for server in (far, near)]
            assert {got.status for got in answers} == {200}, answers
            assert answers[0].body == answers[1].body
            streams = [server.subject.streamed(message, "stream") for server in (far, near)]
            assert streams[0] == streams[1]
            kinds.update(event["type"] for event in streams[0])
    after = up.stats()
    assert kinds["end"] == len(MESSAGES)
    assert after.tokens - before.tokens == 2 * kinds["token"]  # as many for /chat as for /chat/stream
    assert after.tool_calls - before.tool_calls == 2 * kinds["tool_call"]
    assert after.connections - before.connections == 1
