"""How OpenAPI documents are made comparable: references resolved, prose dropped, names kept."""

from tests.conformance.document import resolved, wordless


def test_a_reference_keeps_what_stands_beside_it() -> None:
    """OpenAPI 3.1 allows keywords beside `$ref`; they count."""
    doc = {"components": {"schemas": {"A": {"type": "string", "maxLength": 5}}}}
    node = {"$ref": "#/components/schemas/A", "maxLength": 3}
    assert resolved(doc, node) == {"type": "string", "maxLength": 3}


def test_only_prose_is_dropped() -> None:
    """A title is prose, a property of that name is not, and its own title is again."""
    node = {"title": "T", "properties": {"title": {"title": "Title", "type": "string"}, "a": {"description": "x"}}}
    assert wordless(node) == {"properties": {"title": {"type": "string"}, "a": {}}}


def test_a_property_called_properties() -> None:
    """A name map inside of a name map is a schema."""
    node = {"properties": {"properties": {"title": "x", "type": "object"}}}
    assert wordless(node) == {"properties": {"properties": {"type": "object"}}}
