"""One client of a server that is about to stop: sends a turn, reads to the end, and says how it ended, by the framing.

Rule: nothing is forgiven and nothing is raised; every way in which an answer can end has a name here. A body whose
framing says that it is whole, and whose last event is missing, is a lie (`CLEAN`). Neighbours: `stopping` and `killing`
(who have many), `tests/conformance/wire.py` (the bytes).
"""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import h11

from shared.errors import Unavailable, problem
from tests.conformance import events, wire
from tests.conformance.subject import JSON, Subject, fresh, payload

CHAT, STREAM = "/chat", "/chat/stream"
REFUSAL = problem(Unavailable()).body.model_dump()  # the words of the 503
PATIENCE = 40.0  # seconds without a byte: more than any server here takes to end

END = "end"
ERROR = "error event"
ANSWERED = "200"
UNAVAILABLE = "503"
REFUSED = "refused"
CUT = "cut"
RESET = "reset"
LOST = "reset at the end"
CLEAN = "clean without an end"
OTHER = "other"
OUTCOMES = (END, ERROR, ANSWERED, UNAVAILABLE, REFUSED, LOST, CUT, RESET, CLEAN, OTHER)
COMPLETED = (END, ANSWERED)
"""What tells a client that its turn is stored."""
NOT_STORED = (ERROR, UNAVAILABLE, REFUSED)
"""What tells it that it is not."""


@dataclass(eq=False)
class Client:
    """A turn under way. `outcome` is one of `OUTCOMES` and `over` a time of the monotonic clock, once it has ended."""

    server: Subject
    path: str
    message: str
    session: str = field(default_factory=lambda: fresh("drain"))
    asked: float = 0.0
    over: float | None = None
    outcome: str = ""
    detail: str = ""
    port: int | None = None
    under_way: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> "Client":
        """Connect and send, here and now, so that clients come in the order of their calls; read in a thread."""
        self.asked = time.monotonic()
        try:
            connection = self._sent()
        except ConnectionRefusedError:
            self._ended(REFUSED)
        except OSError as error:
            self._ended(RESET, repr(error))
        else:
            self._thread = threading.Thread(target=self._read, args=(connection,), daemon=True)
            self._thread.start()
        return self

    def join(self, timeout: float = PATIENCE) -> None:
        """Wait until it has ended."""
        if self._thread:
            self._thread.join(timeout)
        if self.over is None:
            self._ended(OTHER, f"no end within {timeout:g} s")

    def _sent(self) -> wire.Connection:
        connection = self.server.connect(PATIENCE)
        self.port = connection.local_port
        connection.expect("POST")
        headers = [("X-API-Key", self.server.key), JSON]
        try:
            connection.send(wire.request("POST", self.path, headers, payload(self.message, self.session)))
        except OSError:
            connection.close()
            raise
        return connection

    def _read(self, connection: wire.Connection) -> None:
        body = bytearray()
        with connection:
            try:
                head = connection.head()
                for read in connection.reads():
                    body += read.data
                    self.under_way = True
            except TimeoutError:
                self._ended(OTHER, f"no byte for {PATIENCE:g} s")
            except h11.RemoteProtocolError as error:
                self._ended(CUT if body else RESET, str(error))
            except OSError as error:
                self._ended(RESET, repr(error))
            else:
                self._ended(*_whole(head.status, self.path, bytes(body)))

    def _ended(self, outcome: str, detail: str = "") -> None:
        self.over, self.detail, self.outcome = time.monotonic(), detail, outcome


def _whole(status: int, path: str, body: bytes) -> tuple[str, str]:
    """What an answer is whose framing says that it is whole."""
    with suppress(ValueError, AssertionError):
        if status == 503 and json.loads(body) == REFUSAL:
            return UNAVAILABLE, ""
        if status == 200 and path == CHAT and json.loads(body)["reply"]:
            return ANSWERED, ""
        if status == 200 and path == STREAM:
            return _stream(*events.parse(body))
    return OTHER, f"{status}: {body[-300:]!r}"


def _stream(seen: list[dict[str, Any]], rest: bytes) -> tuple[str, str]:
    kinds = events.kinds(seen)
    last = [kind for kind in kinds if kind in events.TERMINAL]
    if rest or not last:
        return CLEAN, f"the last event of {len(seen)} is {seen[-1:]}, then {rest!r}"
    if kinds[0] != "start" or len(last) > 1 or kinds[-1] != last[0]:
        return OTHER, f"the events are {kinds[:1]} ... {kinds[-5:]}"
    if seen[-1] == {"type": "end"}:
        return END, ""
    return (ERROR, "") if seen[-1] == {"type": "error", **REFUSAL} else (OTHER, f"the last event is {seen[-1]}")
