"""The agent's logic, driven by hand: no server, no I/O, no clock but a fake one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from shared.agent.model import Assistant, Delta, End, Text, ToolCall, ToolResult, User
from shared.agent.turn import (
    MAX_ROUNDS,
    WAKE,
    Ask,
    Effect,
    Failed,
    Flow,
    Limits,
    Output,
    Pace,
    Ping,
    Receive,
    Store,
    Tokens,
    UseTool,
    turn,
)
from shared.errors import ModelError, ModelTimeout, StoreUnavailable, Unavailable
from shared.models import EndEvent, Message, StartEvent, ToolCallEvent

CALL = ToolCall("1", "calculate", {"expression": "6 * 7"})
HISTORY = (Message(role="user", content="hello"), Message(role="assistant", content="hi"))


@dataclass
class World:
    """The time, and whether the process has to end."""

    now: float = 0.0
    expired: bool = False


@pytest.fixture
def world() -> World:
    """Time stands at 0, and nothing drains."""
    return World()


@pytest.fixture
def flow(world: World) -> Flow:
    """A turn that pings after 2 s and gives the model 5 s."""
    return turn("s", "what?", HISTORY, Pace(Limits(model_timeout=5.0, heartbeat=2.0), world, lambda: world.now))


def drive(flow: Flow, answers: Sequence[Sequence[Delta] | Exception]) -> Iterator[Effect | Output]:
    """Every step of the turn; `answers` are what the model gives, one for each `Receive`."""
    given = iter(answers)
    step = next(flow)
    while True:
        yield step
        answer: object = None
        if isinstance(step, Receive):
            answer = next(given)
        elif isinstance(step, UseTool):
            answer = "42"
        try:
            step = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
        except StopIteration:
            return


def test_a_plain_turn(flow: Flow) -> None:
    """Start, ask with the history, pass the tokens on, store both messages, end: in this order."""
    steps = list(drive(flow, [[Text("Well")], [Text(", yes"), End()]]))
    assert [step for step in steps if not isinstance(step, Receive)] == [
        StartEvent(session_id="s"),
        Ask((User("hello"), Assistant("hi"), User("what?"))),
        Tokens(("Well",)),
        Tokens((", yes",)),
        Store((Message(role="user", content="what?"), Message(role="assistant", content="Well, yes"))),
        EndEvent(),
    ]


def test_what_came_together_goes_on_together(flow: Flow) -> None:
    """The tokens of one receive are one output, without the empty ones; what comes after the end is nobody's."""
    steps = list(drive(flow, [[Text("Well"), Text(""), Text(", yes")], [Text("."), End(), Text("!")]]))
    assert [step for step in steps if isinstance(step, Tokens)] == [Tokens(("Well", ", yes")), Tokens((".",))]
    stored = next(step for step in steps if isinstance(step, Store))
    assert stored.turn[1].content == "Well, yes."


def test_start_goes_out_before_the_model_is_asked(flow: Flow) -> None:
    """The first step is the start event, so the headers need not wait for the model."""
    assert next(flow) == StartEvent(session_id="s")


def test_tools_are_run_and_the_model_asked_again(flow: Flow) -> None:
    """A tool call's result goes out as an event and into the conversation of the next round."""
    steps = list(drive(flow, [[Text("Let me see."), CALL, End()], [Text(" 42."), End()]]))
    assert UseTool(CALL) in steps
    assert ToolCallEvent(name="calculate", arguments={"expression": "6 * 7"}, result="42") in steps
    asked = [step for step in steps if isinstance(step, Ask)]
    assert asked[1].conversation[-2:] == (Assistant("Let me see.", (CALL,)), ToolResult(CALL, "42"))
    stored = next(step for step in steps if isinstance(step, Store))
    assert stored.turn[1].content == "Let me see. 42."


def test_what_cannot_be_sent_is_not_said(flow: Flow) -> None:
    """Half of a surrogate pair in a model's text is replaced; in a tool call's arguments it fails the turn."""
    steps = list(drive(flow, [[Text("a\ud83d"), ToolCall("1", "calculate", {"expression": "\ud83d"}), End()]]))
    assert Tokens(("a?",)) in steps
    assert isinstance(steps[-1], Failed)
    assert isinstance(steps[-1].cause, ModelError)


def test_endless_tool_calls_fail(flow: Flow) -> None:
    """A model that only ever calls tools is given up after the last round, and nothing is stored."""
    steps = list(drive(flow, [[CALL, End()]] * MAX_ROUNDS))
    assert sum(isinstance(step, Ask) for step in steps) == MAX_ROUNDS
    assert isinstance(steps[-1], Failed)
    assert isinstance(steps[-1].cause, ModelError)
    assert not any(isinstance(step, Store) for step in steps)


@pytest.mark.parametrize("error", [ModelError("no"), RuntimeError("crash")], ids=["model", "unexpected"])
def test_a_failure_is_the_last_output(flow: Flow, error: Exception) -> None:
    """Whatever the model raises ends the turn with exactly one `Failed`, and nothing is stored."""
    steps = list(drive(flow, [[Text("So")], error]))
    assert steps[-1] == Failed(error)
    assert not any(isinstance(step, Store | EndEvent) for step in steps)


def test_a_turn_that_cannot_be_stored_has_failed(flow: Flow) -> None:
    """An error of the store comes out instead of the end."""
    step: Effect | Output = next(flow)
    while not isinstance(step, Store):
        step = flow.send([End()] if isinstance(step, Receive) else None)
    error = StoreUnavailable()
    assert flow.throw(error) == Failed(error)
    with pytest.raises(StopIteration):
        next(flow)


def silent(flow: Flow) -> Receive:
    """Run the turn up to its first wait for the model."""
    step: Effect | Output = next(flow)
    while not isinstance(step, Receive):
        step = flow.send(None)
    return step


def test_a_silent_model_makes_pings(flow: Flow, world: World) -> None:
    """A ping goes out when nothing else has for the heartbeat, and not before."""
    silent(flow)
    world.now = 1.9
    assert isinstance(flow.send([]), Receive)
    world.now = 2.0
    assert flow.send([]) == Ping()
    assert isinstance(flow.send(None), Receive)
    world.now = 3.9
    assert isinstance(flow.send([]), Receive)


def test_tokens_put_the_ping_off(flow: Flow, world: World) -> None:
    """The heartbeat counts from the last output, whatever it was."""
    silent(flow)
    world.now = 1.5
    assert flow.send([Text("a")]) == Tokens(("a",))
    assert isinstance(flow.send(None), Receive)
    world.now = 3.0
    assert isinstance(flow.send([]), Receive)
    world.now = 3.5
    assert flow.send([]) == Ping()


def test_a_slow_model_is_given_up(flow: Flow, world: World) -> None:
    """Without a delta for the model's timeout the turn fails of `ModelTimeout`; pings do not count."""
    silent(flow)
    world.now = 5.0
    step = flow.send([])
    assert isinstance(step, Failed)
    assert isinstance(step.cause, ModelTimeout)


def test_the_first_token_has_a_time_of_its_own(world: World) -> None:
    """Until the first delta of each call one time holds, from then on the other."""
    flow = turn("s", "what?", (), Pace(Limits(5.0, 100.0, first_token=9.0), world, lambda: world.now))
    silent(flow)
    world.now = 8.9
    assert isinstance(flow.send([]), Receive)
    assert isinstance(flow.send([CALL, End()]), UseTool)
    flow.send("42")
    assert isinstance(flow.send(None), Ask)
    flow.send(None)
    world.now = 17.8
    assert isinstance(flow.send([]), Receive)
    assert flow.send([Text("a")]) == Tokens(("a",))
    assert isinstance(flow.send(None), Receive)
    world.now = 22.8
    step = flow.send([])
    assert isinstance(step, Failed)
    assert isinstance(step.cause, ModelTimeout)


def test_a_sign_of_life_is_not_sent(flow: Flow, world: World) -> None:
    """An empty text keeps the model's time from running out, goes to nobody and puts no ping off."""
    silent(flow)
    world.now = 1.9
    assert isinstance(flow.send([Text("")]), Receive)
    world.now = 2.0
    assert flow.send([Text("")]) == Ping()
    assert isinstance(flow.send(None), Receive)
    world.now = 6.9
    assert flow.send([]) == Ping()
    world.now = 7.0
    flow.send(None)
    step = flow.send([])
    assert isinstance(step, Failed)
    assert isinstance(step.cause, ModelTimeout)


def test_a_slow_client_is_not_the_models_fault(flow: Flow, world: World) -> None:
    """The time that a token takes to be written is none of the model's."""
    silent(flow)
    assert flow.send([Text("a")]) == Tokens(("a",))
    world.now = 60.0
    assert isinstance(flow.send(None), Receive)
    world.now = 61.9
    assert isinstance(flow.send([]), Receive)


def test_the_wait_ends_when_something_is_due(flow: Flow, world: World) -> None:
    """A wait is never longer than to the next ping or timeout, nor than a look at the drain is far."""
    assert silent(flow).timeout == WAKE
    world.now = 1.9
    step = flow.send([])
    assert isinstance(step, Receive)
    assert step.timeout == pytest.approx(0.1)


def test_a_drain_ends_the_turn(flow: Flow, world: World) -> None:
    """When the grace is over, the turn fails of `Unavailable`, also while tokens flow."""
    silent(flow)
    assert flow.send([Text("a")]) == Tokens(("a",))
    world.expired = True
    flow.send(None)
    step = flow.send([Text("b")])
    assert isinstance(step, Failed)
    assert isinstance(step.cause, Unavailable)


def test_closing_stores_nothing(flow: Flow) -> None:
    """A turn that is closed in the middle asks for no further effect."""
    silent(flow)
    flow.close()
    with pytest.raises(StopIteration):
        next(flow)
