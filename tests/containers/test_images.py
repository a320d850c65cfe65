"""The images, as their files say them: the targets' own commands, locked libraries, no root, no registry's name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from loadtests.targets import load_targets
from tests.containers import files
from tests.links import ROOT

ALONE = Path(__file__).with_name("alone.py")
IMAGES = {
    "server": ("shared", "fastapi_impl", "flask_impl", "uvicorn", "uvloop", "gunicorn.workers.ggevent"),
    "load": ("loadtests.locustfile", "locust.main"),
}
"""An image, and what is imported in it."""
_PIN = re.compile(r"(?m)^([a-z0-9._-]+==[^\s;\\]+).*\\\n((?:    --hash=\S+(?: \\)?\n)+)")


def _kubernetes_command(name: str) -> tuple[str, ...]:
    found = [each for each in files.kubernetes() if (each["kind"], each["metadata"]["name"]) == ("Deployment", name)]
    return tuple(found[0]["spec"]["template"]["spec"]["containers"][0]["command"])


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (files.image_command(), "fastapi-uvicorn"),
        (tuple(files.services({"PARITY_KEY": "k"})["flask"]["command"]), "flask-gevent"),
        (_kubernetes_command("fastapi"), "fastapi-uvicorn"),
        (_kubernetes_command("flask"), "flask-gevent"),
    ],
    ids=("image", "compose-flask", "kubernetes-fastapi", "kubernetes-flask"),
)
def test_commands_are_the_targets(command: tuple[str, ...], target: str) -> None:
    """A container runs what loadtests/targets.toml says, option for option: what was measured is deployed."""
    assert command == files.in_container(load_targets()[target])
    assert load_targets()[target].env == {}  # an environment would have to be in the image too


@pytest.mark.parametrize("name", IMAGES)
def test_locks_are_part_of_the_lock(name: str) -> None:
    """An image installs the very versions and files that the suite runs with."""
    ours, all_ = (
        dict(_PIN.findall(path.read_text("utf-8")))
        for path in (files.REQUIREMENTS / f"{name}.lock", ROOT / "requirements.lock")
    )
    assert len(ours) > 20
    assert ours.items() <= all_.items(), "run make lock"


@pytest.mark.parametrize("name", IMAGES)
def test_locks_are_enough(name: str) -> None:
    """Everything in an image can be imported with the libraries of its lock alone."""
    command = [sys.executable, str(ALONE), str(files.REQUIREMENTS / f"{name}.lock"), *IMAGES[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_can_be_hardened(name: str) -> None:
    """No root, a signal that the server hears, a command without a shell between, and no secret inside."""
    stage = files.stages()[name]
    assert int(stage.last("USER").partition(":")[0]) > 0
    assert stage.last("STOPSIGNAL") == "SIGTERM"
    assert json.loads(stage.last("CMD"))[0] == "python"
    assert "KEY" not in files.DOCKERFILE.read_text("utf-8").upper().replace("--", "")


def test_libraries_are_installed_by_hash() -> None:
    """Whatever pip installs is locked by hash and built by nobody, and comes before the sources, so it is cached."""
    for name in ("server-libraries", "load-libraries"):
        lines = files.stages()[name].lines
        installs = [text for word, text in lines if word == "RUN" and " install " in text]
        assert [all(each in text for each in ("--require-hashes", "--only-binary=:all:")) for text in installs] == [
            True
        ]
        assert [text.split()[0] for word, text in lines if word == "COPY"] == [
            f"deploy/requirements/{name.removesuffix('-libraries')}.lock"
        ]


def test_no_registry_is_named() -> None:
    """Every base and image is pinned by a tag and names no host."""
    stages = files.stages()
    bases = [stage.base for stage in stages.values() if stage.base not in stages]
    images = [each["image"] for each in files.services({"PARITY_KEY": "k"}).values()]
    pods = [each["spec"]["template"]["spec"] for each in files.kubernetes() if "template" in each.get("spec", {})]
    images += [container["image"] for pod in pods for container in pod["containers"]]
    for image in {*bases, *images}:
        assert re.fullmatch(r"[a-z-]+:\d[\w.-]*", image), image


def test_what_is_copied_is_let_through() -> None:
    """The builder is given what the Dockerfile copies, and nothing else: no results, no sessions, no keys."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        text.split()[0]
        for stage in files.stages().values()
        for word, text in stage.lines
        if word == "COPY" and not text.startswith("--from")
    }
    assert {re.sub(r"/\w+\.lock$", "/*.lock", each) for each in copied} == allowed
    assert all((ROOT / each).exists() for each in copied)


def test_one_release() -> None:
    """Compose and Kubernetes run the same image, by the version that the API tells."""
    kustomization = yaml.safe_load((files.KUBERNETES / "kustomization.yaml").read_text("utf-8"))
    from_compose = files.services({"PARITY_KEY": "k"})["fastapi"]["image"]
    assert from_compose == "parity-server:" + kustomization["images"][0]["newTag"]
    assert f'version = "{from_compose.partition(":")[2]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
