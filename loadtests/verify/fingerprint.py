"""What a pass depends on, as hashes: one for each part, so that it can be said which of them has changed.

Rule: everything that decides how a server answers or how it is judged is in a part; nothing else is, so an edit of
a page or a README costs no run. What the kit cannot see into has no fingerprint, with the reason and the cure.
Neighbours: `passes` stores them, `gate` compares.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from loadtests.serve import ROOT
from loadtests.targets import Target, load_targets

Parts = Mapping[str, str]

SOURCES: Mapping[str, tuple[str, ...]] = {
    "the servers' source": ("shared", "fastapi_impl", "flask_impl"),
    "the suite": ("tests/conformance", "tests/known_differences", "tests/conftest.py", "tests/__init__.py"),
    "how servers are started and judged": (
        "loadtests/serve",
        "loadtests/targets.py",
        "loadtests/verify/grades.py",
        "loadtests/verify/records.py",
        "loadtests/verify/suite.py",
    ),
    "the lock file": ("requirements.lock",),
}
# What of the shell's environment reaches a server and can change what it runs; see `serve`.
INHERITED = ("PYTHONPATH", "LANG", "LC_ALL")
# Environment variables that can make one of our commands run other code.
CODE = ("PYTHON", "LD_", "GUNICORN_", "UVICORN_")
OUR_MODELS = frozenset({"scripted", "openai"})
SHOWN = frozenset({"floor", "regimes", "best"})  # where a target is compared: nothing of what it does
SKIPPED = frozenset({"__pycache__", ".git"})


def parts(*targets: Target, common: Parts | None = None) -> Parts:
    """Return what a pass of these targets depends on: the part's name -> its sha256.

    `common`: what `parts()` has returned a moment ago, so that it need not be hashed again for each target.
    """
    found = dict(_common() if common is None else common)
    for target in targets:
        found[f"the entry of {target.name}"] = _sha([target.model_dump_json(exclude=set(SHOWN))])
        found[f"the sources of {target.name}"] = _hash(_files(target.sources))
    return found


def installed() -> Mapping[str, str]:
    """Return the installed packages: name -> version."""
    facts = (package.metadata for package in metadata.distributions())  # each is parsed once here, which takes long
    return dict(sorted((each["Name"], each["Version"]) for each in facts))


def _common() -> Parts:
    found = {name: _hash(_files(ROOT / path for path in paths)) for name, paths in SOURCES.items()}
    found["the installed packages"] = _sha(f"{name}=={version}" for name, version in installed().items())
    found["Python itself"] = _sha([sys.version, sys.executable, platform.platform()])
    found["the environment"] = _sha(f"{name}={os.environ.get(name)}" for name in INHERITED)
    return found


def whole(found: Parts) -> str:
    """Return one sha256 over all parts."""
    return _sha(f"{name} {value}" for name, value in sorted(found.items()))


def changed(before: Parts, now: Parts) -> tuple[str, ...]:
    """Return the parts that differ, by name."""
    return tuple(name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name))


def unseen(target: Target) -> str:
    """Say why no pass of this target can be remembered, and how to change that; "" if one can."""
    if target.sources or _ours(target):
        return ""
    return (
        f"{target.name} runs what the kit cannot see, so no pass of it is remembered and the suite runs each time; "
        'name the files and folders that it is made of in its entry, as in sources = ["server.py"]'
    )


def _ours(target: Target) -> bool:
    """Plainly one of ours: each word of its command stands in an entry of the kit's own file, or is a number."""
    known = {word for ours in load_targets().values() for word in ours.command}
    foreign = [word for word in target.command if word not in known and not word.isdigit()]
    swapped = [name for name in target.env if name.startswith(CODE)]
    model = target.env.get("AGENT_MODEL", "scripted")
    return not foreign and not swapped and target.folder is None and model in OUR_MODELS


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Walk over the sources in an order that is the same everywhere; compiled files are not source."""
    for source in paths:
        inside = sorted(source.rglob("*")) if source.is_dir() else [source]
        yield from (path for path in inside if path.is_file() and not SKIPPED & set(path.parts))


def _hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        content = path.read_bytes()
        digest.update(f"\0{shown}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sha(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
