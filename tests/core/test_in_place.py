"""In-place changes never corrupt a gradient: they give NumPy's numbers, or an error that says what to do instead."""

import operator

import numpy as np
import pytest
from catalogue.comparing import leaves

import autograd_lite as ag
from autograd_lite import Tensor, no_grad, optim

UPDATES = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "**=": operator.ipow,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
}


@pytest.mark.parametrize("symbol", UPDATES)
@pytest.mark.parametrize("other", [2.0, [2.0, 3.0], np.array([2.0, 3.0]), Tensor([2.0, 3.0]), np.float32(2)], ids=repr)
def test_under_no_grad_an_update_keeps_the_tensor_and_its_memory(symbol, other):
    w = Tensor([1.0, 4.0], requires_grad=True)
    same, array, expected = w, w.data, np.array([1.0, 4.0])
    expected = UPDATES[symbol](expected, np.asarray(other))
    with no_grad():
        w = UPDATES[symbol](w, other)
    assert w is same
    assert w.data is array
    assert w.requires_grad
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("symbol", UPDATES)
def test_an_update_of_a_leaf_while_recording_is_an_error_with_the_way_out(symbol):
    w = Tensor([1.0, 4.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="no_grad"):
        UPDATES[symbol](w, 2.0)
    assert w.tolist() == [1, 4]


@pytest.mark.parametrize("symbol", UPDATES)
def test_an_update_of_a_result_reaches_its_other_names_and_earlier_uses_keep_their_numbers(symbol):
    x = Tensor([1.0, 4.0], requires_grad=True)
    first = second = x * 1.0
    kept = first * first
    second = UPDATES[symbol](second, 2.0)
    assert second is first
    assert first.tolist() == UPDATES[symbol](np.array([1.0, 4.0]), 2.0).tolist()
    assert kept.tolist() == [1, 16]
    (kept + second).sum().backward()
    y = Tensor([1.0, 4.0], requires_grad=True)
    function = {"+=": operator.add, "-=": operator.sub, "*=": operator.mul, "/=": operator.truediv, "**=": operator.pow,
                "//=": operator.floordiv, "%=": operator.mod}  # fmt: skip
    (y * y + function[symbol](y, 2.0)).sum().backward()
    assert x.grad.tolist() == y.grad.tolist()


def test_a_constant_updated_with_a_tensor_that_requires_gradients_becomes_a_result():
    total, x = Tensor([0.0, 0.0]), Tensor([1.0, 2.0], requires_grad=True)
    before = total
    total += x
    total += x * x
    total.sum().backward()
    assert x.grad.tolist() == [3, 5]
    assert before is total


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ([1.0, 2.0, 3.0], ValueError),
        (np.ones((2, 2)), ValueError),
        ("a", TypeError),
        (None, TypeError),
        (1j, TypeError),
    ],
)
def test_an_update_that_fails_changes_nothing(other, error):
    w = Tensor([1.0, 4.0], requires_grad=True)
    with no_grad(), pytest.raises(error):
        w += other
    assert w.tolist() == [1, 4]


def test_an_integer_tensor_does_not_take_fractions():
    n = Tensor([1, 2])
    with pytest.raises(TypeError):
        n += 0.5
    n += 1
    assert n.tolist() == [2, 3]


# -- elements set by value -------------------------------------------------------------------------------------------

INDICES = [0, -1, slice(0, 2), slice(None, None, -2), ..., [2, 0], np.array([True, False, True, False]), [3, 3, 1, 3],
           (slice(None), None), (), np.array([[1, 2], [2, 1]])]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=repr)
@pytest.mark.parametrize("scalar", [True, False])
def test_an_element_of_a_result_is_set_by_value_and_earlier_uses_keep_their_numbers_and_gradients(index, scalar):
    values = np.array([1.0, 2.0, 3.0, 4.0])
    part = values[index]
    x = Tensor(values, requires_grad=True)
    v = Tensor(5.0 if scalar else 10.0 + np.arange(part.size).reshape(part.shape), requires_grad=True)
    y = other_name = x * 2.0
    before = y * y
    y[index] = v
    assert other_name is y
    expected = 2 * values
    expected[index] = v.data
    assert y.tolist() == expected.tolist()
    assert before.tolist() == (4 * values * values).tolist()
    (before.sum() + (y * [1.0, 10.0, 100.0, 1000.0]).sum()).backward()

    # Which element holds which value is seen from the numbers: all of them differ.
    weights = np.array([1.0, 10.0, 100.0, 1000.0])
    kept = expected == 2 * values
    np.testing.assert_array_equal(x.grad, 8 * values + 2 * weights * kept)
    by_value = [weights[(expected == value) & ~kept].sum() for value in np.ravel(v.data)]
    np.testing.assert_array_equal(np.ravel(v.grad), by_value)


def test_a_constant_that_takes_an_element_that_requires_gradients_becomes_a_result():
    x, buffer = Tensor([1.0, 2.0], requires_grad=True), Tensor(np.zeros(3))
    view = buffer[1:]
    for i in range(2):
        buffer[i] = x[i] * x[i]
        buffer[2] += buffer[i]
    assert buffer.tolist() == [1, 4, 5]
    assert view.tolist() == [4, 5]
    view.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [2, 8]
    x.zero_grad()
    buffer[2].backward()
    assert x.grad.tolist() == [2, 4]


def test_the_last_of_several_values_for_one_element_gets_the_gradient_whatever_its_layout():
    index = np.array([[0, 1], [0, 1]])
    for layout in (np.ascontiguousarray, np.asfortranarray, lambda a: a[::-1].copy()[::-1]):
        value = Tensor(0.0, requires_grad=True) + layout(np.array([[1.0, 2.0], [3.0, 4.0]]))
        kept = Tensor(np.zeros((2, 2)), requires_grad=True)
        y = Tensor(np.zeros(2)) * kept.sum()
        value = value + kept
        y[layout(index)] = value
        (y * [1.0, 10.0]).sum().backward()
        remaining = {1.0: (0, 0), 2.0: (0, 1), 3.0: (1, 0), 4.0: (1, 1)}
        expected = np.zeros((2, 2))
        for weight, number in zip([1.0, 10.0], y.tolist(), strict=True):
            expected[remaining[number]] = weight
        assert kept.grad.tolist() == expected.tolist()


# -- after a value was recorded --------------------------------------------------------------------------------------


def _subtract(w):
    with no_grad():
        w -= 0.5


def _set_element(w):
    with no_grad():
        w[0] = 7.0


def _set_data(w):
    w.data = w.data * 2


def _update_data(w):
    w.data -= 1.0


def _through_a_view(w):
    view = w.detach().T
    view += 1.0


def _through_a_slice(w):
    with no_grad():
        w[0] -= 1.0


def _through_detach(w):
    detached = w.detach()
    detached *= 2.0


def _through_a_constant_over_its_memory(w):
    with no_grad():
        w.reshape(-1)[1] = 5.0


def _frozen(w):
    w.requires_grad = False
    w += 1.0
    w.requires_grad = True


CHANGES = [_subtract, _set_element, _set_data, _update_data, _through_a_view, _through_a_slice, _through_detach,
           _through_a_constant_over_its_memory, _frozen]  # fmt: skip


def weight():
    return Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


USES = pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda w: w * w, "multiply"),
        (lambda w: ag.sin(w), "sin"),
        (lambda w: w.T @ w, "matmul"),
        (lambda w: ag.log(w.reshape(-1)), "log"),
        (lambda w: ag.square(w[::-1]), "square"),
        (lambda w: ag.linear(Tensor([1.0, 2.0], requires_grad=True), w), "linear"),
        (lambda w: ag.prod(w, axis=0), "prod"),
    ],
)


@pytest.mark.parametrize("change", CHANGES)
@USES
def test_backward_through_an_overwritten_value_is_an_error_that_names_the_operation(use, name, change):
    w = weight()
    y = use(w)
    change(w)
    with pytest.raises(RuntimeError, match=f"'{name}'.*in place"):
        y.sum().backward()
    assert w.grad is None


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Adam])
@pytest.mark.parametrize("others", [0, 1])
@USES
def test_backward_after_an_optimizer_step_is_an_error_that_names_the_operation(use, name, optimizer, others):
    w = weight()
    step = optimizer([*leaves([np.ones(3)] * others), w], lr=0.1).step
    y = use(w)
    w.grad = np.ones(w.shape)
    step()
    with pytest.raises(RuntimeError, match=f"'{name}'.*in place"):
        y.sum().backward()
    assert w.grad.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Adam])
@USES
def test_an_optimizer_made_after_a_value_was_used_does_not_corrupt_its_gradient(use, name, optimizer):
    """It may move the values elsewhere before it changes them: then the gradient is that of the numbers used."""
    w, expected = weight(), weight()
    use(expected).sum().backward()
    y = use(w)
    w.grad = np.zeros(w.shape)
    made = optimizer([w], lr=0.1)
    w.grad = np.ones(w.shape)
    made.step()
    assert not np.allclose(w.data, expected.data)
    w.zero_grad()
    try:
        y.sum().backward()
    except RuntimeError as error:
        assert "in place" in str(error)  # noqa: PT017 - both answers are right
    else:
        assert w.grad.tolist() == expected.grad.tolist()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "use", [lambda w: w + 1.0, lambda w: -w, lambda w: w.sum(axis=0), lambda w: w * 3.0, lambda w: ag.exp(w),
            lambda w: ag.tanh(w), lambda w: w.mean(), lambda w: ag.concatenate([w, w]), lambda w: ag.clone(w) ** 2]
)  # fmt: skip
def test_a_change_of_what_no_rule_needs_is_fine(use, change):
    expected = weight()
    use(expected).sum().backward()
    w = weight()
    y = use(w)
    change(w)
    y.sum().backward()
    assert w.grad.tolist() == expected.grad.tolist()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_before_recording_is_fine(change):
    w = weight()
    change(w)
    (w * w).sum().backward()
    assert w.grad.tolist() == (2 * w.data).tolist()


def test_a_change_between_two_graphs_invalidates_only_the_first():
    w = weight()
    first = (w * w).sum()
    _subtract(w)
    second = (w * w).sum()
    second.backward()
    assert w.grad.tolist() == (2 * w.data).tolist()
    with pytest.raises(RuntimeError, match="in place"):
        first.backward()


def test_a_changed_constant_operand_is_noticed():
    x, constant = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    y = x * constant
    constant += 1.0
    with pytest.raises(RuntimeError, match=r"'multiply'.*'y'"):
        y.sum().backward()


def test_a_changed_result_is_noticed_by_the_rule_that_uses_it():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = ag.exp(x)
    y.data = [0.0, 0.0]
    with pytest.raises(RuntimeError, match=r"'exp'.*'out'"):
        y.sum().backward()


def test_a_changed_operand_among_many_is_noticed():
    product = ag.primitive(lambda *xs: xs[0] * xs[1], name="product", xs=lambda g, xs: [g * xs[1], g * xs[0]])
    x, constant = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    y = product(x, constant)
    constant *= 2.0
    with pytest.raises(RuntimeError, match=r"'product'.*in place"):
        y.sum().backward()


def test_two_tensors_over_the_same_values_do_not_disturb_each_other():
    """A tensor copies what it is made from, so a change of one is none of the other."""
    values = np.array([1.0, 2.0])
    x, other = Tensor(values, requires_grad=True), Tensor(values)
    y = x * x
    other += 1.0
    y.sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_the_gradient_array_can_be_changed_at_will():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.sum().backward(retain_graph=True)
    x.grad *= 0
    y.sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_clipping_and_scaling_gradients_reaches_no_value():
    x, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    z = x + y
    z.backward([1.0, 1.0])
    x.grad[:] = 0
    assert y.grad.tolist() == [1, 1]
    assert z.tolist() == [4, 6]


def test_changes_are_noticed_below_sliding_windows():
    from autograd_lite.core.writes import changed_since, log

    before, x = log.latest, Tensor(np.zeros((4, 5)))
    windows = np.lib.stride_tricks.sliding_window_view(x.data[1:].T, (2, 2))
    x += 1.0
    assert changed_since(before, windows[0])


def test_the_log_of_changes_forgets_arrays_that_are_gone():
    from autograd_lite.core.writes import log

    before = len(log.stamps)
    for _ in range(100):
        x = Tensor([1.0])
        x += 1.0
    del x
    assert len(log.stamps) <= before + 1


def test_an_operand_among_several_that_was_changed_is_an_error_with_all_shapes():
    a, b = Tensor(np.ones((2, 3)), requires_grad=True), Tensor(np.ones((3, 4)), requires_grad=True)
    total = np.einsum("ij,jk", a, b).sum()
    with no_grad():
        a *= 2
    with pytest.raises(
        RuntimeError, match=r"'einsum' needs its 'operands' of shape \[\(2, 3\), \(3, 4\)\], but it was"
    ):
        total.backward()
