"""Readers find the page that they want among the first three results of the site's own search.

Build the site first: sphinx-build -W --keep-going -b html docs docs/_build/html
"""

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SITE = HERE.parents[1] / "docs" / "_build" / "html"
API = "reference/api/autograd_lite"

_found = importlib.util.spec_from_file_location("chromium_of_tests", HERE / "chromium.py")
chromium = importlib.util.module_from_spec(_found)
_found.loader.exec_module(chromium)

pytestmark = [
    pytest.mark.skipif(not SITE.exists(), reason="the site is not built: sphinx-build -b html docs docs/_build/html"),
    pytest.mark.xdist_group("browser"),
]

# What a newcomer types, and the page that answers it.
WANTED = {
    "custom operation": "extending",
    "new operation": "extending",
    "new layer": f"{API}.nn.Module",
    "gradient check": "verify",
    "verify derivation": "verify",
    "nan": "howto/debug_nan",
    "find nan": "howto/debug_nan",
    "save model": "howto/save_and_resume",
    "load model": "howto/save_and_resume",
    "gpu": "start",
    "install": "start",
    "float32": "howto/troubleshooting",
    "grad is None": "howto/troubleshooting",
    "slow": "howto/troubleshooting",
    "speed": "speed",
    "compile": "programs",
    "batch": "vmap",
    "mini-batch": f"{API}.data.Batches",
    "random seed": f"{API}.manual_seed",
    "pytorch": "from_pytorch",
    "error message": "errors/index",
    "learning rate": "reference/schedules",
    "mpi": "distributed",
    "computation graph": f"{API}.draw",
    "stop gradient": f"{API}.Tensor",
    "hessian": f"{API}.hessian",
    "second derivative": "learn/07_second_derivatives",
    "cross entropy": f"{API}.cross_entropy",
    "tutorial": "learn/index",
    "glossary": "architecture",
}
RESULTS = """(query => {
    const found = Search._performSearch(...Search._parseQuery(query)).reverse();
    return [...new Set(found.map(result => result[0]))];
})"""


@pytest.fixture(scope="module")
def search():
    """A function that returns the pages that the site's search finds, the first one first."""
    pytest.importorskip("tornado", reason="tornado speaks the protocol of the browser")
    program = chromium.find()
    if program is None:
        pytest.skip("there is no Chromium")
    browser = chromium.Browser(program)
    with chromium.served(SITE) as home:
        browser.load(home + "search.html")
        browser.until("Search.hasIndex()", "the index of the search")
        browser.run("document.body.append(Object.assign(document.createElement('p'), {id: 'search-progress'}))")
        yield lambda query: browser.run(f"{RESULTS}({query!r})")
    browser.close()


@pytest.mark.parametrize(("query", "page"), WANTED.items(), ids=WANTED)
def test_the_page_is_among_the_first_three(search, query, page):
    assert page in search(query)[:3]


def test_a_page_that_is_found_late_or_never_would_be_noticed(search):
    assert "speed" not in search("custom operation")[:3]
    assert search("xyzzy") == []
