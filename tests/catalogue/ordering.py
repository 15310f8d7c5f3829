"""Axes and order, as cases of the catalogue."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np

import autograd_lite as ag
from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue.samples import Case

# How NumPy spells a case: the same call, with NumPy in the place of this library.
NUMPY: dict[str, Callable[..., Any]] = {}


def case(name: str, call: Callable[..., Any], inputs: Any, reference: Callable[..., Any] | None = None) -> Case:
    """A case from ``call(module)``, the operation as the module at hand spells it."""
    NUMPY[name] = call(np)
    return Case(name, call(ag), reference or call(np), inputs)


def by_elements(function: Callable[..., Any]) -> Callable[..., Any]:
    """What only moves elements, from the definition on a list of objects: no dtype, no arithmetic."""

    def reference(x, **static):
        return np.asarray(function(x.astype(object), **static)).astype(float)

    return reference


def _tiled(x, reps):
    reps = (reps,) if isinstance(reps, int) else reps
    x = x.reshape((1,) * (len(reps) - x.ndim) + x.shape)
    for axis, times in zip(range(-len(reps), 0), reps, strict=True):
        x = np.concatenate([x] * times, axis) if times else x[(slice(None),) * (x.ndim + axis) + (slice(0, 0),)]
    return x


def _repeated(x, repeats, axis):
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    rows = np.moveaxis(x, axis, 0)
    times = [repeats] * len(rows) if isinstance(repeats, int) else repeats
    picked = [row for row, n in zip(rows, times, strict=True) for _ in range(n)]
    return np.moveaxis(np.array(picked).reshape(len(picked), *rows.shape[1:]), 0, axis)


def join_pieces(pieces):
    """One result from several, each with a weight of its own."""
    pieces = pieces if isinstance(pieces, tuple | list) else [pieces]
    return sum((i + 1) * piece.sum() for i, piece in enumerate(pieces))


CASES = [
    case("moveaxis", lambda m: m.moveaxis, s.varying(sa.moved_axes, min_dims=1)),
    case("rollaxis", lambda m: m.rollaxis, s.varying(sa.rolled_axis, min_dims=1)),
    case("permute_dims", lambda m: m.permute_dims, s.varying(s.permutations, min_dims=1)),
    case("matrix_transpose", lambda m: m.matrix_transpose, s.varying(lambda shape: st.just({}), min_dims=2),
         lambda x: np.einsum("...ij->...ji", x)),
    *(
        case(f"atleast_{n}d", lambda m, n=n: getattr(m, f"atleast_{n}d"), s.elementwise(s.real)) for n in (1, 2, 3)
    ),
    case("atleast_1d: several", lambda m: lambda *xs: join_pieces(m.atleast_1d(*xs)), sa.several()),
    case("broadcast_arrays", lambda m: lambda *xs: join_pieces(m.broadcast_arrays(*xs)),
         sa.several(broadcast=True)),
    case("full_like", lambda m: lambda x: m.full_like(m.broadcast_to(x, (2, 3)), x),
         s.varying(lambda shape: st.just({}), max_dims=0), lambda x: x * np.ones((2, 3))),
    case("copy", lambda m: m.copy, s.elementwise(s.real)),
    case("flip", lambda m: m.flip, s.varying(sa.with_any_axis)),
    case("fliplr", lambda m: m.fliplr, s.varying(lambda shape: st.just({}), min_dims=2), lambda x: x[:, ::-1]),
    case("flipud", lambda m: m.flipud, s.varying(lambda shape: st.just({}), min_dims=1), lambda x: x[::-1]),
    case("rot90", lambda m: m.rot90, s.varying(sa.turned, min_dims=2)),
    case("roll", lambda m: m.roll, s.varying(sa.rolled)),
    case("tile", lambda m: m.tile, s.varying(sa.tiled), _tiled),
    case("repeat", lambda m: m.repeat, s.varying(sa.repeated, min_dims=1), _repeated),
    case("resize", lambda m: m.resize, s.varying(lambda shape: st.fixed_dictionaries({"new_shape": s.shapes()})),
         by_elements(np.resize)),
    *(
        case(f"pad: {mode}", lambda m: m.pad,
             s.varying(lambda shape, mode=mode: sa.padded(shape, mode), min_side=0 if mode == "constant" else 1))
        for mode in ("constant", "edge", "reflect", "symmetric", "wrap")
    ),
    case("trim_zeros", lambda m: m.trim_zeros, s.varying(
        lambda shape: st.fixed_dictionaries({"trim": st.sampled_from(["f", "b", "fb"])}), min_dims=1, max_dims=1)),
    case("reshape: order", lambda m: m.reshape, s.varying(sa.ordered_shapes)),
    case("ravel: order", lambda m: m.ravel, s.varying(
        lambda shape: st.fixed_dictionaries({"order": st.sampled_from("CF")})), lambda x, order: x.flatten(order)),
    case("flatten: order", lambda m: ag.flatten, s.varying(
        lambda shape: st.fixed_dictionaries({"order": st.sampled_from("CF")})), lambda x, order: np.ravel(x, order)),
]  # fmt: skip
