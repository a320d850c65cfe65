"""The content type of a turn's body: application/json, in any letter case and with any parameters, and nothing else."""

from tests.conformance.case import Case, Expect, Request
from tests.conformance.cases.build import TURNS
from tests.conformance.subject import payload

ACCEPTED = (
    ("plain", "application/json", "as it is usually written"),
    ("charset", "application/json; charset=utf-8", "with a charset"),
    ("charset-without-space", "application/json;charset=UTF-8", "with a charset and no space before it"),
    ("capitals", "Application/JSON", "in capitals"),
    ("space-before-parameter", "application/json ; a=b", "with a space before an unknown parameter"),
    ("other-charset", "application/json; charset=latin-1", "with another charset, which JSON does not have"),
    ("quoted-parameter", 'application/json; a="b;c"', "with a parameter whose quoted value has a semicolon"),
)
REFUSED = (
    ("text", "text/plain", "plain text"),
    ("form", "application/x-www-form-urlencoded", "a form"),
    ("multipart", "multipart/form-data; boundary=x", "a form of several parts"),
    ("vendor", "application/vnd.api+json", "a type that is only built on JSON"),
    ("patch", "application/json-patch+json", "a JSON patch"),
    ("longer", "application/jsonx", "a type whose name begins like JSON's"),
    ("longer-with-charset", "application/jsonp; charset=utf-8", "a type whose name begins like JSON's, with a charset"),
    ("text-json", "text/json", "JSON as a kind of text"),
    ("subtype-wildcard", "application/*", "any application"),
    ("wildcard", "*/*", "anything"),
    ("no-slash", "json", "a word that is no media type"),
    ("in-parameter", "text/plain; a=application/json", "plain text that names JSON in a parameter"),
    ("list", "application/json, text/plain", "a list of two types"),
    ("no-break-space", "application/json\xa0", "JSON with a no-break space after it"),
    ("next-line", "application/json\x85; a=b", "JSON with a control character of ISO 8859-1 after it"),
    ("comma-first", ", application/json", "a list whose first member is empty"),
    ("semicolon-first", "; application/json", "a parameter without a type"),
)
TELLS = Expect(status=415, detail_has="application/json")


def _sent(route: str, *media: str) -> Request:
    return Request("POST", route, tuple(("Content-Type", each) for each in media), payload("hé"))


CASES = (
    *(
        Case(
            id=f"media.accepted-{name}-{kind}",
            clauses=("errors.media-parameters",),
            does=f"POST {route} declares its body as application/json {words}: {media}.",
            expects="200: the type is what counts.",
            request=_sent(route, media),
            expect=Expect(status=200),
        )
        for kind, route in TURNS
        for name, media, words in ACCEPTED
    ),
    *(
        Case(
            id=f"media.refused-{name}-{kind}",
            clauses=("errors.media-type",),
            does=f"POST {route} declares its body as {words}.",
            expects="415, and the detail says that application/json is accepted.",
            request=_sent(route, media),
            expect=TELLS,
        )
        for kind, route in TURNS
        for name, media, words in REFUSED
    ),
    *(
        Case(
            id=f"media.{name}-{kind}",
            clauses=("errors.media-type",),
            does=f"POST {route} with a body {words}.",
            expects="415, and the detail says what to declare.",
            request=_sent(route, *media),
            expect=TELLS,
        )
        for kind, route in TURNS
        for name, words, media in (
            ("missing", "that is not declared at all", ()),
            ("empty", "whose content type is empty", ("",)),
        )
    ),
    Case(
        id="media.nothing-sent",
        clauses=("errors.media-type",),
        does="POST /chat comes with neither a body nor a content type.",
        expects="415: what is missing is not application/json either.",
        request=Request("POST", "/chat"),
        expect=TELLS,
    ),
)
