"""The report in a real browser, over real runs: it works, it loads nothing, and everybody can read it."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from pages import every_state, large, make_run

from conformance.report import write_report

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
]

LAWS = "merging_gives_the_mask or lookup_gives_the_rows or masked_mean_of_a_row"
FAILING = {"embedding.lookup", "merging.mask"}
VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]


def conformance(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "conformance.cli", *arguments]
    subprocess.run(command, cwd=folder, check=False, timeout=300, capture_output=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report over a run of the control and one, with torch, judged by Keras 3, beside a run before."""
    folder = tmp_path_factory.mktemp("browser")
    common = ("run", "--rootdir=.", "-p", "no:cacheprovider", "--cases=20", "--seed=1", "-k", LAWS)
    conformance(folder, *common, "--backend=numpy,numpy:keras-2,numpy:keras-3", "--report-dir=own")
    conformance(folder, *common, "--backend=numpy,torch", "--against=keras-3", "--report-dir=against")
    conformance(folder, "report", "own", "against", "--before", "against", "-o", "page")
    return (folder / "page" / "index.html").as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        browser = start(started)
        yield browser
        browser.close()


def start(started: playwright.Playwright) -> playwright.Browser:
    """A browser; Chromium now and then dies of a check of its own as it starts, and is started once more."""
    try:
        return started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    except playwright.Error:
        return started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


class Watched:
    """A page, with what it asked of the network and what it wrote to the console."""

    def __init__(self, browser: playwright.Browser, address: str, **options: object) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)


@pytest.fixture
def watched(chromium: playwright.Browser, address: str) -> Iterator[Watched]:
    """The page, wide and light; after the test, that it was silent and asked for nothing."""
    watched = Watched(chromium, address, viewport={"width": 1280, "height": 900})
    yield watched
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []
    watched.context.close()


def test_the_filter_leaves_what_fits_and_says_how_much(watched: Watched) -> None:
    page = watched.page
    every = page.locator("#grid tr[data-clause]").count()
    page.fill("#f-text", "merging.mask")
    shown = page.locator("#grid tr[data-clause]:visible")
    assert 0 < shown.count() < every
    assert page.inner_text("#f-count") == f"{shown.count()} of {every} clauses"
    page.fill("#f-text", "")
    page.select_option("#f-mark", "fail")
    assert page.locator("#grid tr[data-clause]:visible").first.get_attribute("data-clause") in FAILING


def test_the_filter_knows_chapters_and_backends(watched: Watched) -> None:
    page = watched.page
    page.select_option("#f-chapter", "merging")
    shown = page.locator("#grid tr[data-clause]:visible")
    names = {shown.nth(i).get_attribute("data-clause") for i in range(shown.count())}
    assert names and all(name.startswith("merging.") for name in names)
    page.select_option("#f-backend", "torch")
    assert page.locator("#grid thead th:visible").count() == 2
    page.click("#filters button[type=reset]")
    page.wait_for_function("document.querySelector('#f-count').textContent.match(/^([0-9]+) of \\1 /)")
    assert page.locator("#grid thead th:visible").count() > 2


def test_the_matrix_is_walked_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-text"
    page.keyboard.type("merging.mask")
    page.locator("#grid a[tabindex='0']").focus()
    at = "document.activeElement.getAttribute('href')"
    for key, href in (
        ("ArrowRight", "#merging.mask/numpy"),
        ("End", "#merging.mask/torch"),
        ("Home", "#merging.mask"),
        ("ArrowRight", "#merging.mask/numpy"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(at) == href
    page.keyboard.press("Enter")
    page.locator('tr[id="merging.mask/numpy"].here').wait_for()


def test_a_click_anywhere_in_a_cell_opens_it(watched: Watched) -> None:
    cell = watched.page.locator("#grid td:has(a[href='#embedding.lookup/numpy'])")
    cell.click(position={"x": 2, "y": 2})
    watched.page.locator('tr[id="embedding.lookup/numpy"].here').wait_for()


def test_the_heads_of_the_matrix_stay_in_sight(watched: Watched) -> None:
    page = watched.page
    top = page.locator("#grid thead th:nth-child(2)")
    scroller = page.locator(".scroll.matrix")
    scroller.scroll_into_view_if_needed()
    before = top.bounding_box()["y"] - scroller.bounding_box()["y"]
    scroller.evaluate("part => part.scrollTo(0, 2000)")
    assert scroller.evaluate("part => part.scrollTop") > 1000
    assert abs(top.bounding_box()["y"] - scroller.bounding_box()["y"] - before) < 1
    side = page.locator("#grid tbody th[scope=row]").first
    assert side.evaluate("th => getComputedStyle(th).position") == "sticky"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report over 150 clauses on 20 backends with results of three dtypes."""
    folder = tmp_path_factory.mktemp("crowded")
    return write_report([make_run(folder / "run", large(150, 20), backends=[])], folder).as_uri()


FILTER = """([id, value]) => {
    const field = document.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();
}"""
IDLE = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
FILTERS = [("f-text", "mask"), ("f-chapter", "merging"), ("f-backend", "backend-3"), ("f-mark", "fail")]
PARTS = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")


def test_the_filter_answers_in_a_tenth_of_a_second(chromium: playwright.Browser, crowded: str) -> None:
    """Set and taken away: script, style and layout, in time of the page's own thread; median of seven."""
    watched = Watched(chromium, crowded, viewport={"width": 1280, "height": 900})
    tools = watched.context.new_cdp_session(watched.page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        found = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
        return sum(found[part] for part in PARTS)

    took: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for _, (field, value) in product(range(7), FILTERS):
        for now in (value, ""):
            watched.page.evaluate(IDLE)
            before = spent()
            watched.page.evaluate(FILTER, [field, now])
            took[field, bool(now)].append(spent() - before)
    slow = {name: median for name, times in took.items() if (median := statistics.median(times)) >= 0.1}
    assert len(took) == 2 * len(FILTERS) and slow == {}
    assert all(min(times) > 0 for times in took.values())
    assert watched.complaints == []
    watched.context.close()


def test_the_counts_become_a_table_when_they_are_opened(watched: Watched) -> None:
    page = watched.page
    assert page.locator("#counts tbody").count() == 0
    page.evaluate("document.querySelector('#counts').open = true")
    page.locator("#counts tbody").first.wait_for(state="attached")
    assert page.locator("#counts tr:has(td)").count() > 0
    page.fill("#f-text", "embedding.lookup")
    shown = page.locator("#counts tbody:visible")
    clauses = {shown.nth(i).get_attribute("data-clause") for i in range(shown.count())}
    assert clauses == {"embedding.lookup"}


def test_a_deep_link_shows_what_the_filter_hides(watched: Watched) -> None:
    page = watched.page
    page.fill("#f-text", "embedding")
    assert not page.locator('[id="merging.mask"]').is_visible()
    page.evaluate("location.hash = '#merging.mask'")
    page.locator('[id="merging.mask"].here').wait_for()


def test_a_reproduction_can_be_copied(watched: Watched) -> None:
    page = watched.page
    watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("button.copy").first
    for details in page.locator("details.code:has(button.copy)").all():
        details.evaluate("part => { part.open = true }")
    script = button.locator("xpath=..").locator("code").text_content()
    button.click()
    page.locator("button.copy", has_text="Copied").first.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == script


def test_the_text_of_an_issue_is_copied_with_its_script(watched: Watched) -> None:
    page = watched.page
    watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for details in page.locator("details.code:has(.issue), details.issue").all():
        details.evaluate("part => { part.open = true }")
    issue = page.locator("details.issue").first
    script = issue.locator("xpath=..").locator(".script code").first.text_content() or ""
    issue.locator("button.copy").click()
    page.locator("button.copy", has_text="Copied").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# ") and "### Versions" in copied
    assert script.strip() in copied and "(the script)" not in copied


def test_the_porting_guide_shows_what_differs_between_two_stations(watched: Watched) -> None:
    page = watched.page
    page.select_option("#p-from", label="Keras 3.0")
    page.select_option("#p-to", label="Keras 3.4")
    shown = page.locator("article.change:visible")
    names = [shown.nth(i).locator("h3").inner_text() for i in range(shown.count())]
    assert "merging.mask" in names and not any(name.startswith("embedding") for name in names)
    assert page.inner_text("#p-count") == f"{len(names)} clauses differ"
    page.select_option("#p-to", label="Keras 3.0")
    assert page.locator("article.change:visible").count() == 0


def test_the_reading_that_one_leaves_stands_first(watched: Watched) -> None:
    page = watched.page
    for start, end in (("Keras 3.0", "Keras 3.4"), ("Keras 3.4", "Keras 3.0")):
        page.select_option("#p-from", label=start)
        page.select_option("#p-to", label=end)
        change = page.locator("article.change:visible", has_text="merging.mask").first
        sides = change.locator("details[open] .beside > div")
        boxes = {sides.nth(i).locator("h4").inner_text(): sides.nth(i).bounding_box() for i in range(2)}
        left = min(boxes, key=lambda name: boxes[name]["x"])
        assert ("before 3.4" in left) == (start == "Keras 3.0")


def test_the_diff_names_what_is_new(watched: Watched) -> None:
    text = watched.page.inner_text("section[aria-labelledby=diff]")
    assert "numpy:keras-3" in text and "New" in text


def test_python_is_colored_when_it_is_opened(watched: Watched) -> None:
    page = watched.page
    code = page.locator("details.code:not([open]) .python code").first.element_handle()
    before = code.text_content()
    code.evaluate("node => { node.closest('details').open = true }")
    page.locator(".python code.colored i").first.wait_for(state="attached")
    assert code.text_content() == before


def test_the_smaller_page_shows_the_same_text(
    chromium: playwright.Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run", every_state())
    shown = []
    for name in ("small", "large"):
        watched = Watched(chromium, write_report([run], tmp_path / name).as_uri())
        shown.append(watched.page.inner_text("body"))
        watched.context.close()
        monkeypatch.setattr("conformance.report.render.squeeze", lambda text: text)
    assert shown[0] == shown[1]


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_the_page_fits_its_window(
    chromium: playwright.Browser, address: str, scheme: str, width: int
) -> None:
    watched = Watched(chromium, address, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.complaints == []
    watched.context.close()


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_axe_finds_no_serious_fault(
    chromium: playwright.Browser, address: str, scheme: str, width: int
) -> None:
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "bypass_csp": True}
    watched = Watched(chromium, address, **options)
    # What lies far below is not painted until one scrolls there, and so could not be looked at.
    watched.page.add_style_tag(content="* { content-visibility: visible !important }")
    found = axe.Axe().run(watched.page).response["violations"]
    grave = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")]
    assert grave == []
    watched.context.close()


def test_on_paper_nothing_is_folded(chromium: playwright.Browser, address: str) -> None:
    watched = Watched(chromium, address)
    watched.page.emulate_media(media="print")
    watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert watched.page.locator("details:not([open])").count() == 0
    assert watched.page.locator("#counts tbody").count() > 0
    assert not watched.page.locator("#filters").is_visible()
    watched.context.close()
