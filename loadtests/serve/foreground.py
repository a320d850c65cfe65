"""`parity serve`: one deployment in the foreground, with all that is needed to try it.

Rule: the first Ctrl-C lets open work finish, the second ends it. The shell's environment holds too, save for
what would change the launch command behind the reader's back.
Neighbours: `serve` starts and ends it, `cli` reads the options.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from loadtests.errors import UserError
from loadtests.serve import ROOT, Server, new_key, running, tree
from loadtests.targets import load_targets, pick

STORE = ROOT / ".parity" / "sessions.sqlite3"
# Read by gunicorn and uvicorn beside their options; a target's command is to be the whole truth.
HIDDEN = ("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS")
INTERRUPTED = 130


@dataclass(frozen=True)
class ServeOptions:
    """What `parity serve` is asked for. `settings`: NAME=VALUE, as typed."""

    target: str
    host: str = "127.0.0.1"
    port: int = 8000
    settings: tuple[str, ...] = ()
    targets_file: Path | None = None


class _Presses:
    """Counts Ctrl-C. No exception once the server runs, so there is no moment at which one could lose it."""

    def __init__(self) -> None:
        self.count = 0
        self.server: Server | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.server is None:
            raise KeyboardInterrupt  # it is still starting: `running` ends it
        self.count += 1
        if self.count > 1:
            tree.kill(self.server.processes(), timeout=0)


def serve(options: ServeOptions, console: Console) -> int:
    """Serve until Ctrl-C, and return the exit code: 0, or 130 if a second one was needed."""
    (target,) = pick(load_targets(options.targets_file), [options.target])
    settings = _settings(parse_settings(options.settings), os.environ)
    host, port = options.host, options.port
    with _ctrl_c() as presses, running(target, log=None, settings=settings, host=host, port=port) as server:
        presses.server = server
        console.print(_welcome(server), highlight=False, soft_wrap=True, markup=False)
        while not presses.count and server.process.poll() is None:
            time.sleep(tree.POLL_SECONDS)
        if presses.count:
            console.print("\nstopping: open work may finish; Ctrl-C again ends it at once")
    if not presses.count:
        code = server.process.returncode
        raise UserError(f"{target.name} ended by itself with exit code {code}; the reason is in its log above")
    return INTERRUPTED if presses.count > 1 else 0


def parse_settings(words: Iterable[str]) -> Mapping[str, str]:
    """Split each NAME=VALUE; a later one of the same name wins."""
    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise UserError(f"--set {word!r} is not NAME=VALUE; write, for example, --set SCRIPTED_ITL=0.05")
        settings[name.upper()] = value
    return settings


@contextmanager
def _ctrl_c() -> Iterator[_Presses]:
    presses = _Presses()
    before = signal.signal(signal.SIGINT, presses)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)


def _settings(given: Mapping[str, str], environment: Mapping[str, str]) -> Mapping[str, str]:
    STORE.parent.mkdir(exist_ok=True)
    inherited = {name: value for name, value in environment.items() if name not in HIDDEN}
    settings = {"SESSION_STORE": f"sqlite:///{STORE}", **inherited, **given}
    if not settings.get("VALID_API_KEYS", "").strip(" ,"):
        settings["VALID_API_KEYS"] = new_key()  # without one, every protected route would answer 401
    return settings


def _welcome(server: Server) -> str:
    """Say where it is, with what key, and how to try it: lines that can be pasted."""
    curl = f"curl -H 'X-API-Key: {server.key}' -H 'Content-Type: application/json'"
    return "\n".join(
        (
            "",
            f"{server.target.title} is ready",
            f"  page  {server.url}/    docs  {server.url}/docs",
            f"  key   {server.key}",
            "",
            f'  {curl} -d \'{{"message": "calculate 6 * 7"}}\' {server.url}/chat',
            f'  {curl} -N -d \'{{"message": "Hello"}}\' {server.url}/chat/stream',
            "",
            "Ctrl-C stops it.",
            "",
        )
    )
