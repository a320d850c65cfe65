"""Traffic of which every request is known, from several connections at once.

Neighbours: `test_metrics`, `test_names`.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.conformance.subject import Subject, fresh

CLIENTS = 5
SETTINGS: Mapping[str, str] = {"SCRIPTED_FAULTS": "true", "MODEL_TIMEOUT": "0.2"}


@dataclass(frozen=True, slots=True)
class Played:
    """What was sent and what came back."""

    requests: Counter[tuple[str, str, str]]
    """By method, route and status, as the labels have them."""
    turns: Counter[str]
    events: Counter[str]
    model_errors: Counter[str]


def play(subject: Subject) -> Played:
    """Every kind of request that counts, once for each client."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        events = sum(pool.map(_client, [subject] * CLIENTS), Counter[str]())
    return Played(
        requests=Counter(dict.fromkeys(REQUESTS, CLIENTS)) + Counter({STREAM: 3 * CLIENTS}),
        turns=Counter(completed=2 * CLIENTS, failed=5 * CLIENTS),
        events=events,
        model_errors=Counter(ModelError=2 * CLIENTS, ModelTimeout=2 * CLIENTS),
    )


STREAM = ("POST", "/chat/stream", "200")
REQUESTS = (
    ("POST", "/chat", "200"),
    ("POST", "/chat", "401"),
    ("POST", "/chat", "422"),
    ("POST", "/chat", "500"),
    ("POST", "/chat", "502"),
    ("POST", "/chat", "504"),
    ("GET", "/sessions/{session_id}", "200"),
    ("GET", "/sessions/{session_id}", "404"),
    ("DELETE", "/sessions/{session_id}", "204"),
    ("HEAD", "/docs", "200"),
    ("GET", "other", "404"),
    ("PUT", "other", "405"),
)


def _client(subject: Subject) -> Counter[str]:
    session = fresh()
    statuses = [
        subject.chat("calculate 6 * 7", session),
        subject.chat("no key", key="wrong"),
        subject.post("/chat", b"no JSON"),
        subject.chat("/crash"),
        subject.chat("/fail"),
        subject.chat("/hang"),
        subject.get(f"/sessions/{session}"),
        subject.get(f"/sessions/{fresh()}"),
        subject.delete(f"/sessions/{session}"),
        subject.request("HEAD", "/docs"),
        subject.get(f"/{fresh()}"),
        subject.request("PUT", "/chat"),
    ]
    assert [str(answer.status) for answer in statuses] == [status for _, _, status in REQUESTS]
    streams = [subject.streamed("calculate 6 * 7"), subject.streamed("/stall"), subject.streamed("/hang")]
    assert [stream[-1]["type"] for stream in streams] == ["end", "error", "error"]
    return Counter(event["type"] for stream in streams for event in stream)
