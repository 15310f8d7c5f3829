"""The error of `Optimizer.step(error_if_nonfinite=True)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor


def refuse_nonfinite(optimizer: str, parameters: Sequence[Tensor], gradients: Sequence[Any]) -> None:
    """Raise RuntimeError with the names of the parameters whose gradients hold a NaN or an infinity."""
    found = []
    for number, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        gradient = getattr(gradient, "_data", gradient)  # a tensor after create_graph=True
        if gradient is not None and not np.isfinite(gradient).all():
            counts = {"nan": np.isnan(gradient).sum(), "inf": np.isinf(gradient).sum()}
            name = "" if parameter.name is None else f" ({parameter.name})"
            holds = " and ".join(f"{count} {kind}" for kind, count in counts.items() if count)
            found.append(f"parameter {number}{name} of shape {parameter.shape} holds {holds}")
    if found:
        more = f", and those of {len(found) - 3} more" if len(found) > 3 else ""
        raise RuntimeError(f"{optimizer}.step: the gradient of {', of '.join(found[:3])}{more}; nothing was updated")
