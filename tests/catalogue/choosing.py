"""Choosing and setting elements, as cases of the catalogue."""

import numpy as np

import autograd_lite as ag
from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue.ordering import case, join_pieces


def _taken_along(x, indices, axis):
    x, axis = (x.ravel(), 0) if axis is None else (x, axis % x.ndim)
    shape = [indices.shape[a] if a == axis else np.broadcast_shapes((x.shape[a],), (indices.shape[a],))[0]
             for a in range(x.ndim)]  # fmt: skip
    out = np.empty(shape)
    for place in np.ndindex(*shape):
        row = tuple(0 if indices.shape[a] == 1 else i for a, i in enumerate(place))
        source = tuple(0 if x.shape[a] == 1 else i for a, i in enumerate(place))
        out[place] = x[(*source[:axis], indices[row], *source[axis + 1 :])]
    return out


def _selected(*choices, conditions):
    out = choices[-1]
    for condition, choice in reversed(list(zip(conditions, choices[:-1], strict=True))):
        out = np.where(condition, choice, out)
    return out


def _chosen(*choices, index, mode):
    n = len(choices)
    index = index % n if mode == "wrap" else np.clip(index, 0, n - 1)
    return sum((index == i) * choice for i, choice in enumerate(choices))


def _set(x, value, index):
    x = x.copy()
    x[index] = value
    return x


def _interp(x, fp, xp, left, right):
    y = np.asarray([_interp_one(point, fp, xp, left, right) for point in x.ravel()], float)
    return y.reshape(x.shape)


def _interp_one(x, fp, xp, left, right):
    if x < xp[0]:
        return fp[0] if left is None else left
    if x > xp[-1]:
        return fp[-1] if right is None else right
    i = max(i for i in range(len(xp)) if xp[i] <= x)
    return fp[i] + (x - xp[i]) * (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i])


def _insertion_sort(x, axis):
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    return np.apply_along_axis(lambda row: np.array(sorted(row)), axis, x) if x.size else x


CASES = [
    case("take", lambda m: m.take, s.varying(sa.taken, min_dims=1, min_side=1)),
    case("take_along_axis", lambda m: m.take_along_axis, s.varying(sa.taken_along, min_dims=1, min_side=1),
         _taken_along),
    case("compress", lambda m: lambda x, condition, axis: m.compress(condition, x, axis=axis),
         s.varying(sa.conditions, min_dims=1)),
    case("extract", lambda m: lambda x, index: m.extract(index, x),
         s.varying(lambda shape: s.masks(shape).filter(lambda static: static["index"].shape == shape), min_dims=1),
         lambda x, index: x[index]),
    case("sort", lambda m: m.sort, sa.distinct_with(sa.with_one_axis_or_none, min_dims=1), _insertion_sort),
    case("unique", lambda m: m.unique, sa.distinct_with(lambda shape: sa.st.just({})),
         lambda x: np.array(sorted(x.ravel()), float)),
    case("select", lambda m: lambda *xs, conditions: m.select(conditions, xs[:-1], xs[-1]), sa.alternatives(True),
         _selected),
    case("choose", lambda m: lambda *xs, index, mode: m.choose(m.array(index) if m is np else index, xs, mode=mode),
         sa.alternatives(False), _chosen),
    case("meshgrid", lambda m: lambda *xs, **options: join_pieces(m.meshgrid(*xs, **options)), sa.gridded()),
    case("interp", lambda m: lambda x, fp, xp, left, right: m.interp(x, xp, fp, left, right), sa.interpolated(),
         _interp),
    case("setitem", lambda m: lambda x, value, index: ag.setitem(x, index, value), sa.assigned(), _set),
]  # fmt: skip
