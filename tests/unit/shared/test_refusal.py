"""How a process that cannot start ends."""

import multiprocessing
from pathlib import Path

from shared.settings import STARTUP_FAILURE, ConfigurationError, refuse_to_start


def _refuse(witness: Path) -> None:
    try:
        raise refuse_to_start(ConfigurationError("no setting can be used"))
    finally:
        witness.write_text("ended in its own time")


def test_a_worker_of_uvicorns_ends_at_once(tmp_path: Path) -> None:
    """Its parent waits as long as a health check may take for a worker that is about to end: it must be gone before."""
    witness = tmp_path / "witness"
    worker = multiprocessing.get_context("spawn").Process(target=_refuse, args=(witness,))
    worker.start()
    worker.join(30)
    assert (worker.exitcode, witness.exists()) == (STARTUP_FAILURE, False)
