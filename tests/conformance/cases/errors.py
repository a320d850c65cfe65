"""The envelope of every error, and failures of the model and of the server itself: their words, and no others."""

from tests.conformance.case import Case, Expect
from tests.conformance.cases.build import capital, of, post
from tests.conformance.samples import ERRORS, FAULTS, TITLES
from tests.conformance.subject import payload

CLAUSES = {401: "errors.unauthorized", 404: "errors.not-found", 405: "errors.method", 413: "errors.too-large",
           415: "errors.media-type", 422: "errors.validation", 500: "errors.internal", 502: "errors.bad-gateway",
           504: "errors.gateway-timeout"}  # fmt: skip
UNEXPECTED = "Service temporarily unavailable, please try again later"
LEAKS = (b"Traceback", b"RuntimeError", b"ConnectionError", b"scripted", b"secret", b"Exception", b".py", b"raise ")


def _error(status: int) -> dict[str, object]:
    detail = UNEXPECTED if status == 500 else ...
    return {"type": "error", "error": TITLES[status], "detail": detail}


CASES = (
    *(
        Case(
            id=f"errors.{each.id}",
            clauses=("errors.envelope", CLAUSES[each.status], "answer.field-order"),
            does=f"{capital(each.words)}.",
            expects=f"{each.status} as one JSON object of the title {TITLES[each.status]} and a detail, in this order.",
            request=of(each),
            expect=Expect(
                status=each.status,
                headers=(("Content-Type", "application/json"),),
                json={"error": TITLES[each.status], "detail": ...},
            ),
        )
        for each in ERRORS
    ),
    *(
        Case(
            id=f"errors.{each.id}-chat",
            clauses=("errors.envelope", CLAUSES[each.status]),
            does=f"{capital(each.words)}, by POST /chat.",
            expects=f"{each.status} {TITLES[each.status]} with one sentence, and nothing of what happened inside.",
            request=post("/chat", payload(f"/{each.id}", "(fresh)")),
            expect=Expect(status=each.status, detail=UNEXPECTED if each.status == 500 else None, body_has_not=LEAKS),
            profile="faults",
        )
        for each in FAULTS
    ),
    *(
        Case(
            id=f"errors.{each.id}-stream",
            clauses=("errors.in-stream", "stream.terminal", CLAUSES[each.status]),
            does=f"{capital(each.words)}, by POST /chat/stream.",
            expects=f"A stream that ends with an error event in the words of the {each.status}, and says no more.",
            request=post("/chat/stream", payload(f"/{each.id}", "(fresh)")),
            expect=Expect(
                status=200,
                events=({"type": "start", "session_id": "(fresh)"}, ..., _error(each.status)),
                body_has_not=LEAKS,
            ),
            profile="faults",
        )
        for each in FAULTS
    ),
    Case(
        id="errors.stall-keeps-tokens",
        clauses=("errors.in-stream-kept",),
        does="A stream whose model fails after some tokens.",
        expects="The tokens reach the client, and then the error event.",
        request=post("/chat/stream", payload("/stall", "(fresh)")),
        expect=Expect(
            status=200,
            events=(
                {"type": "start", "session_id": "(fresh)"},
                {"type": "token", "content": ...},
                ...,
                _error(502),
            ),
        ),
        profile="faults",
    ),
)
