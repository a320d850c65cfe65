"""What has passed the conformance suite, remembered by hash.

Rule: a pass belongs to one state of everything in `fingerprint`; when any part changes, there is no pass. Subjects
are targets and pairs of targets ("fastapi-uvicorn~flask-gevent").
Neighbours: `fingerprint` says what counts, `gate` asks, `run` records.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from loadtests.errors import UserError
from loadtests.serve import ROOT
from loadtests.verify import fingerprint
from loadtests.verify.fingerprint import Parts
from loadtests.verify.grades import Count

FILE = ROOT / ".parity" / "verify" / "passes.json"
FORMAT = 2


class Pass(BaseModel):
    """A subject that passed: when (UTC), with which cases, on what (by part), and the folder of its page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed_at: str
    parts: Mapping[str, str]
    identical: int
    known: int
    not_applicable: int
    page: Path

    @classmethod
    def of(cls, found: Count, parts: Parts, passed_at: str, page: Path) -> Self:
        """A pass with these cases."""
        return cls(
            passed_at=passed_at,
            parts=parts,
            identical=found.identical,
            known=found.known,
            not_applicable=found.not_applicable,
            page=page,
        )

    @property
    def fingerprint(self) -> str:
        """One sha256 over all that it depends on."""
        return fingerprint.whole(self.parts)

    @property
    def count(self) -> Count:
        """Its cases by grade."""
        return Count(self.identical, self.known, 0, self.not_applicable)


class _Passes(BaseModel):
    """The file: subject -> its last pass."""

    format: int = FORMAT
    passes: dict[str, Pass]


def last(subject: str) -> Pass | None:
    """Return the subject's last pass, whatever has changed since."""
    return _read().get(subject)


def find(subject: str, now: Parts) -> Pass | None:
    """Return the subject's pass if nothing that it depends on has changed, else None."""
    known = last(subject)
    return known if known and not fingerprint.changed(known.parts, now) else None


def record(subject: str, passed: Pass) -> None:
    """Remember a pass; the file is replaced whole, so a reader never sees half of it."""
    passes = _Passes(passes={**_read(), subject: passed})
    FILE.parent.mkdir(parents=True, exist_ok=True)
    draft = FILE.with_suffix(f".{os.getpid()}")
    draft.write_text(passes.model_dump_json(indent=2), "utf-8")
    draft.replace(FILE)


def _read() -> dict[str, Pass]:
    try:
        stored = json.loads(FILE.read_bytes())
        if isinstance(stored, dict) and stored.get("format") != FORMAT:
            return {}  # of another version of the kit, which knew of other things that a pass depends on
        return _Passes.model_validate(stored).passes
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(f"{FILE} is not a list of passes; delete it, and the suite will run again") from error
