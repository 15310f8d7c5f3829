"""Modules without parameters, declared by a line for each option: the constructor is made of the annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, dataclass_transform

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.pytorch_form import replaced
from autograd_lite.support.checks import check, check_switch, is_integer, is_number

# How options are checked, by their annotation.
_CHECKS = {
    "float": ("a number", is_number),
    "int": ("an integer", is_integer),
    "int | None": ("an integer", lambda value: value is None or is_integer(value)),
}


@dataclass_transform()
class Configured(Module):
    """A module whose options are the annotated attributes of its class.

    They are the arguments of the constructor, in their order and with their defaults, and are passed on to the
    operation in this order. With the option `inplace` the result is written into the input.
    """

    _operation: ClassVar[Callable[..., Any]]

    def __init_subclass__(cls) -> None:
        options = {name: kind for name, kind in cls.__annotations__.items() if not name.startswith("_")}
        if options:
            cls.__init__ = _constructor(cls, options)  # type: ignore[method-assign]
        cls._shown = tuple(name for name in options if name != "inplace")

    def check(self) -> None:
        """Raise ValueError if the options do not fit, beyond their types; subclasses can define it."""

    def forward(self, input: Array) -> Tensor:
        out = self._operation(input, *[getattr(self, name) for name in self._shown])
        return replaced(input, out, True, type(self).__name__) if getattr(self, "inplace", False) else out


def _constructor(kind: type[Configured], options: dict[str, str]) -> Any:
    """An `__init__` that sets the options; the class holds their defaults."""
    where = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(name, where, default=getattr(kind, name, inspect.Parameter.empty), annotation=annotation)
        for name, annotation in options.items()
    ]
    signature, name = inspect.Signature(parameters), kind.__name__

    def initialize(self: Configured, *args: Any, **given: Any) -> None:
        try:
            bound = signature.bind(*args, **given)
        except TypeError as error:
            raise TypeError(f"{name}.__init__() {error}") from None
        bound.apply_defaults()
        for option, value in bound.arguments.items():
            if options[option] == "bool":
                check_switch(f"{name}: {option}", value)
            elif options[option] in _CHECKS:
                check(name, *_CHECKS[options[option]], **{option: value})
            setattr(self, option, value)
        self.check()

    own = inspect.Parameter("self", where)
    initialize.__signature__ = inspect.Signature([own, *parameters])  # type: ignore[attr-defined]
    initialize.__name__, initialize.__qualname__ = "__init__", f"{name}.__init__"
    return initialize
