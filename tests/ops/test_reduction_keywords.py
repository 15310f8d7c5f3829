"""Reductions with every keyword: NumPy's values and dtypes, and derivatives to second order."""

import numpy as np
import pytest

from autograd_lite import Tensor
from autograd_lite.testing import check_gradients

RNG = np.random.default_rng(0)
X = RNG.permutation(36).reshape(4, 3, 3) * 0.1 - 1.73
_first, _second, _third = np.indices(X.shape)
MASK = (_second + _third) % 4 != _first  # leaves two elements at least along every axis
NAMES = ("sum", "prod", "max", "min", "mean", "var", "std")


def options_of(name):
    yield {}
    if name not in ("max", "min"):
        yield {"where": MASK}
        yield {"dtype": np.float32}
        yield {"dtype": np.float64, "where": MASK}
    if name in ("sum", "prod"):
        yield {"where": MASK[0, 0]}
    if name in ("sum", "prod", "max", "min"):
        yield {"initial": 0.35}
        yield {"initial": 0.35, "where": MASK}
        yield {"initial": -9.0, "where": MASK}
    if name in ("var", "std"):
        yield {"ddof": 1.5, "where": MASK}
        yield {"correction": 1}
        yield {"correction": 0.5, "where": MASK}


CALLS = [(name, options) for name in NAMES for options in options_of(name)]


@pytest.mark.exhaustive
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize(("name", "options"), CALLS)
def test_keywords(name, options, axis):
    for keepdims in (False, True):
        expected = getattr(np, name)(X, axis=axis, keepdims=keepdims, **options)
        for result in (
            getattr(np, name)(Tensor(X), axis=axis, keepdims=keepdims, **options),
            getattr(Tensor(X), name)(axis, keepdims=keepdims, **options),
        ):
            np.testing.assert_allclose(result.data, expected, rtol=1e-5 if result.dtype == np.float32 else 1e-12)
            assert result.dtype == expected.dtype
            assert result.shape == expected.shape
    if "dtype" not in options:
        for order in (1, 2):
            check_gradients(lambda x: getattr(np, name)(x, axis=axis, **options) ** 2, X, order=order)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
@pytest.mark.parametrize(("name", "options"), CALLS)
def test_dtypes_are_those_of_numpy(name, options, dtype):
    x = np.round(X * 10).astype(dtype)
    if np.dtype(dtype).kind == "i" and "initial" in options:
        options = {**options, "initial": 3}
    expected = getattr(np, name)(x, axis=1, **options)
    result = getattr(np, name)(Tensor(x), axis=1, **options)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result.data, expected, rtol=1e-2 if expected.dtype.itemsize < 8 else 1e-12)


@pytest.mark.parametrize("name", ["var", "std"])
def test_a_mean_that_is_known_takes_part_in_the_derivative(name):
    function = getattr(np, name)
    x = Tensor(X)
    np.testing.assert_allclose(
        function(x, axis=1, mean=x.mean(axis=1, keepdims=True)).data, function(X, axis=1), rtol=1e-12
    )
    for order in (1, 2):
        check_gradients(lambda x, m: function(x, axis=1, mean=m), X, X.mean(1, keepdims=True) + 0.1, order=order)


def test_initial_has_a_derivative():
    for name in ("sum", "prod", "max", "min"):
        check_gradients(lambda x, i, name=name: getattr(np, name)(x, axis=0, initial=i), X, np.array(0.36), order=1)


def test_nothing_is_left_of_an_empty_axis_but_initial():
    empty = Tensor(np.zeros((2, 0)), requires_grad=True)
    np.testing.assert_array_equal(np.max(empty, axis=1, initial=3.0).data, [3, 3])
    np.testing.assert_array_equal(np.sum(empty, axis=1, initial=3.0).data, [3, 3])


def test_ufuncs_reduce_with_keywords():
    x = Tensor(X)
    np.testing.assert_allclose(np.add.reduce(x, where=MASK).data, np.add.reduce(X, where=MASK))
    np.testing.assert_allclose(np.maximum.reduce(x, 1, initial=0.5).data, np.maximum.reduce(X, 1, initial=0.5))


def test_what_has_no_meaning_is_refused():
    x = Tensor(X, requires_grad=True)
    with pytest.raises(ValueError, match="max: an extreme of nothing"):
        np.max(x, where=MASK)
    with pytest.raises(TypeError, match="sum: where must hold booleans"):
        np.sum(x, where=MASK * 1.0)
    with pytest.raises(ValueError, match="sum: "):
        np.sum(x, where=np.ones((5, 4, 3, 3), bool))
    with pytest.raises(ValueError, match="var: ddof and correction"):
        np.var(x, ddof=1, correction=1)
    with pytest.raises(TypeError, match="unexpected keyword"):
        x.sum(whre=MASK)


def test_products_whose_parts_overflow_and_vanish():
    for row in ([1e200, 1e200, 1e-300], [0.0, 2.0, 3.0], [1e-200, 1e-200, 1e300], [2.0, 3.0, 4.0]):
        x = Tensor(row, requires_grad=True)
        with np.errstate(over="ignore"):
            np.prod(x).backward()
            others = [np.prod(np.delete(row, i)) for i in range(3)]
        np.testing.assert_allclose(x.grad, others, rtol=1e-14)
