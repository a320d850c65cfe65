"""`--record DIR`, run as a user runs it: what is written of cases that pass, fail, do not apply or break."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from loadtests.masking import hidden
from tests.conformance.record import CHARACTERS, EXCHANGES, Exchange, masks, shortened
from tests.serving import serving

KEY, SECOND_KEY = "a-key-of-mine", "another-of-mine"
ROOT = Path(__file__).resolve().parents[3]
CASES = '''
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
import pytest

ROW = SimpleNamespace(id="rows.one", clauses=("routes.health",), does="It is done.", expects="It is so.")
KNOWN = SimpleNamespace(**{**vars(ROW), "id": "rows.known", "grade": "known difference", "reason": "They differ."})


@pytest.mark.clause("routes.page")
def test_passes(server):
    """The page is asked for
    with a key.

    Expected: it comes.
    """
    assert server.get("/seen").status == 200


@pytest.mark.clause("routes.page")
@pytest.mark.parametrize("what", ["one", "two"])
def test_fails(server, what):
    """It is asked for in vain."""
    assert server.get("/").status == 404, f"no 404 for {server.key} and {server.second_key}"


def test_does_not_apply(server):
    pytest.skip("not applicable: there is no moon")


@pytest.mark.profile("faults")
def test_needs_settings(server):
    assert server


@pytest.fixture
def broken():
    raise RuntimeError("the set-up broke")


def test_breaks(broken):
    pass


@pytest.fixture
def leaky():
    yield
    raise RuntimeError("the clean-up broke")


def test_leaks(leaky):
    pass


def test_threads(server):
    with ThreadPoolExecutor() as pool:
        list(pool.map(server.get, [f"/{number}" for number in range(9)]))


def test_is_long(server):
    assert server.post("/", b"x" * 3000 + server.key.encode()).status == 200


def test_half_a_key(server):
    wrong = [server.key[:-1], server.key.swapcase()]
    assert [server.get("/", key=key).status for key in wrong] == [200, 200]


def test_bytes(server):
    assert server.post("/", "\\u00e9".encode() + b"\\xff").status == 200


@pytest.mark.parametrize("row", [ROW, KNOWN], ids=lambda row: row.id)
def test_row(server, row):
    assert server


PAGE = SimpleNamespace(**{**vars(ROW), "id": "rows.page", "profile": "plain"})


@pytest.mark.rows([PAGE], manner="It is a page's.")
def test_row_of_a_page(server, case):
    assert server


@pytest.fixture
def case(request):
    return request.param
'''


class Echo(BaseHTTPRequestHandler):
    """Answers every request with its key and its body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = self.headers.get("X-API-Key", "").encode() + self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name is the library's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that answers anything with what it was sent."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Echo)) as place:
        yield f"http://{place}"


@pytest.fixture(scope="module")
def records(url: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """What a run of all kinds of cases has written, by case."""
    folder = tmp_path_factory.mktemp("record")
    (folder / "test_some.py").write_text(CASES, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    asked = ["--url", url, "--key", KEY, "--second-key", SECOND_KEY, "--record", str(folder / "out")]
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", *asked, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = (folder / "out" / "main.jsonl").read_text("utf-8").splitlines()
    return {record["case"]: record for record in map(json.loads, lines)}


def test_every_case_has_a_record(records: Mapping[str, dict[str, Any]]) -> None:
    """Each case is there once, rows by their ids, procedures by module, function and parameters."""
    assert sorted(records) == sorted(
        ["some.passes", "some.fails[one]", "some.fails[two]", "some.does-not-apply", "some.needs-settings",
         "some.breaks", "some.leaks", "some.threads", "some.is-long", "some.half-a-key", "some.bytes",
         "rows.one", "rows.known", "rows.page"]
    )  # fmt: skip


def test_a_pass(records: Mapping[str, dict[str, Any]]) -> None:
    """A procedure that passed is identical; its docstring's parts, its clause and its exchange are there."""
    record = records["some.passes"]
    said = {name: record[name] for name in ("does", "expects", "clauses", "subject", "profile", "grade", "reason")}
    assert said == {
        "does": "The page is asked for with a key.",
        "expects": "It comes.",
        "clauses": ["routes.page"],
        "subject": "url",
        "profile": "plain",
        "grade": "identical",
        "reason": "",
    }
    assert record["node"].endswith("test_some.py::test_passes[url]")
    assert record["seconds"] > 0
    (exchange,) = record["exchanges"]
    assert exchange["server"] == "url"
    assert exchange["sent"] == "GET /seen HTTP/1.1\r\nHost: parity.test\r\nX-API-Key: (key)\r\n\r\n"
    assert exchange["answer"].startswith("HTTP/1.1 200 OK\r\n")
    assert exchange["answer"].endswith("\r\n\r\n(key)")
    assert exchange["cut"] is False


def test_a_failure(records: Mapping[str, dict[str, Any]]) -> None:
    """A case that failed is wrong, with its message and the line, and without keys."""
    record = records["some.fails[two]"]
    assert record["grade"] == "wrong"
    assert record["reason"].startswith("no 404 for (key) and (second-key) (test_some.py:")
    assert record["reason"].endswith(")")


@pytest.mark.parametrize(
    ("case", "grade", "reason"),
    [
        ("some.does-not-apply", "not applicable", "there is no moon"),
        ("some.needs-settings", "not applicable", "needs the settings"),
        ("some.breaks", "wrong", "RuntimeError: the set-up broke"),
        ("some.leaks", "wrong", "RuntimeError: the clean-up broke"),
        ("rows.known", "known difference", "They differ."),
    ],
)
def test_other_outcomes(records: Mapping[str, dict[str, Any]], case: str, grade: str, reason: str) -> None:
    """Skips do not apply, errors before and after a case are wrong, and a row may name its own grade."""
    assert (records[case]["grade"], records[case]["reason"][: len(reason)]) == (grade, reason)


def test_a_row(records: Mapping[str, dict[str, Any]]) -> None:
    """A row speaks for itself."""
    record = records["rows.one"]
    assert (record["does"], record["expects"], record["clauses"]) == ("It is done.", "It is so.", ["routes.health"])


def test_a_row_that_is_played_in_another_manner(records: Mapping[str, dict[str, Any]]) -> None:
    """What the test does beside what the row says is said as well, so that the two can be told apart."""
    record = records["rows.page"]
    assert (record["does"], record["expects"]) == ("It is done. It is a page's.", "It is so.")


def test_threads(records: Mapping[str, dict[str, Any]]) -> None:
    """Connections of several threads are kept apart, six of them shown, and the others counted."""
    record = records["some.threads"]
    assert (len(record["exchanges"]), record["left_out"]) == (EXCHANGES, 9 - EXCHANGES)
    assert all(exchange["sent"].count("GET /") == 1 for exchange in record["exchanges"])
    assert all(exchange["answer"].startswith("HTTP/1.1 200") for exchange in record["exchanges"])


def test_what_is_long_is_cut(records: Mapping[str, dict[str, Any]]) -> None:
    """Each side has 2,000 characters at most, and the exchange says that it was cut."""
    (exchange,) = records["some.is-long"]["exchanges"]
    assert (len(exchange["sent"]), len(exchange["answer"]), exchange["cut"]) == (CHARACTERS, CHARACTERS, True)


def test_bytes_are_text(records: Mapping[str, dict[str, Any]]) -> None:
    """UTF-8 is shown as it is, and other bytes as their numbers."""
    (exchange,) = records["some.bytes"]["exchanges"]
    assert exchange["sent"].endswith("é\\xff")


def test_no_key_is_left(records: Mapping[str, dict[str, Any]]) -> None:
    """Neither a key, nor most of one, nor one in other letters stands anywhere."""
    text = json.dumps(records)
    assert [part for part in (KEY, SECOND_KEY, KEY[:-1], KEY.swapcase()) if part in text] == []


def test_the_longest_key_is_masked_first() -> None:
    """A key that begins like another is masked as a whole."""
    assert masks("ab", "abc").said("abc ab a") == "(second-key) (key) a"


@pytest.mark.parametrize("key", ["e", "user", "url", "wrong", "k1", "key", "(key)", "12345678"])
def test_to_hide_a_key_twice_changes_nothing(key: str) -> None:
    """However short it is, and if what is written instead holds it."""
    text = f"GET /{key} HTTP/1.1\r\nX-API-Key: {key}\r\n\r\n"
    for once in (masks(key, None).exchanged(text), hidden(text, {key: "(key)"})):
        assert once.count("(key)") >= 2
        assert key not in once.replace("(key)", "")
        assert hidden(once, {key: "(key)"}) == masks(key, None).exchanged(once) == once


def test_what_rows_make_of_a_short_key_is_hidden_where_it_is_sent() -> None:
    """A letter that is left of a key of two is a key in its header, and any word's letter elsewhere."""
    text = "GET /kicks HTTP/1.1\r\nHost: k\r\nx-api-key:  k\r\nX-API-Key: K1 \r\n\r\nk K1 k1"
    assert masks("k1", None).exchanged(text) == (
        "GET /kicks HTTP/1.1\r\nHost: k\r\nx-api-key:  (key-cut)\r\nX-API-Key: (key-swapped) \r\n\r\nk K1 (key)"
    )


def test_what_rows_make_of_a_long_key_is_hidden_wherever_it_is_sent() -> None:
    """Most of a key tells the key; what is said of a case is about no such thing."""
    known = masks("Secret-1", None)
    assert known.exchanged("/Secret- sECRET-1 Secret-1") == "/(key-cut) (key-swapped) (key)"
    assert known.said("/Secret- Secret-1") == "/Secret- (key)"


def test_a_key_at_the_cut_is_masked() -> None:
    """What is held is more than what is shown, so that a key is never cut before it is masked."""
    exchange = Exchange("x")
    exchange.sent(b"y" * 100_000)
    assert CHARACTERS * 4 < len(exchange.out) < 100_000
    assert exchange.lost


def test_a_long_reason_keeps_its_place() -> None:
    """A reason that is too long loses its middle, and still says where it was raised."""
    assert shortened("x" * 600) == "x" * 600
    short = shortened("a" * 900 + " (tests/conformance/test_x.py:12)")
    assert len(short) < 620
    assert short.startswith("aaa")
    assert short.endswith("aaa (tests/conformance/test_x.py:12)")
