"""Links of pages to files of the repository: to GitHub, to the gallery, or only their names."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the site is built with the extra docs")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "_ext"))
import repository_links


class App:
    def __init__(self, *extensions):
        self.extensions = dict.fromkeys(extensions)


def shown(page, text, *extensions):
    source = [text]
    repository_links._links(App(*extensions), page, source)
    return source[0]


def test_the_list_of_the_studies_leads_to_the_gallery_where_there_is_one(monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    gallery = "sphinx_gallery.gen_gallery"
    assert shown("index", "[Gallery](../examples/README.md).", gallery) == "[Gallery](gallery/index.rst)."
    assert shown("howto/index", "[it](../../examples/README.md)", gallery) == "[it](../gallery/index.rst)"
    assert shown("index", "[Gallery](../examples/README.md).") == "`Gallery`."


def test_other_files_are_on_github_or_only_named(monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert shown("speed", "[how](../benchmarks/README.md)") == "`how`"
    assert shown("howto/a", "[speed](../speed.md)") == "[speed](../speed.md)"  # a page
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    monkeypatch.setenv("GITHUB_SHA", "abc")
    address = "https://github.com/owner/name/blob/abc/benchmarks/README.md"
    assert shown("speed", "[how](../benchmarks/README.md)") == f"[how]({address})"
