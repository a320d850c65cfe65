"""The one version that every stored file begins with.

Rule: it goes up for the reasons in docs/decisions/0013-schemas.md, and nowhere else is it said. Neighbours: `schemas`
publishes each file's shape under it, `files` refuses another, every stored model has it first.
"""

from typing import Final

SCHEMA_VERSION: Final = 3
