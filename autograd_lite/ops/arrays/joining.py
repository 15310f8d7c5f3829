"""Joining and splitting of arrays, insertion and deletion of elements.

Where NumPy's function has no simple transpose, it is applied to the positions of the elements, and the elements are
then taken from these positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.axes import atleast_1d, atleast_2d, atleast_3d
from autograd_lite.ops.arrays.indexing import getitem
from autograd_lite.ops.arrays.ordering import along, gather, positions
from autograd_lite.ops.arrays.shape import astype, concatenate, expand_dims, ravel
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = [
    "append",
    "array_split",
    "block",
    "column_stack",
    "delete",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "insert",
    "split",
    "unstack",
    "vsplit",
    "vstack",
]


@composed(numpy=np.hstack)
def hstack(arrays: Sequence[Array], *, dtype: Any = None, casting: str = "same_kind") -> Tensor:
    """The arrays joined along axis 1, arrays of one axis along it. Each receives its part of the gradient.

    Examples
    --------
    >>> hstack([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    parts = [atleast_1d(array) for array in arrays]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1, dtype=dtype, casting=casting)


@composed(numpy=np.vstack)
def vstack(arrays: Sequence[Array], *, dtype: Any = None, casting: str = "same_kind") -> Tensor:
    """The arrays joined along axis 0, arrays of one axis as rows. Each receives its part of the gradient.

    Examples
    --------
    >>> vstack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return concatenate([atleast_2d(array) for array in arrays], 0, dtype=dtype, casting=casting)


@composed(numpy=np.dstack)
def dstack(arrays: Sequence[Array]) -> Tensor:
    """The arrays joined along a third axis. Each receives its part of the gradient.

    Examples
    --------
    >>> dstack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (1, 2, 2)
    """
    return concatenate([atleast_3d(array) for array in arrays], 2)


@composed(numpy=np.column_stack)
def column_stack(arrays: Sequence[Array]) -> Tensor:
    """The arrays joined along axis 1, arrays of one axis as columns. Each receives its part of the gradient.

    Examples
    --------
    >>> column_stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    columns = [atleast_1d(array) for array in arrays]
    return concatenate([expand_dims(column, 1) if column.ndim == 1 else column for column in columns], 1)


def _leaves(nested: Any) -> Iterator[Any]:
    if type(nested) is list:
        for item in nested:
            yield from _leaves(item)
    else:
        yield nested


def _numbered(nested: Any, counted: list[int]) -> Any:
    """The nested list with each array replaced by the positions of its elements, counted through all arrays."""
    if type(nested) is list:
        return [_numbered(item, counted) for item in nested]
    if type(nested) is tuple:
        return nested  # NumPy raises the error
    first = counted[0]
    counted[0] += np.size(nested)
    return first + positions(np.shape(nested))


@composed(numpy=np.block)
def block(arrays: Array | Sequence[Any]) -> Tensor:
    """The array assembled from nested lists of blocks. Each block receives its part of the gradient.

    Examples
    --------
    >>> block([[Tensor([[1.0]]), np.zeros((1, 2))], [np.ones((1, 3))]])
    Tensor([[1., 0., 0.],
            [1., 1., 1.]])
    """
    place = np.block(_numbered(arrays, [0]))
    return gather(concatenate([ravel(leaf) for leaf in _leaves(arrays)]), place)


@composed(numpy=np.append)
def append(x: Array, values: Array, axis: int | None = None) -> Tensor:
    """x with the values after it along `axis`; both in one axis by default. Each receives its part of the gradient.

    Examples
    --------
    >>> append(Tensor([1.0]), [2.0, 3.0])
    Tensor([1., 2., 3.])
    """
    return concatenate([ravel(x), ravel(values)] if axis is None else [x, values], 0 if axis is None else axis)


@composed(numpy=np.insert)
def insert(x: Array, index: Any, values: Array, axis: int | None = None) -> Tensor:
    """x with the values inserted before `index` along `axis`; in one axis by default. Each receives its gradient.

    Examples
    --------
    >>> insert(Tensor([1.0, 3.0]), 1, 2.0)
    Tensor([1., 2., 3.])
    """
    x = to_array(x)
    size, shape = np.size(x), np.shape(values)
    place = np.insert(positions(x.shape), strip(index), size + positions(shape), axis)
    return gather(concatenate([ravel(x), ravel(astype(values, x.dtype))]), place)


@composed(numpy=np.delete)
def delete(x: Array, index: Any, axis: int | None = None) -> Tensor:
    """x without the elements at `index` along `axis`; in one axis by default. Their gradient is 0.

    Examples
    --------
    >>> delete(Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([1., 3.])
    """
    x = to_array(x)
    if axis is None:
        return getitem(ravel(x), np.delete(np.arange(np.size(x)), strip(index)))
    return along(x, axis, np.delete(np.arange(x.shape[normalize_axis_index(axis, x.ndim)]), strip(index)))


# -- splitting -------------------------------------------------------------------------------------------------------


def _pieces(function: Callable[..., Any], x: Array, sections: Any, axis: int) -> list[Array]:
    x = to_array(x)
    sections = strip(sections)
    if np.ndim(sections) == 0 and index(sections) < 1:
        raise ValueError(f"sections must be positive, not {show(sections)}")
    parts = function(np.arange(x.shape[normalize_axis_index(axis, x.ndim)]), sections)
    bounds = [(int(part[0]), len(part)) if len(part) else (0, 0) for part in parts]
    return [along(x, axis, slice(start, start + n)) for start, n in bounds]


@composed(numpy=np.split)
def split(x: Array, sections: Any, axis: int = 0) -> list[Tensor]:
    """A list of equal parts along `axis`, or of the parts between indices. The gradients are joined.

    Examples
    --------
    >>> split(Tensor([1.0, 2.0, 3.0, 4.0]), 2)
    [Tensor([1., 2.]), Tensor([3., 4.])]
    """
    return _pieces(np.split, x, sections, axis)


@composed(numpy=np.array_split)
def array_split(x: Array, sections: Any, axis: int = 0) -> list[Tensor]:
    """Like `split`, but the parts need not be equal: the first ones are one longer. The gradients are joined.

    Examples
    --------
    >>> array_split(Tensor([1.0, 2.0, 3.0]), 2)
    [Tensor([1., 2.]), Tensor([3.])]
    """
    return _pieces(np.array_split, x, sections, axis)


def _split_axis(name: str, x: Array, sections: Any, axis: int, least: int) -> list[Array]:
    x = to_array(x)
    if x.ndim < least:
        raise ValueError(f"{name}: x of shape {x.shape} has fewer than {least} axes")
    return split(x, sections, min(axis, x.ndim - 1))


@composed(numpy=np.hsplit)
def hsplit(x: Array, sections: Any) -> list[Tensor]:
    """`split` along axis 1, or along the only one. The gradients are joined.

    Examples
    --------
    >>> hsplit(Tensor([[1.0, 2.0]]), 2)
    [Tensor([[1.]]), Tensor([[2.]])]
    """
    return _split_axis("hsplit", x, sections, 1, 1)


@composed(numpy=np.vsplit)
def vsplit(x: Array, sections: Any) -> list[Tensor]:
    """`split` along axis 0 of at least two. The gradients are joined.

    Examples
    --------
    >>> vsplit(Tensor([[1.0], [2.0]]), 2)
    [Tensor([[1.]]), Tensor([[2.]])]
    """
    return _split_axis("vsplit", x, sections, 0, 2)


@composed(numpy=np.dsplit)
def dsplit(x: Array, sections: Any) -> list[Tensor]:
    """`split` along axis 2. The gradients are joined.

    Examples
    --------
    >>> dsplit(Tensor([[[1.0, 2.0]]]), 2)
    [Tensor([[[1.]]]), Tensor([[[2.]]])]
    """
    return _split_axis("dsplit", x, sections, 2, 3)


@composed
def unstack(x: Array, *, axis: int = 0) -> tuple[Tensor, ...]:
    """A tuple of the parts along `axis`, without that axis. The gradients are joined.

    Examples
    --------
    >>> unstack(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    (Tensor([1., 2.]), Tensor([3., 4.]))
    """
    x = to_array(x)
    if not x.ndim:
        raise ValueError("unstack: a number has no axis")
    return tuple(along(x, axis, i) for i in range(x.shape[normalize_axis_index(axis, x.ndim)]))


if hasattr(np, "unstack"):  # since NumPy 2.1
    numpy_operations[np.unstack] = unstack
