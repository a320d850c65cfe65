"""Workers are killed, one after the other, in the middle of many turns: what a client saw completed is there.

Rule: SIGKILL at a random moment while turns are under way, and the next one when the server has all its workers again.
Neighbours: `kept` (what is stored), `turns` (what a client sees of it).
"""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil

from tests.conformance.fixtures import Launched
from tests.conformance.poll import poll
from tests.conformance.subject import fresh
from tests.resilience.sessions import kept
from tests.resilience.sessions.measured import Killed
from tests.resilience.sessions.turns import Client, Turn

SETTINGS = {"SCRIPTED_TTFT": "0.03"}  # so that many turns are in the air at any moment
CLIENTS, SESSIONS, TURNS = 24, 8, 1_000
BETWEEN = (0.05, 0.4)  # seconds from a worker that has started to the next kill


def killed(launched: Launched, store: str, turns: int = TURNS, kills: int = 5) -> Killed:
    """So many turns at least, so many kills, and what is stored."""
    client, names = Client(launched.subject), [fresh("killed") for _ in range(SESSIONS)]
    over, died = threading.Event(), [0]
    began = time.monotonic()

    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        killing = threads.submit(_kill, launched, kills, over, died)
        taken: list[Turn] = []
        while len(taken) < turns or (died[0] < kills and time.monotonic() - began < 60):
            taken += list(threads.map(lambda number: client.take(names[number % SESSIONS]), range(CLIENTS * 4)))
        over.set()
        killing.result()
    seconds = time.monotonic() - began
    poll(lambda: launched.subject.request("GET", "/health").status == 200, 20, "healthy server after the kills")
    broken = [*kept.wrong(taken), *kept.breaches(launched.subject, taken)]
    if died[0] < kills:
        broken.append(f"only {died[0]} of {kills} workers could be killed: they were not started again in time")
    return Killed(
        target=launched.subject.name,
        store=store,
        kills=died[0],
        turns=len(taken),
        completed=sum(turn.outcome == "completed" for turn in taken),
        broken_off=sum(turn.outcome == "broken" for turn in taken),
        refused=sum(turn.outcome == "refused" for turn in taken),
        unseen=kept.unseen(launched.subject, taken),
        seconds=seconds,
        broken=tuple(broken),
    )


def workers(launched: Launched) -> list[psutil.Process]:
    """The processes that answer requests: children of the one that was started, not Python's own helper."""
    main = psutil.Process(launched.process.pid)
    return [each for each in main.children() if _works(each)]


def _works(process: psutil.Process) -> bool:
    try:
        return "resource_tracker" not in " ".join(process.cmdline())
    except psutil.Error:  # it has just been killed
        return False


def _kill(launched: Launched, kills: int, over: threading.Event, died: list[int]) -> None:
    whole, chance = len(workers(launched)), random.Random(7)
    while died[0] < kills and not over.wait(chance.uniform(*BETWEEN)):
        alive = workers(launched)
        if len(alive) == whole:
            chance.choice(alive).kill()
            died[0] += 1
