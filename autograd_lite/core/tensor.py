"""Tensor: an array together with its node or leaf in the graph.

`ops.methods` attaches the operators and methods that are operations. What Python and NumPy call is in
`python_protocols` and `numpy_protocols`.
"""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.aliases import Place, note_view
from autograd_lite.core.backward import deposit, sweep
from autograd_lite.core.cuts import inside_transform, refuse_copy
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.numpy_protocols import NumpyProtocols
from autograd_lite.core.python_protocols import PythonProtocols
from autograd_lite.core.writes import overwrite
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.exact import exactly
from autograd_lite.support.messages import show
from autograd_lite.support.names import name_of, set_name
from autograd_lite.support.signatures import Signatures

Array: TypeAlias = Any  # what operations take and return: numbers, arrays, tensors


class Tensor(Signatures["Tensor"], NumpyProtocols, PythonProtocols):
    """An n-dimensional array of numbers that can be differentiated.

    Parameters
    ----------
    data : number, nested list, array or Tensor
        The values, which are copied. Python numbers become float64, int64 or bool as in NumPy, arrays keep their dtype.
        A Series, DataFrame or DataArray is read as the array of its numbers.
    requires_grad : bool, default False
        Whether `backward` collects a gradient in `.grad`. Only floating-point tensors can.
    dtype : dtype, optional
        The dtype to convert to.
    name : str, optional
        The name of the tensor in `derive`; set `.name` to name the result of an operation.

    Raises
    ------
    TypeError
        If the data are not real numbers (strings, None, complex numbers, objects), or not floating-point although they
        should require gradients; if they are an array that NumPy would not read faithfully (masked, sparse, of another
        library), or a tensor that requires gradients, whose graph the new tensor would leave (see `clone`, `detach`).
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

    # `_node` is the Node of a result, the Leaf of a tensor that collects a gradient, else None. `_frozen` is the Leaf
    # of a tensor whose requires_grad was switched off. `_place` tells which tensors share its memory, if any ever did.
    __slots__ = ("__weakref__", "_data", "_frozen", "_node", "_place")
    _data: Any
    _node: Node | Leaf | None
    _frozen: Leaf
    _place: Place

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: DTypeLike | None = None, *, name: str | None = None
    ) -> None:
        if isinstance(data, Tensor) and (not requires_grad or inside_transform()):
            refuse_copy(data)
        self._data = as_numbers(data, dtype, copy=True)
        self._node = None
        if requires_grad is not False:
            self.requires_grad = requires_grad
        if name is not None:
            self.name = name

    @property
    def data(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The values, as the array of the tensor itself. Assigning to it overwrites them in place.

        Assigned values must have the shape of the tensor and be exact in its dtype; Python numbers are rounded. A graph
        does not notice ``x.data[...] = y``, which is an error inside `anomaly`; it notices ``x[...] = y``.
        """
        if isinstance(self._data, np.generic):  # NumPy returns scalars for 0-d results
            self._data = np.asarray(self._data)
        return self._data  # type: ignore[no-any-return]

    @data.setter
    def data(self, values: Any) -> None:
        place = getattr(self, "_place", None)
        if place is not None and place.positions is not None:
            raise RuntimeError("data: other tensors share these values; write x[...] = values, which reaches them too")
        own = self.data
        # After ``x.data -= y`` Python assigns the array to itself.
        overwrite(own, own if values is own else exactly(values, own.dtype, "data"), "data")

    @property
    def grad(self) -> np.ndarray[Any, np.dtype[Any]] | None:
        """The gradient collected so far, an array of the tensor's shape and dtype, or None.

        After ``backward(create_graph=True)`` it is a tensor. Results keep theirs after `retain_grad`.
        """
        leaf = self._leaf()
        return leaf.grad if leaf is not None else getattr(getattr(self._node, "hooks", None), "grad", None)

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
        """Whether a gradient flows to (or through) this tensor. It can be set on tensors that are not results."""
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
                self._node = self._leaf() or Leaf(self._data.shape, self._data.dtype, self)
        elif isinstance(self._node, Leaf):
            self._frozen, self._node = self._node, None

    def _leaf(self) -> Leaf | None:
        """The leaf, also of a tensor whose requires_grad was switched off."""
        node = getattr(self, "_frozen", None) if self._node is None else self._node
        return node if isinstance(node, Leaf) else None

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
        """The name of the tensor in `derive`, which chooses one if it is None."""
        return name_of(self._node) or name_of(self.data)

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not (isinstance(name, str) and name.strip()):
            raise TypeError(f"name: a string or None, not {show(name)}")
        set_name(self.data, name)
        if self._node is not None:
            set_name(self._node, name)

    def numpy(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The values as a NumPy array that shares memory with the tensor and has no gradient.

        A graph does not notice writes into this array, which are errors inside `anomaly`. After ``x[index] = y`` or
        ``x += y`` has been recorded, the array still holds the values from before.
        """
        return self.data

    def detach(self) -> Tensor:
        """A tensor with the same values (sharing memory) through which no gradient flows.

        A write into one of the two shows in the other; for the graph of this tensor it is a constant.
        """
        result = _wrap(self._data)
        note_view(result, self)
        return result

    def backward(self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it depends on.

        Parameters
        ----------
        gradient : array of the tensor's shape, optional
            The gradient with respect to this tensor, dL/d(self). For a tensor of one element it is 1 by default.
        retain_graph : bool, default False
            Keep the values that the graph has saved, so that `backward` can use it again.
        create_graph : bool, default False
            Record the backward pass, and keep the graph: `.grad` becomes a tensor that can be differentiated again.
            It keeps the graph alive until `zero_grad`; `autograd_lite.grad(output, inputs)` does not.

        Raises
        ------
        RuntimeError
            If the tensor requires no gradient; if it has more than one element and no `gradient` is given; if the graph
            was already released, or a value that it needs has been overwritten.
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
        if not create_graph:
            deposit(sweep({_root(self): seed}, retain_graph))
            return
        with enable_grad():
            for leaf, found in backward_with_graph(self, seed).items():
                leaf.grad = found if leaf.grad is None else leaf.grad + found

    def _seed(self, gradient: Any, create_graph: bool = False) -> Any:
        """The gradient that a backward pass begins with: an array, or a tensor if the pass is to be recorded."""
        data = self._data
        if gradient is not None:
            seed: Any = as_numbers(gradient, copy=True).astype(data.dtype, copy=False)
            if seed.shape != data.shape:
                raise ValueError(f"backward: the gradient has shape {seed.shape}, the tensor {data.shape}")
        elif data.size != 1:
            raise RuntimeError(
                f"backward: a tensor of shape {data.shape} is not a scalar; reduce it (for example "
                "with .sum() or .mean()) or pass the gradient with respect to it"
            )
        else:
            seed = np.ones_like(data) if data.shape else _one(data.dtype)
        if create_graph and isinstance(gradient, Tensor) and gradient._node is not None:
            return gradient.astype(self.dtype)
        return _wrap(seed) if create_graph else seed

    def zero_grad(self) -> None:
        """Set `.grad` to None."""
        leaf = self._leaf()
        if leaf is not None:
            leaf.grad = None


_one = functools.cache(lambda dtype: dtype.type(1))  # half a percent of a small training step


def _wrap(data: Any, node: Node | Leaf | None = None) -> Tensor:
    """A tensor around `data`, without a copy or a check."""
    tensor = object.__new__(Tensor)
    tensor._data = data
    tensor._node = node
    return tensor


def backward_with_graph(tensor: Tensor, gradient: Tensor) -> dict[Leaf, Tensor]:
    """The gradients of the leaves that `tensor` depends on, as tensors that can be differentiated again."""
    with enable_grad():
        found = sweep({_root(tensor): gradient}, retain_graph=True, create_graph=True)
        return {leaf: g if isinstance(g, Tensor) else _wrap(g) for leaf, g in found.items()}


def _root(tensor: Tensor) -> Node | Leaf:
    if tensor._node is None:
        raise RuntimeError("backward: this tensor does not require gradients, nor does anything it was made from")
    return tensor._node
