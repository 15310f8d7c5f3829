"""Clipping of gradients, between the backward pass and the step of the optimizer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.ops.composition import composed
from autograd_lite.support.checks import check_at_least_0, check_positive


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Any]:
    """The arrays that hold the gradients, of the parameters that have one."""
    tensors = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"the parameters must be tensors, not {type(tensor).__name__}")
    # After backward(create_graph=True) a gradient is a tensor.
    return [getattr(tensor.grad, "_data", tensor.grad) for tensor in tensors if tensor.grad is not None]


@composed
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Any:
    """Scale all gradients in place by one factor, so that their common norm is at most `max_norm`.

    The norm ‖g‖ is that of all gradients as one vector. The factor is min(1, max_norm/(‖g‖ + 1e-6)).

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Parameters without a gradient are skipped.
    max_norm : float
    norm_type : float, default 2
        p of the p-norm; ``math.inf`` for the largest absolute value.
    error_if_nonfinite : bool, default False
        Whether a NaN or infinite norm is an error. If not, it makes the gradients NaN or 0, as in PyTorch.

    Returns
    -------
    float
        The norm before scaling.

    Raises
    ------
    ValueError
        If max_norm is negative or NaN, or norm_type is not positive.
    RuntimeError
        If the norm is not finite, and `error_if_nonfinite`. No gradient is scaled then.

    References
    ----------
    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks" (2013).

    Examples
    --------
    >>> w = Tensor([0.0, 0.0], requires_grad=True)
    >>> w.grad = [3.0, 4.0]
    >>> clip_grad_norm_(w, 1.0).item()
    5.0
    >>> w.grad.round(3)
    array([0.6, 0.8])
    """
    check_at_least_0("clip_grad_norm_", max_norm=max_norm)
    check_positive("clip_grad_norm_", norm_type=norm_type)
    gradients = _gradients(parameters)
    norms = [_norm(gradient, norm_type) for gradient in gradients]
    total = _norm(np.stack(norms), norm_type) if norms else np.float64(0)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(f"clip_grad_norm_: the norm of the gradients is {total}")
    factor = np.minimum(1, max_norm / (total + 1e-6))
    for gradient in gradients:
        overwrite(gradient, gradient * factor.astype(gradient.dtype), "clip_grad_norm_")
    return total


def _norm(x: Any, p: float) -> Any:
    """The p-norm in double precision, scaled by the largest element so that no power overflows."""
    magnitudes = np.abs(x.astype(np.float64))
    largest = np.max(magnitudes, initial=0.0)
    if p == math.inf:
        return largest
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1)
    return scale * np.sum((magnitudes / scale) ** p) ** (1 / p)


@composed
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit every element of every gradient in place to [−clip_value, clip_value].

    Raises
    ------
    ValueError
        If clip_value is negative or NaN.

    Examples
    --------
    >>> w = Tensor([0.0, 0.0], requires_grad=True)
    >>> w.grad = [3.0, -0.5]
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    array([ 1. , -0.5])
    """
    check_at_least_0("clip_grad_value_", clip_value=clip_value)
    for gradient in _gradients(parameters):
        overwrite(gradient, np.clip(gradient, -clip_value, clip_value), "clip_grad_value_")
