"""What the suite has written down: one record for each case and subject, read back as frozen values.

Rule: a record says what came of a case; pytest's own report is the second witness. A failure that left no record
(a file that cannot be read, a process that died) is added as a wrong case that is nobody's own, so nothing is lost.
Neighbours: `tests/conformance` writes records, `suite` runs it, `results` sorts them for the reports.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ConfigDict, ValidationError

from loadtests.errors import UserError
from loadtests.verify.grades import Grade

PAIR = "~"


class Frozen(BaseModel):
    """What was recorded is never changed; unknown fields are refused, so that none is silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Exchange(Frozen):
    """One request and its answer, as text: UTF-8, other bytes as \\xNN. `cut`: something was left out."""

    server: str
    sent: str
    answer: str
    cut: bool = False


class Record(Frozen):
    """One case against one subject: a target, a pair that is compared ("a~b"), "url", or "" for none.

    `left_out`: how many exchanges there were beside those that are here.
    """

    case: str
    node: str
    clauses: tuple[str, ...] = ()
    does: str = ""
    expects: str = ""
    subject: str = ""
    profile: str = ""
    grade: Grade
    reason: str = ""
    seconds: float = 0.0
    exchanges: tuple[Exchange, ...] = ()
    left_out: int = 0

    def judges(self, subject: str) -> bool:
        """Tell whether it counts for exactly this target or pair."""
        return self.subject == subject or self._everyones

    @property
    def _everyones(self) -> bool:
        """A file of cases that cannot even be read has no subject, and takes the pass from all."""
        return self.grade is Grade.WRONG and not self.subject


def read(folder: Path, report: Path) -> tuple[Record, ...]:
    """Return every record of a run: the lines in `folder`, and what only pytest's JUnit file `report` knows."""
    found = tuple(record for file in sorted(folder.glob("*.jsonl")) for record in _lines(file))
    graded = {_address(record.node) for record in found if record.grade is Grade.WRONG}
    return (*found, *(lost for address, lost in _failures(report) if address not in graded))


def _lines(file: Path) -> Iterator[Record]:
    # only a line feed ends a line: str.splitlines would also split at U+2028, which a record may hold
    for number, line in enumerate(file.read_text("utf-8").rstrip("\n").split("\n"), start=1):
        try:
            yield Record.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise UserError(
                f"{file.name}:{number} is not a record ({where}: {first['msg']}); "
                "the suite and this command are not of the same version of the kit"
            ) from error


def _failures(report: Path) -> Iterator[tuple[tuple[str, str], Record]]:
    """What failed by pytest's own account, with its address."""
    for element in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        bad = [item for tag in ("failure", "error") for item in element.iter(tag)]
        if not bad:
            continue
        properties = [(item.get("name"), item.get("value", "")) for item in element.iter("property")]
        address = (element.get("classname", ""), element.get("name", ""))
        yield (
            address,
            Record(
                case=address[1],
                node=_node(*address),
                clauses=tuple(value for name, value in properties if name == "clause"),
                does="The suite runs this case.",
                expects="It ends with a grade.",
                subject=next((value for name, value in properties if name == "target"), ""),
                grade=Grade.WRONG,
                reason="\n".join(item.text or item.get("message") or "" for item in bad),
                seconds=float(element.get("time", "0")),
            ),
        )


def _node(classname: str, name: str) -> str:
    """The node of what pytest's JUnit file calls so; a file that could not be read has no class there."""
    path = (classname or name).replace(".", "/") + ".py"
    return f"{path}::{name}" if classname else path


def _address(node: str) -> tuple[str, str]:
    """Where pytest's JUnit file has this node: its dotted path, and its name with the parameters."""
    path, bracket, parameters = node.partition("[")
    *names, name = path.split("::")
    first = re.sub(r"\.py$", "", names[0].replace("/", ".")) if names else ""
    return ".".join([first, *names[1:]]), f"{name}{bracket}{parameters}"
