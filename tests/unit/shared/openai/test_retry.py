"""Which failures are tried again, and after how long: tables."""

from dataclasses import dataclass

import httpx2
import openai
import pytest

from shared.agent.openai.assembler import Nonsense
from shared.agent.openai.retry import Patience, Retries, may_pass, told_to_wait
from shared.clock import Clock

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1")
NOW = 1_795_392_000.0  # Mon, 23 Nov 2026 00:00:00 GMT


def status(code: int, **headers: str) -> openai.APIStatusError:
    """The SDK's error for this status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return openai.APIStatusError("no", response=httpx2.Response(code, headers=named, request=REQUEST), body=None)


@dataclass
class World:
    """The time."""

    now: float = 0.0


@pytest.fixture
def world() -> World:
    """It is 0."""
    return World()


def retries(world: World, number: int = 2, seconds: float = 30.0, chance: float = 0.0) -> Retries:
    """Asked now."""
    return Retries(Patience(number, seconds), Clock(lambda: world.now, lambda: NOW + world.now), lambda: chance)


@pytest.mark.parametrize("code", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass(code: int) -> None:
    """These may be answered a little later."""
    assert may_pass(status(code))


@pytest.mark.parametrize("code", [301, 400, 401, 403, 404, 413, 422])
def test_what_will_not_pass(code: int) -> None:
    """These would be refused again."""
    assert not may_pass(status(code))


@pytest.mark.parametrize(
    ("exc", "again"),
    [
        (openai.APIConnectionError(request=REQUEST), True),
        (openai.APITimeoutError(request=REQUEST), True),
        (openai.APIError("said inside the stream", REQUEST, body=None), False),
        (ValueError("no JSON"), False),
        (Nonsense("no end"), False),
    ],
    ids=["connection", "connect timeout", "error event", "no JSON", "no end"],
)
def test_what_has_no_status(exc: Exception, again: bool) -> None:
    """The connection may pass; nonsense is taken for what it is."""
    assert may_pass(exc) is again


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "250", "retry_after": "3"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "3"}, 3.0),
        ({"retry_after": "Mon, 23 Nov 2026 00:00:07 GMT"}, 7.0),
        ({"retry_after": "Mon, 23 Nov 2026 00:00:07"}, 7.0),
        ({"retry_after": "Sun, 22 Nov 2026 00:00:00 GMT"}, 0.0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "later"}, None),
        ({"retry_after": ""}, None),
    ],
)
def test_the_upstream_may_ask_for_time(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates are understood; what makes no sense is as if nothing was asked."""
    assert told_to_wait(status(429, **headers).response.headers, NOW) == seconds


def test_the_pause_doubles(world: World) -> None:
    """Half a second, then a second, and so on to eight; chance takes up to a quarter off."""
    attempts = retries(world, number=7, seconds=1000.0)
    assert [attempts.pause(status(500), begun=False) for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, None]
    assert retries(world, chance=1.0).pause(status(500), begun=False) == 0.375


def test_the_attempts_are_counted(world: World) -> None:
    """There are as many as the setting says, and none with 0."""
    attempts = retries(world, number=1)
    assert attempts.pause(status(429, retry_after="1"), begun=False) == 1.0
    assert attempts.pause(status(429, retry_after="1"), begun=False) is None
    assert retries(world, number=0).pause(status(500), begun=False) is None


def test_what_was_begun_is_not_repeated(world: World) -> None:
    """Once the client has something of the answer, there is no other attempt."""
    assert retries(world).pause(status(500), begun=True) is None


@pytest.mark.parametrize(("at", "pause"), [(0.0, 6.0), (3.9, 6.0), (4.0, None), (60.0, None)])
def test_a_pause_ends_within_the_first_tokens_time(world: World, at: float, pause: float | None) -> None:
    """A pause of 6 s fits into 10 s until 4 s have passed."""
    attempts = retries(world, seconds=10.0)
    world.now = at
    assert attempts.pause(status(429, retry_after="6"), begun=False) == pause
