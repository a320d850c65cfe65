"""Every fault on the default targets, both routes; and that what judges them can find fault."""

from dataclasses import replace

import pytest

from loadtests.targets import DEFAULT_TARGETS, load_targets
from loadtests.upstream import SECRET
from tests.resilience.faults.judge import TABLE, After, Said, broken, from_stream
from tests.resilience.faults.measure import face
from tests.resilience.faults.promises import PROMISES

FAILED = After("failed", 0, 200)
STALLED = Said(504, 1.6, b"", TABLE[504], pings=3)


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_every_fault_on_both_routes(name: str) -> None:
    """The promised answer within its limit, nothing leaked, nothing stored, the next turn fine, nothing left open."""
    faced = face(load_targets()[name])
    assert faced.broken == ()
    assert len(faced.played) == 2 * len(PROMISES)


@pytest.mark.parametrize(
    ("said", "after", "sentence"),
    [
        (replace(STALLED, status=502, ending=TABLE[502]), FAILED, "answered 502"),
        (replace(STALLED, ending={**TABLE[504], "detail": "read timed out"}), FAILED, "said"),
        (replace(STALLED, seconds=9.0), FAILED, "took 9.0 s"),
        (replace(STALLED, seconds=0.2), FAILED, "took 0.2 s"),
        (replace(STALLED, body=SECRET.encode()), FAILED, "told the client the upstream's words"),
        (replace(STALLED, body=b"the-key"), FAILED, "told the client the upstream's key"),
        (replace(STALLED, pings=0), FAILED, "sent no ping"),
        (STALLED, replace(FAILED, outcome="completed"), "is in the log as 'completed'"),
        (STALLED, replace(FAILED, stored=2), "left 2 messages"),
        (STALLED, replace(FAILED, next_status=500), "was followed by 500"),
    ],
)
def test_what_is_broken_is_told(said: Said, after: After, sentence: str) -> None:
    """Each promise of a stall, broken alone, is one sentence; kept, none."""
    assert list(broken(PROMISES["stall"], STALLED, FAILED, "the-key")) == []
    [found] = broken(PROMISES["stall"], said, after, "the-key")
    assert found.startswith(sentence)


def test_a_reply_without_its_tools_is_told() -> None:
    """A fault that is to be survived must bring the whole reply, its tools run."""
    said = Said(200, 0.1, b"", {"type": "end"}, ({"result": "error: no"},), "a reply", 0)
    [found] = broken(PROMISES["fragments"], said, After("completed", 2, 200), "the-key")
    assert found == "ran 1 tools, 1 in error, not 2 and 0"


def test_a_stream_cut_short_is_no_answer() -> None:
    """A stream without a last event has no status, so no fault's promise holds."""
    assert from_stream(0.1, b'data: {"type":"start","session_id":"s"}\n\n: ping\n\n').status == 0
