"""NumPy's functions that write into their first argument, as cases of the catalogue: what they leave in a copy.

Their names begin with "np.", because the package exports no functions of its own for them.
"""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd_lite import Tensor
from catalogue import samples as s
from catalogue.samples import Case, Sample


def _written(write):
    """The function that writes into a copy."""

    def operation(x, values, **static):
        copy = np.copy(x)
        if isinstance(values, Tensor) and not isinstance(copy, Tensor):
            copy = Tensor(copy)  # a plain array takes no tensor
        write(copy, values, **static)
        return copy

    return operation


def _case(name, write, reference, samples):
    """`reference` is a loop over the elements that are written, by their positions in C order."""

    def by_elements(x, values, **static):
        flat = x.ravel().copy()
        reference(flat, x.shape, values, **static)
        return flat.reshape(x.shape)

    return Case(f"np.{name}", _written(write), by_elements, samples)


def _cycle(flat, places, values):
    values = np.ravel(values)
    for number, place in enumerate(np.ravel(places)):
        flat[place] = values[number % len(values)]


def _put(flat, shape, values, ind, mode):
    _cycle(flat, [i % flat.size if mode == "wrap" else min(max(i, -flat.size), flat.size - 1) for i in ind], values)


def _fill_diagonal(flat, shape, values, wrap):
    rows = range(shape[0] if len(shape) > 2 or wrap else min(shape))
    step = sum(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))
    _cycle(flat, [i * step for i in rows if i * step < flat.size], values)


def _put_along_axis(flat, shape, values, indices, axis):
    places = np.arange(flat.size).reshape(shape)
    values = np.broadcast_to(values, indices.shape)
    for at in np.ndindex(*indices.shape):
        flat[places[(*at[:axis], indices[at], *at[axis + 1 :])]] = values[at]


def _copyto(flat, shape, values, where):
    chosen = np.broadcast_to(where, shape).ravel()
    flat[chosen] = np.broadcast_to(values, shape).ravel()[chosen]


def _add_at(sign):
    def reference(flat, shape, values, index):
        places = np.arange(flat.size).reshape(shape)[index]
        for place, value in zip(places.ravel(), np.broadcast_to(values, places.shape).ravel(), strict=True):
            flat[place] += sign * value

    return reference


# -- samples -----------------------------------------------------------------------------------------------------------


@st.composite
def _values_at(draw, shape):
    """An array and values to be written one after the other, from one to four."""
    rng = draw(s.generators)
    return s.real(rng, shape), s.real(rng, draw(st.sampled_from([(), (1,), (2,), (4,)])))


@st.composite
def _places(draw):
    shape = draw(s.shapes(min_side=1))
    size, mode = int(np.prod(shape)), draw(st.sampled_from(["raise", "wrap"]))
    reach = size if mode == "raise" else 3 * size
    # No place twice: of several values for one, it is not for numerical derivatives to say which one remains.
    places = draw(st.lists(st.integers(-reach, reach - 1), min_size=1, max_size=4, unique_by=lambda i: i % size))
    return Sample(draw(_values_at(shape)), {"ind": places, "mode": mode})


@st.composite
def _square(draw):
    shape = draw(st.sampled_from([(1, 1), (2, 3), (3, 2), (3, 3), (5, 2), (2, 2, 2), (3, 3, 3)]))
    return Sample(draw(_values_at(shape)), {"wrap": draw(st.booleans())})


@st.composite
def _along_axis(draw):
    shape, rng = draw(s.shapes(min_dims=1, min_side=1)), draw(s.generators)
    axis = draw(st.integers(0, len(shape) - 1))
    moved = np.argsort(rng.random(shape), axis=axis)
    indices = np.take(moved, range(draw(st.integers(0, shape[axis]))), axis)
    values = s.real(rng, indices.shape if draw(st.booleans()) else ())
    return Sample((s.real(rng, shape), values), {"indices": indices, "axis": axis})


@st.composite
def _masks(draw, name="mask"):
    shape = draw(s.shapes(min_side=1))
    return Sample(draw(_values_at(shape)), {name: draw(hnp.arrays(bool, shape).filter(np.any))})


@st.composite
def _copied(draw):
    shape, rng = draw(s.shapes(min_side=1)), draw(s.generators)
    values = shape[draw(st.integers(0, len(shape))) :]
    where = draw(st.just(True) | hnp.arrays(bool, shape) | hnp.arrays(bool, shape[1:]))
    return Sample((s.real(rng, shape), s.real(rng, values)), {"where": where})


@st.composite
def _added(draw):
    shape, rng = draw(s.shapes(min_dims=1, min_side=1)), draw(s.generators)
    index = draw(st.one_of(s.integer_indices(shape), s.masks(shape), s.mixed_indices(shape)))["index"]
    part = np.empty(shape)[index].shape
    return Sample((s.real(rng, shape), s.real(rng, part[draw(st.integers(0, len(part))) :])), {"index": index})


CASES = [
    _case("put", lambda x, v, ind, mode: np.put(x, ind, v, mode), _put, _places()),
    _case("fill_diagonal", lambda x, v, wrap: np.fill_diagonal(x, v, wrap), _fill_diagonal, _square()),
    _case("put_along_axis", lambda x, v, indices, axis: np.put_along_axis(x, indices, v, axis), _put_along_axis,
          _along_axis()),
    _case("place", lambda x, v, mask: np.place(x, mask, v),
          lambda flat, shape, v, mask: _cycle(flat, np.flatnonzero(mask), v), _masks()),
    _case("putmask", lambda x, v, mask: np.putmask(x, mask, v),
          lambda flat, shape, v, mask: _cycle_of_all(flat, mask, v), _masks()),
    _case("copyto", lambda x, v, where: np.copyto(x, v, where=where), _copyto, _copied()),
    _case("add.at", lambda x, v, index: np.add.at(x, index, v), _add_at(1), _added()),
    _case("subtract.at", lambda x, v, index: np.subtract.at(x, index, v), _add_at(-1), _added()),
]  # fmt: skip


def _cycle_of_all(flat, mask, values):
    values = np.ravel(values)
    for place in np.flatnonzero(mask):
        flat[place] = values[place % len(values)]


# The functions of NumPy that they are cases of.
NAMES = {case.name.removeprefix("np.") for case in CASES if ".at" not in case.name}
