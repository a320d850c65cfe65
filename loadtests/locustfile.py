"""Locust's user classes, one for each scenario: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8000`.

Rule: a user class is a name for a scenario and no more; with none named, ChatUser and StreamUser run. The
API key comes from --key or PARITY_KEY. Works with Locust's page, --headless, --processes, --master and
--worker. Neighbours: `scenarios` says what is sent, `generator` how, `drive.hooks` adds the options and the
figures.
"""

from __future__ import annotations

from locust import User, events, task
from locust.exception import StopUser

from loadtests.drive.hooks import install, session_of

install(events)


class ScenarioUser(User):
    """A user that does one scenario until the test is over."""

    abstract = True
    scenario = ""
    probe = False

    @task
    def load(self) -> None:
        """The whole life of this user: the loop is the generator's, not Locust's, which costs a switch a turn."""
        session_of(self.environment).load(self, self.scenario, probe=self.probe)
        raise StopUser


class ChatUser(ScenarioUser):
    """POST /chat, one reply after another."""

    scenario = "chat"


class AsyncUser(ScenarioUser):
    """POST /chat against a slow model; run HealthUser beside it."""

    scenario = "async"


class HealthUser(ScenarioUser):
    """GET /health ten times a second, to see whether a busy server still answers."""

    scenario = "async"
    probe = True
    fixed_count = 1


class ValidationUser(ScenarioUser):
    """POST /chat with valid, invalid and hostile bodies."""

    scenario = "validation"


class DocsUser(ScenarioUser):
    """The OpenAPI document and its page."""

    scenario = "docs"


class StreamUser(ScenarioUser):
    """POST /chat/stream, one reply after another."""

    scenario = "stream"


class LongStreamUser(ScenarioUser):
    """POST /chat/stream, replies that take five seconds."""

    scenario = "long-stream"
