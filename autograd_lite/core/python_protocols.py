"""Python's protocols: what ``float(tensor)``, ``len(tensor)``, ``repr``, ``copy`` and ``pickle`` do.

A conversion to a number takes a tensor out of the graph; `cuts` refuses it where that would lose a gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.cuts import inside_transform, refuse_number, warn_of_item
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.support.messages import shown_as


class PythonProtocols:
    """The part of `Tensor` that Python calls."""

    __slots__ = ()

    def item(self: Any) -> Any:
        """The only element, as a Python number; inside a transform ``x.detach().item()`` gives no warning."""
        warn_of_item(self)
        return self._data.item()

    def tolist(self: Any) -> Any:
        """The values as a Python number or nested lists of them; refused inside a transform that differentiates."""
        if inside_transform():
            refuse_number(self, "tolist")
        return self._data.tolist()

    def __bool__(self: Any) -> bool:
        return bool(self._data)

    def __float__(self: Any) -> float:
        refuse_number(self, "float")
        return float(self._data)

    def __int__(self: Any) -> int:
        refuse_number(self, "int")
        return int(self._data.item())

    def __complex__(self: Any) -> complex:
        refuse_number(self, "complex")
        return complex(self._data)

    def __index__(self: Any) -> int:
        refuse_number(self, "index")
        return np.asarray(self._data).__index__()

    def __len__(self: Any) -> int:
        return len(self.data)

    def __contains__(self: Any, value: Any) -> bool:
        return value in self.data

    def __repr__(self: Any) -> str:
        values = np.array2string(self._data, separator=", ", prefix="Tensor(")
        plain = self.dtype in (np.float64, np.int64, np.bool_) and self.size
        details = [values] if plain else [values, f"dtype={self.dtype}"]
        if isinstance(self._node, Node):
            details.append(f"operation={self._node.operation.name}")
        elif self._node is not None:
            details.append("requires_grad=True")
        return f"{type(self).__name__}({', '.join(details)})"

    def __format__(self: Any, spec: str) -> str:
        return format(self._data.item(), spec) if spec else str(self)

    def __copy__(self: Any) -> Any:
        """A copy that shares no memory, like the copy of an array."""
        rebuild, parts, state = self.__reduce__()
        copied = rebuild(*(part.copy() if isinstance(part, np.ndarray) else part for part in parts))
        if state:
            copied.__dict__.update(state)
        return copied

    def __reduce__(self: Any) -> tuple[Any, ...]:
        """What `pickle` and `copy.deepcopy` keep: values, gradient and name; RuntimeError for results."""
        if isinstance(self._node, Node):
            raise RuntimeError(
                f"the result of {self._node.operation.name!r} cannot be pickled or deep-copied: it is part of a graph; "
                "use .detach(), or .numpy() for its values"
            )
        leaf = self._leaf()
        parts = (type(self), self.data, self.requires_grad, leaf and leaf.grad, self.name)
        return _rebuild, parts, getattr(self, "__dict__", None)


@shown_as.register(PythonProtocols)
def _(tensor: Any, limit: int, depth: int) -> str:
    values = tensor._data
    return (
        " ".join(PythonProtocols.__repr__(tensor).split())
        if values.size <= 8
        else f"Tensor {values.dtype} {values.shape}"
    )


def _rebuild(kind: type[Any], data: Any, requires_grad: bool, gradient: Any, name: str | None) -> Any:
    """The tensor of which `__reduce__` has returned the parts."""
    tensor = object.__new__(kind)
    tensor._data, tensor._node = data, None
    if requires_grad or gradient is not None:
        tensor._node = leaf = Leaf(data.shape, data.dtype, tensor)
        leaf.grad = gradient
        tensor.requires_grad = requires_grad
    if name is not None:
        tensor.name = name
    return tensor
