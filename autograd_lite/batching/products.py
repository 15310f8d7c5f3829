"""Products and linear algebra, which NumPy does for stacks of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch, aligned, arrayed, has, shifted, wrapped
from autograd_lite.batching.table import bind, handles, is_only
from autograd_lite.batching.ufuncs import matmul


@handles(np.dot)
def _dot(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = dict(zip(("a", "b", "out"), args, strict=False)) | kwargs
    x, y = arrayed(given["a"]), arrayed(given["b"])
    if given.get("out") is not None:
        return NotImplemented
    if not x.ndim or not y.ndim:
        return np.multiply(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul(axis, x, y)
    return np.tensordot(x, y, (-1, max(y.ndim - 2, 0)))


@handles(np.linalg.matmul)
def _matmul(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return np.matmul(*args)


@handles(np.linalg.vecdot)
def _vecdot(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return np.vecdot(*args) if kwargs.get("axis", -1) == -1 and len(args) == 2 else NotImplemented


@handles(np.inner)
def _inner(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x, y = map(arrayed, args)
    return np.multiply(x, y) if not x.ndim or not y.ndim else np.tensordot(x, y, (-1, -1))


@handles(np.outer, np.linalg.outer)
def _outer(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    if len(args) != 2 or kwargs:
        return NotImplemented
    x, y = map(arrayed, args)
    return np.multiply(np.reshape(x, (x.size, 1)), np.reshape(y, (1, y.size)))


@handles(np.tensordot, np.linalg.tensordot)
def _tensordot(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, y = map(arrayed, list(given.values())[:2])
    axes, n, m = given.get("axes", 2), x.ndim, y.ndim
    if isinstance(axes, tuple | list):
        left, right = ((one,) if not isinstance(one, tuple | list | range) else tuple(one) for one in axes)
    else:
        left, right = tuple(range(n - axes, n)), tuple(range(axes))
    if len(left) != len(right):
        raise ValueError("shape-mismatch for sum")
    left, right = normalize_axis_tuple(left, n), normalize_axis_tuple(right, m)
    if has(x, axis) and has(y, axis):
        first = list(range(n))
        second = [first[left[right.index(i)]] if i in right else n + i for i in range(m)]
        kept = [label for i, label in enumerate(first) if i not in left]
        return np.einsum(x, first, y, second, kept + [label for i, label in enumerate(second) if i not in right])
    if has(x, axis):
        return Batch(np.tensordot(x.held, y, ([i + 1 for i in left], right)), axis)
    return Batch(np.moveaxis(np.tensordot(x, y.held, (left, [i + 1 for i in right])), n - len(left), 0), axis)


@handles(np.einsum)
def _einsum(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    if kwargs.get("optimize") not in (False, True, None) or "out" in kwargs:
        return NotImplemented
    options = {**kwargs, "optimize": True}
    if isinstance(args[0], str):
        return _einsum_of_letters(function, axis, args, options)
    pairs = len(args) // 2 * 2
    operands, labels = args[0:pairs:2], [list(names) for names in args[1:pairs:2]]
    if len(args) == pairs or any(name is Ellipsis for names in (*labels, args[-1]) for name in names):
        return NotImplemented
    hidden = next(i for i in range(51, -1, -1) if all(i not in names for names in (*labels, args[-1])))
    call: list[Any] = []
    for x, names in zip(operands, labels, strict=True):
        call += [x.held, [hidden, *names]] if has(x, axis) else [x, names]
    return Batch(function(*call, [hidden, *args[-1]], **options), axis)


def _einsum_of_letters(function: Any, axis: Axis, args: Any, options: Any) -> Any:
    subscripts, operands = args[0].replace(" ", ""), args[1:]
    inputs, arrow, output = subscripts.partition("->")
    parts = inputs.split(",")
    if not arrow:
        names = "".join(parts).replace(".", "")
        output = "..." * ("..." in subscripts) + "".join(sorted(c for c in set(names) if names.count(c) == 1))
    if len(parts) != len(operands):
        return NotImplemented  # NumPy's error
    hidden = next(c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba" if c not in subscripts)
    named = [hidden * has(x, axis) + part for x, part in zip(operands, parts, strict=True)]
    arrays = [x.held if has(x, axis) else x for x in operands]
    return Batch(function(",".join(named) + "->" + hidden + output, *arrays, **options), axis)


@handles(
    np.linalg.matrix_transpose, np.matrix_transpose, np.linalg.inv, np.linalg.det, np.linalg.slogdet,
    np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.svd, np.linalg.svdvals, np.linalg.qr,
    np.linalg.pinv, np.linalg.matrix_power, np.linalg.matrix_rank, np.linalg.cond, np.linalg.matrix_norm,
)  # fmt: skip
def _of_matrices(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x, *rest = args
    if not is_only(x, {"rest": rest, **kwargs}, axis) or x.ndim < 2:
        return NotImplemented
    return wrapped(function(x.held, *rest, **kwargs), axis)


@handles(np.linalg.solve)
def _solve(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    a, b = map(arrayed, args)
    if b.ndim == 1 and has(b, axis) and not has(a, axis) and a.ndim == 2:  # one factorization for all elements
        return Batch(np.swapaxes(np.linalg.solve(a, np.swapaxes(b.held, 0, 1)), 0, 1), axis)
    is_vector = b.ndim == 1
    b = np.expand_dims(b, -1) if is_vector else b
    ndim = max(a.ndim, b.ndim)
    out = Batch(np.linalg.solve(aligned(a, axis, ndim), aligned(b, axis, ndim)), axis)
    return np.squeeze(out, -1) if is_vector else out


@handles(np.cross, np.linalg.cross)
def _cross(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x, y = map(arrayed, args[:2])
    if len(args) > 2 or kwargs.keys() - {"axis"} or x.ndim != y.ndim:
        return NotImplemented
    along = shifted(kwargs.get("axis", -1), x.ndim)
    x, y = (value.held if has(value, axis) else np.expand_dims(value, 0) for value in (x, y))
    return Batch(function(x, y, axis=along), axis)


@handles(np.kron)
def _kron(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x, y = map(arrayed, args)
    if x.ndim != y.ndim:
        return NotImplemented
    pairs = np.multiply(
        np.reshape(x, tuple(n for length in x.shape for n in (length, 1))),
        np.reshape(y, tuple(n for length in y.shape for n in (1, length))),
    )
    return np.reshape(pairs, tuple(n * m for n, m in zip(x.shape, y.shape, strict=True)))
