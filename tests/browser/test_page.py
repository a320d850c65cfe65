"""The chat page alone, its server played by the case: streams cut anywhere, refusals, and the keyboard."""

import json
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.chat import Chat
from tests.browser.watch import Watch

START = {"type": "start", "session_id": "one"}
TOKEN = {"type": "token", "content": "grüß dich 👋"}
END = {"type": "end"}

FEED = """pieces => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => [...parser.feed(new Uint8Array(piece))]);
}"""


def stream(*events: Mapping[str, Any]) -> str:
    """The body of an event stream."""
    return "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events)


def answer(chat: Chat, status: int, body: str, **headers: str) -> None:
    """Let the server answer every message so."""
    kind = "text/event-stream" if status == 200 else "application/json"

    def fulfill(route: Route) -> None:
        route.fulfill(status=status, body=body, headers={"Content-Type": f"{kind}; charset=utf-8", **headers})

    chat.page.route("**/chat/stream", fulfill)


LINES = (": ping", "", "data: grüß 👋", "", "event: x", "id", "data:two", "data:  lines", "", ":", "data", "", "")


def test_reader(chat_alone: Chat) -> None:
    """The reader finds the same events wherever the bytes are split, whatever the line ends and comments."""
    for newline in ("\n", "\r\n", "\r"):
        wire = newline.join((*LINES, "data: unfinished")).encode()
        splits = [[wire], [bytes([byte]) for byte in wire]]
        splits += [[wire[:i], wire[i:]] for i in range(1, len(wire))]
        for pieces in splits:
            seen = chat_alone.page.evaluate(FEED, [list(piece) for piece in pieces])
            assert seen == ["grüß 👋", "two\n lines", ""], (newline, pieces)


def test_unknown_event(chat_alone: Chat) -> None:
    """An event that this page does not know is passed over, and comments are not shown."""
    answer(chat_alone, 200, ": ping\n\n" + stream(START, {"type": "new"}, TOKEN) + ": ping\n\n" + stream(END))
    chat_alone.complete("hello")
    assert chat_alone.reply == TOKEN["content"]
    assert chat_alone.session_id == "one"


def test_cut_off(chat_alone: Chat) -> None:
    """A stream that stops without an end or an error is called cut off, under what had come."""
    answer(chat_alone, 200, stream(START, TOKEN))
    chat_alone.say("hello")
    expect(chat_alone.notes).to_contain_text("The reply was cut off")
    assert chat_alone.reply == TOKEN["content"]


def test_unreadable(chat_alone: Chat) -> None:
    """An event that is no JSON is said in words."""
    answer(chat_alone, 200, "data: {\n\n")
    chat_alone.say("hello")
    expect(chat_alone.notes).to_contain_text("cannot read")


TOO_LONG = {"type": "string_too_long", "loc": ["body", "message"], "msg": "String should be shorter"}

REFUSALS: tuple[tuple[int, Any, dict[str, str], tuple[str, ...]], ...] = (
    (413, "over 65536 bytes", {}, ("too large", "over 65536 bytes")),
    (422, [TOO_LONG], {}, ("did not accept the message", "message: String should be shorter")),
    (503, "The server is draining.", {"Retry-After": "7"}, ("no new work", "draining", "Try again in 7 s")),
    (418, "I am a teapot.", {}, ("answered 418", "I am a teapot.")),
)


def test_refusals(chat_alone: Chat, watch: Watch) -> None:
    """A refusal is told in words, with the server's own detail."""
    for status, detail, headers, words in REFUSALS:
        watch.expect(f"status of {status}")
        answer(chat_alone, status, json.dumps({"error": "any", "detail": detail}), **headers)
        chat_alone.say("hello")
        for part in words:
            expect(chat_alone.notes.last).to_contain_text(part)


def test_unreachable(chat_alone: Chat, watch: Watch) -> None:
    """A server that cannot be reached is said to be so, and the message can be sent again."""
    watch.expect("net::ERR_FAILED")
    chat_alone.page.route("**/chat/stream", lambda route: route.abort())
    chat_alone.say("hello")
    expect(chat_alone.notes).to_contain_text("could not be reached")
    answer(chat_alone, 200, stream(START, TOKEN, END))
    chat_alone.button("Try again").click()
    chat_alone.await_state("done")
    expect(chat_alone.turns).to_have_count(1)


def test_keyboard(chat_alone: Chat) -> None:
    """Enter sends, Shift+Enter adds a line, and Escape stops a reply that has not begun."""
    chat_alone.page.route("**/chat/stream", lambda _: None)  # never answered
    expect(chat_alone.box).to_be_focused()
    chat_alone.page.keyboard.type("one")
    chat_alone.page.keyboard.press("Shift+Enter")
    chat_alone.page.keyboard.type("two")
    expect(chat_alone.box).to_have_value("one\ntwo")
    chat_alone.page.keyboard.press("Enter")
    expect(chat_alone.turns.last.locator(".user")).to_contain_text("one\ntwo")
    chat_alone.page.keyboard.press("Escape")
    chat_alone.await_state("stopped")


def test_new_conversation(chat_alone: Chat) -> None:
    """A new conversation begins empty and sends no session id; until then the id goes along."""
    answer(chat_alone, 200, stream(START, TOKEN, END))
    sent = []
    chat_alone.page.on("request", lambda request: sent.append(request.post_data_json))
    chat_alone.complete("a")
    chat_alone.complete("b")
    chat_alone.button("New conversation").click()
    expect(chat_alone.turns).to_have_count(0)
    assert chat_alone.session_id == ""
    chat_alone.complete("c")
    assert sent == [{"message": "a"}, {"message": "b", "session_id": "one"}, {"message": "c"}]
