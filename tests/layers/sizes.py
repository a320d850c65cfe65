"""How much is measured: all of it, enough to see that it works, or a test's own few seconds.

Neighbours: `__main__` and `test_layers` choose.
"""

from tests.layers.model import Size

TARGETS = ("fastapi-uvicorn", "flask-gevent", "flask-gthread", "flask-sync")

FULL = Size(
    name="full",
    minutes=12,
    targets=TARGETS,
    blocks=5,
    slices=4,
    burst=0.2,
    connections=16,
    streams=200,
    window=1.5,
)
QUICK = FULL.model_copy(
    update={"name": "quick", "minutes": 1, "blocks": 1, "slices": 2, "burst": 0.1, "streams": 50, "window": 1.0}
)
TINY = QUICK.model_copy(
    update={
        "name": "tiny",
        "minutes": 0.2,
        "targets": ("fastapi-uvicorn",),
        "layers": ("routing", "agent"),
        "slices": 1,
        "window": 0.3,
    }
)
