"""SyncBatchNorm: batch normalization by the statistics of the batch of all processes."""

from __future__ import annotations

import functools
import warnings
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array
from autograd_lite.distributed.communicator import Communicator
from autograd_lite.distributed.metrics import _check_communicator
from autograd_lite.distributed.summation import Part, sum_over_ranks
from autograd_lite.nn.module import Module
from autograd_lite.nn.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, _BatchNorm
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.normalization import factor_of, is_ordinary, normalize_batch, require_two
from autograd_lite.ops.lengths import at_least_single
from autograd_lite.support.conversion import strip
from autograd_lite.support.messages import show

AnyModule = TypeVar("AnyModule", bound=Module)
Reduction = Literal["mean", "sum"]
_KINDS = (BatchNorm1d, BatchNorm2d, BatchNorm3d)


class SyncBatchNorm(_BatchNorm):
    """Every channel normalized over the batch of all ranks, (N, C) or (N, C, ...): (x − μ)/√(σ² + eps)·weight + bias.

    As `nn.BatchNorm1d`, with the statistics of the samples of all ranks: outputs, gradients and running statistics are
    those of one process with the whole batch, up to rounding. All ranks must call it whenever one does, except in
    evaluation by running statistics. With one process it is `nn.BatchNorm1d`, without its limits on the number of axes.

    Gradients are those that `Optimizer` averages. The number of samples is that of the current batch of
    ``Batches(..., shard=comm)``; without such a loop it is N.

    Parameters
    ----------
    num_features : int
        C.
    eps, momentum, affine, track_running_stats
        See `nn.BatchNorm1d`.
    comm : Communicator
    bias, dtype
        See `nn.BatchNorm1d`.
    reduction : {"mean", "sum"}, default "mean"
        The reduction of the loss over the samples of a batch; that of the `Optimizer`.

    Raises
    ------
    ValueError
        If x has another shape, or if a feature has only one value on all ranks together, in training.
    DistributedError
        If a rank is missing, or is in another call: in evaluation, for instance.

    Examples
    --------
    >>> comm = distributed.communicator()
    >>> layer = SyncBatchNorm(2, eps=0, comm=comm)
    >>> layer(np.array([[1.0, 10.0], [3.0, 30.0]])).data
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    >>> isinstance(convert_sync_batchnorm(model, comm)[1], SyncBatchNorm)
    True
    """

    expected = "(N, {0}) or (N, {0}, ...)"
    axes = tuple(range(2, 65))  # NumPy has no more

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        comm: Communicator,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias=bias, dtype=dtype)
        self._join("SyncBatchNorm", comm, reduction)

    def _join(self, call: str, comm: Communicator, reduction: Reduction) -> None:
        _check_communicator(call, comm)
        if reduction not in ("mean", "sum"):
            raise ValueError(f'{call}: reduction must be "mean" or "sum", not {show(reduction)}')
        self.comm, self.reduction = comm, reduction
        self.number = comm.next_number()  # so that layers of the same shape are not mistaken for each other

    def _normalized(self, *args: Any) -> Any:
        return super()._normalized(*args) if self.comm.size == 1 else batch_norm(*args, layer=self)

    @staticmethod
    def convert_sync_batchnorm(module: AnyModule, comm: Communicator, *, reduction: Reduction = "mean") -> AnyModule:
        """Make each `BatchNorm1d`, 2d and 3d in a model a `SyncBatchNorm`, in place, and return the model.

        Parameters, buffers, names and hooks stay, so optimizers and checkpoints of the model remain valid.

        Parameters
        ----------
        module : Module
        comm : Communicator
        reduction : {"mean", "sum"}, default "mean"
            See `SyncBatchNorm`.
        """
        call = "convert_sync_batchnorm"
        if not isinstance(module, Module):
            raise TypeError(f"{call}: module must be a Module, not {show(module)}")
        _check_communicator(call, comm)
        found: Any
        for _, found in module.named_modules():
            if type(found) in _KINDS:
                found.__class__ = SyncBatchNorm
                found._join(call, comm, reduction)
        return module


convert_sync_batchnorm = SyncBatchNorm.convert_sync_batchnorm


@composed
def batch_norm(
    x: Array, running_mean: Any, running_var: Any, weight: Array, bias: Array, training: bool, momentum: float,
    eps: float, *, layer: Any,
) -> Array:  # fmt: skip
    """`nn.functional.batch_norm` by the statistics of all ranks."""
    normalize = functools.partial(_normalized, layer)
    return normalize_batch(x, running_mean, running_var, weight, bias, training, momentum, eps, normalize)


def _normalized(
    layer: SyncBatchNorm, x: Array, weight: Array, bias: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array, int]:
    """The result, the mean and the variance, and the number of values per channel on all ranks."""
    details = f"layer {layer.number} of {layer.num_features} features and dtype {x.dtype}"
    part = Part(layer.comm, "SyncBatchNorm", details, layer.reduction, x.shape, axes)
    require_two(x.shape, part.count)
    values = x.astype(at_least_single(x.dtype))
    with np.errstate(all="ignore"):
        normal, scale, mean, variance = _standardized(values, 1, axes, eps, part)
    if not is_ordinary(strip(scale)):  # on all ranks: they have the same bits
        factor = -part.largest(-factor_of(strip(values), axes, eps))
        normal, _, mean, variance = _standardized(values * factor, factor, axes, eps, part)
        with np.errstate(over="ignore"):
            mean, variance = mean / factor, variance / factor / factor
    out = normal.astype(x.dtype)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias, mean, variance, part.count


def _standardized(x: Array, factor: Any, axes: tuple[int, ...], eps: float, part: Part) -> tuple[Any, Any, Any, Any]:
    """x̂ and 1/√(σ² + eps factor²), μ and σ².

    x̂ and σ² do not change when a constant is subtracted from x, so the mean that is subtracted first has no derivative.
    What rounding leaves of it is the mean of the deviations.
    """
    mean = part.sum(np.add.reduce(strip(x), axis=axes, keepdims=True), 1.0 * bool(part.weight)) / part.count
    deviations = x - mean
    sums = [np.sum(terms, axis=axes, keepdims=True) for terms in (deviations, deviations * deviations)]
    rest, squares = sum_over_ranks(np.stack(sums), part) / part.count
    variance = squares - rest * rest
    scale = 1 / np.sqrt(variance + eps * factor * factor)
    return (deviations - rest) * scale, scale, mean + strip(rest), strip(variance)


def warn_of_batch_statistics(model: Module | None, comm: Communicator) -> None:
    """Warn if a model that several processes train uses statistics of the samples of one rank."""
    if model is None or comm.size == 1:
        return
    for name, module in model.named_modules():
        if isinstance(module, _KINDS):
            warnings.warn(
                f"distributed.Optimizer: {type(module).__name__} {name!r} uses the statistics of the samples of its "
                "rank, not of the batch, and its running statistics differ between ranks; "
                "distributed.convert_sync_batchnorm(model, comm) makes it a SyncBatchNorm, which uses those of all",
                stacklevel=3,
            )
            return
