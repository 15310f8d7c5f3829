"""Shape, order, joining, choosing and products on tensors are NumPy's: values, shapes, dtypes, errors."""

import itertools
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

ARRAYS = [
    np.array(2.5), np.arange(3.0), np.arange(6.0).reshape(2, 3) - 2, np.arange(4.0).reshape(2, 2), np.zeros((0, 2)),
    np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.array([3, 1, 2]), np.array([[True, False, True]]),
    np.array([0.0, 1.0, 0.0, -2.0, 0.0]),
]  # fmt: skip

CALLS = {
    "moveaxis": [((0, -1), {}), (([0, 1], [1, 0]), {}), ((0, 5), {}), (([0, 0], [0, 1]), {})],
    "rollaxis": [((1,), {}), ((1, 2), {}), ((0, 7), {})],
    "permute_dims": [((), {}), (((1, 0),), {}), (((0, 0),), {})],
    "matrix_transpose": [((), {})],
    "atleast_1d": [((), {})], "atleast_2d": [((), {})], "atleast_3d": [((), {})],
    "flip": [((), {}), ((0,), {}), (((0, 1),), {}), ((3,), {})],
    "fliplr": [((), {})], "flipud": [((), {})],
    "rot90": [((), {}), ((2,), {}), ((-1, (1, 0)), {}), ((1, (0, 0)), {})],
    "roll": [((1,), {}), ((-2, 0), {}), (((1, 2), (0, 1)), {}), ((1, 4), {})],
    "tile": [((2,), {}), (((2, 1, 2),), {}), ((0,), {})],
    "repeat": [((2,), {}), ((2, 0), {}), (([1, 2],), {"axis": 0}), ((-1,), {})],
    "resize": [(((2, 2),), {}), ((5,), {}), (((0,),), {}), ((-1,), {})],
    "pad": [((1,), {}), (((1, 2),), {"mode": "edge"}), ((2, "reflect"), {}), ((-1,), {}),
            ((2,), {"mode": "symmetric"}), ((3, "wrap"), {}), ((1,), {"constant_values": 7})],
    "tril": [((), {}), ((1,), {})], "triu": [((-1,), {})],
    "diag": [((), {}), ((1,), {})], "diagflat": [((), {}), ((-1,), {})],
    "diagonal": [((), {}), ((1, 1, 0), {}), ((0, 0, 0), {}), ((0, 0, 9), {})],
    "vander": [((), {}), ((2,), {"increasing": True}), ((-1,), {})],
    "trim_zeros": [((), {}), (("f",), {}), (("x",), {})],
    "reshape": [((-1,), {}), (((2, -1),), {"order": "F"}), (((7, 3),), {}), (((-1,),), {"order": "K"})],
    "ravel": [((), {}), (("F",), {})],
    "split": [((1,), {}), ((2,), {"axis": -1}), (([1],), {}), ((0,), {}), ((2, 5), {})],
    "array_split": [((2,), {}), (([1, 5], -1), {}), ((0,), {})],
    "hsplit": [((1,), {}), (([1, 2],), {})], "vsplit": [((2,), {})], "dsplit": [((2,), {})],
    "take": [((0,), {}), (([[0, 1]], 0), {}), ((9,), {}), ((9,), {"mode": "wrap"}), ((-9,), {"mode": "clip"}),
             (([True, False],), {}), ((0,), {"axis": 7}), ((0,), {"mode": "other"})],
    "take_along_axis": [((np.array([0]), 0), {}), ((np.array([[0]]), -1), {}), ((np.array([0.5]), 0), {}),
                        ((np.array([5]), None), {})],
    "sort": [((), {}), ((None,), {}), ((0,), {"kind": "stable"}), ((8,), {}), ((), {"kind": "slow"})],
    "unique": [((), {}), ((), {"return_counts": True}), ((), {"return_index": True, "axis": 0}), ((False, True), {})],
    "append": [((1.5,), {}), (([[1.0, 2.0, 3.0]], 0), {}), (([1.0], 0), {})],
    "insert": [((1, 5.0), {}), (([0, 1], 5.0), {"axis": 0}), ((1, [9.0, 8.0], -1), {}), ((99, 1.0), {}),
               ((0, 0.5, 9), {})],
    "delete": [((0,), {}), (([0, -1], -1), {}), ((slice(None, None, 2), 0), {}), ((99,), {}), ((0, 7), {})],
    "hstack": [((), {})], "vstack": [((), {})], "dstack": [((), {})], "column_stack": [((), {})],
    "unstack": [((), {}), ((), {"axis": -1}), ((), {"axis": 5})],
    "copy": [((), {})],
    "nonzero": [((), {})],
}  # fmt: skip
BINARY = ["inner", "outer", "vdot", "vecdot", "kron", "convolve", "correlate", "tensordot", "cross", "append",
          "linalg.outer", "linalg.cross", "linalg.vecdot", "linalg.matmul", "linalg.tensordot"]  # fmt: skip


def outcome(call):
    """The results as a list of arrays, or the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            result = call()
        except Exception as error:
            return error
    results = result if isinstance(result, tuple | list) else [result]
    return [part.data if isinstance(part, Tensor) else np.asarray(part) for part in results]


def assert_like_numpy(found, expected, exact=True):
    if isinstance(expected, Exception):
        assert isinstance(found, Exception), f"NumPy: {expected!r}"
        assert isinstance(found, (type(expected), *type(expected).__bases__[:1], ValueError, TypeError)), found
        return
    assert not isinstance(found, Exception), found
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=0 if exact else 1e-6, atol=0 if exact else 1e-6)


def function_of(name):
    if not hasattr(np, name.partition(".")[0]):
        pytest.skip("this NumPy does not have it")
    module, _, last = name.rpartition(".")
    return getattr(np.linalg if module else np, last)


@pytest.mark.parametrize("name", CALLS)
def test_one_array(name):
    function = function_of(name)
    for array, (args, options) in itertools.product(ARRAYS, CALLS[name]):
        expected = outcome(lambda: function(array, *args, **options))  # noqa: B023
        assert_like_numpy(outcome(lambda: function(Tensor(array), *args, **options)), expected)  # noqa: B023


@pytest.mark.parametrize("name", ["repeat", "take"])
def test_a_number_of_times_or_a_place_with_a_fraction_is_refused_where_numpy_cuts_it_off(name):
    with pytest.raises(TypeError, match=f"{name}: .* must be an integer or several, not 1.5"):
        function_of(name)(Tensor([1.0, 2.0]), 1.5)


@pytest.mark.parametrize("name", BINARY)
def test_two_arrays(name):
    function = function_of(name)
    for x, y in itertools.product(ARRAYS, repeat=2):
        expected = outcome(lambda: function(x, y))  # noqa: B023
        if x.dtype == y.dtype == bool and name in (
            "vdot",
            "inner",
            "tensordot",
            "linalg.tensordot",
            "correlate",
            "convolve",
        ):
            continue
        for left, right in ((Tensor(x), y), (x, Tensor(y)), (Tensor(x), Tensor(y))):
            assert_like_numpy(outcome(lambda: function(left, right)), expected, exact=False)  # noqa: B023


@pytest.mark.parametrize(
    "name", ["hstack", "vstack", "dstack", "column_stack", "block", "broadcast_arrays", "meshgrid"]
)
def test_several_arrays(name):
    function = function_of(name)
    spread = name in ("broadcast_arrays", "meshgrid")
    for arrays in itertools.product(ARRAYS, repeat=2):
        tensors = [Tensor(array) for array in arrays]
        expected = outcome(lambda: function(*arrays) if spread else function(list(arrays)))  # noqa: B023
        assert_like_numpy(outcome(lambda: function(*tensors) if spread else function(tensors)), expected)  # noqa: B023


@pytest.mark.parametrize(("x", "y"), list(itertools.product([2, 3], repeat=2)))
@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
def test_the_vector_product_in_the_plane(x, y):
    left, right = Tensor(np.arange(1.0, x + 1), requires_grad=True), Tensor(np.arange(4.0, y + 4), requires_grad=True)
    expected = outcome(lambda: np.cross(left.data, right.data))
    if isinstance(expected, ValueError):  # since NumPy 2.5
        with pytest.raises(ValueError, match="3-dimensional"):
            np.cross(left, right)
        return
    result = np.cross(left, right)
    assert_like_numpy([result.data], expected)
    result.sum().backward()
    for tensor, change in ((left, lambda e: np.cross(left.data + e, right.data)),
                           (right, lambda e: np.cross(left.data, right.data + e))):  # fmt: skip
        slopes = [(change(e).sum() - change(-e).sum()) / 2 for e in np.eye(tensor.size)]
        np.testing.assert_allclose(tensor.grad, slopes)


def test_blocks_are_laid_out_and_refused_like_numpys():
    x, y = Tensor(np.ones((2, 2)), requires_grad=True), np.zeros((2, 1))
    result = np.block([[x, y], [np.full((1, 3), 5.0)]])
    assert result.tolist() == [[1, 1, 0], [1, 1, 0], [5, 5, 5]]
    (result * np.arange(9).reshape(3, 3)).sum().backward()
    assert x.grad.tolist() == [[0, 1], [3, 4]]
    for wrong, error in (
        ([[x], y], ValueError),
        ([], ValueError),
        ([(x,), x], TypeError),
        ([[x, np.ones((3, 1))]], ValueError),
    ):
        with pytest.raises(error):
            ag.block(wrong)


def test_queries_and_indices_made_of_tensors():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    rows, columns = Tensor([1, 0]), Tensor([0, 2])
    assert x[np.ix_(rows, columns)].tolist() == [[3, 5], [0, 2]]
    assert [part.tolist() for part in np.where(x > 3)] == [part.tolist() for part in np.where(x.data > 3)]
    assert [part.tolist() for part in np.where(Tensor([1.0, 0.0, 2.0], requires_grad=True))] == [[0, 2]]
    assert [part.tolist() for part in x.nonzero()] == [part.tolist() for part in x.data.nonzero()]
    assert Tensor([1.0, 3.0]).searchsorted([2.0]).tolist() == [1]
    assert np.einsum_path("ij,jk", x, np.ones((3, 2)))[0][0] == "einsum_path"
    assert Tensor([1, 0]).choose([Tensor([1.0, 2.0]), 5.0]).tolist() == [5, 2]
    assert x.compress([True, False], axis=0).tolist() == [[0, 1, 2]]
    assert x.mT.shape == (3, 2)
    assert x.diagonal(1).tolist() == [1, 5]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.ravel("A"), lambda x: x.reshape(4, order="A"), lambda x: np.ravel(x, order="K"),
        lambda x: np.pad(x, 1, "linear_ramp"), lambda x: np.pad(x, 1, "mean"),
        lambda x: np.pad(x, 1, "reflect", reflect_type="odd"), lambda x: np.pad(x, 1, constant_values=x),
        lambda x: np.roll(x, 1.5), lambda x: np.rot90(x, 0.5), lambda x: np.partition(x, 1.5),
        lambda x: np.put_along_axis(np.zeros((2, 2)), np.zeros((2, 1), int), x[0, 0], 1), lambda x: np.unwrap(x),
        lambda x: np.interp(0.5, x[0], [1.0, 2.0]), lambda x: np.interp(x, [0, 1], [1, 2], period=3),
        lambda x: np.take(x, 0, out=np.zeros(2)), lambda x: np.take(x, x), lambda x: np.sort(x, order="f"),
        lambda x: np.einsum("ij->ji", x, dtype=float), lambda x: np.einsum("ij->ji", x, out=np.zeros((2, 2))),
        lambda x: np.einsum("ij->ji", x, casting="safe"),
        lambda x: np.concatenate([x, x], dtype=np.float32, casting="safe"),
        lambda x: np.full_like(np.zeros(2), x[0]), lambda x: np.vecdot(x, x, keepdims=True),
        lambda x: ag.setitem(np.array([1, 2]), 0, x[0, 0]),
    ],
)  # fmt: skip
def test_what_has_no_derivative_is_a_type_error(call):
    x = Tensor([[0.0, 1.0], [2.0, 3.0]], requires_grad=True)
    with pytest.raises(TypeError):
        call(x)
    assert x.tolist() == [[0, 1], [2, 3]]


def test_the_interpolation_of_nan_has_gradient_nan():
    x = Tensor([np.nan, 0.5], requires_grad=True)
    np.interp(x, [0.0, 1.0], [1.0, 3.0]).sum().backward()
    np.testing.assert_array_equal(x.grad, [np.nan, 2])
