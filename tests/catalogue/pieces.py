"""Functions of parts of an array: segments, windows, partitions, rows, pieces; points between two; as cases."""

import hypothesis.strategies as st
import numpy as np

import autograd_lite as ag
from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue.ordering import NUMPY, case
from catalogue.samples import Case, Sample

# -- definitions -------------------------------------------------------------------------------------------------------


def _in_parts(x, kth, axis):
    """What does not depend on the order within the parts of a partition: kth element, and sums before and after it."""
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    kth = kth % x.shape[axis]
    rows = np.moveaxis(x, axis, 0)
    return np.stack([(rows[:kth] ** 2).sum(0), rows[kth], (rows[kth + 1 :] ** 2).sum(0)])


def _partitioned(m):
    return lambda x, kth, axis: _in_parts(m.partition(x, kth, axis), kth, axis)


def _topk(x, k, axis, largest):
    rows = np.moveaxis(x, axis, -1)
    chosen = [sorted(row, reverse=largest)[:k] for row in rows.reshape(-1, rows.shape[-1])]
    return np.moveaxis(np.array(chosen, float).reshape(*rows.shape[:-1], k), -1, axis)


def _segment_sum(x, segments, count):
    count = max(np.ravel(segments), default=-1) + 1 if count is None else count
    out = np.zeros((count, *x.shape[segments.ndim :]))
    for place in np.ndindex(*segments.shape):
        out[segments[place]] += x[place]
    return out


def _reduced_at(combine):
    def reference(x, indices, axis):
        rows = np.moveaxis(x, axis, 0)
        ends = [*indices[1:], len(rows)]
        parts = [combine(rows[i : max(j, i + 1)], axis=0) for i, j in zip(indices, ends, strict=True)]
        return np.moveaxis(np.array(parts).reshape(len(indices), *rows.shape[1:]), 0, axis)

    return reference


def _windows(x, window_shape, axis):
    window = (window_shape,) if isinstance(window_shape, int) else window_shape
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    for length, along in zip(window, axes, strict=True):
        n = x.shape[along] - length + 1
        x = np.stack([np.take(x, range(i, i + n), along) for i in range(length)], -1)
    return x


def _shifted(x, axes, back=False):
    axes = range(x.ndim) if axes is None else np.atleast_1d(axes).tolist()
    for axis in axes:
        n = x.shape[axis]
        half = n // 2 if back else n - n // 2
        x = np.concatenate([np.take(x, range(half, n), axis), np.take(x, range(half), axis)], axis)
    return x


def _pieces(x, limit):
    return np.array([v**3 if v > limit else 0.5 * v for v in x.ravel()], float).reshape(x.shape)


def _piecewise(m):
    return lambda x, limit: m.piecewise(x, [x > limit], [lambda part: part**3, lambda part: part / 2])


def _rows(x, axis, of):
    rows = np.moveaxis(x, axis, -1)
    results = np.array([of(row) for row in rows.reshape(-1, rows.shape[-1])])
    results = results.reshape((*rows.shape[:-1], *results.shape[1:]))
    inner = results.ndim - rows.ndim + 1
    return np.moveaxis(results, range(rows.ndim - 1, results.ndim), range(axis % x.ndim, axis % x.ndim + inner))


_OF_A_ROW = {
    "a number": lambda row: (row * row).sum(),
    "a row": lambda row: row[:1] * row * row,
    "a matrix": lambda row: row[:, None] * row[:2],
}


def _linspace(start, stop, num, endpoint, axis):
    start, stop = np.broadcast_arrays(start, stop)
    points = [start + (stop - start) * i / max(num - endpoint, 1) for i in range(num)]
    return np.moveaxis(np.array(points, float).reshape(num, *start.shape), 0, axis)


# -- samples -----------------------------------------------------------------------------------------------------------


@st.composite
def _kth(draw, shape):
    axis = draw(sa.with_one_axis_or_none(shape))["axis"]
    n = int(np.prod(shape)) if axis is None else shape[axis]
    return {"kth": draw(st.integers(-n, n - 1)), "axis": axis}


@st.composite
def _how_many(draw, shape):
    axis = draw(s.axes(len(shape), False))
    return {"k": draw(st.integers(0, shape[axis])), "axis": axis, "largest": draw(st.booleans())}


@st.composite
def _segments(draw, shape):
    rng, count = draw(s.generators), draw(st.integers(1, 4))
    segments = rng.integers(0, count, shape[: draw(st.integers(1, len(shape)))])
    return {"segments": segments, "count": draw(st.sampled_from([None, count, count + 1]))}


@st.composite
def _starts(draw, shape):
    axis = draw(s.axes(len(shape), False))
    return {"indices": draw(st.lists(st.integers(0, shape[axis] - 1), min_size=1, max_size=4)), "axis": axis}


@st.composite
def _of_windows(draw, shape):
    if draw(st.booleans()):
        axis = draw(s.axes(len(shape), False))
        return {"window_shape": draw(st.integers(1, shape[axis])), "axis": axis}
    return {"window_shape": tuple(draw(st.integers(1, n)) for n in shape), "axis": None}


def _shifts(shape):
    some = s.axes(len(shape)).filter(lambda axis: axis != ())
    return st.fixed_dictionaries({"axes": some})


@st.composite
def _spaced(draw):
    (start, stop), _ = draw(s.elementwise(s.real, s.real))
    ndim = max(start.ndim, stop.ndim)
    static = {"num": draw(st.integers(0, 4)), "endpoint": draw(st.booleans()), "axis": draw(st.integers(-1, ndim))}
    return Sample((start, stop), static)


_reduceat = s.varying(_starts, min_dims=1, min_side=1)
CASES = [
    case("partition", _partitioned, sa.distinct_with(_kth, min_dims=1, min_side=1),
         lambda x, kth, axis: _in_parts(np.sort(x, axis), kth, axis)),
    Case("topk", lambda x, **options: ag.topk(x, **options).values, _topk,
         sa.distinct_with(_how_many, min_dims=1, min_side=1)),
    Case("segment_sum", ag.segment_sum, _segment_sum, s.varying(_segments, min_dims=1)),
    Case("np.add.reduceat", lambda x, indices, axis: np.add.reduceat(x, indices, axis), _reduced_at(np.sum), _reduceat),
    Case("np.multiply.reduceat", lambda x, indices, axis: np.multiply.reduceat(x, indices, axis), _reduced_at(np.prod),
         _reduceat),
    Case("np.maximum.reduceat", lambda x, indices, axis: np.maximum.reduceat(x, indices, axis), _reduced_at(np.max),
         sa.distinct_with(_starts, min_dims=1, min_side=1)),
    Case("np.minimum.reduceat", lambda x, indices, axis: np.minimum.reduceat(x, indices, axis), _reduced_at(np.min),
         sa.distinct_with(_starts, min_dims=1, min_side=1)),
    Case("sliding_window_view", ag.sliding_window_view, _windows, s.varying(_of_windows, min_dims=1, min_side=1)),
    Case("np.fft.fftshift", lambda x, axes: np.fft.fftshift(x, axes), _shifted, s.varying(_shifts, min_dims=1)),
    Case("np.fft.ifftshift", lambda x, axes: np.fft.ifftshift(x, axes), lambda x, axes: _shifted(x, axes, True),
         s.varying(_shifts, min_dims=1)),
    case("piecewise", _piecewise, s.elementwise(s.grid(0.15)).map(lambda sample: Sample(sample.arrays, {"limit": 0.3})),
         _pieces),
    *(
        case(f"apply_along_axis: {name}", lambda m, of=of: lambda x, axis: m.apply_along_axis(of, axis, x),
             s.varying(sa.with_axis, min_dims=1, min_side=1), lambda x, axis, of=of: _rows(x, axis, of))
        for name, of in _OF_A_ROW.items()
    ),
    case("linspace", lambda m: m.linspace, _spaced(), _linspace),
]  # fmt: skip
del NUMPY["linspace"]  # called as it is
