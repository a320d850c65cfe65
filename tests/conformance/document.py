"""A served OpenAPI document, and how its parts are found: operations, references, the schema of an answer.

Rule: reads, never repairs; a part that is missing is an error with its path. Neighbours: `test_openapi`.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from tests.conformance.subject import Subject

Document = dict[str, Any]
JSON_MEDIA = "application/json"
UNDESCRIBED = {"arguments"}
"""Fields that may hold anything: a tool's arguments are its own."""
WRONG = 5.5
"""What no field of the API may be."""
PROSE = {"title", "summary", "description"}
NAMED = {"properties", "patternProperties", "$defs", "schemas", "headers", "responses", "links", "examples", "paths"}
"""Where keys are names that somebody chose, and none of them is prose."""
VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}


def document(server: Subject) -> Document:
    """The served document."""
    answer = server.request("GET", "/openapi.json")
    assert (answer.status, answer.header("Content-Type")) == (200, JSON_MEDIA)
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
        beside = {key: resolved(doc, value) for key, value in node.items() if key != "$ref"}
        return {**resolved(doc, target), **beside} if beside else resolved(doc, target)
    return {key: resolved(doc, value) for key, value in node.items()}


def responses(doc: Document, method: str, path: str) -> Mapping[str, Any]:
    """Status -> response, of one operation."""
    found: Mapping[str, Any] = resolved(doc, dict(operations(doc))[method.lower(), path]["responses"])
    return found


def schema(doc: Document, method: str, target: str, status: int, media: str = JSON_MEDIA) -> Any:
    """The schema of an answer to a request for this address."""
    path = "/sessions/{session_id}" if target.startswith("/sessions/") else target
    return responses(doc, method, path)[str(status)]["content"][media]["schema"]


def valid(wanted: Any, instance: Any) -> bool:
    """Whether an instance is what a schema says."""
    return bool(Draft202012Validator(wanted).is_valid(instance))


def check(wanted: Any, instance: Any) -> None:
    """Raise with the reason when an instance is not what a schema says, or the schema itself is none."""
    Draft202012Validator.check_schema(wanted)
    Draft202012Validator(wanted).validate(instance)


def damaged(instance: Any) -> Iterator[Any]:
    """The instance with one thing wrong with it: a field missing or of another type, on every described level."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(instance, dict):
        for name in instance:
            yield {key: value for key, value in instance.items() if key != name}
            yield {**instance, name: WRONG}
        inner = [(name, value) for name, value in instance.items() if name not in UNDESCRIBED]
    elif isinstance(instance, list):
        inner = list(enumerate(instance))
    for place, part in inner:
        for broken in damaged(part):
            changed = copy.copy(instance)
            changed[place] = broken
            yield changed


def wordless(node: Any, *, names: bool = False) -> Any:
    """A node without what is written for readers only; `names`: its keys are names and stay, whatever they are."""
    if isinstance(node, list):
        return [wordless(item) for item in node]
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if names or key not in PROSE}
        return {key: wordless(value, names=not names and key in NAMED) for key, value in kept.items()}
    return node
