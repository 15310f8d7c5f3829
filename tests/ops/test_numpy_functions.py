"""Functions of NumPy with all their options: NumPy's numbers, shapes, dtypes and errors, and derivatives."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, jacobian, no_grad, segment_sum, topk
from autograd_lite.testing import check_gradients

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))
V = RNG.normal(size=4)


def same(call, *arrays, orders=(1, 2)):
    """NumPy's outcome for arrays is that for tensors, which is a tensor; the derivatives are right to second order."""
    expected = call(*arrays)
    found = call(*map(Tensor, arrays))
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    for ours, theirs in pairs:
        theirs = np.asarray(theirs)
        assert (np.shape(ours), ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-12 if theirs.dtype != np.float32 else 1e-6)
    if not isinstance(expected, tuple) and expected.dtype == np.float64:
        for order in orders:
            check_gradients(lambda *values: (call(*values) ** 2).sum(), *arrays, order=order)


def fails_alike(call, *arrays):
    with pytest.raises(Exception) as expected:  # noqa: PT011 - NumPy's error, whatever it is
        call(*arrays)
    with pytest.raises((expected.type, *expected.type.__bases__[:1], TypeError, ValueError)):
        call(*map(Tensor, arrays))


# -- keywords of ufuncs and of functions that join ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_ufuncs_compute_in_the_dtype_that_is_given(dtype):
    for array in (X, X.astype(np.float32), np.arange(5), np.arange(5, dtype=np.uint8)):
        for call in (
            lambda x: np.exp(x, dtype=dtype),
            lambda x: np.add(x, 1, dtype=dtype),
            lambda x: np.add(0.1, x, dtype=dtype),
            lambda x: np.divide(x, x + 7, dtype=dtype, casting="same_kind"),
            lambda x: np.multiply(x, x, dtype=dtype),
            lambda x: np.modf(x, dtype=dtype)[0],
            lambda x: np.matmul(x, x.T, dtype=dtype) if dtype != np.float16 else x,
        ):
            expected, found = call(array), call(Tensor(array))
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(np.asarray(found), expected)
    x = Tensor(X, requires_grad=True)
    np.exp(x, dtype=dtype).sum().backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_allclose(x.grad, np.exp(X, dtype=dtype), rtol=1e-3)


def test_casting_is_checked_as_in_numpy():
    for call in (lambda x: np.exp(x, dtype=np.float32, casting="safe"), lambda x: np.add(x, 1, dtype=int)):
        with pytest.raises(TypeError):
            call(X)
        with pytest.raises(TypeError, match=r"[Cc]ast"):
            call(Tensor(X))
    assert np.add(Tensor(X), 1, dtype=int, casting="unsafe").dtype == int
    assert np.greater(Tensor(X), 0, dtype=bool).dtype == bool
    assert np.vecdot(Tensor(X), Tensor(X), axis=0).shape == (4,)


def test_where_is_refused_and_what_the_error_says_works():
    x = Tensor(X, requires_grad=True)
    assert np.sqrt(x**2, where=True).shape == X.shape
    mask = X > 0
    for call in (lambda: np.log(x, where=mask), lambda: np.add(x, 1, where=np.False_)):
        with pytest.raises(TypeError, match=r"y\[mask\] = (log|add)\(x\[mask\]\)"):
            call()
    y = x * 0
    y[mask] = np.log(x[mask])
    y.sum().backward()
    np.testing.assert_allclose(x.grad, np.where(mask, 1 / X, 0))


@pytest.mark.parametrize("name", ["concatenate", "stack", "vstack", "hstack"])
def test_joining_with_a_dtype(name):
    function, ints = getattr(np, name), np.arange(4)
    for dtype in (np.float32, np.float64):
        for arrays in ((V, V), (ints, V), (ints, ints)):
            same(lambda *a, dtype=dtype: function(a, dtype=dtype) if dtype else function(a), *arrays) if all(
                a.dtype.kind == "f" for a in arrays
            ) else None
            found = function([Tensor(a) for a in arrays], dtype=dtype)
            np.testing.assert_array_equal(np.asarray(found), function(arrays, dtype=dtype))
            assert found.dtype == dtype
    fails_alike(lambda *a: function(a, dtype=int), V, V)
    fails_alike(lambda *a: function(a, casting="no"), V, ints)
    np.testing.assert_array_equal(np.asarray(function([Tensor(V * 9)], dtype=int, casting="unsafe")),
                                  function([V * 9], dtype=int, casting="unsafe"))  # fmt: skip


@pytest.mark.parametrize("order", ["C", "F", "K", "A"])
def test_copies_in_any_order_of_memory(order):
    for array in (X, X.T, X[:, ::2], np.asfortranarray(X), np.array(2.0)):
        for found in (np.copy(Tensor(array), order), np.copy(Tensor(array), order=order), Tensor(array).copy(order)):
            assert found.data.strides == np.array(Tensor(array).data, order=order, copy=True).strides
            np.testing.assert_array_equal(found.data, array)
    x = Tensor(X, requires_grad=True)
    (x.copy(order=order) * X).sum().backward()
    np.testing.assert_array_equal(x.grad, X)


@pytest.mark.parametrize("name", ["quantile", "percentile", "nanquantile", "nanpercentile"])
def test_quantiles_with_weights(name):
    function, scale = getattr(np, name), 100 if "percentile" in name else 1
    weights = RNG.integers(0, 4, X.shape).astype(float)
    weights[:, 0] = weights[0] = 1.0
    options = {"method": "inverted_cdf"}
    for q, keepdims in ((0.0, False), (0.4, True), ([0.2, 0.9], False)):
        q = np.multiply(q, scale)
        pairs = [(None, weights), (0, weights), (1, weights)]
        if not name.startswith("nan"):  # NumPy itself fails for those
            pairs += [(0, weights[:, 1]), (-1, weights[1]), ((1, 0), weights), ((1, 0), weights.T)]
        for axis, w in pairs:

            def call(x, q=q, axis=axis, w=w, keepdims=keepdims):
                return function(x, q, axis, weights=w, keepdims=keepdims, **options)

            same(call, X, orders=(1, 2) if keepdims else (1,))  # the second order depends on the weights alone
    if name == "quantile":
        cube, weights = RNG.normal(size=(2, 3, 2)), np.array([1.0, 0.0, 2.0])
        same(lambda x: function(x, 0.4 * scale, 1, weights=weights, **options), cube)
        same(lambda x: function(x, 0.4 * scale, (2, 1), weights=cube[0].T ** 2, **options), cube)


def test_an_element_without_weight_has_no_gradient():
    x, weights = Tensor([2.0, 1.0, 2.0, 3.0], requires_grad=True), [0.0, 1.0, 1.0, 1.0]
    np.quantile(x, 0.5, weights=weights, method="inverted_cdf").backward()
    assert x.grad.tolist() == [0, 0, 1, 0]
    x = Tensor([np.nan, 1.0], requires_grad=True)
    np.quantile(x, 0.5, weights=[1, 1], method="inverted_cdf").backward()
    assert np.isnan(x.grad).all()
    for call in (
        lambda: np.quantile(x, 0.5, weights=[1, 1]),
        lambda: np.quantile(x, 0.5, weights=[1], method="inverted_cdf"),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
    with pytest.raises(TypeError, match="no derivative with respect to 'weights'"):
        np.quantile(x, 0.5, weights=Tensor([1.0, 1.0], requires_grad=True), method="inverted_cdf")


# -- functions ---------------------------------------------------------------------------------------------------------


def test_linspace():
    a, b = RNG.normal(size=(2, 1)), RNG.normal(size=3)
    for options in ({}, {"num": 5}, {"num": 1}, {"num": 0}, {"num": 4, "endpoint": False}, {"num": 3, "axis": -1},
                    {"num": 2}, {"num": 1, "endpoint": False}, {"num": 2, "endpoint": False},
                    {"num": 3, "axis": 1, "endpoint": False}, {"num": 3, "dtype": np.float32},
                    {"num": 4, "retstep": True}, {"num": 3, "dtype": int}):  # fmt: skip
        same(lambda x, y, options=options: np.linspace(x, y, **options), a, b)
    assert np.linspace(Tensor(0.3), 0.7, 11)[-1] == 0.7  # the end is exact, as in NumPy
    step = np.linspace(Tensor(1.0, requires_grad=True), 2.0, 5, retstep=True)[1]
    assert step.requires_grad
    fails_alike(lambda x: np.linspace(x, 1, -1), np.array(0.0))
    fails_alike(lambda x: np.linspace(x, 1, 2.5), np.array(0.0))


def test_covariances():
    weights, counts = np.array([1.0, 0.5, 2.0, 1.5]), [1, 2, 1, 3]
    for call in (
        np.cov, lambda x: np.cov(x, rowvar=False), lambda x: np.cov(x, bias=True), lambda x: np.cov(x, ddof=0),
        lambda x: np.cov(x, x * 2), lambda x: np.cov(x[0], x[1]), lambda x: np.cov(x, x[0], rowvar=True),
        lambda x: np.cov(x[0]), lambda x: np.cov(x, fweights=counts), lambda x: np.cov(x, aweights=weights),
        lambda x: np.cov(x, aweights=weights, fweights=counts, ddof=0), lambda x: np.cov(x, dtype=np.float32),
        lambda x: np.cov(x[:1], rowvar=False, ddof=0), lambda x: np.cov(x.T, x[0], rowvar=False),
        np.corrcoef, lambda x: np.corrcoef(x, rowvar=False), lambda x: np.corrcoef(x[0], x[1]),
    ):  # fmt: skip
        same(call, X)
    assert np.cov(Tensor(X.astype(np.float32))).dtype == np.float64  # as in NumPy
    np.testing.assert_allclose(np.corrcoef(Tensor(X[0])).data, 1)
    for call in (lambda x: np.cov(x[None]), lambda x: np.cov(x, fweights=[1, 2]), lambda x: np.cov(x, ddof=0.5),
                 lambda x: np.cov(x, fweights=[0.5] * 4), lambda x: np.cov(x, aweights=[-1.0] * 4)):  # fmt: skip
        fails_alike(call, X)


@pytest.mark.filterwarnings("error")
def test_too_few_observations_are_warned_of():
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"), np.errstate(all="ignore"):
        assert not np.isfinite(np.cov(Tensor(X[:, :1])).data).any()


def test_polynomials():
    for p in (V, V[:1], [1.0, 2.0]):
        for x in (X, np.array(0.3)):
            if isinstance(p, list):
                same(lambda x, p=p: np.polyval(p, x), x)
            else:
                same(np.polyval, p, x)
    rows = RNG.normal(size=(3, 4))  # coefficients that broadcast
    same(np.polyval, rows, V)
    assert np.polyval(Tensor([2, 1]), np.array([3, 4])).dtype == np.array(1).dtype


def test_pieces():
    low, high = X < -0.5, X > 0.5
    for call in (
        lambda x: np.piecewise(x, [low, high], [lambda v: v**3, lambda v: -v]),
        lambda x: np.piecewise(x, [low, high], [lambda v: v**3, lambda v: -v, lambda v: 2 * v]),
        lambda x: np.piecewise(x, [low, high], [lambda v: v**3, 5.0]),
        lambda x: np.piecewise(x, [low, X < 0], [1.0, lambda v: v * v]),  # the last one is taken
        lambda x: np.piecewise(x, [low], [lambda v, a, b=0: a * v + b], 3.0, b=2.0),
        lambda x: np.piecewise(x[0], [low[0]], [np.exp]),
        lambda x: np.piecewise(x[0, 0], x[0, 0] < 9, [np.exp]),
        lambda x: np.piecewise(x[0, 0], [True, False], [np.exp, 2.0]),
    ):
        same(call, X)
    t = Tensor(2.0, requires_grad=True)
    np.piecewise(Tensor(V), [V > 0], [t, lambda v: v * t]).sum().backward()
    np.testing.assert_allclose(t.grad, (V > 0).sum() + V[V <= 0].sum())
    x = Tensor([-1.0, 4.0], requires_grad=True)  # no NaN from where the function is undefined
    np.piecewise(x, [x > 0], [np.sqrt, 0.0]).sum().backward()
    assert x.grad.tolist() == [0, 0.25]
    for call in (lambda x: np.piecewise(x, [low], [1.0, 2.0, 3.0]), lambda x: np.piecewise(x, [low, high], [1.0])):
        fails_alike(call, X)


def test_rows():
    for axis in (0, 1, 2, -1):
        for of in (lambda r: r.sum(), lambda r: r * r, lambda r: np.outer(r, r[:2]), lambda r: r[::-1]):
            same(lambda x, axis=axis, of=of: np.apply_along_axis(of, axis, x * 1), X.reshape(3, 2, 2))
    same(lambda x: np.apply_along_axis(lambda r, a, b: a * r + b, 0, x, 2.0, b=1.0), X)
    fails_alike(lambda x: np.apply_along_axis(np.sum, 0, x), np.zeros((3, 0)))
    fails_alike(lambda x: np.apply_along_axis(np.sum, 2, x), X)


def test_windows_are_views():
    x = Tensor(np.arange(5.0))
    windows = np.lib.stride_tricks.sliding_window_view(x, 3)
    assert np.shares_memory(windows.data, x.data)
    with no_grad():
        x[1] = 9.0
    assert windows.tolist() == [[0, 9, 2], [9, 2, 3], [2, 3, 4]]
    with pytest.raises(ValueError, match="read-only"):
        windows[0, 0] = 1.0
    for shape, axis in (((2, 3), None), (2, 1), ((2, 2), (1, 1)), ((1, 4), (0, -1))):
        same(lambda x, shape=shape, axis=axis: np.lib.stride_tricks.sliding_window_view(x, shape, axis), X)
    fails_alike(lambda x: np.lib.stride_tricks.sliding_window_view(x, 9, 0), X)
    fails_alike(lambda x: np.lib.stride_tricks.sliding_window_view(x, 2), X)


def test_a_write_into_what_has_windows_reaches_them():
    x = Tensor(np.arange(4.0), requires_grad=True)
    y = x * 1
    windows = np.lib.stride_tricks.sliding_window_view(y, 2)
    y[1] = 10.0 * x[0]
    (windows * np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).sum().backward()
    assert x.grad.tolist() == [1 + 10 * 5, 0, 4 + 5, 6]


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.minimum])
def test_reduceat(ufunc):
    for indices in ([0, 2], [0, 1, 1, 3], [2, 0], [3], []):
        for axis in (0, 1, -1):
            if all(i < X.shape[axis] for i in indices):
                same(lambda x, i=indices, axis=axis: ufunc.reduceat(x, np.array(i, int), axis=axis), X)
    fails_alike(lambda x: ufunc.reduceat(x, [5], axis=1), X)
    fails_alike(lambda x: ufunc.reduceat(x, [-1], axis=1), X)
    ints = Tensor(np.arange(6))
    np.testing.assert_array_equal(np.asarray(ufunc.reduceat(ints, [0, 3])), ufunc.reduceat(np.arange(6), [0, 3]))


def test_shifts_of_frequencies():
    for axes in (None, 0, -1, (0, 1), (1, 1)):
        same(lambda x, axes=axes: np.fft.fftshift(x, axes), X[:, :3])
        same(lambda x, axes=axes: np.fft.ifftshift(x, axes), X[:, :3])
    x = Tensor(X)
    np.testing.assert_array_equal(np.fft.ifftshift(np.fft.fftshift(x)).data, X)


def test_partitions():
    for kth, axis in ((1, -1), ([0, 2], 1), (5, None), (-1, 0)):
        expected = np.sort(X, axis)
        found = np.partition(Tensor(X), kth, axis)
        np.testing.assert_array_equal(np.sort(found.data, axis), expected)
        for k in np.atleast_1d(kth):
            along = -1 if axis is None else axis
            np.testing.assert_array_equal(np.take(found.data, k, along), np.take(expected, k, along))
    fails_alike(lambda x: np.partition(x, 9), X)


def test_descending_order():
    x = Tensor(V, requires_grad=True)
    (np.sort(x)[::-1] * np.arange(4.0)).sum().backward()
    np.testing.assert_array_equal(x.grad[np.argsort(-V)], np.arange(4.0))


# -- what NumPy does not have ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [True, False])
def test_topk_is_pytorchs(largest):
    torch = pytest.importorskip("torch")
    array = RNG.permutation(24).reshape(2, 3, 4) * 1.0
    for axis in (0, 1, 2, -1):
        for k in range(array.shape[axis] + 1):
            values, indices = topk(Tensor(array), k, axis, largest=largest)
            expected = torch.topk(torch.tensor(array), k, axis, largest)
            np.testing.assert_array_equal(values.data, expected.values.numpy())
            np.testing.assert_array_equal(indices, expected.indices.numpy())


def test_topk_of_equal_numbers_and_nan():
    values, indices = topk(Tensor([1.0, 3.0, 3.0, 2.0, 3.0]), 2)
    assert (values.tolist(), indices.tolist()) == ([3, 3], [1, 2])
    assert topk(Tensor([2.0, 1.0, 1.0]), 1, largest=False).indices.tolist() == [1]
    assert topk(Tensor([1.0, np.nan, 5.0]), 2).indices.tolist() == [1, 2]
    assert topk(Tensor([3, 1, 2]), 1).values.dtype == np.array(1).dtype


def test_segment_sum_is_add_at():
    segments = np.array([2, 0, 2])
    for x in (X, X[:, 0], X.astype(np.float32)):
        zeros = np.zeros((4, *x.shape[1:]), x.dtype)
        np.add.at(zeros, segments, x)
        np.testing.assert_allclose(segment_sum(Tensor(x), segments, 4).data, zeros, rtol=1e-6)
        target = Tensor(np.zeros_like(zeros))
        np.add.at(target, segments, Tensor(x))
        np.testing.assert_array_equal(target.data, zeros)
    assert segment_sum(Tensor(X), segments).shape == (3, 4)
    assert segment_sum(np.zeros((0, 2)), np.zeros(0, int)).shape == (0, 2)
    np.testing.assert_array_equal(segment_sum(X, segments, 3), segment_sum(X, segments.astype(np.uint8), 3))
    np.testing.assert_allclose(segment_sum(X, np.arange(12).reshape(3, 4) % 2), [X[:, ::2].sum(), X[:, 1::2].sum()])


def test_a_jacobian_of_what_these_functions_compute():
    found = jacobian(lambda x: np.linspace(x[0], x[1], 3))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(found, [[1, 0], [0.5, 0.5], [0, 1]])
    assert ag.vmap(lambda x: topk(x, 1).values)(X).shape == (3, 1)


def test_an_empty_list_is_a_list_of_whole_numbers():
    assert np.take(Tensor(V), []).shape == np.take(V, []).shape
    assert np.repeat(Tensor(V[:0]), []).shape == (0,)
    x = Tensor(V)
    np.put(x, [], [])
    np.testing.assert_array_equal(x.data, V)
