"""gunicorn's gevent worker, for `--worker-class flask_impl.gunicorn.Worker`.

Rule: only what no option says, with what the worker of gunicorn 27.0 does otherwise. Neighbours: `app`;
`fastapi_impl/gunicorn.py` is the same for the worker that serves FastAPI.
"""

from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker  # type: ignore[import-untyped]  # gunicorn has no types


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """The worker, giving every connection its turn."""

    def handle_request(self, *request: Any) -> None:
        """Answer a request, then let the other connections go on.

        A greenlet gives way only where it would wait. A client that is quick enough has its next request there by the
        time the answer is out, so its connection would be served again and again, and the others not at all.
        """
        super().handle_request(*request)
        gevent.sleep(0)
