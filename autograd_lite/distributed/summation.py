"""The sum over all ranks as an operation, whose derivative is again a sum over all ranks.

Rank r has the loss Lᵣ of its samples, and the loss of all is Σ wᵣ Lᵣ. The gradients of rank q are multiplied by w_q
when they are averaged, so here they are those of Σ wᵣ Lᵣ/w_q. With s = Σ x_q on all ranks, and the gradient
gᵣ = ∂Lᵣ/∂s, the gradient of x_q is Σ wᵣ gᵣ/w_q. The derivative of this weighted sum, by the same weights, is the sum
without weights.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.hooks import refuse_in_program
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.distributed.communicator import Communicator
from autograd_lite.distributed.exchange import EXTRA


class Part:
    """The part of a batch that this rank has; making it is a call that all ranks make.

    Parameters
    ----------
    comm : Communicator
    call : str
        Named in errors. It must be the same on all ranks.
    details : str
        The same too.
    reduction : {"mean", "sum"}
        That of the loss over the samples.
    shape : tuple of int
        Of the array of this rank. Its length is the number of samples where no loop over batches tells it.
    axes : tuple of int
        The axes over which there are sums.

    Attributes
    ----------
    weight : float
        That of the loss of this rank; 0 if it has no samples. Its values then count nowhere.
    count : int
        The number of values along the axes on all ranks.
    """

    def __init__(
        self, comm: Communicator, call: str, details: str, reduction: str, shape: tuple[int, ...], axes: tuple[int, ...]
    ) -> None:
        refuse_in_program(f"{call} with several processes", "leave the model uncompiled")
        self.comm, self.call, self.details = comm, call, details
        share = comm.share(call, None if comm.has_batch else shape[0])
        own = math.prod(shape[axis] for axis in axes) if share[0] else 0
        headers = comm.meet(call, lambda: [details], share=share, extra=own)
        samples, total = comm.counted(call, share, headers)
        self.weight = samples / total if reduction == "mean" else float(samples > 0)
        self.count = int(headers[:, EXTRA].sum())

    def sum(self, x: Any, factor: float, what: str = "") -> Any:
        """The sum over ranks of the arrays times the factors; `what` is calculated, unless all ranks are here."""
        if what:
            self.comm.meet(f"{what} {self.call}", lambda: [f"{self.details}, {x.shape}, {x.dtype}"])
        total = np.array(x, order="C") * x.dtype.type(factor) if factor else np.zeros(x.shape, x.dtype)
        self.comm.add_in_place(self.call, total)
        return total

    def largest(self, x: Any) -> Any:
        """The largest elements of the arrays of all ranks, which are here."""
        found = np.array(x, order="C") if self.weight else np.full(x.shape, -np.inf, x.dtype)
        self.comm.add_in_place(self.call, found, largest=True)
        return found


def _rule(g: Array, part: Part) -> Any:
    return sum_over_ranks(g, part)


@primitive(name="gradient_of_sum", g_q=_rule)
def _gradient_of_sum(g_q: Array, part: Part) -> Any:
    """The sum of wᵣ gᵣ/w_q over all ranks r; 0 on a rank without samples."""
    part.comm.note_weight(part.weight)
    total = part.sum(g_q, part.weight, "the gradients of")
    return total / total.dtype.type(part.weight) if part.weight else np.zeros_like(total)


@primitive(x=lambda g, part: _gradient_of_sum(g, part))
def sum_over_ranks(x: Array, part: Part) -> Any:
    """The sum of the arrays of all ranks that have samples."""
    return part.sum(x, float(part.weight > 0), "the sums of")
