"""What a server's own process does to Python's garbage collector."""

import os
import subprocess
import sys

import pytest

ASKED = """
import gc
from {package}.app import create_app
app = create_app()
print(gc.get_freeze_count() > 10_000, gc.get_threshold()[2])
"""


@pytest.mark.parametrize("package", ["fastapi_impl", "flask_impl"])
def test_a_server_leaves_what_it_starts_with_out_of_collections(package: str) -> None:
    """An app made from the environment freezes what is there by then, and makes full collections rare."""
    command = [sys.executable, "-c", ASKED.format(package=package)]
    done = subprocess.run(command, env={**os.environ, "LOG_LEVEL": "error"}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "30"], done.stderr
