"""The scenarios, one for each row of the seed and one for the limit: what is sent, what must come back, what is good.

Rule: a table, frozen; a scenario is data, and the loops that send it know no scenario by name. Every status
is compared; bodies, and what streams say, are checked in depth once in `sample_every`; streams' order is always
checked. Chats carry no session id, so every turn is a first turn and no history grows. Neighbours: `checks`,
`generator`, `plan`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from loadtests import checks
from loadtests.checks import Check, Said
from loadtests.errors import UserError
from loadtests.levels import LONG

JSON: Final = "application/json"
ASKING: Final = frozenset({"/chat", "/chat/stream"})
ACCEPTED, REFUSED, HEALTH = "accepted", "refused", "health"


def _model(ttft: float, itl: float) -> Mapping[str, str]:
    """Settings of a server under load: the model's latency in seconds, and sessions in memory.

    No scenario comes back to a session, so a store on disk would only add its own noise to both servers.
    """
    return MappingProxyType({"SCRIPTED_TTFT": f"{ttft:g}", "SCRIPTED_ITL": f"{itl:g}", "SESSION_STORE": "memory://"})


NO_LATENCY: Final = _model(0, 0)


def own_time(settings: Mapping[str, str], what: Literal["TTFT", "ITL"]) -> tuple[str, float]:
    """The model's own time among these settings, in seconds, and what it is called there (0 where it is not)."""
    named = (name for name in settings if name.endswith(f"_{what}"))
    name = next(named, f"SCRIPTED_{what}")
    return name, float(settings.get(name, "0"))


@dataclass(frozen=True, slots=True)
class Call:
    """One request and what must answer it. `group` is where it is reported apart, beside the whole.

    `said` is what a stream says where the model is the kit's own: the one built in, or the model server.
    """

    name: str
    method: str
    path: str
    expect: int = 200
    body: bytes | None = None
    content_type: str = JSON
    check: Check | None = None
    group: str | None = None
    stream: bool = False
    said: Said | None = None

    @property
    def asks_the_model(self) -> bool:
        """Whether the model is asked when this is answered with 200."""
        return self.path in ASKING


@dataclass(frozen=True, slots=True)
class Slo:
    """What is good enough, in ms; None is not asked. Goodput counts the requests that met all of it."""

    latency_ms: float | None = None
    ttft_ms: float | None = None
    longest_gap_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load. `settings` is what the server must run with; `users` and `cycle` shape the closed loop."""

    name: str
    title: str
    user_class: str
    calls: tuple[Call, ...]
    users: int
    slo: Slo
    settings: Mapping[str, str] = field(default_factory=lambda: NO_LATENCY)
    sample_every: int = 50
    probe: Call | None = None
    probe_interval: float = 0.1

    @property
    def streams(self) -> bool:
        """Whether its answers are event streams."""
        return any(call.stream for call in self.calls)


def _chat(message: Any, *, check: Check | None = None, group: str | None = None, **extra: Any) -> Call:
    body = json.dumps({"message": message, **extra}, ensure_ascii=False).encode()
    return Call("/chat", "POST", "/chat", body=body, check=check or checks.chat_reply(), group=group)


def _refused(status: int, body: bytes, *, kind: str = "", content_type: str = JSON) -> Call:
    check = checks.envelope(status, kind=kind)
    return Call(f"/chat [{status}]", "POST", "/chat", status, body, content_type, check, REFUSED)


def _invalid(**fields: Any) -> Call:
    return _refused(422, json.dumps(fields).encode())


def _malformed(body: bytes) -> Call:
    return _refused(422, body, kind="json_invalid")


_QUESTION: Final = "What should I think about before I choose a web framework for an agent?"

_SUM: Final = "calculate 6 * 7"

_CHATS: Final = (
    _chat(_QUESTION),
    _chat(_SUM, check=checks.chat_reply(tools=1, result="42")),
)

_BODIES: Final = (
    _chat("Hello", group=ACCEPTED),
    _invalid(),
    _chat("Grüße, 世界 🌍", group=ACCEPTED, session_id=None),
    _malformed(b'{"message": "Hello"'),
    _chat("Hello", group=ACCEPTED, colour="an unknown field is ignored"),
    _invalid(message=""),
    _malformed(b'{"message": "\\ud800"}'),
    _chat("x" * 5_000, group=ACCEPTED),
    _invalid(message="x" * 5_001),
    _malformed(b'{"message": "Hello", "x": ' + b"[" * 1_000 + b"]" * 1_000 + b"}"),
    _invalid(message=["Hello"]),
    _malformed(b'{"message": "Hello", "x": ' + b"9" * 5_000 + b"}"),
    _chat("Hello again", group=ACCEPTED),
    _invalid(message="Hello", session_id="not/an id"),
    _malformed(b'\xef\xbb\xbf{"message": "Hello"}'),
    _refused(415, b'{"message": "Hello"}', content_type="text/plain"),
    _malformed(b'{"message": "Hello", "x": NaN}'),
    _refused(413, b'{"message": "' + b"x" * 70_000 + b'"}'),
)


def _streamed(message: str, text: str, tokens: int, *tool_calls: Mapping[str, Any]) -> Call:
    body, said = json.dumps({"message": message}).encode(), Said(text, tokens, tool_calls)
    return Call("/chat/stream", "POST", "/chat/stream", body=body, stream=True, said=said)


# about 30 tokens and a tool call: 1.5 s, so that streams begin and end inside a window of a few seconds
_STREAM: Final = _streamed(
    _SUM,
    "One moment, I have a tool for that.\n\n“6 * 7” comes to 42. "
    "If you want another one, just ask; I can call several tools for one message.",
    29,
    MappingProxyType({"name": "calculate", "arguments": {"expression": "6 * 7"}, "result": "42"}),
)

# 94 tokens: 4.7 s, so that 1,000 of them open mean 213 new ones a second and not 667
_LONG: Final = _streamed(
    "What limits a server with many open streams?",
    "Thank you for “What limits a server with many open streams?”. Here is how I would go about it.\n\n"
    "Start with the part that you can check for yourself, because a claim that nobody has tested is only a rumour. "
    "Write down what you expect, try it on something small, and compare the two. Where they differ you have learnt "
    "something; where they agree you may go on to the next part with a little more confidence. "
    "This is the first thing you have said here, so I have nothing earlier to lean on.",
    94,
)

_ALL: Final = (
    Scenario("chat", "One reply, no model latency", "ChatUser", _CHATS, users=16, slo=Slo(latency_ms=100)),
    Scenario(
        "async",
        "Replies of a model that takes 200 ms",
        "AsyncUser",
        _CHATS[:1],
        users=64,
        slo=Slo(latency_ms=300),
        settings=_model(0.2, 0),
        probe=Call("/health", "GET", "/health", check=checks.healthy, group=HEALTH),
    ),
    Scenario(
        "validation",
        "Valid, invalid and hostile bodies",
        "ValidationUser",
        _BODIES,
        users=16,
        slo=Slo(latency_ms=100),
    ),
    Scenario(
        "docs",
        "The generated document and its page",
        "DocsUser",
        (
            Call("/openapi.json", "GET", "/openapi.json", check=checks.openapi, group="openapi"),
            Call("/docs", "GET", "/docs", check=checks.swagger, group="docs"),
        ),
        users=8,
        slo=Slo(latency_ms=100),
    ),
    Scenario(
        "stream",
        "Replies streamed at 20 tokens a second",
        "StreamUser",
        (_STREAM,),
        users=32,
        slo=Slo(ttft_ms=250, longest_gap_ms=250),
        settings=_model(0.05, 0.05),
        sample_every=10,
    ),
    Scenario(
        LONG,
        "Long replies streamed at 20 tokens a second",
        "LongStreamUser",
        (_LONG,),
        users=32,
        slo=Slo(ttft_ms=100, longest_gap_ms=250),
        settings=_model(0.05, 0.05),
        sample_every=10,
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({scenario.name: scenario for scenario in _ALL})


def find(name: str) -> Scenario:
    """The scenario of that name; a `UserError` that lists them all when there is none."""
    if name not in SCENARIOS:
        raise UserError(f"there is no scenario {name!r}; choose from {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
