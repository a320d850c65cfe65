"""What a request's body must be before a model validates it: declared as JSON, not too long, strict JSON, an object.

Rule: pure checks; the frameworks read the bytes, in their own way. RFC 8259 is taken at its word, so a byte order
mark, NaN and a lone surrogate are malformed. Neighbours: `models` (what the object must hold), `errors`.
"""

from typing import Any

from pydantic_core import from_json

from shared.errors import BodyTooLarge, InvalidBody, UnsupportedMediaType
from shared.models import ValidationDetail

SPARE = 1024 * 1024
"""Bytes over the limit that are read and dropped, so that a client still sending gets its answer."""

CHUNK = 64 * 1024
"""Bytes to read at once where the framework leaves that to its user."""

MALFORMED = ValidationDetail(type="json_invalid", loc=["body"], msg="The body is not valid JSON")
NO_OBJECT = ValidationDetail(type="dict_type", loc=["body"], msg="Input should be a JSON object")


def check_media_type(content_type: str | None) -> None:
    """Raises `UnsupportedMediaType` unless it is `application/json`; parameters are allowed."""
    if (content_type or "").partition(";")[0].strip(" \t").lower() != "application/json":
        raise UnsupportedMediaType


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body over `limit` bytes."""
    return BodyTooLarge(f"The body may hold at most {limit} bytes")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; raises `InvalidBody` when it holds anything else."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise InvalidBody([MALFORMED]) from None
    if not isinstance(value, dict):
        raise InvalidBody([NO_OBJECT])
    return value
