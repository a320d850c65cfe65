"""The container files as values: the Dockerfile's stages, compose.yaml's services, Kubernetes' documents.

Rule: read from the files that an engine reads, nothing is repeated here. Neighbours: `processes` (runs their commands),
the `test_*.py` of this folder.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from loadtests.targets import Target
from tests.links import ROOT

DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "compose.yaml"
KUBERNETES = ROOT / "deploy" / "kubernetes"
REQUIREMENTS = ROOT / "deploy" / "requirements"
HOST, PORT = "0.0.0.0", "8000"
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<word>[^}]*))?\})")


class Unset(Exception):
    """A variable that compose.yaml must have is not set; the message is the file's own."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the Dockerfile: what it is made from, and its instructions in order, keyword and words."""

    name: str
    base: str
    lines: tuple[tuple[str, str], ...]

    def last(self, keyword: str) -> str:
        """The instruction that holds; "" when there is none."""
        return next((text for word, text in reversed(self.lines) if word == keyword), "")


def stages() -> Mapping[str, Stage]:
    """The Dockerfile's stages by name, in order."""
    found: dict[str, Stage] = {}
    for part in re.split(r"(?m)^FROM ", _joined(DOCKERFILE.read_text("utf-8")))[1:]:
        head, *rest = part.splitlines()
        base, _, name = head.split()
        lines = tuple((line.partition(" ")[0], line.partition(" ")[2].strip()) for line in rest if line)
        found[name] = Stage(name, base, lines)
    return found


def _joined(text: str) -> str:
    """Without comments, each instruction on one line."""
    return re.sub(r"\s*\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", text))


def image_command() -> tuple[str, ...]:
    """What the server's image runs."""
    return tuple(json.loads(stages()["server"].last("CMD")))


def image_health() -> tuple[str, ...]:
    """The words of the server image's HEALTHCHECK."""
    return tuple(json.loads(stages()["server"].last("HEALTHCHECK").partition(" CMD ")[2]))


def services(environment: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """compose.yaml's services, with the variables of this environment; raises `Unset`."""
    read = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    filled: Mapping[str, Mapping[str, Any]] = _filled(read, environment)
    return filled


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, environment) for each in value]
    return _VARIABLE.sub(lambda found: _value(found, environment), value) if isinstance(value, str) else value


def _value(found: "re.Match[str]", environment: Mapping[str, str]) -> str:
    name, kind, word = found["name"], found["kind"], found["word"]
    if name is None:
        return "$"
    if environment.get(name):
        return environment[name]
    if kind == "?":
        raise Unset(word.replace("$$", "$"))
    return word or ""


def kubernetes() -> Iterator[Mapping[str, Any]]:
    """Every document that kustomization.yaml names."""
    names = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))["resources"]
    for name in names:
        yield from yaml.safe_load_all((KUBERNETES / name).read_text("utf-8"))


def settings_file(path: Path) -> Mapping[str, str]:
    """`NAME=VALUE` lines, comments left out."""
    lines = (line.partition("=") for line in path.read_text("utf-8").splitlines() if "=" in line and line[0] != "#")
    return {name: value for name, _, value in lines}


def in_container(target: Target) -> tuple[str, ...]:
    """The target's command as it stands in a container."""
    values = {"python": "python", "host": HOST, "port": PORT}
    return tuple(re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word) for word in target.command)


def on_a_port(command: tuple[str, ...]) -> str:
    """A container's command as a target has it, for `Target.command`."""
    known = {"python": "{python}", HOST: "{host}", PORT: "{port}", f"{HOST}:{PORT}": "{host}:{port}"}
    return " ".join(known.get(word, shlex.quote(word)) for word in command)


def seconds(text: str) -> float:
    """compose's `20s` as a number."""
    return float(text.removesuffix("s"))
