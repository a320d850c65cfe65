"""What a turn answers: the reply, the tool calls in their order, and UTF-8 that nobody has escaped."""

import re
from typing import Any

from tests.conformance.case import Case, Expect
from tests.conformance.cases.build import turn

ANY = re.compile(r".+", re.DOTALL)
START = {"type": "start", "session_id": "(fresh)"}
END = {"type": "end"}

FORTY_TWO, ANYTHING = r".*\b42\b.*", r".+"
TOOLS = (
    ("calculator", "calculate 6 * 7", (FORTY_TWO,)),
    ("clock", "time in Europe/Paris", (ANYTHING,)),
    ("two", "calculate 6 * 7 and time in Europe/Paris", (FORTY_TWO, ANYTHING)),
    ("two-the-other-way", "time in UTC and calculate 6 * 7", (ANYTHING, FORTY_TWO)),
)
ODD = (
    ("other-scripts", "Grüße, 世界 😀", "letters of several scripts and an emoji"),
    ("separators", "a\u2028b\u2029c", "line separators of Unicode, which JavaScript once took for line ends"),
    ("markup", "</script><b>&amp;", "markup"),
    ("controls", "a\x00\x1f\x7fb", "control characters"),
    ("quotes", '"quoted" and \\ and /', "quotes, a backslash and a slash"),
    ("framing", "\n\ndata: {}\n\nevent: x\r\n\r\n", "what looks like the framing of a stream"),
    ("noncharacter", "\uffff\U0010ffff", "the last code points of two planes"),
    ("combining", "e\u0301 \u200d \u202e", "combining and invisible characters"),
)


def _calls(results: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": ..., "arguments": ..., "result": re.compile(result, re.DOTALL)} for result in results]


def _events(results: tuple[str, ...]) -> tuple[Any, ...]:
    calls = [part for call in _calls(results) for part in ({"type": "tool_call", **call}, ...)]
    return (START, ..., *calls, END)


CASES = (
    *(
        Case(
            id=f"answers.tools-{name}-chat",
            clauses=("model.tools", "answer.tool-calls", "answer.field-order"),
            does=f"The message is {message!r}, by POST /chat.",
            expects=f"{len(results)} tool calls in the order of the message, each with its name, arguments and result.",
            request=turn("/chat", message),
            expect=Expect(status=200, json={"reply": ANY, "session_id": "(fresh)", "tool_calls": _calls(results)}),
        )
        for name, message, results in TOOLS
    ),
    *(
        Case(
            id=f"answers.tools-{name}-stream",
            clauses=("model.tools", "stream.tool-calls", "answer.field-order"),
            does=f"The message is {message!r}, by POST /chat/stream.",
            expects=f"{len(results)} tool_call events in the order of the message, with name, arguments and result.",
            request=turn("/chat/stream", message),
            expect=Expect(status=200, events=_events(results)),
        )
        for name, message, results in TOOLS
    ),
    Case(
        id="answers.reply-has-the-result",
        clauses=("model.tools", "answer.tool-calls"),
        does="The message asks for 6 * 7.",
        expects="The result of the tool is in the reply, too.",
        request=turn("/chat", "calculate 6 * 7"),
        expect=Expect(status=200, has={"reply": re.compile(FORTY_TWO, re.DOTALL)}),
    ),
    Case(
        id="answers.arguments",
        clauses=("model.tools", "answer.tool-calls"),
        does="The message asks for the time in a zone.",
        expects="The zone is the tool's argument.",
        request=turn("/chat", "time in Europe/Paris"),
        expect=Expect(status=200, body_has=(b'"Europe/Paris"',)),
    ),
    *(
        Case(
            id=f"answers.text-{name}-{kind}",
            clauses=("answer.utf8", *(("stream.grammar",) if kind == "stream" else ())),
            does=f"A message with {words} goes to POST {route}.",
            expects="200, and the message is stored as it was sent, whatever it looks like.",
            request=turn(route, message),
            expect=Expect(status=200, stored=(message,), events=(START, ..., END) if kind == "stream" else None),
        )
        for kind, route in (("chat", "/chat"), ("stream", "/chat/stream"))
        for name, message, words in ODD
    ),
)
