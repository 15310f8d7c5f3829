"""Random programs of views, aliases and in-place writes: on tensors they give the numbers of NumPy, and their gradient.

A program is drawn once and run three times: on a plain array, on a tensor inside `value_and_grad`, and for central
differences. Nothing about views is written down here: NumPy alone says what a write reaches.
"""

import operator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite import Tensor, compile, grad, hvp, value_and_grad

UPDATES = [operator.iadd, operator.isub, operator.imul, operator.itruediv]
VIEWS = {
    "row": lambda a: a[0] if a.ndim else a,
    "part": lambda a: a[1:] if a.ndim else a,
    "steps": lambda a: a[..., ::2] if a.ndim else a,
    "reversed": lambda a: a[::-1] if a.ndim else a,
    "column": lambda a: a[..., :1] if a.ndim else a,
    "element": lambda a: a[..., 0] if a.ndim else a,
    "T": lambda a: a.T,
    "reshape": lambda a: a.reshape(-1),
    "two rows": lambda a: a.reshape(2, -1) if a.size and a.size % 2 == 0 else a,
    "fortran": lambda a: np.reshape(a, -1, order="F"),
    "ravel": np.ravel,
    "expanded": lambda a: a[None],
    "expand_dims": lambda a: np.expand_dims(a, 0),
    "squeeze": np.squeeze,
    "swapaxes": lambda a: a.swapaxes(0, -1) if a.ndim else a,
    "moveaxis": lambda a: np.moveaxis(a, 0, -1) if a.ndim else a,
    "flip": lambda a: np.flip(a, 0) if a.ndim else a,
    "diagonal": lambda a: np.diagonal(a) if a.ndim >= 2 else a,
    "broadcast": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "split": lambda a: np.array_split(a, 2)[0] if a.ndim else a,
    "last of loop": lambda a: [row for row in a][-1] if a.ndim and len(a) else a,  # noqa: C416
    "real": np.real,
    "atleast_2d": np.atleast_2d,
    # and what is no view
    "copy": lambda a: a.copy(),
    "flatten": lambda a: a.flatten(),
    "twice": lambda a: a * 2.0,
    "sum": lambda a: a.sum(axis=0) if a.ndim else a,
    "sine": np.sin,
    "list": lambda a: a[[0, -1]] if a.ndim and len(a) else a,
}
INDICES = [0, -1, slice(None), slice(1, None), slice(None, None, -2), ..., (..., 0), (..., slice(1, None)), None,
           [0], [0, -1, 0], "mask"]  # fmt: skip


@st.composite
def programs(draw):
    number = st.integers(0, 99)
    step = st.one_of(
        st.tuples(st.just("view"), number, st.sampled_from(sorted(VIEWS))),
        st.tuples(st.just("set"), number, number, st.sampled_from(INDICES)),
        st.tuples(st.just("update"), number, number, st.sampled_from(UPDATES)),
        st.tuples(st.just("update part"), number, number, st.sampled_from(INDICES), st.sampled_from(UPDATES)),
        st.tuples(st.just("forget"), number),
        st.tuples(st.just("read"), number),
    )
    return draw(st.lists(step, min_size=3, max_size=12))


def _part(index, a):
    return (np.cumsum(np.ones(a.shape), axis=None).reshape(a.shape) % 2 == 1) if isinstance(index, str) else index


def _fits(shape, part):
    try:
        return np.broadcast_shapes(shape, part) == part
    except ValueError:
        return False


def run(program, x):
    """The program in whatever `x` is made of; what does not fit in shape is left out, by the shapes alone."""
    buffer = np.linspace(0.1, 0.6, 6).reshape(2, 3)
    known, total = [x * 1.0, np.outer(x, x[:4]) + 1.0, Tensor(buffer) if isinstance(x, Tensor) else buffer], 0.0
    for kind, first, *rest in program:
        a = known[first % len(known)]
        if kind == "view":
            known.append(VIEWS[rest[0]](a))
        elif kind == "forget" and len(known) > 1:
            known.pop(first % len(known))
        elif kind == "read":
            total = total + (a * np.cos(a)).sum()
        elif kind == "update":
            value, update = known[rest[0] % len(known)], rest[1]
            if _fits(value.shape, a.shape) or not a.shape:
                value = value if _fits(value.shape, a.shape) else 0.5
                known[first % len(known)] = a = _attempt(lambda a=a, v=value, f=update: f(a, _safe(f, v)), a)
        elif a.shape and kind.startswith("set"):
            value, index = known[rest[0] % len(known)], _part(rest[1], a)
            part = _shape(a, index)
            if part is not None and _fits(value.shape, part):
                _attempt(lambda a=a, i=index, v=value: operator.setitem(a, i, v))
        elif a.shape and kind == "update part":
            value, index, update = known[rest[0] % len(known)], _part(rest[1], a), rest[2]
            part = _shape(a, index)
            if part is not None and _fits(value.shape, part):
                _attempt(lambda a=a, i=index, v=value, f=update: operator.setitem(a, i, f(a[i], _safe(f, v))))
    return total + sum((a * np.arange(1.0, a.size + 1).reshape(a.shape)).sum() for a in known), known


def _safe(update, value):
    return 2.0 + np.cos(value) if update is operator.itruediv else np.sin(value) if update is operator.imul else value


def _attempt(write, otherwise=None):
    """What is read-only is so in both."""
    try:
        return write()
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        return otherwise


def _shape(a, index):
    try:
        return np.empty(a.shape)[index].shape
    except IndexError:
        return None


X = np.array([0.7, -1.2, 0.4, 1.9, -0.3, 0.9])


def smooth(program):
    """The value of a program if it is not too large to be compared with central differences, else None."""
    value = run(program, X.copy())[0]
    return value if np.isfinite(value) and abs(value) < 1e5 else None


@settings(max_examples=max(60, settings().max_examples))
@given(program=programs())
def test_a_program_gives_the_numbers_of_numpy_and_their_gradient(program):
    expected, arrays = run(program, X.copy())
    (value, tensors), gradient = value_and_grad(lambda x: run(program, x), has_aux=True)(X.copy())
    for array, found in zip(arrays, tensors, strict=True):
        np.testing.assert_array_equal(found, array)
    np.testing.assert_array_equal(value, expected)
    if smooth(program) is not None:
        step = 1e-6
        slopes = [(run(program, X + d)[0] - run(program, X - d)[0]) / (2 * step) for d in step * np.eye(X.size)]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=1e-4 * max(1.0, abs(expected)))


@given(program=programs())
def test_a_program_can_be_differentiated_twice(program):
    def f(x):
        return run(program, x)[0]

    if smooth(program) is not None:
        direction, step = np.array([0.3, -0.2, 0.5, 0.1, -0.4, 0.2]), 1e-5
        (product,) = hvp(f, [X.copy()], [direction])
        high, low = grad(f)(X + step * direction), grad(f)(X - step * direction)
        atol = 1e-4 * max(1.0, np.abs(high).max())
        np.testing.assert_allclose(product, (high - low) / (2 * step), rtol=1e-4, atol=atol)
        # Inside of another level the argument is no leaf.
        total = grad(lambda x: grad(f)(x) @ direction)(X.copy())
        np.testing.assert_allclose(total, product, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(product).max()))


@given(program=programs())
def test_a_program_can_be_compiled(program):
    function = value_and_grad(lambda x: run(program, x)[0])
    compiled = compile(function)
    for x in (X, X[::-1].copy(), X * 0.5):
        expected, found = function(x.copy()), compiled(x.copy())
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-12)
