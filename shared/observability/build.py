"""Metrics and traces as the settings ask for them: the one place that knows how to switch them on.

Rule: what nobody asks for is not even imported; what is asked for and cannot be is a `ConfigurationError`, before the
first request. Neighbours: `metrics`, `tracing`; called by each server's `observability.py`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.drain import Drain
from shared.settings import ConfigurationError, Settings

if TYPE_CHECKING:
    from shared.observability.metrics import Metrics
    from shared.observability.tracing import Tracing

METRICS_PATH = "/metrics"
SANITIZED = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS"


def metrics(settings: Settings, drain: Drain) -> "Metrics | None":
    """What /metrics serves; None unless METRICS_DIR is set."""
    if settings.metrics_dir is None:
        return None
    folder = settings.metrics_dir.absolute()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # the client library takes it from nowhere else
    with _installed("METRICS_DIR"):
        from shared.observability.metrics import Metrics  # noqa: PLC0415 - see the module's rule
    return Metrics(folder, drain)


def tracing(settings: Settings) -> "Tracing | None":
    """What sends the traces; None unless OTEL_EXPORTER_OTLP_ENDPOINT is set, or with OTEL_TRACES_EXPORTER=none."""
    if settings.otel_exporter_otlp_endpoint is None or settings.otel_traces_exporter == "none":
        return None
    hidden = {*settings.otel_instrumentation_http_capture_headers_sanitize_fields, "x-api-key"}
    os.environ[SANITIZED] = ",".join(sorted(hidden))  # whichever headers a user has captured: a key is not shown
    with _installed("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from shared.observability.tracing import Tracing  # noqa: PLC0415 - see the module's rule
    return Tracing(settings.otel_exporter_otlp_endpoint, settings.otel_service_name)


@contextmanager
def _installed(setting: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(
            f"{setting} is set, but {error.name} is not installed: "
            "run pip install '.[observability]' in the kit's folder, or unset it"
        ) from error
