"""Every layer answers what it is asked, layers are played on real servers, and the page is that of what is stored."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from loadtests.analyse import units
from loadtests.scenarios import find
from tests.layers import fastapi_layers, flask_layers, model, names, page
from tests.layers.costs import Difference, Row, costs
from tests.layers.measure import measure
from tests.layers.model import CHART, WRITTEN
from tests.layers.names import BARE, SQLITE, TWIN, VARIABLE
from tests.layers.sizes import TINY

KEY = "a-key-of-a-test"
BODIES = [call.body or b"" for call in find("chat").calls]
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}
Answers = list[tuple[int, bytes]]


def _fastapi() -> Answers:
    async def ask() -> Answers:
        transport = httpx.ASGITransport(app=fastapi_layers.create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://layers") as client:
            found = [await client.post("/chat", content=body, headers=HEADERS) for body in BODIES]
        return [(answer.status_code, answer.content) for answer in found]

    return asyncio.run(ask())


def _flask() -> Answers:
    client = flask_layers.create_app().test_client()
    found = [client.post("/chat", data=body, headers=HEADERS) for body in BODIES]
    return [(answer.status_code, answer.data) for answer in found]


ASK: dict[str, Callable[[], Answers]] = {"fastapi": _fastapi, "flask": _flask}


@pytest.mark.parametrize(("framework", "layer"), [(name, layer) for name in ASK for layer in names.of(name)])
def test_every_layer_answers_as_the_twin_does(framework: str, layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer answers each message with as many bytes as the whole twin, so that none saves the server any work."""
    monkeypatch.setenv("VALID_API_KEYS", KEY)
    monkeypatch.setenv("SESSION_STORE", "memory://")
    with ThreadPoolExecutor(1) as pool:  # not the main thread, whose signal handlers an app would take
        monkeypatch.setenv(VARIABLE, layer)
        answers = pool.submit(ASK[framework]).result()
        monkeypatch.setenv(VARIABLE, names.of(framework)[-1])
        whole = pool.submit(ASK[framework]).result()
    assert [(status, len(body)) for status, body in answers] == [(200, len(body)) for _, body in whole]


def test_layers_are_played() -> None:
    """Some layers, the twin and its floor are played, answers and streams, without an error, and are on the page."""
    played = measure(TINY, lambda _: None)
    assert [cell.layer for cell in played.chat] == [BARE, *TINY.layers, TWIN, SQLITE]
    assert {cell.layer for cell in played.stream} == {BARE, "routing", TWIN}
    assert [cell.problem for cell in (*played.chat, *played.stream) if cell.errors or not cell.count] == []
    written = page.page(played)
    assert all(f"| + {layer} |" in written for layer in (*TINY.layers, "agent and encoding"))


def test_the_layers_pile_up() -> None:
    """What is stored begins with the bare server, and the twin takes more than that, of a request and of an event."""
    stored = model.load()
    for cells in (stored.chat, stored.stream):
        for target in {cell.target for cell in cells}:
            found = costs(cells, target)
            assert found.rows[0].layer == BARE
            assert found.twin > found.rows[0].us


@pytest.mark.parametrize(
    ("added", "told"),
    [
        (Difference(5.0, 44.0), False),
        (Difference(-22.0, 50.0), False),
        (Difference(55.0, 16.0), True),
        (Difference(-55.0, 16.0), True),
        (Difference(5.0, None), True),
    ],
)
def test_a_layer_inside_its_noise_is_not_told(added: Difference, told: bool) -> None:
    """Where the interval holds 0 the row says so and has no share; too few blocks for an interval say nothing."""
    _, _, said, share, _ = page.cells(Row("errors", 293.0, added, 0.01, None))
    assert added.told is told
    assert (said.endswith(", not told from 0"), share) == (not told, "1%" if told else units.DASH)


def test_page_is_of_the_stored_measurement() -> None:
    """Page and chart are made of the stored file and nothing else."""
    stored = model.load()
    assert WRITTEN.read_text("utf-8") == page.page(stored)
    assert CHART.read_text("utf-8") == page.drawn(stored)
