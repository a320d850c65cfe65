"""The report in a browser: nothing is cut off or needs sideways scrolling, on a phone or a desk, in light or dark."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from loadtests.analyse import analyse
from loadtests.matrix import played
from loadtests.plan import make_plan
from loadtests.report import html
from loadtests.targets import load_targets
from tests.unit.loadtests import made_up
from tests.unit.loadtests.sample_verdict import SAMPLES

# what juts out of its chart, and every pair of tick labels of one chart that touch; both as readable lists
CUT_OFF = """() => [...document.querySelectorAll('figure')].flatMap((figure) => {
  const frame = figure.getBoundingClientRect();
  return [...figure.querySelectorAll('svg text, span, h3, h4, p')].filter((part) => {
    const box = part.getBoundingClientRect();
    return !part.closest('.scroll') && box.width && (box.left < frame.left || box.right > frame.right + 0.5);
  }).map((part) => part.textContent.trim());
})"""
TOUCHING = """() => [...document.querySelectorAll('svg')].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll('text.tick')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], index) => boxes.slice(index + 1).filter(([, b]) =>
    a.left < b.right && b.left < a.right && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3 && a.width && b.width
  ).map(([other]) => `${one} and ${other}`));
})"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach((part) => { part.open = true; })"
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("name", SAMPLES)
def test_it_fits(page: Page, name: str, width: int) -> None:
    """Whatever the run and the width: no sideways scrolling, no letter outside of its chart, no tick on another."""
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(html.page(*SAMPLES[name]()))
    for _ in ("as it opens", "with all tables open"):
        assert page.evaluate(TOO_WIDE) <= 0
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(TOUCHING) == []
        page.evaluate(OPEN_ALL)


SCROLLED = """() => [...document.querySelectorAll('[id^=matrix] :is(table, .scroll, .cell > *)')].filter((part) => {
  const box = part.getBoundingClientRect();
  return part.scrollWidth > Math.max(part.clientWidth, box.width) + 1 || box.left < 0 || box.right > window.innerWidth;
}).map((part) => part.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("width", [390, 1180])
def test_every_figure_of_the_matrix_is_seen(page: Page, tmp_path: Path, width: int) -> None:
    """On a phone and on a desk, no table of the matrix has to be scrolled sideways, and no figure of it is hidden."""
    plan = make_plan(played(load_targets(), 1), mode="matrix")
    run = made_up.a_run(tmp_path, plan)
    verdict = analyse(run)
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(html.page(run, verdict))
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(SCROLLED) == []
    known = sum(cell.value is not None for group in verdict.matrix for panel in group.panels for cell in panel.cells)
    assert page.locator(".sheet .cell > b:visible").count() == known > 100


CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number).slice(0, 3).map((v) => v / 255);
  const light = (text) => parse(text).map((v) => v <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, index) => sum + v * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (part) => {
    for (let at = part; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
  };
  return [...document.querySelectorAll('main :is(p, span, b, h3, h4, td, th, text, a, dd, dt, li)')].map((part) => {
    const style = getComputedStyle(part);
    const [a, b] = [light(part.matches('text') ? style.fill : style.color), light(behind(part))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), part.textContent.trim().slice(0, 40)];
  }).filter(([ratio, text]) => text && ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out(page: Page, scheme: Literal["light", "dark"]) -> None:
    """In light and dark, all text has the contrast of 4.5 to 1 that WCAG 2.2 asks for (1.4.3)."""
    page.emulate_media(color_scheme=scheme)
    page.set_content(html.page(*SAMPLES["six targets"]()))
    assert page.evaluate(CONTRAST) == []
