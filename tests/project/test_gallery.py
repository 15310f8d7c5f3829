"""The gallery of the site: every study has a page that sphinx-gallery can make, and its notebook runs."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from run_all import GROUPS, STUDIES

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
HEADER = (EXAMPLES / "GALLERY_HEADER.txt").read_text()
PAGES = [name for group in GROUPS.values() for name in group]

CONF = """
import sys

sys.path.insert(0, {docs!r})
from gallery_settings import sphinx_gallery_conf

sphinx_gallery_conf["filename_pattern"] = r"/(logic_gates|logistic_and_probit|new_operation)[.]py$"
extensions = ["sphinx_gallery.gen_gallery", "gallery_settings"]
root_doc = "gallery/index"
"""


@pytest.fixture(scope="module")
def settings():
    found = importlib.util.spec_from_file_location("gallery_settings", ROOT / "docs" / "gallery_settings.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_first_page_has_all_groups_in_their_order():
    _, *parts = re.split(r"^(.+)\n-+\n", HEADER, flags=re.MULTILINE)
    assert parts[::2] == list(GROUPS)
    for names, body in zip(GROUPS.values(), parts[1::2], strict=True):
        assert re.findall(r"^    \.\./examples/(\w+)\.py$", body, flags=re.MULTILINE) == list(names)  # the thumbnails
        assert re.findall(r"^    (\w+)$", body, flags=re.MULTILINE) == list(names)  # and the order of the pages


def test_every_script_is_on_a_page(settings):
    ignored = re.compile(settings.sphinx_gallery_conf["ignore_pattern"])
    assert sorted(PAGES) == sorted(file.stem for file in EXAMPLES.glob("*.py") if not ignored.search(file.name))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_starts_with_title_text_and_formula(name):
    title, line, *rest = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text())).splitlines()
    assert line == "=" * len(title)
    assert not title.endswith(".")
    assert re.match(r"\n[A-Z0-9`].{50,}", "\n".join(rest))  # the text of the tooltip comes before the formula
    assert name not in STUDIES or ".. math::" in rest


def test_every_picture_has_a_thumbnail_and_a_text(settings):
    assert set(settings.PICTURES) == {*STUDIES, "digits"}
    for (left, top, right, bottom), text in settings.PICTURES.values():
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert 60 < len(text) < 320
        assert text.endswith(".")


def test_results_move_below_the_introduction(settings):
    code, image = ".. GENERATED FROM PYTHON SOURCE LINES {}\n\ncode {}\n\n", ".. image-sg:: /a.png\n   :alt: a\n\n"
    start, end = "sphx-glr-example-title\n\nintroduction\n\n", ".. rst-class:: sphx-glr-timing\n"
    first, last = code.format("1-2", "one"), code.format("3-4", "two")
    page = [start + first + last + image + end]
    settings.arrange(None, "gallery/a", page)
    assert page == [start + image + first + last + end]
    elsewhere = [start + first + last + image + end]
    settings.arrange(None, "tour", elsewhere)
    assert elsewhere == [start + first + last + image + end]


def test_the_site_runs_full_studies_unless_it_is_told_otherwise(settings, monkeypatch):
    script = {"src_file": "examples/vae.py"}
    monkeypatch.setattr(settings, "MODE", "full")
    assert settings.arguments({}, script) == []
    monkeypatch.setattr(settings, "MODE", "short")
    assert settings.arguments({}, script) == ["--quick"]
    assert settings.arguments({}, {"src_file": "examples/your_derivation.py"}) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A build with three studies that have run: the second imports the third, which declares an operation."""
    pytest.importorskip("sphinx_gallery", reason="sphinx-gallery is in the extra docs")
    folder = tmp_path_factory.mktemp("site")
    (folder / "docs").mkdir()
    (folder / "examples").symlink_to(EXAMPLES)
    (folder / "docs" / "conf.py").write_text(CONF.format(docs=str(ROOT / "docs")))
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(folder / "docs"), str(folder / "html")]
    environment = {**os.environ, "AUTOGRAD_LITE_GALLERY": "quick"}
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return folder


@pytest.mark.exhaustive
def test_pages_have_picture_claims_and_downloads(site):
    claims = {"logic_gates": "none computes XOR, nor", "logistic_and_probit": "the logistic weights are scikit-learn"}
    for name, claim in claims.items():
        page = (site / "html" / "gallery" / f"{name}.html").read_text()
        assert page.index(f"sphx_glr_{name}_002.png") < page.index(claim) < page.index("__future__")
        assert f"{name}.ipynb" in page
        assert "0%|" not in page  # no progress bars
    index = (site / "html" / "gallery" / "index.html").read_text()
    assert index.count("sphx-glr-thumbcontainer") == len(PAGES)


@pytest.mark.exhaustive
def test_a_notebook_of_the_gallery_runs_beside_the_other_files(site):
    nbformat, nbclient = (pytest.importorskip(name, reason="in the extra docs") for name in ("nbformat", "nbclient"))
    notebook = nbformat.read(site / "docs" / "gallery" / "logic_gates.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("✓ XOR is two layers" in output.get("text", "") for output in outputs)
    assert any("image/png" in output.get("data", ()) for output in outputs)
