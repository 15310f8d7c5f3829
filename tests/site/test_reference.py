"""Every public name has a page of the reference, from the package's own lists; formulas of docstrings stay legible."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite

pytest.importorskip("sphinx", reason="the site is built with the extra docs")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "_ext"))
import class_pages
import public_names
import reference_pages
import search_words
import sections

ROOT = Path(autograd_lite.__file__).resolve().parents[1]
PLACES = ["", ".nn", ".nn.functional", ".nn.utils", ".optim", ".optim.lr_scheduler", ".testing", ".distributed"]


class App:
    def __init__(self, folder):
        self.srcdir = folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages that the build writes, by their files."""
    folder = tmp_path_factory.mktemp("docs")
    reference_pages.write_pages(App(folder))
    return {path.relative_to(folder / "reference").as_posix(): path.read_text() for path in folder.rglob("*.rst")}


@pytest.mark.parametrize("place", PLACES)
def test_every_name_that_a_package_exports_has_one_page(pages, place):
    module = importlib.import_module(f"autograd_lite{place}")
    for name in module.__all__:
        if not inspect.ismodule(getattr(module, name)):
            here = [text for text in pages.values() if f"currentmodule:: {module.__name__}\n" in text]
            assert sum(f":: {name}\n" in text or f":: {name}()\n" in text for text in here) == 1, name


PLACES_OF_PAGES = sorted({place for _, _, _, places in public_names.PAGES for place in places})


@pytest.mark.parametrize("place", PLACES_OF_PAGES)
def test_what_the_reference_calls_a_module_can_be_imported_first(place):
    """A new process: an attribute of the package would be no module there."""
    if place in ("autograd_lite.testing.strategies", "autograd_lite.special"):
        pytest.importorskip({"autograd_lite.special": "scipy"}.get(place, "hypothesis"))
    names = public_names.names_of(place)
    assert names
    program = (
        f"from {place} import {', '.join(names)}\nimport {place} as module\nassert module.{names[0]} is {names[0]}"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_every_page_of_a_name_is_in_the_table_of_its_group(pages):
    groups = "".join(text for file, text in pages.items() if "/" not in file)
    for file in pages:
        if file.startswith("api/"):
            assert groups.count(f"<{file.removesuffix('.rst')}>") == 1


def test_files_differ_by_more_than_the_case_of_letters(pages):
    assert len({file.lower() for file in pages}) == len(pages)


def test_the_index_lists_every_group():
    text = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "index.md").read_text(encoding="utf-8")
    for page, *_ in public_names.PAGES:
        assert f"\n{page}\n" in text


def test_operations_and_classes_link_to_the_lines_that_declare_them(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    monkeypatch.setenv("GITHUB_SHA", "main")
    root = Path(autograd_lite.__file__).resolve().parents[1]
    for module, name in (
        ("autograd_lite", "exp"),
        ("autograd_lite", "Tensor"),
        ("autograd_lite", "Tensor.backward"),
        ("autograd_lite.nn", "Linear"),
        ("autograd_lite.special", "gammaln"),
        ("autograd_lite.nn.functional", "cross_entropy"),
    ):
        url = reference_pages.linkcode_resolve("py", {"module": module, "fullname": name})
        path, line = url.removeprefix("https://github.com/owner/name/blob/main/").split("#L")
        lines = (root / path).read_text(encoding="utf-8").splitlines()[int(line) - 1 :][:3]  # decorators first
        assert any(name.rpartition(".")[2] in code for code in lines)


def test_every_member_of_tensor_is_in_one_table():
    listed = [name for *_, words in class_pages.TENSOR for name in words.split()]
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(class_pages.members(autograd_lite.Tensor))
    assert set(class_pages.OPERATORS.values()) <= set(autograd_lite.__all__)


def test_pages_of_classes_show_what_users_call_and_apart_from_it_what_subclasses_define(pages):
    module, tail = pages["api/autograd_lite.nn.Module.rst"].split("For subclasses")
    assert "automethod:: Module.train" in module
    assert ".forward" not in module
    assert "automethod:: Module.forward" in tail
    linear = pages["api/autograd_lite.nn.Linear.rst"]
    assert "autograd_lite.nn.Module.train" in linear
    for hidden in ("automethod", "extra_repr", "versioned_parts"):
        assert hidden not in linear
    assert "SGD.update" not in pages["api/autograd_lite.optim.SGD.rst"]
    assert "ModuleDict.update" in pages["api/autograd_lite.nn.ModuleDict.rst"]


def test_words_for_the_search_lead_to_one_page_each():
    words = [word for text in search_words.WORDS.values() for word in text.split(", ")]
    assert len(set(words)) == len(words)
    assert all(word == word.lower().strip() for word in words)


def test_groups_of_methods_name_members():
    for cls, groups in class_pages.GROUPS.items():
        assert {name for _, words in groups for name in words.split()} == set(class_pages.members(cls))


def test_sections_hold_something_each_and_no_name_twice(pages):
    for page, sections_of_page in sections.PAGES.items():
        assert [title for title, *_ in sections_of_page if f"\n{title}\n" in pages[f"{page}.rst"]]
        names = public_names.all_names()[page]
        used = {sections.place_of(found.name, found.source, page) for found in names}
        assert used == set(range(len(sections_of_page))), page
    with pytest.raises(LookupError, match=r"no section of the page 'layers' has new or its module x\.y"):
        sections.place_of("new", "x.y", "layers")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ln p_k", r"ln p\ :sub:`k`\ "),
        ("Σ_(c, k) w", r"Σ\ :sub:`c, k`\  w"),
        ("|x| and a*b", r"\|x\| and a\*b"),
        (r"\|x\|, whose docstring is a raw string", r"\|x\|, whose docstring is a raw string"),
        ("``|x|``, `a_b`, in_features", "``|x|``, `a_b`, in_features"),
        ("**x_i** : array", "**x_i** : array"),
    ],
)
def test_formulas_of_docstrings_become_markup(line, shown):
    assert reference_pages.legible(line) == shown
