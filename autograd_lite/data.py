"""Data for training: mini-batches of aligned arrays, and a split into a training and a test part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lite.ops.composition import naming
from autograd_lite.random import generator, set_state
from autograd_lite.support.checks import check, check_positive_integer, check_state
from autograd_lite.support.conversion import NumberArray, strip


def _aligned(name: str, arrays: tuple[Any, ...]) -> tuple[NumberArray, ...]:
    if not arrays:
        raise ValueError(f"{name}: at least one array is needed")
    with naming(name):
        aligned = tuple(np.asarray(strip(array)) for array in arrays)
    lengths = [array.shape[0] if array.ndim else None for array in aligned]
    if None in lengths or len(set(lengths)) > 1:
        raise ValueError(
            f"{name}: the arrays must have the same number of samples (axis 0), not the shapes "
            f"{', '.join(str(array.shape) for array in aligned)}"
        )
    return aligned


class Batches:
    """Mini-batches of any number of aligned arrays, in a new random order in each epoch.

    Each batch is a copy, shuffled or not: writing into it does not change the data.

    Parameters
    ----------
    *arrays : array (N, ...)
        Features, targets, and anything else that belongs to the same N samples.
    batch_size : int
        Samples per batch.
    shuffle : bool, default True
        Whether each epoch visits the samples in a new order; each sample comes once.
    drop_last : bool, default False
        Whether to leave out the last batch if it is smaller than the others.
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
        self.arrays = _aligned("Batches", arrays)
        check_positive_integer("Batches", batch_size=batch_size)
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.rng = None if rng is None else generator(rng)
        self._epochs: list[_Epoch] = []  # the loops under way
        self._rest: NumberArray | None = None  # the rest of an epoch to continue

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        samples = len(self.arrays[0])
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[tuple[NumberArray, ...]]:
        samples = min(len(self) * self.batch_size, len(self.arrays[0]))
        order, self._rest = self._rest, None
        if order is not None:
            samples = len(order)
        elif self.shuffle:
            order = generator(self.rng).permutation(len(self.arrays[0]))[:samples]
        epoch = _Epoch(order, samples)
        self._epochs.append(epoch)
        try:
            for start in range(0, samples, self.batch_size):
                epoch.start = stop = min(start + self.batch_size, samples)
                if order is None:
                    yield tuple(array[start:stop].copy() for array in self.arrays)
                else:
                    yield tuple(array[order[start:stop]] for array in self.arrays)
        finally:
            self._epochs.remove(epoch)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_epochs": []}  # no loop is under way over a copy

    def state_dict(self) -> dict[str, Any]:
        """The samples that the current epoch has not visited yet, and the state of `rng`.

        An epoch is under way from its first batch until the loop over it ends or is left. The common generator is not
        part of the state.

        Raises
        ------
        RuntimeError
            If several epochs are under way at the same time.

        Examples
        --------
        >>> batches = Batches(np.arange(6), batch_size=2, rng=0)
        >>> epoch = iter(batches)
        >>> first, state = next(epoch), batches.state_dict()
        >>> print(*epoch)
        (array([5, 4]),) (array([0, 1]),)
        >>> resumed = Batches(np.arange(6), batch_size=2, rng=0)
        >>> resumed.load_state_dict(state)
        >>> print(*resumed)
        (array([5, 4]),) (array([0, 1]),)
        """
        if len(self._epochs) > 1:
            raise RuntimeError(f"state_dict: {len(self._epochs)} epochs are under way; only one can be continued")
        rest = self._rest if not self._epochs else self._epochs[0].rest()
        state = None if self.rng is None else self.rng.bit_generator.state
        return {"rest": None if rest is None else rest.copy(), "rng": state}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned: the next loop visits the rest of that epoch, later loops new ones.

        Raises
        ------
        ValueError
            If the state is that of other data, or of another kind of generator. Nothing is loaded then.
        RuntimeError
            If an epoch is under way.
        """
        if self._epochs:
            raise RuntimeError("load_state_dict: an epoch is under way; load before the loop over it")
        new = check_state(state_dict, ["rest", "rng"])
        samples, rest, state = len(self.arrays[0]), new["rest"], new["rng"]
        if rest is not None:
            rest = np.array(rest)
            fits = rest.ndim == 1 and rest.dtype.kind in "iu" and len(np.unique(rest)) == len(rest)
            if not fits or (len(rest) and not 0 <= rest.min() <= rest.max() < samples):
                raise ValueError(f"load_state_dict: rest is not the rest of an epoch of these {samples} samples")
        if (state is None) != (self.rng is None):
            raise ValueError("load_state_dict: one has an rng of its own, the other uses the common generator")
        if self.rng is not None:
            set_state(self.rng, state)
        self._rest = rest


class _Epoch:
    """The progress of a loop over the batches."""

    def __init__(self, order: NumberArray | None, samples: int) -> None:
        self.order, self.samples, self.start = order, samples, 0

    def rest(self) -> NumberArray:
        """The indices of the samples still to come, in the smallest integer dtype."""
        order = np.arange(self.samples) if self.order is None else self.order
        rest = order[self.start :]
        return rest.astype(np.min_scalar_type(rest.max(initial=0)))


def train_test_split(
    *arrays: Any, test_fraction: float = 0.2, rng: np.random.Generator | int | None = None
) -> tuple[tuple[NumberArray, ...], tuple[NumberArray, ...]]:
    """Split aligned arrays at random into a training and a test part.

    Parameters
    ----------
    *arrays : array (N, ...)
    test_fraction : float, default 0.2
        The share of the N samples in the test part, rounded; each part gets at least one sample.
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
    aligned = _aligned("train_test_split", arrays)
    samples = len(aligned[0])
    check("train_test_split", "between 0 and 1", lambda value: 0 < value < 1, test_fraction=test_fraction)
    if samples < 2:
        raise ValueError(f"train_test_split: cannot split {samples} samples, because both parts need one")
    order = generator(rng).permutation(samples)
    tests = min(max(round(samples * test_fraction), 1), samples - 1)
    return tuple(array[order[tests:]] for array in aligned), tuple(array[order[:tests]] for array in aligned)
