"""Users of a soak: each does one thing after the other, by a seeded draw, and holds the server to its promise.

Rule: what a user does is a row of `DEEDS`; a deed raises `AssertionError` where a promise is broken, and the user
remembers every turn that it saw completed, so its session can be compared to the last message. Neighbours:
`tests.conformance.subject` (speaks to the server), loadtests.upstream (whose faults are asked for), `model`.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from loadtests.upstream import FAULTS
from tests.conformance.events import calls, kinds, text
from tests.conformance.subject import Subject, fresh, payload

LONGEST = 40  # messages, after which a user deletes its session and begins another
SLOW = ("hang", "stall", "slow-first")  # these take the model's whole time-out
SKIPPED = ("huge-token",)  # 10 MB each: once in a while, by a deed of its own
FAST = tuple(name for name in FAULTS if name not in SLOW + SKIPPED)


@dataclass
class User:
    """One user: its server, its draw, what it saw completed in its session, and what it has done."""

    server: Subject
    draw: random.Random
    session: str = field(default_factory=fresh)
    seen: list[dict[str, str]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def act(self) -> None:
        """Do the next thing."""
        names = list(DEEDS)
        name = self.draw.choices(names, [DEEDS[name].often for name in names])[0]
        self.done[name] += 1
        DEEDS[name].work(self)
        if len(self.seen) >= LONGEST:
            forget(self)

    def completed(self, message: str, reply: str) -> None:
        """A turn was seen to its end."""
        self.seen += [{"role": "user", "content": message}, {"role": "assistant", "content": reply}]


@dataclass(frozen=True)
class Deed:
    """What a user may do, and how often compared to the others."""

    often: float
    work: Callable[[User], None]


def chat(user: User) -> None:
    """A whole turn."""
    message = f"hello, number {user.draw.randrange(1000)}"
    answer = user.server.chat(message, user.session)
    user.answers[str(answer.status)] += 1
    assert answer.status == 200, f"POST /chat answered {answer.status}: {answer.body[:200]!r}"
    user.completed(message, answer.json()["reply"])


def stream(user: User) -> None:
    """A streamed turn, to its end."""
    message = f"tell me more, number {user.draw.randrange(1000)}"
    events = user.server.streamed(message, user.session)
    user.answers["end" if events[-1]["type"] == "end" else "error"] += 1
    assert kinds(events)[-1] == "end", f"a stream ended with {events[-1]}"
    user.completed(message, text(events))


def tool(user: User) -> None:
    """A streamed turn in which the model calls a tool."""
    number = user.draw.randrange(1000)
    message = f"calculate {number} * 7"
    events = user.server.streamed(message, user.session)
    assert kinds(events)[-1] == "end", f"a stream ended with {events[-1]}"
    assert [call["result"] for call in calls(events)] == [str(number * 7)], calls(events)
    user.completed(message, text(events))


def fault_on_chat(user: User) -> None:
    """The model fails at POST /chat: the promised status, or a reply where the fault is one to get over."""
    _fault_on_chat(user, user.draw.choice(FAST))


def fault_on_stream(user: User) -> None:
    """The model fails in a stream: its last event is the promised error, or the end."""
    _fault_on_stream(user, user.draw.choice(FAST))


def silence(user: User) -> None:
    """The model says nothing, or nothing more, until its time is over."""
    (_fault_on_chat if user.draw.random() < 0.5 else _fault_on_stream)(user, user.draw.choice(SLOW))


def huge(user: User) -> None:
    """The model sends 10 MB in one token."""
    _fault_on_stream(user, SKIPPED[0])


def leave(user: User) -> None:
    """The client goes away when the first token has come, of a reply that has no end: so its turn is never whole."""
    with user.server.stream("/upstream stall", user.session) as open_stream:
        open_stream.until("token")


def leave_early(user: User) -> None:
    """The client goes away while the model is still silent."""
    with user.server.stream("/upstream hang", user.session) as open_stream:
        open_stream.until("start")


def refused(user: User) -> None:
    """Requests that are wrong, each in its way, get their own answer."""
    server, big = user.server, payload("x" * 70_000)
    for answer, status in (
        (server.post("/chat", b'{"message": ""}'), 422),
        (server.post("/chat/stream", b"{"), 422),
        (server.post("/chat", big), 413),
        (server.post("/chat", payload("x"), key="wrong"), 401),
        (server.get("/nothing"), 404),
    ):
        user.answers[str(answer.status)] += 1
        assert answer.status == status, f"{status} was promised, and it was {answer.status}: {answer.body[:200]!r}"


def remember(user: User) -> None:
    """The session holds every turn that was seen completed, in order, and nothing else."""
    stored = user.server.messages(user.session)
    assert stored == user.seen, f"{len(stored)} messages stored, {len(user.seen)} were seen completed"


def forget(user: User) -> None:
    """Compare the session once more, delete it, and begin another."""
    remember(user)
    assert user.server.delete(f"/sessions/{user.session}").status == 204
    assert user.server.messages(user.session) == []
    user.session, user.seen = fresh(), []


def _fault_on_chat(user: User, name: str) -> None:
    message = f"/upstream {name}"
    answer = user.server.chat(message, user.session)
    user.answers[str(answer.status)] += 1
    promised = found.status if (found := FAULTS[name].answer) else 200
    assert answer.status == promised, f"{message}: {promised} was promised, and it was {answer.status}"
    if answer.status == 200:
        user.completed(message, answer.json()["reply"])


def _fault_on_stream(user: User, name: str) -> None:
    message = f"/upstream {name}"
    events = user.server.streamed(message, user.session)
    last = "end" if FAULTS[name].answer is None else "error"
    user.answers[last] += 1
    assert events[-1]["type"] == last, f"{message}: {last} was promised, and it was {events[-1]}"
    if last == "end":
        user.completed(message, text(events))


DEEDS: Final[Mapping[str, Deed]] = {
    "chat": Deed(10, chat),
    "stream": Deed(10, stream),
    "tool": Deed(4, tool),
    "fault on /chat": Deed(4, fault_on_chat),
    "fault in a stream": Deed(4, fault_on_stream),
    "silent model": Deed(1, silence),
    "huge token": Deed(0.1, huge),
    "client leaves": Deed(3, leave),
    "client leaves early": Deed(1, leave_early),
    "wrong requests": Deed(2, refused),
    "session compared": Deed(4, remember),
    "session deleted": Deed(0.5, forget),
}
