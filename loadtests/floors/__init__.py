"""Floors: bare apps that do the same bytes as the twins on the same servers, and so the most that a framework could.

Rule: a floor reads the body, knows it by its bytes and writes what was prepared; it parses and checks nothing, has no
key, CORS, log, agent or store. Nothing per request but the bytes: whatever a twin takes beyond it is what a framework
and the contract cost. Neighbours: `asgi` and `wsgi` are the apps, `words` prepares what they say, `proof` holds it
against the twins before a load; a target's `floor` in targets.toml names its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loadtests.targets import Target, TargetsError

__all__ = ["of"]


def of(targets: Iterable[Target], known: Mapping[str, Target]) -> tuple[Target, ...]:
    """The floors of these targets, each once, in the targets' order; one that is in no file is a `TargetsError`.

    A target with more workers than its floor has none: they would not have the same server.
    """
    found: dict[str, Target] = {}
    for target in targets:
        if target.floor is not None and target.floor not in known:
            raise TargetsError(
                f"the floor of {target.name}, {target.floor!r}, is no target; give it an entry of its own"
            )
        if target.floor is not None and known[target.floor].workers == target.workers:
            found[target.floor] = known[target.floor]
    return tuple(found.values())
