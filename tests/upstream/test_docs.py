"""docs/upstream.md says what the code says."""

import inspect

import pytest

from loadtests.cli import serving
from loadtests.serve import kept_port
from loadtests.upstream import FAULTS, Call, Stats
from loadtests.upstream.faults import Answer, asked_for, table
from tests.links import ROOT
from tests.readme.document import Command, of
from tests.readme.typed import answers, typed

PAGE = (ROOT / "docs" / "upstream.md").read_text("utf-8")


@pytest.mark.parametrize(
    "command", of("upstream"), ids=lambda command: command.text.partition("upstream ")[2] or "plain"
)
def test_commands(command: Command) -> None:
    """Every documented command starts an upstream, and nothing is left of it in the end."""
    with kept_port() as port, typed(command, more=f"--port {port}") as started:
        started.until(lambda: answers(f"http://127.0.0.1:{port}/stats"), 30, f"answer to {command.text}")


def test_the_table_of_faults() -> None:
    """The page has the table that is made of the code's, with a row for every fault."""
    assert table() in PAGE
    assert table().count("\n") == len(FAULTS) + 2


def test_every_option_and_every_count() -> None:
    """No option of the command and no field of the counts goes unsaid."""
    options = [f"--{name.replace('_', '-')}" for name in inspect.signature(serving.upstream).parameters]
    assert [name for name in (*options, *Stats.model_fields, *Call.model_fields) if f"`{name}" not in PAGE] == []


def test_faults_are_asked_for_by_name() -> None:
    """`/upstream NAME` asks for the fault, with any words after it; nothing else does."""
    assert {name: asked_for(f"/upstream {name} again") for name in FAULTS} == {name: name for name in FAULTS}
    others = ("", "/upstream", "/upstream nothing", "upstream cut", "please /upstream cut", "/fail")
    assert {asked_for(message) for message in others} == {None}


def test_answers_are_those_of_the_contract() -> None:
    """A fault comes to a failed model (502), a model that is too slow (504), or to nothing at all."""
    assert {fault.answer for fault in FAULTS.values()} == {
        None,
        Answer(502, "Bad gateway"),
        Answer(504, "Gateway timeout"),
    }
