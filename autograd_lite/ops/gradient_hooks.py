"""Functions that see the gradient of a tensor in the backward pass: `register_hook` and `retain_grad`."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Self

import numpy as np

from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import hooked, refuse_in_program
from autograd_lite.core.tensor import Tensor

Hook = Callable[[Any], Any]

# Whether a sweep through a part of the graph runs, whose gradients of leaves are added up before their hooks see them.
in_part: ContextVar[bool] = ContextVar("autograd_lite_part_of_sweep", default=False)


class _Hooks:
    """The hooks of one tensor, in the order of registration; the engine calls them with the whole gradient.

    A node holds them, and not the other way round, so they keep no graph alive.
    """

    def __init__(self, of_leaf: bool) -> None:
        self.of_leaf = of_leaf
        self.functions: dict[object, Hook] = {}
        self.retains = False
        self.grad: Any = None  # of a result, if it is kept

    def __call__(self, gradient: Any) -> Any:
        if self.of_leaf and in_part.get():
            return gradient
        refuse_in_program("a hook on a gradient")
        for function in list(self.functions.values()):
            given = gradient if isinstance(gradient, Tensor) else np.array(gradient)  # a hook may keep or change it
            new = function(given)
            if new is not None:
                gradient = self._checked(new, gradient)
        if self.retains:
            self.grad = gradient.copy() if self.grad is None else self.grad + gradient
        return gradient

    @staticmethod
    def _checked(new: Any, gradient: Any) -> Any:
        if np.shape(new) != gradient.shape:
            raise ValueError(f"register_hook: the hook returned the shape {np.shape(new)} for {gradient.shape}")
        if isinstance(gradient, Tensor):
            return new if isinstance(new, Tensor) else Tensor(new, dtype=gradient.dtype)
        return np.array(getattr(new, "_data", new), gradient.dtype)


class Handle:
    """What registering a hook returns: `remove` takes the hook away, and so does the end of a ``with`` block."""

    def __init__(self, remove: Callable[[], Any]) -> None:
        self._remove = remove

    def remove(self) -> None:
        """Take the hook away; a second time changes nothing."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def register_hook(self: Tensor, hook: Hook) -> Handle:
    """Call a function with the gradient of this tensor in every backward pass, before it goes on.

    The gradient is that of all uses of the tensor, an array of its shape and dtype (with ``create_graph=True`` a
    tensor). What the function returns takes its place, unless it is None. ``.remove()`` of the result ends it.

    Raises
    ------
    RuntimeError
        If the tensor requires no gradient.
    TypeError
        If `hook` is not callable.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> y = x * 3
    >>> handle = y.register_hook(lambda g: 10 * g)
    >>> y.sum().backward()
    >>> x.grad
    array([30., 30.])
    """
    if not callable(hook):
        raise TypeError(f"register_hook: the hook must be callable, not {type(hook).__name__}")
    functions, key = _hooks_of(self, "register_hook").functions, object()
    functions[key] = hook
    return Handle(lambda: functions.pop(key, None))


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this result of an operation in `.grad`, which otherwise only leaves have.

    Raises
    ------
    RuntimeError
        If the tensor requires no gradient.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> y = x * 3
    >>> y.retain_grad()
    >>> (y * y).sum().backward()
    >>> y.grad
    array([ 6., 12.])
    """
    if not isinstance(self._node, Leaf):
        _hooks_of(self, "retain_grad").retains = True


def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set `requires_grad`, and return the tensor.

    Examples
    --------
    >>> Tensor([1.0]).requires_grad_()
    Tensor([1.], requires_grad=True)
    """
    self.requires_grad = requires_grad
    return self


def _hooks_of(tensor: Tensor, name: str) -> _Hooks:
    node = tensor._node
    if node is None:
        raise RuntimeError(f"{name}: this tensor does not require gradients")
    if isinstance(node, Leaf) and node.__class__ is not Leaf:
        raise RuntimeError(
            f"{name}: the tensor is an argument of a function that is being differentiated; register the hook on the "
            "tensor outside, or on a result of an operation (x * 1)"
        )
    if not hasattr(node, "hooks"):
        node.hooks = _Hooks(isinstance(node, Leaf))
        hooked.add(node)
    return node.hooks
