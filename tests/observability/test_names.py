"""The names: the same from both servers, those of the documentation, and the route a route like the others."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from loadtests.targets import load_targets
from tests.conformance.fixtures import started
from tests.conformance.poll import poll
from tests.conformance.subject import Subject
from tests.links import ROOT
from tests.observability.scrape import Scrape, scrape
from tests.observability.traffic import SETTINGS, play

TWINS = ("fastapi-uvicorn", "flask-gthread")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Subject, Subject]]:
    """One server of each framework, after the same traffic."""
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as running:
        both = []
        for name in TWINS:
            settings = {**SETTINGS, "METRICS_DIR": str(folder / name)}
            launched = running.enter_context(started(load_targets()[name], settings, folder / f"{name}.log"))
            played = play(launched.subject)
            poll(lambda of=launched.subject, sent=played: _turns(of) == sent.turns.total(), 10, "all turns")  # type: ignore[misc]
            both.append(launched.subject)
        yield both[0], both[1]


def _turns(subject: Subject) -> float:
    return scrape(subject).sum("parity_turns_total")


def test_same_series(pair: tuple[Subject, Subject]) -> None:
    """After the same traffic both servers have the same series, labels and all."""
    fastapi, flask = (scrape(subject).series() for subject in pair)
    assert fastapi == flask
    assert len(fastapi) > 100


def _documented() -> Mapping[str, tuple[str, str, frozenset[str]]]:
    """The rows of the table: `name`, type, labels, meaning."""
    page = (ROOT / "docs" / "observability.md").read_text("utf-8")
    rows = re.findall(r"^\| `(parity_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE)
    return {name: (kind, told, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels, told in rows}


def test_table_is_what_is_served(pair: tuple[Subject, Subject]) -> None:
    """The documentation's table has every family with its type, labels and meaning, and no other."""
    assert _documented() == scrape(pair[0]).labels()


def test_labels_come_from_no_client(pair: tuple[Subject, Subject]) -> None:
    """Whatever a client makes up of methods and addresses, the series stay the same."""
    for subject in pair:
        before: Scrape = scrape(subject)
        asked = [("GET", "/made-up"), ("GET", "//docs"), ("PUT", "/sessions/made-up"), ("GET", "/sessions/made-up")]
        for number, (method, target) in enumerate(asked):
            assert subject.request(method, f"{target}{number}").status in {401, 404, 405}
        invented = before.series() | {
            (
                "parity_http_requests_total",
                frozenset({"method": "GET", "route": "/sessions/{session_id}", "status": "401"}.items()),
            )
        }
        poll(lambda of=subject, was=before: _requests(scrape(of)) >= _requests(was) + 4, 10, "counted requests")  # type: ignore[misc]
        assert scrape(subject).series() <= invented


def _requests(seen: Scrape) -> float:
    return seen.sum("parity_http_requests_total")


def test_route_is_like_the_others(pair: tuple[Subject, Subject]) -> None:
    """No key is asked for, HEAD works, other methods are 405, the format is negotiated, and it is in no document."""
    for subject in pair:
        plain = subject.request("GET", "/metrics")
        assert plain.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
        assert subject.request("HEAD", "/metrics").status == 200
        assert subject.request("GET", "/metrics/").status == 404
        refused = subject.request("POST", "/metrics", body=b"")
        assert (refused.status, refused.header("allow")) == (405, "GET, HEAD")
        newer = subject.request("GET", "/metrics", [("Accept", "application/openmetrics-text; version=1.0.0")])
        assert str(newer.header("content-type")).startswith("application/openmetrics-text; version=1.0.0")
        assert newer.body.endswith(b"# EOF\n")
        assert b"/metrics" not in subject.request("GET", "/openapi.json").body
