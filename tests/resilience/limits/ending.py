"""SIGTERM while readers are stuck: a write that cannot go on must not keep the process.

Rule: the readers stay until it is over. Neighbours: `endless` (the model that they do not read), `judge`.
"""

import time

from loadtests.serve import tree
from tests.conformance.fixtures import Launched
from tests.resilience.limits.attacks import READERS
from tests.resilience.limits.endless import GRACE
from tests.resilience.limits.herd import BEAT, Herd
from tests.resilience.limits.measured import Ending

STUCK = 5
LONGEST = 20.0


def play(launched: Launched) -> Ending:
    """The seconds from the signal to the last process's end."""
    server = launched.process
    opening = READERS.opening(launched.subject)
    with Herd(server, opening, READERS.act, buffer=READERS.buffer, reply=READERS.reply) as herd:
        herd.grow(STUCK)
        time.sleep(BEAT)  # their buffers fill
        family, began = set(server.processes()), time.monotonic()
        server.terminate()
        while any(map(tree.alive, family)) and time.monotonic() < began + LONGEST:
            server.process.poll()  # reaps it
            time.sleep(tree.POLL_SECONDS)
        gone = time.monotonic() - began
    return Ending(target=launched.subject.name, readers=STUCK, grace=GRACE, gone=round(gone, 2))
