"""Data for training: mini-batches of aligned arrays, and a split into training and test part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_lite.conversion import strip
from autograd_lite.random import generator

NumberArray = np.ndarray[Any, np.dtype[Any]]


def _aligned(arrays: tuple[Any, ...]) -> tuple[NumberArray, ...]:
    if not arrays:
        raise ValueError("at least one array is needed")
    aligned = tuple(np.asarray(strip(array)) for array in arrays)
    lengths = [array.shape[0] if array.ndim else None for array in aligned]
    if None in lengths or len(set(lengths)) > 1:
        raise ValueError(
            f"the arrays must have the same number of samples (axis 0), not the shapes "
            f"{', '.join(str(array.shape) for array in aligned)}"
        )
    return aligned


class Batches:
    """Mini-batches of any number of aligned arrays, in a new random order each epoch.

    Parameters
    ----------
    *arrays : array (N, ...)
        Features, targets, and whatever else belongs to the same N samples.
    batch_size : int
        Samples per batch.
    shuffle : bool, default True
        Visit the samples in a new order each epoch; every sample once.
    drop_last : bool, default False
        Leave out the last batch if it is smaller than the others.
    rng : numpy.random.Generator or int, optional
        The source of the order, or a seed; by default the common generator (see `manual_seed`).

    Raises
    ------
    ValueError
        If the arrays differ in length, or `batch_size` is not positive.

    Examples
    --------
    >>> batches = Batches(np.arange(5), np.arange(5) ** 2, batch_size=2, shuffle=False)
    >>> for x, y in batches:
    ...     print(x, y)
    [0 1] [0 1]
    [2 3] [4 9]
    [4] [16]
    >>> len(batches)
    3
    """

    def __init__(
        self,
        *arrays: Any,
        batch_size: int,
        shuffle: bool = True,
        drop_last: bool = False,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        self.arrays = _aligned(arrays)
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(f"batch_size is a positive integer, not {batch_size!r}")
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.rng = None if rng is None else generator(rng)

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        samples = len(self.arrays[0])
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[tuple[NumberArray, ...]]:
        samples = len(self.arrays[0])
        order = generator(self.rng).permutation(samples) if self.shuffle else None
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            chosen = slice(start, start + self.batch_size) if order is None else order[start : start + self.batch_size]
            yield tuple(array[chosen] for array in self.arrays)


def train_test_split(
    *arrays: Any, test_fraction: float = 0.2, rng: np.random.Generator | int | None = None
) -> tuple[tuple[NumberArray, ...], tuple[NumberArray, ...]]:
    """Split aligned arrays at random into a training and a test part.

    Parameters
    ----------
    *arrays : array (N, ...)
    test_fraction : float, default 0.2
        The share of the N samples that goes to the test part, rounded; each part gets at least one.
    rng : numpy.random.Generator or int, optional
        The source of the order, or a seed.

    Returns
    -------
    training, test : tuples with as many arrays as were passed

    Raises
    ------
    ValueError
        If the arrays differ in length, have fewer than two samples, or `test_fraction` is not between 0 and 1.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = train_test_split(np.arange(10), np.arange(10), rng=0)
    >>> len(x_train), len(x_test)
    (8, 2)
    """
    aligned = _aligned(arrays)
    samples = len(aligned[0])
    if not 0 < test_fraction < 1 or samples < 2:
        raise ValueError(
            f"cannot split {samples} samples with test_fraction={test_fraction}; "
            "it lies between 0 and 1, and both parts need a sample"
        )
    order = generator(rng).permutation(samples)
    tests = min(max(round(samples * test_fraction), 1), samples - 1)
    return tuple(array[order[tests:]] for array in aligned), tuple(array[order[:tests]] for array in aligned)
