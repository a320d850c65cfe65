"""results.json and junit.xml: one account of the same run, valid for whoever reads it, whatever the servers said."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from loadtests.serve import ROOT
from loadtests.verify import Chosen, files
from loadtests.verify.grades import Count, Grade
from loadtests.verify.junit import junit
from loadtests.verify.records import Exchange
from loadtests.verify.results import SCHEMA, About, Results, gather, schema
from tests.unit.loadtests.recorded import NAMES, NASTY, PAIR, exchange, record, results

ORDER = ("skipped", "failure", "system-out")
ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "skipped": {"message"},
    "failure": {"message", "type"},
    "system-out": set(),
}


def test_the_published_schema_is_current() -> None:
    """results.schema.json is what the models say; after a change of theirs, write it again with results.schema()."""
    assert SCHEMA.read_text("utf-8") == schema()


def test_results_json_keeps_its_schema(tmp_path: Path) -> None:
    """What is written beside the schema is valid under it, has a version, and is read back as it was."""
    files.write(results(), files.made(tmp_path / "out"))
    stored = json.loads((tmp_path / "out" / "results.json").read_bytes())
    published = json.loads((tmp_path / "out" / "results.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(stored, published)
    assert stored["schema_version"] == 1
    assert Results.model_validate(stored) == results()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(stored | {"cases": [{"id": 1}]}, published)


def test_cases_are_gathered_in_the_contracts_order() -> None:
    """A case has an outcome for each subject, targets first in the order they were asked for, then pairs."""
    found = results()
    assert [case.id for case in found.cases] == ["health.nasty", "health.plain", "stop.idle", "odd-host"]
    assert [subject.name for subject in found.subjects] == [*NAMES, PAIR]
    (plain,) = [case for case in found.cases if case.id == "health.plain"]
    assert [outcome.subject for outcome in plain.outcomes] == [*NAMES, PAIR]
    assert [subject.count for subject in found.subjects] == [Count(2, 1), Count(1, 0, 1, 1), Count(1)]
    assert found.count == Count(4, 1, 1, 1)
    assert found.concerning(NAMES[1]) == Count(2, 0, 1, 1)
    assert {subject.fingerprint for subject in found.subjects} == {"0" * 64}


def test_a_failure_that_is_nobodys_concerns_everybody() -> None:
    """A file of cases that cannot be read takes the pass from all, and has a column of its own."""
    found = results(record("plain", NAMES[0]), record("broken", "", Grade.WRONG))
    assert found.concerning(NAMES[0]) == Count(identical=1, wrong=1)
    assert [subject.name for subject in found.subjects] == [NAMES[0], ""]


def test_a_selection_is_said() -> None:
    """Whoever reads the file can see that it was not the whole suite."""
    assert results().selection == ""
    assert results(chosen=Chosen(("routes.health",), "a and b")).selection == "--clause routes.health -k 'a and b'"


def test_keys_and_paths_of_this_machine_stay_out(tmp_path: Path) -> None:
    """A key that an answer repeats, and the place where the kit is installed, are in none of the files."""
    said = f'my "key" and {ROOT}/x and parity-{"a" * 24}'
    found = results(record("plain", NAMES[0], Grade.WRONG, reason=said, exchanges=(exchange(NAMES[0], said),)))
    files.write(found, files.made(tmp_path), secrets=['my "key"', ""])
    for name in (files.PAGE, files.JSON, files.JUNIT):
        text = (tmp_path / name).read_text("utf-8")
        assert "(key) and ./x and (key)" in text, name
        hidden = ('my "key"', 'my \\"key', "my &#34;key", str(ROOT))
        assert not [word for word in hidden if word in text]


@pytest.mark.parametrize("key", ["e", "user", "url", "wrong", "k1", "subjects", "{", '"'])
def test_a_key_that_is_a_common_word_hides_nothing_else(key: str, tmp_path: Path) -> None:
    """Only what was sent, answered or raised is without it; names, ids and sentences are whole, as is the file."""
    seen = Exchange(server="url", sent=f"GET /{key} HTTP/1.1\r\n\r\n", answer=f"user wrong url k1 {key}")
    facts = {"does": "A wrong user is at the url k1.", "node": "tests/x.py::test_user[url-user.wrong]"}
    one = record("user.wrong", "url", Grade.WRONG, reason=f"because of {key}", exchanges=(seen,), **facts)
    found = gather([one], About(url="http://user.example"))
    files.write(found, files.made(tmp_path), secrets=[key, ""])
    stored = Results.model_validate_json((tmp_path / files.JSON).read_bytes())
    assert stored.reworded(lambda _: "") == found.reworded(lambda _: "")
    ((_, outcome),) = stored.outcomes()
    for text in (outcome.reason, outcome.exchanges[0].sent, outcome.exchanges[0].answer):
        assert "(key)" in text
        assert key not in text.replace("(key)", "")


def test_junit_is_what_ci_systems_read() -> None:
    """Only elements and attributes that every dialect has, in its order; counts that agree; names that are unique."""
    root = ET.fromstring(junit(results()))
    for element in root.iter():
        assert set(element.attrib) == ALLOWED[element.tag] or element.tag == "skipped", element.tag
    for suite in root:
        cases = list(suite)
        assert int(suite.attrib["tests"]) == len(cases)
        assert int(suite.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert int(suite.attrib["skipped"]) == sum(case.find("skipped") is not None for case in cases)
        for case in cases:
            tags = [child.tag for child in case]
            assert tags == sorted(tags, key=ORDER.index)
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["time"]) == ("7", "1", "1.750")
    names = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert len(set(names)) == len(names)
    assert ("flask-gevent.stop", "stop.idle") in names


def test_junit_carries_clause_sentences_and_grade() -> None:
    """What a case is about stands in its output; a known difference is a pass that says why."""
    cases = {case.attrib["name"]: case for case in ET.fromstring(junit(results())).iter("testcase")}
    assert cases["odd-host"].findtext("system-out") == (
        "clauses: beyond the contract\ndoes: odd-host is done.\nexpects: odd-host works.\ngrade: known difference\n"
        "why: The RFC lets it differ.\n"
        "run alone: .venv/bin/python -m pytest 'tests/conformance/test_x.py::test_x[fastapi-uvicorn-odd-host]' "
        "--target fastapi-uvicorn"
    )
    skipped = cases["stop.idle"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "the kit did not start it"


def test_junit_holds_whatever_a_server_said() -> None:
    """Markup is escaped, and what XML cannot say at all is written as its number."""
    (failure,) = ET.fromstring(junit(results())).iter("failure")
    assert "</script><script>alert('<b>&amp;</b>')</script>" in (failure.text or "")
    assert "\\u0000\\u001b[31m]]>" in (failure.text or "")
    assert "--- answer\nHTTP/1.1 200 OK" in (failure.text or "").replace("\r", "")
    assert failure.attrib["message"].startswith("expected {}, found </script>")
    assert NASTY not in junit(results())


def test_a_case_that_is_played_twice_has_two_names() -> None:
    """A row that one pair plays in two ways is two cases for a CI system."""
    nodes = ("a.py::test_twins[x]", "a.py::test_twins_of_a_page[x]")
    found = results(*(record("plain", PAIR, node=node) for node in nodes))
    names = [case.attrib["name"] for case in ET.fromstring(junit(found)).iter("testcase")]
    assert names == ["plain by test_twins", "plain by test_twins_of_a_page"]
    found = results(*(record("plain", PAIR, node=node, does=node) for node in nodes))
    assert names == [case.attrib["name"] for case in ET.fromstring(junit(found)).iter("testcase")]
