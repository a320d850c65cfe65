"""What the upstream says when it does not answer: OpenAI's error envelope with its status.

Rule: every sentence holds `SECRET`, and the key that was sent where the API repeats it, so that a server which passes
an upstream's words on is found out. Neighbours: `app` (turns them into responses), `faults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from loadtests.upstream.faults import SECRET

RETRY_AFTER = 1  # seconds, in the header of a 429


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is none: the status, the envelope's words and the headers."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def envelope(self) -> dict[str, object]:
        """The body."""
        return {"error": {"message": f"{self.message} ({SECRET})", "type": self.kind, "param": None, "code": self.code}}


class Refused(Exception):
    """A request that is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def wrong_key(given: str) -> Refused:
    """The key is not ours."""
    return Refused(Refusal(401, f"Incorrect API key provided: {given or 'none'}.", code="invalid_api_key"))


def bad_request(message: str) -> Refused:
    """The body is not what the API takes."""
    return Refused(Refusal(400, message))


STATUSES: Mapping[str, Refusal] = MappingProxyType(
    {
        "401": Refusal(401, "Your key has been revoked.", code="invalid_api_key"),
        "429": Refusal(
            429,
            "Rate limit reached; please try again in a second.",
            "requests",
            "rate_limit_exceeded",
            {"Retry-After": str(RETRY_AFTER)},
        ),
        "500": Refusal(500, "The server had an error while processing your request.", "server_error"),
    }
)
ONCE: Mapping[str, Refusal] = MappingProxyType(
    {f"{status}-once": refusal for status, refusal in STATUSES.items() if status != "401"}
)
OVERLOADED = Refusal(503, "The server is overloaded.", "server_error")
"""What an error in the middle of a stream says; its status can be sent no more."""
