"""What /metrics says, read by the client library's own parser.

Neighbours: `test_metrics`, `test_names`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.conformance.subject import Subject


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer."""

    families: tuple[Metric, ...]

    def sum(self, sample: str, **labels: str) -> float:
        """All samples of this name with these labels, added; 0 when there is none."""
        found = (one for family in self.families for one in family.samples if one.name == sample)
        return sum(one.value for one in found if labels.items() <= one.labels.items())

    def series(self) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        """Every sample's name and labels."""
        return {(one.name, frozenset(one.labels.items())) for family in self.families for one in family.samples}

    def labels(self) -> Mapping[str, tuple[str, str, frozenset[str]]]:
        """Each family's name as it is queried, with its type, its documentation and the names of its labels."""
        return {
            family.name + ("_total" if family.type == "counter" else ""): (
                family.type,
                family.documentation,
                frozenset(label for one in family.samples for label in one.labels) - {"le"},
            )
            for family in self.families
        }


def scrape(subject: Subject) -> Scrape:
    """GET /metrics, without a key, as Prometheus asks."""
    answer = subject.request("GET", "/metrics")
    assert answer.status == 200, answer
    return Scrape(tuple(text_string_to_metric_families(answer.body.decode())))
