"""``ufunc.outer`` of every elementwise function of two arguments that has a derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.tensor import Array
from autograd_lite.ops.elementwise import arithmetic, elementary, extremes, rounding, trigonometric
from autograd_lite.support.conversion import strip, to_array

__all__: list[str] = []


def _outer(operation: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    def outer(x: Array, y: Array) -> Array:
        x, y = to_array(x), to_array(y)
        return operation(x.reshape(x.shape + (1,) * y.ndim), y)

    return outer


def _of_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a ufunc without a derivative, applied to the values."""
    return lambda *args, **options: function(*map(strip, args), **options)


for _module in (arithmetic, elementary, extremes, rounding, trigonometric):
    for _name in _module.__all__:
        _ufunc = getattr(np, _name, None)
        if isinstance(_ufunc, np.ufunc) and (_ufunc.nin, _ufunc.nout) == (2, 1):
            numpy_operations[_ufunc, "outer"] = _outer(getattr(_module, _name))

for _ufunc in (np.logical_and, np.logical_or, np.logical_xor):
    for _name in ("reduce", "accumulate", "outer"):
        numpy_operations[_ufunc, _name] = _of_values(getattr(_ufunc, _name))
for _ufunc in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal):
    numpy_operations[_ufunc, "outer"] = _of_values(_ufunc.outer)
