"""The settings that cases ask for by name: one table, so that servers are started once per profile and shared.

Rule: a case names the profile it needs with `@pytest.mark.profile(NAME)`; without the mark it gets `plain`.
Neighbours: `conftest` (starts a server per target and profile), `subject`.
"""

from collections.abc import Mapping
from types import MappingProxyType

KEY = "conformance-key-1"
SECOND_KEY = "conformance-key-2"
ALLOWED_ORIGIN = "https://app.example"
PAGE_ORIGIN = "http://pages.example"  # allowed too; a browser of tests/clients has a page there
FORBIDDEN_ORIGIN = "https://evil.example"
HEARTBEAT = 0.3
MODEL_TIMEOUT = 0.5
HISTORY = 5
"""An odd number of messages: one more or one less then shows in what the model knows, the other in `plain`."""
TTL = 2.0
FIRST_TOKEN = 1.0
SILENCE = 1.5
"""How long the model of `slow` may be silent; longer than until its first token."""
PACE = 0.02

PLAIN = "plain"

PROFILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        # what a user gets who sets nothing but keys
        PLAIN: {},
        # tokens come one by one, so that writes can be told apart
        "paced": {"SCRIPTED_ITL": str(PACE)},
        # the model is slow to start and slow to go on; the line is kept alive, longer than a model may be silent
        "slow": {
            "SCRIPTED_TTFT": str(FIRST_TOKEN),
            "SCRIPTED_ITL": str(PACE),
            "SCRIPTED_FAULTS": "true",
            "MODEL_TIMEOUT": str(SILENCE),
            "STREAM_HEARTBEAT": str(HEARTBEAT),
        },
        # nothing comes from the model for as long as any case lasts
        "silent": {"SCRIPTED_TTFT": "20", "MODEL_TIMEOUT": "30", "STREAM_HEARTBEAT": str(HEARTBEAT)},
        # a model as people know it: a silence, then token by token, and it may fail
        "live": {
            "SCRIPTED_TTFT": "0.35",
            "SCRIPTED_ITL": str(PACE),
            "STREAM_HEARTBEAT": "0.1",
            "SCRIPTED_FAULTS": "true",
        },
        "faults": {"SCRIPTED_FAULTS": "true", "MODEL_TIMEOUT": str(MODEL_TIMEOUT)},
        "origins": {
            "ALLOWED_ORIGINS": f"{ALLOWED_ORIGIN},https://other.example,{PAGE_ORIGIN}",
            "SCRIPTED_FAULTS": "true",
        },
        "keyless": {"VALID_API_KEYS": " , ,"},
        "limited": {
            "MAX_STREAMS": "2",
            "MAX_BODY_BYTES": "200",
            "SCRIPTED_ITL": str(PACE),
            "SCRIPTED_FAULTS": "true",
        },
        "forgetful": {"SESSION_MAX_MESSAGES": str(HISTORY), "SESSION_TTL": str(TTL)},
    }
)


def settings(profile: str) -> dict[str, str]:
    """A profile's whole settings. The key list has a blank and a space in it, as lists written by hand do."""
    return {"VALID_API_KEYS": f"{KEY}, {SECOND_KEY},,", **PROFILES[profile]}
