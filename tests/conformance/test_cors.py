"""CORS, as a browser sees it: which pages may read which answers, and what a preflight lets through."""

import pytest

from tests.conformance.browser import Preflight, exposed, readable
from tests.conformance.profiles import ALLOWED_ORIGIN, FORBIDDEN_ORIGIN
from tests.conformance.requests import ERRORS, FAULTS, SUCCESSES, Case
from tests.conformance.subject import JSON, Subject, payload

ANY = "https://anywhere.example"
CASES = pytest.mark.parametrize("case", [*SUCCESSES, *ERRORS], ids=lambda case: case.id)
FAILURES = pytest.mark.parametrize("case", FAULTS[::2], ids=lambda case: case.id)
CRASH = Case("crash", "POST", "/chat", 500, (JSON,), payload("/crash"))
CRASHED_STREAM = Case("crashed-stream", "POST", "/chat/stream", 200, (JSON,), payload("/crash"))
LISTED = pytest.mark.parametrize("case", [*SUCCESSES, *ERRORS, CRASH, CRASHED_STREAM], ids=lambda case: case.id)

# what a page needs to chat: JSON, its key, a request id
WANTED = "content-type,x-api-key,x-request-id"
PREFLIGHTS = [("/chat", "POST"), ("/chat/stream", "POST"), ("/sessions/a", "DELETE"), ("/sessions/a", "GET")]


@CASES
@pytest.mark.clause("cors.any", "cors.errors", "cors.stream", "cors.exposed")
def test_any_origin(server: Subject, case: Case) -> None:
    """By default a page of any origin reads every answer and its request id, without credentials."""
    answer = case.send(server, ("Origin", ANY))
    assert answer.status == case.status
    assert readable(answer, ANY)
    assert "x-request-id" in exposed(answer)
    assert answer.all("Access-Control-Allow-Credentials") == []


@FAILURES
@pytest.mark.profile("faults")
@pytest.mark.clause("cors.any", "cors.errors", "cors.exposed")
def test_any_origin_reads_failures(server: Subject, case: Case) -> None:
    """By default a page of any origin reads failures too, the unexpected ones included."""
    answer = case.send(server, ("Origin", ANY))
    assert (answer.status, readable(answer, ANY)) == (case.status, True)
    assert "x-request-id" in exposed(answer)


@LISTED
@pytest.mark.profile("origins")
@pytest.mark.clause("cors.allowed", "cors.forbidden", "cors.vary", "cors.errors", "cors.stream", "cors.exposed")
def test_listed_origins(server: Subject, case: Case) -> None:
    """With a list, pages of listed origins read every answer, others none, and caches are told by Vary."""
    allowed = case.send(server, ("Origin", ALLOWED_ORIGIN))
    forbidden = case.send(server, ("Origin", FORBIDDEN_ORIGIN))
    assert (allowed.status, forbidden.status) == (case.status, case.status)
    assert readable(allowed, ALLOWED_ORIGIN)
    assert not readable(forbidden, FORBIDDEN_ORIGIN)
    assert "x-request-id" in exposed(allowed)
    assert "origin" in ",".join(allowed.all("Vary")).lower()
    assert allowed.all("Access-Control-Allow-Credentials") == []


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.forbidden")
@pytest.mark.parametrize("origin", ["null", "https://app.example.evil", "http://app.example", "https://app.example:8443",
                                    "https://APP.example.", "https://sub.app.example"])  # fmt: skip
def test_almost_listed(server: Subject, origin: str) -> None:
    """An origin is listed as a whole or not at all."""
    assert not readable(server.get("/health", ("Origin", origin)), origin)


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.allowed")
def test_every_listed_origin(server: Subject) -> None:
    """The second origin of the list is as good as the first."""
    assert readable(server.get("/health", ("Origin", "https://other.example")), "https://other.example")


@pytest.mark.clause("cors.preflight")
@pytest.mark.parametrize(("target", "method"), PREFLIGHTS)
def test_preflight(server: Subject, target: str, method: str) -> None:
    """By default a preflight passes for every route, without a key."""
    assert Preflight(target, ANY, method, WANTED).passes(server)


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.preflight", "cors.preflight-forbidden")
@pytest.mark.parametrize(("target", "method"), PREFLIGHTS)
def test_preflight_with_listed_origins(server: Subject, target: str, method: str) -> None:
    """With a list, a preflight passes from a listed origin and not from another."""
    assert Preflight(target, ALLOWED_ORIGIN, method, WANTED).passes(server)
    assert not Preflight(target, FORBIDDEN_ORIGIN, method, WANTED).passes(server)


@pytest.mark.clause("cors.any")
def test_no_origin_no_matter(server: Subject) -> None:
    """A request that names no origin is answered as ever."""
    assert server.request("GET", "/health").status == 200
