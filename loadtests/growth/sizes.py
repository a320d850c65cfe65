"""How much is measured: all of it, enough to see that it works, or a test's own few seconds.

Neighbours: `__main__` and the tests choose.
"""

from __future__ import annotations

from typing import Final

from loadtests.growth.model import Size
from loadtests.targets import DEFAULT_TARGETS

FULL: Final = Size(
    name="full",
    minutes=15,
    rounds=2,
    targets=DEFAULT_TARGETS,
    streams=(50, 100, 200, 400, 700, 1_000, 1_200),
    pace=(20, 10, 5, 2, 1),
    workers=(1, 2, 4),
    length=(10, 100, 500, 1_000, 2_500, 5_000),
    history=(0, 10, 20, 50, 100),
    seconds=3.0,
    steady=200,
    fixed=300,
)
QUICK: Final = FULL.model_copy(
    update={
        "name": "quick",
        "minutes": 1.5,
        "rounds": 1,
        "targets": ("fastapi-uvicorn", "flask-gevent"),
        "streams": (20, 40),
        "pace": (20, 5),
        "workers": (1, 2),
        "length": (10, 5_000),
        "history": (0, 20),
        "seconds": 0.5,
        "steady": 20,
        "fixed": 20,
    }
)
TINY: Final = QUICK.model_copy(
    update={"name": "tiny", "minutes": 0.3, "targets": ("fastapi-uvicorn",), "pace": (20,), "workers": (2,)}
)
