"""The matrix: who plays with how many workers, who is compared with whom, and what the report shows of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests import matrix, report, results
from loadtests.analyse import units
from loadtests.analyse.verdict import Verdict
from loadtests.errors import UserError
from loadtests.fairness import Fairness, Finding
from loadtests.files import write
from loadtests.measure.environment import Cores
from loadtests.plan import Plan, make_plan
from loadtests.report import charts, html, markdown
from loadtests.report.matrix import cores as said_of_cores
from loadtests.report.matrix import legend, shapes, views
from loadtests.results import Run
from loadtests.targets import load_targets
from loadtests.verify import fingerprint
from tests.fairness.made import ASGI, WSGI
from tests.unit.loadtests import made_up
from tests.unit.loadtests.page import Page

KINDS = ("fastapi-uvicorn", "fastapi-gunicorn", "fastapi-uvicorn-worker", "flask-sync", "flask-gthread", "flask-gevent")
FINDING = Finding(target="flask-sync", what="It naps.", effect="It is slow.", cure="wake it", grave=True)


def plan(cores: int = 1) -> Plan:
    """The kit's own matrix on a machine that gives its servers so many cores."""
    return make_plan(matrix.played(load_targets(), cores), mode="matrix")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A made-up run of it."""
    return made_up.a_run(tmp_path_factory.mktemp("matrix"), plan())


@pytest.fixture(scope="module")
def verdict(run: Run) -> Verdict:
    """What it says."""
    return report.write(run)


def test_like_for_like_has_each_kind_with_one_worker_and_with_four() -> None:
    """Six kinds of deployment, each with one and with four workers, are compared with those that have as many."""
    like = [target for target in plan().compared if "like-for-like" in target.regimes]
    assert sorted((target.name, target.workers) for target in like) == sorted(
        [(kind, 1) for kind in KINDS] + [(f"{kind}-4", 4) for kind in KINDS]
    )


@pytest.mark.parametrize(("cores", "uvicorn", "gunicorn"), [(1, 1, 3), (2, 2, 5), (4, 4, 9)])
def test_the_documented_best_has_the_workers_that_are_recommended(cores: int, uvicorn: int, gunicorn: int) -> None:
    """uvicorn gets a worker a core, gunicorn twice as many and one; an entry that has so many already is taken."""
    best = {t.name: t for t in matrix.played(load_targets(), cores) if "best" in t.regimes}
    assert len(best) == len(KINDS)
    asgi = "fastapi-uvicorn" if uvicorn == 1 else f"fastapi-uvicorn-{uvicorn}"
    assert {best.pop(asgi).workers, *(target.workers for target in best.values())} == {uvicorn, gunicorn}
    for target in best.values():
        assert target.command[target.command.index("--workers") + 1] == str(gunicorn)
        assert target.slots is None or target.slots % gunicorn == 0


def test_other_options_are_those_of_the_entry() -> None:
    """What is made for a machine differs from its entry in its workers alone."""
    made = {t.name: t for t in matrix.played(load_targets(), 1)}["flask-gthread-3"]
    entry = load_targets()["flask-gthread"]
    changed = [(a, b) for a, b in zip(entry.command, made.command, strict=True) if a != b]
    assert changed == [("1", "3")]
    assert (made.env, made.slots, made.title) == (entry.env, 3_000, f"{entry.title}, 3 workers")


def test_only_some_may_be_asked_for() -> None:
    """Named deployments are played alone; one that the matrix does not hold is an error that lists them."""
    some = matrix.played(load_targets(), 1, ("fastapi-uvicorn", "flask-gevent-3"))
    assert [target.name for target in some] == ["fastapi-uvicorn", "flask-gevent-3"]
    with pytest.raises(UserError, match=r"'flask-gevent-5' is not in the matrix; choose from fastapi-uvicorn, "):
        matrix.played(load_targets(), 1, ("flask-gevent-5",))


def test_who_has_no_room_is_not_loaded_with_what_waits() -> None:
    """A sync worker plays chat, and neither async nor stream: it would hold one of them, and a queue be measured."""
    made = plan()
    assert made.names == ("chat", "async", "stream")
    assert "flask-sync-4" in made.players("chat")
    assert not {"flask-sync", "flask-sync-3", "flask-sync-4"} & {*made.players("async"), *made.players("stream")}


def test_it_takes_about_a_quarter_of_an_hour() -> None:
    """By the plan's own count, for the whole matrix on a machine with one core for servers."""
    assert 8 < plan().seconds / 60 < 20


def test_each_group_is_compared_within_itself(verdict: Verdict) -> None:
    """One worker, four, and each at its best are three groups; each has its own baseline, and its own targets alone."""
    groups = verdict.matrix
    assert [(group.regime, group.baseline, len(group.targets)) for group in groups] == [
        ("like-for-like", "fastapi-uvicorn", 6),
        ("like-for-like", "fastapi-uvicorn-4", 6),
        ("best", "fastapi-uvicorn", 6),
    ]
    for group in groups:
        for panel in group.panels:
            assert tuple(cell.target for cell in panel.cells) == group.targets
            assert panel.cell(group.baseline).ratio is None
        chat = next(panel for panel in group.panels if panel.scenario == "chat" and panel.primary)
        assert all(cell.ratio and cell.ratio.word for cell in chat.cells if cell.target != group.baseline)


def test_the_report_names_the_regimes_and_says_what_was_shared(run: Run, verdict: Verdict) -> None:
    """Both regimes are headings, their pages are cited, and that four workers shared a core is said plainly."""
    page = Page(html.page(run, verdict))
    for words in (
        "Like for like: 1 worker each",
        "Like for like: 4 workers each",
        "Each at its documented best",
        "gunicorn.org/design/",
        "Up to 4 workers shared it",
        "no room for so many at once, so not loaded",
    ):
        assert words in page.text, words
    assert "Five things said" not in page.text
    text = markdown.summary(run, verdict)
    assert "## Each at its documented best" in text
    assert "| flask-gevent-3 | " in text
    assert "fastapi-uvicorn" in verdict.answer


def test_a_ratio_is_said_to_be_to_its_own_groups_baseline(run: Run, verdict: Verdict) -> None:
    """Each group names whom its ratios are to, on page and summary; nothing is held against another group."""
    text, page = markdown.summary(run, verdict), Page(html.page(run, verdict)).text
    for group in verdict.matrix:
        part = text.partition(f"## {group.title}\n")[2].partition("\n## ")[0]
        heads = {line.rpartition(" | ")[2] for line in part.splitlines() if line.startswith("| figure")}
        assert heads == {f"{units.TIMES} {group.baseline} |"}
        assert f"Each {units.TIMES} is to {group.baseline}, which is 1{units.TIMES} here." in part
        assert f"Each {units.TIMES} is to {group.baseline} , which is 1{units.TIMES} here." in page
        panel = next(panel for panel in group.panels if panel.primary)
        last = panel.cells[-1]
        assert last.value
        assert last.ratio
        row = f"| {last.target} | {units.median(panel, last)} | {units.compared(panel, last.ratio)} |"
        assert row in part.partition(f"**{panel.title}**")[2]
    assert "ratio to the first FastAPI of the same group. Bold: the figure that decides" in text
    assert "Against the baseline" not in page


def test_the_noise_of_a_group_is_its_own_baselines(run: Run, verdict: Verdict) -> None:
    """Only the run's baseline was played against itself: a group with another one shows no noise, and says so."""
    one, four, best = verdict.matrix
    assert all(panel.noise for group in (one, best) for panel in group.panels if panel.primary)
    assert not any(panel.noise for panel in four.panels)
    said = [view.noise for view in views(run.plan, verdict, shapes(run.plan))]
    assert said[1] == "Only fastapi-uvicorn was played against itself, so the noise of this group is not known."
    assert said[0] == said[2] != said[1]
    assert markdown.summary(run, verdict).count("| fastapi-uvicorn against itself | |") == sum(
        panel.noise is not None for group in verdict.matrix for panel in group.panels
    )


def test_what_so_many_rounds_find_is_said_of_each_group(verdict: Verdict) -> None:
    """The differences that four of five such runs find are those of the group's own ratios."""
    for group in verdict.matrix:
        (said,) = [limit for limit in verdict.limits if f"four of five such runs find ({group.title})" in limit]
        for panel in group.panels:
            if panel.primary:
                assert panel.resolves is not None
                assert f"{units.share(panel.resolves)} in {panel.title} ({panel.scenario})" in said


def test_within_a_group_no_two_look_alike(run: Run, verdict: Verdict) -> None:
    """A kind of deployment has one colour and shape with however many workers, and no other kind of it has the same."""
    place = shapes(run.plan)
    for group in verdict.matrix:
        assert len({place[name] % charts.SHAPES for name in group.targets}) == len(group.targets)
    assert place["flask-sync"] == place["flask-sync-3"] == place["flask-sync-4"]
    kinds = legend(run.plan, place)
    assert tuple(kind.name for kind in kinds) == KINDS
    assert kinds[-1].words == "gunicorn gevent, 1, 3 and 4 workers"


def test_in_any_other_run_each_target_looks_like_itself() -> None:
    """An entry and the same with more workers stand in one chart there, so they differ."""
    usual = made_up.plan()
    assert tuple(shapes(usual).values()) == tuple(range(len(usual.compared)))
    assert legend(usual, shapes(usual)) == ()


def test_every_figure_of_a_group_is_on_one_of_its_sheets(run: Run, verdict: Verdict) -> None:
    """A sheet is one scenario of at most four figures; who has no figure of it is named below with the reason."""
    for view in views(run.plan, verdict, shapes(run.plan)):
        assert tuple(panel for sheet in view.sheets for panel in sheet.panels) == view.group.panels
        for sheet in view.sheets:
            assert len(sheet.panels) <= 4
            named = [name for _, names in sheet.absent for name in names]
            assert sorted([*named, *(target.name for target in sheet.targets)]) == sorted(view.group.targets)
        assert view.sheets[0].absent == ()
        assert all("no room" in why for sheet in view.sheets[1:] for why, _ in sheet.absent)


def test_a_core_for_each_worker_is_said_too(run: Run, verdict: Verdict) -> None:
    """On a machine with cores enough nothing is shared, and where nothing is pinned that is said."""
    one, four = verdict.matrix[:2]
    targets = tuple(run.plan.target(name) for name in four.targets)
    wide = four.model_copy(update={"cores": (0, 1, 2, 3)})
    assert "a core for each worker" in said_of_cores(wide, targets)
    assert "not pinned" in said_of_cores(one.model_copy(update={"cores": ()}), targets)


def test_a_pass_is_not_bound_to_where_a_target_is_shown() -> None:
    """A deployment that was verified by its name is not verified again where the matrix shows it in one regime less."""
    entry = load_targets()["flask-gevent"]
    played = {target.name: target for target in matrix.played(load_targets(), 1)}["flask-gevent"]
    assert entry.regimes != played.regimes
    assert fingerprint.parts(entry) == fingerprint.parts(played)
    other = played.model_copy(update={"workers": 2})
    assert fingerprint.changed(fingerprint.parts(entry), fingerprint.parts(other)) == ("the entry of flask-gevent",)


def test_servers_that_are_not_pinned_have_all_cores() -> None:
    """What is recommended is counted for the cores that servers have."""
    assert matrix.server_cores(Cores(server=(0,), generator=(1,), note=""), 2) == 1
    assert matrix.server_cores(Cores(server=(), generator=(), note=""), 8) == 8


def test_findings_are_stored_and_stand_in_the_head(tmp_path: Path) -> None:
    """A grave finding is read back with the run, marked in the report's head, and explained with what was seen."""
    found = Fairness(looks=(ASGI, WSGI), findings=(FINDING,))
    made = made_up.a_run(tmp_path, made_up.plan(only=("chat",)))
    write(made.folder / "fairness.json", found.model_dump_json())
    run = results.load(made.folder)
    assert run.fairness == found
    page = Page(html.page(run, report.write(run))).text
    assert page.index("Not a fair comparison") < page.index("Five things said") < page.index("Cure: wake it.")
    assert "1 grave: read before the figures" in page
    assert "32 of 32 began" in page
    assert "**Grave.** flask-sync: It naps." in markdown.summary(run, report.write(run))


def test_a_run_without_the_check_says_nothing_of_it(tmp_path: Path) -> None:
    """Runs of before there was a check are shown as they were."""
    made = made_up.a_run(tmp_path, made_up.plan(only=("chat",)))
    assert "Fairness" not in Page(html.page(made, report.write(made))).text
    quiet = replace(made, fairness=Fairness(looks=(ASGI,), findings=()))
    assert "nothing found" in Page(html.page(quiet, report.write(quiet))).text
