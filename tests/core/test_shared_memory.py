"""Tensors that share memory: what an in-place write into one does to the others, and where it is an error."""

import copy
import gc
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, grad, jacobian, no_grad, value_and_grad, vjp
from autograd_lite.support.conversion import strip

X = np.array([1.0, 2.0, 3.0])


def leaf(values=X):
    return Tensor(values, requires_grad=True)


# -- algorithms that work in place -------------------------------------------------------------------------------------


def _matrix(x):
    return np.outer(x, x) + 4.0 * np.eye(len(x))


def gauss(x):
    a, b = _matrix(x), x * 1.0
    n = len(x)
    for k in range(n):
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            row = a[i]
            row -= factor * a[k]
            b[i] -= factor * b[k]
    for k in range(n)[::-1]:
        b[k] = (b[k] - a[k, k + 1 :] @ b[k + 1 :]) / a[k, k]
    return (b * b).sum()


def lu(x):
    a = _matrix(x)
    for k in range(len(x) - 1):
        a[k + 1 :, k] /= a[k, k]
        rest = a[k + 1 :, k + 1 :]
        rest -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return (np.log(np.diagonal(a)) * np.diagonal(a)).sum()


def cholesky(x):
    a = _matrix(x)
    for k in range(len(x)):
        a[k, k] = np.sqrt(a[k, k])
        a[k + 1 :, k] /= a[k, k]
        for j in range(k + 1, len(x)):
            a[j:, j] -= a[j:, k] * a[j, k]
    return np.tril(a).sum()


def running_sums(x):
    a = np.outer(x, x)
    for i in range(1, len(x)):
        a[i] += a[i - 1]
    return (a * a).sum()


def sweeps(x):
    u = np.outer(x, np.ones(4))
    inner = u[1:-1, 1:-1]
    for _ in range(3):
        inner += 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] - 2 * inner)
        u[:, 0] = u[:, 1]
    return (u**2).sum()


def overlapping(x):
    a = x * 1.0
    a[1:] = a[:-1]
    a[::-1] += a
    b = np.outer(a, x)
    b += b.T
    b[:, 1:] *= b[:, :-1]
    return (b * np.arange(9.0).reshape(3, 3)).sum()


def repeated_indices(x):
    a = x * 1.0
    a[[0, 0, 2]] += x
    a[a > 3.5] *= 2.0
    return (a * a).sum()


def helpers(x):
    def scale(v, factor):
        v *= factor

    def normalize(rows):
        for row in rows:
            row /= row.sum()

    a = np.outer(x, x + 1.0)
    scale(a[:2], x[1])
    scale(a.T[0].reshape(3, 1), 3.0)
    normalize(a)
    return (a**2).sum()


def product_in_place(x):
    a = np.outer(x, x)
    b = a
    b @= np.eye(3) + a
    return a.sum()


def _views_of_what_has_gaps(view):
    """After a write; where NumPy copies (`reshape` and `ravel` of what is not side by side), nothing is shared."""

    def f(x):
        v = view(x)
        v[...] = v * x[1] + np.ones(v.shape)
        v += np.arange(float(v.size)).reshape(v.shape)
        total = v.sum()
        for change in (lambda a: a.reshape(-1), np.ravel, lambda a: a.reshape(-1, order="F"), lambda a: a.T.ravel()):
            part = change(v)
            part *= x[0] + 1.0
            total = total + (v * np.arange(1.0, v.size + 1).reshape(v.shape)).sum() + part[0]
        return total

    return f


_GAPS = {
    "whole": lambda x: np.outer(x, x[:2]),
    "columns": lambda x: np.outer(x, np.ones(4))[:, :2],
    "steps": lambda x: (x * 1.0)[::2],
    "even": lambda x: np.outer(x, np.ones(4))[:, ::2],
    "turned": lambda x: np.outer(x, x[:2]).T,
    "reversed": lambda x: np.outer(x, x)[::-1],
    "all reversed": lambda x: np.outer(x, x)[::-1, ::-1],
    "expanded": lambda x: np.outer(x, x)[:, None, :2],
    "inner axis first": lambda x: np.outer(x, np.ones(4)).reshape(3, 2, 2).transpose(1, 0, 2),
}


@pytest.mark.parametrize("name", _GAPS)
@pytest.mark.parametrize("whole_lives", [True, False])
def test_after_a_write_the_same_things_are_views_as_in_numpy(name, whole_lives):
    kept = []

    def view(x):
        v = _GAPS[name](x)
        if whole_lives:
            kept.append(v[...])
        return v

    f = _views_of_what_has_gaps(view)
    expected = f(X.copy())
    value, gradient = value_and_grad(f)(X.copy())
    assert value == expected
    step = 1e-6
    slopes = [(f(X + d) - f(X - d)) / (2 * step) for d in step * np.eye(3)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5)


def test_a_part_that_is_written_back_is_recorded_once():
    y = leaf() * 1.0
    view = y[:2]
    view += 1.0  # now the arrays are apart
    y[:2] += 1.0
    assert y._node.operation.name == "setitem"
    assert y._node.parents[0].operation.name == "setitem"
    assert y._node.parents[0].parents[0].operation.name == "multiply"
    before = y._node
    y[:2] = y.detach()[:2]  # these numbers, but without their gradient
    assert y._node is not before
    x = leaf()
    z = x * 2.0
    z += 1.0
    other = z[1:]
    other += 1.0
    z[:2] = z.detach()[:2]
    (z.sum() + other.sum()).backward()
    assert x.grad.tolist() == [0, 0, 4]


ALGORITHMS = [gauss, lu, cholesky, running_sums, sweeps, overlapping, repeated_indices, helpers, product_in_place]


@pytest.mark.parametrize("f", ALGORITHMS)
def test_an_algorithm_in_place_gives_the_numbers_of_numpy_and_their_derivatives(f):
    value, gradient = value_and_grad(f)(X.copy())
    assert value == f(X.copy())
    step = 1e-6
    slopes = [(f(X + d) - f(X - d)) / (2 * step) for d in step * np.eye(3)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6)
    step = 1e-5
    second = [(grad(f)(X + d) - grad(f)(X - d)) / (2 * step) for d in step * np.eye(3)]
    np.testing.assert_allclose(jacobian(grad(f))(X.copy()), second, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("f", ALGORITHMS)
def test_an_algorithm_in_place_is_the_same_for_a_leaf_and_backward(f):
    x = leaf()
    f(x).backward()
    np.testing.assert_array_equal(x.grad, grad(f)(X.copy()))


def test_a_plain_tensor_is_filled_row_by_row():
    x, table = leaf(), Tensor(np.zeros((3, 2)))
    for row, number in zip(table, x, strict=True):
        row[...] = np.stack([number, number * number])
    assert table.tolist() == [[1, 1], [2, 4], [3, 9]]
    table.sum().backward()
    assert x.grad.tolist() == [3, 5, 7]


# -- dtype and shape ---------------------------------------------------------------------------------------------------


def test_the_dtype_of_what_is_written_stays():
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    y = x * np.float32(1)
    array = np.ones(2, np.float32)
    step = np.array([0.1, 1e-9])
    y += step
    array += step
    np.testing.assert_array_equal(y.data, array, strict=True)
    y.sum().backward()
    assert x.grad.dtype == np.float32
    count = Tensor([1, 2])
    with pytest.raises(TypeError, match="dtype"):
        count += leaf([1.0, 2.0])
    with pytest.raises(TypeError, match="dtype"):
        count /= 2
    assert count.tolist() == [1, 2]


def test_a_value_that_does_not_fit_is_an_error_and_changes_nothing():
    y = leaf() * 1.0
    view, node = y[:2], y._node
    for value in (np.ones((2, 3)), np.ones(4)):
        with pytest.raises(ValueError, match="shape"):
            y += value
        with pytest.raises(ValueError, match="shape"):
            y[...] = np.ones((2, 3))
    with pytest.raises(TypeError):
        y += "a"
    assert y._node is node
    assert view.tolist() == [1, 2]


def test_what_numpy_gives_as_a_number_is_no_memory():
    """`s += 1` gives the name `s` another number, and leaves other names alone, as for NumPy's scalars."""

    def f(x):
        first = second = (x * x).sum()
        repr(first), first < 3, first.shape, len(str(first))
        second += 1
        second *= first
        third = x[0]
        third *= 2
        return second + first + third * x[0]

    value, gradient = value_and_grad(f)(X.copy())
    assert value == f(X.copy())
    np.testing.assert_allclose(gradient, 2 * X * (2 * (X @ X) + 2) + [4, 0, 0])

    def scalar(t):
        t *= 3.0
        return t * t

    assert grad(scalar)(2.0) == 36
    y = Tensor(2.0, requires_grad=True) * 1
    with no_grad(), pytest.raises(TypeError, match="no_grad"):
        y += 1


READ_ONLY = [
    lambda a: np.broadcast_to(a, (2, 3)),
    lambda a: np.broadcast_to(a, (3,)),
    lambda a: np.broadcast_to(a, (2, 3))[0],
    lambda a: np.diagonal(np.outer(a, a)),
]


@pytest.mark.parametrize("view", READ_ONLY)
def test_what_numpy_does_not_let_be_written_is_an_error(view):
    for a in (X.copy(), leaf() * 1.0, Tensor(X)):
        v = view(a)
        with pytest.raises(ValueError, match="read-only"):
            v += 1
        with pytest.raises(ValueError, match="read-only"):
            v[0] = 1


def test_a_read_only_view_follows_what_is_written_elsewhere_and_stays_read_only():
    x = leaf()
    y = x * 1.0
    wide = np.broadcast_to(y, (2, 3))
    y[0] = x[1]
    assert wide.tolist() == [[2, 2, 3]] * 2
    wide.sum().backward()
    assert x.grad.tolist() == [0, 4, 2]
    with pytest.raises(ValueError, match="read-only"):
        wide[0] = 1


# -- leaves and arguments ----------------------------------------------------------------------------------------------

WRITES = [lambda v: v.__iadd__(1.0), lambda v: v.__setitem__(..., 5.0), lambda v: v.__setitem__(0, leaf()[0])]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("view", [lambda w: w, lambda w: w[1:], lambda w: w[::-1][:2], lambda w: w.reshape(3, 1)])
def test_a_view_of_a_leaf_is_not_written_while_operations_are_recorded(view, write):
    w = leaf()
    v = view(w)
    with pytest.raises(RuntimeError, match=r"leaf that requires gradients.*no_grad"):
        write(v)
    assert w.tolist() == [1, 2, 3]


def test_under_no_grad_a_leaf_and_its_views_are_written_in_memory():
    w = leaf()
    array = w.data
    with no_grad():
        v = w[1:]
        v *= 2.0
        v[0] += 1.0
    assert w.data is array
    assert array.tolist() == [1, 5, 6]
    v -= 1.0  # made without a graph, it has no part in one
    assert w.tolist() == [1, 4, 5]
    with pytest.raises(RuntimeError, match="shares memory with a leaf"):
        v += leaf()[1:]
    recorded = w[1:]
    with no_grad(), pytest.raises(TypeError, match="cut the result"):
        recorded += 1


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("view", [lambda w: w, lambda w: w[1:], lambda w: w.T])
@pytest.mark.parametrize("recording", [True, False])
def test_the_argument_of_a_differentiated_function_is_not_written(view, write, recording):
    """In NumPy that would change the array of the caller."""

    def f(x):
        with ag.enable_grad() if recording else no_grad():
            write(view(x))
        return x.sum()

    for values in (X.copy(), Tensor(X), leaf()):
        with pytest.raises(RuntimeError, match=r"x is, or shares memory with, an argument.*x\.copy\(\)"):
            grad(f)(values)
        with pytest.raises(RuntimeError, match="an argument"):
            grad(lambda x: grad(f)(x * 1.0).sum())(values)
        assert np.asarray(strip(values)).tolist() == [1, 2, 3]


def test_what_is_an_argument_of_an_inner_function_is_not_written_from_around_it():
    def f(x):
        y = x * 1.0

        def inner(t):
            nonlocal y
            y += 1.0
            return (t * t).sum()

        return grad(inner)(y).sum()

    with pytest.raises(RuntimeError, match="an argument"):
        grad(f)(X.copy())

    def after(x):
        y = x * 1.0
        total = grad(lambda t: (t**3).sum())(y)
        y += total
        return y.sum()

    np.testing.assert_allclose(grad(after)(X.copy()), 1 + 6 * X)


# -- detach ------------------------------------------------------------------------------------------------------------


def test_a_detached_alias_follows_the_numbers_and_stays_out_of_the_graph():
    x = leaf()
    y = x * 2.0
    d, part = y.detach(), y.detach()[1:]
    y[1] = x[0] * x[0]
    y += 1.0
    assert d.tolist() == y.tolist() == [3, 2, 7]
    assert part.tolist() == [2, 7]
    assert not d.requires_grad
    assert not part.requires_grad


def test_what_is_written_into_a_detached_alias_is_a_constant_for_the_graph():
    x = leaf()
    y = x * 2.0
    before = y * y
    d = y.detach()
    d[1:] *= 10.0
    assert y.tolist() == [2, 40, 60]
    assert not d.requires_grad
    (y * y).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [8, 0, 0]
    before.sum().backward()
    assert x.grad.tolist() == [16, 16, 24]


def test_a_detached_alias_that_takes_what_requires_gradients_keeps_its_own_graph():
    x, z = leaf(), leaf()
    y = x * 2.0
    d = y.detach()
    d[0] = z[0]
    y[1] = 7.0
    assert y.tolist() == d.tolist() == [1, 7, 6]
    (d * [1.0, 10.0, 100.0]).sum().backward(retain_graph=True)
    assert z.grad.tolist() == [1, 0, 0]
    assert x.grad is None
    (y * [1.0, 10.0, 100.0]).sum().backward()
    assert z.grad.tolist() == [2, 0, 0]
    assert x.grad.tolist() == [0, 0, 200]


def test_two_detached_aliases_share_memory_after_the_result_is_gone():
    x = leaf()
    first = (x * 2.0).detach()
    second = first.detach()
    first += x
    assert second.tolist() == [3, 6, 9]
    second[0] = 0.0
    assert first.tolist() == [0, 6, 9]
    first.sum().backward()
    assert x.grad.tolist() == [0, 1, 1]


def test_a_view_that_was_made_without_recording_reaches_the_result():
    x = leaf()
    y = x * 2.0
    with no_grad():
        v = y[1:]
        v += 1.0
    assert y.tolist() == [2, 5, 7]
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [2, 0, 0]


# -- memory ------------------------------------------------------------------------------------------------------------


def test_views_keep_no_tensor_alive_and_no_graph():
    gc.disable()
    try:
        x = leaf()
        y = x * 2.0
        views = [y[1:], y.T, y.detach()]
        references = [weakref.ref(tensor) for tensor in (y, *views)]
        node = weakref.ref(y._node)
        last = views[-1]
        del y, views
        assert [reference() is None for reference in references] == [True, True, True, False]
        assert node() is None
        y = x * 2.0
        v, w = y[1:], y[:2]
        v += x[1:]
        w *= 3.0
        references = [weakref.ref(tensor) for tensor in (y, v, w)]
        nodes = [weakref.ref(tensor._node) for tensor in (y, v, w)]
        del y, v, w, last
        assert not any(reference() is not None for reference in references + nodes)
    finally:
        gc.enable()


def test_a_parameter_forgets_the_views_of_each_step():
    w = leaf()
    for _ in range(50):
        (w.reshape(3, 1).T * 2.0).sum().backward()
    assert len(w._place.memory.members) == 1


def test_a_view_of_a_leaf_that_an_optimizer_has_moved_is_not_written():
    w = leaf()
    with no_grad():
        view = w[1:]
    ag.optim.SGD([w, leaf()], lr=0.1)
    assert not np.shares_memory(view.data, w.data)
    with no_grad(), pytest.raises(RuntimeError, match="take the view again"):
        view += 1.0
    with no_grad():
        w += 1.0
    assert w.tolist() == [2, 3, 4]


def test_what_a_pullback_was_made_from_can_be_written_afterwards():
    w = leaf()
    _, pullback = vjp(lambda t: (t * 2.0).sum(), w)
    with no_grad():
        w -= pullback(1.0)[0]
    assert w.tolist() == [-1, 0, 1]

    def f(x):
        y = x * 1.0
        value, pullback = vjp(lambda t: (t**3).sum(), y)
        y *= 2.0
        return pullback(1.0)[0].sum() + value + y.sum()

    np.testing.assert_allclose(grad(f)(X), 6 * X + 3 * X**2 + 2)


def test_a_tensor_that_was_moved_shares_memory_no_more():
    y = leaf() * 1.0
    view = y[1:]
    y._data = y._data.copy()  # as optimizers do with parameters
    y += 1.0
    assert view.tolist() == [2, 3]
    view += 5.0
    assert y.tolist() == [2, 3, 4]


def test_data_is_not_assigned_where_it_would_not_reach_the_others():
    y = leaf() * 1.0
    view = y[1:]
    y.data = [4.0, 5.0, 6.0]
    assert view.tolist() == [5, 6]
    view += 1.0
    with pytest.raises(RuntimeError, match=r"x\[\.\.\.\] = values"):
        y.data = X
    y[...] = X
    assert view.tolist() == [2, 3]


def test_copies_share_nothing():
    y = leaf() * 1.0
    others = [y.copy(), y.clone(), y.flatten(), y + 0, y[[0, 1, 2]], y.astype(float), copy.deepcopy(y.detach()),
              copy.copy(y.detach())]  # fmt: skip
    y += 1.0
    assert all(other.tolist() == [1, 2, 3] for other in others)


def test_the_value_that_vjp_gives_is_not_what_its_pullback_uses():
    value, pullback = vjp(np.exp, X)
    value[...] = 0
    np.testing.assert_allclose(pullback(np.ones(3))[0], np.exp(X))


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_user_s_operation_that_returns_its_argument_or_a_view_of_it_is_an_alias(outputs):
    rule = (lambda g: g) if outputs == 1 else (lambda g: g[0] + g[1])
    for forward in (lambda x: x, lambda x: x[:]):
        function = forward if outputs == 1 else lambda x, forward=forward: (forward(x), x * 1.0)
        same = ag.primitive(function, name="same", outputs=outputs, x=rule)
        x = leaf()
        y = x * 1.0
        z = same(y) if outputs == 1 else same(y)[0]
        z[0] = 5.0
        assert y.tolist() == z.tolist() == [5, 2, 3]
        y.sum().backward()
        assert x.grad.tolist() == [0, 1, 1]
