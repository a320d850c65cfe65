"""What has passed the conformance suite, remembered by hash.

Rule: a pass belongs to one state of source, lock file, installed versions and launch command; when any of
them changes, there is no pass. Subjects are targets and pairs of targets ("fastapi-uvicorn~flask-gevent").
Neighbours: `verify` asks and records.
"""

import hashlib
import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from loadtests.errors import UserError
from loadtests.serve import ROOT
from loadtests.targets import Target

FILE = ROOT / ".parity" / "verify" / "passes.json"
SOURCES = (
    "shared",
    "fastapi_impl",
    "flask_impl",
    "tests/conformance",
    "tests/conftest.py",
    "requirements.lock",
)


class Pass(BaseModel):
    """A subject that passed: for what, with how many cases, and the folder of its page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    passed: int
    skipped: int
    page: Path


class _Passes(RootModel[dict[str, Pass]]):
    """The file: subject -> its last pass."""


def fingerprint(*targets: Target) -> str:
    """Return the sha256 over everything that a pass of these targets depends on."""
    digest = hashlib.sha256()
    for target in targets:
        digest.update(target.model_dump_json().encode())
    for path in _files():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    for line in sorted(f"{package.name}=={package.version}" for package in metadata.distributions()):
        digest.update(line.encode())
    return digest.hexdigest()


def find(subject: str, wanted: str) -> Pass | None:
    """Return the subject's pass for this fingerprint, or None."""
    known = _read().get(subject)
    return known if known and known.fingerprint == wanted else None


def record(subject: str, passed: Pass) -> None:
    """Remember a pass; the file is replaced whole, so a reader never sees half of it."""
    passes = _Passes({**_read(), subject: passed})
    FILE.parent.mkdir(parents=True, exist_ok=True)
    draft = FILE.with_suffix(f".{os.getpid()}")
    draft.write_text(passes.model_dump_json(indent=2), "utf-8")
    draft.replace(FILE)


def _read() -> dict[str, Pass]:
    try:
        return _Passes.model_validate_json(FILE.read_bytes()).root
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        raise UserError(f"{FILE} is not a list of passes; delete it, and the suite will run again") from error


def _files() -> Iterator[Path]:
    """Walk over the sources in an order that is the same everywhere; compiled files are not source."""
    for source in (ROOT / name for name in SOURCES):
        paths = sorted(source.rglob("*")) if source.is_dir() else [source]
        yield from (path for path in paths if path.is_file() and "__pycache__" not in path.parts)
