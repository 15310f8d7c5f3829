"""Tensors in NumPy's own functions: some are differentiated, queries give arrays, the rest is refused."""

import inspect
import re

import numpy as np
import pytest
from catalogue import linalg as catalogue_linalg
from catalogue import writes as catalogue_writes
from catalogue.comparing import leaves
from catalogue.numpy_functions import ADAPTED, FUNCTIONS, OLD_NAMES, REFUSED, SHARED, numpy_function, numpy_name
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite import Tensor
from autograd_lite.core.numpy_protocols import numpy_queries


def test_every_registered_function_is_tested():
    tested = {numpy_name(case) for case in [*SHARED, *catalogue_linalg.CASES]} | {old.__name__ for old in OLD_NAMES}
    tested |= REFUSED | catalogue_writes.NAMES
    assert {target.__name__ for target in FUNCTIONS} <= tested


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)
@given(data=st.data())
@settings(max_examples=settings.default.max_examples // 2)
def test_a_numpy_function_of_tensors_is_the_operation(case, data):
    arrays, static = data.draw(case.samples)
    function = ADAPTED.get(case.name, numpy_function(case))
    tensors, ours = leaves(arrays), leaves(arrays)
    result = function(*tensors, **static)
    expected = case.operation(*ours, **static)
    assert isinstance(result, Tensor)
    np.testing.assert_array_equal(result.data, expected.data)
    cotangent = np.cos(np.arange(result.size)).reshape(result.shape)
    result.backward(cotangent)
    expected.backward(cotangent)
    for tensor, other in zip(tensors, ours, strict=True):
        np.testing.assert_array_equal(tensor.grad, other.grad)


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated:DeprecationWarning")  # from NumPy 2.5 on
@pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)
@given(data=st.data())
@settings(max_examples=settings.default.max_examples // 2)
def test_a_numpy_function_gives_a_view_where_it_does_for_arrays(case, data):
    """And only there: what is written into one then shows in the other."""
    arrays, static = data.draw(case.samples)
    function = ADAPTED.get(case.name, numpy_function(case))
    tensors = [Tensor(array) for array in arrays]
    expected = function(*[tensor.data for tensor in tensors], **static)
    result = function(*tensors, **static)
    if isinstance(expected, np.ndarray) and expected.size:
        views = [np.shares_memory(expected, tensor.data) for tensor in tensors]
        assert [np.shares_memory(result.data, tensor.data) for tensor in tensors] == views
        place = getattr(result, "_place", None)
        known = [place is not None and place.memory is getattr(t, "_place", place).memory for t in tensors]
        assert [known[i] for i, is_view in enumerate(views) if is_view] == [True] * sum(views)


def _takes_out(function):
    """Whether the signature has `out`. NumPy before 2.4 has no signatures for functions in C, such as concatenate."""
    try:
        return not isinstance(function, np.ufunc) and "out" in inspect.signature(function).parameters
    except ValueError:
        return False


_WITH_OUT = [function for function in FUNCTIONS if _takes_out(function)]


@pytest.mark.parametrize("function", [*_WITH_OUT, np.any, np.all, np.argmax, np.argmin])
def test_what_takes_out_refuses_it_and_says_what_to_write(function):
    assert len(_WITH_OUT) > 25
    x, array = Tensor(np.ones((2, 2)), requires_grad=True) * 1, np.zeros((2, 2))
    parameters = list(inspect.signature(function).parameters.values())
    position = [parameter.name for parameter in parameters].index("out")
    required = [p for p in parameters[:position] if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    optional = [p.default for p in parameters[len(required) : position] if p.kind is not p.VAR_POSITIONAL]
    is_query = function in numpy_queries
    for argument, out in ((x, x), (array, x), (x, array)):
        if is_query and out is array:
            continue  # answers are no tensors, and an array may take them
        arguments = [argument] * max(len(required), 1)
        calls = [lambda: function(*arguments, out=out)]  # noqa: B023
        if parameters[position].kind is not inspect.Parameter.KEYWORD_ONLY:
            calls.append(lambda: function(*arguments, *optional, out))  # noqa: B023
        for call in calls:
            with pytest.raises(TypeError, match=r"out= when a tensor takes part; use .* or write .* x\[...\] = "):
                call()
    assert not array.any()
    assert x.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda x, a: np.copyto(a, x), "x[...] = values"),
        (lambda x, a: np.full_like(a, x[0]), "np.broadcast_to(values, shape)"),
        (lambda x, a: np.put(a, [0], x[0]), "x[index] = values"),
        (lambda x, a: np.place(a, a == 0, x), "x[mask] = values"),
        (lambda x, a: np.putmask(a, a == 0, x), "x[mask] = values"),
        (lambda x, a: np.put_along_axis(a, np.array([0]), x[0], 0), "x[index] = values"),
        (lambda x, a: np.add.at(a, [0], x[0]), "x[index] = ufunc(x[index], values)"),
        (lambda x, a: np.subtract.at(a, [0], x[0]), "x[index] = ufunc(x[index], values)"),
        (lambda x, a: np.multiply.at(a, [0], x[0]), "x[index] = ufunc(x[index], values)"),
        (lambda x, a: np.multiply.at(x, [0], 2.0), "x[index] = ufunc(x[index], values)"),
    ],
)
def test_functions_that_write_say_what_to_write_instead(call, instead):
    x, array = Tensor([1.0, 2.0], requires_grad=True) * 1, np.zeros(2)
    with pytest.raises(TypeError, match=re.escape(f"write {instead}" if "broadcast" not in instead else instead)):
        call(x, array)
    assert x.tolist() == [1, 2]
    assert not array.any()


@pytest.mark.parametrize(
    ("ufunc", "name"), [(np.add, "sum"), (np.multiply, "prod"), (np.maximum, "max"), (np.minimum, "min")]
)
@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"axis": None}, {"axis": (0, 1), "keepdims": True}])
def test_ufunc_reduce_is_the_reduction_over_the_first_axis_by_default(ufunc, name, options):
    x = Tensor([[1.0, 3.0], [4.0, 2.0]], requires_grad=True)
    result = ufunc.reduce(x, **options)
    np.testing.assert_array_equal(result.data, ufunc.reduce(x.data, **options))
    result.sum().backward()
    y = Tensor(x, requires_grad=True)
    getattr(y, name)(**{"axis": 0, **options}).sum().backward()
    np.testing.assert_array_equal(x.grad, y.grad)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.clip(x, a_min=-1, a_max=1),
        lambda x: np.clip(x, a_min=-1, a_max=None),
        lambda x: np.clip(x, min=-1, max=1),
        lambda x: np.sum(x, 0),
        lambda x: np.sum(x, axis=0, keepdims=True),
        lambda x: np.mean(x, axis=(0, 1)),
        lambda x: np.var(x, axis=0, ddof=1),
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.reshape(x, -1),
        lambda x: np.transpose(x, axes=(1, 0)),
        lambda x: np.expand_dims(x, axis=1),
        lambda x: np.concatenate([x, x], axis=1),
        lambda x: np.stack((x, x), axis=-1),
        lambda x: np.where(x > 0, x, 0),
        lambda x: np.broadcast_to(x, shape=(2, 2, 3)),
        lambda x: np.abs(x),
        lambda x: np.max(x, axis=np.int64(1)),
        lambda x: np.mean(x, axis=np.int64(1)),
        lambda x: np.std(x, axis=np.int64(1)),
        lambda x: np.prod(x, axis=np.int64(1)),
    ],
)
def test_arguments_are_passed_as_numpy_takes_them(call):
    values = np.array([[1.0, -2.0, 0.5], [-0.3, 4.0, 5.0]])
    x = Tensor(values, requires_grad=True)
    result = call(x)
    np.testing.assert_array_equal(result.data, call(values))
    result.sum().backward()
    assert x.grad.shape == x.shape


def test_an_array_on_the_left_does_not_swallow_a_tensor():
    array, x = np.array([[1.0], [2.0]]), Tensor([3.0, 4.0], requires_grad=True)
    for result in (array + x, array - x, array * x, array / x, array**x, np.ones((2, 2)) @ x, np.float64(2) * x):
        assert isinstance(result, Tensor)
        assert result.requires_grad
    assert (array + x).shape == (2, 2)


def test_pythons_sum_works():
    x = Tensor([1.0, 2.0], requires_grad=True)
    sum([x, x * x]).sum().backward()
    assert x.grad.tolist() == [3, 5]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.unwrap(x), "numpy.unwrap"),
        (lambda x: np.histogram(x, bins=2), "numpy.histogram"),
        (lambda x: np.bincount([0, 1], x[0]), "numpy.bincount"),
        (lambda x: np.fft.fft(x), "numpy.fft.fft"),
        (lambda x: np.subtract.reduceat(x, [0]), "numpy.subtract.reduceat"),
    ],
)
def test_a_function_without_a_rule_is_refused_with_its_name_and_the_way_out(call, name):
    x = Tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    with pytest.raises(TypeError) as caught:
        call(x)
    message = str(caught.value)
    assert name in message
    assert "primitive" in message
    assert ".numpy()" in message


@pytest.mark.parametrize(
    "call",
    [
        lambda x, out: np.add(x, 1, out=out),
        lambda x, out: np.exp(x, out=out),
        lambda x, out: np.add(out, out, out=x),
        lambda x, out: out.__iadd__(x),
        lambda x, out: np.matmul(out, out, out=x),
        lambda x, out: np.sum(x, axis=0, out=out[0]),
        lambda x, out: np.add.reduce(x, out=out[0]),
        lambda x, out: np.sin(x, where=out > 0),
    ],
)
def test_out_and_other_options_of_numpy_are_refused_and_write_nothing(call):
    x, out = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), np.zeros((2, 2))
    with pytest.raises(TypeError):
        call(x, out)
    assert x.tolist() == [[1, 2], [3, 4]]
    assert not out.any()


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.array,
        np.asanyarray,
        lambda x: np.array([x, x]),
        lambda x: np.sum([x, x]),
        lambda x: np.asarray(x, dtype=np.float32),
        lambda x: np.add(np.zeros(2), [x[0], x[1]]),
    ],
)
def test_a_gradient_is_never_lost_silently(convert):
    """A tensor that requires gradients does not become an array without a word."""
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"\.numpy\(\)|no derivative rule"):
        convert(x)


def test_an_element_of_an_array_does_not_take_a_tensor_silently():
    array = np.zeros(2)
    with pytest.raises((TypeError, ValueError)):
        array[:] = Tensor([1.0, 2.0], requires_grad=True)
    assert not array.any()


def test_a_tensor_without_gradient_is_an_array_for_numpy():
    x = Tensor([1.0, 2.0])
    assert type(np.asarray(x)) is np.ndarray
    assert np.asarray(x, dtype=np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(x, copy=True), x.data)
    assert np.shares_memory(np.asarray(x, copy=False), x.data)
    array = np.zeros(2)
    array[:] = x
    assert array.tolist() == [1, 2]


QUERIES = [
    np.argmax, np.argmin, np.argsort, np.isnan, np.isfinite, np.isinf, np.isneginf, np.isposinf, np.signbit,
    np.argwhere, np.nonzero, np.flatnonzero, np.count_nonzero, np.any, np.all, np.shape, np.ndim, np.size,
    np.logical_not, np.iscomplexobj, np.isrealobj, np.array2string, np.array_repr, np.array_str,
    np.result_type, np.zeros_like, np.ones_like, np.isreal, np.iscomplex, np.imag, np.angle, np.nanargmax,
    np.nanargmin, np.spacing, np.min_scalar_type, np.common_type,
]  # fmt: skip
BINARY_QUERIES = [
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isclose, np.allclose,
    np.array_equal, np.logical_and, np.logical_or, np.logical_xor, np.may_share_memory, np.shares_memory,
    np.array_equiv, np.isin,
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.__name__)
def test_a_query_answers_about_the_values_without_a_graph(query):
    values = np.array([[1.0, -2.0], [0.0, np.inf]])
    answer, expected = query(Tensor(values, requires_grad=True)), query(values)
    np.testing.assert_equal(answer, expected)
    assert type(answer) is type(expected)


@pytest.mark.parametrize("query", BINARY_QUERIES, ids=lambda query: query.__name__)
def test_a_query_takes_a_tensor_on_either_side(query):
    values, other = np.array([1.0, 0.0, 3.0]), np.array([1.0, 2.0, 0.0])
    x = Tensor(values, requires_grad=True)
    for answer, expected in [(query(x, other), query(values, other)), (query(other, x), query(other, values))]:
        np.testing.assert_equal(answer, expected)
        assert type(answer) is type(expected)


def test_every_query_is_tested():
    others = {
        np.searchsorted,
        np.can_cast,
        np.empty_like,
        np.argpartition,
        np.lexsort,
        np.digitize,
        np.ix_,
        np.einsum_path,
        np.linalg.matrix_rank,
    }
    assert numpy_queries <= {*QUERIES, *BINARY_QUERIES, *others}
    assert np.searchsorted(Tensor([1.0, 2.0], requires_grad=True), 1.5) == 1
    assert np.linalg.matrix_rank(Tensor(np.eye(2), requires_grad=True)) == 2
    assert np.empty_like(Tensor([1.0, 2.0], requires_grad=True)).shape == (2,)
