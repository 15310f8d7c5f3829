"""find_counterexample: what it finds is small, simple, explained, and a program; what it does not find it counts."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite import cross_entropy, log, softplus
from autograd_lite.testing import find_counterexample, strategies

SCALE = 2.0


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def scaled(x):
    return SCALE * softplus(x)


@st.composite
def regressions(draw):
    X, Y = draw(strategies.datasets())
    return X, Y, draw(strategies.arrays((X.shape[1], Y.shape[1])))


def loss(X, Y, W):
    return cross_entropy(X @ W, Y)


def test_right_formula_has_none_and_the_report_tells_what_was_tried():
    searches = []
    found = find_counterexample(
        loss, lambda X, Y, W: X.T @ (softmax(X @ W) - Y) / len(X), regressions(), wrt="W", report=searches.append
    )
    assert found is None
    (search,) = searches
    assert search.examples >= 90
    assert len(search.shapes) >= 5
    assert search.largest_error < 1e-10
    assert search.counterexample is None
    assert str(search).startswith(f"no counterexample in {search.examples} examples of {len(search.shapes)} different")


def test_counterexample_is_small_and_simple_and_explained():
    found = find_counterexample(loss, lambda X, Y, W: X.T @ (softmax(X @ W) - Y), regressions(), wrt="W")
    X, _, W = found.inputs
    assert X.shape == (2, 1)
    assert set(np.unique([*X.ravel(), *W.ravel()])) <= {0.0, 1.0, -1.0}
    assert found.mismatch.argument == "W"
    assert found.examples > 0
    (finding,) = found.findings
    assert finding.kind == "factor"
    assert finding.reasons == ("the length of axis 0 of 'X'", "the length of axis 0 of 'Y'")  # and not "2 of a square"


def test_same_seed_finds_the_same():
    searches = []
    for seed in (1, 1, 2):
        find_counterexample(al.sin, np.cos, strategies.arrays(), seed=seed, report=searches.append)
    assert searches[0].shapes == searches[1].shapes
    assert searches[0].largest_error == searches[1].largest_error


def test_several_strategies_are_several_inputs():
    found = find_counterexample(
        lambda x, y: (x * y).sum(), lambda x, y: x, strategies.arrays((2,)), strategies.arrays((2,))
    )
    assert len(found.inputs) == 2


def test_error_of_the_formula_is_a_counterexample():
    found = find_counterexample(lambda x: x.sum(), lambda x: np.ones(len(x)), strategies.arrays())
    assert isinstance(found.error, TypeError)
    assert found.mismatch is None
    assert found.findings == ()
    assert found.inputs[0].shape == ()
    assert "# TypeError: len() of unsized object" in str(found)


def test_wrong_shape_and_nan_are_counterexamples():
    shape = find_counterexample(lambda x: x.sum(), lambda x: np.ones(2), strategies.arrays((3,)))
    assert shape.mismatch.is_shape_error
    nan = find_counterexample(lambda x: (x**2).sum(), lambda x: 2 * x**2 / x, strategies.arrays((3,)))
    assert isinstance(nan.error, ValueError)
    assert 0 in nan.inputs[0]


def test_points_outside_the_domain_are_skipped():
    searches = []
    find_counterexample(
        lambda x: log(x).sum(), lambda x: 1 / x, strategies.arrays((1,)), max_examples=200, report=searches.append
    )
    assert searches[0].counterexample is None
    assert searches[0].skipped > 10
    assert searches[0].examples > 10


def test_nothing_compared_is_an_error():
    with pytest.raises(ValueError, match="nothing was compared: fn was not finite on any"):
        find_counterexample(lambda x: log(x).sum(), lambda x: 1 / x, strategies.arrays((2,), -3, -1))


def test_bad_input_is_named_as_by_the_check():
    with pytest.raises(TypeError, match="floating-point"):
        find_counterexample(lambda x: x, lambda x: x, st.integers(1, 3))
    with pytest.raises(TypeError, match="returned a Tensor"):
        find_counterexample(lambda x: x.sum(), lambda x: al.Tensor(x), strategies.arrays())


@given(st.sampled_from([1.0, 2.0]))
def test_works_under_given(factor):
    found = find_counterexample(lambda x: (x**2).sum(), lambda x: factor * x, strategies.arrays((2,)), max_examples=20)
    assert (found is None) == (factor == 2)


# -- the program ---------------------------------------------------------------------------------------------------


def run(program, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(str(program))
    return subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, cwd=tmp_path)


def test_program_is_complete_and_reproduces_the_mismatch(tmp_path):
    offset = np.array([0.5, 1.5])

    def shift(x):
        return x + offset

    found = find_counterexample(lambda x: scaled(shift(x)), lambda x: softmax(shift(x)), strategies.arrays((2,)))
    finished = run(found, tmp_path)
    assert finished.returncode == 1
    assert "GradientMismatch: closed_form disagrees with the Jacobian of fn with respect to 'x'" in finished.stderr
    assert repr(found.mismatch.actual_value) in finished.stderr
    for line in ("SCALE = 2.0", "offset = np.array([0.5, 1.5])", "    return x + offset", "import numpy as np"):
        assert line in str(found).splitlines()


def test_two_functions_of_one_name_stay_two(tmp_path):
    found = find_counterexample(al.softmax, lambda z: softmax(2 * z), strategies.arrays((3,)), wrt=None)
    finished = run(found, tmp_path)
    assert "GradientMismatch: closed_form disagrees with the value of softmax" in finished.stderr


def test_program_reproduces_an_error_of_the_formula(tmp_path):
    found = find_counterexample(lambda x: x.sum(), lambda x: np.ones(len(x)), strategies.arrays())
    assert "TypeError: len() of unsized object" in run(found, tmp_path).stderr


def test_program_of_a_script_that_is_run_directly(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\n"
        "from autograd_lite.testing import find_counterexample, strategies\n"
        "half = 0.5\n"
        "def wrong(x, *, by: float = half): return [v * by for v in x] * np.ones(1)\n"
        "print(find_counterexample(lambda x: (x**2).sum(), wrong, strategies.arrays((2,)), rtol=1e-9))\n"
    )
    shown = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    finished = run(shown, tmp_path)
    assert "GradientMismatch: wrong disagrees" in finished.stderr
    assert "rtol=1e-09" in shown


def test_functions_of_every_kind(tmp_path):
    class Model:
        def loss(self, x):
            return (x**2).sum()

    for fn, closed_form in ((al.sin, np.sin), (partial(al.softmax, axis=0), np.cos), (Model().loss, np.cos)):
        program = str(find_counterexample(fn, closed_form, strategies.arrays((2,))))
        compile(program, "<program>", "exec")
        assert ("its source is not available" in program) == (fn is not al.sin)
    assert "GradientMismatch" in run(find_counterexample(al.sin, np.sin, strategies.arrays((2,))), tmp_path).stderr


def test_two_things_of_one_name_are_pointed_out():
    def functions(name):
        return (lambda x: name * x.sum()), (lambda x: name * np.ones(x.shape))

    found = find_counterexample(functions(2.0)[0], functions(3.0)[1], strategies.arrays((2,)))
    assert "# 'name' is the name of two different things; this program has the first." in str(found)


def test_source_that_cannot_be_had_is_left_open():
    namespace = {}
    exec("def wrong(x): return x", namespace)
    found = find_counterexample(lambda x: (x**2).sum(), namespace["wrong"], strategies.arrays((2,)))
    assert "wrong = ...  # its source is not available: write it here" in str(found)
