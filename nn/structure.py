"""What a module is made of, by name: children, paths, additions, and the dtype of all its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.nn.parts import Owner, check_name
from autograd_lite.support.messages import show
from autograd_lite.support.versions import bump


class Structure(Owner):
    """The part of `Module` about its parts and their dtype."""

    def _repr_html_(self) -> str:
        """The lines of `repr` in a notebook, as a table; the first 100 of them."""
        from autograd_lite.support.notebook import table_html  # few programs need it

        lines = [line.partition("  # ") for line in repr(self).splitlines()]
        rows = [(line, count.partition(" ")[0]) for line, _, count in lines[:100]]
        if len(lines) > len(rows):
            rows.append((f"... and {len(lines) - len(rows):,} more", ""))
        return table_html("", ("module", "parameters"), rows)

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules that are attributes of this one with their names, each once."""
        seen: set[int] = set()
        for name, value in vars(self).items():
            if isinstance(value, Structure) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def children(self) -> Iterator[Any]:
        """The modules that are attributes of this one, each once."""
        return (module for _, module in self.named_children())

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """Call a function with every module in this one, children first, and with this module; return it.

        Examples
        --------
        >>> def no_bias(module):
        ...     if isinstance(module, Linear):
        ...         nn.init.zeros_(module.bias)
        >>> model = Sequential(Linear(2, 3), ReLU()).apply(no_bias)
        >>> model[0].bias.tolist()
        [0.0, 0.0, 0.0]
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def add_module(self, name: str, module: Any) -> None:
        """``self.name = module``; or None, which only a module can replace.

        Raises
        ------
        KeyError
            If the name is empty, contains a dot, or is the name of a method or of another attribute.
        TypeError
            If `module` is neither a module nor None.
        """
        check_name(name, type(self), "add_module", "a module")
        if not isinstance(module, Structure | None):
            raise TypeError(f"add_module: {name} must be a Module or None, not {type(module).__name__}")
        if name in vars(self) and not isinstance(vars(self)[name], Structure | None):
            raise KeyError(f"add_module: {show(name)} is an attribute already")
        self._register(name, module, Owner)

    register_module = add_module

    def get_submodule(self, target: str) -> Any:
        """The module of this dotted name; "" is this module.

        Raises
        ------
        AttributeError
            If there is none of this name.
        """
        found: Any = self
        for name in target.split(".") if target else []:
            found = vars(found).get(name)
            if not isinstance(found, Structure):
                raise AttributeError(f"{type(self).__name__} has no module {show(target)}: {show(name)} is none")
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of this dotted name.

        Raises
        ------
        AttributeError
            If there is none of this name.
        """
        return self._part(target, Parameter)

    def get_buffer(self, target: str) -> Buffer:
        """The buffer of this dotted name.

        Raises
        ------
        AttributeError
            If there is none of this name.
        """
        return self._part(target, Buffer)

    def _part(self, target: str, kind: Any) -> Any:
        path, _, name = target.rpartition(".")
        part = vars(self.get_submodule(path)).get(name)
        if not isinstance(part, kind):
            raise AttributeError(f"{type(self).__name__} has no {kind.__name__.lower()} {show(target)}")
        return part

    def _tensors(self, kind: Any) -> Iterator[Any]:
        raise NotImplementedError

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and floating-point buffers to a floating-point dtype; gradients become None.

        Make the optimizer after this, not before.
        """
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"astype: the dtype must be floating-point, not {np.dtype(dtype)}")
        bump()
        for buffer in self._tensors(Buffer):
            if buffer.dtype.kind == "f":
                buffer._data = buffer._data.astype(dtype)
        for parameter in self._tensors(Parameter):
            parameter._data = parameter._data.astype(dtype)
            leaf = parameter._leaf()
            if leaf is not None:
                leaf.dtype, leaf.grad = parameter._data.dtype, None
        return self

    def to(self, *args: Any, device: Any = None, dtype: DTypeLike | None = None) -> Self:
        """``astype(dtype)``; the device can only be "cpu".

        Raises
        ------
        ValueError
            For any other device.
        TypeError
            If the dtype is not floating-point.
        """
        for argument in args:
            if argument == "cpu" or (isinstance(argument, str) and argument.partition(":")[0] in ("cuda", "mps")):
                device = argument
            else:
                dtype = argument
        if device not in (None, "cpu"):
            raise ValueError(f"to: modules are in the memory of the CPU; there is no device {show(device)}")
        return self if dtype is None else self.astype(dtype)

    def cpu(self) -> Self:
        """This module, which is in the memory of the CPU."""
        return self

    def double(self) -> Self:
        """``astype(np.float64)``."""
        return self.astype(np.float64)

    def half(self) -> Self:
        """``astype(np.float16)``."""
        return self.astype(np.float16)

    def float(self) -> Self:
        """``astype(np.float32)``."""
        return self.astype(np.float32)
