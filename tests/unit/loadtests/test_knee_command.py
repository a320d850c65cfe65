"""`parity knee` as a command: what it shows and stores, what ends it, what it refuses.

Rule: no server is started and no load is sent. Neighbours: `test_knee_play` (the search itself).
"""

from __future__ import annotations

import errno
import io
import json
import os
import signal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from loadtests import files, schemas
from loadtests.analyse import knees
from loadtests.compare import INTERRUPTED, Parts
from loadtests.drive import DriveSpec
from loadtests.drive.result import DriveResult
from loadtests.errors import UserError
from loadtests.files import read
from loadtests.knee import command
from loadtests.knee.found import Found
from loadtests.signals import leave_on_sigterm
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count
from tests.unit.loadtests import made_up
from tests.unit.loadtests.probed import Fake
from tests.unit.loadtests.searched import ceiling, play


def run_command(
    tmp_path: Path,
    fake: Fake,
    *,
    wrong: int = 0,
    shown: io.StringIO | None = None,
    calibrated: bool = True,
    **options: object,
) -> tuple[int, str]:
    """`parity knee chat` on one target; the exit code and what was printed."""
    shown = shown or io.StringIO()
    chosen = {"scenario": "chat", "targets": ("flask-gevent",), "json": tmp_path / "knee.json"} | options
    count, page = Count(identical=8, wrong=wrong), Path("page/index.html")
    outcomes = {name: VerifyOutcome(name, count, page, "", "f" * 64) for name in made_up.NAMES}
    parts = Parts(lambda *_: outcomes, fake.bench, lambda _: ceiling() if calibrated else None)
    code = command.knee(command.KneeOptions(**chosen), Console(file=shown, width=250), parts)  # type: ignore[arg-type]  # by test
    return code, shown.getvalue()


@pytest.fixture(autouse=True)
def logs_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's logs go where this test is."""
    monkeypatch.setattr(command, "LOGS", tmp_path / "logs")


def test_the_command_shows_each_probe_and_a_table(tmp_path: Path) -> None:
    """A line for every probe with its figures or its reason, a row for every target, and all of it in the file."""
    fake = Fake()
    code, shown = run_command(tmp_path, fake)
    stored = read(tmp_path / "knee.json", Found)
    assert (code, len(stored.searches[0].probes)) == (0, len(fake.specs))
    assert "chat on flask-gevent, 50 requests/s: held (latency p99 60.0 ms" in shown
    assert "chat on flask-gevent, 200 requests/s: failed (latency intended p99 was 2,0" in shown
    assert "the server" in shown.splitlines()[-3]
    assert stored.knees == knees.of_searches(stored.searches)


def test_the_commands_file_keeps_its_schema(tmp_path: Path) -> None:
    """What `parity knee --json` writes is valid by the schema that is published for it."""
    run_command(tmp_path, Fake())
    validator = Draft202012Validator(schemas.schema("searches"))
    assert list(validator.iter_errors(json.loads((tmp_path / "knee.json").read_text("utf-8")))) == []


def test_no_search_without_a_pass(tmp_path: Path) -> None:
    """A target that fails the suite is not loaded; exit code 1."""
    fake = Fake()
    code, shown = run_command(tmp_path, fake, wrong=1)
    assert (code, fake.starts) == (1, 0)
    assert "flask-gevent does not keep the contract" in shown


def test_ctrl_c_before_the_first_probe_has_nothing_to_show(tmp_path: Path) -> None:
    """Exit code 130, a sentence, no file."""
    code, shown = run_command(tmp_path, Fake(happens={1: KeyboardInterrupt()}))
    assert (code, (tmp_path / "knee.json").exists()) == (INTERRUPTED, False)
    assert "there is nothing to show" in shown


def test_ctrl_c_ends_the_command_with_what_was_probed(tmp_path: Path) -> None:
    """Exit code 130; the search that was under way is shown and written as unfinished, those before it as they are."""
    whole = Fake()
    play(tmp_path / "whole", whole)
    fake = Fake(happens={len(whole.specs) + 4: KeyboardInterrupt()})
    code, shown = run_command(tmp_path, fake, targets=("flask-gevent", "fastapi-uvicorn", "flask-gthread"))
    stored = read(tmp_path / "knee.json", Found)
    assert (code, fake.up) == (INTERRUPTED, 0)
    assert [(s.target, s.limit, len(s.probes)) for s in stored.searches] == [
        ("flask-gevent", "server", len(whole.specs)),
        ("fastapi-uvicorn", "unfinished", 3),
    ]
    assert "the search did not finish" in shown
    assert "it was interrupted" in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_signals_are_heard_once(tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either signal ends the load, and another one while the file is written costs nothing."""

    class Signalled(Fake):
        def drive(self, spec: DriveSpec) -> DriveResult:
            if len(self.specs) == 2:
                signal.raise_signal(number)
            return super().drive(spec)

    def again(path: Path, found: Found, option: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        store(path, found, option)

    store, before = files.store, signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(files, "store", again)
    try:
        leave_on_sigterm(KeyboardInterrupt())
        code, _ = run_command(tmp_path, Signalled())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (code, len(read(tmp_path / "knee.json", Found).searches[0].probes)) == (INTERRUPTED, 2)


def test_a_full_disk_in_a_search_keeps_those_before(tmp_path: Path) -> None:
    """One sentence with the cure, after what was found is shown and, if there is room by then, written."""
    whole, shown = Fake(), io.StringIO()
    play(tmp_path / "whole", whole)
    fake = Fake(happens={len(whole.specs) + 2: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))})
    with pytest.raises(UserError, match=r"on fastapi-uvicorn cannot go on: .*No space left on device; make room"):
        run_command(tmp_path, fake, shown=shown, targets=("flask-gevent", "fastapi-uvicorn"))
    (search_,) = read(tmp_path / "knee.json", Found).searches
    assert (search_.target, search_.limit, fake.up) == ("flask-gevent", "server", 0)
    assert "limited by" in shown.getvalue()


def test_a_full_disk_at_the_end_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is shown first, so that only the file is lost; the sentence names it and the option."""

    def full(_path: Path, _text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shown = io.StringIO()
    monkeypatch.setattr(files, "_replace", full)
    with pytest.raises(UserError, match=r"cannot write .*knee\.json: No space left .* another place with --json"):
        run_command(tmp_path, Fake(), shown=shown)
    assert "limited by" in shown.getvalue()


@pytest.mark.parametrize(("name", "said"), [("none/k.json", "there is no folder"), (".", "is a folder; name a file")])
def test_a_file_that_cannot_be_is_said_before_the_load(tmp_path: Path, name: str, said: str) -> None:
    """No server is started for a result that would have no place."""
    fake = Fake()
    with pytest.raises(UserError, match=said):
        run_command(tmp_path, fake, json=tmp_path / name)
    assert fake.starts == 0


def test_a_machine_that_cannot_be_calibrated_is_searched_all_the_same(tmp_path: Path) -> None:
    """Without a ceiling the loads are probed, and the file says that there was none."""
    code, _ = run_command(tmp_path, Fake(), calibrated=False)
    assert (code, read(tmp_path / "knee.json", Found).ceiling) == (0, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scenario": "docs"}, "no knee to search for 'docs'; choose from chat, async, stream"),
        ({"minutes": 0}, "--minutes 0 leaves no time to search"),
        ({"slo": "ttft_p99=1ms"}, "does not apply to chat"),
    ],
    ids=["scenario", "minutes", "slo"],
)
def test_what_cannot_be_searched_is_said(tmp_path: Path, options: dict[str, object], said: str) -> None:
    """A mistake ends the command before any load, with what is allowed."""
    with pytest.raises(UserError, match=said):
        run_command(tmp_path, Fake(), **options)  # type: ignore[arg-type]  # by test
