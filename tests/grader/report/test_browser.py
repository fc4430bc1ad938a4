"""The pages in a real browser: nothing runs or loads that is not ours, text is readable in both schemes."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader.model import Result, Status
from grader.report import Audience, ReportHeader, class_row, render_class, render_student

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]

TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3 (AA)
LARGE_CONTRAST = 3.0  # the same, from 24 px, or 18.66 px in bold
SHAPE_CONTRAST = 3.0  # WCAG 2.2, 1.4.11
ATTACK = "<script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>\"' onload=alert(3) {{ 7*7 }} \u202e"

#: Contrast of every visible text with what lies behind it, as WCAG defines it. Returns what falls short, and how many were seen.
CONTRAST = """() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  document.querySelectorAll("details").forEach((d) => { d.open = true; });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const short = [];
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE"].includes(element.tagName) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const ink = over(parse(element.closest("svg") ? style.fill : style.color), ground);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio(ink, ground) < (large ? LARGE : TEXT)) short.push([node.data.trim().slice(0, 40), ratio(ink, ground)]);
  }
  const root = getComputedStyle(document.documentElement);
  const probe = document.body.appendChild(document.createElement("i"));
  const token = (name) => {
    probe.style.setProperty("color", root.getPropertyValue(name));
    return parse(getComputedStyle(probe).color);
  };
  for (const shape of ["--pass", "--fail", "--part", "--open", "--accent", "--ref", "--alt", "--ink", "--focus"]) {
    for (const ground of ["--card", "--bg"]) {
      const value = ratio(token(shape).slice(0, 3), token(ground).slice(0, 3));
      seen += 1;
      if (!(value >= SHAPE)) short.push([`${shape} on ${ground}`, value]);
    }
  }
  return { short, seen };
}"""
CONTRAST = CONTRAST.replace("LARGE :", f"{LARGE_CONTRAST} :").replace(": TEXT", f": {TEXT_CONTRAST}")
CONTRAST = CONTRAST.replace("SHAPE)", f"{SHAPE_CONTRAST})")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def files(wrong: Result, header: ReportHeader, executed: dict[str, bytes], tmp_path: Path) -> dict[str, Path]:
    # Eight columns with long names: a table that is wider than any page.
    series = tuple((f"a network with normalization {i}", (0.5, 0.25), (0.5, 0.2)) for i in range(4))
    wrong = replace(wrong, figures=tuple(replace(figure, series=series) for figure in wrong.figures))
    hostile = replace(
        wrong,
        student=ATTACK,
        name=ATTACK,
        checks=tuple(
            replace(check, title=ATTACK, reason=ATTACK * 20, function=ATTACK) for check in wrong.checks
        ),
        questions=tuple(replace(q, answer="W" * 3_000 + ATTACK, criteria=()) for q in wrong.questions),
    )
    right = replace(
        wrong, student="alee", name="Alex Lee", status=Status.COMPLETE, score=Decimal(16), pending=0
    )
    rows = [class_row(result, href="students/a.html") for result in (wrong, hostile, right)]
    pages = {
        "student": render_student(wrong, header, executed=executed, audience=Audience.STUDENT),
        "instructor": render_student(wrong, header, executed=executed, audience=Audience.INSTRUCTOR),
        "hostile": render_student(hostile, header, executed=executed, audience=Audience.STUDENT),
        "class": render_class(rows, replace(header, sandboxed=False)),
    }
    for name, page in pages.items():
        (tmp_path / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: tmp_path / f"{name}.html" for name in pages}


class Opened:
    """A page with everything that went wrong while it was open."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.trouble.append(dialog.message), dialog.dismiss()))
        self.page.on("request", self._request)
        self.page.goto(file.as_uri())

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("data:image/png;", "file:")) or request.url.count("file:") > 1:
            self.trouble.append(request.url[:200])

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("name", ["student", "instructor", "hostile", "class"])
def test_page_opens_without_errors_or_requests(browser: Any, files: dict[str, Path], name: str) -> None:
    with Opened(browser, files[name]) as opened:
        assert opened.page.title()
        assert opened.trouble == []
        assert all(opened.page.evaluate("[...document.images].map(i => i.naturalWidth > 0)"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["student", "instructor", "class"])
def test_text_and_shapes_have_contrast(browser: Any, files: dict[str, Path], name: str, scheme: str) -> None:
    with Opened(browser, files[name], color_scheme=scheme) as opened:
        ground = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(246, 247, 249)" if scheme == "light" else "rgb(15, 18, 24)")
        found = opened.page.evaluate(CONTRAST)
        assert found["short"] == []
        assert found["seen"] > 60


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("name", ["student", "hostile", "class"])
def test_page_does_not_scroll_sideways(browser: Any, files: dict[str, Path], name: str, width: int) -> None:
    with Opened(browser, files[name], viewport={"width": width, "height": 700}) as opened:
        opened.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["student", "class"])
def test_printed_page_is_dark_on_white_shows_details_and_fits(
    browser: Any, files: dict[str, Path], name: str
) -> None:
    with Opened(browser, files[name], viewport={"width": 680, "height": 900}, color_scheme="dark") as opened:
        opened.page.emulate_media(media="print")
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 680
        assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        closed = "[...document.querySelectorAll('details:not([open]) > :not(summary)')]"
        assert opened.page.evaluate(f"{closed}.length") > 0
        assert opened.page.evaluate(
            f"{closed}.filter(e => !e.closest('.legend')).every(e => e.getBoundingClientRect().height > 0 && e.checkVisibility())"
        )


def test_keyboard_reaches_the_skip_link_first_and_links_show_focus(
    browser: Any, files: dict[str, Path]
) -> None:
    with Opened(browser, files["student"]) as opened:
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.className") == "skip"
        assert opened.page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("location.hash") == "#main"


def students(opened: Opened) -> list[str]:
    script = "[...document.querySelectorAll('#roster tbody tr')].filter(r => r.checkVisibility()).map(r => r.cells[0].textContent)"
    return [text[:4] for text in opened.page.evaluate(script)]


def test_class_table_sorts_and_finds(browser: Any, files: dict[str, Path]) -> None:
    with Opened(browser, files["class"]) as opened:
        score = opened.page.locator("#roster thead button", has_text="Score")
        score.click()
        score.click()
        assert students(opened)[0] == "alee"
        assert opened.page.locator("#roster th[aria-sort]").get_attribute("aria-sort") == "descending"
        opened.page.locator("#find").fill("kim minji")
        assert students(opened) == ["mk42"]
        assert opened.page.locator("#found").inner_text() == "1 found"
        opened.page.locator("#show-complete").check()  # the count is of what both leave
        assert opened.page.locator("#found").inner_text() == "0 found"
        assert opened.trouble == []


def test_class_table_filters_without_script(browser: Any, files: dict[str, Path]) -> None:
    with Opened(browser, files["class"], java_script_enabled=False) as opened:
        opened.page.locator("#show-complete").check()
        shown = opened.page.locator("#roster tbody tr:visible th")
        assert [text[:4] for text in shown.all_inner_texts()] == ["alee"]
        assert not opened.page.locator("#find").is_visible()
