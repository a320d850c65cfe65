"""What is measured of the stores through running servers.

Rule: numbers and names only; times are in seconds unless a name says otherwise. Neighbours: the modules that fill
these, `page` (shows them).
"""

from tests.resilience.part import Frozen, Measured

HELD = 20.0
"""Milliseconds of a core that a step of the event loop may take, over what it takes with the memory store."""


class Together(Frozen):
    """Turns of one session at the same time, and what was stored of them."""

    target: str
    store: str
    turns: int
    completed: int
    stored: int
    seconds: float
    broken: tuple[str, ...]


class Killed(Frozen):
    """Turns during which workers were killed; `unseen`: stored, though the client's connection broke off."""

    target: str
    store: str
    kills: int
    turns: int
    completed: int
    broken_off: int
    refused: int
    unseen: int
    seconds: float
    broken: tuple[str, ...]


class Faced(Frozen):
    """A store that broke under a running server; `back`: from the cure until the next completed turn."""

    target: str
    store: str
    name: str
    completed: int
    refused: int
    slowest_refusal: float
    health: int
    slowest_health: float
    back: float
    broken: tuple[str, ...]


class Lag(Frozen):
    """How late FastAPI's event loop was: seen from inside, and as the time of `GET /health`; in milliseconds.

    `late`: how late a task woke up; `step_wall` and `step_cpu`: the longest single step of the loop, by the clock and
    by what its thread had of a core, which no other process can lengthen, less the garbage collector's share;
    `collection`: the longest of its collections on the loop.
    """

    store: str
    condition: str
    completed: int
    refused: int
    late_p50: float
    late_p99: float
    late_max: float
    step_wall: float
    step_cpu: float
    collection: float
    health: int
    health_p50: float
    health_p99: float
    health_max: float


class Cost(Frozen):
    """What a turn costs a store in a session of so many messages, in microseconds: the history read, the turn added."""

    store: str
    messages: int
    read: float
    append: float


class SessionsMeasured(Measured):
    """Everything; `unable`: what this machine could not do, and why."""

    together: tuple[Together, ...]
    killed: tuple[Killed, ...]
    faced: tuple[Faced, ...]
    lags: tuple[Lag, ...]
    costs: tuple[Cost, ...]
    unable: tuple[str, ...]
