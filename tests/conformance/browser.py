"""What a browser would decide about a response of another origin, by the Fetch standard.

Rule: decisions, not headers: two servers may word them differently. Source: https://fetch.spec.whatwg.org, sections
"CORS check" and "CORS-preflight fetch". Neighbours: `judge`, `test_twins`.
"""

from dataclasses import dataclass

from tests.conformance.subject import Subject
from tests.conformance.wire import Answer

SIMPLE_METHODS = {"GET", "HEAD", "POST"}
ASKED = ("Access-Control-Request-Method", "Access-Control-Request-Headers")
"""The two headers that, with `Origin`, make an OPTIONS a preflight; the second may be missing."""


def readable(answer: Answer, origin: str) -> bool:
    """Whether a page of `origin`, asking without credentials, may read the answer."""
    allowed = answer.all("Access-Control-Allow-Origin")
    return len(allowed) == 1 and allowed[0] in {"*", origin}


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a browser asks before a request that is not simple."""

    target: str
    origin: str
    method: str
    headers: str = ""

    def passes(self, subject: Subject) -> bool:
        """Ask, and decide as a browser does."""
        return self.decide(self.send(subject))

    def send(self, subject: Subject) -> Answer:
        """The preflight itself; a browser sends no key with it."""
        return subject.request("OPTIONS", self.target, self.asked())

    def asked(self) -> tuple[tuple[str, str], ...]:
        """The headers of the preflight."""
        pairs = zip(("Origin", *ASKED), (self.origin, self.method, self.headers), strict=True)
        return tuple((name, value) for name, value in pairs if value or name == "Origin")

    def decide(self, answer: Answer) -> bool:
        """Whether the browser goes on to the request itself."""
        if not 200 <= answer.status < 300 or not readable(answer, self.origin):
            return False
        methods = {name.upper() for name in _names(answer, "Access-Control-Allow-Methods")}
        headers = _names(answer, "Access-Control-Allow-Headers")
        wanted = {name.strip().lower() for name in self.headers.split(",")} - {""}
        allowed = wanted if "*" in headers else headers
        return self.method in methods | SIMPLE_METHODS | ({self.method} if "*" in methods else set()) and (
            wanted <= allowed
        )


def _names(answer: Answer, header: str) -> set[str]:
    return {name.strip().lower() for value in answer.all(header) for name in value.split(",")} - {""}
