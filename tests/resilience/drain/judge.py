"""What was promised to whom on SIGTERM, and what no signal excuses: each broken promise as a sentence.

Rule: a group and an outcome are all that judges; no server is named. Neighbours: `stopping` (whose clients these are),
`measured` (what may become of whom).
"""

import signal
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.conformance.subject import Subject
from tests.resilience.drain import client as seen
from tests.resilience.drain.client import Client
from tests.resilience.drain.measured import GROUPS, NEW

EXIT = 2.0  # the promise: so many seconds after the grace the last process has gone
SLACK = 3.0  # a busy machine takes its time
LATE = 1.0  # after the first refusal, every process has had its signal

Groups = Mapping[str, tuple[Client, ...]]


def broken(where: str, grace: float, groups: Groups, gone: float | None, code: int | None) -> Iterator[str]:
    """Every promise of SIGTERM that was not kept; `gone` in seconds, None: there still is a process."""
    for name, clients in groups.items():
        wrong = [(each.outcome, each.detail) for each in clients if each.outcome not in GROUPS[name]]
        for (outcome, detail), count in Counter(wrong).items():
            yield f"{where}: {count} of {len(clients)} {name} ended with {outcome!r} {detail}".rstrip()
    if late := _late(groups.get(NEW, ())):
        yield f"{where}: {late} turns were taken on {LATE:g} s and more after the first was refused"
    if gone is None or gone > grace + EXIT + SLACK:
        yield f"{where}: gone after {gone} s, and {grace + EXIT:g} s were promised"
    if code not in {0, -signal.SIGTERM}:
        yield f"{where}: the exit code is {code}"


def lies(where: str, groups: Groups) -> Iterator[str]:
    """What no signal excuses: an answer that looks whole and is not, or that says something else."""
    for each in (each for clients in groups.values() for each in clients):
        if each.outcome in {seen.CLEAN, seen.OTHER}:
            yield f"{where}: {each.outcome}, {each.detail}"


def misplaced(server: Subject, groups: Groups) -> Iterator[str]:
    """Turns that were seen completed and are not stored, and refused or failed ones that are."""
    for each in (each for clients in groups.values() for each in clients):
        stored = [message["role"] for message in server.messages(each.session)]
        if each.outcome in seen.COMPLETED and stored != ["user", "assistant"]:
            yield f"{server.name}: a turn that was seen completed is stored as {stored}"
        if each.outcome in seen.NOT_STORED and stored:
            yield f"{server.name}: a turn that ended with {each.outcome!r} is stored"


def _late(new: tuple[Client, ...]) -> int:
    """How many turns were taken on long after another had been refused."""
    refused = [each.asked for each in new if each.outcome == seen.UNAVAILABLE]
    return sum(each.outcome == seen.ANSWERED and each.asked > min(refused) + LATE for each in new) if refused else 0
