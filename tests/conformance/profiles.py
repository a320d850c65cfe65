"""The settings that cases ask for by name: one table, so that servers are started once per profile and shared.

Rule: a case names the profile it needs with `@pytest.mark.profile(NAME)`; without the mark it gets `plain`.
Neighbours: `conftest` (starts a server per target and profile), `subject`.
"""

from collections.abc import Mapping
from types import MappingProxyType

KEY = "conformance-key-1"
SECOND_KEY = "conformance-key-2"
ALLOWED_ORIGIN = "https://app.example"
FORBIDDEN_ORIGIN = "https://evil.example"
HEARTBEAT = 0.3
MODEL_TIMEOUT = 1.0
FIRST_TOKEN = 1.0
PACE = 0.02

PLAIN = "plain"

PROFILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        # what a user gets who sets nothing but keys
        PLAIN: {},
        # tokens come one by one, so that writes can be told apart
        "paced": {"SCRIPTED_ITL": str(PACE)},
        # the model is slow to start and slow to go on; the line is kept alive
        "slow": {
            "SCRIPTED_TTFT": str(FIRST_TOKEN),
            "SCRIPTED_ITL": str(PACE),
            "STREAM_HEARTBEAT": str(HEARTBEAT),
        },
        # nothing comes from the model for as long as any case lasts
        "silent": {"SCRIPTED_TTFT": "20", "MODEL_TIMEOUT": "30", "STREAM_HEARTBEAT": str(HEARTBEAT)},
        "faults": {"SCRIPTED_FAULTS": "true", "MODEL_TIMEOUT": str(MODEL_TIMEOUT)},
        "origins": {
            "ALLOWED_ORIGINS": f"{ALLOWED_ORIGIN},https://other.example",
            "SCRIPTED_FAULTS": "true",
        },
        "keyless": {"VALID_API_KEYS": " , ,"},
        "limited": {"MAX_STREAMS": "2", "MAX_BODY_BYTES": "200", "SCRIPTED_ITL": str(PACE)},
        "forgetful": {"SESSION_MAX_MESSAGES": "4", "SESSION_TTL": "2"},
    }
)


def settings(profile: str) -> dict[str, str]:
    """A profile's whole settings. The key list has a blank and a space in it, as lists written by hand do."""
    return {"VALID_API_KEYS": f"{KEY}, {SECOND_KEY},,", **PROFILES[profile]}
