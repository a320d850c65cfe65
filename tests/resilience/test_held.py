"""What is held open is seen: the count of the fault and cancellation measurements is itself tried out."""

from pathlib import Path

import pytest

from loadtests.targets import load_targets
from tests.conformance.fixtures import started
from tests.conformance.poll import poll
from tests.resilience.held import Counter, Held, looked_into

SETTINGS = {"SCRIPTED_TTFT": "20", "STREAM_HEARTBEAT": "0.2"}


@pytest.mark.parametrize(("name", "kind"), [("fastapi-uvicorn", "tasks"), ("flask-gevent", "greenlets")])
def test_an_open_stream_is_held(name: str, kind: str, tmp_path: Path) -> None:
    """While a stream waits for its model a server holds a turn, a task or greenlet and a descriptor more; then not."""
    with (
        looked_into() as (inside, counts),
        started(load_targets()[name], {**SETTINGS, **inside}, tmp_path / "log") as one,
    ):
        counter = Counter(one, upstream=9, folder=counts)
        before = counter.take()
        with one.subject.stream("hello") as stream:
            next(stream.events())
            grown = counter.take().beyond(before, 1)
        assert grown["turns"] == 1
        assert {"descriptors", kind} <= set(grown)
        poll(lambda: kind not in (after := counter.take().beyond(before, 1)) and "turns" not in after, 10, "end of it")


HELD = Held(threads=5, descriptors=9, upstream=1, tasks=2, greenlets=0, turns=0)


@pytest.mark.parametrize("kind", list(HELD.model_dump()))
def test_whatever_grows_is_beyond(kind: str) -> None:
    """One more of anything than before is told, and none when nothing grew."""
    more = HELD.model_copy(update={kind: getattr(HELD, kind) + 1})
    assert HELD.beyond(HELD, 1) == {}
    assert more.beyond(HELD, 1) == {kind: 1}
