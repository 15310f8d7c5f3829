"""What a tensor is: how it is made, what it tells about itself, how it is changed, and its operators and methods."""

import ast
import copy
import inspect
import pickle

import numpy as np
import pytest
from catalogue import CASES, METHODS, OPERATORS
from catalogue.comparing import leaves
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor, no_grad
from autograd_lite.ops import methods
from autograd_lite.support import signatures

# -- construction --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1, np.int64, ()),
        (1.5, np.float64, ()),
        (True, np.bool_, ()),
        ([1, 2, 3], np.int64, (3,)),
        ([1, 2.0], np.float64, (2,)),
        ((1.0, 2.0), np.float64, (2,)),
        ([], np.float64, (0,)),
        ([[1.0], [2.0]], np.float64, (2, 1)),
        ([(1, 2), (3, 4)], np.int64, (2, 2)),
        (range(4), np.int64, (4,)),
        (np.float32(1.5), np.float32, ()),
        (np.ones((2, 3), np.float16), np.float16, (2, 3)),
        (np.ones(3, np.uint8), np.uint8, (3,)),
        (np.ones(3, ">f4"), np.dtype(">f4"), (3,)),
        (np.longdouble(1), np.longdouble, ()),
        ([np.ones(2), np.zeros(2)], np.float64, (2, 2)),
        (Tensor([1.0, 2.0]), np.float64, (2,)),
        ([Tensor(1.0), Tensor(2.0)], np.float64, (2,)),
        ([[Tensor(1, dtype=np.float32)], [Tensor(2, dtype=np.float32)]], np.float32, (2, 1)),
        (memoryview(b"ab"), np.uint8, (2,)),
    ],
)
def test_a_tensor_has_the_dtype_and_shape_that_numpy_gives(data, dtype, shape):
    tensor = Tensor(data)
    assert (tensor.dtype, tensor.shape) == (np.dtype(dtype), shape)
    assert tensor.ndim == len(shape)
    assert tensor.size == int(np.prod(shape))
    assert not tensor.requires_grad
    assert tensor.is_leaf
    assert tensor.grad is None


def test_dtype_converts():
    assert Tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert Tensor([1.5], dtype=int).tolist() == [1]
    assert Tensor([1, 2], dtype=float, requires_grad=True).requires_grad


def test_construction_copies():
    array = np.ones(3)
    first = Tensor(array)
    second = Tensor(first)
    array[0] = first.data[1] = 7
    assert first.tolist() == [1, 7, 1]
    assert second.tolist() == [1, 1, 1]


def test_construction_from_a_tensor_does_not_inherit_its_graph():
    x = Tensor([1.0], requires_grad=True)
    for recorded in (x, x * 2):
        with pytest.raises(TypeError, match=r"\.detach\(\)"):
            Tensor(recorded)
        assert not Tensor(recorded.detach()).requires_grad
    assert Tensor(x * 2, requires_grad=True).is_leaf
    with no_grad():
        assert not Tensor(x * 2).requires_grad


@pytest.mark.parametrize("dtype", [None, float])
@pytest.mark.parametrize(
    "data",
    ["1.5", ["1", "2"], b"1", None, [1.0, None], 1j, [1j, 2], object(), {1: 2}, {1, 2}, np.datetime64("2020-01-01")],
)
def test_what_is_not_a_real_number_is_a_type_error_with_and_without_a_dtype(data, dtype):
    with pytest.raises(TypeError):
        Tensor(data, dtype=dtype)


@pytest.mark.parametrize("data", [[[1, 2], [3]], [[1.0], 2.0], [np.ones(2), np.ones(3)]])
def test_ragged_lists_are_a_value_error(data):
    with pytest.raises(ValueError, match="ragged"):
        Tensor(data)


# -- what it tells about itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (Tensor(1.0), "Tensor(1.)"),
        (Tensor([1, 2]), "Tensor([1, 2])"),
        (Tensor([True, False]), "Tensor([ True, False])"),
        (Tensor([[1.0, 2.0], [3.0, 4.5]]), "Tensor([[1. , 2. ],\n        [3. , 4.5]])"),
        (Tensor([]), "Tensor([], dtype=float64)"),
        (Tensor([1.5], dtype=np.float32), "Tensor([1.5], dtype=float32)"),
        (Tensor([1.0], requires_grad=True), "Tensor([1.], requires_grad=True)"),
        (Tensor([1.0], requires_grad=True) * 2, "Tensor([2.], operation=multiply)"),
        (Tensor([1.0], dtype=np.float32, requires_grad=True).sum(), "Tensor(1., dtype=float32, operation=sum)"),
    ],
)
def test_repr(tensor, text):
    assert repr(tensor) == str(tensor) == text


def test_repr_names_a_subclass_and_summarizes_large_tensors():
    class Weight(Tensor):
        pass

    assert repr(Weight([1.0])) == "Weight([1.])"
    assert len(repr(Tensor(np.zeros((1000, 1000))))) < 1000


def test_conversions_to_python_numbers():
    assert float(Tensor(1.5)) == 1.5
    assert int(Tensor(2.7)) == 2
    assert [10, 20, 30][Tensor(1)] == 20
    assert type(Tensor(1.5).item()) is float
    assert type(Tensor([2]).item()) is int
    assert bool(Tensor(1.0))
    assert not bool(Tensor([0]))
    assert f"{Tensor(1.23456):.2f}" == "1.23"
    assert f"{Tensor([1.0])}" == "Tensor([1.])"


@pytest.mark.parametrize(
    ("convert", "error"),
    [
        (lambda: float(Tensor([1.0, 2.0])), (TypeError, ValueError)),  # versions of NumPy differ
        (lambda: int(Tensor([1.0, 2.0])), (TypeError, ValueError)),
        (lambda: bool(Tensor([1.0, 2.0])), ValueError),
        (lambda: Tensor([1.0, 2.0]).item(), ValueError),
        (lambda: [10, 20][Tensor(1.0)], TypeError),
        (lambda: len(Tensor(1.0)), TypeError),
        (lambda: iter(Tensor(1.0)), TypeError),
        (lambda: f"{Tensor([1.0, 2.0]):.2f}", ValueError),
    ],
)
def test_conversions_that_lose_elements_are_errors(convert, error):
    with pytest.raises(error):
        convert()


def test_length_iteration_and_containment_are_those_of_the_array():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    assert 3.0 in x
    assert 5.0 not in x
    first, second = x
    (first * 2 + second).sum().backward()
    assert x.grad.tolist() == [[2, 2], [1, 1]]


def test_comparison_is_elementwise_and_the_hash_is_the_identity():
    x, y = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert type(x == y) is np.ndarray
    assert (x == y).tolist() == [True, False]
    assert (x != y).tolist() == [False, True]
    assert (x < [2, 2]).tolist() == [True, False]
    assert (np.array([2, 2]) >= x).tolist() == [True, True]
    assert len({x, x, y}) == 2
    assert {x: 1}[x] == 1


@pytest.mark.parametrize("other", [None, "a", object()])
def test_a_tensor_is_not_equal_to_what_is_not_a_number_as_in_numpy(other):
    assert (Tensor([1.0, 2.0]) == other).tolist() == (np.ones(2) == other).tolist() == [False, False]


def test_unknown_attributes_cannot_be_set():
    with pytest.raises(AttributeError):
        Tensor(1.0).gard = 1


def test_queries_are_plain_numpy():
    x = Tensor([[3.0, 1.0], [2.0, 5.0]], requires_grad=True)
    assert x.argmax() == 3
    assert x.argmin(axis=1).tolist() == [1, 0]
    assert x.argsort(axis=0).tolist() == [[1, 0], [0, 1]]
    assert x.any()
    assert x.all(axis=0).tolist() == [True, True]
    assert x.tolist() == [[3, 1], [2, 5]]


# -- out of the graph, copies ----------------------------------------------------------------------------------------


def test_detach_and_numpy_share_memory_and_clone_does_not():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert np.shares_memory(x.detach().data, x.data)
    assert np.shares_memory(x.numpy(), x.data)
    assert not np.shares_memory(x.clone().data, x.data)
    assert not x.detach().requires_grad
    assert x.clone().requires_grad
    (x * x.detach()).sum().backward()
    assert x.grad.tolist() == [1, 2]


def test_deepcopy_and_pickle_make_an_independent_leaf():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert other.requires_grad
        assert other.grad.tolist() == [1, 1]
        assert not np.shares_memory(other.data, x.data)
        other.sum().backward()
        assert other.grad.tolist() == [2, 2]
        assert x.grad.tolist() == [1, 1]


# -- setters -------------------------------------------------------------------------------------------------------


def test_grad_can_be_set_copied_and_converted():
    x = Tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    given_gradient = np.array([3.0, 4.0])
    x.grad = given_gradient
    given_gradient[0] = 9
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [3, 4]
    x.grad += 1
    assert x.grad.tolist() == [4, 5]
    x.sum().backward()
    assert x.grad.tolist() == [5, 6]
    x.grad = None
    assert x.grad is None


def test_only_leaves_hold_a_grad():
    x = Tensor([1.0], requires_grad=True)
    for tensor in (Tensor([1.0]), x * 2):
        assert tensor.grad is None
        with pytest.raises(RuntimeError, match="grad"):
            tensor.grad = [1.0]


def test_requires_grad_can_be_switched_and_keeps_the_gradient():
    x = Tensor([1.0], requires_grad=True)
    x.sum().backward()
    x.requires_grad = False
    assert not (x * 2).requires_grad
    assert x.grad.tolist() == [1]
    x.requires_grad = True
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3]
    x.requires_grad = False
    x.zero_grad()
    assert x.grad is None


def test_requires_grad_of_a_result_cannot_be_switched_off():
    y = Tensor([1.0], requires_grad=True) * 2
    y.requires_grad = True
    assert not y.is_leaf
    with pytest.raises(RuntimeError, match="detach"):
        y.requires_grad = False


def test_data_is_overwritten_in_place():
    x = Tensor([1.0, 2.0], requires_grad=True)
    array = x.data
    x.data = [3, 4]
    assert x.data is array
    assert array.tolist() == [3, 4]
    x.data -= 1
    assert x.data is array
    assert array.tolist() == [2, 3]


def test_elements_are_set_with_numpys_rules():
    x = Tensor(np.zeros((2, 3)))
    x[0] = 1
    x[:, 1] = Tensor([5.0, 6.0])
    x[x.data > 5] = -1
    x[Tensor(1), 2] = 9
    x[[0, 0], [0, 2]] = [7, 8]
    assert x.tolist() == [[7, 5, 8], [0, -1, 9]]


def test_a_failed_write_changes_nothing():
    x = Tensor([1, 2, 3])
    for values in ([1, 2], [0.5, 1, 1], ["a", "b", "c"], None):
        with pytest.raises((TypeError, ValueError)):
            x.data = values
        with pytest.raises((TypeError, ValueError)):
            x[:] = values
    assert x.tolist() == [1, 2, 3]


def test_a_leaf_is_set_elementwise_only_under_no_grad_and_a_result_only_outside():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="no_grad"):
        x[0] = 3
    y = x * 2
    with no_grad(), pytest.raises(TypeError, match="detach"):
        y[0] = 3
    assert y.tolist() == [2, 4]
    with no_grad():
        x[0] = 3
    assert x.tolist() == [3, 2]


# -- operators and methods -------------------------------------------------------------------------------------------

_by_name = {case.name: case for case in CASES}
_with_method = [case for case in CASES if case.exported in METHODS]


def assert_same(tensors, others, result, expected):
    """The same numbers and gradients, to the last bit."""
    cotangent = np.cos(np.arange(result.size)).reshape(result.shape)
    np.testing.assert_array_equal(result.data, expected.data)
    assert result.dtype == expected.dtype
    result.backward(cotangent)
    expected.backward(cotangent)
    for tensor, other in zip(tensors, others, strict=True):
        np.testing.assert_array_equal(tensor.grad, other.grad)


@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
def test_an_operator_is_its_operation(name, data):
    case = _by_name[name]
    arrays, static = data.draw(case.samples)
    tensors, others = leaves(arrays), leaves(arrays)
    assert_same(tensors, others, OPERATORS[name](*tensors, *static.values()), case.operation(*others, **static))


BINARY = ["add", "subtract", "multiply", "divide", "power", "matmul"]


@pytest.mark.parametrize(
    "convert", [np.asarray, Tensor, lambda array: np.asarray(array).tolist()], ids=["array", "tensor", "list"]
)
@pytest.mark.parametrize("name", BINARY)
@given(data=st.data())
def test_a_binary_operator_takes_arrays_tensors_and_lists_on_either_side(name, convert, data):
    (x, y), _ = data.draw(_by_name[name].samples.filter(lambda sample: all(map(np.size, sample.arrays))))
    left, right, both = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True), leaves((x, y))
    expected = _by_name[name].operation(*both)
    expected.sum().backward()
    for result in (OPERATORS[name](left, convert(y)), OPERATORS[name](convert(x), right)):
        assert isinstance(result, Tensor)
        np.testing.assert_array_equal(result.data, expected.data)
        result.sum().backward()
    np.testing.assert_allclose(left.grad, both[0].grad, rtol=1e-12)
    np.testing.assert_allclose(right.grad, both[1].grad, rtol=1e-12)


@pytest.mark.parametrize(
    "number", [2, 2.5, True, np.float64(2.5), np.float32(2.5), np.int64(3), np.array(2.5)], ids=repr
)
@pytest.mark.parametrize("name", BINARY[:-1])
def test_a_binary_operator_takes_numbers_on_either_side(name, number):
    operation, values = OPERATORS[name], np.array([0.5, 1.5])
    left, right = leaves([values, values])
    after, before = operation(left, number), operation(number, right)
    np.testing.assert_array_equal(after.data, operation(values, number))
    np.testing.assert_array_equal(before.data, operation(number, values))
    (after + before).sum().backward()
    step = 1e-6
    for tensor, function in ((left, lambda x: operation(x, number)), (right, lambda x: operation(number, x))):
        slope = (function(values + step) - function(values - step)) / (2 * step)
        np.testing.assert_allclose(tensor.grad, slope, rtol=1e-7)


@pytest.mark.parametrize("case", _with_method, ids=lambda case: case.name)
@given(data=st.data())
def test_a_method_is_its_operation(case, data):
    arrays, static = data.draw(case.samples)
    tensors, others = leaves(arrays), leaves(arrays)
    method = getattr(tensors[0], case.exported)
    by_position = case.exported in ("reshape", "transpose")
    order = {"order": static["order"]} if by_position and "order" in static else {}
    positional = [value for name, value in static.items() if name not in order]
    result = method(*positional, **order) if by_position else method(*tensors[1:], **static)
    assert_same(tensors, others, result, case.operation(*others, **static))


def test_methods_with_spellings_of_their_own():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == (3, 2)
    assert x.reshape(-1).shape == (6,)
    assert x.T.shape == x.transpose().shape == x.transpose(1, 0).shape == x.transpose((1, 0)).shape == (3, 2)
    assert x.astype(np.float32).dtype == np.float32
    assert x.astype(int).requires_grad is False
    assert x.copy().requires_grad


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (-0.5,), (None, 0.5), (np.array([-1.0, 0.0, 0.5]), 0.7)])
def test_clip_takes_its_bounds_by_position_and_by_the_names_of_numpy(bounds):
    x = np.array([-2.0, 0.2, 2.0])
    expected = np.clip(x, *bounds, *[None] * (2 - len(bounds)))
    assert Tensor(x).clip(*bounds).tolist() == expected.tolist()
    assert Tensor(x).clip(**dict(zip(("min", "max"), bounds, strict=False))).tolist() == expected.tolist()


def test_every_attached_operation_is_tested_as_operator_or_method():
    spelled = {getattr(function, "__name__", "").strip("_") for function in OPERATORS.values()}
    spelled |= {f"r{name}" for name in spelled} | {f"i{name}" for name in spelled} | set(METHODS)
    elsewhere = {"mT", "setitem", "compress", "diagonal", "choose", "nonzero", "searchsorted"}  # test_numpy_arrays
    elsewhere |= {"T", "astype", "copy", "clip", "tolist", "argmax", "argmin", "argsort", "any", "all"}
    elsewhere |= {"divmod", "rdivmod", "conj"}  # test_numpy_elementwise
    elsewhere |= {"dlpack", "dlpack_device"}  # test_interop
    elsewhere |= {"iter", "register_hook", "retain_grad", "requires_grad"}  # test_tensor, test_gradient_hooks
    compared = {"eq", "ne", "lt", "le", "gt", "ge"}
    assert {name.strip("_") for name in methods._METHODS} <= spelled | elsewhere | compared


# -- the declarations for type checkers ------------------------------------------------------------------------------


def _declared() -> dict[str, ast.FunctionDef]:
    """The declaration of each name; ``a = b = c`` declares a and b like c."""
    tree = ast.parse(inspect.getsource(signatures))
    declared = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            declared |= {target.id: declared[node.value.id] for target in node.targets}
    return declared


def test_what_is_declared_is_attached_and_what_is_attached_is_declared():
    assert set(_declared()) == set(methods._METHODS)


@pytest.mark.parametrize("name", sorted(_declared()))
def test_a_declaration_has_the_parameters_of_the_method(name):
    attached = inspect.getattr_static(Tensor, name)
    declaration = _declared()[name]
    if isinstance(attached, property):
        assert any(
            isinstance(decorator, ast.Name) and decorator.id == "property" for decorator in declaration.decorator_list
        )
        return
    arguments = declaration.args
    actual = list(inspect.signature(attached).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in actual):
        return  # a query passes on whatever NumPy takes
    positional = [argument.arg for argument in arguments.args[1:]]
    keyword_only = [argument.arg for argument in arguments.kwonlyargs]
    if name.startswith("__"):  # Python passes the operands of operators by position
        assert len(positional) == len(actual)
        return
    assert positional == [p.name for p in actual if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert keyword_only == [p.name for p in actual if p.kind is p.KEYWORD_ONLY]
    assert bool(arguments.vararg) == any(p.kind is p.VAR_POSITIONAL for p in actual)


def test_a_copy_shares_no_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    copy.copy(x).grad[0] = 99
    np.testing.assert_array_equal(x.grad, [1, 1])


def test_numpys_false_is_no_request_to_leave_the_graph():
    y = Tensor([1.0], requires_grad=True) * 2
    with pytest.raises(TypeError, match="would not be connected"):
        Tensor(y, requires_grad=np.False_)
