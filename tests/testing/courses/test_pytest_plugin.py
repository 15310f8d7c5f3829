"""The pytest plugin: decorated formulas are collected and checked, and fail with the diagnosis alone.

Each test runs pytest in a process of its own, on a project of its own in which warnings are errors.
"""

import importlib.metadata
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

from autograd_lite import cross_entropy
from autograd_lite.testing import GradientMismatch, closed_form, strategies
from autograd_lite.testing.courses.declared import declaration_of

ROOT = Path(__file__).parents[3]
MODULE = "autograd_lite.testing.courses.pytest_plugin"
FILE = """
from typing import Annotated
import numpy as np
import pytest
from autograd_lite.testing import closed_form, strategies

rng = np.random.default_rng(0)
X, w, y = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=5)

def loss(w, X, y):
    return ((X @ w - y) ** 2).mean()

@closed_form(of=loss, wrt="w", inputs=(w, X, y))
def right_gradient(w, X, y):
    return 2 * X.T @ (X @ w - y) / len(y)

@closed_form(of=loss, wrt="w", inputs={"X": X, "y": y, "w": w})
def wrong_gradient(w, X, y):
    return 2 * X.T @ (X @ w - y)

@closed_form(of=loss, max_examples=20)
def annotated(w: Annotated[np.ndarray, "D"], X: Annotated[np.ndarray, "N D"], y: Annotated[np.ndarray, "N"]):
    return 2 * X.T @ (X @ w - y) / len(y)

@closed_form(of=loss, max_examples=50)
def annotated_wrong(w: Annotated[np.ndarray, "D"], X: Annotated[np.ndarray, "N D"], y: Annotated[np.ndarray, "N"]):
    return X.T @ (X @ w - y) / len(y)

@closed_form(of=np.sin, inputs=strategies.arrays(), max_examples=20)
def test_cosine(x):
    return np.cos(x)

class TestLosses:
    @closed_form(of=loss, inputs=(w, X, y))
    def plain(w, X, y):
        return 2 * X.T @ (X @ w - y) / len(y)

    @staticmethod
    @closed_form(of=loss, inputs=(w, X, y))
    def static(w, X, y):
        return w

    @closed_form(of=loss, inputs=(w, X, y))
    def method(self, w, X, y):
        return self.twice() * X.T @ (X @ w - y) / len(y)

    def twice(self):
        return 2

    def test_something_else(self):
        assert self.twice() == 2

@closed_form(of=loss, inputs=(w, X, y))
def raises(w, X, y):
    return undefined + w

@pytest.mark.skip(reason="not yet")
@closed_form(of=loss, inputs=(w, X, y))
def skipped(w, X, y):
    return w

@pytest.mark.xfail(reason="known")
@closed_form(of=loss, inputs=(w, X, y))
def expected_to_fail(w, X, y):
    return w

@closed_form(of=loss)
def unknown_inputs(w, X, y):
    return w

def test_the_formula_is_still_a_function():
    assert right_gradient(w, X, y).shape == (3,)
"""
FAILED = ["wrong_gradient", "annotated_wrong", "TestLosses::static", "raises", "unknown_inputs"]
PASSED = ["right_gradient", "annotated", "test_cosine", "TestLosses::plain", "TestLosses::method",
          "TestLosses::test_something_else", "test_the_formula_is_still_a_function"]  # fmt: skip


def is_installed():
    return any(entry.value == MODULE for entry in importlib.metadata.entry_points(group="pytest11"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (folder / "test_losses.py").write_text(FILE)
    return folder


def run(project, *options, plugin=("-p", MODULE)):
    plugin = () if is_installed() else plugin
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *options]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False).stdout


def outcomes(output):
    found = {}
    for line in output.splitlines():
        for verdict in ("PASSED", "FAILED", "SKIPPED", "XFAIL"):
            if line.startswith(f"{verdict} test_losses.py::"):
                found[line.split("::", 1)[1].split(" ")[0]] = verdict
    return found


@pytest.fixture(scope="module")
def output(project):
    return run(project, "-rA")


def test_every_formula_is_a_test(output):
    found = outcomes(output)
    assert {name for name, verdict in found.items() if verdict == "FAILED"} == set(FAILED)
    assert {name for name, verdict in found.items() if verdict == "PASSED"} == set(PASSED)
    assert "5 failed, 7 passed, 1 skipped, 1 xfailed" in output


def test_a_failure_is_the_diagnosis_without_a_traceback(output):
    (failure,) = [part for part in output.split("\n_____") if part.strip("_ ").startswith("wrong_gradient")]
    assert "wrong_gradient disagrees with the derivative of loss with respect to 'w'" in failure
    assert "it is 5 times too large, which is the length of axis 0 of 'X'" in failure
    assert ".py:" not in failure
    (failure,) = [part for part in output.split("\n_____") if part.strip("_ ").startswith("annotated_wrong")]
    assert "2 times too small" in failure
    assert "for the inputs\n  w = np.array([" in failure
    assert ".py:" not in failure


def test_other_errors_show_the_users_code(output):
    (failure,) = [part for part in output.split("\n_____") if part.strip("_ ").startswith("raises")]
    assert "return undefined + w" in failure
    assert "NameError: name 'undefined' is not defined" in failure
    assert failure.count(".py:") == 1
    assert "importlib" not in failure
    assert "closed_form: the inputs of unknown_inputs are not known; pass inputs=" in output


@pytest.mark.exhaustive
def test_the_options_of_pytest_work(project):
    assert "1 failed, 1 passed, 12 deselected" in run(project, "-k", "gradient")
    assert "1 failed, 1 passed" in run(project, "-x", "test_losses.py::TestLosses")
    listed = run(project, "--collect-only", "-q")
    assert all(f"test_losses.py::{name}" in listed for name in [*FAILED, *PASSED, "skipped", "expected_to_fail"])


@pytest.mark.exhaustive
def test_tests_may_run_in_several_processes(project):
    assert "1 failed, 3 passed" in run(project, "-n", "2", "test_losses.py::TestLosses")


def test_without_the_plugin_formulas_are_plain_functions(project):
    output = run(project, "-rA", "-p", "no:autograd_lite", plugin=())
    assert set(outcomes(output)) == {"TestLosses::test_something_else", "test_the_formula_is_still_a_function"} | (
        {"test_cosine"} & set(outcomes(output))
    )


def test_the_entry_point_loads_the_plugin(project, tmp_path):
    """As an installed distribution has it, with what pyproject.toml declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert declared == {"autograd_lite": MODULE}
    installed = tmp_path / "autograd_lite_plugin-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: autograd-lite-plugin\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\nautograd_lite = {MODULE}\n")
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "right_gradient or wrong_gradient"]
    for options, expected in (([], "1 failed, 1 passed"), (["-p", "no:autograd_lite"], "deselected")):
        done = subprocess.run([*command, *options], cwd=project, env=environment, capture_output=True, text=True)
        assert expected in done.stdout, done.stdout + done.stderr
        assert options or "failed" in done.stdout
        assert not options or "failed" not in done.stdout


# -- the declaration -----------------------------------------------------------------------------------------------


def square(x):
    return (x**2).sum()


def test_a_decorated_function_stays_as_it_is():
    def slope(x):
        return 2 * x

    assert closed_form(of=square)(slope) is slope
    assert declaration_of(slope).of is square
    assert declaration_of(square) is declaration_of(3) is declaration_of(None) is None


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="closed_form: the function must be callable, not int"):
        closed_form(of=3)
    with pytest.raises(TypeError, match="closed_form: what is decorated must be a function, not <ufunc 'cos'>"):
        closed_form(of=np.sin)(np.cos)


def check(formula, **options):
    declaration_of(closed_form(of=square, **options)(formula)).check(formula)


def test_inputs_come_from_annotations_arguments_or_strategies():
    def annotated(x: Annotated[np.ndarray, "N, 3"]):
        assert x.shape[1:] == (3,)
        return 2 * x

    def drawn(x: Annotated[np.ndarray, strategies.arrays((2,))]):
        assert x.shape == (2,)
        return 2 * x

    check(annotated)
    check(drawn)
    for inputs in (np.ones(2), [np.ones(2)], {"x": np.ones(2)}, strategies.arrays(), (strategies.arrays(),)):
        check(lambda x: 2 * x, inputs=inputs)
        with pytest.raises(GradientMismatch):
            check(lambda x: x**3, inputs=inputs, rtol=1e-12)


def test_parameters_may_have_another_order():
    def loss(w, X):
        return ((X @ w) ** 2).sum()

    def gradient(X: Annotated[np.ndarray, "N D"], w: Annotated[np.ndarray, "D"]):
        return 2 * X.T @ (X @ w)

    X, w = np.array([[1.0, 2.0], [3.0, 5.0], [-1.0, 2.0]]), np.array([2.0, -1.0])
    for inputs in (None, {"w": w, "X": X}, (w, X)):
        declaration_of(closed_form(of=loss, wrt="w", inputs=inputs, max_examples=20)(gradient)).check(gradient)


def test_inputs_without_meaning():
    def strange(x: Annotated[np.ndarray, "N*2"]):
        return x

    def number(x: Annotated[np.ndarray, 3]):
        return x

    with pytest.raises(TypeError, match=r"closed_form: 'N\*2' are no names or lengths of axes, for 'x'"):
        check(strange)
    with pytest.raises(TypeError, match="the annotation of 'x' must hold the names of its axes or a strategy, not 3"):
        check(number)
    with pytest.raises(TypeError, match="the inputs of plain are not known; pass inputs=, or annotate 'x' with"):
        check(plain)
    with pytest.raises(ValueError, match=r"inputs must be for x, not for \['y'\]"):
        check(plain, inputs={"y": 1.0})


@pytest.mark.parametrize("metadata", [("N", float), ("N", "K"), ("N", 3), ("N", int, int), (int, "N"), (int,)])
def test_no_part_of_an_annotation_is_ignored(metadata):
    def formula(x: Annotated[(np.ndarray, *metadata)]):
        return 2 * x

    with pytest.raises(
        TypeError, match=r"the annotation of 'x' must hold .* or a strategy, not .*; after the names, int"
    ):
        check(formula)


@pytest.mark.parametrize(
    "kind", [int, np.typing.NDArray[np.int64], np.ndarray[tuple[int, int], np.dtype[np.int8]], list[int]]
)
def test_a_type_of_integers_is_not_ignored(kind):
    def formula(x: Annotated[kind, "N"]):
        return 2 * x

    with pytest.raises(TypeError, match=r"'x' is annotated as integers; write Annotated\[np.ndarray, \"N\", int\]"):
        check(formula)


@pytest.mark.parametrize(
    "kind", [float, np.ndarray, np.typing.NDArray[np.float64], np.ndarray[tuple[int, int], np.dtype]]
)
def test_other_types_are_floats(kind):
    def formula(x: Annotated[kind, "N D"]):
        return 2 * x

    check(formula)


def test_a_strategy_is_the_only_metadata():
    def formula(x: Annotated[np.ndarray, strategies.arrays((2,)), int]):
        return 2 * x

    with pytest.raises(TypeError, match="the annotation of 'x' must hold"):
        check(formula)


def loss_of_labels(W, X, y):
    return cross_entropy(X @ W, y)


def test_integers_are_labels_of_the_axis_k():
    seen = []

    def gradient(W: Annotated[np.ndarray, "D K"], X: Annotated[np.ndarray, "N D"], y: Annotated[np.ndarray, "N", int]):
        seen.append((W.shape[1], len(X), y))
        P = np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)
        return X.T @ (P - np.eye(W.shape[1])[y]) / len(y)

    def summed(W: Annotated[np.ndarray, "D K"], X: Annotated[np.ndarray, "N D"], y: Annotated[np.ndarray, "N", int]):
        return gradient(W, X, y) * len(y)

    declaration_of(closed_form(of=loss_of_labels, wrt="W")(gradient)).check(gradient)
    assert all(y.dtype == np.int64 and y.shape == (n,) and 0 <= y.min() <= y.max() < k for k, n, y in seen)
    assert {k for k, _, _ in seen} == {2, 3, 4}
    assert {label for _, _, y in seen for label in y.tolist()} == {0, 1, 2, 3}
    with pytest.raises(GradientMismatch, match="a sum where the function has a mean"):
        declaration_of(closed_form(of=loss_of_labels, wrt="W")(summed)).check(summed)


def test_labels_need_an_axis_k():
    def formula(x: Annotated[np.ndarray, "N C"], y: Annotated[np.ndarray, "N", int]):
        return 2 * x

    with pytest.raises(TypeError, match="'y' holds labels from 0 to K − 1, but no annotation has an axis K"):
        declaration_of(closed_form(of=lambda x, y: (x**2).sum())(formula)).check(formula)


def plain(x):
    return 2 * x
