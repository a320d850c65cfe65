"""The floors as servers: what they say is what their twins say, when it is due, and one that is wrong is found."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
from rich.console import Console

from loadtests.floors import of, proof
from loadtests.floors.words import prepared
from loadtests.levels import LONG, LONG_SECONDS
from loadtests.same import messages
from loadtests.scenarios import find
from loadtests.targets import Target, TargetsError, load_targets, pick

SCENARIOS = ("chat", "stream", LONG)
PACE = {"SCRIPTED_TTFT": "0.05", "SCRIPTED_ITL": "0.05"}


@pytest.fixture(scope="module")
def flask_said() -> proof.Answers:
    """What the Flask twin answers, for wrong floors to be held against."""
    return proof._answers(load_targets()["flask-sync"], messages(SCENARIOS))


def test_every_floor_says_what_its_twins_say_byte_for_byte() -> None:
    """Status, headers, body and events of each message on both routes, on each server that there is a floor of."""
    known = load_targets()
    twins = [target for target in known.values() if target.floor is not None]
    console = Console(file=io.StringIO(), width=200)
    floors = of(twins, known)
    assert len(floors) >= 4
    assert proof.all_proved(twins, floors, SCENARIOS, console), console.file
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("3 messages on both routes, byte for byte") == len(twins)


@pytest.mark.parametrize("wrong", ["status", "header", "reply", "event"])
def test_a_floor_that_says_something_else_is_found(wrong: str, flask_said: proof.Answers) -> None:
    """Another status, another header, one byte more or one event less: each is told, with both versions."""
    floor = load_targets()["floor-wsgi-sync"]
    command = tuple(word.replace("loadtests.floors.wsgi", "tests.floors.wrong") for word in floor.command)
    assert command != floor.command
    bad = floor.model_copy(update={"command": command, "env": {"WRONG": wrong}})
    told = list(proof.differences(proof._answers(bad, messages(SCENARIOS)), flask_said))
    assert told
    assert all(" instead of " in text for text in told)


def test_what_differs_is_told_and_ends_the_comparison(
    monkeypatch: pytest.MonkeyPatch, flask_said: proof.Answers
) -> None:
    """The first difference is shown with its cure; the answer is no."""
    known = load_targets()
    twin, floor = pick(known, ("flask-sync", "floor-wsgi-sync"))
    other = {asked: said._replace(status=500) for asked, said in flask_said.items()}
    said: Mapping[str, proof.Answers] = {twin.name: flask_said, floor.name: other}

    def answers(target: Target, _bodies: object) -> proof.Answers:
        return said[target.name]

    monkeypatch.setattr(proof, "_answers", answers)
    console = Console(file=io.StringIO(), width=300)
    assert not proof.all_proved((twin,), (floor,), SCENARIOS, console)
    assert isinstance(console.file, io.StringIO)
    assert "does not say what flask-sync says: /chat to" in console.file.getvalue()
    assert "status 500 instead of 200; no load, or add --no-floors" in console.file.getvalue()


def test_events_are_due_to_the_models_own_schedule() -> None:
    """The first token after TTFT and each other ITL later, whatever goes before; nothing else takes time."""
    (body,) = messages((LONG,))
    events = prepared(PACE).stream(body)
    tokens = [event.due for event in events if b'"token"' in event.block]
    assert tokens == pytest.approx([0.05 * number for number in range(1, 95)])
    assert events[0].due == 0.0
    assert events[-1].due == pytest.approx(LONG_SECONDS)


def test_a_tool_call_comes_with_the_token_before_it_and_opens_a_second_wait() -> None:
    """As in the twins: the model is asked again when the tool has answered, and takes its time to the first token."""
    (body,) = messages(("stream",))
    events = prepared({"SCRIPTED_TTFT": "1", "SCRIPTED_ITL": "0.1"}).stream(body)
    call = next(number for number, event in enumerate(events) if b'"tool_call"' in event.block)
    assert events[call].due == events[call - 1].due
    assert events[call + 1].due == pytest.approx(events[call].due + 1)


def test_a_body_that_no_scenario_sends_is_answered_too() -> None:
    """The look before a load sends one of its own, and is to see a stream with its times."""
    answers = prepared(PACE)
    assert answers.stream(b"{}") == answers.other_stream
    assert answers.reply(b"{}") in {answers.reply(call.body) for call in find("chat").calls if call.body}


def test_floors_are_deduplicated_and_have_as_many_workers() -> None:
    """Two targets with one floor have it once; a target with more workers has none."""
    known = load_targets()
    (twin,) = pick(known, ("flask-gevent",))
    again = twin.model_copy(update={"name": "mine"})
    four = twin.model_copy(update={"name": "four", "workers": 4})
    assert [floor.name for floor in of((twin, again, four), known)] == ["floor-wsgi-gevent"]
    assert of((four,), known) == ()


def test_a_floor_that_is_no_target_is_a_mistake_of_the_files() -> None:
    """It is said which target names it."""
    known = load_targets()
    (twin,) = pick(known, ("flask-gevent",))
    with pytest.raises(TargetsError, match="the floor of flask-gevent, 'nosuch', is no target"):
        of((twin.model_copy(update={"floor": "nosuch"}),), known)
