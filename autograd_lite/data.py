"""Data for training: mini-batches of aligned arrays, and a split into a training and a test part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from zlib import crc32

import numpy as np

from autograd_lite.ops.composition import naming
from autograd_lite.random import generator, get_state, set_state
from autograd_lite.support.ahead import ahead
from autograd_lite.support.checks import check, check_integer, check_positive_integer, check_state
from autograd_lite.support.conversion import NumberArray, strip
from autograd_lite.support.messages import show
from autograd_lite.support.rows import BLOCKS_TOGETHER, batches, longest_chunk, readable, share, shares, shuffled


def _aligned(name: str, arrays: tuple[Any, ...], lazy: bool = False) -> tuple[Any, ...]:
    if not arrays:
        raise ValueError(f"{name}: at least one array is needed")
    with naming(name):
        aligned = tuple(readable(name, array) if lazy else np.asarray(strip(array)) for array in arrays)
    lengths = [array.shape[0] if array.ndim else None for array in aligned]
    if None in lengths or len(set(lengths)) > 1:
        raise ValueError(
            f"{name}: the arrays must have the same number of samples (axis 0), not the shapes "
            f"{', '.join(str(array.shape) for array in aligned)}"
        )
    return aligned


class Batches:
    """Mini-batches of any number of aligned arrays, in a new random order in each epoch.

    Each batch is a copy, shuffled or not: writing into it does not change the data. Memory maps
    (``np.load(file, mmap_mode="r")``) and Dask arrays can be larger than the memory: only what the next batches need is
    read. The order of an epoch takes up to 8 bytes for each sample, with `block_size` about half of that.

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
    shard : distributed.Communicator, optional
        The processes that share each batch of `batch_size` samples. The batches are those of one process with the
        generator of rank 0, and rank r gets the samples n·r/size to n·(r + 1)/size of a batch of n. A rank that would
        get none gets the first sample, which averages over the ranks do not count. All ranks must start each loop
        together.
    block_size : int, optional
        Shuffle blocks of so many consecutive samples, and then the samples of 8 blocks at a time (in whole batches).
        The 8 blocks are read at once, along the file, and need memory, but a disk is not asked for one sample here and
        one there. By default all samples are shuffled; if there are Dask arrays, `block_size` is their longest chunk.
    prefetch : int, default 0
        How many of the next batches a thread reads while the loop uses one. Order and numbers do not depend on it, an
        error arrives where its batch would, and the thread ends with the loop.

    Raises
    ------
    ValueError
        If the arrays differ in length, `batch_size` or `block_size` is not positive, `prefetch` is negative, or a Dask
        array has chunks of unknown size. In the loop, if the chunks of a Dask array are not of the shape and dtype that
        it promises, or if the file of a memory map has become shorter.
    TypeError
        If `shard` is not a communicator.

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

    A file that is larger than the memory:

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(os.path.join(folder, "x.npy"), np.arange(40))
    ...     x = np.load(os.path.join(folder, "x.npy"), mmap_mode="r")
    ...     batches = Batches(x, batch_size=4, block_size=2, prefetch=2, rng=0)
    ...     [batch.tolist() for (batch,) in batches][:2]
    [[5, 4, 12, 23], [38, 39, 13, 32]]
    """

    def __init__(
        self,
        *arrays: Any,
        batch_size: int,
        shuffle: bool = True,
        drop_last: bool = False,
        rng: np.random.Generator | int | None = None,
        block_size: int | None = None,
        prefetch: int = 0,
        shard: Any = None,
    ) -> None:
        self.arrays = _aligned("Batches", arrays, lazy=True)
        check_positive_integer("Batches", batch_size=batch_size)
        if block_size is not None:
            check_positive_integer("Batches", block_size=block_size)
        check_integer("Batches: prefetch", prefetch, least=0)
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.rng = None if rng is None else generator(rng)
        self.block_size = longest_chunk(self.arrays) if block_size is None else int(block_size)
        self.prefetch = int(prefetch)
        if shard is not None and (isinstance(shard, type) or not hasattr(shard, "begin_batch")):
            raise TypeError(f"Batches: shard must be what distributed.communicator() returns, not {show(shard)}")
        self.shard: Any = shard
        self._epochs: list[_Epoch] = []  # the loops under way
        self._rest: NumberArray | None = None  # the rest of an epoch to continue

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        samples = len(self.arrays[0])
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[tuple[NumberArray, ...]]:
        total = samples = min(len(self) * self.batch_size, len(self.arrays[0]))
        together = BLOCKS_TOGETHER * (self.block_size or 0)
        window = max(1, -(-together // self.batch_size)) * self.batch_size  # read at once
        order = self._rest
        if order is not None:
            samples = len(order)
        elif self.shuffle:
            order = shuffled(len(self.arrays[0]), self.block_size, window, self._generator())[:samples]
        if self.shard is not None and self.shard.size > 1:
            self.shard.meet("Batches: the start of a loop", lambda: self._described(order, samples))
        self._rest = None
        epoch = _Epoch(order, samples)
        first = window - (total - samples) % window  # a continued epoch reads the windows that it would have read
        ranks = (0, 1) if self.shard is None else (self.shard.rank, self.shard.size)
        own = shares(samples, self.batch_size, first, window, *ranks)
        parts = batches(self.arrays, range(samples) if order is None else order, own)
        self._epochs.append(epoch)
        try:
            with closing(ahead(parts, self.prefetch)) as coming:
                for batch in coming:
                    start, epoch.start = epoch.start, min(epoch.start + self.batch_size, samples)
                    if self.shard is not None:
                        part = share(start, epoch.start, *ranks)
                        self.shard.begin_batch(epoch, part.stop - part.start, epoch.start - start)
                    yield batch
        finally:
            self._epochs.remove(epoch)
            if self.shard is not None:
                self.shard.end_batches(epoch)

    def _generator(self) -> np.random.Generator:
        """The source of the order: that of rank 0 if several processes share the batches."""
        rng = generator(self.rng)
        if self.shard is None or self.shard.size == 1:
            return rng
        first: np.random.Generator = self.shard.broadcast(rng if self.shard.rank == 0 else None)
        if self.rng is None or self.shard.rank == 0:
            return rng if self.shard.rank == 0 else first
        set_state(rng, get_state(first))
        return rng

    def _described(self, order: NumberArray | None, samples: int) -> list[str]:
        """What must be the same in all processes."""
        arrays = [f"an array of shape {array.shape} and dtype {array.dtype}" for array in self.arrays]
        rest = "in their order" if order is None else f"in an order with the checksum {crc32(order.tobytes()):08x}"
        return [*arrays, f"batches of {self.batch_size}", f"{samples} samples to come {rest}"]

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
