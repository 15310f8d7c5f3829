"""The keywords of all ufuncs, ``np.exp(x, dtype=...)``: `dtype` and `casting`; the others are refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import dispatch, numpy_operations
from autograd_lite.ops.arrays.shape import astype
from autograd_lite.support.conversion import to_array

__all__: list[str] = []


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The ufunc with keywords. With `dtype` it computes in this dtype: operands are converted before, as in NumPy."""
    name = ufunc.__name__
    if keywords.pop("where", True) is not True:
        raise TypeError(
            f"{name}: where= leaves the other elements undefined; write y[mask] = {name}(x[mask]) into a tensor y that "
            f"holds the values for them, or np.where(mask, {name}(x), other) if it is finite for all"
        )
    casting, dtype = keywords.pop("casting", "same_kind"), keywords.pop("dtype", None)
    if dtype is None and casting == "same_kind":
        return dispatch(ufunc, inputs, keywords)
    inputs = tuple([value if type(value) in (bool, int, float) else to_array(value) for value in inputs])
    kinds = [type(value) if type(value) in (bool, int, float) else value.dtype for value in inputs]
    resolved = ufunc.resolve_dtypes((*kinds, *[None] * ufunc.nout), signature=_signature(ufunc, dtype), casting=casting)
    converted = [_as(value, own) for value, own in zip(inputs, resolved, strict=False)]
    return dispatch(ufunc, tuple(converted), keywords)


def _signature(ufunc: np.ufunc, dtype: Any) -> Any:
    return None if dtype is None else (*[None] * ufunc.nin, *[np.dtype(dtype)] * ufunc.nout)


def _as(value: Any, dtype: np.dtype[Any]) -> Any:
    return astype(value, dtype) if getattr(value, "dtype", None) != dtype else value


numpy_operations.with_keywords = _call
