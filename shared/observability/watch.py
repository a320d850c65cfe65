"""Who is told of a request while it runs, besides the log: metrics and traces.

Rule: told where the log is, by `log.RequestRecord`, so that both servers say the same; with nobody watching a request
costs nothing more. Neighbours: `metrics` and `tracing` (who watch), `build` (whether they do).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.log import RequestRecord


class Watch:
    """Hears of everything and does nothing; a watch overrides what it wants to hear."""

    def began(self, request: "RequestRecord") -> None:
        """The request has its id."""

    def stream_began(self, request: "RequestRecord") -> None:
        """Its answer will be a stream."""

    def event_sent(self, request: "RequestRecord", kind: str) -> None:
        """The write of an event of this type has returned."""

    def failed(self, request: "RequestRecord", cause: Exception) -> None:
        """An error on the server's side."""

    def ended(self, request: "RequestRecord") -> None:
        """The body has been sent, or the client has gone; the log line is written."""

    def close(self) -> None:
        """The process ends."""
