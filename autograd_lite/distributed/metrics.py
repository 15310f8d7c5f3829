"""Values of all ranks: check that they are equal, and average them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

from autograd_lite.distributed.communicator import Communicator
from autograd_lite.support.conversion import strip
from autograd_lite.support.messages import show


def check_same(part: Any, comm: Communicator) -> None:
    """Check that a model, an optimizer, or anything else with `state_dict` has the same bits on all ranks.

    Parameters
    ----------
    part : Module, Optimizer, schedule, numpy.random.Generator, or nested dict of arrays
    comm : Communicator

    Raises
    ------
    DistributedError
        On all ranks, if the values differ. It names a rank and the first parameter that differs there.
    TypeError
        If `part` has no state.

    Examples
    --------
    >>> check_same(nn.Linear(2, 1), distributed.communicator())
    """
    if isinstance(part, np.random.Generator):
        state = part.bit_generator.state
    elif isinstance(part, Mapping):
        state = part
    elif not isinstance(part, type) and hasattr(part, "state_dict"):
        state = part.state_dict()
    else:
        raise TypeError(f"check_same: {show(part)} has no state_dict")
    _check_communicator("check_same", comm)
    comm.meet("check_same", lambda: [*_lines(state, "")])


def _lines(state: Any, name: str) -> Iterator[str]:
    """A line for each value in a nested dict: its dotted name, and a hash of its bits."""
    if isinstance(state, Mapping):
        for key, value in state.items():
            yield from _lines(value, f"{name}.{key}" if name else str(key))
    elif isinstance(state, list | tuple):
        yield from _lines(dict(enumerate(state)), name)
    else:
        array = np.asarray(strip(state))
        if array.dtype == object:  # large integers of generators, functions: what NumPy does not hold
            yield f"{name} = {show(state)}"
        else:
            digest = blake2b(np.ascontiguousarray(array).tobytes(), digest_size=8).hexdigest()
            number = f" = {array}" if array.ndim == 0 else ""
            yield f"{name}{number}, shape {array.shape}, dtype {array.dtype}, hash {digest}"


def mean(value: Any, comm: Communicator, *, samples: int | None = None) -> Any:
    """The mean of a value over all ranks, weighted by their samples: Σ nᵣ valueᵣ / Σ nᵣ.

    Parameters
    ----------
    value : number, array or Tensor
        A mean over the samples of this rank. A rank without samples does not count, even if it passes NaN.
    comm : Communicator
    samples : int, optional
        The number nᵣ of samples of this rank; by default that of the current batch of ``Batches(..., shard=comm)``.

    Returns
    -------
    float, or array of the shape of `value`

    Raises
    ------
    DistributedError
        If the shapes differ, or no rank has samples.
    RuntimeError
        If `samples` is None, and it is not clear what the current batch is.

    Examples
    --------
    >>> mean(0.5, distributed.communicator(), samples=10)
    0.5
    """
    _check_communicator("distributed.mean", comm)
    values = np.asarray(strip(value))
    if values.dtype.kind not in "biuf":
        raise TypeError(f"distributed.mean: value must be a number or an array of numbers, not {show(value)}")
    values = values.astype(np.float64, order="C")
    if comm.size > 1:
        call = "distributed.mean"
        share = comm.share(call, samples)
        headers = comm.meet(call, lambda: [f"a value of shape {values.shape}"], share=share)
        own, total = comm.counted(call, share, headers)
        values = values * (own / total) if own else np.zeros_like(values)
        values = np.asarray(values)
        comm.add_in_place(call, values)
    elif samples is not None:
        comm.share("distributed.mean", samples)
    return values if values.ndim else float(values)


def _check_communicator(call: str, comm: Any) -> None:
    if not isinstance(comm, Communicator):
        raise TypeError(f"{call}: comm must be a Communicator, from communicator(), not {show(comm)}")
