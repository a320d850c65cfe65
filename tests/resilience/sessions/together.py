"""Many turns of one session at the same time, over all workers of a server: all kept, each pair together.

Neighbours: `kept` (what is stored of them), `killed` (the same while workers die).
"""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.conformance.fixtures import Launched
from tests.conformance.subject import fresh
from tests.resilience.sessions import kept
from tests.resilience.sessions.measured import Together
from tests.resilience.sessions.turns import Client

AT_ONCE = 50  # clients; each has some of the turns
TURNS = 200


def together(launched: Launched, store: str, turns: int = TURNS) -> Together:
    """So many turns on one session, and what is stored of them."""
    client, session = Client(launched.subject), fresh("together")
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        taken = list(threads.map(lambda _: client.take(session), range(turns)))
    seconds = time.monotonic() - began
    completed = sum(turn.outcome == "completed" for turn in taken)
    stored = len(launched.subject.messages(session)) // 2
    broken = [*kept.wrong(taken), *kept.breaches(launched.subject, taken)]
    if (completed, stored) != (turns, turns):
        broken.append(f"of {turns} turns {completed} were completed and {stored} stored")
    return Together(
        target=launched.subject.name,
        store=store,
        turns=turns,
        completed=completed,
        stored=stored,
        seconds=seconds,
        broken=tuple(broken),
    )
