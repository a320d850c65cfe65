"""uvicorn's worker for gunicorn with uvicorn's own options, for `--worker-class fastapi_impl.worker.Worker`.

Rule: the same as on uvicorn's command line in loadtests/targets.toml; under gunicorn they can only be said in a class,
as the package documents. Workers, backlog and keep-alive are gunicorn's. Neighbours: `protocol` bounds a request's
head, `gunicorn` is the same for gunicorn's own worker.
"""

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]  # it has no types


class Worker(UvicornWorker):  # type: ignore[misc]  # as above
    """A uvicorn in each worker process of gunicorn."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": "fastapi_impl.protocol:BoundedHead",
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "timeout_graceful_shutdown": 30,
    }
