"""A span around each question to the model, with the moment of its first answer: where a turn's time goes.

Rule: passes everything on as it is and says nothing of what was said; what differs between a class here and its async
twin is `await`. Neighbours: `agent.model` (the protocols kept here), `tracing`.
"""

from collections.abc import Sequence

from opentelemetry.trace import Span, Status, StatusCode, Tracer

from shared.agent.model import AsyncModel, AsyncModelCall, Delta, Model, ModelCall, Utterance
from shared.agent.tools import Tool

NAME = "model call"
FIRST = "first answer"


class TracedModel:
    """A model whose calls are spans, children of the request's."""

    def __init__(self, model: Model, tracer: Tracer) -> None:
        self._model, self._tracer = model, tracer

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> ModelCall:
        """As `Model.open`."""
        return TracedCall(self._model.open(conversation, tools), self._tracer.start_span(NAME))

    def close(self) -> None:
        """As `Model.close`."""
        self._model.close()


class TracedCall:
    """A call and its span, which ends with it."""

    def __init__(self, call: ModelCall, span: Span) -> None:
        self._call, self._note = call, Note(span)

    def receive(self, timeout: float) -> Sequence[Delta]:
        """As `ModelCall.receive`."""
        try:
            return self._note.received(self._call.receive(timeout))
        except Exception as error:
            self._note.failed(error)
            raise

    def close(self) -> None:
        """As `ModelCall.close`."""
        self._note.ended()
        self._call.close()


class AsyncTracedModel:
    """As `TracedModel`."""

    def __init__(self, model: AsyncModel, tracer: Tracer) -> None:
        self._model, self._tracer = model, tracer

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncModelCall:
        """As `TracedModel.open`."""
        return AsyncTracedCall(self._model.open(conversation, tools), self._tracer.start_span(NAME))

    async def close(self) -> None:
        """As `TracedModel.close`."""
        await self._model.close()


class AsyncTracedCall:
    """As `TracedCall`."""

    def __init__(self, call: AsyncModelCall, span: Span) -> None:
        self._call, self._note = call, Note(span)

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - polling is the protocol
        """As `TracedCall.receive`."""
        try:
            return self._note.received(await self._call.receive(timeout))
        except Exception as error:
            self._note.failed(error)
            raise

    async def close(self) -> None:
        """As `TracedCall.close`."""
        self._note.ended()
        await self._call.close()


class Note:
    """What a call's span is told: when the model first answered, by what kind of error it failed, that it is over."""

    def __init__(self, span: Span) -> None:
        self._span, self._waiting = span, True

    def received(self, deltas: Sequence[Delta]) -> Sequence[Delta]:
        """Some deltas, or none yet."""
        if deltas and self._waiting:
            self._waiting = False
            self._span.add_event(FIRST)
        return deltas

    def failed(self, error: Exception) -> None:
        """The error's class alone: its words may be the upstream's, or the user's."""
        self._span.set_attribute("error.type", type(error).__name__)
        self._span.set_status(Status(StatusCode.ERROR))

    def ended(self) -> None:
        """Once is enough: the library warns of a second time."""
        if self._span.is_recording():
            self._span.end()
