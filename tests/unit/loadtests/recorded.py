"""Made-up records and results for the tests of what `parity verify` writes; nothing in them was ever answered."""

from datetime import UTC, datetime

from loadtests.targets import Target, load_targets, pick
from loadtests.verify.grades import Grade
from loadtests.verify.records import Exchange, Record
from loadtests.verify.results import About, Results, gather
from loadtests.verify.suite import WHOLE, Chosen

MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES = ("fastapi-uvicorn", "flask-gevent")
PAIR = "~".join(NAMES)
NASTY = "</script><script>alert('<b>&amp;</b>')</script>\u2028\x00\x1b[31m]]>"


def targets() -> tuple[Target, ...]:
    """Two of the kit's own."""
    return pick(load_targets(), NAMES)


def exchange(
    server: str, body: str = "{}", *, sent: str = "GET /health HTTP/1.1\r\nHost: parity.test\r\n\r\n"
) -> Exchange:
    """A request for the health check and an answer with this body."""
    program = "uvicorn" if "uvicorn" in server else "gunicorn"
    head = f"HTTP/1.1 200 OK\r\nServer: {program}\r\nContent-Type: application/json\r\n\r\n"
    return Exchange(server=server, sent=sent, answer=head + body)


def record(case: str, subject: str, grade: Grade = Grade.IDENTICAL, **more: object) -> Record:
    """A record of a case of routes.health, unless `more` says otherwise."""
    servers = subject.split("~") if subject else []
    facts: dict[str, object] = {
        "case": case,
        "node": f"tests/conformance/test_x.py::test_x[{subject}-{case}]",
        "clauses": ("routes.health",),
        "does": f"{case} is done.",
        "expects": f"{case} works.",
        "subject": subject,
        "profile": "plain",
        "grade": grade,
        "seconds": 0.25,
        "exchanges": tuple(exchange(server) for server in servers),
    }
    return Record.model_validate(facts | more)


def records() -> tuple[Record, ...]:
    """Every grade once or more, and markup where a server could put it."""
    one, other = NAMES
    return (
        *(record("health.plain", name) for name in (*NAMES, PAIR)),
        record("health.nasty", one, does=f"Sends {NASTY}", exchanges=(exchange(one, NASTY),)),
        record("health.nasty", other, Grade.WRONG, reason=f"expected {{}}, found {NASTY}\nsecond line",
               does=f"Sends {NASTY}", exchanges=(exchange(other, '{"a":1}'),)),
        record("odd-host", one, Grade.KNOWN, clauses=(), reason="The RFC lets it differ."),
        record("stop.idle", other, Grade.NOT_APPLICABLE, clauses=("stop.idle",), reason="the kit did not start it"),
    )  # fmt: skip


def results(*found: Record, chosen: Chosen = WHOLE) -> Results:
    """The records gathered; none given: all of the above."""
    prints = dict.fromkeys((*NAMES, PAIR), "0" * 64)
    about = About(targets(), fingerprints=prints, chosen=chosen, started=MOMENT, seconds=75)
    return gather(found or records(), about)
