"""The upstream's routes: each reads, decides what is played, and answers.

Rule: whatever is refused is refused in OpenAI's envelope, and counted. Neighbours: `asked` (what was asked), `score`
(what is said), `player` (says it), `ledger` (counts it), `server` (runs the app, and knows the connections).
"""

import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loadtests.upstream import wire
from loadtests.upstream.asked import Asked, conversation, read
from loadtests.upstream.faults import asked_for
from loadtests.upstream.ledger import Call, Entry, Ledger
from loadtests.upstream.options import MODEL, Options
from loadtests.upstream.pace import Lottery, Pace
from loadtests.upstream.player import Player, Schedule, Streamed, Whole
from loadtests.upstream.refusals import ONCE, STATUSES, Refusal, Refused, wrong_key
from loadtests.upstream.score import ANSWERED, Score, sound, spoilt
from shared.agent.model import User, Utterance

_CALLS = TypeAdapter(tuple[Call, ...])

Handler = Callable[[Request], Awaitable[Response]]


def create_app(options: Options) -> Starlette:
    """The application; one process, one loop."""
    upstream = Upstream(options)
    routes = [
        Route("/v1/chat/completions", upstream.chat, methods=["POST"]),
        Route("/v1/models", upstream.models),
        Route("/stats", upstream.stats),
        Route("/calls", upstream.calls),
        Route("/health", upstream.health),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: _refused, HTTPException: _unknown})


@dataclass(frozen=True, slots=True)
class Question:
    """A request that is answered: what was asked, in which conversation, and the fault that its user asked for."""

    asked: Asked
    said: tuple[Utterance, ...]

    @property
    def fault(self) -> str | None:
        """The fault of this call; one that shows in one call only is over when the tools have answered."""
        last = next((said.content for said in reversed(self.said) if isinstance(said, User)), "")
        fault = asked_for(last)
        answered = bool(self.said) and not isinstance(self.said[-1], User)
        return None if fault in ANSWERED and answered else fault


class Upstream:
    """The handlers, and what they share."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._ledger = Ledger()
        self._pace = Pace(options.ttft, options.itl, options.jitter, options.seed)
        self._lottery = Lottery(options.faults, options.fault_rate, options.seed)
        self._refused_once: set[int] = set()

    async def chat(self, request: Request) -> "Response | Player":
        """POST /v1/chat/completions."""
        self._ledger.requests += 1
        try:
            self._admit(request)
            asked = read(await request.body())
            question = Question(asked, conversation(asked.messages))
        except Refused:
            self._ledger.refused += 1
            raise
        number = self._ledger.next_number()
        entry = self._ledger.begin(question.fault or self._lottery.draw(number))
        refusal = self._status(entry, asked)
        if refusal is not None:
            entry.end(entry.fault or "")
            return _response(refusal)
        return self._player(entry, question)

    async def models(self, request: Request) -> Response:
        """GET /v1/models: ours; any other name is taken too."""
        self._admit(request)
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "parity"}
        return JSONResponse({"object": "list", "data": [model]})

    async def stats(self, _: Request) -> Response:
        """GET /stats."""
        return Response(self._ledger.stats().model_dump_json(), media_type="application/json")

    async def calls(self, _: Request) -> Response:
        """GET /calls."""
        return Response(_CALLS.dump_json(self._ledger.calls()), media_type="application/json")

    async def health(self, _: Request) -> Response:
        """GET /health, as every server of the kit has it."""
        return JSONResponse({"status": "healthy"})

    def _admit(self, request: Request) -> None:
        self._ledger.connections += request.state.connection.first_request()
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key != self._options.key:
            raise wrong_key(key)

    def _status(self, entry: Entry, asked: Asked) -> Refusal | None:
        """The refusal that this call's fault is; `-once`: not when the same was asked, and refused, just before."""
        fault = entry.fault or ""
        if fault in ONCE:
            question = zlib.crc32(repr(asked.messages).encode("utf-8", "replace"))
            if question in self._refused_once:
                self._refused_once.remove(question)
                return None
            self._refused_once.add(question)
        return STATUSES.get(fault.removesuffix("-once"))

    def _player(self, entry: Entry, question: Question) -> Player:
        asked = question.asked
        score = self._score(entry, question)
        schedule = Schedule(self._pace.dues(entry.number))
        created = int(time.time())
        prompt = sum(len(message.text) for message in asked.messages) // 4
        usage = wire.usage(score, prompt)
        if asked.stream:
            chunks = wire.Chunks(entry.id, created, asked.model, usage=asked.wants_usage)
            return Streamed(entry, score, schedule, chunks, usage)
        return Whole(entry, score, schedule, wire.whole(entry.id, created, asked.model, score, usage))

    def _score(self, entry: Entry, question: Question) -> Score:
        score = sound(question.said, question.asked.offered)
        if entry.fault is None or entry.fault in ONCE:
            return score
        return spoilt(entry.fault, score, slow=self._options.slow, number=entry.number)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _response(error.refusal)


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = f"Invalid URL ({request.method} {request.url.path})"
    return _response(Refusal(error.status_code, said, headers=error.headers or {}))


def _response(refusal: Refusal) -> Response:
    return JSONResponse(refusal.envelope(), refusal.status, dict(refusal.headers))
