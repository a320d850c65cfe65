"""What the upstream is told at its start; as JSON it is also the one argument of its process.

Rule: what a user gets wrong is told in one sentence. Neighbours: `server` (its process), `foreground` (the command),
`client` (starts it for a block).
"""

import difflib
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from loadtests.errors import UserError
from loadtests.upstream.faults import FAULTS

MODEL = "parity-upstream"  # its name for itself; any other is taken too

Share = Annotated[float, Field(ge=0, le=1)]


class Options(BaseModel):
    """Times are in seconds; `jitter` and `fault_rate` are shares, from 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    key: str = Field(min_length=1)
    ttft: NonNegativeFloat = 0.0
    itl: NonNegativeFloat = 0.0
    jitter: Share = 0.0
    seed: int = 1
    faults: tuple[str, ...] = ()
    fault_rate: Share = 0.0
    slow: NonNegativeFloat = 60.0


def checked(**given: Any) -> Options:
    """The options, if they make sense together; raises `UserError`."""
    try:
        options = Options(**given)
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]).replace("_", "-")
        raise UserError(f"--{name} {problem['input']} cannot be used: {problem['msg'].lower()}") from None
    _known(options.faults)
    if bool(options.faults) != bool(options.fault_rate):
        raise UserError("--faults and --fault-rate go together, as in --faults 429,cut --fault-rate 0.05")
    return options


def _known(faults: Iterable[str]) -> None:
    for name in faults:
        if name not in FAULTS:
            close = difflib.get_close_matches(name, FAULTS, n=1)
            hint = f"did you mean {close[0]}? The" if close else "the"
            raise UserError(f"there is no fault {name!r}; {hint} known ones: {', '.join(FAULTS)}")
