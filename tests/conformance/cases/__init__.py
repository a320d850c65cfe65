"""Every conformance case that is one request and one answer, as data: a module a group, each with its `CASES`.

Rule: a new case is a new row in the group that it belongs to; a new group is a module and a line below. Ids are
`group.name`. Neighbours: `tests/conformance/case.py` (what a row is), `test_cases.py` (plays every row).
"""

from tests.conformance.case import Case
from tests.conformance.cases import (
    addresses,
    answers,
    cors,
    errors,
    found,
    json_values,
    keys,
    malformed,
    media,
    messages,
    methods,
    order,
    request_ids,
    routes,
    session_ids,
    sizes,
)

GROUPS = (routes, methods, addresses, order, keys, media, malformed, json_values, messages, session_ids, answers,
          errors, sizes, request_ids, cors, found)  # fmt: skip

ALL: tuple[Case, ...] = tuple(case for group in GROUPS for case in group.CASES)
