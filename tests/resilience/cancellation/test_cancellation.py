"""Clients that leave the default targets in every situation; and that what judges it can find fault."""

import pytest

from loadtests.targets import DEFAULT_TARGETS, load_targets
from tests.resilience.cancellation.leave import Left, broken
from tests.resilience.cancellation.measure import desert
from tests.resilience.cancellation.situations import SITUATIONS, knowable

KEPT = {
    "flowing": Left(seconds=0.1, tokens=2, call="cancelled", outcome="disconnected", stored=0),
    "retry": Left(seconds=0.1, tokens=0, call="429", outcome="disconnected", stored=0),
    "chat": Left(seconds=0.1, tokens=1, call="cancelled", outcome=499, stored=0),
}
READ_TO_ITS_END = Left(seconds=4.0, tokens=80, call="completed", outcome=200, stored=2)


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_every_way_to_leave(name: str) -> None:
    """The upstream knows in time, the turn is not stored, the log says so, and nothing is left open."""
    target = load_targets()[name]
    deserted = desert(target)
    assert deserted.broken == ()
    assert [one.situation for one in deserted.situated if one.left] == list(SITUATIONS)


@pytest.mark.parametrize("name", list(KEPT))
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seconds": 9.0}, "the upstream knew after 9.0 s"),
        ({"call": "completed"}, "the call at the upstream ended as completed"),
        ({"outcome": "completed"}, "the log says completed"),
        ({"stored": 2}, "the session holds 2 messages"),
    ],
)
def test_what_is_broken_is_told(name: str, change: dict[str, object], sentence: str) -> None:
    """Each promise, broken alone, is one sentence; kept, none."""
    assert broken("fastapi", SITUATIONS[name], [KEPT[name]]) == []
    assert broken("fastapi", SITUATIONS[name], [KEPT[name].model_copy(update=change)]) == [sentence]


def test_wsgi_is_excused_for_chat_alone() -> None:
    """A Flask handler cannot know that the client of POST /chat has gone; of a stream it can, and FastAPI's of both."""
    assert {name for name, one in SITUATIONS.items() if not knowable("flask", one)} == {"chat", "chat-silent"}
    assert broken("flask", SITUATIONS["chat"], [READ_TO_ITS_END]) == []
    assert len(broken("fastapi", SITUATIONS["chat"], [READ_TO_ITS_END])) == 4
    assert len(broken("flask", SITUATIONS["flowing"], [READ_TO_ITS_END])) == 4
