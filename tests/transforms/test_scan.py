"""scan against loops of Python and against JAX: values, derivatives of any order, closures, trees, batches, leaks."""

import builtins
import gc
import tracemalloc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

from autograd_lite import (
    BatchError,
    Tensor,
    anomaly,
    cross_entropy,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    nn,
    no_grad,
    scan,
    stack,
    vmap,
)
from autograd_lite.support.tree import leaves, map_leaves, rebuild

RNG = np.random.default_rng(0)
W, XS, H = RNG.normal(size=(3, 3)), RNG.normal(size=(6, 3)), RNG.normal(size=3)


def loop(function, init, xs=None, length=None, reverse=False):
    """The definition of scan."""
    length = len(leaves(xs)[0]) if length is None else length
    carry, ys = init, [None] * length
    for i in range(length)[:: -1 if reverse else 1]:
        carry, ys[i] = function(carry, map_leaves(lambda a: a[i], xs))  # noqa: B023 - called at once
    columns = zip(*map(leaves, ys), strict=True)
    return carry, rebuild(ys[0], [stack(c) if any(isinstance(v, Tensor) for v in c) else np.stack(c) for c in columns])


def arrays(tree):
    return [np.asarray(v.numpy() if isinstance(v, Tensor) else v) for v in leaves(tree)]


def close(found, expected, tolerance=1e-10):
    found, expected = arrays(found), arrays(expected)
    assert [(a.shape, a.dtype) for a in found] == [(a.shape, a.dtype) for a in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def size(tree):
    """A number that depends on all elements of a tree."""
    return builtins.sum(((v * v * (1 + i)).sum() for i, v in enumerate(leaves(tree)) if v.dtype.kind == "f"), 0.0)


def rnn(each, w, h, xs, **options):
    def step(h, x):
        h = np.tanh(w @ h + x)
        return h, h * x

    return each(step, h, xs, **options)


def lstm(each, w, h, xs, **options):
    def step(state, x):
        z = w @ np.concatenate([state["h"], x])
        c = z[:3] * state["c"] + np.tanh(z[3:6])
        return {"h": np.tanh(c) * z[6:], "c": c}, (c, [z[0]])

    w = np.concatenate([np.concatenate([w, w.T * 0.5], 1), np.concatenate([w * w, w], 1), np.concatenate([-w, w], 1)])
    return each(step, {"h": h, "c": h * 2}, xs, **options)


def swapped(each, w, h, xs, **options):
    return each(lambda c, x: ((c[1], c[0] * x, c[2]), (c[0], x, c[2])), (h, h * 2, w), xs, **options)


def constants(each, w, h, xs, **options):
    return each(lambda c, x: (np.tanh(w @ c + x), (np.float64(1), np.ones(2), w)), h, xs, **options)


def scalars(each, w, h, xs, **options):
    return each(lambda c, x: (c * 0.5 + (w @ x).sum() * np.sin(c), c * c), h[0], xs, **options)


def without_carry(each, w, h, xs, **options):
    return each(lambda _, x: (None, (w * h) @ x), None, xs, **options)


def without_inputs(each, w, h, xs, **options):
    return each(lambda c, _: (np.tanh(w @ c), c[::-1]), h * xs[0], length=4, **options)


def of_views(each, w, h, xs, **options):
    return each(lambda c, x: ((w @ c).T * 0.3 + x, c.T), w.T, xs[::-1, None, :] * w, **options)


def descent(each, w, h, xs, **options):
    """Gradient descent: a derivative inside of the function."""
    return each(lambda c, x: (c - 0.1 * grad(lambda c: ((w @ c - x) ** 2).sum())(c), (c**2).sum()), h, xs, **options)


def nested(each, w, h, xs, **options):
    def outer(c, xs):
        inner, ys = each(lambda c, x: (np.tanh(w @ c + x), c.sum()), c * 0.5, xs)
        return inner + c, ys * c[0]

    return each(outer, h, np.stack([xs, xs * 2, xs * 3]), **options)


def batched_inside(each, w, h, xs, **options):
    return each(lambda c, x: (vmap(lambda u: np.tanh(w @ u))(c) + x, c), np.stack([h, -h]), xs, **options)


LOOPS = [rnn, lstm, swapped, constants, scalars, without_carry, without_inputs, of_views, descent, nested]
LOOPS += [batched_inside]
of_all = pytest.mark.parametrize("function", LOOPS, ids=lambda function: function.__name__)
both_ways = pytest.mark.parametrize("reverse", [False, True])


# -- against the loop ------------------------------------------------------------------------------------------------


@of_all
@both_ways
def test_values_are_those_of_the_loop(function, reverse):
    close(function(scan, W, H, XS, reverse=reverse), function(loop, W, H, XS, reverse=reverse))


@of_all
@both_ways
def test_gradients_are_those_of_the_loop(function, reverse):
    def loss(each):
        return lambda w, h, xs: size(function(each, w, h, xs, reverse=reverse))

    close(grad(loss(scan), (0, 1, 2))(W, H, XS), grad(loss(loop), (0, 1, 2))(W, H, XS))


@of_all
def test_second_derivatives_are_those_of_the_loop(function):
    def gradient_size(each):
        first = grad(lambda w, h, xs: size(function(each, w, h, xs)), (0, 1, 2))
        return lambda w, h, xs: size(first(w, h, xs))

    arguments = 0.5 * W, 0.5 * H, 0.5 * XS[:3]
    close(grad(gradient_size(scan), (0, 1, 2))(*arguments), grad(gradient_size(loop), (0, 1, 2))(*arguments), 1e-7)


@pytest.mark.parametrize("argnum", [0, 1, 2])
def test_hessians_jacobians_and_products(argnum):
    arguments = W, H, XS[:3]
    v = arguments[argnum]

    def loss(each):
        return lambda *a: size(rnn(each, *a))

    def of_one(each, v):
        return rnn(each, *arguments[:argnum], v, *arguments[argnum + 1 :])[1]

    close(hessian(loss(scan), argnum)(*arguments), hessian(loss(loop), argnum)(*arguments))
    close(jacobian(lambda v: of_one(scan, v))(v), jacobian(lambda v: of_one(loop, v))(v))
    close(jvp(lambda v: of_one(scan, v), (v,), (v,)), jvp(lambda v: of_one(loop, v), (v,), (v,)))
    close(hvp(lambda v: size(of_one(scan, v)), (v,), (v,)), hvp(lambda v: size(of_one(loop, v)), (v,), (v,)))


def test_third_derivatives():
    def third(each):
        return grad(grad(grad(lambda a: rnn(each, W * a, H, XS[:4])[0].sum())))(0.7)

    close(third(scan), third(loop), 1e-8)


def test_parameters_that_the_function_uses_collect_gradients():
    layers = nn.Linear(3, 3, rng=0), nn.Linear(3, 3, rng=1)
    xs = RNG.normal(size=(5, 2, 3)).astype(np.float32)

    def gradients(each):
        for layer in layers:
            layer.zero_grad()
        carry, ys = each(lambda h, x: (np.tanh(layers[0](h) + layers[1](x)), h), np.zeros((2, 3), np.float32), xs)
        ((ys**2).mean() + (carry - 1).sum() ** 2).backward()
        return [parameter.grad for layer in layers for parameter in layer.parameters()]

    close(gradients(scan), gradients(loop), 1e-4)


def test_labels_and_counters_stay_integers():
    labels = np.array([0, 1, 2, 0, 1, 2])

    def loss(each):
        def step(state, x):
            assert isinstance(x[1], np.integer)
            total, count = state
            return (total + cross_entropy(W @ x[0], x[1]), count + 1), W[x[1]]

        return lambda xs: each(step, (0.0, np.int64(0)), (xs, labels))

    found, expected = loss(scan)(XS), loss(loop)(XS)
    close(found, expected)
    assert found[0][1] == 6
    close(grad(lambda xs: loss(scan)(xs)[0][0])(XS), grad(lambda xs: loss(loop)(xs)[0][0])(XS))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_dtypes_are_kept(dtype):
    found = grad(lambda h, xs: size(scan(lambda c, x: (c * 0.5 + x, c), h, xs)), (0, 1))(
        H.astype(dtype), XS.astype(dtype)
    )
    assert [g.dtype for g in found] == [np.dtype(dtype)] * 2


# -- batches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [(0, None, None), (None, 0, None), (None, None, 0), (0, 0, 0), (-1, None, 1)])
def test_vmap_of_a_loop_and_of_its_derivatives(axes):
    arguments = [a if p is None else np.stack([a, -a, 2 * a], p) for a, p in zip((W, H, XS), axes, strict=True)]

    def mapped(each, transform):
        return vmap(transform(lambda w, h, xs: size(rnn(each, w, h, xs))), axes)(*arguments)

    for transform in (lambda f: f, lambda f: grad(f, (0, 1, 2)), lambda f: hessian(f, 1)):
        close(mapped(scan, transform), mapped(loop, transform))


def test_derivatives_of_a_mapped_loop_and_nested_batches():
    def mapped(each):
        return lambda w, hs: vmap(lambda h: rnn(each, w, h, XS)[1])(hs)

    hs = np.stack([H, -H])
    close(grad(lambda w: size(mapped(scan)(w, hs)))(W), grad(lambda w: size(mapped(loop)(w, hs)))(W))
    close(jacobian(mapped(scan), 1)(W, hs), jacobian(mapped(loop), 1)(W, hs))
    ws = np.stack([W, W.T, -W])
    twice = [vmap(lambda w: mapped(each)(w, hs))(ws) for each in (scan, loop)]  # noqa: B023 - called at once
    close(*twice)
    assert twice[0].shape == (3, 2, 6, 3)


def test_random_numbers_in_a_mapped_loop_are_refused():
    with pytest.raises(BatchError, match="random"):
        vmap(lambda h: scan(lambda c, x: (nn.functional.dropout(c) + x, None), h, XS)[0])(np.ones((2, 3)))


# -- structures, kinds, no steps -------------------------------------------------------------------------------------


def test_trees_are_matched_by_name():
    Pair = namedtuple("Pair", "a b")
    init = OrderedDict(h=H, n=[np.zeros(2), None])

    def step(carry, x):
        after = OrderedDict(n=[carry["n"][0] + x.b[:2], None], h=carry["h"] * x.a)
        return after, Pair(carry["h"], {"q": x.a, "none": None})

    carry, ys = scan(step, init, Pair(XS[:, 0], XS))
    assert isinstance(carry, OrderedDict)
    assert isinstance(ys, Pair)
    close([carry["h"], carry["n"][0]], [H * np.prod(XS[:, 0]), XS[:, :2].sum(0)])
    close(ys.b["q"], XS[:, 0])
    assert ys.b["none"] is None


def test_arrays_give_arrays_and_tensors_tensors():
    def step(c, x):
        return c + x, c * x

    assert [type(leaf) for leaf in leaves(scan(step, H, XS))] == [np.ndarray] * 2
    for init, xs in ((Tensor(H), XS), (H, Tensor(XS))):
        assert [type(leaf) for leaf in leaves(scan(step, init, xs))] == [Tensor] * 2
    w = Tensor(2.0, requires_grad=True)
    assert all(leaf.requires_grad for leaf in leaves(scan(lambda c, x: (c * w, c * x * w), H, XS)))
    with no_grad():
        assert not any(leaf.requires_grad for leaf in leaves(scan(lambda c, x: (c * w, c * x * w), H, XS)))


def test_results_share_no_memory_with_arguments():
    carry, ys = scan(lambda c, x: (c, (c, x)), H, XS)
    for result in (carry, *ys):
        assert not np.shares_memory(result, H)
        assert not np.shares_memory(result, XS)
        result[...] = 0


def test_no_steps():
    def final(w, h, xs):
        carry, ys = rnn(scan, w, h, xs)
        assert ys.shape == (0, 3)
        return size(carry)

    close(grad(final, (0, 1))(W, H, XS[:0]), (np.zeros((3, 3)), 2 * H))
    carry, ys = scan(lambda c, _: (1 / c, {"y": c > 0}), 0.0, length=0)
    assert carry == 0.0
    assert ys["y"].dtype == bool
    assert scan(lambda c, _: (c, None), H, length=0)[1] is None


# -- what is refused -------------------------------------------------------------------------------------------------


def test_a_structure_that_changes_after_the_first_step_is_refused():
    with pytest.raises(TypeError, match=r"y is a tuple of 2, but was an array before"):
        scan(lambda c, x: (c + 1, x if c < 2 else (x, x)), 0, XS)
    with pytest.raises(TypeError, match=r"y has the shape \(0,\) before a step and \(1,\) after it"):
        scan(lambda c, x: (c + 1, XS[0, :c]), 0, XS)
    with pytest.raises(TypeError, match=r"carry\[1\]\['a'\] has the dtype float64 before a step and float32"):
        scan(lambda c, x: ((c[0], {"a": np.float32(1)}), x), (0, {"a": 1.0}), XS)


@pytest.mark.parametrize("kind", [np.array, Tensor])
def test_arguments_cannot_be_written_into(kind):
    def add(c, x):
        c += x
        return c, None

    before = H.copy()
    with pytest.raises((ValueError, RuntimeError), match=r"writes to one of its arguments|shares memory with, an arg"):
        scan(add, kind(H), XS)
    assert np.array_equal(before, H)


def test_a_tensor_that_leaves_its_step_is_refused_where_a_gradient_would_be_lost():
    kept = []

    def step(c, x):
        c = np.tanh(W @ c + x)
        kept.append(c)
        return c, c

    def run(h):
        kept.clear()
        return scan(step, h, XS)[0].sum()

    with pytest.raises(RuntimeError, match="is used outside of this step"):
        grad(lambda h: run(h) + kept[2].sum())(H)
    h = Tensor(H, requires_grad=True)
    run(h)
    with pytest.raises(RuntimeError, match="is used outside of this step"):
        kept[2].sum().backward()
    assert h.grad is None

    def with_an_earlier_step(c, x):
        kept.append(c)
        return np.tanh(c + x) + kept[0], c

    kept.clear()
    with pytest.raises(RuntimeError, match="is used outside of this step"):
        scan(with_an_earlier_step, h, XS)
    kept.clear()
    assert run(H) == kept[-1].sum()  # without gradients nothing is lost


def test_overwritten_values_are_refused():
    w = Tensor(W, requires_grad=True)
    loss = rnn(scan, w, H, XS)[0].sum()
    with no_grad():
        w -= 0.1
    with pytest.raises(RuntimeError, match="was changed in place"):
        loss.backward()


def test_a_graph_is_released_once():
    w = Tensor(W, requires_grad=True)
    loss = rnn(scan, w, H, XS)[0].sum()
    loss.backward(retain_graph=True)
    first = w.grad.copy()
    loss.backward()
    close(w.grad, 2 * first)
    with pytest.raises(RuntimeError, match="released"):
        loss.backward()


def test_hooks_see_the_gradient_of_all_steps_once():
    def gradient(each, **options):
        w, seen = Tensor(W, requires_grad=True), []
        w.register_hook(lambda g: seen.append(g) or 2 * g)

        def step(h, x):
            z = w @ h
            z.register_hook(lambda g: 3 * g)
            return np.tanh(z + x), h

        size(each(step, H, XS)).backward(**options)
        assert len(seen) == 1
        return [w.grad, seen[0]]

    close(gradient(scan), gradient(loop))
    close(gradient(scan, create_graph=True), gradient(loop))
    with pytest.raises(RuntimeError, match="register_hook: the tensor is an argument"):
        scan(lambda c, x: (c.register_hook(lambda g: g), x), Tensor(H, requires_grad=True), XS)


def test_anomalies_inside_are_found():
    w = Tensor(W, requires_grad=True)
    with anomaly(), pytest.raises(Exception, match="log gives"), np.errstate(all="ignore"):
        scan(lambda c, x: (np.log(c) * w[0, 0], None), 1.0, length=3)


# -- memory ----------------------------------------------------------------------------------------------------------


def test_memory_of_a_gradient_is_linear_in_the_number_of_steps():
    def peak(length):
        xs = np.ones((length, 100))
        function = grad(lambda xs: scan(lambda c, x: (c + np.sin(x), None), np.zeros(100), xs)[0].sum())
        function(xs[:2])
        gc.collect()
        tracemalloc.start()
        function(xs)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(400) < 2.5 * peak(200)


# -- against JAX -----------------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
@both_ways
@pytest.mark.parametrize("function", [rnn, scalars, swapped, without_inputs], ids=lambda function: function.__name__)
def test_values_and_gradients_are_those_of_jax(function, reverse):
    jax = pytest.importorskip("jax")

    def of_jax(w, h, xs):
        # Operations of JAX in place of NumPy's functions, which do not take its arrays.
        steps = {
            "rnn": lambda c, x: ((y := jax.numpy.tanh(w @ c + x)), y * x),
            "scalars": lambda c, x: (c * 0.5 + (w @ x).sum() * jax.numpy.sin(c), c * c),
            "swapped": lambda c, x: ((c[1], c[0] * x, c[2]), (c[0], x, c[2])),
            "without_inputs": lambda c, _: (jax.numpy.tanh(w @ c), c[::-1]),
        }
        inits = {"rnn": h, "scalars": h[0], "swapped": (h, h * 2, w), "without_inputs": h * xs[0]}
        name = function.__name__
        given = (None, 4) if name == "without_inputs" else (xs, None)
        return jax.lax.scan(steps[name], inits[name], *given, reverse=reverse)

    with jax.enable_x64(True):
        close(function(scan, W, H, XS, reverse=reverse), jax.tree.map(np.asarray, of_jax(W, H, XS)))
        expected = jax.grad(lambda *a: size(of_jax(*a)), (0, 1, 2))(W, H, XS)
        found = grad(lambda *a: size(function(scan, *a, reverse=reverse)), (0, 1, 2))(W, H, XS)
        close(found, jax.tree.map(np.asarray, expected))
