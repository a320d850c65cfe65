"""Requests that once got different answers, a 500 or none at all, mostly found by `make fuzz`; each stays mended.

Rule: a row here is what the search shrank it to, and its sentences say what was wrong. Neighbours: `tests/fuzz`.
"""

from tests.conformance.case import Case, Expect
from tests.conformance.cases.build import get

HOSTS = (
    ("two-dots", "parity..test", "two dots in a row"),
    ("only-a-dot", ".", "nothing but a dot"),
    ("long-label", f"{'a' * 64}.test", "a label of 64 characters, one more than DNS allows"),
)
"""Names that cannot be encoded for DNS: Flask's router gave up on them, and each request was a 500."""

CASES: tuple[Case, ...] = tuple(
    Case(
        id=f"found.host-{name}",
        clauses=("routes.health",),
        does=f"GET /health with a Host that no host can have: {words}.",
        expects="The answer is the usual one, since no address depends on the host.",
        request=get("/health", ("Host", host), keyed=False),
        expect=Expect(status=200, has={"status": "healthy"}),
    )
    for name, host, words in HOSTS
)
