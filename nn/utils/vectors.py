"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.exact import exactly


def _tensors(parameters: Iterable[Tensor]) -> list[Tensor]:
    tensors = list(parameters)
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"the parameters must be tensors, not {type(tensor).__name__}")
    if not tensors:
        raise ValueError("there are no parameters")
    return tensors


@composed
def parameters_to_vector(parameters: Iterable[Tensor]) -> Any:
    """All parameters end to end in one tensor, which is connected with them.

    Raises
    ------
    TypeError
        If one is not a tensor.
    ValueError
        If there are none.

    Examples
    --------
    >>> parameters_to_vector([Tensor([[1.0, 2.0]]), Tensor(3.0)])
    Tensor([1., 2., 3.])
    """
    return np.concatenate([np.reshape(tensor, -1) for tensor in _tensors(parameters)])


@composed
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Overwrite the parameters by the parts of a vector, in order; the values only.

    Raises
    ------
    TypeError
        If one is not a tensor, or its dtype would lose digits of the vector.
    ValueError
        If the vector does not have as many elements as the parameters together.

    Examples
    --------
    >>> w, b = Tensor([[0.0, 0.0]]), Tensor(0.0)
    >>> vector_to_parameters(np.array([1.0, 2.0, 3.0]), [w, b])
    >>> w, b
    (Tensor([[1., 2.]]), Tensor(3.))
    """
    tensors = _tensors(parameters)
    values = as_numbers(getattr(vec, "_data", vec))
    count = sum(tensor.size for tensor in tensors)
    if values.shape != (count,):
        raise ValueError(f"a vector of shape {values.shape} for {count} numbers")
    parts = np.split(values, np.cumsum([tensor.size for tensor in tensors])[:-1])
    new = [
        exactly(part.reshape(tensor.shape), tensor.dtype, "data") for part, tensor in zip(parts, tensors, strict=True)
    ]
    for tensor, part in zip(tensors, new, strict=True):
        overwrite(tensor.data, part, "vector_to_parameters")
