"""Asks the Python that serves what it is: the one in the process's own command line, in its environment and folder.

Rule: the target's interpreter answers, not ours; one that cannot be asked is unknown. Neighbours: `look` calls it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Final

import psutil

from loadtests.fairness.model import Python

PROBE: Final = """
import json, platform, sys, sysconfig
from importlib import metadata
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
traits = ["debug build"] if sysconfig.get_config_var("Py_DEBUG") else []
traits += [] if getattr(sys, "_is_gil_enabled", lambda: True)() else ["no GIL"]
traits += ["development mode"] if sys.flags.dev_mode else []
traits += ["asserts off"] if sys.flags.optimize else []
print(json.dumps({
    "version": platform.python_implementation() + " " + platform.python_version(),
    "traits": traits, "pydantic": version("pydantic"),
}))
"""
SECONDS: Final = 10.0


def ask(process: psutil.Process) -> Python | None:
    """What the interpreter of this process says; None where it is no Python, or has ended."""
    try:
        first, environment, folder = process.cmdline()[0], process.environ(), process.cwd()
        command = first if os.access(first, os.X_OK) and Path(first).is_absolute() else process.exe()
    except (psutil.Error, IndexError):
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the program that serves already, asked for its version
            [command, "-c", PROBE],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return Python.model_validate(json.loads(done.stdout))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
