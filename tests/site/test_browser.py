"""The built site in a real browser: no errors, no requests to others, search, formulas, dark mode, narrow screens.

Build it first: sphinx-build -W --keep-going -b html docs docs/_build/html
"""

import importlib.util
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

HERE = Path(__file__).resolve().parent
SITE = HERE.parents[1] / "docs" / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
NAMES = [page for page in PAGES if page.startswith(("reference/api/", "gallery/"))]  # made alike, by the hundred
LOADED = [page for page in PAGES if page not in NAMES] + NAMES[::40]
SHOWN = ["index.html", "start.html", "verify.html", "reference/layers.html", "reference/api/autograd_lite.nn.LSTM.html"]

_found = importlib.util.spec_from_file_location("chromium_of_tests", HERE / "chromium.py")
chromium = importlib.util.module_from_spec(_found)
_found.loader.exec_module(chromium)

pytestmark = [
    pytest.mark.skipif(not PAGES, reason="the site is not built: sphinx-build -b html docs docs/_build/html"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def home():
    with chromium.served(SITE) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("tornado", reason="tornado speaks the protocol of the browser")
    program = chromium.find()
    if program is None:
        pytest.skip("there is no Chromium")
    browser = chromium.Browser(program)
    yield browser
    browser.close()


def colours(browser, scheme):
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


def width(browser, pixels):
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=pixels < 500
    )


def check_pages(browser, home, pages):
    """Pages that load without problems, and are not wider than a telephone."""
    width(browser, 390)
    wrong = {}
    for page in pages:
        browser.load(home + page)
        problems = browser.problems(home)
        wide = browser.run("document.documentElement.scrollWidth")
        if wide > 390:
            problems.append(f"{wide} pixels wide")
        if problems:
            wrong[page] = problems
    assert not wrong


def test_pages_load_without_errors_and_fit_a_telephone(browser, home):
    check_pages(browser, home, LOADED)


@pytest.mark.exhaustive
def test_pages_of_all_names_load_without_errors_and_fit_a_telephone(browser, home):
    check_pages(browser, home, NAMES)


# Pages with programs that have longer lines, and why.
LONG_LINES = {
    "derivations.html": "formulas as functions of one line, from examples/, whose lines have 120 characters",
    "gallery/": "studies in examples/, whose lines have 120 characters",
    "reference/api/": "docstrings, whose lines have 120 characters",
}
WIDE = """[...document.querySelectorAll('.highlight pre')].filter(block => {
    for (let part = block.closest('details'); part; part = part.parentElement.closest('details')) part.open = true;
    return block.scrollWidth > block.clientWidth && !block.closest('.program-output, .cell_output');
}).map(block => block.innerText.slice(0, 80))"""


def test_programs_on_pages_do_not_scroll_sideways(browser, home):
    width(browser, 1280)
    wrong = {}
    for page in (page for page in LOADED if not page.startswith(tuple(LONG_LINES))):
        browser.load(home + page)
        if found := browser.run(WIDE):
            wrong[page] = found
    assert not wrong


def test_a_program_with_a_long_line_would_be_noticed(browser, home):
    width(browser, 1280)
    browser.load(home + "learn/01_a_number_that_remembers.html")
    browser.run("document.querySelector('.highlight pre').append('x'.repeat(100))")
    assert len(browser.run(WIDE)) == 1


def test_an_error_or_a_foreign_request_would_be_noticed(browser, home):
    browser.load(home + "index.html")
    browser.run("console.error('wrong'); fetch('missing.js').then(() => fetch('http://localhost:9/').catch(() => 0))")
    browser.run("new Promise(done => setTimeout(done, 300))")
    problems = " ".join(browser.problems(home))
    for part in ("console:", "status 404", "foreign: http://localhost:9/"):
        assert part in problems


def test_a_page_loads_less_than_a_megabyte_and_a_half(browser, home):
    browser.call("Network.setCacheDisabled", cacheDisabled=True)
    for page in (*SHOWN, "derivations.html", "search.html?q=tensor"):
        browser.load(home + page)
        browser.run("new Promise(done => setTimeout(done, 300))")
        loaded = sum(event["encodedDataLength"] for event in browser.parameters("Network.loadingFinished"))
        assert 20_000 < loaded < 1_500_000, page
    browser.call("Network.setCacheDisabled", cacheDisabled=False)


def test_the_search_finds_a_function_by_its_name(browser, home):
    browser.load(home + "search.html?q=cross_entropy")
    browser.until("document.querySelectorAll('#search-results li a').length > 0", "results of the search")
    browser.until("!document.querySelector('#search-results h2')?.textContent.includes('Searching')", "all results")
    links = browser.run("[...document.querySelectorAll('#search-results li a')].slice(0, 6).map(a => a.href)")
    assert any("autograd_lite.cross_entropy" in link for link in links)


def test_formulas_are_rendered(browser, home):
    browser.load(home + "derivations.html")
    assert browser.run("document.querySelectorAll('.math').length") > 50
    assert browser.run("[...document.querySelectorAll('.math')].every(e => e.querySelector('.katex-html'))")
    assert browser.run("document.querySelectorAll('.katex-error').length") == 0
    assert browser.run("document.fonts.check('16px KaTeX_Math')")


def brightness(browser):
    red, green, blue = browser.run("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")[:3]
    return (red + green + blue) / 3


def test_dark_mode_follows_the_system_and_the_button(browser, home):
    width(browser, 1280)
    colours(browser, "light")
    browser.load(home + "index.html")
    assert brightness(browser) > 200
    colours(browser, "dark")
    assert brightness(browser) < 60
    for _ in range(3):  # the button goes through light, dark and the system's
        browser.run("[...document.querySelectorAll('.theme-toggle')].find(b => b.checkVisibility()).click()")
        theme = browser.run("document.body.dataset.theme")
        assert (brightness(browser) > 200) is (theme == "light")
    colours(browser, "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_the_contrast_of_wcag(browser, home, scheme):
    width(browser, 1280)
    colours(browser, scheme)
    script = (HERE / "contrast.js").read_text(encoding="utf-8")
    wrong = {}
    for page in SHOWN:
        browser.load(home + page)
        if found := browser.run(script):
            wrong[page] = found
    colours(browser, "light")
    assert not wrong


def test_a_low_contrast_would_be_noticed(browser, home):
    browser.load(home + "index.html")
    browser.run("document.querySelector('h1').style.color = '#bbb'")
    found = browser.run((HERE / "contrast.js").read_text(encoding="utf-8"))
    assert [text for text in found if text.startswith("H1")]


class Resources(HTMLParser):
    """What a page loads, and its pictures without a text."""

    def __init__(self):
        super().__init__()
        self.files, self.silent = [], []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        loaded = values.get("rel") in ("stylesheet", "icon", "preload", "modulepreload") if tag == "link" else True
        address = values.get("href") if tag == "link" else values.get("src")
        if loaded and address and not address.startswith("data:"):
            self.files.append(address)
        is_thumbnail = (address or "").endswith("_thumb.png")  # the title beside it says the same
        if tag == "img" and not is_thumbnail and not (values.get("alt") or "").strip():
            self.silent.append(address)


def test_all_pages_load_files_of_the_site_only_and_describe_their_pictures():
    wrong = {}
    for page in PAGES:
        resources = Resources()
        resources.feed((SITE / page).read_text(encoding="utf-8"))
        paths = [urlsplit(address) for address in resources.files]
        missing = [
            path.geturl()
            for path in paths
            if path.netloc or not (SITE / page).parent.joinpath(unquote(path.path)).exists()
        ]
        if missing or resources.silent:
            wrong[page] = (missing, resources.silent)
    assert not wrong
