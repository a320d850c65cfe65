"""A look at a fresh server before it is loaded: is it right, does it keep its settings, what does it document?

Rule: over the wire only, like any client; what is found is recorded with the round, and what is not as the plan asked
is a reason to refuse it. The model's scripted times are measured on one stream that is left after a few tokens.
Neighbours: play asks here once a round; the load itself is drive's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, pairwise
from typing import Any

import httpx

from loadtests.drive.client.sse import SSEParser
from loadtests.plan import Frozen
from loadtests.scenarios import own_time

TOKENS = 4  # as many token events are read of the one stream
LATE = 0.25  # seconds that a first token may come after the model's own time, on an idle server
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


class Documented(Frozen):
    """What /openapi.json says, counted, and what the two pages weigh in bytes."""

    operations: int
    responses: int
    schemas: int
    openapi_bytes: int
    docs_bytes: int


class Precheck(Frozen):
    """What was found; `problems` are reasons to refuse the round. Times are seconds."""

    ttft: float | None
    gap: float | None
    documented: Documented | None
    problems: tuple[str, ...]


def look(url: str, key: str, settings: Mapping[str, str]) -> Precheck:
    """Ask the server; network errors are problems too, not exceptions. `settings` say the model's own times."""
    return _look(url, key, settings, _documented)


def look_bare(url: str, key: str, settings: Mapping[str, str]) -> Precheck:
    """The same of a floor, which documents nothing."""
    return _look(url, key, settings, lambda _: None)


def _look(
    url: str, key: str, settings: Mapping[str, str], document: Callable[[httpx.Client], Documented | None]
) -> Precheck:
    headers = {"X-API-Key": key}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False) as client:
            health = client.get("/health")
            ttft, gap = _first_tokens(client)
            documented = document(client)
    except (httpx.HTTPError, ValueError, LookupError) as error:
        text = f"the server did not answer as it should before the load: {type(error).__name__}"
        return Precheck(ttft=None, gap=None, documented=None, problems=(text,))
    problems = [] if _healthy(health) else [f"GET /health answered {health.status_code} before the load"]
    problems += _kept(ttft, gap, settings)
    return Precheck(ttft=ttft, gap=gap, documented=documented, problems=tuple(problems))


def _healthy(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.json().get("status") == "healthy"


def _kept(ttft: float | None, gap: float | None, settings: Mapping[str, str]) -> Iterator[str]:
    """What was measured against what the server was told, as sentences."""
    if ttft is None or gap is None:
        yield f"a stream before the load brought fewer than {TOKENS} tokens"
        return
    (first, wanted_ttft), (between, wanted_gap) = own_time(settings, "TTFT"), own_time(settings, "ITL")
    if not 0.9 * wanted_ttft <= ttft <= wanted_ttft + LATE:
        yield f"the server did not keep {first}={wanted_ttft:g}: its first token came after {ttft:.3f} s"
    if not 0.8 * wanted_gap <= gap <= wanted_gap + LATE / 5:
        yield f"the server did not keep {between}={wanted_gap:g}: its tokens came {gap:.3f} s apart"


def _first_tokens(client: httpx.Client) -> tuple[float | None, float | None]:
    """Seconds to the first token and the mean of the gaps after it."""
    began = time.perf_counter()
    with client.stream("POST", "/chat/stream", json={"message": "Hello, what can you do for me?"}) as answer:
        answer.raise_for_status()
        stamps = list(islice(_stamps(answer), TOKENS))
    if len(stamps) < TOKENS:
        return None, None
    gaps = [later - earlier for earlier, later in pairwise(stamps)]
    return stamps[0] - began, sum(gaps) / len(gaps)


def _stamps(answer: httpx.Response) -> Iterator[float]:
    parser = SSEParser()
    for chunk in answer.iter_raw():
        now = time.perf_counter()
        for event in parser.feed(chunk):
            if '"token"' in event.data:
                yield now


def _documented(client: httpx.Client) -> Documented:
    openapi, docs = client.get("/openapi.json"), client.get("/docs")
    openapi.raise_for_status()
    docs.raise_for_status()
    document: dict[str, Any] = openapi.json()
    operations = [
        operation for path in document["paths"].values() for method, operation in path.items() if method in METHODS
    ]
    return Documented(
        operations=len(operations),
        responses=sum(len(operation.get("responses", {})) for operation in operations),
        schemas=len(document.get("components", {}).get("schemas", {})),
        openapi_bytes=len(openapi.content),
        docs_bytes=len(docs.content),
    )
