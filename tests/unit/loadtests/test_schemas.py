"""The published schemas: they are what the models say, real files keep them, and wrong ones do not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from loadtests import diff, report, results, schemas
from loadtests.errors import UserError
from loadtests.fairness.model import Fairness, Finding, Look
from loadtests.files import write
from loadtests.records import Ceiling, Ending, Gate, KneeSearch, Probe, Relied
from loadtests.results import Run
from loadtests.schema_version import SCHEMA_VERSION
from tests.links import ROOT
from tests.unit.loadtests import made_up

NAMES = tuple(schemas.MODELS)
STORED = tuple(sorted(path.parent for path in (ROOT / "docs" / "results").glob("*/plan.json")))


@cache
def validator(name: str) -> Draft202012Validator:
    """Of the file as it is published."""
    return Draft202012Validator(json.loads((schemas.HERE / f"{name}.json").read_text("utf-8")))


def errors(name: str, value: object) -> list[str]:
    """What is wrong with a value."""
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator(name).iter_errors(value)]


LOOK = Look(
    target="flask-gevent",
    says="gunicorn",
    words=(),
    asgi=False,
    native=(),
    python=None,
    workers=1,
    cores=(0,),
    kept=None,
    watched=6.0,
    lines=1.0,
    asked=0,
    held=0,
    settings={},
)
FAIR = Fairness(
    looks=(LOOK,),
    findings=(Finding(target="flask-gevent", what="a reloader", effect="slower", cure="leave it out", grave=True),),
)


def a_whole_run(root: Path) -> Run:
    """A made-up run that has every file a run can have, its report among them."""
    run = made_up.a_run(root, made_up.plan(only=("chat", "stream")))
    driven = run.rounds[0].drives[0]
    probe = Probe(load=16, edge=False, held=True, reasons=(), result=driven.result, samples=driven.samples)
    search = KneeSearch(
        scenario="chat", target="flask-gevent", unit="requests/s", slo="errors=0", probes=(probe,), ended="its end"
    )  # fmt: skip
    ceiling = Ceiling(
        measured_at="2030-01-02 03:04:05 UTC",
        machine="Imaginary",
        events_per_second=20_000,
        requests_per_second=5_000,
        cpu_percent_at_events=55,
        cpu_percent_at_requests=55,
        seconds=60,
    )
    relied = Relied(
        target="flask-gevent",
        passed_at="2030-01-02 03:04:05 UTC",
        identical=9,
        known=1,
        not_applicable=0,
        fingerprint="f" * 64,
        page="page/index.html",
        why="",
    )
    run = results.add_knee(run, search)
    run = results.end(run, Ending(why="as planned", note="", blocks={"chat": 3, "stream": 3}))
    write(run.folder / "calibration.json", ceiling.model_dump_json(indent=1) + "\n")
    write(run.folder / "fairness.json", FAIR.model_dump_json(indent=1) + "\n")
    write(run.folder / "gate.json", Gate(relied=(relied,)).model_dump_json(indent=1) + "\n")
    report.write(results.load(run.folder))
    return results.load(run.folder)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_file_is_what_the_model_says(name: str) -> None:
    """A model that was changed without `python -m loadtests.schemas` is noticed."""
    published = (schemas.HERE / f"{name}.json").read_text("utf-8")
    assert published == schemas.text(name), "run: python -m loadtests.schemas"


def test_there_is_one_file_for_each_model() -> None:
    """No schema is left behind by a model that has gone."""
    assert {path.stem for path in schemas.HERE.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_valid_schema_that_describes_itself(name: str) -> None:
    """JSON Schema 2020-12, with an address of its own, a sentence, and its version pinned."""
    schema = json.loads((schemas.HERE / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    version = schema["properties"]["schema_version"]["const"]
    assert schema["$id"] == f"urn:parity:schema:{version}:{name}"
    assert version == SCHEMA_VERSION
    assert "schema_version" in schema["required"]
    assert len(schema["description"]) > 20


def test_a_whole_run_keeps_its_schemas(tmp_path: Path) -> None:
    """Every file that a run can have, verdict included; none is without a schema."""
    run = a_whole_run(tmp_path)
    found = dict(schemas.stored(run.folder))
    assert set(found) == set(run.folder.rglob("*.json"))
    assert set(found.values()) == set(NAMES) - {"drive", "diff", "searches"}
    for file, name in found.items():
        assert errors(name, json.loads(file.read_text("utf-8"))) == [], file


def test_what_the_commands_write_keeps_its_schema(tmp_path: Path) -> None:
    """`parity drive --json` and `parity diff --json`."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("stream",)))
    data = tmp_path / "diff.json"
    options = diff.DiffOptions(run.folder, run.folder, fail_if=("stream.ttft_p99>2",), json=data)
    diff.diff(options, Console(file=io.StringIO()))
    assert errors("diff", json.loads(data.read_text("utf-8"))) == []
    assert errors("drive", json.loads(run.rounds[0].drives[0].result.model_dump_json())) == []


@pytest.mark.parametrize("folder", STORED, ids=lambda path: path.name)
def test_every_stored_run_keeps_its_schemas(folder: Path) -> None:
    """The runs that the documentation quotes can be read by this kit, and are what the schemas say."""
    found = tuple(schemas.stored(folder))
    assert len(found) > 3
    wrong = {str(file): errors(name, json.loads(file.read_text("utf-8"))) for file, name in found}
    assert {file: texts for file, texts in wrong.items() if texts} == {}
    assert results.load(folder).rounds


Bend = Callable[[dict[str, Any]], object]
WRONG: dict[str, Bend] = {
    "a newer version": lambda value: value.update(schema_version=SCHEMA_VERSION + 1),
    "an older version": lambda value: value.update(schema_version=SCHEMA_VERSION - 1),
    "no version": lambda value: value.pop("schema_version"),
    "a field too many": lambda value: value.update(wall_clock=1),
    "a field too few": lambda value: value.pop(next(name for name in value if name != "schema_version")),
    "another type": lambda value: value.update({next(name for name in value if name != "schema_version"): {"x": []}}),
}


def files(run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
    """One file of each schema."""
    for file, name in {name: (file, name) for file, name in schemas.stored(run.folder)}.values():
        yield name, json.loads(file.read_text("utf-8"))


@pytest.mark.parametrize("bend", WRONG.values(), ids=WRONG)
def test_a_wrong_file_does_not(tmp_path: Path, bend: Bend) -> None:
    """Whatever is wrong, every schema says so."""
    names = []
    for name, value in files(a_whole_run(tmp_path)):
        assert errors(name, value) == []
        bend(value)
        assert errors(name, value), name
        names.append(name)
    assert len(names) == len(NAMES) - 3


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, SCHEMA_VERSION - 1, 999])
def test_a_file_of_another_version_is_said_whichever_it_is(tmp_path: Path, version: int) -> None:
    """`parity report` names the file, both versions and the cure, and does not call it damaged."""
    run = a_whole_run(tmp_path)
    recorded = [(file, name) for file, name in schemas.stored(run.folder) if name != "verdict"]
    for file, _ in {name: (file, name) for file, name in recorded}.values():
        whole = file.read_text("utf-8")
        file.write_text(
            whole.replace(f'"schema_version": {SCHEMA_VERSION}', f'"schema_version": {version}', 1), "utf-8"
        )
        with pytest.raises(UserError) as error:
            report.report(run.folder, Console(file=io.StringIO()))
        said = str(error.value)
        assert said.startswith(f"{file} has schema version {version}")
        assert ("update the kit" in said) == (version > SCHEMA_VERSION)
        assert "damaged" not in said
        file.write_text(whole, "utf-8")
    assert report.report(run.folder, Console(file=io.StringIO())) == 0


def test_a_run_made_again_twice_has_the_same_bytes(tmp_path: Path) -> None:
    """Verdict, page and summary of a run with everything in it, after its folder has moved as well."""
    run = a_whole_run(tmp_path)
    made = ("verdict.json", "report.html", "summary.md")

    def again(folder: Path) -> dict[str, bytes]:
        for name in made:
            (folder / name).unlink()
        assert report.report(folder, Console(file=io.StringIO(), width=60)) == 0
        return {name: (folder / name).read_bytes() for name in made}

    first = again(run.folder)
    moved = run.folder.rename(run.folder.with_name("elsewhere")).rename(tmp_path / run.name)
    assert again(moved) == first
