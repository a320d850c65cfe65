"""Whether a server that the kit did not start can be verified: asked before the first case, and answered in seconds.

Rule: whatever stands in the way is one sentence with its cure, a `UserError`; a request takes `WITHIN` seconds at most.
Nothing is judged but that this is the API and that it takes the keys: the suite does the rest.
Neighbours: `verify` calls `reachable` first of all; `asking` sends what is sent here; tests/conformance/patience.py
looks after the server once the suite runs.
"""

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from loadtests.errors import UserError
from loadtests.verify.asking import Address, Answer, Unclear, ask, speaks

SECURE: Mapping[str, bool] = MappingProxyType({"http": False, "https": True})
HEALTH = "GET /health"
SESSION = "GET /sessions/ID with a key"
PORTS: Mapping[str, int] = MappingProxyType({"http": 80, "https": 443})


def reachable(url: str, key: str, second_key: str = "") -> None:
    """Return if the API answers at `url` and takes the key, and the second one if given; else raise `UserError`."""
    _check_keys(key.strip(), second_key.strip())
    address = address_of(url)
    try:
        _check_health(address, ask(address, HEALTH, "/health"))
    except Unclear as error:
        if speaks(address, tls=not address.tls):
            raise UserError(_other_scheme(address)) from error
        raise
    _check_taken(address, key, second_key)


def address_of(url: str) -> Address:
    """Return where to connect; a URL that is more or less than that is a `UserError`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UserError(f"{_shown(url)} is no URL: {_why_no_url(url, error)}") from error
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.scheme not in SECURE:
        raise UserError(f"{_shown(url)} is no address of a server; write http://HOST:PORT or https://HOST:PORT")
    if not parts.hostname or any(character.isspace() for character in parts.netloc):
        raise UserError(f"{_shown(url)} names no host; write, for example, http://127.0.0.1:8000")
    for what, cure in _TOO_MUCH.items():
        if getattr(parts, what) not in {None, "", "/"}:
            raise UserError(f"{_shown(url)} has a {what}, {cure}; write {base}")
    return Address(base, parts.hostname, port or PORTS[parts.scheme], SECURE[parts.scheme], named=port is not None)


_TOO_MUCH: Mapping[str, str] = MappingProxyType(
    {
        "username": "but the API knows keys and no users",
        "password": "but the API knows keys and no users",
        "path": "but the contract's addresses begin at the root",
        "query": "but the suite asks questions of its own",
        "fragment": "which no server ever sees",
    }
)


def _why_no_url(url: str, error: ValueError) -> str:
    host = urlsplit(url).netloc if "[" not in url else ""
    if host.count(":") > 1:
        return "an IPv6 address stands in brackets; write, for example, http://[::1]:8000"
    return f"{str(error)[:1].lower()}{str(error)[1:]}; write, for example, http://127.0.0.1:8000"


def _shown(url: str) -> str:
    """The URL without a user's name and password, which belong in no message."""
    parts: SplitResult | None
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return url if "@" not in parts.netloc else url.replace(f"{parts.netloc.rpartition('@')[0]}@", "", 1)


def _check_keys(key: str, second: str) -> None:
    for option, value in (("--key", key), ("--second-key", second)):
        if not all(character.isprintable() and character <= "\xff" for character in value):
            raise UserError(f"the key given with {option} holds a character that no header can carry; give another")
    if not key:
        raise UserError("most of the contract is behind a key; give one that the server accepts with --key")
    if key == second:
        raise UserError("--second-key is the same as --key; give another key that the server accepts, or none")


def _other_scheme(address: Address) -> str:
    spoken, other = ("plain HTTP", "http") if address.tls else ("TLS", "https")
    named = address.url.partition("://")[2]
    return f"what listens at {named} speaks {spoken}; write {other}://{named}"


def _check_health(address: Address, answer: Answer) -> None:
    """GET /health must be answered as the contract has it, or there is no use in a thousand other questions."""
    _check_status(address, HEALTH, answer)
    told = _json(answer)
    if answer.status == 503 and told.get("status") == "draining":
        raise UserError(f"the server at {address.url} is stopping (/health says draining); start it again")
    if answer.status >= 500:
        _fail(address, HEALTH, answer, "it is not well; the reason is in its log")
    if answer.status != 200 or told.get("status") != "healthy":
        shown = _beginning(answer)
        raise Unclear(
            f"what answers at {address.url} is not this API: GET /health got {answer.status} with {shown}, "
            'not 200 with {"status":"healthy",…}; correct the URL'
        )


def _check_status(address: Address, asked: str, answer: Answer) -> None:
    """What any route can be answered with by something that stands in front of the server."""
    if 300 <= answer.status < 400:
        place = answer.headers.get("location", "nowhere")
        raise UserError(
            f"{address.url} redirects {asked} to {place}, and the API redirects nobody; give the address it points to"
        )
    if answer.status == 429:
        _fail(address, asked, answer, "the suite sends thousands of requests: lift the limit for it")


def _check_taken(address: Address, key: str, second: str) -> None:
    """Ask for a session that nobody has, with each key: 404 says that the key was taken."""
    taken = {option: _taken(address, value) for option, value in _given(key, second).items()}
    refused = tuple(option for option, accepted in taken.items() if not accepted)
    if refused:
        raise UserError(f"the server at {address.url} {_REFUSED[tuple(taken), refused]}")


def _given(key: str, second: str) -> Mapping[str, str]:
    return {"--key": key} | ({"--second-key": second} if second else {})


_ONE, _BOTH = ("--key",), ("--key", "--second-key")
_REFUSED: Mapping[tuple[tuple[str, ...], tuple[str, ...]], str] = MappingProxyType(
    {
        (_ONE, _ONE): "answers 401 to the key given with --key; give one that it accepts, out of its VALID_API_KEYS "
        "(a server that has none accepts no key at all, and warns of it when it starts)",
        (_BOTH, _BOTH): "answers 401 to both keys, so perhaps to every key; give keys out of its VALID_API_KEYS, and "
        "see in its log whether it has any",
        (_BOTH, _ONE): "answers 401 to the key given with --key but accepts that of --second-key; correct --key",
        (_BOTH, ("--second-key",)): "answers 401 to the key given with --second-key but accepts that of --key; "
        "correct --second-key, or leave it out",
    }
)


def _taken(address: Address, key: str) -> bool:
    session = f"parity-{secrets.token_hex(8)}"
    answer = ask(address, SESSION, f"/sessions/{session}", key.strip())
    _check_status(address, SESSION, answer)
    if answer.status == 401 and _json(answer).get("error") != "Unauthorized":
        challenge = answer.headers.get("www-authenticate", "none")
        why = f"that is not the API's 401 (WWW-Authenticate: {challenge}); give the API's own address"
        _fail(address, SESSION, answer, why)
    if answer.status not in {200, 401, 404}:
        cure = "the reason is in its log" if answer.status >= 500 else "it is not this API; correct the URL"
        _fail(address, SESSION, answer, cure)
    if not _understood(answer, session):
        raise UserError(
            f"what answers at {address.url} is not this API: {SESSION}, of a session that nobody has, got "
            f'{answer.status} with {_beginning(answer)}, not 404 with {{"error":…,"detail":…}}; correct the URL'
        )
    return answer.status != 401


def _understood(answer: Answer, session: str) -> bool:
    """Whether the body is the contract's, and not what something says to everybody: an error, or this session."""
    told = _json(answer)
    if answer.status == 200:
        return told.get("session_id") == session and isinstance(told.get("messages"), list)
    return isinstance(told.get("error"), str) and "detail" in told


def _fail(address: Address, asked: str, answer: Answer, why: str) -> None:
    name = f" {HTTPStatus(answer.status).phrase}" if answer.status in set(HTTPStatus) else ""
    raise UserError(f"the server at {address.url} answers {asked} with {answer.status}{name}: {why}")


def _json(answer: Answer) -> Mapping[str, object]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _beginning(answer: Answer) -> str:
    text = " ".join(answer.body.decode("utf-8", "replace").split())
    return repr(text if len(text) <= 60 else f"{text[:60]}…") if text else "an empty body"
