"""A server of another framework, known to the kit by one entry in a file outside of it: verified and compared.

Rule: the real command line and real servers. The whole suite takes minutes, so some clauses of different kinds stand
for it here (rows, a stop, two servers compared); docs/third-server.md says how to run it all.
Neighbours: `targets.toml` (the entry), `tests/readme/test_compare.py` (a comparison of the twins).
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.console import Console

from loadtests import compare, plan, report, results
from loadtests.compare import CompareOptions, Parts
from loadtests.plan import Level, make_plan
from loadtests.targets import Target, load_targets, pick
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Grade
from loadtests.verify.results import Results
from tests.unit.loadtests import made_up

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("targets.toml")
CLAUSES = ("routes.health", "stop.idle", "openapi.same")


def test_nothing_in_the_kit_knows_of_it() -> None:
    """The harness and the suite have no word of it: all there is to say of a server stands in its entry."""
    places = (ROOT / "loadtests", ROOT / "tests" / "conformance", ROOT / "tests" / "known_differences")
    files = [path for place in places for path in place.rglob("*") if path.suffix in {".py", ".toml", ".j2", ".css"}]
    assert len(files) > 50
    assert [path for path in files if "aiohttp" in path.read_text("utf-8").lower()] == []


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What `parity verify` says of it, alone and beside FastAPI's server, by some clauses; its exit code is 0."""
    folder = tmp_path_factory.mktemp("verified")
    words = ["verify", "fastapi-uvicorn", "aiohttp", "--targets", str(FILE), "--out", str(folder)]
    words += [word for clause in CLAUSES for word in ("--clause", clause)]
    program = [sys.executable, "-c", "from loadtests.cli import main; main()"]
    done = subprocess.run([*program, *words], cwd=folder, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Results.model_validate_json((folder / "results.json").read_bytes())


def test_it_is_verified(verified: Results) -> None:
    """The command finds it by --targets, starts it, and grades it alone and against FastAPI, byte by byte."""
    judged = {outcome.subject for _, outcome in verified.outcomes(Grade.IDENTICAL)}
    assert judged >= {"aiohttp", "fastapi-uvicorn~aiohttp"}
    assert verified.count.wrong == 0
    assert verified.concerning("aiohttp").ok


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short round of one scenario for each target; of a comparison, everything else is as ever."""
    levels = {"chat": (Level(users=4, seconds=0.4, warmup=0.1),)}
    monkeypatch.setattr(plan, "LEVELS", MappingProxyType({"quick": levels}))
    monkeypatch.setattr(plan, "_MODES", MappingProxyType({"quick": plan._Mode(blocks=1, minimum=1, stop=plan.Stop())}))
    monkeypatch.setattr(plan, "SCENARIOS", ("chat",))


@pytest.mark.usefixtures("_tiny")
def test_it_is_compared(verified: Results, tmp_path: Path) -> None:
    """Once it has passed it is loaded as the others are, with FastAPI as the baseline, and stands beside them."""

    def passed(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
        names = [target.name for target in targets]
        return {name: VerifyOutcome(name, verified.concerning(name), tmp_path) for name in names}

    console = Console(file=StringIO(), width=160)
    options = CompareOptions(
        ("fastapi-uvicorn", "aiohttp"), targets_file=FILE, results=tmp_path / "results", floors=False
    )
    compare.compare(options, console, Parts(verify=passed, calibrate=lambda _console: None, fair=lambda *_: None))
    assert isinstance(console.file, StringIO)
    (folder,) = (tmp_path / "results").iterdir()
    run = results.load(folder)
    assert sorted(done.target for done in run.rounds) == ["aiohttp", "fastapi-uvicorn", "fastapi-uvicorn-again"]
    for done in run.rounds:
        assert done.precheck.problems == ()
        assert done.drives[0].result.requests.count > 0, done.reasons
    assert run.plan.baseline == "fastapi-uvicorn"
    assert "aiohttp" in console.file.getvalue()


def test_it_stands_in_every_section(tmp_path: Path) -> None:
    """In a report of three frameworks each figure has the third's cell; the verdicts are still on the two they name."""
    targets = pick(load_targets(FILE), ("fastapi-uvicorn", "flask-gthread", "aiohttp"))
    run = made_up.a_run(tmp_path, make_plan(targets))
    alone = made_up.a_run(tmp_path / "two", made_up.plan("fastapi-uvicorn", "flask-gthread"))
    verdict, of_two = report.write(run), report.write(alone)
    for section in verdict.sections:
        assert "aiohttp" in {item.target for item in section.validity}
        for panel in section.panels:
            assert panel.cell("aiohttp").value is not None, panel.key
    assert [row.holds for row in verdict.rows] == [row.holds for row in of_two.rows]
    assert "Beside the two: aiohttp " in verdict.answer
    page, summary = ((run.folder / name).read_text("utf-8") for name in ("report.html", "summary.md"))
    assert "FastAPI or Flask for this agent?" in page
    assert "Three servers with one contract" in page
    assert "--targets FILE" in page
    assert "| fastapi-uvicorn | flask-gthread | aiohttp |" in summary


def test_a_report_without_flask_asks_about_those_it_has(tmp_path: Path) -> None:
    """A run of two frameworks of which one is not the kit's names them, and judges no claim."""
    targets = pick(load_targets(FILE), ("fastapi-uvicorn", "aiohttp"))
    verdict = report.write(made_up.a_run(tmp_path, make_plan(targets)))
    assert {row.holds for row in verdict.rows} == {"not measured in this run"}
    assert verdict.answer.startswith("Throughput with 16 users: fastapi-uvicorn ")
    assert "Flask is judged only where both are measured" in verdict.answer
    (folder,) = tmp_path.iterdir()
    assert "<h1>FastAPI or aiohttp for this agent?</h1>" in (folder / "report.html").read_text("utf-8")
