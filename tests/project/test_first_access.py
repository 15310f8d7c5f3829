"""What few programs need is imported at its first access, and is found in every usual way."""

import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite

ROOT = Path(autograd_lite.__file__).parents[1]
LATER = [(module, name) for module, names in autograd_lite._LATER.items() for name in names.split()]


def modules_after(program):
    """The modules that a new process has imported after a program."""
    printed = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(printed.stdout))


def test_importing_the_package_does_not_import_what_is_imported_later():
    early = modules_after("import autograd_lite") - modules_after("import numpy")
    later = {module for module, _ in LATER}
    if not (ROOT / "autograd_lite" / "nn").is_dir():  # an unpacked sdist, where nn and optim are found only at first
        later -= {"autograd_lite.nn", "autograd_lite.optim"}
    assert "autograd_lite.core.tensor" in early
    assert early & (later | {"numpy.random", "pathlib", "scipy", "numba"}) == set()


@pytest.mark.parametrize("package", ["autograd_lite.nn", "autograd_lite.optim"])
def test_random_numbers_are_imported_when_they_are_drawn(package):
    assert "numpy.random" not in modules_after(f"import {package}") - modules_after("import numpy")


@pytest.mark.parametrize("expression", ["nn.Linear(2, 1)", "optim.SGD", "relu(1.0)", "data.Batches", "conv2d"])
def test_a_name_is_found_by_a_process_that_has_not_used_it(expression):
    assert "autograd_lite.core" in modules_after(f"import autograd_lite as ag; ag.{expression}")


@pytest.mark.parametrize(("module", "name"), LATER)
def test_a_name_is_what_its_module_has(module, name):
    if name == "special":
        pytest.importorskip("scipy")
    found = importlib.import_module(module)
    assert getattr(autograd_lite, name) is getattr(found, name, found)
    assert name in dir(autograd_lite)
    assert name in autograd_lite.__all__ or name == "special"  # which needs SciPy


@pytest.mark.parametrize(
    "first", ["", "import autograd_lite.ops.special\n", "import autograd_lite; autograd_lite.special\n"]
)
def test_special_functions_are_imported_by_the_name_of_their_module(first):
    pytest.importorskip("scipy")
    program = f"""{first}from autograd_lite.special import logsumexp
import autograd_lite, autograd_lite.special as module
assert module is autograd_lite.special is autograd_lite.ops.special and module.logsumexp is logsumexp"""
    assert "autograd_lite.ops.special" in modules_after(program)


def test_functions_can_be_pickled():
    assert pickle.loads(pickle.dumps(autograd_lite.softmax)) is autograd_lite.softmax


def test_an_unknown_name_is_an_error():
    with pytest.raises(AttributeError, match="module 'autograd_lite' has no attribute 'soft'"):
        _ = autograd_lite.soft
