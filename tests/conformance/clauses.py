"""The contract's promises as data: an id and one sentence each, read from `clauses.toml`.

Rule: a case names the clauses it shows with `@pytest.mark.clause("group.name")`; `tests/unit/conformance` holds
both directions. Neighbours: `trace` (writes the table of clauses and their cases).
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("clauses.toml")


def load_clauses(source: Path = SOURCE) -> Mapping[str, str]:
    """Clause id -> the promise in one sentence, in the file's order."""
    groups = tomllib.loads(source.read_text(encoding="utf-8"))
    return {f"{group}.{name}": text for group, clauses in groups.items() for name, text in clauses.items()}
