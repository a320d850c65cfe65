"""The broken servers as data: read from `table/*.toml`, each a small replacement in one file.

Rule: a mutant says which clause it breaks and what a developer may have got wrong; its `old` stands exactly once in
the file, so that it never breaks anything else. A mistake is a `TableError`: the mutant, what is wrong, the cure.
Neighbours: `copies` (applies them to a copy), `tests/conformance/clauses.toml` (what they break).
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loadtests.errors import UserError
from loadtests.targets import Target, load_targets
from tests.conformance.clauses import load_clauses

FOLDER = Path(__file__).with_name("table")
TargetName = Literal["fastapi-uvicorn", "flask-gthread", "flask-gevent"]


class TableError(UserError):
    """A mutant that cannot be used, or one that is in no table."""


class Mutant(BaseModel):
    """One broken server: `old`, which stands once in `file`, becomes `new`. `because` is the developer's mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    breaks: str
    because: str = Field(pattern=r"^[A-Z].*\.$")
    target: TargetName
    file: str = Field(pattern=r"^(shared|fastapi_impl|flask_impl)/")
    old: str = Field(min_length=1)
    new: str

    @property
    def deployment(self) -> Target:
        """The deployment that it is a broken copy of."""
        return load_targets()[self.target]

    def apply(self, kit: Path) -> None:
        """Break the copy of the kit at `kit`."""
        path = kit / self.file
        if not path.is_file():
            raise TableError(f"mutant {self.name}: there is no file {self.file}; correct its `file`")
        text = path.read_text("utf-8")
        found = text.count(self.old)
        if found != 1:
            raise TableError(
                f"mutant {self.name}: its `old` stands {found} times in {self.file}, and must once; "
                "copy it anew from the file, with a line more before or after it"
            )
        path.write_text(text.replace(self.old, self.new), "utf-8")


def load_mutants(folder: Path = FOLDER) -> Mapping[str, Mutant]:
    """Every mutant by name, file by file in the files' order."""
    found: dict[str, Mutant] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text("utf-8")).items():
            if name in found:
                raise TableError(f"{path.name}: there is a mutant {name} already; give this one another name")
            found[name] = _mutant(path, name, entry)
    return MappingProxyType(found)


def pick(mutants: Mapping[str, Mutant], names: Iterable[str]) -> tuple[Mutant, ...]:
    """The mutants of these names, all when there are none."""
    wanted = list(names) or list(mutants)
    for name in wanted:
        if name not in mutants:
            close = difflib.get_close_matches(name, mutants, n=1)
            hint = f"did you mean {close[0]}?" if close else f"they are in {FOLDER.name}/*.toml"
            raise TableError(f"there is no mutant {name!r}; {hint}")
    return tuple(mutants[name] for name in wanted)


def _mutant(path: Path, name: str, entry: object) -> Mutant:
    if not isinstance(entry, dict):
        raise TableError(f"{path.name}: {name!r} stands outside any entry; put it under a [mutant-name] line")
    try:
        mutant = Mutant.model_validate({"name": name} | entry)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise TableError(f"{path.name}: [{name}] {where}: {problem['msg']}; correct it") from error
    if mutant.breaks not in load_clauses():
        raise TableError(f"{path.name}: [{name}] breaks {mutant.breaks!r}, which is no clause of clauses.toml")
    return mutant
