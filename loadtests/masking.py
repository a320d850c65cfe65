"""Keys that were recorded, replaced by what is written instead.

Rule: pure, in one pass over a text, and what has been replaced already is left alone, so that to do it twice changes
nothing, however short a key is. It is for what was sent, answered or raised, never for a whole file: a key may be `e`.
Neighbours: `tests/conformance/record.py` hides while it records, `verify.files` hides what pytest alone has said.
"""

import re
from collections.abc import Mapping

_HIDDEN = r"\((?:second-)?key(?:-cut|-swapped)?\)"


def hidden(text: str, known: Mapping[str, str]) -> str:
    """The text with every key (key -> what is written instead) replaced, the longest first."""
    keys = sorted(filter(None, known), key=len, reverse=True)
    if not keys:
        return text
    return re.sub("|".join([_HIDDEN, *map(re.escape, keys)]), lambda found: known.get(found[0], found[0]), text)
