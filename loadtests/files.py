"""Recorded files: JSON of frozen values, whole or not at all, with a schema version, without secrets.

Rule: what cannot be written or read is a UserError that names the file and the cure; no key and no path of this
machine gets into a file. Neighbours: results says which files a run has.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from loadtests.errors import UserError
from loadtests.schema_version import SCHEMA_VERSION
from loadtests.signals import held_back

Model = TypeVar("Model", bound=BaseModel)
ROOT: Final = Path(__file__).resolve().parent.parent
_KEY: Final = re.compile(r"parity-[0-9a-f]{24}")  # what serve.new_key makes
_VERSION: Final = re.compile(r'"schema_version":\s*(\d+)')


def redacted(text: str) -> str:
    """The text without keys of ours and without the place where this kit is installed."""
    return _KEY.sub("(key)", text.replace(str(ROOT), "."))


def store(path: Path, model: BaseModel, option: str = "--out") -> None:
    """Write the value as JSON, without what must not be kept; a folder that is missing is made."""
    write(path, redacted(model.model_dump_json(indent=1) + "\n"), option)


def write(path: Path, text: str, option: str = "--out") -> None:
    """Write the file whole or not at all: a temporary one beside it, then a rename.

    UserError when there is no room; `option` is the one that names another place.
    """
    try:
        path.parent.mkdir(exist_ok=True)
        with held_back():  # an interrupt between making the temporary file and knowing its name would leave it behind
            _replace(path, text)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}; make room or choose another place with {option}. "
            "What was stored before is kept"
        ) from error


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_all(folder: Path, model: type[Model]) -> tuple[Model, ...]:
    """Every file of the folder, by name; what a killed write has left (a dot before its name) is none of them."""
    return tuple(read(file, model) for file in sorted(folder.glob("*.json")) if not file.name.startswith("."))


def read_if(path: Path, model: type[Model]) -> Model | None:
    """Read a file that a run may be without."""
    return read(path, model) if path.is_file() else None


def read(path: Path, model: type[Model]) -> Model:
    """Read a file back; UserError when it is missing, of another schema or damaged."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} is missing, so the run is incomplete; run the comparison again") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is damaged ({error}); {_cure(path)}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); {_cure(path)}") from None
    _check_version(path, text)
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path} is damaged ({where}: {first['msg']}); {_cure(path)}") from None


def _check_version(path: Path, text: str) -> None:
    """The first version in the file is its own; those of what it holds come later."""
    version = _VERSION.search(text)
    found = int(version[1]) if version else SCHEMA_VERSION
    if found > SCHEMA_VERSION:
        raise UserError(f"{path} has schema version {found}, this kit reads up to {SCHEMA_VERSION}; update the kit")
    if found < SCHEMA_VERSION:
        raise UserError(
            f"{path} has schema version {found}, made by an earlier kit, and this one reads {SCHEMA_VERSION}; "
            "its report.html stands as it is, or run the comparison again"
        )


def _cure(path: Path) -> str:
    """What can be spared is deleted: the run is then shorter, and still a run."""
    spared = {"rounds": "delete it and the run has one round less", "knees": "delete it and the run has no such search"}
    optional = dict.fromkeys(("calibration.json", "ending.json"), "delete it: the report can do without")
    return spared.get(path.parent.name) or optional.get(path.name, "restore it or run the comparison again")
