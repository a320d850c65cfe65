"""The layers' names, in their order: each holds all that stands before it.

Rule: one order for both twins; what only one of them has is left out of the other's. Neighbours: the apps ask what has
been `reached`, `measure` plays them, `page` says what each is.
"""

import os
from dataclasses import dataclass

VARIABLE = "PARITY_LAYER"
"""The environment variable that says which app to make."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its name, and what is in it on either framework ("": this one has none)."""

    name: str
    fastapi: str
    flask: str

    def of(self, framework: str) -> str:
        """What is in it on this framework."""
        told: str = getattr(self, framework)
        return told


BARE, TWIN, SQLITE = "bare server", "the twin", "SQLite instead of memory"

LAYERS = (
    Layer(
        "routing",
        "Starlette's router and FastAPI's handler for a function that takes the request",
        "Flask's request context, Werkzeug's router and response",
    ),
    Layer(
        "validation",
        "the contract's checks of the body, FastAPI's own reading of it into `ChatRequest`, `ChatResponse` out",
        "the contract's checks of the body, `ChatRequest` from it, `ChatResponse` out",
    ),
    Layer(
        "key", "the key's check in the route class, the caller as a dependency", "the key's check, before the request"
    ),
    Layer(
        "errors",
        "three middlewares (last resort, HEAD, odd addresses), exception handlers",
        "error handlers; odd addresses are in its routing",
    ),
    Layer("CORS", "Starlette's middleware", "two hooks"),
    Layer("request id and log", "one middleware, one line of JSON", "two hooks, one line of JSON"),
    Layer("agent", "a turn of the scripted model with its tools", "the same turn"),
    Layer("store", "the session, read and kept in memory", "the same"),
    Layer("listening", "a task that hears when the client leaves, and cancels the turn", ""),
)
ORDER = tuple(layer.name for layer in LAYERS)


def of(framework: str) -> tuple[str, ...]:
    """The layers that this framework has."""
    return tuple(layer.name for layer in LAYERS if layer.of(framework))


def asked() -> str:
    """The layer that the environment asks for."""
    return os.environ[VARIABLE]


def reached(layer: str, asked: str) -> bool:
    """Whether the app that is asked for has this layer."""
    return ORDER.index(asked) >= ORDER.index(layer)
