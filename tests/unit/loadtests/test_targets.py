"""The targets file: what ours holds, how a user's is laid over it, what a mistake in one is answered with."""

import re
from pathlib import Path

import pytest

from loadtests.targets import OURS, TargetsError, load_targets, pick, to_toml

ENTRY = """
[mine]
title = "Mine"
framework = "bottle"
server = "waitress"
workers = 2
command = "{python} -m waitress --listen {host}:{port} 'my app:app'"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A user's targets file with one good entry."""
    path = tmp_path / "mine.toml"
    path.write_text(ENTRY)
    return path


def test_ours_hold_every_deployment_of_the_comparison() -> None:
    """Both frameworks, each server, one worker and four of them are there."""
    expected = {"fastapi-uvicorn", "fastapi-uvicorn-4", "flask-sync", "flask-gthread", "flask-gevent"}
    assert expected | {"flask-gthread-4"} <= set(load_targets())


@pytest.mark.parametrize("name", load_targets())
def test_our_facts_agree_with_the_command(name: str) -> None:
    """What an entry says of workers and slots is what its command starts."""
    target = load_targets()[name]
    line = " ".join(target.command)

    def option(flag: str, default: int) -> int:
        found = re.search(rf"--{flag} (\d+)", line)
        return int(found[1]) if found else default

    held = {"gthread": "threads", "gevent": "worker-connections", "sync": "none, it is one"}
    flag = held.get(target.server.removeprefix("gunicorn "))
    assert option("workers", 0) == target.workers
    assert target.slots == (None if flag is None else target.workers * option(flag, 1))


def test_both_servers_get_the_same_limits() -> None:
    """Keep-alive, backlog and graceful end are equal wherever a server has them."""
    pairs = [
        (r"--(?:timeout-)?keep-alive (\d+)", 1),
        (r"--backlog (\d+)", 1),
        (r"--(?:timeout-graceful-shutdown|graceful-timeout) (\d+)", 1),
    ]
    lines = [" ".join(target.command) for target in load_targets().values()]
    for pattern, distinct in pairs:
        values = {found for line in lines for found in re.findall(pattern, line)}
        assert len(values) == distinct, (pattern, values)


def test_the_command_is_split_and_filled_as_a_shell_would(file: Path) -> None:
    """Quotes hold a word together; the placeholders become the interpreter, host and port."""
    line = load_targets(file)["mine"].command_line("127.0.0.1", 8123)
    assert line[1:] == ["-m", "waitress", "--listen", "127.0.0.1:8123", "my app:app"]
    assert Path(line[0]).name.startswith("python")


def test_a_users_file_is_laid_over_ours(file: Path) -> None:
    """Its entries are added, and one of the same name wins."""
    file.write_text(ENTRY + ENTRY.replace("[mine]", "[flask-sync]"))
    targets = load_targets(file)
    assert targets["flask-sync"].framework == "bottle"
    assert set(load_targets()) | {"mine"} == set(targets)


MISTAKES = {
    "unknown key": (
        "workers = 2",
        "workers = 2\nthreads = 3",
        "[mine] has an unknown key 'threads'; the keys are",
    ),
    "missing key": ('server = "waitress"', "", "[mine] has no 'server'; add it"),
    "wrong type": ("workers = 2", 'workers = "two"', "[mine] workers: Input should be a valid integer"),
    "unknown placeholder": (
        "{host}",
        "{address}",
        "[mine] command: does not know {address}; the placeholders are",
    ),
    "no port": (":{port}", ":8000", "[mine] command: must hold {port}"),
    "open quote": ("my app:app'", "my app:app", "[mine] command: cannot be split as a shell would"),
    "no TOML": ("[mine]", "[mine", "is not TOML"),
    "no entry": ("[mine]", "", "'title' stands outside any entry; put it under a [target-name] line"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_in_one_sentence(file: Path, old: str, new: str, message: str) -> None:
    """The file, the entry, what is wrong and the cure, on one line."""
    file.write_text(ENTRY.replace(old, new))
    with pytest.raises(TargetsError, match=re.escape(message)) as caught:
        load_targets(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_option(tmp_path: Path) -> None:
    """A path with nothing there is answered with the path and --targets."""
    with pytest.raises(TargetsError, match=r"there is no targets file .*none.toml; .*--targets"):
        load_targets(tmp_path / "none.toml")


def test_an_unknown_target_gets_a_suggestion() -> None:
    """A misspelt name is answered with the closest one and all that are known."""
    with pytest.raises(TargetsError, match=r"'flask-gevnt'; did you mean flask-gevent\? The known.*fastapi-uvicorn"):
        pick(load_targets(), ["fastapi-uvicorn", "flask-gevnt"])
    with pytest.raises(TargetsError, match=r"there is no target 'nosuch'; the known ones: fastapi-uvicorn"):
        pick(load_targets(), ["nosuch"])


def test_targets_cannot_be_changed() -> None:
    """Neither a target nor the table of them can be written to."""
    targets = load_targets()
    with pytest.raises(ValueError, match="frozen"):
        targets["flask-sync"].workers = 9  # type: ignore[misc]  # what the test is about
    with pytest.raises(TypeError):
        targets["x"] = targets["flask-sync"]  # type: ignore[index]  # what the test is about


def test_every_number_of_ours_has_its_reason() -> None:
    """Each numeric option in the file is explained in one of its comments."""
    text = OURS.read_text("utf-8")
    reasons = " ".join(line for line in text.splitlines() if line.startswith("#"))
    explained = {
        "keep-alive": "keep-alive 75",
        "backlog": "backlog 2048",
        "graceful": "graceful 30",
        "timeout": "timeout 0",
        "healthcheck": "healthcheck 10",
        "threads": "1,000",
        "worker-connections": "4,000",
    }
    for option, reason in explained.items():
        assert option in text
        assert reason in reasons, option


def test_folder_and_sources_are_relative_to_the_file(file: Path, tmp_path: Path) -> None:
    """A server of one's own runs in the folder that its entry names, and its sources are found from there."""
    (tmp_path / "app.py").touch()
    file.write_text(file.read_text("utf-8") + 'folder = "."\nsources = ["app.py"]\n', "utf-8")
    target = list(load_targets(file).values())[-1]
    assert (target.folder, target.sources) == (tmp_path, (tmp_path / "app.py",))
    again = tmp_path / "again.toml"
    again.write_text(to_toml([target]), "utf-8")
    assert load_targets(again)[target.name] == target


def test_a_source_that_is_not_there_is_an_error(file: Path) -> None:
    """A source that does not exist would make a pass worth nothing."""
    file.write_text(file.read_text("utf-8") + 'sources = ["no.py"]\n', "utf-8")
    with pytest.raises(TargetsError, match=r"sources: there is no .*no\.py; correct it"):
        load_targets(file)
