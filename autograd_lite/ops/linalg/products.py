"""Products of vectors, matrices and tensors, composed of matrix products and elementwise products."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.axes import moveaxis
from autograd_lite.ops.arrays.indexing import getitem
from autograd_lite.ops.arrays.ordering import flip
from autograd_lite.ops.arrays.shape import expand_dims, ravel, reshape, stack, transpose
from autograd_lite.ops.composition import composed
from autograd_lite.ops.elementwise.arithmetic import multiply
from autograd_lite.ops.linalg.matmul import dot, matmul
from autograd_lite.support.conversion import to_array
from autograd_lite.support.messages import show

__all__ = [
    "convolve",
    "correlate",
    "cross",
    "inner",
    "kron",
    "multi_dot",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
]


@composed(numpy=(np.tensordot, np.linalg.tensordot))
def tensordot(x: Array, y: Array, axes: Any = 2) -> Tensor:
    """The sum of products over `axes`: the last n of x and first n of y, or two lists; a matrix product.

    Examples
    --------
    >>> tensordot(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), axes=(1, 1))
    Tensor([[11.]])
    """
    x, y = to_array(x), to_array(y)
    pair = axes if hasattr(axes, "__iter__") else (range(-axes, 0), range(axes))
    if isinstance(axes, str) or len(pair) != 2 or (pair is not axes and axes < 0):
        raise ValueError(
            f"tensordot: axes must be a number, at least 0, or a pair of axes or lists of them, not {show(axes)}"
        )
    left, right = pair
    left = list(left) if hasattr(left, "__iter__") else [left]
    right = list(right) if hasattr(right, "__iter__") else [right]
    try:
        fits = len(left) == len(right) and all(x.shape[a] == y.shape[b] for a, b in zip(left, right, strict=True))
    except IndexError as error:
        raise IndexError(f"tensordot: axes {axes} of arrays of shapes {x.shape} and {y.shape}: {error}") from None
    left, right = [a % x.ndim for a in left], [b % y.ndim for b in right]
    if not fits or len(set(left)) < len(left) or len(set(right)) < len(right):
        raise ValueError(f"tensordot: shapes {x.shape} and {y.shape} do not match along the axes {axes}")
    free_left = [a for a in range(x.ndim) if a not in left]
    free_right = [b for b in range(y.ndim) if b not in right]
    rows, columns = [x.shape[a] for a in free_left], [y.shape[b] for b in free_right]
    summed = math.prod(x.shape[a] for a in left)
    x = reshape(transpose(x, free_left + left), (math.prod(rows), summed))
    y = reshape(transpose(y, right + free_right), (summed, math.prod(columns)))
    return reshape(dot(x, y), (*rows, *columns))


@composed(numpy=np.inner)
def inner(x: Array, y: Array) -> Tensor:
    """The sum of products over the last axis of both; a number multiplies. ∂/∂x = g y, ∂/∂y = g x.

    Examples
    --------
    >>> inner(Tensor([1.0, 2.0]), Tensor([[3.0, 4.0]]))
    Tensor([11.])
    """
    x, y = to_array(x), to_array(y)
    return multiply(x, y) if 0 in (x.ndim, y.ndim) else tensordot(x, y, (-1, -1))


@composed(numpy=np.outer)
def outer(x: Array, y: Array) -> Tensor:
    """xᵢ yⱼ for all elements of both. ∂/∂xᵢ = Σⱼ gᵢⱼ yⱼ, ∂/∂yⱼ = Σᵢ gᵢⱼ xᵢ.

    Examples
    --------
    >>> outer(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return multiply(expand_dims(ravel(x), 1), expand_dims(ravel(y), 0))


def _outer_of_vectors(x: Array, y: Array) -> Array:
    x, y = to_array(x), to_array(y)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"outer: numpy.linalg.outer takes vectors, not shapes {x.shape} and {y.shape}")
    return outer(x, y)


@composed(numpy=np.vdot)
def vdot(x: Array, y: Array) -> Tensor:
    """The sum of the products of all elements of both. ∂/∂x = g y, ∂/∂y = g x.

    Examples
    --------
    >>> vdot(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]))
    Tensor(11.)
    """
    return dot(ravel(x), ravel(y))


_vecdot = primitive(
    np.vecdot,
    x=lambda g, y: np.expand_dims(g, -1) * y,
    y=lambda g, x: np.expand_dims(g, -1) * x,
)


@composed(numpy=(np.vecdot, np.linalg.vecdot))
def vecdot(x: Array, y: Array, *, axis: int = -1) -> Tensor:
    """The sum of products along `axis`, over the other axes with broadcasting. ∂/∂x = g y, ∂/∂y = g x.

    Examples
    --------
    >>> vecdot(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    return _vecdot(x, y) if axis == -1 else _vecdot(moveaxis(x, axis, -1), moveaxis(y, axis, -1))


@composed(numpy=np.kron)
def kron(x: Array, y: Array) -> Tensor:
    """The Kronecker product: y times each element of x, laid out as x. ∂/∂x and ∂/∂y are sums of products with g.

    Examples
    --------
    >>> kron(Tensor([1.0, 10.0]), Tensor([1.0, 2.0]))
    Tensor([ 1.,  2., 10., 20.])
    """
    x, y = to_array(x), to_array(y)
    ndim = max(x.ndim, y.ndim)
    left, right = ((1,) * (ndim - len(shape)) + shape for shape in (x.shape, y.shape))
    x = reshape(x, tuple(n for length in left for n in (length, 1)))
    y = reshape(y, tuple(n for length in right for n in (1, length)))
    return reshape(multiply(x, y), tuple(n * m for n, m in zip(left, right, strict=True)))


@composed(numpy=np.cross)
def cross(x: Array, y: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """The vector product along the axes given. ∂/∂x = y × g, ∂/∂y = g × x. Of vectors in the plane the third component.

    Examples
    --------
    >>> cross(Tensor([1.0, 0.0, 0.0]), Tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    x, y = to_array(x), to_array(y)
    axes = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    # NumPy checks the shapes and axes, on bytes, and warns about vectors in the plane.
    result = np.cross(np.zeros(x.shape, np.int8), np.zeros(y.shape, np.int8), *axes)
    x, y = moveaxis(x, axes[0], -1), moveaxis(y, axes[1], -1)
    x0, x1, *x2 = (getitem(x, (..., i)) for i in range(x.shape[-1]))
    y0, y1, *y2 = (getitem(y, (..., i)) for i in range(y.shape[-1]))
    third = x0 * y1 - x1 * y0
    if not x2 and not y2:
        return third
    if x2 and y2:
        first, second = x1 * y2[0] - x2[0] * y1, x2[0] * y0 - x0 * y2[0]
    elif x2:
        first, second = -(x2[0] * y1), x2[0] * y0
    else:
        first, second = x1 * y2[0], -(x0 * y2[0])
    return stack([first, second, third], normalize_axis_index(axes[2], result.ndim))


def _cross_in_space(x: Array, y: Array, *, axis: int = -1) -> Array:
    x, y = to_array(x), to_array(y)
    if x.shape[axis] != 3 or y.shape[axis] != 3:
        raise ValueError(f"cross: numpy.linalg.cross takes three components, not shapes {x.shape} and {y.shape}")
    return cross(x, y, axis=axis)


@composed(numpy=np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Array]) -> Tensor:
    """The product of several matrices in the order that takes the fewest multiplications. ∂ as of the matrix product.

    The first and the last can be vectors.

    Examples
    --------
    >>> multi_dot([Tensor([1.0, 2.0]), np.eye(2), Tensor([3.0, 4.0])])
    Tensor(11.)
    """
    matrices: list[Any] = [to_array(array) for array in arrays]
    if len(matrices) < 2:
        raise ValueError(f"multi_dot: the number of arrays must be at least 2, not {len(matrices)}")
    for i, matrix in enumerate(matrices):
        if matrix.ndim != 2 and not (matrix.ndim == 1 and i in (0, len(matrices) - 1)):
            raise np.linalg.LinAlgError(f"multi_dot: array {i} of shape {matrix.shape} is not a matrix")
    rows = [1 if matrix.ndim == 1 and not i else matrix.shape[0] for i, matrix in enumerate(matrices)]
    rows.append(1 if matrices[-1].ndim == 1 else matrices[-1].shape[1])
    return _product(matrices, tuple(rows), 0, len(matrices) - 1)


@functools.lru_cache(maxsize=4096)
def _best(rows: tuple[int, ...], first: int, last: int) -> tuple[int, int]:
    """The smallest number of multiplications for matrices `first` to `last`, and where to divide the product."""
    if first == last:
        return 0, first
    ways = (
        (_best(rows, first, k)[0] + _best(rows, k + 1, last)[0] + rows[first] * rows[k + 1] * rows[last + 1], k)
        for k in range(first, last)
    )
    return min(ways)


def _product(matrices: list[Array], rows: tuple[int, ...], first: int, last: int) -> Array:
    """The product of matrices `first` to `last`."""
    if first == last:
        return matrices[first]
    division = _best(rows, first, last)[1]
    return dot(_product(matrices, rows, first, division), _product(matrices, rows, division + 1, last))


# -- convolution -----------------------------------------------------------------------------------------------------


def _whole(g: Array, n: int, m: int, mode: Any) -> Array:
    """The gradient of the full convolution, of which `mode` selected a part."""
    before = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    return np.pad(g, ((before, n + m - 1 - g.shape[0] - before),))


def _convolve_rule(g: Array, other: Array, mode: Any, n: int) -> Array:
    other = other.reshape(-1)
    return np.convolve(_whole(g, n, other.shape[0], mode), np.flip(other), "valid")


@primitive(
    numpy=np.convolve,
    x=lambda g, x_shape, y, mode: _convolve_rule(g, y, mode, math.prod(x_shape)),
    y=lambda g, y_shape, x, mode: _convolve_rule(g, x, mode, math.prod(y_shape)),
)
def convolve(x: Array, y: Array, mode: Any = "full") -> Array:
    """Σₖ xₖ yₙ₋ₖ of two vectors; `mode` is "full", "same" or "valid". ∂/∂x is g correlated with y.

    Examples
    --------
    >>> convolve(Tensor([1.0, 2.0]), Tensor([1.0, 10.0]))
    Tensor([ 1., 12., 20.])
    """
    if mode not in ("full", "same", "valid"):
        raise ValueError(f'mode must be "full", "same" or "valid", not {show(mode)}')
    return np.convolve(x, y, mode)


@composed(numpy=np.correlate)
def correlate(x: Array, y: Array, mode: Any = "valid") -> Tensor:
    """Σₖ xₙ₊ₖ yₖ of two vectors; `mode` is "valid", "same" or "full". ∂/∂x is g convolved with y.

    Examples
    --------
    >>> correlate(Tensor([1.0, 2.0, 3.0]), Tensor([1.0, 10.0]))
    Tensor([21., 32.])
    """
    x, y = to_array(x), to_array(y)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"correlate: x and y must be vectors, not of shapes {x.shape} and {y.shape}")
    # NumPy exchanges the operands if the second is longer, and reverses the result.
    if x.shape[0] < y.shape[0]:
        return flip(convolve(y, flip(x), mode))
    return convolve(x, flip(y), mode)


numpy_operations.update({
    np.linalg.outer: _outer_of_vectors, np.linalg.cross: _cross_in_space, np.linalg.matmul: matmul
})  # fmt: skip
