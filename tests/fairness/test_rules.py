"""Each rule speaks when what it is about is so, says what it does and the cure, and is silent otherwise."""

from dataclasses import replace

import pytest

from loadtests.fairness import Asked, Finding, Look, judged
from loadtests.fairness.model import Python
from tests.fairness.made import ASGI, ASKED, WSGI, bent

GRAVE, NOTE = True, False
OTHER = Python(version="CPython 3.13.1", pydantic="2.14.3")
OLDER = Python(version="CPython 3.11.7", pydantic="2.10.0")
UNFAIR = {
    "Werkzeug": (bent(WSGI, says="Werkzeug/3.1.3 Python/3.11.7"), "the development server", GRAVE),
    "flask run": (bent(WSGI, words=("the development server of Flask",)), "the development server", GRAVE),
    "fastapi dev": (bent(ASGI, words=("fastapi dev",)), "fastapi dev", GRAVE),
    "reload": (bent(ASGI, words=("reload",)), "runs with reload", GRAVE),
    "debug": (bent(WSGI, words=("debug (FLASK_DEBUG)",)), "runs with debug", GRAVE),
    "tracing": (bent(WSGI, words=("tracing (COVERAGE_PROCESS_START)",)), "runs with tracing", GRAVE),
    "access log": (bent(ASGI, words=("an access log",)), "an access log", NOTE),
    "recycled workers": (bent(WSGI, words=("workers that end after some requests",)), "workers that end", NOTE),
    "workers other than said": (bent(WSGI, workers=4), "4 workers, and its entry says 1", GRAVE),
    "unequal workers": (bent(WSGI, workers=4), "unequal numbers of worker processes: fast 1; flask 4", GRAVE),
    "no uvloop": (bent(ASGI, native=("httptools", "pydantic-core")), "without uvloop", GRAVE),
    "no httptools": (bent(ASGI, native=("uvloop", "pydantic-core")), "without httptools", GRAVE),
    "pure Pydantic": (bent(WSGI, native=()), "without a compiled core", GRAVE),
    "debug build": (
        bent(WSGI, python=Python(version="CPython 3.11.7", traits=("debug build",), pydantic="2.14.3")),
        "unusual: debug build",
        GRAVE,
    ),
    "asserts off": (
        bent(WSGI, python=Python(version="CPython 3.11.7", traits=("asserts off",), pydantic="2.14.3")),
        "unusual: asserts off",
        NOTE,
    ),
    "another Python": (
        bent(WSGI, python=OTHER),
        "versions of Python: fast CPython 3.11.7; flask CPython 3.13.1",
        GRAVE,
    ),
    "another Pydantic": (bent(WSGI, python=OLDER), "versions of Pydantic: fast 2.14.3; flask 2.10.0", GRAVE),
    "streams that queue": (bent(WSGI, held=8), "of 32 streams opened at once 8 began", GRAVE),
    "other cores": (bent(WSGI, cores=(0, 1)), "fast core 0; flask cores 0, 1", GRAVE),
    "two lines a request": (bent(WSGI, lines=2.0), "in lines a request: fast 1.0; flask 2.0", NOTE),
    "log level": (bent(WSGI, lines=0.0), "in lines a request: fast 1.0; flask 0.0", NOTE),
    "no keep-alive": (bent(WSGI, kept=0.0), "flask closed with the answer", NOTE),
    "short keep-alive": (bent(WSGI, kept=2.1), "fast open after 6 s; flask closed after 2 s", NOTE),
    "another store": (
        bent(WSGI, settings={"SESSION_STORE": "sqlite:///x"}),
        "SESSION_STORE is not the same for all: fast memory://; flask sqlite:///x",
        GRAVE,
    ),
    "a setting of one": (
        bent(WSGI, settings={**WSGI.settings, "METRICS_DIR": "m"}),
        "METRICS_DIR is not the same for all: fast unset; flask m",
        GRAVE,
    ),
}


def found(*looks: Look, asked: Asked = ASKED) -> tuple[Finding, ...]:
    """What the rules say of these looks."""
    return judged(looks, asked)


def test_a_fair_pair_has_no_finding() -> None:
    """Two deployments that differ in framework and server alone are fair."""
    assert found(ASGI, WSGI) == ()


@pytest.mark.parametrize(("look", "words", "grave"), UNFAIR.values(), ids=UNFAIR)
def test_what_is_unfair_is_found(look: Look, words: str, grave: bool) -> None:
    """One fact that is not as it should be is found, with its effect and its cure, and grave or not."""
    pair = (look, WSGI) if look.target == "fast" else (ASGI, look)
    named = [finding for finding in found(*pair) if words in finding.what]
    assert [finding.grave for finding in named] == [grave], found(*pair)
    assert named[0].what.endswith(".")
    assert named[0].effect.endswith(".")
    assert named[0].cure
    assert not named[0].cure.endswith(".")


def test_an_entry_with_few_slots_is_believed_for_more_streams_than_are_tried() -> None:
    """2,000 streams are not opened by the check: an entry with 1,000 slots has no room for them."""
    many = replace(ASKED, streams={"fast": 2_000, "flask": 2_000})
    assert ["its entry says 1000 slots" in finding.what for finding in found(ASGI, WSGI, asked=many)] == [True]


def test_who_is_offered_no_streams_needs_no_room_for_them() -> None:
    """A sync worker that plays no scenario in which requests wait is not told that it has no room."""
    none = replace(ASKED, slots={"flask": 1}, streams={"fast": 32, "flask": 0})
    assert found(ASGI, bent(WSGI, asked=0, held=0), asked=none) == ()


def test_nothing_pinned_is_said_once_for_all() -> None:
    """Where nothing is pinned, the run is told so, and no target is blamed."""
    loose = [bent(look, cores=(0, 1)) for look in (ASGI, WSGI)]
    assert [(f.target, f.grave) for f in found(*loose, asked=replace(ASKED, cores=()))] == [("", NOTE)]


def test_what_cannot_be_seen_is_not_found() -> None:
    """A target whose interpreter and memory cannot be looked into is not accused of anything."""
    assert found(ASGI, bent(WSGI, python=None, native=None)) == ()


def test_grave_findings_come_first() -> None:
    """Who reads the first line reads the worst."""
    several = found(ASGI, bent(WSGI, kept=2.0, words=("reload",)))
    assert [finding.grave for finding in several] == [GRAVE, NOTE]


def test_workers_are_compared_within_a_group() -> None:
    """The matrix holds one worker against one, and four against four, so it is fair."""
    four = [bent(look, target=f"{look.target}-4", workers=4) for look in (ASGI, WSGI)]
    asked = replace(ASKED, workers={**ASKED.workers, "fast-4": 4, "flask-4": 4}, slots={})
    groups = {"1": ["fast", "flask"], "4": ["fast-4", "flask-4"]}
    assert judged((ASGI, WSGI, *four), asked, groups) == ()
    assert len(judged((ASGI, WSGI, *four), asked)) == 1
