"""Whether the store kept its word: every completed turn is there, once, whole, with the reply that its client saw.

Rule: what is read is `GET /sessions`, so what a client can know; a sentence for each kind of breach, with a count and
an example. Neighbours: `turns` (what the clients saw).
"""

from collections import defaultdict
from collections.abc import Iterable

from tests.conformance.subject import Subject
from tests.resilience.sessions.turns import Turn


def breaches(subject: Subject, turns: Iterable[Turn]) -> tuple[str, ...]:
    """A sentence for each kind of breach of the promise; none if it was kept."""
    found: dict[str, list[str]] = defaultdict(list)
    for session, taken in _by_session(turns).items():
        stored = subject.messages(session)
        roles = [message["role"] for message in stored]
        texts = [message["content"] for message in stored]
        if roles != ["user", "assistant"] * (len(stored) // 2):
            found["sessions have pairs that are not adjacent"].append(session)
        replies = dict(zip(texts[::2], texts[1::2], strict=False))
        for turn in taken:
            kept = replies.get(turn.text)
            if turn.outcome == "completed" and kept is None:
                found["completed turns are lost"].append(turn.text)
            elif turn.outcome == "completed" and kept != turn.reply:
                found["completed turns are stored with another reply"].append(turn.text)
            if texts[::2].count(turn.text) > 1:
                found["turns are stored more than once"].append(turn.text)
    return tuple(f"{len(examples)} {what}, for one {examples[0]!r}" for what, examples in found.items())


def wrong(turns: Iterable[Turn]) -> tuple[str, ...]:
    """A sentence if any answer was none of the contract's."""
    found = [turn.reply for turn in turns if turn.outcome == "wrong"]
    return (f"{len(found)} answers were wrong, for one {found[0]}",) if found else ()


def unseen(subject: Subject, turns: Iterable[Turn]) -> int:
    """Turns that are stored although their clients never saw them completed: the answer was lost on the way."""
    count = 0
    for session, taken in _by_session(turns).items():
        stored = {message["content"] for message in subject.messages(session)[::2]}
        count += sum(turn.outcome != "completed" and turn.text in stored for turn in taken)
    return count


def _by_session(turns: Iterable[Turn]) -> dict[str, list[Turn]]:
    found: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        found[turn.session].append(turn)
    return found
