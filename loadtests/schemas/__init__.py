"""The published form of every file that the harness writes: JSON Schema (2020-12), one file each beside this one.

Rule: they are generated from the models that read and write the files, never edited, and a test holds the two together:
`python -m loadtests.schemas` after a change of a model. What bumps the version: docs/decisions/0013-schemas.md.
Neighbours: plan, records, verdict, drive.result, knee.found and diff.model have the models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from loadtests.analyse.verdict import Verdict
from loadtests.diff.model import Diff
from loadtests.drive.result import DriveResult
from loadtests.fairness.model import Fairness
from loadtests.knee.found import Found
from loadtests.measure.environment import Environment
from loadtests.plan import Plan
from loadtests.records import Ceiling, Ending, Gate, KneeSearch, Round, Work

HERE: Final = Path(__file__).parent
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
VERSION: Final = "schema_version"
MODELS: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "plan": Plan,
        "environment": Environment,
        "handwork": Work,
        "gate": Gate,
        "fairness": Fairness,
        "calibration": Ceiling,
        "round": Round,
        "knee": KneeSearch,
        "ending": Ending,
        "verdict": Verdict,
        "drive": DriveResult,
        "diff": Diff,
        "searches": Found,
    }
)
FILES: Final[Mapping[str, str]] = MappingProxyType(
    {f"{name}.json": name for name in MODELS if name not in {"round", "knee", "drive", "diff", "searches"}}
    | {"rounds/*.json": "round", "knees/*.json": "knee"}
)
"""A run's file -> the schema it keeps; `drive`, `diff` and `searches` (of `parity knee`) are what --json writes."""


def schema(name: str) -> dict[str, Any]:
    """The schema of that name. Each version in it is pinned, and must be said."""
    found: dict[str, Any] = MODELS[name].model_json_schema()
    for part in (found, *found.get("$defs", {}).values()):
        _pin(part)
    version = found["properties"][VERSION]["const"]
    return {"$schema": DIALECT, "$id": f"urn:parity:schema:{version}:{name}", **found}


def text(name: str) -> str:
    """The schema as it is published."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"


def stored(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every JSON file of a run that has a schema, with its name."""
    for file in sorted(folder.rglob("*.json")):
        place = PurePath(file.relative_to(folder))
        name = next((name for form, name in FILES.items() if _fits(place, form)), None)
        if name:
            yield file, name


def _fits(place: PurePath, form: str) -> bool:
    return len(place.parts) == len(PurePath(form).parts) and place.match(form)


def _pin(part: dict[str, Any]) -> None:
    """Replace "an integer, this one if it is missing" by "this one"."""
    properties = part.get("properties", {})
    if VERSION in properties:
        properties[VERSION] = {"const": properties[VERSION]["default"], "title": "Schema Version"}
        part["required"] = [VERSION, *(name for name in part.get("required", []) if name != VERSION)]
