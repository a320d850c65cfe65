"""nan and inf, which Python reads as numbers: no option of any command takes them, and each says so by its name."""

from __future__ import annotations

import subprocess
import sys
from math import inf, nan
from typing import Any

import pytest
import typer.main

from loadtests.cli import app
from loadtests.diff import conditions
from loadtests.drive import DriveSpec
from loadtests.errors import UserError
from loadtests.hosts import hosts_of
from loadtests.knee.command import KneeOptions, planned_of
from loadtests.slo import parse
from loadtests.upstream.options import checked

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # it is a group
OPTIONS = [
    (name, option.opts[0])
    for name, command in COMMANDS.items()
    for option in command.params
    if option.type.name in {"float", "float range"}
]
ENDLESS = "9" * 400


def test_there_are_such_options() -> None:
    """Each command that loads for a time, or that is told times, is among them."""
    assert {name for name, _ in OPTIONS} >= {"drive", "compare", "knee", "calibrate", "upstream"}
    assert {("drive", "--rate"), ("compare", "--minutes"), ("compare", "--width"), ("upstream", "--ttft")} <= {*OPTIONS}


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_no_option_takes_what_is_no_number(name: str, option: str, value: str) -> None:
    """Whatever the command, before it does anything, in one sentence with the option, the value and the cure."""
    needed = [word for p in COMMANDS[name].params if p.required for word in _given(p)]
    said = rf"{option} must be a number, not {value}; give one like|{value} is not in the range"
    with pytest.raises((UserError, typer.BadParameter), match=said):
        COMMANDS[name].main([*needed, f"{option}={value}"], standalone_mode=False)


def _given(parameter: Any) -> tuple[str, ...]:
    return ("chat",) if parameter.param_type_name == "argument" else (parameter.opts[0], "http://127.0.0.1:9")


def test_the_command_ends_as_with_any_mistake() -> None:
    """One sentence on standard error, and exit code 2."""
    words = ["drive", "chat", "--url", "http://127.0.0.1:9", "--key", "k", "--seconds", "nan"]
    line = [sys.executable, "-c", "from loadtests.cli import main; main()", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "parity: --seconds must be a number, not nan; give one like 10 or 0.5\n"


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize("name", ["rate", "seconds", "warmup", "timeout"])
def test_no_drive_takes_them(name: str, value: float) -> None:
    """Also where no command line is: what compare, knee and the tests ask for."""
    given: dict[str, Any] = {name: value}
    with pytest.raises(UserError, match=rf"--{name} must be a number .*not -?(nan|inf); give one like"):
        DriveSpec("chat", "http://127.0.0.1:9", "k", **given)


@pytest.mark.parametrize("value", [nan, inf])
def test_nor_does_what_stands_behind_the_other_commands(value: float) -> None:
    """A search without an end, a wait without one, an upstream whose first token never comes."""
    with pytest.raises(UserError, match=r"--minutes (nan|inf) leaves no time to search"):
        planned_of(KneeOptions("chat", minutes=value))
    with pytest.raises(UserError, match="--workers-wait and --processes must be numbers over 0"):
        hosts_of("a", "127.0.0.1", value)
    with pytest.raises(UserError, match=r"--ttft (nan|inf) cannot be used: .*finite"):
        checked(key="k", ttft=value)


@pytest.mark.parametrize("text", ["nan", "inf", ENDLESS])
def test_no_objective_and_no_condition_takes_them(text: str) -> None:
    """Not even as digits: four hundred of them are infinite too."""
    for term in (f"latency_p99={text}ms", f"errors={text}", f"errors={text}%"):
        with pytest.raises(UserError, match="not a term that can be asked"):
            parse(term)
    for condition in (f"chat.throughput<{text}", f"chat.throughput@{text}users<0.9"):
        with pytest.raises(UserError, match="is no condition"):
            conditions.parse(condition)
