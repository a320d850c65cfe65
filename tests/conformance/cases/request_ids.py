"""X-Request-ID: the client's own where it can be used, a new one otherwise, and on every response."""

import re

from tests.conformance.case import Case, Expect
from tests.conformance.cases.build import capital, get, of
from tests.conformance.samples import ERRORS, FAULTS, SUCCESSES

NAME = "X-Request-ID"
FORM = r"[A-Za-z0-9._-]{1,64}"

GOOD = (
    ("letter", "one letter", "a"),
    ("every-kind", "letters, a digit and every sign that is allowed", "A.b_c-9"),
    ("hyphen", "a hyphen", "-"),
    ("points", "three points", "..."),
    ("64", "64 zeros", "0" * 64),
)
SPACES = (
    ("space-first", "a space before it", " abc"),
    ("space-last", "a space after it", "abc "),
    ("tab-first", "a tab before it", "\tabc"),
    ("tab-last", "a tab after it", "abc\t"),
    ("around", "white space on both sides", "  abc \t"),
)
BAD = (
    ("empty", "an empty request id", ""),
    ("65", "a request id of 65 zeros", "0" * 65),
    ("space", "a request id with a space in it", "a b"),
    ("slash", "a request id with a slash in it", "a/b"),
    ("colon", "a request id with a colon in it", "a:b"),
    ("comma", "a request id with a comma in it", "a,b"),
    ("accent", "a request id that is a letter with an accent", "\xe9"),
    ("semicolon", "a request id with a semicolon in it", "a;b"),
    ("quotes", "a request id in quotes", '"a"'),
    ("braces", "a request id that is an empty object", "{}"),
    ("escape", "a request id with an escaped line feed in it", "a%0ab"),
    ("tag", "a request id that is an HTML tag", "<b>"),
    ("no-break-space-last", "a request id with a no-break space after it", "a\xa0"),
    ("no-break-space-first", "a request id with a no-break space before it", "\xa0a"),
    ("soft-hyphen", "a request id with a soft hyphen after it", "a\xad"),
)
TWICE = (
    ("same", "the same one", "abc"),
    ("other", "another one", "xyz"),
    ("empty", "an empty one", ""),
)


def _new(*sent: str) -> re.Pattern[str]:
    """A request id of the allowed form that is none of those that were sent."""
    refused = "".join(f"(?!{re.escape(value)}$)" for value in sent)
    return re.compile(refused + FORM)


CASES = (
    *(
        Case(
            id=f"request-ids.echo-{name}",
            clauses=("request-id.echo",),
            does=f"GET /health with a request id that is {words}.",
            expects="The answer has the same one.",
            request=get("/health", (NAME, value)),
            expect=Expect(status=200, headers=((NAME, value),)),
        )
        for name, words, value in GOOD
    ),
    *(
        Case(
            id=f"request-ids.echo-{name}",
            clauses=("request-id.echo",),
            does=f"GET /health with a request id that has {words}.",
            expects="The answer has it without: white space around a header's value is no part of it.",
            request=get("/health", (NAME, value)),
            expect=Expect(status=200, headers=((NAME, "abc"),)),
        )
        for name, words, value in SPACES
    ),
    *(
        Case(
            id=f"request-ids.replaced-{name}",
            clauses=("request-id.replaced",),
            does=f"GET /health with {words}.",
            expects="The answer has a new one of the allowed form instead.",
            request=get("/health", (NAME, value)),
            expect=Expect(status=200, headers=((NAME, _new(value)),)),
        )
        for name, words, value in BAD
    ),
    Case(
        id="request-ids.missing",
        clauses=("request-id.replaced", "request-id.everywhere"),
        does="GET /health without a request id.",
        expects="The answer has a new one.",
        request=get("/health", keyed=False),
        expect=Expect(status=200, headers=((NAME, re.compile(FORM)),)),
    ),
    *(
        Case(
            id=f"request-ids.twice-{name}",
            clauses=("request-id.replaced",),
            does=f"GET /health with a good request id and {words} in a second header.",
            expects="The answer has one new request id, and neither of the two nor both joined.",
            request=get("/health", (NAME, "abc"), (NAME.lower(), value)),
            expect=Expect(status=200, headers=((NAME, _new("abc", "xyz")),)),
        )
        for name, words, value in TWICE
    ),
    *(
        Case(
            id=f"request-ids.on-{each.id}",
            clauses=("request-id.everywhere",),
            does=f"{capital(each.words)}, with a request id.",
            expects=f"{each.status} with this request id, once.",
            request=of(each, (NAME, "(fresh)")),
            expect=Expect(status=each.status, headers=((NAME, "(fresh)"),)),
        )
        for each in (*SUCCESSES, *ERRORS)
    ),
    *(
        Case(
            id=f"request-ids.on-{each.id}",
            clauses=("request-id.everywhere",),
            does=f"{capital(each.words)}, with a request id.",
            expects=f"{each.status} with this request id, once: failures have one too.",
            request=of(each, (NAME, "(fresh)")),
            expect=Expect(status=each.status, headers=((NAME, "(fresh)"),)),
            profile="faults",
        )
        for each in FAULTS
    ),
)
