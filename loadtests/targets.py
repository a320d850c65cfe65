"""The deployments: reads `targets.toml` (and a user's own file over it) into frozen values.

Rule: all that the kit knows about a deployment is in its entry; no other module names a server's options.
A mistake in a file is a `TargetsError`: the file, the entry, what is wrong, the cure.
Neighbours: `serve` starts a target, `verify` and `compare` walk over them.
"""

import difflib
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from loadtests.errors import UserError

OURS = Path(__file__).with_name("targets.toml")
PLACEHOLDERS = ("python", "host", "port")
DEFAULT_TARGETS = ("fastapi-uvicorn", "flask-gthread", "flask-gevent")
"""What is verified and compared where nobody names a target."""


class TargetsError(UserError):
    """A targets file that cannot be used, or a target that is in none."""


def _words(value: object) -> object:
    try:
        return tuple(shlex.split(value)) if isinstance(value, str) else value
    except ValueError as error:  # shlex's own words: "No closing quotation"
        raise ValueError(f"cannot be split as a shell would: {error}") from error


Regime = Literal["like-for-like", "best"]
Best = Literal["cores", "2 * cores + 1"]
Place = Annotated[Path, Field(strict=False)]


class Target(BaseModel):
    """One deployment. `slots`: requests it can have in hand at once, all workers together; None: no limit.

    `floor`: the target that does the same bytes with no framework on the same server. `regimes`: where the matrix shows
    it, `best`: with how many workers in its second one, where it is not as it stands here.
    `folder`: where its command runs (None: the kit's own folder). `sources`: the files and folders that it is made
    of, beside the kit's. In a file both are relative to that file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = Field(min_length=1)
    framework: str = Field(min_length=1)
    server: str = Field(min_length=1)
    workers: int = Field(ge=1)
    command: Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1, strict=False)]
    env: Mapping[str, str] = Field(default_factory=dict)
    slots: int | None = Field(default=None, ge=1)
    floor: str | None = None
    regimes: Annotated[tuple[Regime, ...], Field(strict=False)] = ()
    best: Best | None = None
    folder: Place | None = None
    sources: Annotated[tuple[Place, ...], Field(strict=False)] = ()

    @field_validator("folder", "sources")
    @classmethod
    def _existing(cls, value: Path | tuple[Path, ...] | None, info: ValidationInfo) -> Path | tuple[Path, ...] | None:
        if value is None:
            return None
        base: Path = (info.context or {}).get("base", Path())
        many = value if isinstance(value, tuple) else (value,)
        found = tuple((base / path).resolve() for path in many)
        for path in found:
            if not path.exists():
                raise ValueError(f"there is no {path}")
        return found if isinstance(value, tuple) else found[0]

    @field_validator("command")
    @classmethod
    def _known_placeholders(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        for name in re.findall(r"\{(\w*)\}", " ".join(command)):
            if name not in PLACEHOLDERS:
                known = " ".join(f"{{{known}}}" for known in PLACEHOLDERS)
                raise ValueError(f"does not know {{{name}}}; the placeholders are {known}")
        if not any("{port}" in word for word in command):
            raise ValueError("must hold {port}: the kit chooses the port")
        return command

    def command_line(self, host: str, port: int) -> list[str]:
        """Return the command with its placeholders filled in, ready to be executed."""
        values = {"python": sys.executable, "host": host, "port": str(port)}
        return [re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word) for word in self.command]


def load_targets(path: Path | None = None) -> Mapping[str, Target]:
    """Return the known targets by name, in the file's order; the file `path`, if given, is laid over ours."""
    targets = _read(OURS)
    if path is not None:
        targets |= _read(path)
    return MappingProxyType(targets)


def load_services(path: Path | None = None) -> Mapping[str, Target]:
    """The same without the floors: those that keep the contract."""
    targets = load_targets(path)
    floors = {target.floor for target in targets.values()}
    return MappingProxyType({name: target for name, target in targets.items() if name not in floors})


def pick(targets: Mapping[str, Target], names: Iterable[str]) -> tuple[Target, ...]:
    """Return the targets of these names, in this order; an unknown one is a `TargetsError` with a hint."""
    names = list(names)
    for name in names:
        if name not in targets:
            close = difflib.get_close_matches(name, targets, n=1)
            hint = f"did you mean {close[0]}? The" if close else "the"
            raise TargetsError(f"there is no target {name!r}; {hint} known ones: {', '.join(targets)}")
    return tuple(targets[name] for name in names)


def to_toml(targets: Iterable[Target]) -> str:
    """Return a targets file that holds these; what JSON writes for a string or a list is TOML too."""
    lines: list[str] = []
    for target in targets:
        facts = target.model_dump(mode="json", exclude={"name", "env"}, exclude_none=True)
        lines.append(f"[{json.dumps(target.name)}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
        pairs = (f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}" for key, value in target.env.items())
        lines.append(f"env = {{ {', '.join(pairs)} }}")
    return "\n".join(lines) + "\n"


def _read(path: Path) -> dict[str, Target]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise TargetsError(f"there is no targets file {path}; check the path given to --targets") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TargetsError(f"the targets file {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise TargetsError(f"{path} is not TOML: {error}; correct that line") from error
    return {name: _target(path, name, entry) for name, entry in table.items()}


def _target(path: Path, name: str, entry: Any) -> Target:
    if not isinstance(entry, dict):
        raise TargetsError(f"{path}: {name!r} stands outside any entry; put it under a [target-name] line")
    try:
        return Target.model_validate({"name": name} | entry, context={"base": path.parent})
    except ValidationError as error:
        raise TargetsError(f"{path}: [{name}] {_first(error)}") from error


def _first(error: ValidationError) -> str:
    """Say the first problem in a sentence of ours; a file is corrected one line at a time."""
    problem = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    known = ", ".join(name for name in Target.model_fields if name != "name")
    cures = {
        "extra_forbidden": f"has an unknown key {where!r}; the keys are {known}",
        "missing": f"has no {where!r}; add it (the keys are {known})",
    }
    message = problem["msg"].removeprefix("Value error, ")
    return cures.get(problem["type"], f"{where}: {message}; correct it")
