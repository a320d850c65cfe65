"""Looks that nobody took: a fair one of each kind, to be bent by one fact at a time."""

from loadtests.fairness import Asked, Look
from loadtests.fairness.model import Python

ASGI = Look(
    target="fast",
    says="uvicorn",
    words=(),
    asgi=True,
    native=("uvloop", "httptools", "pydantic-core"),
    python=Python(version="CPython 3.11.7", pydantic="2.14.3"),
    workers=1,
    cores=(0,),
    kept=None,
    watched=6.0,
    lines=1.0,
    asked=32,
    held=32,
    settings={"SESSION_STORE": "memory://"},
)
WSGI = ASGI.model_copy(update={"target": "flask", "says": "gunicorn", "asgi": False, "native": ("pydantic-core",)})
ASKED = Asked(
    workers={"fast": 1, "flask": 1},
    slots={"fast": None, "flask": 1000},
    streams={"fast": 32, "flask": 32},
    cores=(0,),
)


def bent(look: Look, **facts: object) -> Look:
    """The look with other facts."""
    return look.model_copy(update=facts)
