"""The OpenAPI document: valid, complete, and true to what the server answers.

Neighbours: `document` (reads it), `tests/openapi` (its own tools against both servers).
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.conformance.document import (
    check,
    damaged,
    document,
    operations,
    resolved,
    responses,
    schema,
    valid,
    wordless,
)
from tests.conformance.events import parse
from tests.conformance.samples import ERRORS, FAULTS, SUCCESSES, Sample
from tests.conformance.subject import Subject, fresh, payload

STATUSES = {
    ("get", "/health"): {"200", "503"},
    ("post", "/chat"): {"200", "401", "413", "415", "422", "500", "502", "503", "504"},
    ("post", "/chat/stream"): {"200", "401", "413", "415", "422", "500", "503"},
    ("get", "/sessions/{session_id}"): {"200", "401", "404", "500", "503"},
    ("delete", "/sessions/{session_id}"): {"204", "401", "500", "503"},
}
PAGES = {"/", "/docs", "/openapi.json"}
ENVELOPE = {"error": "x", "detail": "y"}
LISTED = {"error": "x", "detail": [{"type": "missing", "loc": ["body", 0], "msg": "y"}]}
SAMPLES: Mapping[tuple[str, str], list[Any]] = MappingProxyType(
    {("/health", "503"): [{"status": "draining", "version": "1.0.0"}]}
)
"""What an error other than the envelope holds: while it drains, /health tells its status."""
HEADERS = MappingProxyType({"401": "WWW-Authenticate", "503": "Retry-After"})
KINDS = ("start", "token", "tool_call", "end", "error")
NO_SCHEMA = {"page", "docs", "openapi", "stream", "delete", "unknown-route", "method", "plain-options"}
"""What answers no JSON, or what the document has no word of: addresses and methods that it does not name."""
DESCRIBED = [case for case in (*SUCCESSES, *ERRORS) if case.id not in NO_SCHEMA]


@pytest.mark.clause("openapi.version", "docs.offline")
def test_valid(server: Subject) -> None:
    """The document is fetched without a key and held against the OpenAPI 3.1 schema.

    Expected: it is valid, names the API's version, and sends no tool to another address.
    """
    doc = document(server)
    assert doc["openapi"].startswith("3.1.")
    assert doc["info"]["version"] == "1.0.0"
    OpenAPIV31SpecValidator(doc).validate()
    assert [entry for entry in doc.get("servers", []) if "//" in entry["url"]] == []
    assert '"$ref": "http' not in json.dumps(doc)


@pytest.mark.clause("openapi.routes")
def test_routes(server: Subject) -> None:
    """The document's routes and methods are listed.

    Expected: every route of the API with its methods, and beside them at most the pages.
    """
    served = {key for key, _ in operations(document(server))}
    extra = {key for key in served - STATUSES.keys() if key[1] not in PAGES}
    assert (STATUSES.keys() - served, extra) == (set(), set())


@pytest.mark.clause("openapi.errors", "errors.unavailable")
@pytest.mark.parametrize("key", STATUSES, ids=" ".join)
def test_statuses(server: Subject, key: tuple[str, str]) -> None:
    """One route's answers are looked up, and envelopes, whole and damaged, are held against their schemas.

    Expected: every status that it can have is there; each error takes the envelope and nothing less; 401 and 503 have
    their headers.
    """
    found = responses(document(server), *key)
    assert found.keys() >= STATUSES[key]
    for status in {status for status in found if status >= "4"}:
        samples = SAMPLES.get((key[1], status), [ENVELOPE, LISTED] if status == "422" else [ENVELOPE])
        wanted = found[status]["content"]["application/json"]["schema"]
        for sample in samples:
            check(wanted, sample)
            assert [broken for broken in damaged(sample) if valid(wanted, broken)] == []
        named = HEADERS.get(status) if samples[0] == ENVELOPE else None
        assert named is None or named in found[status].get("headers", {}), status


@pytest.mark.clause("openapi.security")
def test_security(server: Subject) -> None:
    """The document's security scheme and the routes that demand it are looked up.

    Expected: the key's header, demanded by the protected routes and by no other.
    """
    doc = document(server)
    ((name, scheme),) = doc["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-API-Key")
    for key, operation in operations(doc):
        demanded = operation.get("security", doc.get("security", []))
        assert (demanded == [{name: []}]) == (key in STATUSES and key[1] != "/health"), key


@pytest.mark.clause("openapi.events")
def test_events(server: Subject) -> None:
    """The events of a real stream, and an error event, are held against the schema of the stream's answer.

    Expected: all five kinds are described; each real event is valid, and none that lacks a field or has a wrong one.
    """
    described = schema(document(server), "post", "/chat/stream", 200, "text/event-stream")
    wanted = described.get("contentSchema", described)
    events, _ = parse(server.post("/chat/stream", payload("calculate 6 * 7")).body)
    samples = {event["type"]: event for event in (*events, {"type": "error", **ENVELOPE})}
    assert set(samples) == set(KINDS)
    check(wanted, [*events, samples["error"]])
    for event in samples.values():
        assert [broken for broken in damaged(event) if valid(wanted, [broken])] == []
    assert not valid(wanted, [{"type": "other"}])


@pytest.mark.clause("openapi.true", "openapi.errors")
@pytest.mark.parametrize("case", DESCRIBED, ids=lambda case: case.id)
def test_answers_are_valid(server: Subject, case: Sample) -> None:
    """A request is sent, right or wrong, and its answer held against the schema of its status.

    Expected: the answer is valid.
    """
    check(schema(document(server), case.method, case.target, case.status), case.send(server).json())


@pytest.mark.profile("faults")
@pytest.mark.clause("openapi.true", "openapi.errors")
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_failures_are_valid(server: Subject, case: Sample) -> None:
    """A turn fails, and its answer is held against the schema of its status.

    Expected: the answer is valid.
    """
    check(schema(document(server), case.method, case.target, case.status), case.send(server).json())


@pytest.mark.clause("openapi.true")
def test_successes_are_described(server: Subject) -> None:
    """A turn with a tool call, its session and a health check are held against their schemas, whole and damaged.

    Expected: what the server answers is valid; with any field missing or of another type it is not.
    """
    session, doc = fresh(), document(server)
    answers = {
        ("post", "/chat"): server.chat("calculate 6 * 7", session).json(),
        ("get", f"/sessions/{session}"): server.get(f"/sessions/{session}").json(),
        ("get", "/health"): server.request("GET", "/health").json(),
    }
    for (method, target), answer in answers.items():
        wanted = schema(doc, method, target, 200)
        check(wanted, answer)
        assert [broken for broken in damaged(answer) if valid(wanted, broken)] == []


@pytest.mark.clause("openapi.bodies")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_request_bodies(server: Subject, route: str) -> None:
    """Bodies at and beyond every limit are sent, and held against the schema of the request.

    Expected: a body is valid by the document exactly when the server takes it.
    """
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
    """The parameters of the two session routes are looked up.

    Expected: the session's id, a required string in the path, and nothing else.
    """
    doc = document(server)
    for verb in ("get", "delete"):
        item = doc["paths"]["/sessions/{session_id}"]
        (parameter,) = resolved(doc, item.get("parameters", []) + item[verb].get("parameters", []))
        assert (parameter["name"], parameter["in"], parameter["required"]) == ("session_id", "path", True)
        assert parameter["schema"]["type"] == "string"


@pytest.mark.clause("openapi.same")
def test_both_documents_say_the_same(twins: tuple[Subject, Subject]) -> None:
    """The documents of two servers are compared, with references resolved and prose left out.

    Expected: everything else is the same: paths, operations, statuses, parameters, security, servers, schemas.
    """
    one, other = (document(subject) for subject in twins)
    assert one["info"] == other["info"]
    whole = [{key: value for key, value in doc.items() if key != "components"} for doc in (one, other)]
    assert wordless(resolved(one, whole[0])) == wordless(resolved(other, whole[1]))
    for part in ("schemas", "securitySchemes"):
        assert one["components"][part] == other["components"][part]
