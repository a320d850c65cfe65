"""Writes docs/clients.md from the tables of clients and turns; a test holds the stored page to it."""

from pathlib import Path

from tests.clients.clients import CLIENTS, Client
from tests.clients.packages import version
from tests.clients.turns import LIVE, PLAIN, Turn

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"

TEXT = """\
# Clients

Which clients of the stream are run against both servers, what they read, and what each needs of you. Written by
`python -m tests.clients`; a test holds this page to the sources. The clients are run by `tests/clients/`, each on every
server: those of a browser in Chromium, from a page on another origin than the server's.

| client | version | used by | needs |
|---|---|---|---|
{clients}
The npm packages are in `tests/clients/vendor/`, as published, so that this works offline and without Node. Chromium is
the machine's own, whatever its version.

## What every client reads

The reference is what a plain socket reads of the same message in the same state. Every client must read the same events
with the same content, in the same order, and no others.

| turn | model | events |
|---|---|---|
{turns}
Every client is also shown to leave in the middle of a reply, which the server then calls disconnected and does not
store; to take a refusal (401) for a failure, and to send it once; and to read the same events from a network that
cuts them into small pieces, or to fail there where the table says so.

## What to know before writing one

- **`EventSource` cannot be used.** It sends GET and no headers of its own; a turn is a POST with a key. Use `fetch`,
  with a parser of the first table.
- **Do not retry by yourself.** A turn is a POST: sent again it is another turn, and the model is paid again. A turn
  is stored just before its `end` is sent, so one that broke off may be stored or not: `GET /sessions/{{session_id}}`
  tells.
- **A 200 can still fail.** The headers go out before the model has answered, so a failure after them is an `error`
  event, in the words of the JSON errors. A stream that ends without `end` or `error` was cut off.
- **Pass over comments, and wait for longer than they do.** While the model is silent a comment goes out every 15 s
  (`STREAM_HEARTBEAT`). A client that gives up after less than that gives up slow models.
- **End lines at LF and CR only.** An event is one line of JSON in UTF-8, in which U+2028, U+0085 and the like may
  stand. What splits lines as Python's `str.splitlines` does tears it apart.
- **Going away is enough to stop.** `AbortController.abort()`, or closing the connection, ends the model's call too.

## The simplest loop, and where it ends

The loop that reads, decodes and splits without keeping anything between two reads works because the servers send each
event in one write. What they cannot promise is that one write is one read:

- **A network** carries about 1.4 kB in one segment. A longer event, or one of several that are sent at once, may
  arrive in two parts.
- **Chromium's first read** of an answer takes 4,096 bytes, head and framing included. Where the server has sent more
  than that before the browser reads, an event across that edge comes in two parts, now and then. A model that
  takes its time over the first token does not cause it, unless the browser is late; one that answers at once can.
- **Later reads** of Chromium take up to 64 KiB. No event of the kit's own model and tools is as long as that.

A part of an event is no JSON, so the loop ends with a `SyntaxError`, or an event is lost. It is held here to what it
can do: on one machine, every turn of a model that pauses, and every answer that fits the first read. Use a parser for
anything else; the chat page has one in its own script.

## From a page on another origin

With `ALLOWED_ORIGINS` unset a page of any origin reads every answer, and with a list the pages of these origins:
errors and streams too, with their status, body and `X-Request-ID`. To a page of any other origin every request fails
with a `TypeError`, and nothing that needs a key or is JSON is even sent. This is Chromium's own decision on what both
servers send, request by request; `tests/clients/asks.py` lists them.
"""


def page() -> str:
    """The whole page."""
    clients = "".join(map(_client, CLIENTS))
    turns = "".join(_turn(turn, "answers at once") for turn in PLAIN)
    turns += "".join(_turn(turn, "is silent, then one token at a time") for turn in LIVE)
    return TEXT.format(clients=clients, turns=turns)


def _client(client: Client) -> str:
    package = f"{client.package} {version(client.package)}" if client.package else "the browser's own"
    return f"| {client.id} | {package} | {client.use} | {client.needs} |\n"


def _turn(turn: Turn, model: str) -> str:
    comments = ", comments between them" if turn.comments else ""
    return f"| {turn.id} | {model} | {', '.join(turn.has)}{comments} |\n"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
