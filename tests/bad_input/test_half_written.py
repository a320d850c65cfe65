"""Run folders that something has cut short or got into: `parity report` says which file, why, and what to do."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from loadtests.diff import ci
from loadtests.errors import UserError
from loadtests.results import Run
from tests.unit.loadtests import made_up
from tests.unit.loadtests.test_cli import command

ROUND = "rounds/002.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small run, as it should be."""
    return made_up.a_run(tmp_path_factory.mktemp("whole"), made_up.plan(only=("docs",)))


@pytest.fixture
def folder(whole: Run, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(whole.folder, tmp_path / "run"))


def reported(folder: Path) -> str:
    """What `parity report` says on stderr, without its name; "" when it has made the report."""
    try:
        return str(ci.report(folder, (), None, Console(file=io.StringIO())) or "")
    except UserError as error:
        return str(error)


def typed(*arguments: str) -> tuple[int, str]:
    """The exit code of a real command, and what it says on stderr."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done.returncode, done.stderr


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, but what a report makes."""
    made = {"report.html", "summary.md", "verdict.json"}
    files = (path for path in folder.rglob("*") if path.name not in made)
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in files}


def cut(name: str) -> Callable[[Path], object]:
    """The first half of a file."""
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size // 2)


def put(name: str, content: bytes) -> Callable[[Path], object]:
    """A file with this in it."""
    return lambda folder: (folder / name).write_bytes(content)


def gone(name: str) -> Callable[[Path], object]:
    """Without that file or folder."""
    return lambda folder: shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()


def folder_as_file(folder: Path) -> None:
    """A folder has the name of a round."""
    (folder / ROUND).unlink()
    (folder / ROUND).mkdir()


def copied(folder: Path) -> None:
    """The same round is there twice."""
    shutil.copy(folder / "rounds/001.json", folder / "rounds/001 (copy).json")


def strange(folder: Path) -> None:
    """A round of another run."""
    text = (folder / ROUND).read_text("utf-8").replace('"target": "flask-gevent"', '"target": "flask-sync"')
    (folder / "rounds/099.json").write_text(text.replace('"number": 2', '"number": 99'), "utf-8")


DAMAGED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "plan is missing": (gone("plan.json"), "is not a run: it holds no plan.json", "give a folder under results/"),
    "plan is cut": (cut("plan.json"), "plan.json is damaged", "run the comparison again"),
    "plan is empty": (put("plan.json", b""), "plan.json is damaged", "run the comparison again"),
    "plan is binary": (put("plan.json", bytes(range(256))), "plan.json is damaged", "run the comparison again"),
    "environment is missing": (gone("environment.json"), "environment.json is missing", "run the comparison again"),
    "hand counts are cut": (cut("handwork.json"), "handwork.json is damaged", "run the comparison again"),
    "round is cut": (cut(ROUND), "002.json is damaged", "delete it and the run has one round less"),
    "round is empty": (put(ROUND, b""), "002.json is damaged", "delete it and the run has one round less"),
    "round is binary": (
        put(ROUND, b"\x89PNG\r\n\x1a\n\xff"),
        "002.json is damaged",
        "delete it and the run has one",
    ),
    "round is a folder": (folder_as_file, "002.json cannot be read", "delete it and the run has one round less"),
    "round is not JSON": (put("rounds/notes.json", b"remember the milk"), "notes.json is damaged", "delete it and the"),
    "round is another's": (
        strange,
        "holds round 99 (docs on flask-sync), which is not of this run's plan",
        "move its file out",
    ),
    "round is there twice": (copied, "rounds holds round 1 (docs on", "twice; move one of the files out of the folder"),
    "no rounds folder": (gone("rounds"), "has no finished round", "run the comparison again"),
    "ending is cut": (put("ending.json", b'{"schema'), "ending.json is damaged", "delete it"),
    "calibration is cut": (put("calibration.json", b"{"), "calibration.json is damaged", "delete it"),
}


@pytest.mark.parametrize(("damage", "what", "cure"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_run_is_said_and_left_as_it_is(
    folder: Path, damage: Callable[[Path], object], what: str, cure: str
) -> None:
    """One sentence with the file and the cure, and nothing is deleted or made."""
    damage(folder)
    before = snapshot(folder)
    said = reported(folder)
    assert len(said.splitlines()) == 1
    assert what in said
    assert cure in said
    assert snapshot(folder) == before
    assert not (folder / "report.html").exists()


def leftovers(folder: Path) -> None:
    """What a killed write leaves, beside things that people put there."""
    (folder / "rounds/.003.json.k2j1").write_text('{"schema_version"')
    (folder / ".plan.json.x1").write_bytes(b"\x00")
    (folder / "rounds/notes.txt").write_text("the fan was loud")
    (folder / "photo.png").write_bytes(b"\x89PNG\xff")
    (folder / "logs").mkdir()


def killed(folder: Path) -> None:
    """The last rounds were never played, and nobody could say why it ended."""
    for file in sorted((folder / "rounds").iterdir())[5:]:
        file.unlink()


@pytest.mark.parametrize("happened", [leftovers, killed, gone("rounds/007.json")], ids=["leftovers", "killed", "gap"])
def test_what_does_no_harm_is_passed_over(folder: Path, happened: Callable[[Path], object]) -> None:
    """The rest of the run is reported, and the strangers stay where they are."""
    happened(folder)
    before = snapshot(folder)
    assert reported(folder) == ""
    assert (folder / "report.html").is_file()
    assert snapshot(folder) == before


NOWHERE = ("no/such/run", "a file", "an empty folder")


@pytest.mark.parametrize("name", NOWHERE)
def test_what_is_no_run_at_all_is_said(tmp_path: Path, name: str) -> None:
    """A wrong path, a file, an empty folder: the same sentence."""
    (tmp_path / "a file").write_text("not a run")
    (tmp_path / "an empty folder").mkdir()
    place = tmp_path / name
    assert reported(place) == f"{place} is not a run: it holds no plan.json; give a folder under results/"


@pytest.mark.parametrize("words", [("report", "{}"), ("diff", "{}", "{}")], ids=["report", "diff"])
def test_the_command_ends_with_exit_code_2(folder: Path, words: tuple[str, ...]) -> None:
    """As a user meets it: one line on stderr, no traceback, and the file is still there."""
    cut(ROUND)(folder)
    code, said = typed(*(word.format(folder) for word in words))
    assert code == 2
    assert said.startswith(f"parity: {folder.resolve()}/{ROUND} is damaged (")
    assert said.endswith("; delete it and the run has one round less\n")
    assert said.count("\n") == 1
    assert (folder / ROUND).is_file()
