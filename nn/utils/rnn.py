"""Sequences of different lengths: padded to one length, or packed step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.support.checks import check
from autograd_lite.support.conversion import NumberArray, strip, to_floats


class PackedSequence(NamedTuple):
    """Sequences of different lengths, sorted by length, their first steps first, then their second steps, and so on.

    Attributes
    ----------
    data : Tensor (total number of steps, ...)
    batch_sizes : array of int (L,)
        How many of the sequences have a first, second, ... step.
    sorted_indices, unsorted_indices : array of int (N,), or None
        The places of the sorted sequences among those that were packed, and the inverse; None if they came sorted.
    """

    data: Any
    batch_sizes: NumberArray
    sorted_indices: NumberArray | None = None
    unsorted_indices: NumberArray | None = None


@composed
def pad_sequence(
    sequences: Sequence[Array], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences (Lᵢ, ...) in one tensor (L, N, ...) of the longest length, with `padding_value` where they have ended.

    Parameters
    ----------
    sequences : sequence of array
        Equal in all axes but the first.
    batch_first : bool, default False
        Whether the result is (N, L, ...).
    padding_value : float, default 0
    padding_side : "right" or "left", default "right"
        Where the padding is.

    Raises
    ------
    ValueError
        If there are no sequences, they differ in other axes, or `padding_side` is another string.

    Examples
    --------
    >>> pad_sequence([Tensor([1.0, 2.0]), Tensor([3.0])], batch_first=True)
    Tensor([[1., 2.],
            [3., 0.]])
    """
    given = [x if isinstance(x, Tensor) else to_floats(strip(x)) for x in sequences]
    check("pad_sequence", '"right" or "left"', lambda side: side in ("right", "left"), padding_side=padding_side)
    if not given or any(x.ndim == 0 or x.shape[1:] != given[0].shape[1:] for x in given):
        raise ValueError(f"sequences equal in all axes but the first are needed, not {[x.shape for x in given]}")
    length, rest = max(len(x) for x in given), [(0, 0)] * (given[0].ndim - 1)
    left = padding_side == "left"
    gaps = [(length - len(x), 0) if left else (0, length - len(x)) for x in given]
    padded = [np.pad(x, [gap, *rest], constant_values=padding_value) for x, gap in zip(given, gaps, strict=True)]
    return np.stack(padded, axis=0 if batch_first else 1)


@composed
def pack_padded_sequence(
    input: Array, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """The steps of padded sequences without the padding.

    Parameters
    ----------
    input : array (L, N, ...), or (N, L, ...) if batch_first
    lengths : sequence of int (N,)
    batch_first : bool, default False
    enforce_sorted : bool, default True
        Whether lengths that do not descend are an error; if not, the sequences are sorted.

    Raises
    ------
    ValueError
        If a length is not in 1, ..., L, there is not one for each sequence, or they do not descend.

    Examples
    --------
    >>> packed = pack_padded_sequence(Tensor([[1.0, 2.0], [3.0, 0.0]]), [2, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (Tensor([1., 3., 2.]), array([2, 1]))
    """
    x: Any = input if isinstance(input, Tensor) else Tensor(to_floats(strip(input)))
    if x.ndim < 2:
        raise ValueError(f"padded sequences have at least 2 axes, not the shape {x.shape}")
    x = np.swapaxes(x, 0, 1) if batch_first else x
    counts = np.asarray(strip(lengths))
    if counts.dtype.kind not in "iu" or counts.shape != x.shape[1:2] or not counts.size:
        raise ValueError(f"lengths must be {x.shape[1]} integers, not {counts.dtype} {counts.shape}")
    if counts.min() < 1 or counts.max() > len(x):
        raise ValueError(f"each length must be in 1, ..., {len(x)}, not {counts.min()} and {counts.max()}")
    order = None
    if enforce_sorted and (np.diff(counts) > 0).any():
        raise ValueError("the lengths must descend; sort the sequences, or pass enforce_sorted=False")
    if not enforce_sorted:
        order = np.argsort(-counts, kind="stable")
        counts, x = counts[order], np.take(x, order, axis=1)
    steps, samples = np.nonzero(np.arange(counts.max())[:, None] < counts)
    inverse = None if order is None else np.argsort(order)
    return PackedSequence(x[steps, samples], np.bincount(steps), order, inverse)


@composed
def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, NumberArray]:
    """The padded sequences (L, N, ...) of packed ones in their first order, and the lengths.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool, default False
        Whether the result is (N, L, ...).
    padding_value : float, default 0
    total_length : int, optional
        L, if it should be longer than the longest sequence.

    Raises
    ------
    TypeError
        If `sequence` is not packed.
    ValueError
        If `total_length` is less than the longest length.

    Examples
    --------
    >>> packed = pack_padded_sequence(Tensor([[1.0, 2.0], [3.0, 0.0]]), [2, 1], batch_first=True)
    >>> pad_packed_sequence(packed, batch_first=True)
    (Tensor([[1., 2.],
           [3., 0.]]), array([2, 1]))
    """
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"the sequence must be a PackedSequence, not {type(sequence).__name__}")
    length = len(sequence.batch_sizes)
    if total_length is not None and total_length < length:
        raise ValueError(f"total_length={total_length} is less than the length of the longest sequence, {length}")
    x, counts = padded(sequence, total_length or length, padding_value)
    if sequence.unsorted_indices is not None:
        x, counts = np.take(x, sequence.unsorted_indices, axis=1), counts[sequence.unsorted_indices]
    return (np.swapaxes(x, 0, 1) if batch_first else x), counts


def padded(sequence: PackedSequence, length: int, padding_value: float = 0.0) -> tuple[Any, NumberArray]:
    """The sequences (L, N, ...) in sorted order, and their lengths."""
    sizes = np.asarray(sequence.batch_sizes)
    is_step = np.arange(sizes[0]) < np.pad(sizes, (0, length - len(sizes)))[:, None]
    places = np.where(is_step, np.cumsum(is_step).reshape(is_step.shape) - 1, 0)
    x = sequence.data[places]
    shape = (*is_step.shape, *[1] * (x.ndim - 2))
    return np.where(is_step.reshape(shape), x, np.asarray(padding_value, x.dtype)), is_step.sum(axis=0)


def packed_like(x: Array, sequence: PackedSequence) -> PackedSequence:
    """Outputs (L, N, ...) in sorted order, packed as `sequence` is."""
    sizes = np.asarray(sequence.batch_sizes)
    steps, samples = np.nonzero(np.arange(sizes[0]) < sizes[:, None])
    return sequence._replace(data=x[steps, samples])


def pack_sequence(sequences: Sequence[Array], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (Lᵢ, ...), packed.

    Raises
    ------
    ValueError
        As for `pad_sequence` and `pack_padded_sequence`.

    Examples
    --------
    >>> pack_sequence([Tensor([1.0, 2.0]), Tensor([3.0])]).batch_sizes
    array([2, 1])
    """
    return pack_padded_sequence(pad_sequence(sequences), [len(x) for x in sequences], False, enforce_sorted)


def unpad_sequence(padded_sequences: Array, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences (Lᵢ, ...) of padded ones.

    Raises
    ------
    ValueError
        If there is not one length for each sequence.

    Examples
    --------
    >>> unpad_sequence(np.array([[1.0, 2.0], [3.0, 0.0]]), [2, 1], batch_first=True)
    [array([1., 2.]), array([3.])]
    """
    x: Any = padded_sequences if batch_first else np.swapaxes(padded_sequences, 0, 1)
    if len(lengths) != len(x):
        raise ValueError(f"unpad_sequence: {len(lengths)} lengths for {len(x)} sequences")
    return [sequence[: int(count)] for sequence, count in zip(x, lengths, strict=True)]
