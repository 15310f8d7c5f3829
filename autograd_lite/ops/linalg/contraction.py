"""Einstein summation for any subscripts. The gradient of an operand is again an Einstein summation, to any order."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_queries
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import strip, to_array

__all__ = ["einsum"]

Labels = tuple[int, ...]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # NumPy numbers labels in this order


class _UnreadableError(Exception):
    """The subscripts are invalid; NumPy raises the error."""


def _labels_of_text(text: str) -> list[Any]:
    """'i...j' as [8 + 26, Ellipsis, 9 + 26]."""
    before, *after = text.split("...")
    if len(after) > 1 or not set(before + "".join(after)) <= set(_LETTERS):
        raise _UnreadableError
    labels: list[Any] = [_LETTERS.index(letter) for letter in before]
    return labels + [part for rest in after for part in (Ellipsis, *map(_LETTERS.index, rest))]


def _read(operands: tuple[Any, ...]) -> tuple[Any, list[Labels], Labels]:
    """The arrays, the labels of each, and those of the result, for both ways to call `einsum`."""
    if operands and isinstance(operands[0], str):
        return operands[1:], *_read_text(operands[0], tuple(map(np.ndim, operands[1:])))
    pairs = len(operands) // 2 * 2
    arrays, labels = operands[0:pairs:2], [list(strip(names)) for names in operands[1:pairs:2]]
    output = list(operands[-1]) if len(operands) > pairs else None
    return arrays, *_explicit(tuple(map(np.ndim, arrays)), labels, output)


@functools.lru_cache(512)
def _read_text(text: str, ndims: tuple[int, ...]) -> tuple[list[Labels], Labels]:
    inputs, arrow, output = text.replace(" ", "").partition("->")
    labels = [_labels_of_text(part) for part in inputs.split(",")]
    return _explicit(ndims, labels, _labels_of_text(output) if arrow else None)


def _explicit(ndims: tuple[int, ...], inputs: list[list[Any]], output: list[Any] | None) -> tuple[list[Labels], Labels]:
    """The labels of the operands and of the result, with every axis labelled, those of an ellipsis too."""
    if len(ndims) != len(inputs) or not ndims:
        raise _UnreadableError
    named = [label for labels in (*inputs, output or []) for label in labels if label is not Ellipsis]
    if not all(isinstance(label, int | np.integer) and 0 <= label < len(_LETTERS) for label in named):
        raise _UnreadableError
    hidden = []
    for ndim, labels in zip(ndims, inputs, strict=True):
        hidden.append(ndim - len([label for label in labels if label is not Ellipsis]))
        if hidden[-1] < 0 or labels.count(Ellipsis) > 1 or (hidden[-1] and Ellipsis not in labels):
            raise _UnreadableError
    free = [label for label in range(len(_LETTERS)) if label not in named][: max(hidden)]
    if len(free) < max(hidden):
        raise ValueError(f"einsum: more than {len(_LETTERS)} axes")

    def spread(labels: list[Any], count: int) -> Labels:
        under = free[len(free) - count :]
        return tuple(part for label in labels for part in (under if label is Ellipsis else [int(label)]))

    if output is None:
        once = sorted({int(label) for label in named if named.count(label) == 1})
        output = [Ellipsis, *once]
    if output.count(Ellipsis) > 1 or (free and Ellipsis not in output):
        raise _UnreadableError
    return [spread(labels, n) for labels, n in zip(inputs, hidden, strict=True)], spread(output, max(hidden))


def _contract(arrays: Sequence[Array], inputs: Sequence[Labels], output: Labels, optimize: Any) -> Array:
    wanted = tuple(isinstance(array, Tensor) and array.requires_grad for array in arrays)
    return _einsum(*arrays, inputs=tuple(inputs), output=output, optimize=optimize, wanted=wanted)


def _one_gradient(
    g: Array, operands: tuple[Array, ...], inputs: tuple[Labels, ...], output: Labels, optimize: Any, at: int
) -> Array:
    """The gradient of the operand `at`: the factor of this operand in the sum of g times all operands."""
    shape, labels = operands[at].shape, inputs[at]
    others = [array for i, array in enumerate(operands) if i != at]
    other_labels = [names for i, names in enumerate(inputs) if i != at]
    own = dict(zip(labels, shape, strict=True))  # each label once, in order
    known = set(output).union(*other_labels)
    # An axis of length one was broadcast: its gradient is the sum over the label. A label that no other array has was
    # summed: its gradient is the same for all elements.
    kept = tuple(label for label, n in own.items() if n != 1 and label in known)
    result = _contract([g, *others], [output, *other_labels], kept, optimize)
    lengths = dict(zip(kept, result.shape, strict=True))
    result = result.reshape(tuple(lengths.get(label, 1) for label in own))
    if result.shape != tuple(own.values()):
        result = np.broadcast_to(result, tuple(own.values()))
    if len(own) == len(labels):
        return result
    # A label that occurs twice selects a diagonal: the gradient is written there.
    places = {label: i for i, label in enumerate(own)}
    index = tuple(np.arange(own[label]).reshape((-1,) + (1,) * (len(own) - 1 - places[label])) for label in labels)
    return scatter(result, index, shape)


def _einsum_rule(
    g: Array,
    operands: tuple[Array, ...],
    inputs: tuple[Labels, ...],
    output: Labels,
    optimize: Any,
    wanted: tuple[bool, ...],
) -> list[Array | None]:
    optimize = optimize if isinstance(optimize, bool | str) else True  # a path is valid for these operands only
    return [
        _one_gradient(g, operands, inputs, output, optimize, at) if required else None
        for at, required in enumerate(wanted)
    ]


@primitive(name="einsum", operands=_einsum_rule)
def _einsum(
    *operands: Array, inputs: tuple[Labels, ...], output: Labels, optimize: Any, wanted: tuple[bool, ...]
) -> Array:
    pairs = [part for array, labels in zip(operands, inputs, strict=True) for part in (array, list(labels))]
    return np.einsum(*pairs, list(output), optimize=optimize)


@composed(numpy=np.einsum)
def einsum(*operands: Array, optimize: Any = False) -> Tensor:
    """Products summed over the labels that the result does not have. ∂/∂x is the same sum with g in place of x.

    Parameters
    ----------
    *operands : str and arrays, or arrays and lists of integers in turn
        As for NumPy: ``einsum("ij,jk->ik", x, y)`` or ``einsum(x, [0, 1], y, [1, 2], [0, 2])``; implicit results,
        ellipses, diagonals ("ii->i"), and lengths of one that are broadcast.
    optimize : bool, str or path, default False
        Whether and how NumPy optimizes the order of contractions.

    Examples
    --------
    >>> einsum("ii", Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    try:
        arrays, inputs, output = _read(operands)
    except (_UnreadableError, TypeError, IndexError, AttributeError):
        np.einsum(*strip(operands), optimize=optimize)
        raise TypeError("einsum: these subscripts are not supported") from None
    return _contract([to_array(a) for a in arrays], inputs, output, optimize)


numpy_queries.add(np.einsum_path)
