"""The promises of the engine: accumulation, release, depth, memory, switches; each is one test."""

import gc
import sys
import weakref

import numpy as np
import pytest
from catalogue.comparing import assert_close, leaves, numerical_gradients
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor, no_grad, primitive
from autograd_lite.testing.comparing.numerical import numerical_gradient

# -- accumulation ----------------------------------------------------------------------------------------------------


def test_a_tensor_used_twice_receives_the_sum_of_both_contributions():
    x = Tensor([2.0, 3.0], requires_grad=True)
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [5, 7]


def test_a_diamond_counts_every_path_once():
    x = Tensor(2.0, requires_grad=True)
    y = x * 3
    (y * y + ag.exp(y) * y).backward()
    e = np.exp(6.0)
    assert x.grad == pytest.approx(3 * (12 + e * 6 + e))


def test_paths_of_different_length_are_all_waited_for():
    x = Tensor(1.0, requires_grad=True)
    y = x * 2
    z = y
    for _ in range(10):
        z = z * 1.5
    (z + y).backward()
    assert x.grad == pytest.approx(2 * (1.5**10 + 1))


def test_doubling_a_hundred_times_visits_each_node_once():
    """There are 2¹⁰⁰ paths."""
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100):
        y = y + y
    y.backward()
    assert x.grad == 2.0**100


def test_gradients_accumulate_over_backward_calls_until_zero_grad():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for expected in ([2, 4], [4, 8]):
        (x * x).sum().backward()
        assert x.grad.tolist() == expected
    x.zero_grad()
    assert x.grad is None
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_accumulation_leaves_the_earlier_gradient_array_alone():
    x = Tensor([1.0], requires_grad=True)
    (x * 2).sum().backward()
    earlier = x.grad
    (x * 2).sum().backward()
    assert earlier.tolist() == [2]
    assert x.grad.tolist() == [4]


def test_a_leaf_can_be_the_root():
    x = Tensor([1.0, 2.0], requires_grad=True)
    cotangent = np.array([3.0, 4.0])
    x.backward(cotangent)
    x.backward(cotangent)
    assert x.grad.tolist() == [6, 8]
    assert cotangent.tolist() == [3, 4]
    assert not np.shares_memory(x.grad, cotangent)


def test_only_leaves_collect_a_gradient():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2
    (y * y).sum().backward()
    assert y.grad is None
    assert x.grad is not None


def test_leaves_that_the_result_does_not_depend_on_keep_none():
    x, y = leaves([1.0, 2.0])
    (x * 2).backward()
    assert y.grad is None


# -- the gradient that backward starts with --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_needs_no_gradient(shape):
    x = Tensor(np.full(shape, 3.0), requires_grad=True)
    (x * x).backward()
    assert x.grad.shape == shape
    assert x.grad.sum() == 6


@pytest.mark.parametrize("gradient", [[1, 10], (1.0, 10.0), np.array([1, 10], np.float32), Tensor([1.0, 10.0])])
def test_a_gradient_is_given_as_anything_of_the_right_shape(gradient):
    x = Tensor([1.0, 2.0], requires_grad=True)
    (3 * x).backward(gradient)
    assert x.grad.tolist() == [3, 30]
    assert x.grad.dtype == np.float64


def test_an_empty_tensor_has_an_empty_gradient():
    x = Tensor(np.ones((0, 3)), requires_grad=True)
    x.sum().backward()
    assert x.grad.shape == (0, 3)


# -- release ---------------------------------------------------------------------------------------------------------


def test_a_graph_is_released_by_backward_unless_it_is_retained():
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad == 12
    with pytest.raises(RuntimeError, match=r"'multiply'.*retain_graph=True"):
        y.backward()
    assert x.grad == 12


def test_a_result_that_shares_a_released_part_is_refused_and_changes_nothing():
    x, w = leaves([3.0, 5.0])
    shared = ag.exp(x)
    (shared * 2).backward()
    before = x.grad.copy()
    with pytest.raises(RuntimeError, match="released"):
        (shared * w).backward()
    assert x.grad == before
    assert w.grad is None


# -- depth -----------------------------------------------------------------------------------------------------------

DEPTH = 150_000


@pytest.mark.parametrize("end", ["backward", "dropped", "backward with retain_graph, then dropped"])
def test_a_graph_of_any_depth_needs_no_recursion(end):
    limit = sys.getrecursionlimit()
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(DEPTH):
        y = y + 1.0
    if end.startswith("backward"):
        y.backward(retain_graph="retain" in end)
        assert x.grad == 1
    del y
    assert sys.getrecursionlimit() == limit


def test_a_deep_graph_of_operations_with_two_operands_is_dropped_too():
    x = Tensor(1.0, requires_grad=True)
    y = z = x
    for _ in range(DEPTH // 2):
        y, z = y * z, z - y
    del y, z


# -- memory ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("used", ["not", "once", "retained"])
def test_memory_goes_with_the_last_name_without_the_garbage_collector(used):
    x = Tensor(np.ones(3), requires_grad=True)
    y = ag.exp(x) * x + ag.softmax(x)
    loss = (y / (y * y).sum()).sum() + ag.cross_entropy(y, 1)
    alive = [weakref.ref(thing) for thing in (x, y, loss, x.data, y.data)]
    if used != "not":
        loss.backward(retain_graph=used == "retained")
        alive.append(weakref.ref(x.grad))
    del x, y, loss
    assert [reference() for reference in alive] == [None] * len(alive)


@pytest.mark.usefixtures("no_collector")
def test_a_failed_backward_keeps_nothing_alive():
    x = Tensor(np.ones(3), requires_grad=True)
    y = x * x
    array = weakref.ref(y.data)
    with pytest.raises(RuntimeError):
        y.backward()
    del y
    assert array() is None


@pytest.mark.exhaustive
@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    ("operation", "keeps_input", "keeps_output"),
    [
        (lambda t: t + 1.0, False, False),
        (lambda t: -t, False, False),
        (lambda t: t.sum(axis=0), False, False),
        (lambda t: t.T * 1.0, False, False),
        (lambda t: ag.concatenate([t, t]), False, False),
        (lambda t: ag.where(np.array([True, False]), t, 0.0), False, False),
        (ag.exp, False, True),
        (ag.tanh, False, True),
        (ag.sigmoid, False, True),
        (ag.relu, False, True),
        (ag.softmax, False, True),
        (ag.sin, True, False),
        (ag.log, True, False),
        (lambda t: t * t, True, False),
        (lambda t: t * 2.0, False, False),
        (lambda t: ag.cross_entropy(t, 0, reduction="none"), True, False),  # the formula of its residual names it
    ],
)
def test_what_no_rule_names_is_not_kept_alive(operation, keeps_input, keeps_output):
    x = Tensor([1.0, 2.0], requires_grad=True)
    middle = x * 1.0
    result = operation(middle)
    end = result + 0.0
    given_array, made_array = weakref.ref(middle.data), weakref.ref(result.data)
    del middle, result
    assert (given_array() is not None) == keeps_input
    assert (made_array() is not None) == keeps_output
    end.backward(np.ones(end.shape))
    assert (given_array(), made_array()) == (None, None)


@pytest.mark.usefixtures("no_collector")
def test_a_constant_operand_is_kept_only_where_it_is_needed():
    x, constant = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    total, product = x + constant, x * Tensor([5.0, 6.0])
    array = weakref.ref(constant.data)
    del constant
    assert array() is None
    (total + product).sum().backward()
    assert x.grad.tolist() == [6, 7]


@pytest.mark.usefixtures("no_collector")
def test_saved_values_are_dropped_during_the_sweep():
    """When the first rule of a chain runs, what the later ones had saved is gone: the peak is not the whole graph."""
    seen = []
    probe = primitive(lambda x: x + 0.0, name="probe", x=lambda g: (seen.append(later() is None), g)[1])
    x = Tensor(np.ones(4), requires_grad=True)
    y = probe(x)
    z = ag.exp(y)
    later = weakref.ref(z.data)
    end = ag.sin(ag.negative(z)).sum()
    del z
    assert later() is not None
    end.backward()
    assert seen == [True]


# -- failure -----------------------------------------------------------------------------------------------------------


def test_a_failed_backward_leaves_every_gradient_as_it_was():
    def refuse(g):
        raise ZeroDivisionError("on purpose")

    broken = primitive(lambda x: x * 1.0, name="broken", x=refuse)
    first, second = leaves([1.0, 2.0])
    (first * second).backward()
    before = first.grad, second.grad
    with pytest.raises(ZeroDivisionError, match="on purpose") as caught:
        (second * 2 + broken(first) * second).backward()
    assert any("broken" in note for note in caught.value.__notes__)
    assert first.grad is before[0]
    assert second.grad is before[1]


# -- dtypes ------------------------------------------------------------------------------------------------------------

DTYPES = [np.float16, np.float32, np.float64, np.longdouble, np.int32, np.int64, np.uint8, np.bool_]
OPERANDS = [2, 2.5, True, np.float32(2.5), np.float64(2.5), np.array(2.5), np.array([2.5], np.float32), np.int64(2)]


@pytest.mark.parametrize("function", [np.add, np.multiply, np.divide, np.power, np.maximum], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
def test_numpys_rules_decide_dtypes(function, dtype):
    values = np.ones(2, dtype)
    for other in OPERANDS + [np.ones(2, d) for d in DTYPES]:
        assert function(Tensor(values), other).dtype == function(values, other).dtype
        assert function(other, Tensor(values)).dtype == function(other, values).dtype
        assert function(Tensor(values), Tensor(other)).dtype == function(values, np.asarray(other)).dtype


@pytest.mark.parametrize("left", DTYPES[:4], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("right", DTYPES, ids=lambda dtype: dtype.__name__)
def test_each_operand_receives_a_gradient_of_its_own_dtype(left, right):
    x, y = Tensor([1, 2], dtype=left, requires_grad=True), Tensor([3, 0], dtype=right)
    if y.dtype.kind == "f":
        y.requires_grad = True
    (x * y).sum().backward()
    assert x.grad.dtype == left
    assert x.grad.tolist() == y.tolist()
    assert y.grad is None or y.grad.dtype == right


@pytest.mark.parametrize("operation", [lambda x: x > 0, lambda x: x.astype(int), lambda x: x.argmax()])
def test_no_gradient_flows_through_integers_and_booleans(operation):
    assert not getattr(operation(Tensor([1.0, 2.0], requires_grad=True)), "requires_grad", False)


# -- everything together -----------------------------------------------------------------------------------------------

UNARY = [
    ag.tanh, ag.sin, ag.sigmoid, ag.softplus, ag.erf, ag.square,
    lambda x: ag.softmax(x, axis=-1),
    lambda x: ag.transpose(ag.transpose(x)),
    lambda x: x[..., ::-1],
    lambda x: x - ag.mean(x, axis=0, keepdims=True),
    lambda x: ag.exp(0.1 * x),
]  # fmt: skip
BINARY = [
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: x / (2 + y * y),
    lambda x, y: ag.matmul(x, ag.swapaxes(y, -1, -2)) @ y / 10,
    lambda x, y: ag.concatenate([x, y])[1:3] + x,
]

steps = st.lists(st.tuples(st.integers(0, 16), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=30)


def compose(program, inputs):
    """Each step applies an operation to results of earlier steps, so that subexpressions are shared at random."""
    values = list(inputs)
    for choice, i, j in program:
        left, right = values[i % len(values)], values[j % len(values)]
        operation = [*UNARY, *BINARY][choice]
        value = operation(left) if operation in UNARY else operation(left, right)
        values.append(value / (1 + 0.1 * ag.square(value)))  # keeps the numbers small
    return sum((value * weight).sum() for weight, value in enumerate(values[::-1], start=1))


@given(program=steps, seed=st.integers(0, 1000))
@settings(max_examples=2 * settings.default.max_examples)
def test_the_gradient_of_any_composition_agrees_with_numerical_derivatives(program, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=(2, 3)), rng.normal(size=(2, 3))]
    tensors = leaves(arrays)
    compose(program, tensors).backward()
    numerical = numerical_gradients(lambda *inputs: compose(program, inputs), arrays)
    for tensor, expected in zip(tensors, numerical, strict=True):
        assert_close(tensor.grad, expected, 1e-7)
    tangents = [rng.normal(size=(2, 3)), rng.normal(size=(2, 3))]
    _, forward = ag.jvp(lambda *inputs: compose(program, inputs), arrays, tangents)
    products = [np.vdot(tensor.grad, v) for tensor, v in zip(tensors, tangents, strict=True)]
    assert_close(forward, sum(products), 1e-11 * (1 + np.abs(products).sum()))


@given(program=steps, seed=st.integers(0, 1000))
def test_the_hessian_of_any_composition_is_symmetric_and_agrees_with_numerical_derivatives(program, seed):
    rng = np.random.default_rng(seed)
    arrays, u, v = ([rng.normal(size=(2, 3)) for _ in range(2)] for _ in range(3))

    def function(*inputs):
        return compose(program, inputs)

    product = ag.hvp(function, arrays, v)
    symmetric = ag.hvp(function, arrays, u)
    left = sum(np.vdot(a, b) for a, b in zip(u, product, strict=True))
    right = sum(np.vdot(a, b) for a, b in zip(v, symmetric, strict=True))
    assert_close(left, right, 1e-10 * (1 + abs(left)))

    def slope(t):
        gradient = ag.grad(function, (0, 1))(*(x + t * d for x, d in zip(arrays, v, strict=True)))
        return sum(np.vdot(a, g) for a, g in zip(u, gradient, strict=True))

    assert_close(left, numerical_gradient(slope, 0.0).gradient, 1e-6)


@given(program=steps)
def test_the_order_of_the_sum_over_uses_does_not_matter(program):
    """A second sweep over a retained graph gives the same gradients to the last bit."""
    tensors = leaves([np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(1, 2, 6).reshape(2, 3)])
    result = compose(program, tensors)
    result.backward(retain_graph=True)
    once = [tensor.grad for tensor in tensors]
    result.backward()
    for tensor, gradient in zip(tensors, once, strict=True):
        np.testing.assert_array_equal(tensor.grad, 2 * gradient)


def test_nothing_is_recorded_for_tensors_that_require_no_gradient():
    x, y = Tensor([1.0]), Tensor([2.0], requires_grad=True)
    assert not (x * x).requires_grad
    assert (x * y).requires_grad
    with no_grad():
        assert not (x * y).requires_grad
