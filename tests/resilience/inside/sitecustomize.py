"""Tells what is alive inside of a process when SIGURG asks: Python itself loads this from PYTHONPATH at its start.

Rule: it only looks, and collects no garbage, so what is counted is what a server would hold by itself. SIGURG is used
by neither server, and a process that does not know it is not harmed. Neighbour: `held` asks and reads the answer.
"""

import gc
import json
import os
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TURN = "shared/agent/turn.py"


def _kind(name: str, of: str) -> type | None:
    """A class, if this process uses it."""
    return getattr(sys.modules.get(of), name, None)


def _alive() -> Iterator[str]:
    """What each thing that runs is: a task that is not done, a greenlet that has begun, a turn that is not closed."""
    task, greenlet = _kind("Task", "asyncio"), _kind("greenlet", "greenlet")
    for thing in gc.get_objects():
        kind: Any = type(thing)  # not isinstance: a proxy would answer for what it stands for
        if task is not None and issubclass(kind, task):
            if not thing.done():
                yield "tasks"
        elif greenlet is not None and issubclass(kind, greenlet):
            if thing:
                yield "greenlets"
        elif kind is types.GeneratorType and thing.gi_frame is not None and _is_turn(thing.gi_code):
            yield "turns"


def _is_turn(code: types.CodeType) -> bool:
    return code.co_name == "turn" and code.co_filename.endswith(TURN)


def _answer(_number: int, _frame: types.FrameType | None) -> None:
    counts = {"tasks": 0, "greenlets": 0, "turns": 0}
    for what in _alive():
        counts[what] += 1
    answer = Path(os.environ["PARITY_INSIDE"]) / str(os.getpid())
    unfinished = answer.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(counts), encoding="utf-8")
    unfinished.rename(answer)


if "PARITY_INSIDE" in os.environ:
    signal.signal(signal.SIGURG, _answer)
