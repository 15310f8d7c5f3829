"""A step with a gradient that is not finite can be refused: the error names it, and nothing is changed."""

import copy

import numpy as np
import pytest

from autograd_lite import Tensor, compile, nn, optim

KINDS = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad]
each_kind = pytest.mark.parametrize("kind", KINDS)
SHAPES = [(2, 3), (), (40_000,), (0, 4), (3,)]  # one is large, and has storage of its own; one is empty


def make(kind, seed=0):
    """Parameters, and their optimizer of two groups after three steps, with gradients for a fourth."""
    rng = np.random.default_rng(seed)
    tensors = [Tensor(rng.normal(size=shape), requires_grad=True) for shape in SHAPES]
    optimizer = kind([{"params": tensors[:2]}, {"params": tensors[2:], "lr": 0.05}], lr=0.1)
    for _ in range(3):
        differentiate(tensors, rng)
        optimizer.step()
    differentiate(tensors, rng)
    return tensors, optimizer


def differentiate(tensors, rng):
    for tensor in tensors:
        tensor.grad = rng.normal(size=tensor.shape)


def state_of(tensors, optimizer):
    return copy.deepcopy(([(tensor.data, tensor.grad) for tensor in tensors], optimizer.state_dict()))


@each_kind
@pytest.mark.parametrize(
    ("number", "bad", "holds"),
    [(0, [np.nan], "1 nan"), (1, [np.inf], "1 inf"), (2, [-np.inf, np.nan, np.inf], "1 nan and 2 inf")],
)
def test_a_step_with_a_gradient_that_is_not_finite_is_refused_and_changes_nothing(kind, number, bad, holds):
    tensors, optimizer = make(kind)
    gradient = tensors[number].grad
    whole = gradient.copy()
    gradient.ravel()[: len(bad)] = bad
    before = state_of(tensors, optimizer)
    message = rf"{kind.__name__}\.step: the gradient of parameter {number} of shape .* holds {holds}; nothing"
    with pytest.raises(RuntimeError, match=message):
        optimizer.step(error_if_nonfinite=True)
    np.testing.assert_equal(state_of(tensors, optimizer), before)
    # The same step with the gradient mended is that of an optimizer that never saw the other.
    gradient[...] = whole
    optimizer.step(error_if_nonfinite=True)
    others, untouched = make(kind)
    untouched.step()
    np.testing.assert_equal(state_of(tensors, optimizer), state_of(others, untouched))


def test_all_of_them_are_counted_and_names_are_said():
    tensors = [Tensor([1.0], requires_grad=True, name=name) for name in ("a", "b", "c", "d", "e")]
    for tensor in tensors[1:]:
        tensor.grad = [np.nan]
    with pytest.raises(RuntimeError) as refusal:
        optim.SGD(tensors, lr=0.1).step(error_if_nonfinite=True)
    assert str(refusal.value) == (
        "SGD.step: the gradient of parameter 1 (b) of shape (1,) holds 1 nan, of parameter 2 (c) of shape (1,) holds "
        "1 nan, of parameter 3 (d) of shape (1,) holds 1 nan, and those of 1 more; nothing was updated"
    )


def test_parameters_without_gradient_and_gradients_that_are_tensors_are_looked_at_as_they_are():
    x, unused = Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([x, unused], lr=0.5)
    (x * x).sum().backward(create_graph=True)
    optimizer.step(error_if_nonfinite=True)
    np.testing.assert_array_equal(x.data, [0, 0])
    x.grad = None
    with np.errstate(divide="ignore"):
        np.sqrt(x).sum().backward(create_graph=True)
    with pytest.raises(RuntimeError, match="holds 2 inf"):
        optimizer.step(error_if_nonfinite=True)


def test_a_closure_runs_before_its_gradients_are_looked_at():
    x = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([x], lr=0.5)

    def closure():
        x.grad = [np.nan, 1.0]
        return 3.0

    with pytest.raises(RuntimeError, match="holds 1 nan"):
        optimizer.step(closure, error_if_nonfinite=True)
    np.testing.assert_array_equal(x.data, [1, 2])


def test_without_it_the_numbers_are_those_of_numpy():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.grad = [np.nan, 1.0]
    optim.SGD([x], lr=0.5).step()
    np.testing.assert_array_equal(x.data, [np.nan, 1.5])


def test_within_compile_it_is_an_error_and_never_ignored():
    layer = nn.Linear(2, 1, rng=0)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)

    @compile
    def step(x):
        optimizer.zero_grad()
        loss = layer(x).sum()
        loss.backward()
        optimizer.step(error_if_nonfinite=True)
        return loss

    x = np.ones((3, 2), np.float32)
    for _ in range(5):
        step(x)
    assert step.program is not None
    before = layer.state_dict(), optimizer.state_dict()
    for bad in (np.inf, np.nan):
        with pytest.raises(RuntimeError, match=r"SGD\.step: the gradient of parameter 0 .*nothing was updated"):
            step(x * bad)
        np.testing.assert_equal((layer.state_dict(), optimizer.state_dict()), before)
    step(x)
    assert np.isfinite(layer.weight.data).all()
