"""What linters and schemas say of the container files; each is a tool of its own, and none needs an engine."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers import files, processes
from tests.links import ROOT
from tests.requirements import skip_or_fail

OLDEST = "1.34"
"""The oldest Kubernetes that the manifests are meant for: preStop's `sleep` is stable since."""
MANIFESTS = tuple(str(path) for path in sorted(files.KUBERNETES.glob("*.yaml")) if path.name != "kustomization.yaml")
YAML_RULES = "{extends: default, rules: {line-length: {max: 140}, document-start: disable, comments: disable}}"
LINTERS = {
    "hadolint": ("--strict-labels", str(files.DOCKERFILE)),
    "check-jsonschema": ("--builtin-schema", "vendor.compose-spec", str(files.COMPOSE)),
    "kubernetes-validate": ("--strict", "--kubernetes-version", OLDEST, *MANIFESTS),
    "yamllint": ("--strict", "-d", YAML_RULES, str(files.COMPOSE), str(files.KUBERNETES)),
}
"""Tools that come with `make setup`, and what each is given; exit code 0 is that it finds nothing."""


def _tool(name: str, cure: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or skip_or_fail(name, cure)


@pytest.mark.parametrize("name", LINTERS)
def test_a_linter_finds_nothing(name: str) -> None:
    """The tool that knows the format has nothing to say against the file."""
    program = _tool(name, "make setup installs it")
    done = subprocess.run([program, *LINTERS[name]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("wrong", ["services: {a: {imagee: b}}", "services: {a: {stop_grace_period: 5}}"])
def test_a_wrong_file_is_noticed(wrong: str, tmp_path: Path) -> None:
    """The schema is the strict one: a misspelt key and a value of another type are told."""
    program = _tool("check-jsonschema", "make setup installs it")
    (tmp_path / "compose.yaml").write_text(wrong, "utf-8")
    command = [program, *LINTERS["check-jsonschema"][:2], str(tmp_path / "compose.yaml")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_kustomize_puts_it_together(tmp_path: Path) -> None:
    """`kubectl kustomize` makes one manifest of it, and without keys.env says what is missing."""
    program = _tool("kubectl", "it is a program of Kubernetes; `kubectl kustomize` needs no cluster")
    folder = tmp_path / "kubernetes"
    shutil.copytree(files.KUBERNETES, folder, ignore=shutil.ignore_patterns("keys.env"))
    missing = subprocess.run([program, "kustomize", folder], capture_output=True, text=True, check=False)
    assert missing.returncode != 0
    assert "keys.env" in missing.stderr
    (folder / "keys.env").write_text("VALID_API_KEYS=a-key\n", "utf-8")
    made = subprocess.run([program, "kustomize", folder], capture_output=True, text=True, check=True).stdout
    assert "name: parity-settings-" in made
    assert "name: parity-settings\n" not in made  # every reference has the hash


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    """nginx has nothing to say against what compose makes of the templates."""
    program = _tool("nginx", "apt-get install nginx, or put the program on PATH")
    command = processes.nginx_folder(tmp_path, "127.0.0.1:8080", "127.0.0.1:8000")
    done = subprocess.run([program, *command[1:], "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
