"""What a page on another origin can read, decided by Chromium: answers, errors and streams.

Rule: the page reads what a client without any origin reads, byte for byte, or it is told nothing but a TypeError.
Neighbours: `asks` (the requests), `pages` (the page), `conformance/cases/cors.py` (the same promises in headers).
"""

import pytest

from tests.clients.asks import ANSWERS, ERRORS, FAILURES, SIMPLE, Ask
from tests.clients.pages import Pages
from tests.clients.site import ALLOWED, FORBIDDEN
from tests.conformance.poll import poll
from tests.conformance.subject import Subject, fresh

pytestmark = pytest.mark.concurrent(2)  # a browser keeps idle connections open beside the one in use


def each(asks: tuple[Ask, ...]) -> pytest.MarkDecorator:
    """A case for each of the requests."""
    return pytest.mark.parametrize("ask", asks, ids=lambda ask: ask.id)


def readable(pages: Pages, origin: str, server: Subject, ask: Ask) -> None:
    """The page reads the answer and its request id, as the raw client does."""
    name = fresh("id")
    mine, other = ask.prepared(server), ask.prepared(server)
    raw = mine.send(server)
    seen = pages.ask(origin, other.as_fetch(server, name))
    assert "failed" not in seen
    assert (seen["status"], seen["request_id"]) == (ask.status, name)
    assert other.masked(seen["text"]) == mine.masked(raw.body.decode("utf-8"))
    assert raw.status == ask.status


@each((*ANSWERS, *ERRORS))
@pytest.mark.parametrize("origin", [ALLOWED, FORBIDDEN], ids=["one", "another"])
@pytest.mark.clause("cors.any", "cors.errors", "cors.stream", "cors.exposed", "cors.preflight")
def test_any_origin(pages: Pages, server: Subject, ask: Ask, origin: str) -> None:
    """By default a page of whatever origin reads every answer."""
    readable(pages, origin, server, ask)


@each(FAILURES)
@pytest.mark.profile("live")
@pytest.mark.clause("cors.any", "cors.errors", "cors.exposed", "cors.preflight")
def test_any_origin_reads_failures(pages: Pages, server: Subject, ask: Ask) -> None:
    """By default a page of any origin reads failures of the model and of the server."""
    readable(pages, ALLOWED, server, ask)


@each((*ANSWERS, *ERRORS, *FAILURES))
@pytest.mark.profile("origins")
@pytest.mark.clause("cors.allowed", "cors.errors", "cors.stream", "cors.exposed", "cors.preflight")
def test_allowed(pages: Pages, server: Subject, ask: Ask) -> None:
    """With a list of origins, a page of one of them reads every answer."""
    readable(pages, ALLOWED, server, ask)


@each((*ANSWERS, *ERRORS, *FAILURES))
@pytest.mark.profile("origins")
@pytest.mark.clause("cors.forbidden", "cors.preflight-forbidden")
def test_forbidden(pages: Pages, server: Subject, ask: Ask) -> None:
    """With a list of origins, a page of another gets a TypeError, and its request is not sent after the preflight."""
    name, before = fresh("id"), asked(server, "OPTIONS")
    mine = ask.prepared(server)
    assert pages.ask(FORBIDDEN, mine.as_fetch(server, name)) == {"failed": "TypeError"}
    poll(lambda: asked(server, "OPTIONS") > before, 5.0, "log line of the preflight")
    assert server.log_lines(name) == []
    assert bool(server.messages(mine.session)) == ask.stored


@each(SIMPLE)
@pytest.mark.profile("origins")
@pytest.mark.clause("cors.forbidden", "cors.allowed", "cors.errors")
def test_forbidden_without_preflight(pages: Pages, server: Subject, ask: Ask) -> None:
    """What a browser sends unasked is answered, and only a page of an allowed origin reads the answer."""
    before = asked(server, ask.method)
    assert pages.ask(FORBIDDEN, ask.as_fetch(server)) == {"failed": "TypeError"}
    poll(lambda: asked(server, ask.method) > before, 5.0, "log line of the request")
    assert pages.ask(ALLOWED, ask.as_fetch(server))["status"] == ask.status


def asked(server: Subject, method: str) -> int:
    """How many requests of this method the server has logged."""
    return server.log_text().count(f'"method":"{method}"')
