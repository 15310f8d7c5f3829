"""In-place writes, ``x[index] = value`` and ``x += y``: NumPy's numbers, and their gradient.

If nothing is recorded, memory is overwritten. If the tensor is part of a graph, or the value would make it so, the
write is an operation like any other. The tensor gets the array and the node of its result, and so does every tensor
that shares memory with it (see `core.aliases`). Nodes recorded before keep the arrays that they have saved, so earlier
uses keep their numbers and gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.aliases import is_read_only
from autograd_lite.core.grad_mode import enable_grad, is_grad_enabled
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.hooks import concrete
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import overwrite
from autograd_lite.ops.arrays import indexing, shape
from autograd_lite.support.addresses import addresses, common_elements, memory_owner
from autograd_lite.support.conversion import strip


def set_item(self: Tensor, index: Any, value: Any) -> None:
    """``x[index] = value``, in every tensor that shares memory with x."""
    what = "x[index] = value"
    if _is_recorded(self, value, what):
        if not _is_there_already(self, index, value):
            _replace(self, indexing.setitem(self, index, value), strip(index))
    else:
        overwrite(self.data, value, what, strip(index))


def in_place(symbol: str, operation: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Tensor]:
    """The operator ``x += y``, in every tensor that shares memory with x, whose dtype and shape stay.

    A NumPy scalar, such as the result of a sum, cannot be written to. As in NumPy, the name then gets a new tensor.
    """
    what = f"x {symbol} y"

    def update(self: Tensor, other: Any) -> Tensor:
        if _is_number(self):
            _refuse_cut(self, what)
            return operation(self, other)
        if _is_recorded(self, other, what):
            _replace(self, _fitted(operation(self, other), self, what), ...)
        else:
            overwrite(self.data, operation(self.data, strip(other)), what)
        return self

    return update


def write(self: Tensor, operation: Callable[[Any, Any], Any], value: Any, what: str, index: Any) -> None:
    """Give x the values ``operation(x, value)``, which differ from those of x at `index`."""
    if _is_recorded(self, value, what):
        _replace(self, _fitted(operation(self, value), self, what), strip(index))
    else:
        overwrite(self.data, operation(self.data, strip(value)), what)


def _is_number(tensor: Tensor) -> bool:
    return isinstance(concrete(tensor._data), np.generic)


def _sharing(tensor: Tensor) -> list[Tensor]:
    """The tensor, and the others that share its memory."""
    place = getattr(tensor, "_place", None)
    return [tensor, *(other for other in place.memory.tensors() if other is not tensor)] if place else [tensor]


def _refuse_cut(tensor: Tensor, what: str) -> None:
    if isinstance(tensor._node, Node) and not is_grad_enabled():
        raise TypeError(
            f"{what}: inside no_grad() it would cut the result of an operation off its graph; "
            "use .detach() first, or do it outside"
        )


def _is_recorded(tensor: Tensor, value: Any, what: str) -> bool:
    """Whether a write is recorded as an operation; an error if it is not allowed."""
    sharing, place, records = _sharing(tensor), getattr(tensor, "_place", None), is_grad_enabled()
    if place is not None and any(reference() is not None for reference in place.memory.arguments):
        raise RuntimeError(
            f"{what}: x is, or shares memory with, an argument of a function that is being differentiated, and would "
            "be changed for the caller too; write into a copy (x = x.copy()), or make a new tensor (x = x + y)"
        )
    takes_part = tensor._node is not None or (records and getattr(value, "requires_grad", False))
    leaf = next((other for other in sharing if isinstance(other._node, Leaf)), None)
    if records and takes_part and leaf is not None:
        which = "a leaf" if isinstance(tensor._node, Leaf) else "what shares memory with a leaf"
        raise RuntimeError(
            f"{what}: {which} that requires gradients cannot be changed in place while operations "
            "are recorded; put the change inside `with no_grad():`"
        )
    _refuse_cut(tensor, what)
    is_apart = place is not None and place.positions is not None
    if place is not None and (place.is_read_only if is_apart else is_read_only(concrete(tensor._data))):
        raise ValueError(f"{what}: assignment destination is read-only")
    if leaf is not None:
        if is_apart or memory_owner(leaf._data) is not memory_owner(tensor._data):
            raise RuntimeError(
                f"{what}: x shared memory with a leaf that requires gradients, but its values are elsewhere now (an "
                "optimizer has moved them, or they were written); take the view again, or write into a copy"
            )
        return False  # all share one memory, and the log of writes protects the graph
    return takes_part or is_apart or any(other._node is not None for other in sharing)


def _is_there_already(tensor: Tensor, index: Any, value: Any) -> bool:
    """Whether the value already is the part of x that it is written to, as at the end of ``x[index] += y``."""
    own, other = getattr(tensor, "_place", None), getattr(value, "_place", None)
    if own is None or other is None or own.memory is not other.memory or own.positions is None:
        return False
    if own.is_detached or other.is_detached:
        return False
    return np.array_equal(own.positions[strip(index)], other.positions)


def _fitted(result: Tensor, tensor: Tensor, what: str) -> Tensor:
    """The result of an operator, converted to the dtype of the tensor that it is written into."""
    if result.shape != tensor.shape:
        raise ValueError(f"{what}: values of shape {result.shape} for a tensor of shape {tensor.shape}")
    if result.dtype == tensor.dtype:
        return result
    if not np.can_cast(result.dtype, tensor.dtype, "same_kind"):
        raise TypeError(f"{what}: values of dtype {result.dtype} for a tensor of dtype {tensor.dtype}")
    return shape.astype(result, tensor.dtype)


def _replace(tensor: Tensor, changed: Tensor, index: Any) -> None:
    """Give `tensor` the array and node of `changed`, whose elements at `index` are new, and update what shares memory.

    After an error nothing has changed.
    """
    sharing = _sharing(tensor)
    updates = [(tensor, changed)]
    if hasattr(tensor, "_place"):
        _number_elements(sharing)
        updates += [
            (other, new) for other in sharing[1:] if (new := _carried(changed, tensor, index, other)) is not None
        ]
    for other, new in updates:
        other._data, other._node = _laid_out(new._data, other._data), new._node
    if len(sharing) == 1 and hasattr(tensor, "_place") and _lies_as_numbered(tensor):
        del tensor._place  # nothing else shares its memory any more


def _number_elements(tensors: list[Any]) -> None:
    """Give positions to tensors that share memory, before a write gives one of them another array.

    A tensor that an optimizer or `Module.astype` has already moved to another array shares no element with the others.
    """
    for tensor in tensors:
        if tensor._place.positions is None:
            array = concrete(tensor._data)
            tensor._place.positions, tensor._place.is_read_only = addresses(array), is_read_only(array)


def _lies_as_numbered(tensor: Any) -> bool:
    """Whether the addresses of the elements differ as their positions do, so that positions are no longer needed."""
    distances = addresses(concrete(tensor._data)) - tensor._place.positions
    return bool(np.all(distances == distances.ravel()[:1]))


def _laid_out(new: Any, old: Any) -> Any:
    """`new` with the axes in the memory order of `old`, since the order decides which results are views of it."""
    if not new.ndim:
        return new if isinstance(concrete(old), np.generic) else new[...]  # a 0-d array stays an array
    order = np.argsort([-abs(stride) for stride in old.strides], kind="stable").tolist()
    if np.transpose(concrete(new), order).flags.c_contiguous:
        return new
    return np.transpose(np.transpose(new, order).copy(), np.argsort(order).tolist())


def _carried(changed: Tensor, tensor: Tensor, index: Any, other: Tensor) -> Tensor | None:
    """`other` after `tensor` has become `changed`; None if it has none of the new elements."""
    place = other._place
    is_new = np.zeros(tensor.shape, bool)
    is_new[index] = True
    common = common_elements(tensor._place.positions[is_new], place.positions)
    if common is None:
        return None
    mask, numbers = common
    numbers = np.flatnonzero(is_new)[numbers]
    source = _wrap(changed._data) if place.is_detached else changed
    with enable_grad():  # under `no_grad`, the elements written into the graph of `other` are constants
        values = source[np.unravel_index(numbers, tensor.shape)] if tensor.ndim else source
        return indexing.setitem(other, mask, values)
