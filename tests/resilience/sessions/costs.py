"""What a turn costs each store as the session grows: the history read as a model is given it, and the turn added.

Rule: the store alone, in this process, the best of some rounds, since only noise makes one slower.
Neighbours: `places` (the stores), `lag` (what the same means for a server).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from shared.models import Message
from shared.sessions import Session, store_for
from tests.resilience.sessions.measured import Cost
from tests.resilience.sessions.places import PLACES

HISTORY = 100  # messages: the default of SESSION_MAX_MESSAGES
LENGTHS = (0, 100, 1_000)  # messages
ROUNDS, CALLS = 5, 20
TURN = (Message(role="user", content="x" * 300), Message(role="assistant", content="y" * 300))


def costs(folder: Path) -> Iterator[Cost]:
    """Each store at each length."""
    for name in ("sqlite", "redis"):
        with PLACES[name](folder / name) as made, closing(store_for(made.url, ttl=86_400)) as store:
            for length in LENGTHS:
                session = Session("owner", f"session-{length}")
                for _ in range(length // 2):
                    store.append(session, TURN)
                read = _best(partial(store.read, session, HISTORY))
                append = _best(partial(store.append, session, TURN))
                yield Cost(store=name, messages=length, read=read, append=append)


def _best(work: Callable[[], object]) -> float:
    return min(_round(work) for _ in range(ROUNDS))


def _round(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        work()
    return 1e6 * (time.perf_counter() - began) / CALLS
