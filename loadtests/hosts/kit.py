"""What makes two load hosts the same generator: the source that loads, and what it runs on.

Rule: everything that decides what is sent or how it is timed and counted is in it; a page or a server is not, so a load
host needs no more than the kit's folder. Neighbours: `muster` compares, `drive.member` tells it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ("arrivals.py", "checks.py", "drive", "hosts", "locustfile.py", "scenarios.py")
PACKAGES: Final = ("locust", "gevent", "hdrhistogram", "httptools", "pydantic-core")

Kit = Mapping[str, str]


def kit() -> Kit:
    """This process's: a name -> its version, the source's as a hash."""
    installed = {name: metadata.version(name) for name in PACKAGES}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"the kit's loadtests folder": _hash(), "Python": python, **installed}


def differences(here: Kit, there: Kit) -> tuple[str, ...]:
    """What is not the same, with both versions."""
    names = dict.fromkeys([*here, *there])
    pairs = ((name, here.get(name, "missing"), there.get(name, "missing")) for name in names)
    return tuple(f"{name} is {theirs} there and {ours} here" for name, ours, theirs in pairs if ours != theirs)


def _hash() -> str:
    digest = hashlib.sha256()
    for path in _files():
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(FOLDER).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _files() -> Iterator[Path]:
    for name in SOURCES:
        source = FOLDER / name
        yield from sorted(source.rglob("*.py")) if source.is_dir() else [source]
