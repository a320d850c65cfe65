"""What neither framework can know of this API: its errors, its stream, its links, as parts of an OpenAPI document.

Rule: generated from the error table and the Pydantic models, never written out. FastAPI takes the parts as
`responses=`, Flask's apispec as components. Neighbours: `errors`, `models`, each server's `routes.py` and `app.py`.
"""

from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import WithDefaultSchema

from shared.errors import ApiError, entry_for
from shared.models import ChatResponse, ErrorResponse, HealthResponse, StreamEvent

TITLE = "Agent API"
DESCRIPTION = "An agent behind an HTTP API: whole replies, streamed replies, sessions."
SECURITY_SCHEME = "ApiKey"
_MODE: JsonSchemaMode = "serialization"
REF = "#/components/schemas/{model}"

DRAINING = {
    "description": "Draining: this process takes no new work",
    "content": {"application/json": {"schema": {"$ref": REF.format(model=HealthResponse.__name__)}}},
}

WHOLE_TURN = {
    "description": "The whole turn; its session can be read and forgotten",
    "content": {"application/json": {"schema": {"$ref": REF.format(model=ChatResponse.__name__)}}},
    "links": {
        operation: {"operationId": operation, "parameters": {"session_id": "$response.body#/session_id"}}
        for operation in ("session", "forget")
    },
}


class _Schema(GenerateJsonSchema):
    """Pydantic's generator, without `default: null`, which says nothing and which FastAPI leaves out too."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """The schema, and its default where there is one to speak of."""
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def schemas(*models: type[BaseModel]) -> dict[str, Any]:
    """These models as components, with every model that they refer to."""
    wanted = [(model, _MODE) for model in models]
    _, definitions = models_json_schema(wanted, ref_template=REF, schema_generator=_Schema)
    return dict(definitions["$defs"])


def event_schemas() -> dict[str, Any]:
    """Each stream event as a component."""
    return dict(TypeAdapter(StreamEvent).json_schema(ref_template=REF, mode=_MODE)["$defs"])


def event_stream() -> dict[str, Any]:
    """The answer of a stream: text, whose events each carry one of the event models as JSON."""
    event = TypeAdapter(StreamEvent).json_schema(ref_template=REF, mode=_MODE)
    event.pop("$defs")
    schema = {
        "type": "string",
        "contentMediaType": "text/event-stream",
        "contentSchema": {"type": "array", "items": event},
    }
    return {
        "description": "The turn's events as they happen, one `data: <JSON>` block each",
        "content": {"text/event-stream": {"schema": schema}},
    }


def failure(kind: type[ApiError] | type[Exception]) -> dict[str, Any]:
    """One error as a response object."""
    entry = entry_for(kind)
    response: dict[str, Any] = {
        "description": entry.title,
        "content": {"application/json": {"schema": {"$ref": REF.format(model=ErrorResponse.__name__)}}},
    }
    if entry.headers:
        response["headers"] = {name: {"required": True, "schema": {"type": "string"}} for name in entry.headers}
    return response


def failures(*kinds: type[ApiError]) -> dict[int | str, dict[str, Any]]:
    """Status -> response object, of these errors and of the 500 that any route can come to."""
    return {entry_for(kind).status: failure(kind) for kind in (*kinds, Exception)}
