"""API keys: which are let in, which are not, and what happens where none is configured."""

from tests.conformance.case import Case, Expect, Raw, Request
from tests.conformance.cases.build import post
from tests.conformance.subject import JSON, payload

NAME = "X-API-Key"
REFUSED = Expect(
    status=401,
    headers=(("WWW-Authenticate", "APIKey"), ("Content-Type", "application/json")),
    json={"error": "Unauthorized", "detail": "Invalid API Key"},
)
IN = Expect(status=200)
HELLO = payload("hello")

PROTECTED = (
    ("chat", "POST", "/chat"),
    ("stream", "POST", "/chat/stream"),
    ("read", "GET", "/sessions/a"),
    ("delete", "DELETE", "/sessions/a"),
)
WRONG = (
    ("empty", "an empty key", ""),
    ("blank", "a key that is only a space", " "),
    ("comma", "a key that is only a comma", ","),
    ("cut", "a key that lacks its last character", "(key-cut)"),
    ("longer", "a key with a letter more", "(key)x"),
    ("comma-last", "a key with a comma after it", "(key),"),
    ("comma-first", "a key with a comma before it", ",(key)"),
    ("swapped-case", "a key in the other letter case", "(key-swapped)"),
    ("doubled", "a key twice with a space between", "(key) (key)"),
    ("both", "two keys with a comma between, as the setting has them", "(key),(second-key)"),
    ("quoted", "a key in quotes", '"(key)"'),
    ("semicolon", "a key with a semicolon after it", "(key);"),
    ("list", "a key twice with a comma between", "(key), (key)"),
    ("scheme", "a key after the name of a scheme", "APIKey (key)"),
    ("latin-1", "a letter with an accent for a key", "\xe9"),
    ("bytes", "bytes for a key that are no text", "\xff\xfe"),
    ("utf-8", "a letter with an accent in UTF-8 for a key", "Ã©"),
    ("key-and-latin-1", "a key with an accented letter after it", "(key)\xe9"),
    ("key-and-bytes", "a key with bytes after it that are no text", "(key)\xff\xfe"),
    ("key-and-utf-8", "a key with an accented letter in UTF-8 after it", "(key)Ã©"),
    ("no-break-space-last", "a key with a no-break space after it", "(key)\xa0"),
    ("no-break-space-first", "a key with a no-break space before it", "\xa0(key)"),
    ("next-line", "a key with a control character of ISO 8859-1 after it", "(key)\x85"),
)
SPACES = (
    ("spaces", "a space on each side of the key", " (key) "),
    ("three-spaces", "three spaces before the key", "   (key)"),
    ("tab-last", "a tab after the key", "(key)\t"),
    ("tabs-around", "tabs and spaces around the key", "\t(key)  \t "),
)
PAIRS = (
    ("same", "the same valid key twice", "(key)", "(key)"),
    ("valid-first", "a valid key and then a wrong one", "(key)", "wrong"),
    ("valid-last", "a wrong key and then a valid one", "wrong", "(key)"),
    ("two-valid", "two valid keys", "(key)", "(second-key)"),
    ("empty-last", "a valid key and then an empty one", "(key)", ""),
    ("empty-first", "an empty key and then a valid one", "", "(key)"),
)
ELSEWHERE = (
    ("query", "in the query", "/sessions/a?X-API-Key=(key)&api_key=(key)", ()),
    ("bearer", "as a bearer token", "/sessions/a", (("Authorization", "Bearer (key)"),)),
    ("basic", "as plain authorization", "/sessions/a", (("Authorization", "(key)"),)),
    ("cookie", "in a cookie", "/sessions/a", (("Cookie", "X-API-Key=(key)"),)),
    ("underscores", "in a header with underscores for hyphens", "/sessions/a", (("X_API_Key", "(key)"),)),
)
NO_KEYS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("none", "without a key", ()),
    ("empty", "with an empty key", ("",)),
    ("blank", "with a blank for a key", (" ",)),
    ("comma", "with a comma for a key", (",",)),
    ("any", "with any key", ("x",)),
)


def _sent(method: str, target: str, *keys: str) -> Request:
    body = HELLO if method == "POST" else None
    return Request(method, target, (*((NAME, key) for key in keys), JSON), body, keyed=False)


CASES = (
    *(
        Case(
            id=f"keys.listed-{name}",
            clauses=("keys.list",),
            does=f"POST /chat with the {name} key of the list.",
            expects="200: each key of the list is as good as another.",
            request=_sent("POST", "/chat", value),
            expect=IN,
        )
        for name, value in (("first", "(key)"), ("second", "(second-key)"))
    ),
    *(
        Case(
            id=f"keys.{name}-{kind}",
            clauses=("errors.unauthorized", "keys.refused"),
            does=f"{method} {target} {words}.",
            expects="401 in the words of the contract, with WWW-Authenticate: APIKey.",
            request=_sent(method, target, *keys),
            expect=REFUSED,
        )
        for kind, method, target in PROTECTED
        for name, words, keys in (("missing", "without a key", ()), ("wrong", "with a wrong key", ("wrong",)))
    ),
    *(
        Case(
            id=f"keys.refused-{name}",
            clauses=("keys.refused", "keys.list"),
            does=f"POST /chat with {words}.",
            expects="401: what is only like a key is none, and nothing fails over it.",
            request=_sent("POST", "/chat", value),
            expect=REFUSED,
        )
        for name, words, value in WRONG
    ),
    *(
        Case(
            id=f"keys.space-{name}",
            clauses=("keys.space",),
            does=f"POST /chat with {words}.",
            expects="200: white space around a header's value is no part of it.",
            request=_sent("POST", "/chat", value),
            expect=IN,
        )
        for name, words, value in SPACES
    ),
    Case(
        id="keys.space-nothing",
        clauses=("keys.space",),
        does="GET of a session with nothing between the colon and the key.",
        expects="404, since the key is good and the session is not there: the space is not needed.",
        request=Raw((b"GET /sessions/(fresh) HTTP/1.1\r\nHost: parity.test\r\nX-API-Key:(key)\r\n\r\n",)),
        expect=Expect(status=404),
    ),
    Case(
        id="keys.header-case",
        clauses=("keys.space",),
        does="POST /chat with the key in a header whose name is in odd letter case.",
        expects="200: a header's name has no letter case.",
        request=post("/chat", HELLO, ("x-aPI-kEY", "(key)"), keyed=False),
        expect=IN,
    ),
    *(
        Case(
            id=f"keys.twice-{name}",
            clauses=("keys.twice",),
            does=f"POST /chat with {words}, each in a header of its own.",
            expects="401: which of the two would count is anybody's guess.",
            request=_sent("POST", "/chat", *pair),
            expect=REFUSED,
        )
        for name, words, *pair in PAIRS
    ),
    *(
        Case(
            id=f"keys.elsewhere-{name}",
            clauses=("keys.refused",),
            does=f"GET of a session with a valid key {words}.",
            expects="401: a key counts only in its header.",
            request=Request("GET", target, headers, keyed=False),
            expect=REFUSED,
        )
        for name, words, target, headers in ELSEWHERE
    ),
    *(
        Case(
            id=f"keys.unconfigured-{name}-{kind}",
            clauses=("keys.none",),
            does=f"{method} {target} {words}, on a server whose list of keys has only blanks.",
            expects="401: with no key configured nobody is let in.",
            request=_sent(method, target, *keys),
            expect=REFUSED,
            profile="keyless",
        )
        for kind, method, target in PROTECTED
        for name, words, keys in NO_KEYS
    ),
    Case(
        id="keys.unconfigured-health",
        clauses=("keys.none", "routes.health"),
        does="GET /health on a server without keys.",
        expects="200: what is not protected works.",
        request=Request("GET", "/health", keyed=False),
        expect=IN,
        profile="keyless",
    ),
)
