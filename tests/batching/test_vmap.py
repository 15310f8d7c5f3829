"""vmap against loops: axes, trees, nesting, transforms, modules, users' operations, randomness, memory, programs."""

import copy
import gc
import math
import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
from batching.checks import close
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite import Tensor, compile, grad, hessian, hvp, jacobian, jvp, nn, primitive, value_and_grad, vjp, vmap

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 5))


def looped(function, *arguments):
    """The results for the elements along axis 0 of all arguments."""
    return np.stack([np.asarray(function(*one)) for one in zip(*arguments, strict=True)])


# -- axes and structures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("out_axis", [0, 1, -1, -2])
@pytest.mark.parametrize("chunk_size", [None, 1, 2, 100])
def test_axes_are_counted_from_both_ends(in_axis, out_axis, chunk_size):
    x = RNG.normal(size=(3, 4, 5))
    elements = np.moveaxis(x, in_axis, 0)
    expected = np.moveaxis(looped(lambda e: e.sum(axis=0), elements), 0, out_axis)
    close(vmap(lambda e: e.sum(axis=0), in_axis, out_axis, chunk_size)(x), expected)


def test_arguments_and_results_are_trees():
    def function(pair, scale):
        return {"sum": pair["a"] + pair["b"][0], "rest": [pair["b"][1] * scale, None]}

    tree = {"a": X, "b": (X.T, 2.0)}
    found = vmap(function, ({"a": 0, "b": (1, None)}, None), {"sum": 1, "rest": [0, None]})(tree, 3.0)
    close(found["sum"], (X + X).T)
    close(found["rest"][0], np.full(7, 6.0))
    assert found["rest"][1] is None


def test_arrays_give_arrays_and_tensors_tensors():
    assert type(vmap(ag.exp)(X)) is np.ndarray
    assert type(vmap(ag.exp)(Tensor(X))) is Tensor
    assert type(vmap(lambda x: 1)(X)) is np.ndarray
    result = vmap(lambda x: x)(X)
    assert not np.shares_memory(result, X)
    result[...] = 0  # and it can be written into


def test_results_that_are_the_same_for_all_are_repeated():
    close(vmap(lambda x: np.arange(2.0), out_axes=1)(X), np.tile([[0.0], [1.0]], 7))


@pytest.mark.parametrize("function", [lambda x: ag.softmax(x), grad(lambda x: (x**2).sum()), jacobian(np.tanh)])
def test_a_batch_may_be_empty(function):
    empty = np.ones((0, 5))
    assert vmap(function)(empty).shape == (0, *np.shape(function(np.ones(5))))


def test_keyword_arguments_are_the_same_for_all():
    close(vmap(lambda x, y=None: x + y)(X, y=np.arange(5)), X + np.arange(5))


# -- nesting -------------------------------------------------------------------------------------------------------


def _f(x):
    return (np.tanh(x) * x[..., ::-1]).sum() + ag.logsumexp(x)


TRANSFORMED = {
    "value": _f,
    "grad": grad(_f),
    "value_and_grad": lambda x: np.append(*reversed(value_and_grad(_f)(x))),
    "jacobian": jacobian(np.tanh),
    "hessian": hessian(_f),
    "hvp": lambda x: hvp(_f, [x], [np.ones(5)])[0],
    "jvp": lambda x: jvp(_f, [x], [np.ones(5)])[1],
    "vjp": lambda x: vjp(np.sin, x)[1](np.ones(5))[0],
    "third": lambda x: grad(lambda x: grad(lambda x: (grad(_f)(x) ** 2).sum())(x).sum())(x),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms_inside(name):
    function = TRANSFORMED[name]
    close(vmap(function)(X), looped(function, X))
    close(vmap(vmap(function), 1)(X.reshape(1, 7, 5)), looped(function, X)[:, None])
    close(vmap(function, chunk_size=3)(X), looped(function, X))


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms_outside(name):
    function = TRANSFORMED[name]

    def through(mapped):
        return lambda x: (mapped(x) ** 2).sum()

    def loop(x):
        return np.stack([function(x[i]) for i in range(len(x))])

    x = X[:3]
    close(grad(through(vmap(function)))(x), grad(through(loop))(x), 1e-9)
    close(jacobian(vmap(function))(x), jacobian(loop)(x), 1e-9)
    if name in ("value", "grad"):
        close(hessian(through(vmap(function)))(x), hessian(through(loop))(x), 1e-9)


def test_the_order_of_nested_axes():
    x, y = RNG.normal(size=3), RNG.normal(size=4)
    inner = vmap(lambda a, b: a - 2 * b, (0, None))
    close(vmap(inner, (None, 0))(x, y), x[None, :] - 2 * y[:, None])
    close(vmap(inner, (None, 0), 1)(x, y), x[:, None] - 2 * y[None, :])
    three = vmap(vmap(vmap(lambda a, b, c: a * b + c, (0, None, None)), (None, 0, None)), (None, None, 0))
    z = RNG.normal(size=2)
    close(three(x, y, z), x * y[:, None] + z[:, None, None])


def test_a_function_of_the_outer_element_is_mapped_inside():
    def rows(matrix):
        centre = matrix.mean(axis=0)
        return vmap(lambda row: ((row - centre) ** 2).sum())(matrix)

    stack = RNG.normal(size=(3, 4, 2))
    expected = ((stack - stack.mean(axis=1, keepdims=True)) ** 2).sum(axis=-1)
    close(vmap(rows)(stack), expected)
    total = grad(lambda s: vmap(rows)(s).sum())(stack)
    close(total, 2 * (stack - stack.mean(axis=1, keepdims=True)))


def test_what_is_closed_over_receives_the_sum_of_gradients():
    w = Tensor(RNG.normal(size=(3, 5)), requires_grad=True)
    (vmap(lambda x: np.tanh(w @ x))(X) * 2).sum().backward()
    expected = sum(np.outer(2 * (1 - np.tanh(w.data @ x) ** 2), x) for x in X)
    close(w.grad, expected)


def test_gradients_for_each_sample():
    w, b = RNG.normal(size=(3, 5)), RNG.normal(size=3)
    labels = np.arange(7) % 3

    def loss(parameters, x, label):
        return ag.cross_entropy(parameters["w"] @ x + parameters["b"], label)

    found = vmap(grad(loss), (None, 0, 0))({"w": w, "b": b}, X, labels)
    p = np.exp(X @ w.T + b)
    p = p / p.sum(axis=1, keepdims=True) - np.eye(3)[labels]
    close(found["b"], p)
    close(found["w"], p[:, :, None] * X[:, None, :])


# -- modules and users' operations ---------------------------------------------------------------------------------


def test_modules_are_mapped():
    model = nn.Sequential(nn.Linear(5, 4, rng=0), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 2, rng=1))
    batches = RNG.normal(size=(3, 6, 5))
    found = vmap(model)(batches)
    close(found.data, np.stack([model(batch).data for batch in batches]))
    found.sum().backward()
    other = copy.deepcopy(model)
    other.zero_grad()
    sum(other(batch).sum() for batch in batches).backward()
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        close(one.grad, two.grad, 1e-6)


def test_an_ensemble_of_weights():
    weights = RNG.normal(size=(4, 3, 5))
    close(vmap(lambda w: ag.linear(X, w))(weights), np.einsum("ni,eoi->eno", X, weights))


def test_operations_of_users_are_mapped():
    cube = primitive(lambda x: x**3, name="cube", x=lambda g, x: g * 3 * x**2)
    close(vmap(grad(lambda x: cube(x).sum()))(X), 3 * X**2)
    # A forward function and a rule that need numbers of Python run for one element after the other.
    sine = primitive(lambda x: np.float64(math.sin(x)), name="sine", x=lambda g, x: g * math.cos(x))
    close(vmap(grad(sine))(X[:, 0]), np.cos(X[:, 0]))
    with pytest.raises(TypeError, match="cube"):
        vmap(lambda x: cube(x, x))(X)


# -- randomness and memory -----------------------------------------------------------------------------------------


def test_random_numbers_are_the_same_or_different():
    x = np.ones((6, 50))
    same = vmap(nn.functional.dropout, randomness="same")(x)
    assert (same == same[0]).all()
    assert 0 < (same == 0).sum() < same.size
    different = vmap(nn.functional.dropout, randomness="different")(x)
    assert len({row.tobytes() for row in different}) == 6
    nested = vmap(vmap(nn.functional.dropout, randomness="same"), randomness="different")(x.reshape(3, 2, 50))
    assert (nested[:, 0] == nested[:, 1]).all()
    assert len({row.tobytes() for row in nested[:, 0]}) == 3
    nested = vmap(vmap(nn.functional.dropout, randomness="different"), randomness="same")(x.reshape(3, 2, 50))
    assert (nested[0] == nested[1]).all()
    assert nested[0, 0].tobytes() != nested[0, 1].tobytes()


@pytest.mark.parametrize("transformed", [jacobian, hessian, lambda f, **options: vmap(grad(f), **options)])
def test_chunks_bound_the_memory(transformed):
    x = RNG.normal(size=(200, 200)) if transformed not in (jacobian, hessian) else RNG.normal(size=200)

    def function(x):
        y = np.tanh(np.multiply.outer(x, np.ones(50)))
        return (y**2).sum(axis=1) if transformed is jacobian else (y**2).sum()

    def peak(chunk_size):
        run = transformed(function, chunk_size=chunk_size)
        gc.collect()
        tracemalloc.start()
        run(x)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    whole, parts = peak(200), peak(10)
    assert parts < whole / 3
    close(transformed(function, chunk_size=20)(x[:30]), transformed(function)(x[:30]))


# -- memory --------------------------------------------------------------------------------------------------------


def _returned_twice(x):
    y = np.sin(x)
    return y, y, y[::-1]


def _added(x, y):
    return (x + y).sum()


_OUTER = np.arange(3.0)


@pytest.mark.parametrize(
    "run",
    [
        lambda x: [vmap(lambda e: e)(x)],
        lambda x: [vmap(lambda e: e[:2])(x)],
        lambda x: [vmap(lambda e: _OUTER)(x), _OUTER],
        lambda x: vmap(_returned_twice)(x),
        lambda x: vmap(_returned_twice, chunk_size=3)(x),
        lambda x: vmap(lambda e: vmap(lambda s: (s, s * 2))(e))(x),
        lambda x: vmap(grad(_added, (0, 1)))(x, x),
        lambda x: vmap(grad(lambda e: e[0]))(x),
        lambda x: vmap(grad(lambda e, f: (e * f).sum(), (0, 1)))(x, x),
        lambda x: vmap(lambda e: jvp(lambda a: a, [e], [e]))(x),
        lambda x: vmap(lambda e: vjp(lambda a, b: (a, b, a), e, e)[1]((e, e, e)))(x),
        lambda x: vmap(lambda e: (lambda value, pull: (value, *pull(value), *pull(value)))(*vjp(np.exp, e)))(x),
        lambda x: vmap(jacobian(lambda e: e))(x)[None],
        lambda x: jacobian(lambda a, b: a + b, (0, 1))(x[0], x[1]),
        lambda x: grad(_added, (0, 1))(x, x),
        lambda x: grad(lambda a, b: (a.T * b.T).sum(), (0, 1))(x, x),
        lambda x: vjp(lambda a, b: (a, b), x, x)[1]((x, x)),
    ],
)
def test_results_share_memory_with_nothing(run):
    x = RNG.normal(size=(4, 3))
    before = x.copy()
    arrays = [x, *run(x)]
    for i, array in enumerate(arrays):
        for other in arrays[:i]:
            assert not np.shares_memory(array, other)
    for array in arrays[1:]:
        if array is not _OUTER:
            array[...] = 7
    assert (x == before).all()


# -- many tangents, many rows --------------------------------------------------------------------------------------


def test_many_tangents_and_many_vectors_at_once():
    x, tangents = X[0], X
    close(vmap(lambda v: jvp(np.sin, [x], [v])[1])(tangents), np.cos(x) * tangents)
    matrix = hessian(_f)(x)
    close(vmap(lambda v: hvp(_f, [x], [v])[0])(tangents), tangents @ matrix)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 3), (2, 0)])
@pytest.mark.parametrize("other", [(), (4,), (2, 2)])
def test_jacobians_of_all_shapes(shape, other):
    x, weights = RNG.normal(size=shape), RNG.normal(size=(*other, *shape))
    axes = tuple(range(-len(shape), 0))

    def function(x):
        return np.sum(weights * np.sin(x), axis=axes) if shape else weights * np.sin(x)

    close(jacobian(function)(x), weights * np.cos(x))
    close(jacobian(function, chunk_size=1)(x), weights * np.cos(x))


# -- programs ------------------------------------------------------------------------------------------------------

PROGRAMS = {
    "vmap of a gradient": vmap(grad(_f)),
    "gradient of vmap": grad(lambda x: (vmap(grad(_f))(x) ** 2).sum()),
    "jacobian": jacobian(lambda x: ag.softmax(x[0])),
    "hessian": hessian(lambda x: _f(x[0])),
    "vmap of a hessian": vmap(hessian(_f)),
    "nested": vmap(vmap(lambda x: np.exp(x) * 2)),
    "by elements": vmap(lambda x: np.median(x[:4]) * x),
    "in a loop": vmap(lambda x: ag.sort(x)[::-1]),
    "indices": vmap(lambda x: x[np.array([0, 2, 2])] * 2),
}


# Each native program is compiled for a second or more.
NATIVE = "vmap of a gradient", "by elements", "indices"


@pytest.mark.parametrize(
    ("name", "backend"),
    [*((name, "numpy") for name in PROGRAMS), *((name, "native") for name in NATIVE),
     *(pytest.param(name, "native", marks=pytest.mark.exhaustive) for name in PROGRAMS if name not in NATIVE)],
)  # fmt: skip
def test_programs_contain_mapped_functions(name, backend):
    if backend == "native":
        pytest.importorskip("numba")
    function = PROGRAMS[name]
    program = compile(function, backend=backend)
    for scale in (1, 1, 0.5, -1.2, 0.3):
        close(program(X * scale), function(X * scale))


def test_a_training_with_mapped_functions_is_compiled():
    def made():
        model = nn.Linear(5, 3, rng=0, dtype=np.float64)
        optimizer = ag.optim.SGD(model.parameters(), lr=0.1)

        def step(x):
            optimizer.zero_grad()
            loss = vmap(lambda row: (model(row) ** 2).sum())(x).mean()
            loss.backward()
            optimizer.step()
            return loss

        return model, step

    (one, step), (two, other) = made(), made()
    program = compile(step)
    for k in range(5):
        assert program(X * k).item() == pytest.approx(other(X * k).item(), rel=1e-12)
    close(one.weight.data, two.weight.data)


# -- compositions --------------------------------------------------------------------------------------------------

UNARY = [
    np.tanh, np.sin, lambda x: x * 0.5, lambda x: x[::-1], lambda x: x - x.mean(), lambda x: ag.softmax(x),
    lambda x: np.cumsum(x), lambda x: np.sort(x), lambda x: np.concatenate([x[1:], x[:1]]),
    lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.outer(x, x).sum(axis=0), lambda x: x[np.array([2, 0, 0, 1])],
    lambda x: np.pad(x, 1)[1:-1], lambda x: x / (1 + np.linalg.norm(x)), lambda x: np.roll(x, 1), lambda x: x**3,
    lambda x: np.clip(x, -0.5, 0.5), lambda x: np.einsum("i,j->i", x, x), lambda x: np.reshape(x, (2, 2)).T.ravel(),
]  # fmt: skip
BINARY = [
    np.add,
    np.multiply,
    np.maximum,
    lambda x, y: x @ y * x,
    lambda x, y: x - y[0],
    lambda x, y: np.stack([x, y])[1],
]


@st.composite
def compositions(draw):
    """A function of two arrays of four numbers, as a list of steps."""
    steps = draw(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=6))

    def function(x, y):
        values = [x, y]
        for is_unary, number, place in steps:
            first, second = values[place % len(values)], values[-1]
            if is_unary:
                values.append(UNARY[number % len(UNARY)](first))
            else:
                values.append(BINARY[number % len(BINARY)](first, second))
        return values[-1]

    return function


@given(function=compositions(), seed=st.integers(0, 100), shared=st.booleans())
@settings(max_examples=5 * settings.default.max_examples)
def test_compositions_are_right(function, seed, shared):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(3, 4)), rng.normal(size=4 if shared else (3, 4))
    axes = (0, None if shared else 0)

    def loop(x, y):
        return np.stack([function(x[i], y if shared else y[i]) for i in range(3)])

    mapped = vmap(function, axes)
    close(mapped(x, y), loop(x, y))
    weights = rng.normal(size=(3, 4))
    for argnum in (0, 1):
        found = grad(lambda x, y: (mapped(x, y) * weights).sum(), argnum)(x, y)
        close(found, grad(lambda x, y: (loop(x, y) * weights).sum(), argnum)(x, y))
    close(jacobian(function)(x[0], y if shared else y[0]), _rows(function, x[0], y if shared else y[0]))


def _rows(function, x, y):
    _, pullback = vjp(function, x, y)
    return np.stack([pullback(unit)[0] for unit in np.eye(4)])
