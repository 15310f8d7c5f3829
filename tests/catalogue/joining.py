"""Joining and splitting, as cases of the catalogue."""

import numpy as np

from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue.ordering import case, join_pieces


def _stacked(function):
    """The cases of a function of a list of arrays."""
    return lambda m: lambda *arrays: getattr(m, function)(arrays)


def _blocks(m):
    return lambda a, b, c, d: m.block([[a, b], [c, d]])


def _blocks_by_slices(a, b, c, d):
    out = np.empty((a.shape[0] + c.shape[0], a.shape[1] + b.shape[1]))
    n, k = a.shape
    out[:n, :k], out[:n, k:] = a, b
    k = c.shape[1]
    out[len(a) :, :k], out[len(a) :, k:] = c, d
    return out


def _split(name):
    return lambda m: lambda x, sections, **axis: join_pieces(getattr(m, name)(x, sections, **axis))


CASES = [
    *(case(name, _stacked(name), sa.stacked(name)) for name in ("hstack", "vstack", "dstack", "column_stack")),
    case("block", _blocks, sa.blocks(), _blocks_by_slices),
    case("block: of numbers and rows", lambda m: lambda x, y: m.block([x, y, x]), sa.several_of((2,), ()),
         lambda x, y: np.array([*x, y, *x])),
    case("append", lambda m: lambda x, y, axis: m.append(x, y, axis), s.joined(new_axis=False).filter(
        lambda sample: len(sample.arrays) == 2), lambda *xs, axis: np.concatenate(xs, axis)),
    case("insert", lambda m: lambda x, y, index, axis: m.insert(x, index, y, axis), sa.inserted()),
    case("delete", lambda m: lambda x, index, axis: m.delete(x, index, axis),
         s.varying(sa.deleted, min_dims=1, min_side=1)),
    case("split", _split("split"), s.varying(sa.split_evenly, min_dims=1)),
    case("split: at indices", _split("split"), s.varying(sa.split_anywhere, min_dims=1)),
    case("array_split", _split("array_split"), s.varying(sa.split_anywhere, min_dims=1)),
    *(
        case(name, _split(name), s.varying(sa.split_by_name, min_dims=n))
        for name, n in (("hsplit", 1), ("vsplit", 2), ("dsplit", 3))
    ),
    case("unstack", lambda m: lambda x, axis: m.stack(m.unstack(x, axis=axis)),
         s.varying(sa.with_axis, min_dims=1, min_side=1), lambda x, axis: np.moveaxis(x, axis, 0)),
]  # fmt: skip
