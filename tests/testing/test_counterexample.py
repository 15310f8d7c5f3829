"""find_counterexample: counterexamples are small, simple and explained; the printed inputs reproduce the mismatch."""

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite import cross_entropy, log
from autograd_lite.testing import find_counterexample, strategies

SCALE = 2.0


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


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
    assert finding.reasons == ("the length of axis 0 of 'X'", "the length of axis 0 of 'Y'")  # not the 2 of a square


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


def variance(x):
    return ((x - x.mean()) ** 2).sum() / len(x)


def of_two(x):
    if len(x) < 2:
        raise ValueError("one number has no variance")
    return (x - x.mean()) / len(x)


@pytest.mark.parametrize(
    ("formula", "says", "fails"),
    [
        (lambda x: 2 * (x - x.mean()) / (len(x) - 1), "N − 1 stands where N belongs", "nan at [0]"),
        (lambda x: 2 * (x - np.sum(x) / len(x)) / np.log(len(x)), None, "nan at [0]"),
        (of_two, "it is 2 times too small", "one number has no variance"),
    ],
    ids=["not a number", "not a number and unexplained", "an exception"],
)
def test_a_formula_that_fails_at_some_inputs_and_is_wrong_at_others_is_explained(formula, says, fails):
    """The smallest counterexample is where it fails; what it says about the mistake is less."""
    found = find_counterexample(variance, formula, strategies.arrays(st.tuples(st.integers(1, 4))))
    assert found.inputs[0].shape == (2,)
    *explanations, failure = map(str, found.findings)
    assert says is None or says in explanations[0]
    assert failure.startswith("at x = array([0.])")
    assert fails in failure
    formula(*found.inputs)  # the failure is at other inputs


def test_points_outside_the_domain_are_skipped():
    searches = []
    find_counterexample(
        lambda x: log(x).sum(), lambda x: 1 / x, strategies.arrays((1,)), max_examples=200, report=searches.append
    )
    assert searches[0].counterexample is None
    assert searches[0].skipped > 10
    assert searches[0].examples > 10


def test_nothing_compared_is_an_error():
    with pytest.raises(
        ValueError, match=r"nothing was compared in \d+ examples; the last one: the result of fn is nan"
    ):
        find_counterexample(lambda x: log(x).sum(), lambda x: 1 / x, strategies.arrays((2,), -3, -1))


def test_bad_input_is_named_as_by_the_check():
    with pytest.raises(TypeError, match="floating-point"):
        find_counterexample(lambda x: x, lambda x: x, st.integers(1, 3))
    with pytest.raises(TypeError, match="returned a Tensor"):
        find_counterexample(lambda x: x.sum(), lambda x: al.Tensor(x), strategies.arrays())


def test_what_is_no_formula_is_no_counterexample():
    numbers = np.random.default_rng(0)
    for kind, message, closed_form in (
        (TypeError, "cannot take 1 inputs", lambda x, y: x),
        (TypeError, "returned None", lambda x: None),
        (ValueError, "gave two different results", lambda x: numbers.normal(size=x.shape)),
        (ValueError, r"nothing was compared in \d+ examples; the last one: Singular matrix",
         lambda x: np.linalg.inv(np.zeros((2, 2)))),
    ):  # fmt: skip
        with pytest.raises(kind, match=message):
            find_counterexample(lambda x: (x**2).sum(), closed_form, strategies.arrays((2,)))


@given(st.sampled_from([1.0, 2.0]))
def test_works_under_given(factor):
    found = find_counterexample(lambda x: (x**2).sum(), lambda x: factor * x, strategies.arrays((2,)), max_examples=20)
    assert (found is None) == (factor == 2)


# -- the printed code ----------------------------------------------------------------------------------------------


def run(found, **functions):
    """Execute the printed code, with the given functions for those that it only locates; returns its inputs."""
    namespace = {"__name__": "printed", **functions}
    with pytest.raises(type(found.error)) as caught:
        exec(str(found), namespace)
    if found.mismatch:
        assert caught.value.reference == found.mismatch.reference
        np.testing.assert_array_equal(caught.value.actual, found.mismatch.actual)
        np.testing.assert_array_equal(caught.value.expected, found.mismatch.expected)
    return namespace


def test_printed_inputs_reproduce_the_mismatch():
    found = find_counterexample(loss, lambda X, Y, W: X.T @ (softmax(X @ W) - Y), regressions(), wrt="W", rtol=1e-9)
    namespace = run(found)
    for name, value in zip(("X", "Y", "W"), found.inputs, strict=True):
        np.testing.assert_array_equal(namespace[name], value)
    assert f"from {__name__} import loss" in str(found)
    assert "closed_form = lambda X, Y, W: X.T @ (softmax(X @ W) - Y)" in str(found)
    assert "check_closed_form(loss, closed_form, X, Y, W, wrt='W', rtol=1e-09)" in str(found)


def test_printed_inputs_reproduce_an_error_of_the_formula():
    found = find_counterexample(lambda x: x.sum(), lambda x: np.ones(len(x)), strategies.arrays())
    run(found)
    assert "# TypeError: len() of unsized object" in str(found)


def test_a_self_contained_source_is_printed():
    def wrong(x):
        doubled = 2 * x
        return np.array([v * doubled[0] for v in x])

    found = find_counterexample(lambda x: (x**2).sum(), wrong, strategies.arrays((2,)))
    run(found)
    assert "fn = lambda x: (x**2).sum()" in str(found)
    assert "def wrong(x):\n    doubled = 2 * x\n" in str(found)


def test_a_source_that_is_not_self_contained_is_only_located():
    def wrong(x, offset=SCALE):
        return SCALE * x + offset

    def enclosing(factor):
        return lambda x: factor * x

    for formula, name in ((wrong, "wrong"), (enclosing(3.0), "closed_form")):
        found = find_counterexample(lambda x: (x**2).sum(), formula, strategies.arrays((2,)))
        assert f"# {name} is {formula.__qualname__} at {__file__}:" in str(found)
        run(found, **{name: formula})


def test_two_functions_of_one_name_get_two_names():
    found = find_counterexample(al.softmax, softmax_of_twice, strategies.arrays((3,)), wrt=None)
    run(found, closed_form=softmax_of_twice)
    found = find_counterexample(al.sin, np.sin, strategies.arrays((3,)))
    run(found)
    assert "from numpy import sin as closed_form" in str(found)


def softmax_of_twice(z):
    return softmax(2 * z)


softmax_of_twice.__name__ = "softmax"  # as if it were the softmax of another module


def test_functions_of_every_kind():
    class Model:
        def loss(self, x):
            return (x**2).sum()

    namespace = {}
    exec("def gradient(x): return x", namespace)
    for fn, name in ((partial(al.softmax, axis=0), "fn"), (Model().loss, "loss")):
        found = find_counterexample(fn, namespace["gradient"], strategies.arrays((2,)))
        assert f"# {name} is " in str(found)
        assert "# gradient is gradient at <string>:1" in str(found)
        run(found, **{name: fn, "gradient": namespace["gradient"]})


VALUES = [
    np.array([[0.1, -1e-300], [1 / 3, 3.0]]), np.array(2.5), np.zeros((0, 3)), np.arange(3), np.array([True, False]),
    np.arange(2000) / 7, np.array([1, 2], np.int8), np.zeros((0,), np.int64), 0.1, 7, "mean", None, (1, [2.5]),
    np.random.default_rng(0).normal(size=(3, 2, 4)), {"axis": 0}, [np.ones(2), np.eye(2) / 3], (np.arange(2),),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_printed_inputs_are_the_inputs_bit_by_bit(value):
    found = find_counterexample(lambda x, c: x.sum(), lambda x, c: x, strategies.arrays((2,)), st.just(value))
    printed = run(found)["c"]
    assert type(printed) is type(value)
    assert getattr(printed, "dtype", None) == getattr(value, "dtype", None)
    assert np.shape(printed) == np.shape(value) if isinstance(value, np.ndarray) else repr(printed) == repr(value)
    assert not isinstance(value, np.ndarray) or printed.tobytes() == value.tobytes()


def test_an_input_without_a_literal_is_left_open():
    found = find_counterexample(lambda x, c: x.sum(), lambda x, c: x, strategies.arrays((2,)), st.just(len))
    assert "c = ...  # <builtin_function_or_method len>" in str(found)
    run(found)


def test_code_of_a_script_that_is_run_directly(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\n"
        "from typing import Any\n"
        "from autograd_lite.testing import find_counterexample, strategies\n"
        "def wrong(x: Any) -> Any: return np.array([v / 2 for v in x])\n"
        "print(find_counterexample(lambda x: (x**2).sum(), wrong, strategies.arrays((2,)), rtol=1e-9))\n"
    )
    shown = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    finished = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=False)
    assert "GradientMismatch: wrong disagrees" in finished.stderr
    assert "from typing import Any" in shown


SEARCH = """
import os
import sys
import my_module  # Hypothesis looks for constants in the modules of the user
from autograd_lite.testing import find_counterexample, strategies
from hypothesis import configuration

if len(sys.argv) > 1:
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = sys.argv[1]
before = str(configuration.storage_directory("x", intent_to_write=False).path)
configuration.set_hypothesis_home_dir(None)
assert find_counterexample(lambda x: (x**2).sum(), lambda x: x, strategies.arrays((2,))) is not None
assert str(configuration.storage_directory("x", intent_to_write=False).path) == before
"""


@pytest.mark.parametrize("place", [[], ["elsewhere"]])
def test_a_search_leaves_no_files_where_the_program_runs(tmp_path, place):
    (tmp_path / "my_module.py").write_text("NUMBER = 12345\n")
    (tmp_path / "program.py").write_text(SEARCH)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HYPOTHESIS")}
    command = [sys.executable, "-B", "program.py", *place]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"my_module.py", "program.py", *place}
