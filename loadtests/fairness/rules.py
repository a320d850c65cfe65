"""The rules of fairness: what is seen of the deployments -> what is not fair, what it does to the result, the cure.

Rule: a table of pure functions; one that cannot be told from what was seen says nothing. `ALONE` are about one
deployment, `BETWEEN` about all that are compared. Neighbours: `look` sees, `__init__` applies them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from loadtests.fairness.model import Asked, Finding, Look

LINE: Final = "Each line is made and written while a request is answered, which a short request is slowed down by."
EFFECTS: Final[Mapping[str, tuple[str, str, bool]]] = MappingProxyType(
    {
        "the development server": (
            "It is made for one developer: no worker processes, little tuning; it loses to any server for production.",
            "run it with gunicorn or uvicorn, as in loadtests/targets.toml",
            True,
        ),
        "fastapi dev": (
            "It reloads and watches files, and says more in its log.",
            "use `fastapi run`, or uvicorn as in loadtests/targets.toml",
            True,
        ),
        "reload": (
            "A second process watches files, and may restart the server in a round.",
            "take --reload away",
            True,
        ),
        "debug": ("Checks and messages for a developer cost each request time.", "switch it off", True),
        "tracing": ("Each allocation, import or line is noted, which slows down everything.", "unset it", True),
        "an access log": (
            f"The application writes its own line for each request, and the server one more. {LINE}",
            "leave the server's access log off (uvicorn: --no-access-log)",
            False,
        ),
        "workers that end": (
            "A worker that is replaced in the middle of a round starts cold, and its connections are cut.",
            "take the option away while it is measured",
            False,
        ),
    }
)
"""Beginning of what is switched on -> what it does, the cure, whether it decides a result."""


def switches(look: Look, _asked: Asked) -> Iterator[Finding]:
    """What is for development, or costs speed."""
    werkzeug = look.says.startswith("Werkzeug") and not any("development server" in word for word in look.words)
    for word in (*(("the development server of Flask",) if werkzeug else ()), *look.words):
        effect, cure, grave = next(found for start, found in EFFECTS.items() if word.startswith(start))
        yield Finding(target=look.target, what=f"It runs with {word}.", effect=effect, cure=cure, grave=grave)


def promised(look: Look, asked: Asked) -> Iterator[Finding]:
    """As many workers as its entry says."""
    said = asked.workers.get(look.target, look.workers)
    if look.workers and look.workers != said:
        yield Finding(
            target=look.target,
            what=f"It has {_count(look.workers, 'worker')}, and its entry says {said}.",
            effect="The report would show its figures as those of another deployment.",
            cure="let `workers` in its entry and the number in its command agree",
            grave=True,
        )


def compiled(look: Look, _asked: Asked) -> Iterator[Finding]:
    """An ASGI server with its fast loop and parser; Pydantic with its compiled core."""
    if look.native is None:
        return
    uvicorn = look.says == "uvicorn"
    missing = ["uvloop"] if look.asgi and "uvloop" not in look.native else []
    missing += ["httptools"] if uvicorn and "httptools" not in look.native else []
    if missing:
        yield Finding(
            target=look.target,
            what=f"It runs without {' and '.join(missing)}.",
            effect="Loop and parser in pure Python cost an ASGI server much of its speed; WSGI has no such choice.",
            cure="install uvicorn[standard], and name them: --loop uvloop --http httptools",
            grave=True,
        )
    if look.python and look.python.pydantic and "pydantic-core" not in look.native:
        yield Finding(
            target=look.target,
            what=f"Pydantic {look.python.pydantic} runs there without a compiled core.",
            effect="Validation in pure Python takes far longer, and the framework gets the blame.",
            cure="install the wheel for this platform, of the same version on both sides",
            grave=True,
        )


def interpreted(look: Look, _asked: Asked) -> Iterator[Finding]:
    """A usual build of Python, as users have it."""
    if look.python and (traits := [trait for trait in look.python.traits if trait != "development mode"]):
        yield Finding(
            target=look.target,
            what=f"Its Python is unusual: {', '.join(traits)}.",
            effect="All Python code there is slower or faster than on the interpreter that users have.",
            cure="run it with a release build, and the same one on both sides",
            grave="debug build" in traits,
        )


def room(look: Look, asked: Asked) -> Iterator[Finding]:
    """A thread, greenlet or process for each of the streams that will be offered."""
    slots, streams = asked.slots.get(look.target), asked.streams.get(look.target, 0)
    fewer = look.held < look.asked
    if not fewer and (slots is None or slots >= streams):
        return
    seen = f"of {look.asked} streams opened at once {look.held} began" if fewer else f"its entry says {slots} slots"
    yield Finding(
        target=look.target,
        what=f"It has no room for the {streams} requests that wait at the same time in this run: {seen}.",
        effect="The others queue until one ends: latency and time to first token measure the queue, not the framework.",
        cure="more threads (gthread), connections (gevent) or workers; a sync worker holds one, and is not for streams",
        grave=True,
    )


def unequal_workers(looks: Sequence[Look], _asked: Asked) -> Iterator[Finding]:
    """The same number of workers."""
    groups = _groups(looks, lambda look: look.workers)
    if len(groups) < 2:
        return
    yield Finding(
        target=_names(looks),
        what=f"They have unequal numbers of worker processes: {_who(groups)}.",
        effect="More workers use more cores, or share one: a ratio would compare numbers of processes.",
        cure="compare deployments with as many workers, or run `parity compare --matrix`, which keeps them apart",
        grave=True,
    )


def unequal_cores(looks: Sequence[Look], asked: Asked) -> Iterator[Finding]:
    """The same cores, and those that were meant."""
    groups = _groups(looks, lambda look: look.cores)
    if len(groups) > 1:
        yield Finding(
            target=_names(looks),
            what=f"They may run on different cores: {_who(groups, _cores)}.",
            effect="A server with more cores, or with a core of the generator's, is measured on another machine.",
            cure="let no command pin itself (taskset, numactl); the kit pins all of them alike",
            grave=True,
        )
    elif not asked.cores:
        yield Finding(
            target="",
            what="Nothing is pinned: servers and load generator share the cores.",
            effect="They take time from each other, most where a server is fast: ratios come out too near to 1.",
            cure="use a machine with two cores or more, and Linux",
            grave=False,
        )


def unequal_python(looks: Sequence[Look], _asked: Asked) -> Iterator[Finding]:
    """The same Python and the same Pydantic."""
    known = [look for look in looks if look.python]
    for what, groups in (
        ("Python", _groups(known, lambda look: look.python and look.python.version)),
        ("Pydantic", _groups(known, lambda look: look.python and look.python.pydantic)),
    ):
        if len(groups) > 1:
            yield Finding(
                target=_names(known),
                what=f"They run on different versions of {what}: {_who(groups)}.",
                effect=f"One release of {what} is faster than another: the ratio holds that too.",
                cure="install both from one lock file, in one environment (`make setup`)",
                grave=True,
            )


def unequal_log(looks: Sequence[Look], _asked: Asked) -> Iterator[Finding]:
    """As many lines in the log for each request."""
    groups = _groups(looks, lambda look: round(look.lines, 1))
    if len(groups) > 1:
        yield Finding(
            target=_names(looks),
            what=f"They write unequally much to their logs, in lines a request: {_who(groups)}.",
            effect=LINE,
            cure="the same LOG_LEVEL for all of them, and no access log of the server's",
            grave=False,
        )


def unequal_keep_alive(looks: Sequence[Look], _asked: Asked) -> Iterator[Finding]:
    """Idle connections kept as long."""
    groups = _groups(looks, _kept)
    if len(groups) > 1:
        yield Finding(
            target=_names(looks),
            what=f"They keep idle connections differently: {_who(groups)}.",
            effect="Who closes early has users connect anew, which costs both sides, and a paced load meets resets.",
            cure="the same keep-alive for all (--timeout-keep-alive, --keep-alive); a sync worker has none",
            grave=False,
        )


def unequal_settings(looks: Sequence[Look], _asked: Asked) -> Iterator[Finding]:
    """The same settings of the application: its session store, above all."""
    names = sorted({name for look in looks for name in look.settings})
    for name in names:
        groups = _groups(looks, _setting(name))
        if len(groups) > 1:
            yield Finding(
                target=_names(looks),
                what=f"{name} is not the same for all: {_who(groups)}.",
                effect=_STORE
                if name == "SESSION_STORE"
                else "They do different work, so a ratio compares the settings.",
                cure="set it for all of them or for none; a target's `env` in its entry is the place to look",
                grave=True,
            )


_STORE: Final = (
    "Turns are stored in different places: a file or a network costs more than memory, whatever the framework."
)
ALONE: Final[tuple[Callable[[Look, Asked], Iterator[Finding]], ...]] = (switches, promised, compiled, interpreted, room)
BETWEEN: Final[tuple[Callable[[Sequence[Look], Asked], Iterator[Finding]], ...]] = (
    unequal_workers,
    unequal_cores,
    unequal_python,
    unequal_log,
    unequal_keep_alive,
    unequal_settings,
)


def _groups(looks: Sequence[Look], key: Callable[[Look], Hashable]) -> dict[Hashable, list[str]]:
    found: defaultdict[Hashable, list[str]] = defaultdict(list)
    for look in looks:
        found[key(look)].append(look.target)
    return dict(found)


def _setting(name: str) -> Callable[[Look], Hashable]:
    return lambda look: look.settings.get(name)


def _who(groups: Mapping[Hashable, Sequence[str]], said: Callable[[Hashable], str] = str) -> str:
    parts = (f"{', '.join(names)} {'unset' if value is None else said(value)}" for value, names in groups.items())
    return "; ".join(parts)


def _names(looks: Sequence[Look]) -> str:
    return ", ".join(look.target for look in looks) if len(looks) <= 4 else f"{len(looks)} targets"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _cores(value: Hashable) -> str:
    assert isinstance(value, tuple)
    return f"core{'' if len(value) == 1 else 's'} {', '.join(map(str, value))}" if value else "unknown"


def _kept(look: Look) -> str:
    if look.kept is None:
        return f"open after {look.watched:g} s"
    return "closed with the answer" if look.kept < 1 else f"closed after {round(look.kept)} s"
