"""Where the sample inputs of the catalogue come from: domains of numbers, and strategies for shapes, axes, indices."""

from collections.abc import Callable
from typing import Any, NamedTuple

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

Shape = tuple[int, ...]
Domain = Callable[[np.random.Generator, Shape], np.ndarray]


class Sample(NamedTuple):
    """Inputs for an operation: the arrays to differentiate with respect to, and everything else by name."""

    arrays: tuple[np.ndarray, ...]
    static: dict[str, Any]


class Case(NamedTuple):
    """One line of the catalogue: an operation, its independent definition, and inputs at which it is smooth."""

    name: str
    operation: Callable[..., Any]  # operation(*tensors, **static)
    reference: Callable[..., Any]  # reference(*arrays, **static)
    samples: st.SearchStrategy[Sample]
    domains: tuple[Domain, ...] = ()  # for operations that broadcast: one for each operand
    order: int = 2  # the highest derivative that is tested

    @property
    def exported(self) -> str:
        return self.name.partition(":")[0]


# A generator prints no numbers, but the sample that is made with it does, and shapes shrink independently of values.
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


# -- domains: numbers at which a function is smooth, by a margin wider than the steps of numerical derivatives -------


def real(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(rng.uniform(-2, 2, shape))


def positive(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(rng.uniform(0.3, 3, shape))


def negative(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return -positive(rng, shape)


def nonzero(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return positive(rng, shape) * rng.choice([-1, 1], shape)


def with_zeros(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return nonzero(rng, shape) * rng.integers(0, 2, shape)


def probability(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(rng.uniform(0.1, 0.9, shape))


def distinct(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """No two elements closer than 0.1."""
    size = int(np.prod(shape))
    return (rng.permutation(size) - size / 2).reshape(shape) * 0.1


def grid(offset: float) -> Domain:
    """Multiples of 0.3 plus an offset: numbers from grids of different offset are never close to each other."""
    return lambda rng, shape: np.asarray(rng.integers(-6, 7, shape) * 0.3 + offset)


def halves(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Numbers whose quotients by those of `units` are never close to an integer."""
    return np.asarray(rng.integers(-6, 7, shape) + 0.5)


def units(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Close to ±1 and ±2."""
    return rng.choice([-2, -1, 1, 2], shape) * rng.uniform(0.99, 1.01, shape)


# -- shapes and axes -----------------------------------------------------------------------------------------------


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3) -> st.SearchStrategy[Shape]:
    """Half of them any, often without elements or with one; half of them with several elements along each axis."""
    several = [shape for shape in [(3,), (2, 3), (3, 2), (2, 3, 2)] if min_dims <= len(shape) <= max_dims]
    anything = hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)
    return anything | st.sampled_from(several) if several and max_side > 2 else anything


def elementwise(*domains: Domain) -> st.SearchStrategy[Sample]:
    """Arrays of shapes that broadcast against each other, one from each domain."""
    return st.builds(
        lambda rng, drawn: Sample(
            tuple(domain(rng, shape) for domain, shape in zip(domains, drawn.input_shapes, strict=True)), {}
        ),
        generators,
        hnp.mutually_broadcastable_shapes(num_shapes=len(domains), max_dims=3, min_side=0, max_side=3),
    )


def axes(ndim: int, several: bool = True) -> st.SearchStrategy[Any]:
    """An axis, counted from either end; with `several` also None and tuples of axes."""
    one = st.integers(-ndim, ndim - 1) if ndim else st.nothing()
    if not several:
        return one
    tuples = st.lists(st.integers(0, ndim - 1), unique=True, max_size=ndim).flatmap(
        lambda chosen: st.tuples(*(st.sampled_from([axis, axis - ndim]) for axis in chosen))
    )
    return st.one_of(st.none(), one, tuples) if ndim else st.sampled_from([None, ()])


@st.composite
def reduction(draw: st.DrawFn, domain: Domain, min_side: int = 0, several: bool = True, ddof: bool = False) -> Sample:
    """Half of the samples lose one axis of several: there it shows whether the gradient finds its place again."""
    if draw(st.booleans()):
        shape = draw(st.sampled_from([(2, 3), (3, 2), (2, 3, 2)]))
        axis, keepdims = draw(axes(len(shape), several=False)), False
    else:
        shape = draw(shapes(min_dims=0 if several else 1, min_side=min_side))
        axis, keepdims = draw(axes(len(shape), several)), draw(st.booleans())
    static = {"axis": axis, "keepdims": keepdims} if several else {"axis": axis}
    if ddof:
        axis = range(len(shape)) if static["axis"] is None else static["axis"]
        reduced = np.prod([shape[a] for a in np.atleast_1d(axis).astype(int)])
        static["ddof"] = draw(st.sampled_from([d for d in (0, 0.5, 1) if d < reduced]))
    return Sample((domain(draw(generators), shape),), static)


@st.composite
def varying(draw: st.DrawFn, static: Callable[[Shape], st.SearchStrategy[dict[str, Any]]], **limits: int) -> Sample:
    """One real array, and arguments that depend on its shape."""
    shape = draw(shapes(**limits))
    return Sample((real(draw(generators), shape),), draw(static(shape)))


# -- arguments that depend on a shape --------------------------------------------------------------------------------


@st.composite
def new_shapes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    lengths = [*draw(st.permutations(shape)), *([1] * draw(st.integers(0, 1)))]
    if len(lengths) > 1 and draw(st.booleans()):
        lengths = [lengths[0] * lengths[1], *lengths[2:]]
    if lengths and 0 not in lengths and draw(st.booleans()):
        lengths[draw(st.integers(0, len(lengths) - 1))] = -1
    return {"shape": tuple(lengths)}


@st.composite
def larger_shapes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    lengths = [draw(st.integers(0, 3)) if length == 1 and draw(st.booleans()) else length for length in shape]
    return {"shape": (*draw(shapes(max_dims=1, max_side=2)), *lengths)}


def permutations(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    ndim = len(shape)
    signed = st.permutations(range(ndim)).flatmap(
        lambda order: st.tuples(*(st.sampled_from([axis, axis - ndim]) for axis in order))
    )
    return st.fixed_dictionaries({"axes": st.none() | signed})


def cycles(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Orders of three axes that are not their own inverse."""
    return st.fixed_dictionaries({"axes": st.sampled_from([(1, 2, 0), (2, 0, 1), (-1, 0, 1)])})


def axis_pairs(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"axis1": axes(len(shape), False), "axis2": axes(len(shape), False)})


def new_axes(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    ndim = len(shape)
    one = st.integers(-ndim - 1, ndim)
    two = st.lists(st.integers(0, ndim + 1), unique=True, min_size=2, max_size=2).map(tuple)
    return st.fixed_dictionaries({"axis": one | two})


def axes_of_length_one(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    some = st.lists(st.sampled_from(ones), unique=True).map(tuple) if ones else st.just(())
    return st.fixed_dictionaries({"axis": st.none() | some})


def basic_indices(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Integers, slices of any step, Ellipsis and None."""
    indices = hnp.basic_indices(shape, allow_newaxis=True, max_dims=5)
    return st.fixed_dictionaries({"index": indices})


def integer_indices(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Arrays of integers that broadcast against each other; elements repeat."""
    result = hnp.broadcastable_shapes((2,), min_side=1, max_side=3, max_dims=2)
    return st.fixed_dictionaries({"index": hnp.integer_array_indices(shape, result_shape=result)})


@st.composite
def mixed_indices(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """Lists, slices, integers, None and Ellipsis, each at any place: NumPy moves the advanced axes as it likes."""
    parts: list[Any] = []
    for length in shape:
        kinds: list[st.SearchStrategy[Any]] = [
            st.integers(-length, length - 1),
            st.slices(length),
            st.lists(st.integers(-length, length - 1), min_size=2, max_size=2),
        ]
        parts.append(draw(st.one_of(kinds)))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    if draw(st.booleans()):
        parts = [*parts[: draw(st.integers(0, len(parts)))], ...]
    return {"index": tuple(parts)}


def masks(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Boolean arrays over some leading axes."""
    kept = st.integers(1, len(shape))
    return st.fixed_dictionaries({"index": kept.flatmap(lambda n: hnp.arrays(bool, shape[:n]))})


# -- several arrays whose shapes belong together ---------------------------------------------------------------------


@st.composite
def joined(draw: st.DrawFn, new_axis: bool) -> Sample:
    """Arrays for `stack` (all of one shape), or for `concatenate` (they differ along one axis; any shapes for None)."""
    rng, shape, n = draw(generators), draw(shapes(min_dims=0 if new_axis else 1)), draw(st.integers(1, 3))
    if new_axis:
        ndim = len(shape) + 1
        return Sample(tuple(real(rng, shape) for _ in range(n)), {"axis": draw(st.just(-1) | axes(ndim, False))})
    axis = draw(st.none() | st.just(-1) | axes(len(shape), False))
    if axis is None:
        return Sample(tuple(real(rng, draw(shapes(max_dims=2))) for _ in range(n)), {"axis": None})
    lengths = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    before, after = shape[: axis % len(shape)], shape[axis % len(shape) + 1 :]
    return Sample(tuple(real(rng, (*before, length, *after)) for length in lengths), {"axis": axis})


@st.composite
def products(draw: st.DrawFn) -> Sample:
    """Operands of `matmul`: vectors, matrices and stacks of them that broadcast."""
    anything = hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, min_side=0, max_side=3, max_dims=2)
    several = [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)),
               ((2, 2, 3), (2, 3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2))]  # fmt: skip
    operands, rng = draw(anything.map(lambda drawn: drawn.input_shapes) | st.sampled_from(several)), draw(generators)
    return Sample(tuple(real(rng, shape) for shape in operands), {})


@st.composite
def dots(draw: st.DrawFn) -> Sample:
    """Operands of `dot`: numbers, vectors, and arrays of any dimension that do not broadcast."""
    rng, length = draw(generators), draw(st.integers(0, 3))
    left, right = draw(shapes(max_dims=3)), draw(shapes(max_dims=3))
    if left and right:
        left = (*left[:-1], length)
        right = (*right[:-2], length, right[-1]) if len(right) > 1 else (length,)
    return Sample((real(rng, left), real(rng, right)), {})


@st.composite
def affine(draw: st.DrawFn, bias: bool) -> Sample:
    rng, leading = draw(generators), draw(shapes(max_dims=2))
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    arrays = [real(rng, (*leading, inputs)), real(rng, (outputs, inputs))]
    return Sample((*arrays, real(rng, (outputs,))) if bias else tuple(arrays), {})


reductions = st.sampled_from(["mean", "sum", "none"])


@st.composite
def classified(draw: st.DrawFn, probabilities: bool = False, scores: Domain = real) -> Sample:
    """Scores (K,), (N, K), (N, K, d1), with labels as a static argument or rows of weights as a second array."""
    rng, shape = draw(generators), draw(shapes(min_dims=1, min_side=1))
    logits, static = scores(rng, shape), {"reduction": draw(reductions)}
    if probabilities:  # they need not sum to one
        return Sample((logits, positive(rng, shape)), static)
    axis = 0 if len(shape) == 1 else 1
    labels = rng.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
    return Sample((logits,), {"target": labels, **static})


@st.composite
def compared(draw: st.DrawFn, prediction: Domain, target: Domain) -> Sample:
    """A prediction and a target of the same shape."""
    rng, shape = draw(generators), draw(shapes(min_side=1))
    return Sample((prediction(rng, shape), target(rng, shape)), {"reduction": draw(reductions)})
