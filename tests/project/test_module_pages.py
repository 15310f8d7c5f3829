"""The references of modules, optimizers and schedules are what the docstrings say, and leave nothing out."""

import inspect

import module_pages
import pytest

from autograd_lite import nn, optim
from autograd_lite.nn import functional


@pytest.mark.parametrize("path", module_pages.PAGES, ids=lambda path: path.name)
def test_the_page_is_up_to_date(path):
    assert path.read_text(encoding="utf-8") == module_pages.PAGES[path](), "run: python tests/module_pages.py"


def test_every_public_name_is_on_its_page():
    places = {"nn.md": (nn, functional, nn.init), "optim.md": (optim, optim.lr_scheduler)}
    for path in module_pages.PAGES:
        text = path.read_text(encoding="utf-8")
        for place in places[path.name]:
            for name in getattr(place, "__all__", ()):
                if not inspect.ismodule(getattr(place, name)):
                    assert f"{name}(" in text


def test_signatures_are_those_of_the_calls():
    def function(x, y=1.5, *, dtype=float, rng=None):
        pass

    assert module_pages.signature(function) == "(x, y=1.5, *, dtype=float, rng=None)"
    assert module_pages.signature(nn.Linear).startswith("(in_features, out_features, bias=True, *, ")
