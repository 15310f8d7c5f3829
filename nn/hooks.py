"""Functions that run before and after the `forward` of a module, and with the gradients of its input and output."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Tensor
from autograd_lite.nn.structure import Structure
from autograd_lite.ops.gradient_hooks import Handle, register_hook
from autograd_lite.support.versions import bump

_same = primitive(lambda x: x, name="same", x=lambda g: g)


class Hooked:
    """The `forward` of a module that has hooks; the attribute of the module that takes the place of the method.

    A module without hooks has no such attribute and no cost.
    """

    def __init__(self, module: Any, inner: Callable[..., Any] | None) -> None:
        self.module, self.inner = module, inner
        self.before: dict[Any, tuple[Any, bool]] = {}
        self.after: dict[Any, tuple[Any, bool]] = {}
        self.backward: dict[Any, tuple[Any, bool]] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The module's own `forward`."""
        return (
            self.inner(*args, **kwargs)
            if self.inner is not None
            else type(self.module).forward(self.module, *args, **kwargs)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for hook, with_kwargs in list(self.before.values()):
            new = hook(self.module, args, kwargs) if with_kwargs else hook(self.module, args)
            if new is not None and with_kwargs:
                args, kwargs = new
            elif new is not None:
                args = new if isinstance(new, tuple) else (new,)
        noted: dict[str, Any] = {}
        if self.backward:
            args = self._noting_inputs(args, kwargs, noted)
        result = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(self.after.values()):
            new = hook(self.module, args, kwargs, result) if with_kwargs else hook(self.module, args, result)
            result = result if new is None else new
        return self._noting_outputs(result, noted) if self.backward else result

    def _noting_inputs(self, args: Any, kwargs: Any, noted: dict[str, Any]) -> Any:
        recorded = [i for i, value in enumerate(args) if isinstance(value, Tensor) and value.requires_grad]
        others = [value for value in kwargs.values() if isinstance(value, Tensor) and value.requires_grad]
        if len(recorded) + len(others) > 1 or others:
            raise TypeError(
                "register_full_backward_hook: a module with several inputs that require gradients has no one moment of "
                "its gradient; use x.register_hook on each of them"
            )
        noted["count"], noted["at"] = len(args), recorded
        if not recorded:
            return args
        (i,) = recorded
        x = _same(args[i])

        def with_input(gradient: Any) -> Any:
            return self._run(noted, gradient)

        register_hook(x, with_input)
        return (*args[:i], x, *args[i + 1 :])

    def _noting_outputs(self, result: Any, noted: dict[str, Any]) -> Any:
        results = result if isinstance(result, tuple) else (result,)
        if not isinstance(results[0], Tensor) or len(results) > 1:
            raise TypeError(
                "register_full_backward_hook: the module must return one tensor; use y.register_hook on parts"
            )
        (out,) = results
        if not out.requires_grad:
            return result
        out = _same(out)

        def with_output(gradient: Any) -> None:
            noted["output"] = gradient
            if not noted["at"]:
                self._run(noted, None)

        register_hook(out, with_output)
        return out if not isinstance(result, tuple) else (out,)

    def _run(self, noted: dict[str, Any], gradient: Any) -> Any:
        for hook, _ in list(self.backward.values()):
            inputs = tuple(gradient if i in noted["at"] else None for i in range(noted["count"]))
            new = hook(self.module, inputs, (noted["output"],))
            if new is not None and noted["at"]:
                gradient = (new if isinstance(new, tuple) else (new,))[noted["at"][0]]
        return gradient


class Hookable(Structure):
    """The part of `Module` that registers hooks."""

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call ``hook(module, args)`` before `forward`, whose arguments it can replace by what it returns.

        With `with_kwargs` it is ``hook(module, args, kwargs)``, and returns None or both. The result has ``.remove()``.

        Raises
        ------
        TypeError
            If `hook` is not callable.
        """
        return self._add_hook("before", hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call ``hook(module, args, result)`` after `forward`, whose result it can replace by what it returns.

        With `with_kwargs` it is ``hook(module, args, kwargs, result)``. The result has ``.remove()``.

        Raises
        ------
        TypeError
            If `hook` is not callable.

        Examples
        --------
        >>> layer, shapes = Linear(2, 3), []
        >>> handle = layer.register_forward_hook(lambda module, args, result: shapes.append(result.shape))
        >>> _ = layer(np.ones((5, 2)))
        >>> handle.remove()
        >>> shapes
        [(5, 3)]
        """
        return self._add_hook("after", hook, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_input, grad_output)`` in backward passes.

        Both are tuples of arrays; `grad_input` has None for an argument that requires no gradient, and what the hook
        returns takes its place. The module takes one tensor that requires gradients at most, and returns one tensor.
        The result has ``.remove()``.

        Raises
        ------
        TypeError
            If `hook` is not callable; in a call, if there are several such tensors.
        """
        return self._add_hook("backward", hook, prepend, False)

    def _add_hook(self, kind: str, hook: Any, prepend: bool, with_kwargs: bool) -> Handle:
        if not callable(hook):
            raise TypeError(f"{type(self).__name__}: a hook must be callable, not {type(hook).__name__}")
        key = object()
        new = {key: (hook, with_kwargs)}
        self._change_hooks(kind, lambda hooks: new | hooks if prepend else hooks | new)
        return Handle(lambda: self._change_hooks(kind, lambda hooks: {k: v for k, v in hooks.items() if k is not key}))

    def _change_hooks(self, kind: str, change: Callable[[dict[Any, Any]], dict[Any, Any]]) -> None:
        """Put another `Hooked` in place of the one there, so that compiled programs notice."""
        known = vars(self).get("forward")
        hooked = copy.copy(known) if isinstance(known, Hooked) else Hooked(self, known)
        setattr(hooked, kind, change(getattr(hooked, kind)))
        forward = hooked if hooked.before or hooked.after or hooked.backward else hooked.inner
        vars(self).pop("forward", None)
        if forward is not None:
            vars(self)["forward"] = forward
        bump()
