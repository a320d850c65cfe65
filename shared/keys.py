"""Who is calling: the API key check.

Rule: keys are compared in constant time, all of them every time, and only their hashes go any further. Neighbours:
`settings` (where they come from), `sessions` (the hash is the namespace of a key's sessions).
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from shared.errors import InvalidKey


class Keys:
    """The keys that are let in; none configured lets nobody in."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._owners = {key.encode(): hashlib.sha256(key.encode()).hexdigest() for key in keys}

    def owner(self, header: Sequence[str]) -> str:
        """The caller's name, a hash, for the values of the `X-API-Key` header (decoded as latin-1, as HTTP has it).

        Raises `InvalidKey` when there is not exactly one value, or it is no key of ours.
        """
        sent = [value.strip(" \t").encode("latin-1", "replace") for value in header]
        if len(sent) != 1:
            raise InvalidKey
        found = [owner for key, owner in self._owners.items() if hmac.compare_digest(key, sent[0])]
        if not found:
            raise InvalidKey
        return found[0]
