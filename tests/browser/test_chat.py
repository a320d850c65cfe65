"""The chat page against each server: what a person sees in a conversation."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.watch import Watch
from tests.conformance.poll import poll
from tests.conformance.subject import Subject

pytestmark = pytest.mark.concurrent(2)  # a browser keeps idle connections open beside the one in use

MARKUP = "<img src=x onerror=\"document.title='run'\"><b>bold</b> & <script>1</script>"


@pytest.mark.clause("keys.refused")
def test_wrong_key(chat: Chat, server: Subject, watch: Watch) -> None:
    """A wrong key is refused in words, and the message goes through once the right one is entered."""
    watch.expect("status of 401")
    chat.use_key("not-the-key")
    chat.say("hello")
    expect(chat.notes).to_contain_text("refused the API key")
    expect(chat.page.get_by_role("alert")).to_contain_text("refused this key")
    chat.use_key(server.key)
    chat.button("Try again").click()
    chat.await_state("done")
    expect(chat.turns).to_have_count(1)
    expect(chat.notes).to_have_count(0)


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.unbuffered")
def test_tokens_appear(chat: Chat, server: Subject) -> None:
    """The reply grows on the page while it is being written."""
    chat.use_key(server.key)
    chat.say("hello there")
    sizes = [0]
    while len(sizes) < 4:
        sizes.append(poll(lambda: max(len(chat.reply), sizes[-1]) - sizes[-1], 10.0, "more text") + sizes[-1])
    expect(chat.turns.last).to_have_attribute("data-state", "streaming", timeout=1)
    chat.await_state("done")
    assert len(chat.reply) > sizes[-1]


@pytest.mark.clause("routes.page", "docs.offline")
def test_tool_call(chat: Chat, server: Subject) -> None:
    """A tool call is shown with its name, its arguments and its result, and the reply after it."""
    chat.use_key(server.key)
    chat.button("calculate 6 * 7").click()
    chat.await_state("done")
    tool = chat.turns.last.locator(".tool")
    expect(tool.get_by_role("heading")).to_contain_text("calculate")
    expect(tool).to_contain_text("6 * 7")
    expect(tool.locator(".result")).to_contain_text("42")
    assert "42" in chat.reply


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.disconnect-dropped")
def test_stop(chat: Chat, server: Subject) -> None:
    """A reply can be stopped; the page says so, and the server does not store the turn."""
    chat.use_key(server.key)
    with chat.page.expect_response("**/chat/stream") as answer:
        chat.say("hello there")
    chat.await_state("streaming")
    chat.button("Stop").click()
    chat.await_state("stopped")
    expect(chat.notes).to_contain_text("Stopped")
    request_id = answer.value.header_value("x-request-id")
    assert request_id is not None
    assert server.log_line(request_id, timeout=20.0)["outcome"] == "disconnected"
    assert server.messages(chat.session_id) == []


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.in-stream", "errors.in-stream-kept")
def test_model_failure(chat: Chat, server: Subject) -> None:
    """A model that fails in the middle of a reply is said in words, under what had come."""
    chat.use_key(server.key)
    chat.say("/stall")
    chat.await_state("failed")
    assert chat.reply
    expect(chat.notes).to_contain_text("Bad gateway")
    expect(chat.notes).to_contain_text("not kept")
    assert server.messages(chat.session_id) == []


def test_markup_is_text(chat: Chat, server: Subject) -> None:
    """HTML in a message is shown as it was typed and never becomes part of the page."""
    chat.use_key(server.key)
    chat.complete(MARKUP)
    chat.complete("what did I say first?")
    expect(chat.turns.first.locator(".user")).to_contain_text(MARKUP)
    expect(chat.turns.locator("img, b, script")).to_have_count(0)
    assert chat.page.title() == "Agent chat"


def test_second_message(chat: Chat, server: Subject) -> None:
    """A second message goes into the same session, and the agent remembers the first."""
    chat.use_key(server.key)
    chat.complete("my cat is called Ada")
    session = chat.session_id
    turn = chat.complete("what did I say first?")
    expect(turn.locator(".reply")).to_contain_text("my cat is called Ada")
    assert chat.session_id == session


def test_reload(chat: Chat, server: Subject) -> None:
    """After a reload the page shows the stored conversation and goes on with it."""
    chat.use_key(server.key)
    chat.complete("my cat is called Ada")
    session, reply = chat.session_id, chat.reply
    chat.page.reload()
    chat.await_state("done")
    assert (chat.session_id, chat.reply) == (session, reply)
    chat.complete("calculate 1 + 1")
    assert len(server.messages(session)) == 4


def test_delete(chat: Chat, server: Subject) -> None:
    """A deleted conversation is gone from the page and from the server."""
    chat.use_key(server.key)
    chat.complete("hello")
    session = chat.session_id
    assert len(server.messages(session)) == 2
    chat.page.once("dialog", lambda dialog: dialog.accept())
    chat.button("Delete").click()
    expect(chat.turns).to_have_count(0)
    assert server.messages(session) == []


def test_phone(chat: Chat, server: Subject) -> None:
    """On a phone nothing is wider than the screen, whatever is written."""
    chat.page.set_viewport_size({"width": 390, "height": 800})
    chat.use_key(server.key)
    chat.complete("x" * 400)
    chat.complete(f"calculate {'1 + ' * 60}1")
    width = chat.page.locator("html").evaluate("root => root.scrollWidth")
    assert width <= 390
    for part in chat.page.locator("#log .user, #log .text, #log .tool, header button, footer button").all():
        box = part.bounding_box()
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= 390), part
