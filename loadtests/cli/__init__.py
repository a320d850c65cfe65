"""The `parity` command: options in, one function of the harness called, an exit code out.

Rule: no work is done here. What a user can get wrong is a `UserError` and becomes one sentence and exit code 2 in
`main`, nowhere else. Heavy modules are imported by the command that needs them, so `--help` is fast.
Neighbours: `serving`, `loading`, `reading` (the commands), `options` (what several of them take).
"""

import signal
import sys
from collections.abc import Callable
from typing import Final, NoReturn

import typer

from loadtests.cli import loading, reading, serving
from loadtests.cli.options import Finite, say
from loadtests.errors import UserError
from loadtests.signals import INTERRUPTED, leave_on_sigterm

COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    serving.serve,
    serving.upstream,
    serving.verify,
    serving.fairness,
    loading.drive,
    loading.compare,
    loading.knee,
    loading.calibrate,
    loading.worker,
    reading.report,
    reading.diff,
)

app = typer.Typer(
    name="parity",
    help="FastAPI and Flask, side by side: one agent API, two equivalent servers, measurements you can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command(cls=Finite)(command)


def main() -> NoReturn:
    """Run the command; say a user's mistake in one sentence."""
    try:
        leave_on_sigterm()
        app()
    except UserError as error:
        say(error)
        sys.exit(2)
    except KeyboardInterrupt:  # one more, when the command had ended already
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left that one could stop
    sys.exit(0)
