"""The OpenAPI document: valid, complete, and true to what the server answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.conformance.events import parse
from tests.conformance.requests import ERRORS, FAULTS, SUCCESSES, Case
from tests.conformance.subject import Subject, fresh, payload

Document = dict[str, Any]

STATUSES = {
    ("get", "/health"): {"200", "503"},
    ("post", "/chat"): {"200", "401", "413", "415", "422", "500", "502", "503", "504"},
    ("post", "/chat/stream"): {"200", "401", "413", "415", "422", "500", "503"},
    ("get", "/sessions/{session_id}"): {"200", "401", "404", "500", "503"},
    ("delete", "/sessions/{session_id}"): {"204", "401", "500", "503"},
}
VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}
PAGES = {"/", "/docs", "/openapi.json"}


def document(server: Subject) -> Document:
    """The served document."""
    answer = server.request("GET", "/openapi.json")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    served: Document = answer.json()
    return served


def operations(doc: Document) -> Iterator[tuple[tuple[str, str], Any]]:
    """(method, path) -> operation."""
    for path, item in doc["paths"].items():
        yield from (((verb, path), item[verb]) for verb in VERBS & item.keys())


def resolved(doc: Document, node: Any) -> Any:
    """A node with its references to components replaced by what they refer to."""
    if isinstance(node, list):
        return [resolved(doc, item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        target: Any = doc
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        return resolved(doc, target)
    return {key: resolved(doc, value) for key, value in node.items()}


def _schema(doc: Document, case: Case, status: int, media: str) -> Any:
    path = "/sessions/{session_id}" if case.target.startswith("/sessions/") else case.target
    response = resolved(doc, doc["paths"][path][case.method.lower()]["responses"][str(status)])
    return response["content"][media]["schema"]


def _check(schema: Any, instance: Any) -> None:
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(instance)


@pytest.mark.clause("openapi.version")
def test_valid(server: Subject) -> None:
    """The document is OpenAPI 3.1, valid by its own schema, and names the API and its version."""
    doc = document(server)
    assert doc["openapi"].startswith("3.1.")
    assert doc["info"]["version"] == "1.0.0"
    OpenAPIV31SpecValidator(doc).validate()


@pytest.mark.clause("openapi.routes")
def test_routes(server: Subject) -> None:
    """Every route of the API is there with its methods; beside it at most the pages."""
    served = {key for key, _ in operations(document(server))}
    extra = {key for key in served - STATUSES.keys() if key[1] not in PAGES}
    assert (STATUSES.keys() - served, extra) == (set(), set())


@pytest.mark.clause("openapi.errors", "errors.unavailable")
@pytest.mark.parametrize("key", STATUSES, ids=" ".join)
def test_statuses(server: Subject, key: tuple[str, str]) -> None:
    """A route has every status that it can answer, errors with the envelope, 401 and 503 with their headers."""
    doc = document(server)
    responses = resolved(doc, dict(operations(doc))[key]["responses"])
    assert STATUSES[key] <= responses.keys()
    for status in STATUSES[key] - {"200", "204"}:
        schema = responses[status]["content"]["application/json"]["schema"]
        envelope = {"status": "draining", "version": "1.0.0"} if key[1] == "/health" and status == "503" else None
        _check(schema, envelope or {"error": "x", "detail": "y"})
        assert not Draft202012Validator(schema).is_valid({"error": "x"})
        header = {"401": "WWW-Authenticate", "503": "Retry-After"}.get(status)
        assert not header or key[1] == "/health" or header in responses[status].get("headers", {})


@pytest.mark.clause("openapi.security")
def test_security(server: Subject) -> None:
    """The key's header is the security scheme of the protected routes, and of no other."""
    doc = document(server)
    ((name, scheme),) = doc["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-API-Key")
    for key, operation in operations(doc):
        demanded = operation.get("security", doc.get("security", []))
        assert (demanded == [{name: []}]) == (key in STATUSES and key[1] != "/health"), key


@pytest.mark.clause("openapi.events")
def test_events(server: Subject) -> None:
    """The stream's answer describes all five events, and real ones are valid by it."""
    doc = document(server)
    stream = Case("stream", "POST", "/chat/stream", 200)
    described = _schema(doc, stream, 200, "text/event-stream")
    schema = described.get("contentSchema", described)
    assert {f'"const": "{kind}"' in json.dumps(schema) for kind in ("start", "token", "tool_call", "end", "error")} == {
        True
    }
    events, _ = parse(server.post("/chat/stream", payload("calculate 6 * 7")).body)
    _check(schema, [*events, {"type": "error", "error": "x", "detail": "y"}])
    assert not Draft202012Validator(schema).is_valid([{"type": "other"}])
    assert not Draft202012Validator(schema).is_valid([{"type": "token"}])


@pytest.mark.clause("openapi.true", "openapi.errors")
@pytest.mark.parametrize(
    "case",
    [case for case in (*SUCCESSES, *ERRORS) if case.id not in {"page", "docs", "openapi", "unknown-route"}
     and case.status not in {204, 405} and case.target != "/chat/stream"],
    ids=lambda case: case.id,
)  # fmt: skip
def test_answers_are_valid(server: Subject, case: Case) -> None:
    """What the server answers is valid by the schema of its status."""
    _check(_schema(document(server), case, case.status, "application/json"), case.send(server).json())


@pytest.mark.profile("faults")
@pytest.mark.clause("openapi.true", "openapi.errors")
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_failures_are_valid(server: Subject, case: Case) -> None:
    """Failures are valid by the schema of their status."""
    _check(_schema(document(server), case, case.status, "application/json"), case.send(server).json())


@pytest.mark.clause("openapi.true")
def test_a_session_is_valid(server: Subject) -> None:
    """A session and an answer with tool calls are valid by their schemas."""
    session, doc = fresh(), document(server)
    chat, read = Case("chat", "POST", "/chat", 200), Case("read", "GET", f"/sessions/{session}", 200)
    _check(_schema(doc, chat, 200, "application/json"), server.chat("calculate 6 * 7", session).json())
    _check(_schema(doc, read, 200, "application/json"), server.get(read.target).json())


@pytest.mark.clause("openapi.bodies")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_request_bodies(server: Subject, route: str) -> None:
    """A body is valid by the document exactly when the server takes it."""
    doc = document(server)
    body = resolved(doc, doc["paths"][route]["post"]["requestBody"])
    assert body["required"] is True
    assert list(body["content"]) == ["application/json"]
    validator = Draft202012Validator(body["content"]["application/json"]["schema"])
    bodies = [{"message": message} for message in ("x", "", "x" * 5000, "x" * 5001, 5, None)]
    bodies += [{"message": "x", "session_id": value} for value in ("a", None, "", "-a", "a b", "a" * 128, "a" * 129, 5)]
    bodies += [{}, {"message": "x", "extra": 1}]
    taken = [server.post(route, json.dumps(one).encode()).status == 200 for one in bodies]
    assert [validator.is_valid(one) for one in bodies] == taken


@pytest.mark.clause("openapi.bodies")
def test_session_id_parameter(server: Subject) -> None:
    """The session's id is a required parameter of the path."""
    doc = document(server)
    for verb in ("get", "delete"):
        item = doc["paths"]["/sessions/{session_id}"]
        (parameter,) = resolved(doc, item.get("parameters", []) + item[verb].get("parameters", []))
        assert (parameter["name"], parameter["in"], parameter["required"]) == ("session_id", "path", True)
        assert parameter["schema"]["type"] == "string"


def _wordless(node: Any) -> Any:
    """A node without what is written for readers only."""
    if isinstance(node, list):
        return [_wordless(item) for item in node]
    if isinstance(node, dict):
        return {key: _wordless(value) for key, value in node.items() if key not in {"title", "description"}}
    return node


@pytest.mark.clause("openapi.same")
def test_both_documents_say_the_same(twins: tuple[Subject, Subject]) -> None:
    """The two documents agree on paths, methods, statuses, parameters, security and schemas."""
    one, other = (document(subject) for subject in twins)
    assert (one["openapi"], one["info"]) == (other["openapi"], other["info"])
    assert _wordless(resolved(one, one["paths"])) == _wordless(resolved(other, other["paths"]))
    for part in ("schemas", "securitySchemes"):
        assert one["components"][part] == other["components"][part]
