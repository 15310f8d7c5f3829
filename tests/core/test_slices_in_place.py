"""Gradients of slices: added in place into one array, with the numbers of sums of whole arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite import Tensor, grad, hessian, jacobian, value_and_grad

SHAPE = (5, 4)
INDICES = (
    0, -1, slice(1, 3), slice(None, None, -2), (slice(None), 2), (..., slice(0, 4, 3)), (2, 1), None, (None, 3),
    slice(2, 2), [0, 2, 2], (slice(None), [1, 1, 3]), np.arange(20).reshape(SHAPE) % 3 == 0, ([1, 4], [0, 0]), (),
)  # fmt: skip


def terms(draw):
    """Uses of x, each by an index or of the whole array (None in place of a pair), with a weight."""
    return draw(st.lists(st.tuples(st.sampled_from([*range(len(INDICES)), -1]), st.integers(-3, 3)), max_size=9))


def by_definition(uses):
    total = np.zeros(SHAPE)
    for which, weight in uses:
        if which < 0:
            total += weight
        else:
            np.add.at(total, INDICES[which], weight)
    return total


def used(x, uses):
    parts = [weight * (x if which < 0 else x[INDICES[which]]).sum() for which, weight in uses]
    return sum(parts, start=0.0 * x.sum())


@given(st.data())
def test_any_slices_and_whole_uses_add_up(data):
    uses = terms(data.draw)
    x = Tensor(np.arange(20.0).reshape(SHAPE), requires_grad=True)
    for tensor in (x, x * 1.0):  # a leaf and a result
        x.grad = None
        used(tensor, uses).backward()
        assert np.array_equal(x.grad, by_definition(uses))


@given(st.data())
def test_second_derivatives_and_batches_of_slices(data):
    uses = terms(data.draw)
    x = np.arange(1.0, 21.0).reshape(SHAPE)
    second = grad(lambda x: (grad(lambda x: used(x**2, uses))(x)).sum())(x)
    assert np.array_equal(second, 2 * by_definition(uses))
    rows = jacobian(lambda x: used(x**2, uses) * np.array([1.0, 2.0]))(x)
    assert np.array_equal(rows, np.multiply.outer([1, 2], 2 * x * by_definition(uses)))
    assert np.array_equal(hessian(lambda x: used(x**2, uses))(x).reshape(20, 20), np.diag(second.ravel()))


@given(st.data())
def test_a_program_of_slices_gives_the_same_bits(data):
    uses = terms(data.draw)
    x = np.random.default_rng(0).normal(size=SHAPE)
    plain = value_and_grad(lambda x: used(np.tanh(x), uses))
    program = al.compile(plain)
    for point in (x, x, 2 * x):
        assert all(map(np.array_equal, program(point), plain(point)))


def test_the_seed_and_gradients_that_others_hold_stay_as_they_are():
    x = Tensor(np.zeros(3), requires_grad=True)
    y = Tensor(np.zeros(3), requires_grad=True)
    z = x * 1.0
    seed = np.ones(3)
    total = z + y  # both receive the seed itself
    total.backward(seed, retain_graph=True)
    assert np.array_equal(seed, np.ones(3))
    x.grad = y.grad = None
    (z[0] + z[1] + z[0] + (z + y).sum()).backward()
    assert np.array_equal(x.grad, [3.0, 2.0, 1.0])
    assert np.array_equal(y.grad, np.ones(3))


def test_hooks_and_retained_gradients_see_the_sum():
    x = Tensor(np.arange(3.0), requires_grad=True)
    z, seen = x * 1.0, []
    z.register_hook(lambda g: seen.append(g.copy()))
    z.retain_grad()
    (z[0] + 2 * z[1] + 3 * z[2] + z[0]).backward()
    for gradient in (*seen, z.grad, x.grad):
        assert np.array_equal(gradient, [2.0, 2.0, 3.0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(dtype):
    x = Tensor(np.ones(4, dtype), requires_grad=True)
    sum((x[t] * (t + 1) for t in range(4)), start=x[0]).backward()
    assert x.grad.dtype == dtype
    assert np.array_equal(x.grad, [2, 2, 3, 4])


def test_a_loop_over_rows_makes_no_more_arrays_of_the_size_of_all_rows_when_it_is_longer(monkeypatch):
    made = []
    zeros_like = np.zeros_like
    monkeypatch.setattr(np, "zeros_like", lambda *args, **kwargs: made.append(1) or zeros_like(*args, **kwargs))
    for rows in (10, 100):
        made.clear()
        x = Tensor(np.ones((rows, 3)), requires_grad=True)
        sum((row * 2.0).sum() for row in x).backward()
        assert len(made) == 1
        assert np.array_equal(x.grad, np.full((rows, 3), 2.0))
