"""What can go wrong with a model call, and what is made of it: an error of ours, whose cause is in our own words.

Rule: nothing that the upstream wrote, and no key, is in what is raised: the cause has the SDK's class and the status.
So the log cannot tell more than that either. Neighbours: `retry` (asks what may be tried again), `shared.errors`.
"""

import httpx2
import openai

from shared.agent.openai.assembler import Nonsense
from shared.errors import ModelError, ModelTimeout


class UpstreamFailed(Exception):
    """The cause of a `ModelError`: what the upstream did, without its words."""


# What the SDK raises, or lets through, when the upstream fails or makes no sense: what is no JSON is a ValueError, and
# what is nested without end a RecursionError. Anything else is a defect of ours.
FAILURES: tuple[type[Exception], ...] = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    ValueError,
    RecursionError,
    Nonsense,
)


def error_of(exc: Exception) -> ModelError:
    """What is raised for one of `FAILURES`."""
    error = ModelTimeout() if isinstance(exc, openai.APITimeoutError) else ModelError()
    error.__cause__ = UpstreamFailed(named(exc))
    return error


def named(exc: Exception) -> str:
    """The failure, for the log."""
    if isinstance(exc, Nonsense):
        return str(exc)
    if isinstance(exc, openai.APIStatusError):
        return f"{type(exc).__name__}, status {exc.status_code}"
    below = exc.__cause__ if isinstance(exc, openai.APIConnectionError) else None
    return type(exc).__name__ if below is None else f"{type(exc).__name__} of {type(below).__name__}"
