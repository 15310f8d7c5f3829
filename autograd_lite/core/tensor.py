"""Tensor: an array that remembers where it came from.

The operators and methods that have a derivative are attached by `autograd_lite.methods`, from the catalogue of
operations; what is written out here is what a tensor is without them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.aliases import Place, note_view
from autograd_lite.core.backward import deposit, sweep
from autograd_lite.core.cuts import inside_transform, refuse_array, refuse_copy, refuse_number, warn_of_item
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.hooks import watched_attributes
from autograd_lite.core.numpy_protocols import NumpyProtocols
from autograd_lite.core.numpy_protocols import numpy_operations as numpy_operations
from autograd_lite.core.numpy_protocols import numpy_queries as numpy_queries
from autograd_lite.core.signatures import Signatures
from autograd_lite.core.writes import overwrite
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.exact import exactly
from autograd_lite.support.messages import show, shown_as
from autograd_lite.support.names import name_of, set_name

# What operations take and give: numbers, arrays, tensors. Fed arrays they give arrays, fed tensors they give tensors.
Array: TypeAlias = Any

_NOTHING_REQUIRED = "backward: this tensor does not require gradients, nor does anything it was made from"


class Tensor(Signatures, NumpyProtocols):
    """An n-dimensional array of numbers that can be differentiated.

    Parameters
    ----------
    data : number, nested list, array or Tensor
        The values; they are copied. Python numbers become float64, int64 or bool as in NumPy, arrays keep their dtype.
        A Series, DataFrame or DataArray is read as the array of its numbers.
    requires_grad : bool, default False
        Whether `backward` collects a gradient in `.grad`. Only floating-point tensors can.
    dtype : dtype, optional
        The dtype to convert to.
    name : str, optional
        What `derive` calls the tensor; `.name` gives one to the result of an operation.

    Raises
    ------
    TypeError
        If the data are not real numbers (strings, None, complex numbers, objects), or integers that should require
        gradients; if they are an array that NumPy would not read faithfully (masked, sparse, of another library), or a
        tensor that requires gradients, which the new one would not be connected with (see `clone` and `detach`).
    ValueError
        If nested lists are ragged.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x**2).sum()
    >>> y.backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    # `_node` is what the tensor is in the graph: a Node for a result, a Leaf for what collects a gradient, else None.
    # `_frozen` keeps the Leaf of a tensor whose requires_grad was switched off.
    # `_place` says with which tensors it shares memory, if it has shared it with any.
    __slots__ = ("__weakref__", "_data", "_frozen", "_node", "_place")
    _data: Any
    _node: Node | Leaf | None
    _frozen: Leaf
    _place: Place

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: DTypeLike | None = None, *, name: str | None = None
    ) -> None:
        if isinstance(data, Tensor) and data._node is not None and (requires_grad is False or inside_transform()):
            refuse_copy()
        self._data = as_numbers(data, dtype, copy=True)
        self._node = None
        if requires_grad is not False:
            self.requires_grad = requires_grad
        if name is not None:
            self.name = name

    # -- what it holds ---------------------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The values, as the array the tensor works with. Assigning to it overwrites them in place.

        What is assigned must have the shape of the tensor and be exact in its dtype; numbers of Python are rounded.
        Writing into the array itself (``x.data[...] = y``) is not noticed by graphs that have recorded its numbers,
        except inside `anomaly`, where it is an error; ``x[...] = y`` is noticed.
        """
        if isinstance(self._data, np.generic):  # NumPy gives scalars for 0-d results
            self._data = np.asarray(self._data)
        return self._data  # type: ignore[no-any-return]

    @data.setter
    def data(self, values: Any) -> None:
        place = getattr(self, "_place", None)
        if place is not None and place.positions is not None:
            raise RuntimeError("data: other tensors share these values; write x[...] = values, which reaches them too")
        own = self.data
        # What was changed by ``x.data -= y`` is assigned to itself afterwards.
        overwrite(own, own if values is own else exactly(values, own.dtype, "data"), "data")

    @property
    def grad(self) -> np.ndarray[Any, np.dtype[Any]] | None:
        """The gradient collected so far, of the tensor's shape and dtype: an array, or None.

        After ``backward(create_graph=True)`` it is a tensor.
        """
        leaf = self._node if isinstance(self._node, Leaf) else self._leaf()
        return None if leaf is None else leaf.grad

    @grad.setter
    def grad(self, gradient: Any) -> None:
        leaf = self._leaf()
        if leaf is None:
            raise RuntimeError("grad: only a tensor that the user made and that requires gradients holds one")
        if gradient is not None:
            gradient = as_numbers(exactly(gradient, leaf.dtype, "grad"), copy=True)
            if gradient.shape != leaf.shape:
                raise ValueError(f"grad: a gradient of shape {gradient.shape} for a tensor of shape {leaf.shape}")
        leaf.grad = gradient

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to (or through) this tensor. Can be set on tensors that are not results."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"requires_grad: True or False, not {show(value)}")
        if isinstance(self._node, Node):
            if not value:
                raise RuntimeError("requires_grad: the result of an operation depends on its inputs; use .detach()")
        elif value:
            if self._data.dtype.kind != "f":
                raise TypeError(
                    f"requires_grad: only floating-point tensors have gradients, not {self._data.dtype}; "
                    "pass dtype=float or use .astype(float)"
                )
            if self._node is None:
                self._node = self._leaf() or Leaf(self._data.shape, self._data.dtype)
        elif isinstance(self._node, Leaf):
            self._frozen, self._node = self._node, None

    def _leaf(self) -> Leaf | None:
        node = self._node
        return node if isinstance(node, Leaf) else getattr(self, "_frozen", None) if node is None else None

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor is not the result of a recorded operation."""
        return not isinstance(self._node, Node)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._data.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._data.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._data.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements."""
        return self._data.dtype  # type: ignore[no-any-return]

    @property
    def name(self) -> str | None:
        """What `derive` calls the tensor, None for a name of its own choice."""
        return name_of(self._node) or name_of(self.data)

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not (isinstance(name, str) and name.strip()):
            raise TypeError(f"name: a text or None, not {show(name)}")
        set_name(self.data, name)
        if self._node is not None:
            set_name(self._node, name)

    # -- out of the graph ------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """The only element, as a Python number; inside a transform ``x.detach().item()`` gives no warning."""
        if self._node is not None:
            warn_of_item()
        return self._data.item()

    def numpy(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The values as a NumPy array that shares memory with the tensor and has no gradient.

        A graph that needs the values does not notice when they are changed through this array, except inside `anomaly`,
        where that is an error. And once ``x[index] = y`` or ``x += y`` has been recorded, the array shows the
        numbers of before.
        """
        return self.data

    def detach(self) -> Tensor:
        """A tensor with the same values (sharing memory) through which no gradient flows.

        What is written into one of the two shows in the other; for the graph of this tensor it is a constant.
        """
        result = _wrap(self._data)
        note_view(result, self)
        return result

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray[Any, np.dtype[Any]]:
        if self._node is not None:
            refuse_array()
        return np.array(self._data, dtype=dtype, copy=copy)

    @property
    def _mask(self) -> Any:
        """What masked arrays ask of an operand after they have taken its `_data`, without asking `__array__`."""
        if self._node is not None:
            refuse_array()
        return np.False_

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        if self._node is not None:
            refuse_number("float")
        return float(self._data)

    def __int__(self) -> int:
        if self._node is not None:
            refuse_number("int")
        return int(self._data.item())

    def __complex__(self) -> complex:
        if self._node is not None:
            refuse_number("complex")
        return complex(self._data)

    def __index__(self) -> int:
        if self._node is not None:
            refuse_number("index")
        return np.asarray(self._data).__index__()

    def tolist(self) -> Any:
        """The values as a Python number or nested lists of them; refused inside a transform that differentiates."""
        if self._node is not None and inside_transform():
            refuse_number("tolist")
        return self._data.tolist()

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return value in self.data

    def __repr__(self) -> str:
        values = np.array2string(self._data, separator=", ", prefix="Tensor(")
        plain = self.dtype in (np.float64, np.int64, np.bool_) and self.size
        details = [values] if plain else [values, f"dtype={self.dtype}"]
        if isinstance(self._node, Node):
            details.append(f"operation={self._node.operation.name}")
        elif self._node is not None:
            details.append("requires_grad=True")
        return f"{type(self).__name__}({', '.join(details)})"

    def __format__(self, spec: str) -> str:
        return format(self._data.item(), spec) if spec else str(self)

    # Comparison gives arrays, so a tensor cannot be equal to itself in the sense of a dictionary key: identity is.
    __hash__ = object.__hash__

    # -- gradients -------------------------------------------------------------------------------------------------

    def backward(self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it was made from.

        Parameters
        ----------
        gradient : array of the tensor's shape, optional
            The gradient with respect to this tensor, dL/d(self). A tensor of one element needs none: it is 1.
        retain_graph : bool, default False
            Keep what the graph has saved, so that `backward` can be called through it again.
        create_graph : bool, default False
            Record the backward pass, and keep the graph: `.grad` becomes a tensor that can be differentiated again.
            It holds on to the graph until `zero_grad`; `autograd_lite.grad(output, inputs)` does not.

        Raises
        ------
        RuntimeError
            If the tensor requires no gradient, has more than one element and no `gradient` is given, or if the graph
            was already released, or a value that it needs was overwritten since.
        ValueError
            If `gradient` has another shape than the tensor.

        Examples
        --------
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (3 * x).backward([1.0, 10.0])
        >>> x.grad
        array([ 3., 30.])
        """
        seed = self._seed(gradient, create_graph)
        if create_graph:
            with enable_grad():
                for leaf, found in backward_with_graph(self, seed).items():
                    leaf.grad = found if leaf.grad is None else leaf.grad + found
        elif self._node is None:
            raise RuntimeError(_NOTHING_REQUIRED)
        else:
            deposit(sweep({self._node: seed}, retain_graph))

    def _seed(self, gradient: Any, create_graph: bool = False) -> Any:
        """The gradient that a backward pass begins with: an array, or a tensor if the pass is to be recorded."""
        if not create_graph:
            return self._seed_array(gradient)
        seed = _wrap(self._seed_array(gradient))
        is_recorded = isinstance(gradient, Tensor) and gradient._node is not None
        return gradient.astype(self.dtype) if is_recorded else seed

    def _seed_array(self, gradient: Any) -> Any:
        data = self._data
        if gradient is None:
            if data.size != 1:
                raise RuntimeError(
                    f"backward: a tensor of shape {data.shape} is not a scalar; reduce it (for example "
                    "with .sum() or .mean()) or pass the gradient with respect to it"
                )
            return np.ones_like(data) if data.shape else _one(data.dtype)
        given = as_numbers(gradient, copy=True)
        if given.shape != data.shape:
            raise ValueError(f"backward: the gradient has shape {given.shape}, the tensor {data.shape}")
        return given.astype(data.dtype, copy=False)

    def zero_grad(self) -> None:
        """Forget the gradient collected so far."""
        leaf = self._node if isinstance(self._node, Leaf) else self._leaf()
        if leaf is not None:
            leaf.grad = None

    # -- copies and pickles ----------------------------------------------------------------------------------------

    def __copy__(self) -> Tensor:
        """A copy that shares no memory, as of an array."""
        rebuild, (kind, data, *parts), state = self.__reduce__()
        copied: Tensor = rebuild(kind, data.copy(), *parts)
        if state:
            copied.__dict__.update(state)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """How `pickle` and `copy.deepcopy` make it anew: values, gradient and name; RuntimeError for results."""
        if isinstance(self._node, Node):
            raise RuntimeError(
                f"the result of {self._node.operation.name!r} cannot be pickled or deep-copied: it is part of a graph; "
                "use .detach(), or .numpy() for its values"
            )
        leaf = self._leaf()
        parts = (type(self), self.data, self.requires_grad, leaf and leaf.grad, self.name)
        return _rebuild, parts, getattr(self, "__dict__", None)


watched_attributes.extend([(Tensor, "_data"), (Leaf, "grad")])


@shown_as.register(Tensor)
def _(tensor: Tensor, limit: int, depth: int) -> str:
    values = tensor._data
    return " ".join(Tensor.__repr__(tensor).split()) if values.size <= 8 else f"Tensor {values.dtype} {values.shape}"


@functools.cache
def _one(dtype: np.dtype[Any]) -> Any:
    return dtype.type(1)


def _wrap(data: Any, node: Node | Leaf | None = None) -> Tensor:
    """A tensor around `data` as it is, without a copy or a check."""
    tensor = object.__new__(Tensor)
    tensor._data = data
    tensor._node = node
    return tensor


def _rebuild(kind: type[Tensor], data: Any, requires_grad: bool, gradient: Any, name: str | None) -> Tensor:
    """The tensor that `Tensor.__reduce__` has taken apart."""
    tensor = object.__new__(kind)
    tensor._data, tensor._node = data, None
    if requires_grad or gradient is not None:
        tensor._node = leaf = Leaf(data.shape, data.dtype)
        leaf.grad = gradient
        tensor.requires_grad = requires_grad
    if name is not None:
        tensor.name = name
    return tensor


def backward_with_graph(tensor: Tensor, gradient: Tensor) -> dict[Leaf, Tensor]:
    """The gradients below `tensor` as tensors that can be differentiated again."""
    if tensor._node is None:
        raise RuntimeError(_NOTHING_REQUIRED)
    with enable_grad():
        return sweep({tensor._node: gradient}, retain_graph=True, create_graph=True)
