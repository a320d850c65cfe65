"""Proof of work for real: a twin in front of the model server, and a server that never asks it.

A busy machine may add reasons of its own, so a test asks for those that are the model's, and never for a good round.
"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from loadtests import proof
from loadtests.bench import Bench
from loadtests.plan import Level
from loadtests.same import all_same
from loadtests.targets import load_targets, pick
from tests.validity.rounds import played

TARGET = "fastapi-uvicorn"
SHORT = Level(users=4, seconds=1.0, warmup=0.3)
OF_THE_MODEL = ("received", "model server", "bottleneck")


def test_what_a_twins_clients_receive_is_what_the_model_server_sends(tmp_path: Path) -> None:
    """Turns with and without a tool, in warm-up, window and after it: every answer and character is accounted for."""
    (target,) = pick(load_targets(), (TARGET,))
    done = played(tmp_path, model="upstream", target=target, level=SHORT)
    assert done.upstream is not None, done.reasons
    received, before, after = proof.received(done.drives), done.upstream.before, done.upstream.after
    assert received.tool_calls > 0
    assert received.calls == received.turns + received.tool_calls == after.completed - before.completed
    assert received.characters == after.characters - before.characters > 0
    assert not [reason for reason in done.reasons for word in OF_THE_MODEL if word in reason], done.reasons
    assert done.drives[0].upstream
    assert done.upstream.added is not None


def test_a_server_that_answers_from_a_cache_is_refused(tmp_path: Path) -> None:
    """It gives every answer that is asked for, right and fast, and the model server was never asked."""
    done = played(tmp_path, model="upstream", level=SHORT)
    asked = proof.received(done.drives).calls
    assert f"the clients received {asked:,} answers of the model, and the model server sent 0" in done.reasons
    assert asked > 0


def test_a_target_says_the_same_with_either_model() -> None:
    """Each message that chat and stream send, on both routes, token by token."""
    shown = io.StringIO()
    targets = pick(load_targets(), (TARGET,))
    same = all_same(targets, ("chat", "stream"), Bench(), Console(file=shown, width=200))
    assert same, shown.getvalue()
    assert f"{TARGET} says the same in front of the model server as with its own model" in shown.getvalue()
