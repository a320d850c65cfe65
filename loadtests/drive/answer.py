"""What one answer is worth: what broke it, what its check says of it, whether it was good enough.

Rule: pure, and asked once an answer, when it is over; the same cause has the same words, so that failures can be
counted by it. Neighbours: `generator` asks and chooses the sample, `checks` and `scenarios` say what must come.
"""

from __future__ import annotations

from math import inf

from loadtests.checks import misheard
from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.message import Reply
from loadtests.drive.recorder import Streamed
from loadtests.scenarios import Call, Slo


def problem(call: Call, reply: Reply, stream: ChatStream | None) -> str | None:
    """What every answer is looked at for: it came whole, with its status, and a stream in the contract's order."""
    if reply.failure is not None:
        return str(reply.failure)
    if reply.status != call.expect:
        return f"status {reply.status} instead of {call.expect}"
    return stream.problem if stream is not None else None


def complaint(call: Call, reply: Reply, stream: ChatStream | None) -> str | None:
    """What is asked of a sample: the body's own check, or whether a stream said all that the model says."""
    if stream is not None:
        found = misheard(call.said, stream.said) if call.said is not None else None
    else:
        found = call.check(reply.body) if call.check is not None else None
    return found and f"body: {found}"


def good(slo: Slo, due: float, reply: Reply, streamed: Streamed | None) -> bool:
    """Whether a request that went well was also good enough, from when it was meant to be sent."""
    measured: list[tuple[float | None, float]] = [(slo.latency_ms, reply.end - due)]
    if streamed is not None:
        first = streamed.first_content
        measured.append((slo.ttft_ms, inf if first is None else first - due))
        measured.append((slo.longest_gap_ms, max(streamed.gaps, default=0.0)))
    return all(limit is None or seconds * 1e3 <= limit for limit, seconds in measured)


def example(reply: Reply, stream: ChatStream | None) -> str:
    """What a failure looked like: of a stream that came, what it said; its body went to its reader."""
    if reply.failure is not None:
        return str(reply.failure)
    if stream is not None and stream.complete:
        said = stream.said
        return f"{reply.status} {said.tokens} tokens, {len(said.tool_calls)} tool calls: {(said.text or '')[:200]!r}"
    return f"{reply.status} {reply.body[:250].decode('utf-8', 'replace')}".rstrip()
