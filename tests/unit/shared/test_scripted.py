"""The scripted model: what it says, and when."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from shared.agent.model import Assistant, Delta, End, Text, ToolCall, ToolResult, User, Utterance
from shared.agent.script import MAX_CALLS, Fault, script, tokens
from shared.agent.scripted import SECRET, AsyncScriptedModel, ScriptedModel
from shared.agent.tools import TOOLS, Context, run_tool
from shared.errors import ModelError

NAMES = [tool.name for tool in TOOLS]
CONTEXT = Context((), datetime(2026, 11, 22, 15, 1, tzinfo=UTC))


def answer(*conversation: Utterance) -> str:
    """The text of the answer to `conversation`."""
    return "".join(step.content for step in script(conversation, NAMES, faults=False) if isinstance(step, Text))


def calls(message: str) -> list[tuple[str, object]]:
    """The tools that are called for `message`, with their arguments."""
    steps = script([User(message)], NAMES, faults=False)
    return [(step.name, step.arguments) for step in steps if isinstance(step, ToolCall)]


@pytest.mark.parametrize("number", range(40))
def test_replies_are_of_realistic_length(number: int) -> None:
    """An ordinary message gets 60 to 120 tokens of prose that echo it, ended by `End`."""
    steps = script([User(f"message {number}")], NAMES, faults=False)
    assert 60 <= len(steps) - 1 <= 120
    assert f"message {number}" in answer(User(f"message {number}"))
    assert steps[-1] == End()
    assert all(isinstance(step, Text) and step.content for step in steps[:-1])


def test_replies_are_deterministic_and_varied() -> None:
    """The same conversation gets the same answer, others get others, and some of it is not ASCII."""
    replies = [answer(User(f"message {number}")) for number in range(40)]
    assert replies == [answer(User(f"message {number}")) for number in range(40)]
    assert len({reply.replace(f"message {number}", "") for number, reply in enumerate(replies)}) >= 10
    assert not all(reply.isascii() for reply in replies)


@pytest.mark.parametrize("text", ["", " ", "a", " a  b\n\nc ", "naïve → é", "x" * 30 + "\t", "👩‍💻 ok"])
def test_tokens_join_to_the_text(text: str) -> None:
    """No character is lost or added between the tokens."""
    assert "".join(token.content for token in tokens(text)) == text


def test_history_is_used() -> None:
    """A later reply names what was said before it."""
    reply = answer(User("about foxes"), Assistant("ok"), User("go on"))
    assert "about foxes" in reply
    assert reply != answer(User("go on"))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("calculate 6 * 7", [("calculate", {"expression": "6 * 7"})]),
        ("Please calculate (1+2)?", [("calculate", {"expression": "(1+2)"})]),
        ("time in Europe/Paris", [("get_time", {"zone": "Europe/Paris"})]),
        ("What time is it in Asia/Tokyo?", [("get_time", {"zone": "Asia/Tokyo"})]),
        ("what did I say first?", [("recall", {"which": "first"})]),
        ("what did I ask before?", [("recall", {"which": "last"})]),
        ("what have I said so far?", [("recall", {"which": "all"})]),
        (
            "calculate 2+2 and time in Asia/Tokyo",
            [("calculate", {"expression": "2+2"}), ("get_time", {"zone": "Asia/Tokyo"})],
        ),
        ("calculate " + "(" * 4990, [("calculate", {"expression": "(" * 4990})]),
        (" and ".join(["calculate 1"] * 300), [("calculate", {"expression": "1"})] * MAX_CALLS),
        ("hello", []),
        ("calculate", []),
        (" ", []),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_calls_tools(message: str, expected: list[tuple[str, object]]) -> None:
    """Tools are called for the messages that ask for them, in the order in which they are named."""
    assert calls(message) == expected


def test_calls_only_tools_that_are_offered() -> None:
    """A tool that the agent does not offer is never called."""
    steps = script([User("calculate 6 * 7")], [], faults=False)
    assert not [step for step in steps if isinstance(step, ToolCall)]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("calculate 6 * 7 and time in UTC", ["“6 * 7” comes to 42.", "2026-11-22 15:01 UTC"]),
        ("what did I say first?", ["nothing yet"]),
        ("calculate 1/0", ["calculate", "division by zero"]),
        ("calculate " + "(" * 4990, ["longer than 200 characters"]),
        ("calculate 2**3000", ["“2**3000” comes to 1230231922", "…"]),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_says_what_the_tools_gave(message: str, words: list[str]) -> None:
    """The answer after tool results tells each of them in words, long ones shortened, and calls no more."""
    asked = User(message)
    said = answer(asked)
    wanted = tuple(step for step in script([asked], NAMES, faults=False) if isinstance(step, ToolCall))
    results = [ToolResult(call, run_tool(TOOLS, call.name, call.arguments, CONTEXT)) for call in wanted]
    steps = script([asked, Assistant(said, wanted), *results], NAMES, faults=True)
    reply = "".join(step.content for step in steps if isinstance(step, Text))
    assert all(word in reply for word in words)
    assert reply.startswith("\n\n")
    assert len(reply) < 600
    assert not [step for step in steps if isinstance(step, ToolCall)]


@pytest.mark.parametrize(
    ("message", "last"),
    [
        ("/fail", Fault.FAIL),
        ("/fail now", Fault.FAIL),
        ("/crash", Fault.CRASH),
        ("/hang", Fault.HANG),
        ("/stall", Fault.FAIL),
    ],
)
def test_faults_only_when_asked_for(message: str, last: Fault) -> None:
    """The fault messages are obeyed with faults on, and are ordinary messages with faults off."""
    assert script([User(message)], NAMES, faults=True)[-1] is last
    assert script([User(message)], NAMES, faults=False)[-1] == End()
    assert script([User(f"about {message}")], NAMES, faults=True)[-1] == End()
    assert script([User(f"{message.partition(' ')[0]}ure")], NAMES, faults=True)[-1] == End()


@dataclass
class FakeTime:
    """A clock that only sleeping moves; `slept` keeps every sleep."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        """Let time pass."""
        self.sleep(seconds)


Receive = Callable[[float], Sequence[Delta]]
Open = Callable[..., Receive]


@pytest.fixture
def fake_time() -> FakeTime:
    """A clock at 100 s."""
    return FakeTime()


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, fake_time: FakeTime) -> Open:
    """Ask either twin a message; the answer is its `receive`."""

    def sync(message: str, **settings: float) -> Receive:
        model = ScriptedModel(**settings, faults=True, clock=fake_time.clock, sleep=fake_time.sleep)
        return model.open([User(message)], TOOLS).receive

    def on_a_loop(message: str, **settings: float) -> Receive:
        model = AsyncScriptedModel(**settings, faults=True, clock=fake_time.clock, sleep=fake_time.asleep)
        call = model.open([User(message)], TOOLS)
        return lambda timeout: asyncio.run(call.receive(timeout))

    return sync if request.param == "sync" else on_a_loop


def whole(receive: Receive, timeout: float = 60.0) -> list[Delta]:
    """Everything up to the end."""
    deltas: list[Delta] = []
    while End() not in deltas:
        deltas += receive(timeout)
    return deltas


def test_without_latency_nothing_is_slept(ask: Open, fake_time: FakeTime) -> None:
    """With no latency set, every step is there at once, and the end is there for good."""
    receive = ask("hello")
    assert tuple(receive(0)) == script([User("hello")], NAMES, faults=True)
    assert sum(fake_time.slept) == 0
    assert receive(1) == (End(),)


def test_polling(ask: Open, fake_time: FakeTime) -> None:
    """`receive` sleeps until the step is due, or for its whole timeout and gives none."""
    receive = ask("hello", ttft=1.0, itl=0.25)
    assert [len(receive(timeout)) for timeout in (0.4, 0.4, 0.4, 0, 0.25)] == [0, 0, 1, 0, 1]
    assert [pause for pause in fake_time.slept if pause] == pytest.approx([0.4, 0.4, 0.2, 0.25])


def test_schedule_is_absolute(ask: Open, fake_time: FakeTime) -> None:
    """A late consumer gets at once what is overdue, and the tokens after it are not shifted."""
    receive = ask("hello", ttft=1.0, itl=0.25)
    assert len(receive(60)) == 1
    fake_time.now += 0.6  # the consumer was busy: tokens 1 and 2 are overdue
    assert len(receive(60)) == 2
    assert fake_time.now == pytest.approx(101.6)
    assert len(receive(60)) == 1
    assert fake_time.now == pytest.approx(101.75)


def test_whole_reply_takes_its_time(ask: Open, fake_time: FakeTime) -> None:
    """n tokens take ttft + (n - 1) * itl; tool calls and the end take no more."""
    deltas = whole(ask("calculate 1 and calculate 2", ttft=1.0, itl=0.25))
    said = sum(isinstance(delta, Text) for delta in deltas)
    assert fake_time.now == pytest.approx(101.0 + (said - 1) * 0.25)
    assert [type(delta) for delta in deltas[-3:]] == [ToolCall, ToolCall, End]


@pytest.mark.parametrize(("message", "error"), [("/fail", ModelError), ("/crash", RuntimeError)])
def test_fails_at_once(ask: Open, fake_time: FakeTime, message: str, error: type[Exception]) -> None:
    """`/fail` and `/crash` raise without waiting, with a secret for leak tests to look for."""
    with pytest.raises(error) as raised:
        ask(message, ttft=1.0)(60)
    assert SECRET in f"{raised.value} {raised.value.__cause__}"
    assert fake_time.slept == []


def test_hangs(ask: Open, fake_time: FakeTime) -> None:
    """`/hang` gives nothing, ever."""
    receive = ask("/hang")
    assert [receive(5.0), receive(5.0)] == [(), ()]
    assert fake_time.slept == [5.0, 5.0]


def test_stalls(ask: Open) -> None:
    """`/stall` gives some tokens and then fails."""
    receive = ask("/stall")
    said = receive(1)
    assert len(said) == 5
    assert all(isinstance(delta, Text) for delta in said)
    with pytest.raises(ModelError):
        receive(1)
