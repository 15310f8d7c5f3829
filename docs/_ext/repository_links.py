"""Links of Markdown pages to files of the repository that are no pages: `../examples/derive.py`.

Pages read well on GitHub, so they link to paths. On the site such a link leads to GitHub, or is only the name where the
site is built outside of a repository there. Pictures stay.
"""

import os
import re

from sphinx.application import Sphinx

STUDIES = "examples/README.md"
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(((?:\.\./)+)([^)#\s]*)(#[^)]*)?\)")


def github(path: str) -> str | None:
    repository, commit = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_SHA", "main")
    return f"https://github.com/{repository}/blob/{commit}/{path}" if repository else None


def _replace(found: re.Match[str]) -> str:
    text, _, path, anchor = found.groups()
    target = github(path)
    return f"[{text}]({target}{anchor or ''})" if target else (text if text.startswith("`") else f"`{text}`")


def _links(app: Sphinx, page: str, source: list[str]) -> None:
    outside = "../" * (page.count("/") + 1)  # fewer steps up lead to other pages
    if "sphinx_gallery.gen_gallery" in app.extensions:  # the list of the studies is a page of the site
        source[0] = source[0].replace(f"({outside}{STUDIES})", f"({outside[3:]}gallery/index.rst)")
    source[0] = _LINK.sub(lambda found: _replace(found) if found[2] == outside else found[0], source[0])


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("source-read", _links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
