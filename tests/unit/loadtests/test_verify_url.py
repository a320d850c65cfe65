"""`parity verify URL` on a server of others: whatever is wrong with it is one sentence with its cure, and soon."""

import re
import socket
from collections.abc import Mapping

import pytest

from loadtests.errors import UserError
from loadtests.serve.ports import free_port
from loadtests.verify import asking
from loadtests.verify.url import reachable
from tests.unit.loadtests.bad_servers import (
    HEALTHY,
    UNKNOWN,
    Behaviour,
    drips,
    hangs,
    healthy,
    listening,
    response,
    says,
)
from tests.unit.loadtests.test_cli import refused

KEY, OTHER = "right", "another"
TAKEN = response("404 Not Found", UNKNOWN)
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shorter than a user would have to, so that the tests of silence are quick."""
    monkeypatch.setattr(asking, "WITHIN", 0.4)


def sentence(url: str, key: str = KEY, second: str = "") -> str:
    """What a user is told."""
    with pytest.raises(UserError) as told:
        reachable(url, key, second)
    return str(told.value)


URLS: Mapping[str, str] = {
    "http://[::1:8000": "is no URL",
    "http://::1:8000": r"an IPv6 address stands in brackets; write, for example, http://\[::1\]:8000",
    "http://127.0.0.1:70000": "port out of range",
    "http://127.0.0.1:web": "is no URL",
    "http://": "names no host",
    "http://my host:8000": "names no host",
    "ftp://127.0.0.1": "write http://HOST:PORT or https://HOST:PORT",
    "http://127.0.0.1:8000/api": "has a path, .*; write http://127.0.0.1:8000$",
    "http://127.0.0.1:8000/?key=x": "has a query, .*; write http://127.0.0.1:8000$",
    "http://127.0.0.1:8000/#top": "has a fragment, .*; write http://127.0.0.1:8000$",
    "http://me:secret@127.0.0.1:8000": "has a username, .*; write http://127.0.0.1:8000$",
    "http://nobody.invalid:8000": "the name nobody.invalid is not known",
    f"http://{'a' * 70}.invalid": "cannot be the name of a host",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_is_none(url: str) -> None:
    """What is wrong with the URL itself is said without a connection, and no password is repeated."""
    told = sentence(url)
    assert re.search(URLS[url], told), told
    assert "secret" not in told


KEYS: Mapping[tuple[str, str], str] = {
    ("", ""): "give one that the server accepts with --key",
    (" ", ""): "give one that the server accepts with --key",
    ("a", " a "): "--second-key is the same as --key",
    ("a\x00b", ""): "--key holds a character that no header can carry",
    ("a", "b\nX-Odd: 1"): "--second-key holds a character that no header can carry",
    ("\N{EURO SIGN}", ""): "no header can carry",
}


@pytest.mark.parametrize(("key", "second"), KEYS)
def test_keys_that_are_none(key: str, second: str) -> None:
    """Keys that cannot be right are refused before anybody is asked."""
    assert KEYS[key, second] in sentence("http://127.0.0.1:1", key, second)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_listens(scheme: str) -> None:
    """A port where nothing listens is named."""
    port = free_port("127.0.0.1")
    assert sentence(f"{scheme}://127.0.0.1:{port}").startswith(f"nothing listens at 127.0.0.1, port {port};")


def test_a_url_without_a_port() -> None:
    """The port that a URL leaves out is said, since nobody can see it."""
    assert str(asking.Address("http://h", "h", 80, tls=False, named=False)) == "h, port 80 (the URL names none)"
    assert "port 443 (the URL names none)" in sentence("https://127.0.0.1")


@pytest.mark.usefixtures("_soon")
def test_a_host_that_takes_no_connection() -> None:
    """A full queue, as a firewall that drops everything, is not waited for for long."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        assert "takes no connection within 0.4 s" in sentence(f"http://127.0.0.1:{address[1]}")
        for one in waiting:
            one.close()


BAD: Mapping[str, tuple[Behaviour, str]] = {
    "rubbish": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), r"is not HTTP/1.1: b'SSH-2.0-OpenSSH_9.6\\r\\n'; correct the URL"),
    "rubbish-and-hangs": (hangs(b"220 mail.example ESMTP\r\n"), "is not HTTP/1.1: b'220 mail"),
    "rubbish-for-long": (says(b"\x00" * 100_000), "is not HTTP/1.1"),
    "closes": (says(b""), "closes the connection without an answer to GET /health"),
    "closes-in-the-head": (says(b"HTTP/1.1 200 OK\r\nConte"), "in the middle of its answer to GET /health"),
    "closes-in-the-body": (says(BEGUN), "in the middle of its answer to GET /health"),
    "hangs": (hangs(), "does not answer GET /health within 0.4 s; start it again"),
    "hangs-in-the-head": (hangs(b"HTTP/1.1 200"), "does not end within 0.4 s"),
    "hangs-in-the-body": (hangs(BEGUN), "does not end within 0.4 s"),
    "drips": (drips, "does not end within 0.4 s"),
    "never-ends": (says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000), "with more than 1,048,576 bytes"),
    "not-found": (says(response("404 Not Found", b"<h1>Not Found</h1>")), "this API: GET /health got 404 with '<h1"),
    "html": (says(response("200 OK", b"<!doctype html><title>Grafana</title>")), "not this API: GET /health got 200"),
    "other-json": (says(response("200 OK", b'{"status":"ok"}')), "is not this API: .*'{\"status\":\"ok\"}'"),
    "a-list": (says(response("200 OK", b"[1]")), "is not this API"),
    "deep": (says(response("200 OK", b"[" * 100_000)), "is not this API"),
    "nothing": (says(response("204 No Content")), "is not this API: GET /health got 204 with an empty body"),
    "redirect": (
        says(response("301 Moved", b"", "Location: https://api.example/health")),
        "redirects GET /health to https://api.example/health, .*give the address it points to",
    ),
    "broken": (says(response("500 Internal Server Error", b"oops")), "with 500 Internal Server Error: it is not well"),
    "odd-status": (says(response("599 Odd")), "answers GET /health with 599: it is not well"),
    "gateway": (says(response("502 Bad Gateway")), "with 502 Bad Gateway"),
    "draining": (says(response("503 No", b'{"status":"draining","version":"1.0.0"}')), r"is stopping .*start it again"),
    "limited": (says(response("429 Too Many Requests")), "lift the limit"),
}  # fmt: skip


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("name", BAD)
def test_a_server_that_is_not_this_api(name: str) -> None:
    """Whatever listens there, the sentence names it and what was seen of it."""
    behave, told = BAD[name]
    with listening(behave) as place:
        said = sentence(f"http://{place}")
    assert re.search(told, said), said


@pytest.mark.parametrize(
    "behave", [says(response("400 Bad Request")), says(b""), hangs()], ids=["400", "closes", "hangs"]
)
@pytest.mark.usefixtures("_soon")
def test_tls_asked_of_a_plain_port(behave: Behaviour) -> None:
    """https:// to a server without TLS names the URL that would do, if the server answers plain HTTP."""

    def plain(connection: socket.socket, head: bytes) -> None:
        (says(response("200 OK", HEALTHY)) if head.startswith(b"GET") else behave)(connection, head)

    with listening(plain) as place:
        assert sentence(f"https://{place}") == f"what listens at {place} speaks plain HTTP; write http://{place}"


def test_plain_http_asked_of_a_port_with_tls() -> None:
    """http:// to a server with TLS names the URL that would do."""
    with listening(says(response("200 OK", HEALTHY)), tls=True) as place:
        assert sentence(f"http://{place}") == f"what listens at {place} speaks TLS; write https://{place}"


def test_a_certificate_that_nobody_trusts() -> None:
    """A certificate is checked, and how to have one trusted is said."""
    with listening(says(response("200 OK", HEALTHY)), tls=True) as place:
        assert "is not trusted" in (told := sentence(f"https://{place}"))
        assert "SSL_CERT_FILE" in told


def test_tls_of_something_else() -> None:
    """Rubbish in answer to a handshake that is not HTTP either leaves the scheme alone."""
    with listening(says(b"+OK\r\n")) as place:
        assert "takes no TLS connection" in sentence(f"https://{place}")


RIGHT = KEY.encode()
BOTH = {RIGHT: TAKEN, OTHER.encode(): TAKEN}
KEYED: Mapping[str, tuple[Behaviour, str, str]] = {
    "wrong": (healthy({}), "", "answers 401 to the key given with --key; give one that it accepts"),
    "both-wrong": (healthy({}), OTHER, "answers 401 to both keys, so perhaps to every key"),
    "first-wrong": (healthy({OTHER.encode(): TAKEN}), OTHER, "but accepts that of --second-key; correct --key"),
    "second-wrong": (healthy({RIGHT: TAKEN}), OTHER, "correct --second-key, or leave it out"),
    "somebody-else's-401": (
        healthy({RIGHT: response("401 No", b"<html>", 'WWW-Authenticate: Basic realm="x"')}), "",
        r'not the API\'s 401 \(WWW-Authenticate: Basic realm="x"\)',
    ),
    "forbidden": (healthy({RIGHT: response("403 Forbidden")}), "", "with 403 Forbidden: it is not this API"),
    "breaks": (healthy({RIGHT: response("500 Oops", b"x")}), "", "with 500 Internal Server Error: the reason is in"),
    "redirect": (healthy({RIGHT: response("307 There", b"", "Location: /login")}), "", "redirects .* to /login"),
    "limited": (healthy({RIGHT: response("429 Slowly")}), "", "lift the limit"),
    "always-200": (
        says(response("200 OK", HEALTHY)), "",
        r'is not this API: GET /sessions/ID with a key, of .*, got 200 with .*healthy.*, not 404 with {"error":…,',
    ),
    "other-session": (healthy({RIGHT: response("200 OK", b'{"session_id":"x","messages":[]}')}), "", "got 200 with"),
    "other-404": (healthy({RIGHT: response("404 No", b'{"detail":"Not Found"}')}), "", "got 404 with '{\"detail"),
    "html-404": (healthy({RIGHT: response("404 No", b"<html>")}), "", "got 404 with '<html>', not 404 with"),
    "closes": (healthy({RIGHT: b""}), "", "closes the connection without an answer to GET /sessions/ID with a key"),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYED)
def test_a_key_that_does_not_open(name: str) -> None:
    """A key that the server refuses is told apart from a server that refuses both, and from one that breaks."""
    behave, second, told = KEYED[name]
    with listening(behave) as place:
        said = sentence(f"http://{place}", KEY, second)
    assert re.search(told, said), said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("ending", ["", "/"])
@pytest.mark.parametrize("second", ["", OTHER])
def test_a_server_that_is_right(host: str, ending: str, second: str) -> None:
    """A healthy server that takes the keys is no mistake, whatever the form of its address."""
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6 on its loopback; give it an address ::1 to run this case")
    with listening(healthy(BOTH), host=host) as place:
        reachable(f"http://{place}{ending}", KEY, second)


def test_a_session_that_is_there() -> None:
    """A server that makes each session when it is asked for is this API, too: the suite may judge it."""

    def behave(connection: socket.socket, head: bytes) -> None:
        name = head.split()[1].rpartition(b"/")[2]
        body = HEALTHY if name == b"health" else b'{"session_id":"%b","messages":[]}' % name
        connection.sendall(response("200 OK", body))

    with listening(behave) as place:
        reachable(f"http://{place}", KEY)


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


COMMANDS: Mapping[str, tuple[Behaviour, str]] = {
    "rubbish": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "is not HTTP/1.1"),
    "hangs": (hangs(), "does not answer GET /health within 5 s"),
    "wrong-key": (healthy({}), "answers 401 to the key given with --key"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_says_it(name: str) -> None:
    """`parity verify URL` ends with one sentence and exit code 2, and without a traceback."""
    behave, told = COMMANDS[name]
    with listening(behave) as place:
        assert told in refused("verify", f"http://{place}", "--key", KEY)
