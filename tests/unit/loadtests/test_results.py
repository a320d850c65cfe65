"""Runs on disk: whole files, clear refusals, nothing private."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from loadtests import results, serve
from loadtests.errors import UserError
from tests.unit.loadtests import made_up


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
    assert all(json.loads(file.read_text())["schema_version"] == 1 for file in files)


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
    results.write(file, "old")
    with pytest.raises(UnicodeEncodeError):
        results.write(file, "\ud800")
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


def test_a_run_of_a_newer_kit_is_said(tmp_path: Path) -> None:
    """A newer schema is not guessed at."""
    folder = made_up.a_run(tmp_path, rounds=1).folder
    file = folder / "rounds" / "001.json"
    file.write_text(file.read_text().replace('"schema_version": 1', '"schema_version": 7', 1))
    with pytest.raises(UserError, match="schema version 7, this kit reads up to 1; update the kit"):
        results.load(folder)


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 1}'], ids=["empty", "cut", "other"])
def test_a_damaged_round_is_said(tmp_path: Path, text: str) -> None:
    """A half-written or foreign file is named, with what to do."""
    folder = made_up.a_run(tmp_path, rounds=2).folder
    (folder / "rounds" / "002.json").write_text(text)
    with pytest.raises(UserError, match=r"002\.json is damaged .* delete it if it is a round"):
        results.load(folder)


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
