"""What Schemathesis is told that an OpenAPI 3.1 document cannot say: the schema of one event of a stream.

Rule: nothing is added that the served document does not hold. It describes the stream as text (`contentSchema`: a
list of events), for 3.1 has no word for one event; Schemathesis reads 3.2's `itemSchema` there, and then checks the
data of each event. Neighbours: `schemathesis.toml` names this module, `run` starts the process that loads it.
"""

from typing import Any

import schemathesis
from schemathesis.hooks import HookContext

EVENT_STREAM = "text/event-stream"
VERBS = ("get", "post", "put", "patch", "delete")


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:  # noqa: ARG001 - as it is called
    """Say of each stream what one of its events is."""
    for item in raw_schema["paths"].values():
        for verb in VERBS & item.keys():
            for response in item[verb]["responses"].values():
                media = _resolved(raw_schema, response).get("content", {}).get(EVENT_STREAM, {})
                if "schema" in media:
                    media["itemSchema"] = event(media.pop("schema")["contentSchema"]["items"])


def event(data: dict[str, Any]) -> dict[str, Any]:
    """One event, as 3.2 describes it: unnamed, with no id, and its data is JSON by this schema."""
    return {
        "type": "object",
        "properties": {
            "event": {"const": "message"},
            "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": data},
        },
        "required": ["data"],
        "additionalProperties": False,
    }


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)
