"""The table of clients: where each runs, which package it is, and what it needs of whoever uses it.

Rule: adding a client is a row here and a function or a reader of its id. Neighbours: `sent` (what a reader is),
`web/clients.js` (the functions), `python_clients` (the readers), `__main__` (writes docs/clients.md from it).
"""

from dataclasses import dataclass

from tests.clients import python_clients
from tests.clients.sent import Reader


@dataclass(frozen=True, slots=True)
class Client:
    """A client. `package`: its name, None for what a browser has by itself; `reader`: None where it runs in a page.

    `keeps`: it keeps what it has read of a line until the rest comes.
    """

    id: str
    package: str | None
    use: str
    needs: str
    reader: Reader | None = None
    keeps: bool = True


CLIENTS = (
    Client(
        "browser-loop",
        None,
        "`fetch`, `getReader`, `TextDecoder`, lines that begin with `data: `; nothing is kept between two reads",
        "Each event whole in one read, which is not a network's to promise: see below.",
        keeps=False,
    ),
    Client("eventsource-parser", "eventsource-parser", "`createParser`, fed from a `TextDecoderStream`", "Nothing."),
    Client("eventsource-parser-stream", "eventsource-parser", "`EventSourceParserStream` in a pipe", "Nothing."),
    Client(
        "fetch-event-source",
        "@microsoft/fetch-event-source",
        '`fetchEventSource` with `method: "POST"`',
        "An `onerror` that throws: without one it sends the turn again every second for as long as it is refused or "
        "cut off. `openWhenHidden: true`: without it a tab that is hidden and shown again sends the turn again. "
        "An `onmessage` that passes over empty data: a heartbeat is an empty message to it.",
    ),
    Client(
        "httpx-sse",
        "httpx-sse",
        "`connect_sse` with `httpx.Client`",
        "Version 0.4.2 or newer: older ones end a line at U+2028 too, which may stand in an event. A read timeout "
        "longer than the heartbeat of 15 s; httpx's own is 5 s.",
        python_clients.Blocking(),
    ),
    Client(
        "httpx-sse-async",
        "httpx-sse",
        "`aconnect_sse` with `httpx.AsyncClient`",
        "As `httpx-sse`.",
        python_clients.Async(),
    ),
)
