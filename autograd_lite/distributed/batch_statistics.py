"""The warning that batch normalization does not see the samples of other ranks."""

from __future__ import annotations

import warnings

from autograd_lite.distributed.communicator import Communicator
from autograd_lite.nn.module import Module
from autograd_lite.nn.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d


def warn_of_batch_statistics(model: Module | None, comm: Communicator) -> None:
    """Warn if a model that several processes train uses statistics of a batch."""
    if model is None or comm.size == 1:
        return
    for name, module in model.named_modules():
        if isinstance(module, BatchNorm1d | BatchNorm2d | BatchNorm3d):
            warnings.warn(
                f"distributed.Optimizer: {type(module).__name__} {name!r} uses the statistics of the samples of its "
                "rank, not of the batch, and its running statistics differ between ranks; GroupNorm uses none",
                stacklevel=3,
            )
            return
