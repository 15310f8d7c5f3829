"""Joined loops: what is elementwise on the same arrays becomes one loop, in whatever order NumPy is called."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="native programs are compiled by numba")

from autograd_lite import compile


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


def replayed(function, *args):
    """The program after three calls on copies of the arguments, and the copies after the last call."""
    compiled = compile(function, backend="native", audit=False)
    for _ in range(3):
        copies = [np.array(arg) for arg in args]
        result = compiled(*copies)
    return compiled.program, [*copies, *([] if result is None else [result])]


def test_a_loop_is_joined_with_one_that_only_a_later_statement_relates_to_it():
    def update(x, y, z):
        x *= 2  # nothing in common with y
        y += 1
        z *= 3  # nothing in common with either
        z += y
        x -= z

    arrays = np.random.default_rng(0).normal(size=(3, 50))
    program, found = replayed(update, *arrays)
    assert program.native_source.count("for i in") == 1
    expected = [np.array(array) for array in arrays]
    update(*expected)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_loops_are_not_joined_where_a_later_iteration_writes_what_an_earlier_one_reads():
    def update(x, y):
        x *= 2
        y += 1
        y[:-1] += x[1:]  # x[i + 1] must be doubled by then

    arrays = np.random.default_rng(0).normal(size=(2, 50))
    _, found = replayed(update, *arrays)
    x, y = 2 * arrays[0], arrays[1] + 1
    np.testing.assert_allclose(found, [x, [*(y[:-1] + x[1:]), y[-1]]], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("function", "other"), [(np.multiply, 0.1), (np.add, np.linspace(0, 1, 5, dtype=np.float32)), (np.power, 2)]
)
def test_a_ufunc_computes_in_the_dtype_that_is_asked_for(function, other, dtype):
    x = np.linspace(1, 2, 5, dtype=np.float32)
    program, found = replayed(lambda x: function(x, other, dtype=dtype), x)
    assert program.reasons == {}
    np.testing.assert_array_equal(found[-1], function(x, other, dtype=dtype), strict=True)
