"""Real deployments, started and looked at: the usual three have no finding, and what others do wrong is seen.

Rule: what is asserted is what was seen of running processes; the deployments run side by side, so that each test takes
some seconds. Neighbours: `test_rules` provokes every rule without a server.
"""

import os
import re
import shutil
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from loadtests import fairness
from loadtests.fairness import interpreter, look
from loadtests.fairness.command import told
from loadtests.fairness.model import Look
from loadtests.measure.environment import Cores, choose_cores
from loadtests.plan import make_plan
from loadtests.targets import Target, load_targets, pick

UVICORN = "{python} -m uvicorn --factory fastapi_impl.app:create_app --host {host} --port {port}"
GUNICORN = "{python} -m gunicorn 'flask_impl.app:create_app()' --bind {host}:{port} --no-control-socket --timeout 0"


def target(name: str, command: str, workers: int = 1, **env: str) -> Target:
    """A deployment of one's own, as an entry in a file would be."""
    facts = {"name": name, "title": name, "framework": "flask", "server": "x", "workers": workers, "slots": None}
    return Target.model_validate({**facts, "command": command, "env": env})


def test_the_usual_three_are_fair() -> None:
    """The targets that are compared where nobody names one are looked at as they run, and nothing is found."""
    usual = pick(load_targets(), ("fastapi-uvicorn", "flask-gthread", "flask-gevent"))
    console = Console(file=StringIO(), width=200)
    found = told(usual, make_plan(usual), console)
    assert found.findings == (), found
    assert [seen.held for seen in found.looks] == [128, 128, 128]
    assert {seen.lines for seen in found.looks} == {1.0}
    assert [bool(seen.native and "uvloop" in seen.native) for seen in found.looks] == [True, False, False]
    assert isinstance(console.file, StringIO)
    assert "nothing found" in console.file.getvalue()


UNFAIR = (
    target("plain", f"{UVICORN} --loop asyncio --http h11 --timeout-keep-alive 1 --no-access-log"),
    target("dev", "{python} -m flask --app flask_impl.app:create_app run --debug --reload --port {port}"),
    target("few", f"{GUNICORN} --worker-class gthread --threads 4 --access-logfile - --max-requests 9000", 3),
    target("quiet", f"env LOG_LEVEL=error {GUNICORN} --workers 2 --worker-class gevent", 2, PYTHONDEVMODE="1"),
)
SEEN = {
    ("plain", "without uvloop and httptools"),
    ("plain", "without uvloop"),
    ("dev", "the development server"),
    ("dev", "reload"),
    ("dev", "debug"),
    ("few", "1 worker, and its entry says 3"),
    ("few", "an access log"),
    ("few", "workers that end after some requests"),
    ("few", "of 32 streams opened at once 4 began"),
    ("quiet", "debug (PYTHONDEVMODE)"),
    ("all", "keep idle connections differently"),
    ("all", "unequally much to their logs"),
    ("all", "LOG_LEVEL is not the same"),
    ("all", "unequal numbers of worker processes"),
}


@pytest.mark.timeout(120)
def test_what_runs_unfairly_is_seen() -> None:
    """A slow loop, a development server, too few threads, a log that is off: each is seen in the running processes."""
    plan = make_plan(UNFAIR)
    asked = fairness.Asked(
        workers={each.name: each.workers for each in UNFAIR},
        slots={},
        streams={each.name: 32 for each in UNFAIR},
        cores=choose_cores().server,
    )
    assert plan.which == "quick"
    looks = look.looks(UNFAIR, choose_cores(), asked.streams, watched=2.5)
    said = [(finding.target, finding.what) for finding in fairness.judged(looks, asked)]
    for who, words in SEEN:
        assert any(words in what and who in (name, "all") for name, what in said), (who, words, looks)


@pytest.mark.skipif(not shutil.which("taskset") or (os.cpu_count() or 1) < 2, reason="needs taskset and two cores")
def test_a_command_that_pins_itself_is_seen() -> None:
    """A server that leaves the cores that it is given is seen on others."""
    mine, other = choose_cores().server, choose_cores().generator
    pinned = target("pinned", f"taskset -c {other[0]} {GUNICORN}")
    seen = look.looks((pinned,), Cores(server=mine, generator=other, note=""), {}, watched=0.1)
    assert seen[0].cores == other != mine


def test_no_key_and_no_path_is_kept() -> None:
    """What is stored of a look holds neither the server's key nor the place of this checkout."""
    secret = target("secret", GUNICORN, OPENAI_API_KEY="sk-secret", AGENT_MODEL="scripted")
    seen = look.looks((secret,), choose_cores(), {}, watched=0.1)[0]
    text = seen.model_dump_json()
    assert seen.settings["AGENT_MODEL"] == "scripted"
    assert "sk-secret" not in text
    assert not re.search("parity-[0-9a-f]{24}", text)
    assert str(Path(__file__).parents[2]) not in text
    assert Look.model_validate_json(text) == seen


def test_the_targets_own_interpreter_is_asked() -> None:
    """The Python of a process says its version and its Pydantic; a process that is no Python says nothing."""
    mine = interpreter.ask(psutil.Process())
    assert mine is not None
    assert mine.version.startswith("CPython 3.")
    assert mine.pydantic
    with psutil.Popen(["sleep", "30"]) as sleeping:
        try:
            assert interpreter.ask(sleeping) is None
        finally:
            sleeping.kill()
