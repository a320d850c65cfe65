"""What the measurements of limits are kept as: small frozen values, of which the page is made and the judgement too.

Rule: facts only; what of them breaks a promise is said in `judge`. Times are milliseconds where the name says so, else
seconds; memory is MiB of the server's whole process tree. Neighbours: `play`, `streams`, `floods`, `holds` make them.
"""

from tests.resilience.part import Frozen, Measured


class Health(Frozen):
    """GET /health, each on a connection of its own: how many, how many without an answer, and how long they took."""

    looks: int
    unanswered: int
    p50_ms: float | None
    p99_ms: float | None
    worst_ms: float | None


class Footing(Frozen):
    """What a server stands on: RSS, open descriptors, threads, processes."""

    rss_mib: float
    descriptors: int
    threads: int
    processes: int


class Row(Frozen):
    """One attack by connections that are held: `reached` of `wanted` were open while it was measured, `hold` seconds.

    `closed`: how many of them the server closed meanwhile. `slope`: MiB/s over the second half. `turn`: seconds of a
    plain turn during the attack (None: no answer). `recovered`: seconds until health and a turn were answered
    again. `stopped`: why no more were opened, or "".
    """

    target: str
    attack: str
    wanted: int
    reached: int
    closed: int
    hold: float
    quiet: Health
    attacked: Health
    before: Footing
    during: Footing
    after: Footing
    slope: float
    turn: float | None
    recovered: float | None
    stopped: str = ""


class Flood(Frozen):
    """One request whose head is too much: what was taken of it, what came back, what it cost."""

    target: str
    flood: str
    sent_bytes: int
    answer: str
    seconds: float
    grown_mib: float
    healthy: bool


class Streams(Frozen):
    """MAX_STREAMS=`limit` and four times as many clients (for each process)."""

    target: str
    limit: int
    workers: int
    clients: int
    admitted: int
    refused: int
    other: tuple[str, ...]
    turn: float | None
    healthy: bool
    again: int
    again_after: float


class Hold(Frozen):
    """How long a server lets a connection that does no more than it must; `closed` None: longer than `watched`."""

    target: str
    kind: str
    watched: float
    closed: float | None


class Ending(Frozen):
    """SIGTERM with readers that are stuck: how long until no process was left."""

    target: str
    readers: int
    grace: float
    gone: float


class Limits(Measured):
    """All of it."""

    rows: tuple[Row, ...]
    floods: tuple[Flood, ...]
    unbounded: tuple[Flood, ...]
    """On uvicorn's own protocol, to show what ours is for; not judged."""
    streams: tuple[Streams, ...]
    holds: tuple[Hold, ...]
    endings: tuple[Ending, ...]
    seconds: float
