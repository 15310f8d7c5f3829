"""Sample inputs for what rearranges, joins and chooses: arguments that depend on the shape of an array."""

from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from catalogue import samples
from catalogue.samples import (
    Sample,
    Shape,
    axes,
    basic_indices,
    distinct,
    generators,
    integer_indices,
    masks,
    real,
    shapes,
)

Statics = st.SearchStrategy[dict[str, Any]]


def with_axis(shape: Shape) -> Statics:
    return st.fixed_dictionaries({"axis": axes(len(shape), several=False)})


def with_any_axis(shape: Shape) -> Statics:
    return st.fixed_dictionaries({"axis": axes(len(shape))})


def with_one_axis_or_none(shape: Shape) -> Statics:
    one = axes(len(shape), several=False) if shape else st.nothing()
    return st.fixed_dictionaries({"axis": st.none() | one})


@st.composite
def moved_axes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"source": draw(axes(len(shape), False)), "destination": draw(axes(len(shape), False))}
    places = st.lists(st.integers(0, len(shape) - 1), unique=True)
    source = draw(places)
    return {"source": source, "destination": draw(st.permutations(range(len(shape))))[: len(source)]}


def rolled_axis(shape: Shape) -> Statics:
    return st.fixed_dictionaries({"axis": axes(len(shape), False), "start": st.integers(-len(shape), len(shape))})


def turned(shape: Shape) -> Statics:
    pair = st.permutations(range(len(shape))).map(lambda order: (order[0], order[1] - len(shape)))
    return st.fixed_dictionaries({"k": st.integers(-5, 5), "axes": pair})


@st.composite
def rolled(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(axes(len(shape)).filter(lambda axis: axis != ()))
    shift = st.integers(-5, 5)
    if isinstance(axis, tuple) and draw(st.booleans()):
        return {"shift": tuple(draw(shift) for _ in axis), "axis": axis}
    return {"shift": draw(shift), "axis": axis}


def tiled(shape: Shape) -> Statics:
    return st.fixed_dictionaries({"reps": st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=4).map(tuple)})


@st.composite
def repeated(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(with_one_axis_or_none(shape))["axis"]
    n = int(np.prod(shape)) if axis is None else shape[axis]
    times = st.integers(0, 3)
    return {"repeats": draw(times | st.lists(times, min_size=n, max_size=n)), "axis": axis}


@st.composite
def padded(draw: st.DrawFn, shape: Shape, mode: str) -> dict[str, Any]:
    width = st.integers(0, 3)
    pairs = st.lists(st.tuples(width, width), min_size=len(shape), max_size=len(shape))
    static = {"pad_width": draw(width | st.tuples(width, width) | pairs) if shape else 0, "mode": mode}
    return {**static, "constant_values": draw(st.sampled_from([0, 2.5]))} if mode == "constant" else static


def ordered_shapes(shape: Shape) -> Statics:
    new = st.permutations(shape).map(tuple) | st.just(-1) if 0 not in shape else st.permutations(shape).map(tuple)
    return st.fixed_dictionaries({"shape": new, "order": st.sampled_from("CF")})


@st.composite
def several(draw: st.DrawFn, broadcast: bool = False, **limits: int) -> Sample:
    """Up to three arrays of any shapes."""
    rng, n = draw(generators), draw(st.integers(1, 3))
    if broadcast:
        drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=n, max_dims=3, min_side=0, max_side=3)).input_shapes
    else:
        drawn = tuple(draw(shapes(**limits)) for _ in range(n))
    return Sample(tuple(real(rng, shape) for shape in drawn), {})


# -- choosing ----------------------------------------------------------------------------------------------------------


@st.composite
def taken(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(with_one_axis_or_none(shape))["axis"]
    n = int(np.prod(shape)) if axis is None else shape[axis]
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    reach = n if mode == "raise" else 3 * n
    number = st.integers(-reach, reach - 1)
    return {"indices": draw(number | hnp.arrays(int, shapes(max_dims=2), elements=number)), "axis": axis, "mode": mode}


@st.composite
def taken_along(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(with_one_axis_or_none(shape))["axis"]
    if axis is None:
        n = int(np.prod(shape))
        return {
            "indices": draw(hnp.arrays(int, draw(st.integers(0, 4)), elements=st.integers(-n, n - 1))),
            "axis": None,
        }
    rows, at = list(shape), axis % len(shape)
    rows = [1 if draw(st.booleans()) else n for n in rows]
    rows[at] = draw(st.integers(0, 3))
    n = shape[at]
    return {"indices": draw(hnp.arrays(int, tuple(rows), elements=st.integers(-n, n - 1))), "axis": axis}


@st.composite
def conditions(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(with_one_axis_or_none(shape))["axis"]
    n = int(np.prod(shape)) if axis is None else shape[axis]
    return {"condition": draw(hnp.arrays(bool, draw(st.integers(0, n)))), "axis": axis}


@st.composite
def distinct_with(draw: st.DrawFn, statics: Any, **limits: int) -> Sample:
    """One array without equal elements, and arguments that depend on its shape."""
    shape = draw(shapes(**limits))
    return Sample((distinct(draw(generators), shape),), draw(statics(shape)))


@st.composite
def alternatives(draw: st.DrawFn, of_conditions: bool) -> Sample:
    """For `select` (conditions, with a default) and `choose` (one array of numbers)."""
    n = draw(st.integers(1, 3))
    decisive = n if of_conditions else 1
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=n + 1 + decisive, max_dims=2, min_side=0, max_side=3))
    rng = draw(generators)
    arrays = tuple(real(rng, shape) for shape in drawn.input_shapes[: n + 1])
    deciding = drawn.input_shapes[n + 1 :]
    if of_conditions:
        return Sample(arrays, {"conditions": [rng.integers(0, 2, shape).astype(bool) for shape in deciding]})
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    low, high = (0, n + 1) if mode == "raise" else (-5, 8)
    return Sample(arrays, {"index": rng.integers(low, high, deciding[0]), "mode": mode})


@st.composite
def gridded(draw: st.DrawFn) -> Sample:
    rng = draw(generators)
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    static = {"indexing": draw(st.sampled_from(["xy", "ij"])), "sparse": draw(st.booleans())}
    return Sample(tuple(real(rng, (n,)) for n in lengths), static)


@st.composite
def assigned(draw: st.DrawFn) -> Sample:
    """An array, an index into it, and a value that broadcasts to what the index names."""
    shape, rng = draw(shapes(min_dims=1, min_side=1)), draw(generators)
    kinds = [samples.basic_indices, samples.integer_indices, samples.masks, samples.mixed_indices]
    index = draw(st.one_of(*[kind(shape) for kind in kinds]))["index"]
    part = np.empty(shape)[index].shape
    value = tuple(1 if draw(st.booleans()) else n for n in part)[draw(st.integers(0, len(part))) :]
    value = (1, *value) if len(value) == len(part) and draw(st.booleans()) else value
    try:
        np.empty(shape)[index] = np.empty(value)
    except (TypeError, ValueError):  # further axes in front do not go with every index
        value = ()
    return Sample((real(rng, shape), real(rng, value)), {"index": index})


@st.composite
def interpolated(draw: st.DrawFn) -> Sample:
    rng, n = draw(generators), draw(st.integers(1, 4))
    static = {
        "xp": np.arange(n) * 1.5,
        "left": draw(st.sampled_from([None, 2.0])),
        "right": draw(st.sampled_from([None, -1.0])),
    }
    x = rng.integers(-2, n + 1, draw(shapes(max_dims=2))) * 1.5 + 0.4
    return Sample((np.asarray(x), real(rng, (n,))), static)


# -- joining and splitting -------------------------------------------------------------------------------------------


def several_of(*fixed: Shape) -> st.SearchStrategy[Sample]:
    return generators.map(lambda rng: Sample(tuple(real(rng, shape) for shape in fixed), {}))


@st.composite
def stacked(draw: st.DrawFn, name: str) -> Sample:
    """Arrays that differ along the axis along which the function joins them."""
    rng, n, ndim = draw(generators), draw(st.integers(1, 3)), draw(st.integers(0, 3))
    shape = draw(shapes(min_dims=ndim, max_dims=ndim))
    axis = {"hstack": 0 if ndim == 1 else 1, "vstack": 0, "dstack": 2, "column_stack": 1}[name]
    differ = axis < ndim and not (name == "vstack" and ndim == 1)
    drawn = [(*shape[:axis], draw(st.integers(0, 3)), *shape[axis + 1 :]) if differ else shape for _ in range(n)]
    return Sample(tuple(real(rng, shape) for shape in drawn), {})


@st.composite
def blocks(draw: st.DrawFn) -> Sample:
    rng, side = draw(generators), st.integers(0, 2)
    top, bottom, left, right = draw(side), draw(side), draw(side), draw(side)
    shift = draw(st.integers(0, right))
    drawn = [(top, left), (top, right), (bottom, left + shift), (bottom, right - shift)]
    return Sample(tuple(real(rng, shape) for shape in drawn), {})


@st.composite
def inserted(draw: st.DrawFn) -> Sample:
    rng, shape = draw(generators), draw(shapes(min_dims=1))
    axis = draw(with_one_axis_or_none(shape))["axis"]
    n = int(np.prod(shape)) if axis is None else shape[axis]
    place = st.integers(-n, n)
    index = draw(place | st.lists(place, min_size=1, max_size=3) | st.slices(n))
    named = 1 if isinstance(index, int) else len(index) if isinstance(index, list) else len(range(n)[index])
    if axis is None:
        value = draw(st.sampled_from([(), (named,)]))
    else:
        at = axis % len(shape)
        value = (
            draw(st.sampled_from([(), (*shape[:at], named, *shape[at + 1 :])])) if not isinstance(index, int) else ()
        )
    return Sample((real(rng, shape), real(rng, value)), {"index": index, "axis": axis})


@st.composite
def deleted(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(with_one_axis_or_none(shape))["axis"]
    n = int(np.prod(shape)) if axis is None else shape[axis]
    place = st.integers(-n, n - 1)
    mask = hnp.arrays(bool, n)
    return {"index": draw(place | st.lists(place, max_size=3) | st.slices(n) | mask), "axis": axis}


boundaries = st.lists(st.integers(-4, 4), max_size=3)


@st.composite
def split_evenly(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(axes(len(shape), several=False))
    return {"sections": draw(st.sampled_from([n for n in (1, 2, 3) if shape[axis] % n == 0])), "axis": axis}


def split_anywhere(shape: Shape) -> Statics:
    return st.fixed_dictionaries({"sections": boundaries, "axis": axes(len(shape), several=False)})


def split_by_name(shape: Shape) -> Statics:
    return st.fixed_dictionaries({"sections": boundaries})


@st.composite
def diagonals(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    first, second = draw(st.permutations(range(len(shape))))[:2]
    return {"offset": draw(st.integers(-3, 3)), "axis1": first, "axis2": second - len(shape)}


@st.composite
def scattered(draw: st.DrawFn) -> Sample:
    shape = draw(shapes(min_dims=1, min_side=1))
    index = draw(st.one_of(basic_indices(shape), integer_indices(shape), masks(shape)))["index"]
    return Sample((real(draw(generators), np.empty(shape)[index].shape),), {"index": index, "shape": shape})


@st.composite
def chosen(draw: st.DrawFn) -> Sample:
    """For `where`: a condition and two operands that broadcast against it."""
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3))
    rng, (condition, x, y) = draw(generators), drawn.input_shapes
    return Sample((real(rng, x), real(rng, y)), {"condition": rng.integers(0, 2, condition).astype(bool)})
