"""What the processes of a server say of it: which of them serve, on which cores, with which compiled parts, from where.

Rule: read from the system, not from the target's entry; a name that may hold a secret is left out. What the system does
not give is None. Neighbours: `look` asks, `interpreter` asks the Python that is found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psutil

NATIVE: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "uvloop": re.compile(r"/uvloop/[^/]*\.so"),
        "httptools": re.compile(r"/httptools/[^ ]*\.so"),
        "gevent": re.compile(r"/gevent/[^ ]*\.so"),
        "pydantic-core": re.compile(r"/pydantic(_core)?/[^/]*\.so"),
    }
)
"""Compiled parts by the files that a process has in memory when it uses them."""
DEVELOPMENT: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "the development server of Flask": re.compile(r"\bflask( \S+)* run\b|\brunserver\b"),
        "fastapi dev": re.compile(r"\bfastapi( \S+)* dev\b"),
        "reload": re.compile(r"(?<!\S)--reload(?!-)\b"),
        "debug": re.compile(r"(?<!\S)--debug\b|--(log-level|loglevel)[ =](debug|trace)\b|(?<!\S)-X ?dev\b"),
        "an access log": re.compile(r"--access-log(file [^ ]|\b(?!file))"),
        "workers that end after some requests": re.compile(r"--(limit-)?max-requests[ =][1-9]"),
    }
)
"""Words of a command line -> what they switch on."""
SLOW: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FLASK_DEBUG": "debug",
        "FASTAPI_DEBUG": "debug",
        "PYTHONDEVMODE": "debug",
        "PYTHONASYNCIODEBUG": "debug",
        "PYTHONTRACEMALLOC": "tracing",
        "PYTHONPROFILEIMPORTTIME": "tracing",
        "COVERAGE_PROCESS_START": "tracing",
        "UVICORN_RELOAD": "reload",
    }
)
"""Variables that are set -> what they switch on."""
ASGI: Final = re.compile(r"\buvicorn|hypercorn|daphne|\bfastapi (run|dev)\b|[-/ ]asgi\b", re.IGNORECASE)
OFF: Final = frozenset({"", "0", "false", "no", "off"})
TEMPORARY: Final = re.compile(r"/\S*/parity-[^/\s]*/")  # of `serve`, another for each server
SECRET: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
# of the system, of the way it was started, of the server program, of how glibc keeps memory: not the application's
OTHERS: Final = re.compile(
    r"^(PATH|HOME|LANG|LC_\w+|TMPDIR|VIRTUAL_ENV|PYTHON\w*|PWD|OLDPWD|SHLVL|_|SERVER_SOFTWARE|GUNICORN_\w+|MALLOC_\w+|"
    r"LD_\w+|PARITY_RUN|PYTEST_\w+|COVERAGE_\w+|WERKZEUG_\w+|FLASK_\w+|UVICORN_\w+)$"
)


def serving(family: Iterable[psutil.Process], port: int) -> tuple[psutil.Process, ...]:
    """Those that accept connections on the port: a listener with a listening child only keeps the socket for it."""
    found = {process.pid: process for process in family if _listens(process, port)}
    parents = {process.ppid() for process in found.values()}
    return tuple(process for pid, process in sorted(found.items()) if pid not in parents)


def cores(family: Iterable[psutil.Process]) -> tuple[int, ...]:
    """The cores that any of them may run on; none where the system cannot tell."""
    if not hasattr(psutil.Process, "cpu_affinity"):
        return ()
    return tuple(sorted({core for process in family for core in process.cpu_affinity() or ()}))


def native(workers: Sequence[psutil.Process]) -> tuple[str, ...] | None:
    """The compiled parts that every one of them has in memory; None where that cannot be seen."""
    maps = [Path(f"/proc/{process.pid}/maps") for process in workers]
    if not maps or not all(file.is_file() for file in maps):
        return None
    texts = [file.read_text("utf-8", errors="replace") for file in maps]
    return tuple(name for name, pattern in NATIVE.items() if all(pattern.search(text) for text in texts))


def words(family: Iterable[psutil.Process]) -> tuple[str, ...]:
    """What is switched on that is for development, or costs speed: by command line and environment of any of them."""
    found: dict[str, None] = {}
    for process in family:
        line = " ".join(process.cmdline())
        found |= dict.fromkeys(what for what, pattern in DEVELOPMENT.items() if pattern.search(line))
        for name, what in SLOW.items():
            if process.environ().get(name, "").lower() not in OFF:
                found[f"{what} ({name})"] = None
    return tuple(found)


def asgi(family: Iterable[psutil.Process], says: str) -> bool:
    """Whether an ASGI server runs: by its command line, or by the name in its answers."""
    lines = (says, *(" ".join(process.cmdline()) for process in family))
    return any(ASGI.search(line) for line in lines)


def settings(process: psutil.Process) -> dict[str, str]:
    """The application's settings in its environment: whatever else is there, nothing secret; its own folder is "…"."""
    found = {name: value for name, value in process.environ().items() if not OTHERS.match(name)}
    return {name: TEMPORARY.sub("…/", value) for name, value in sorted(found.items()) if not SECRET.search(name)}


def _listens(process: psutil.Process, port: int) -> bool:
    try:
        return any(
            each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port
            for each in process.net_connections("tcp")
        )
    except psutil.Error:  # it has ended, or is not ours to look into
        return False
