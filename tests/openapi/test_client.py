"""A client generated from either server's document works against either server, and the two clients are the same.

The generator, openapi-python-client, makes an operation of the stream too, but one that returns the whole text when
the stream has ended, for it knows no event streams; the events' models are there, and read that text.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest

from tests.conformance.subject import Subject, fresh
from tests.openapi.generated import Generated, generate

PLACES = ("first", "second")
EVENTS = {
    "start": "StartEvent",
    "token": "TokenEvent",
    "tool_call": "ToolCallEvent",
    "end": "EndEvent",
}


@dataclass(frozen=True, slots=True)
class Pairing:
    """The client of one server's document, and the server that it is used with."""

    generated: Generated
    server: Subject

    def client(self, key: str | None = None) -> Any:
        """The client with the server's key, or another."""
        return self.generated.client(self.server.url, key or self.server.key)

    def ask(self, message: str, session: str | None = None) -> Any:
        """A request for either way to chat."""
        return self.generated.model("ChatRequest", message=message, session_id=session)

    def call(self, operation: str, *path: str, key: str | None = None, **given: Any) -> Any:
        """What an operation returns."""
        with self.client(key) as client:
            return self.generated.operation(operation)(*path, client=client, **given)


@pytest.fixture(scope="session")
def generated(
    twins: tuple[Subject, Subject], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Generated]]:
    """The clients of both documents, generated once."""
    folder = tmp_path_factory.mktemp("clients")
    names = {place: f"{place}_client_of_{folder.name}" for place in PLACES}
    clients = {place: generate(twin.url, folder, names[place]) for place, twin in zip(PLACES, twins, strict=True)}
    sys.path.insert(0, str(folder))
    yield clients
    sys.path.remove(str(folder))


@pytest.fixture(params=itertools.product(PLACES, PLACES), ids=lambda pair: f"{pair[0]}-document-{pair[1]}-server")
def pairing(request: pytest.FixtureRequest, twins: tuple[Subject, Subject], generated: dict[str, Generated]) -> Pairing:
    """Each client with each server."""
    document, server = request.param
    return Pairing(generated[document], twins[PLACES.index(server)])


def test_same_client(generated: dict[str, Generated]) -> None:
    """What is generated from the two documents is the same to the byte."""
    first, second = (client.files() for client in generated.values())
    assert first == second
    assert {"api/chat/chat.py", "api/sessions/forget.py", "models/chat_response.py"} < first.keys()


def test_health(pairing: Pairing) -> None:
    """Health needs no key and comes typed."""
    with pairing.generated.client(pairing.server.url, None) as client:
        told = pairing.generated.operation("service.health")(client=client).parsed
    assert (told.status.value, told.version) == ("healthy", "1.0.0")


def test_chat(pairing: Pairing) -> None:
    """A reply comes typed, with the tool calls as models of their own."""
    told = pairing.call("chat.chat", body=pairing.ask("calculate 6 * 7")).parsed
    assert pairing.generated.is_a(told, "ChatResponse")
    (tool_call,) = told.tool_calls
    assert (tool_call.name, tool_call.arguments.to_dict(), tool_call.result) == (
        "calculate",
        {"expression": "6 * 7"},
        "42",
    )
    assert "42" in told.reply


def test_chat_async(pairing: Pairing) -> None:
    """The generated client's other face, asynchronous, gets the same."""

    async def told() -> Any:
        async with pairing.client() as client:
            return await pairing.generated.module("api.chat.chat").asyncio(client=client, body=pairing.ask("Hello"))

    assert asyncio.run(told()).reply == pairing.call("chat.chat", body=pairing.ask("Hello")).parsed.reply


def test_session(pairing: Pairing) -> None:
    """A session is read as models, is forgotten, and is not there then."""
    session = fresh()
    reply = pairing.call("chat.chat", body=pairing.ask("Hello", session)).parsed.reply
    messages = pairing.call("sessions.session", session).parsed.messages
    assert [(one.role.value, one.content) for one in messages] == [("user", "Hello"), ("assistant", reply)]
    gone = pairing.call("sessions.forget", session)
    assert (gone.status_code, gone.content) == (HTTPStatus.NO_CONTENT, b"")
    assert pairing.call("sessions.session", session).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("route", ["chat.chat", "chat.chat_stream"])
@pytest.mark.parametrize(
    ("message", "key", "status", "error"),
    [
        ("Hello", "wrong", HTTPStatus.UNAUTHORIZED, "Unauthorized"),
        ("x" * 70_000, None, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Content too large"),
        ("", None, HTTPStatus.UNPROCESSABLE_ENTITY, "Validation error"),
    ],
    ids=["401", "413", "422"],
)
def test_errors(pairing: Pairing, route: str, message: str, key: str | None, status: HTTPStatus, error: str) -> None:
    """An error comes as the envelope's model, on the stream's route too; what is wrong with a body, as models."""
    answer = pairing.call(route, key=key, body=pairing.ask(message))
    assert (answer.status_code, answer.parsed.error) == (status, error)
    assert pairing.generated.is_a(answer.parsed, "ErrorResponse")
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        (detail,) = answer.parsed.detail
        assert pairing.generated.is_a(detail, "ValidationDetail")
        assert (detail.type_, detail.loc) == ("string_too_short", ["body", "message"])


def test_no_such_session(pairing: Pairing) -> None:
    """A session that is not there is the envelope too."""
    answer = pairing.call("sessions.session", fresh())
    assert (answer.status_code, answer.parsed.error) == (HTTPStatus.NOT_FOUND, "Not found")


def test_stream(pairing: Pairing) -> None:
    """The stream comes as its whole text, and each event in it is one of the generated models."""
    session = fresh()
    text = pairing.call("chat.chat_stream", body=pairing.ask("calculate 6 * 7", session)).parsed
    told = [json.loads(block.removeprefix("data: ")) for block in text.strip().split("\n\n")]
    models = [getattr(pairing.generated.module("models"), EVENTS[one["type"]]).from_dict(one) for one in told]
    assert [model.to_dict() for model in models] == told
    assert [not model.additional_properties for model in models] == [True] * len(models)
    assert (models[0].session_id, {type(model).__name__ for model in models}) == (session, set(EVENTS.values()))
