"""Runs on disk: whole files, clear refusals, nothing private."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from loadtests import results, serve
from loadtests.errors import UserError
from loadtests.files import write
from loadtests.records import Ending, KneeSearch
from loadtests.schema_version import SCHEMA_VERSION
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import CEILING


def test_a_run_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    """Plan, environment, hand counts and rounds survive the disk."""
    run = made_up.a_run(tmp_path, rounds=4)
    back = results.load(run.folder)
    assert (back.plan, back.environment, back.handwork, back.rounds) == (
        run.plan,
        run.environment,
        run.handwork,
        run.rounds,
    )
    assert run.name == "20300102T030405Z-quick"


def test_every_file_says_its_schema_version(tmp_path: Path) -> None:
    """A later kit can tell what it reads."""
    files = sorted(made_up.a_run(tmp_path, rounds=1).folder.rglob("*.json"))
    assert len(files) == 4
    assert all(json.loads(file.read_text())["schema_version"] == SCHEMA_VERSION for file in files)


def test_keys_and_paths_do_not_reach_the_disk(tmp_path: Path) -> None:
    """A key or a path of this machine that an error message quotes is replaced before the round is written."""
    plan, key = made_up.plan(), serve.new_key()
    told = f"refused with {key} in {serve.ROOT}/loadtests/x.py"
    done = made_up.a_round(plan, plan.rounds[0]).model_copy(update={"reasons": (told,)})
    run = results.add(made_up.a_run(tmp_path, plan, rounds=0), done)
    assert results.load(run.folder).rounds[0].reasons == ("refused with (key) in ./loadtests/x.py",)


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    """A file is there whole, old or new, and no temporary one beside it."""
    file = tmp_path / "a.json"
    write(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write(file, "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert file.read_text() == "old"


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    """`parity report` on some folder names the folder and what is missing."""
    with pytest.raises(UserError, match=r"is not a run: it holds no plan\.json"):
        results.load(tmp_path)


def test_an_incomplete_run_is_said(tmp_path: Path) -> None:
    """A run without its environment names the missing file."""
    folder = made_up.a_run(tmp_path, rounds=1).folder
    (folder / "environment.json").unlink()
    with pytest.raises(UserError, match=r"environment\.json is missing"):
        results.load(folder)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (7, f"schema version 7, this kit reads up to {SCHEMA_VERSION}; update the kit"),
        (1, r"version 1, made by an earlier kit, .* its report\.html stands as it is, or run the comparison again"),
    ],
    ids=["newer", "older"],
)
def test_a_run_of_another_kit_is_said(tmp_path: Path, version: int, message: str) -> None:
    """Another schema is not guessed at, whatever else has changed in it."""
    folder = made_up.a_run(tmp_path, rounds=1).folder
    file = folder / "rounds" / "001.json"
    file.write_text(f'{{"schema_version": {version}, "unknown": true}}')
    with pytest.raises(UserError, match=message):
        results.load(folder)


@pytest.mark.parametrize(
    "text", ["", "{", f'{{"schema_version": {SCHEMA_VERSION}}}', "\ud800"], ids=["empty", "cut", "other", "bytes"]
)
@pytest.mark.parametrize(
    ("file", "cure"),
    [
        ("rounds/002.json", "delete it and the run has one round less"),
        ("knees/chat-flask-gevent.json", "delete it and the run has no such search"),
        ("ending.json", "delete it: the report can do without"),
        ("plan.json", "restore it or run the comparison again"),
    ],
)
def test_a_damaged_file_is_said(tmp_path: Path, file: str, cure: str, text: str) -> None:
    """A half-written or foreign file is named, with what to do."""
    folder = made_up.a_run(tmp_path, rounds=2).folder
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UserError, match=rf"{file} is damaged .*{cure}"):
        results.load(folder)


def test_what_a_killed_write_left_is_no_round(tmp_path: Path) -> None:
    """A temporary file, half written, is not read; the file that it was to become is simply not there."""
    run = made_up.a_run(tmp_path, rounds=2)
    (run.folder / "rounds" / ".003.json.x1y2").write_text('{"schema_ver')
    (run.folder / "rounds" / ".004.json").write_text("")
    assert [done.number for done in results.load(run.folder).rounds] == [1, 2]


def test_what_came_beside_the_rounds_comes_back(tmp_path: Path) -> None:
    """The ceiling, each search and the ending are stored at once, each in a file of its own."""
    run = made_up.a_run(tmp_path / "first", rounds=1)
    run = results.start(tmp_path, "quick", made_up.MOMENT, run.plan, run.environment, run.handwork, ceiling=CEILING)
    found = KneeSearch(scenario="chat", target="flask-gevent", unit="users", slo="errors=0", probes=(), ended="so")
    run = results.add_knee(run, found)
    run = results.end(run, Ending(why="out of time", note="the minutes were over", blocks={"chat": 3}))
    back = results.load(run.folder)
    assert (back.ceiling, back.knees, back.ending) == (CEILING, (found,), run.ending)
    names = {str(file.relative_to(run.folder)) for file in run.folder.rglob("*.json")}
    assert names >= {"calibration.json", "knees/chat-flask-gevent.json", "ending.json"}


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Results that have nowhere to go are refused before the first round."""
    (tmp_path / "results").write_text("a file, not a folder")
    with pytest.raises(UserError, match=r"cannot write results to .* choose another place with --out"):
        made_up.a_run(tmp_path / "results", rounds=0)


def test_a_deleted_round_makes_a_shorter_run(tmp_path: Path) -> None:
    """What is left of a run can still be read."""
    folder = made_up.a_run(tmp_path, rounds=3).folder
    (folder / "rounds" / "003.json").unlink()
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert [done.number for done in results.load(copy).rounds] == [1, 2]
