"""Arguments and calls of a program as source code."""

from __future__ import annotations

import math
import operator
import re
from typing import Any

import numpy as np

from autograd_lite.compiler.tape import Instruction, Value, called_name
from autograd_lite.compiler.traced_numbers import TracedNumber

# Between scalars Python's operators give what the ufuncs give; a division takes 0.1 µs instead of 1.9.
_OPERATORS = {np.add: "{} + {}", np.subtract: "{} - {}", np.multiply: "{} * {}", np.divide: "{} / {}",
              np.negative: "-{}", operator.pow: "{} ** {}"}  # fmt: skip


class Expressions:
    """Writes expressions, and collects what they refer to.

    Attributes
    ----------
    functions : dict of str to callable
        Functions that are not NumPy's.
    constants : dict of str to str
        Names of NumPy scalars, by the expressions that make them.
    """

    def __init__(self) -> None:
        self.functions: dict[str, Any] = {}
        self.constants: dict[str, str] = {}

    def call(self, instruction: Instruction, out: str | None = None) -> str:
        """The call of an instruction."""
        function, args = instruction.function, list(map(self.argument, instruction.args))
        if function == "__getitem__":
            return f"{args[0]}[{self._index(instruction.args[1])}]"
        if function == "__setitem__":
            return f"{args[0]}[{self._index(instruction.args[1])}] = {args[2]}"
        if out is None and not instruction.kwargs and _is_scalar_arithmetic(instruction):
            return _OPERATORS[function].format(*args)
        keywords = [f"{name}={self.argument(value)}" for name, value in instruction.kwargs.items()]
        keywords += [f"out={out}"] * (out is not None)
        if isinstance(function, str):
            return f"{args[0]}.{function}({', '.join([*args[1:], *keywords])})"
        return f"{self._function(function)}({', '.join([*args, *keywords])})"

    def argument(self, leaf: Any) -> str:
        """An argument."""
        if isinstance(leaf, Value):
            return leaf.name
        if type(leaf) is TracedNumber:
            return leaf.expression
        if hasattr(leaf, "_fields"):  # a named tuple
            return f"{self._function(type(leaf))}({', '.join(map(self.argument, leaf))})"
        if isinstance(leaf, tuple):
            return f"({''.join(self.argument(part) + ', ' for part in leaf)})"
        if isinstance(leaf, list):
            return f"[{', '.join(map(self.argument, leaf))}]"
        if isinstance(leaf, dict):
            return f"{{{', '.join(f'{key!r}: {self.argument(part)}' for key, part in leaf.items())}}}"
        if isinstance(leaf, slice):
            return f"slice({self.argument(leaf.start)}, {self.argument(leaf.stop)}, {self.argument(leaf.step)})"
        return self._constant(leaf)

    def _constant(self, leaf: Any) -> str:
        if isinstance(leaf, np.generic):
            text = f"{dtype_name(leaf.dtype)}({leaf.item()!r})".replace("(nan)", "(np.nan)").replace("inf)", "np.inf)")
            return self.constants.setdefault(text, f"constant{len(self.constants) + 1}")
        if isinstance(leaf, np.dtype) or (isinstance(leaf, type) and issubclass(leaf, np.generic)):
            return dtype_name(np.dtype(leaf))
        if isinstance(leaf, float) and not math.isfinite(leaf):
            return {"inf": "np.inf", "-inf": "-np.inf"}.get(repr(leaf), "np.nan")
        if isinstance(leaf, bool | int | float | complex | str | bytes | None) or leaf is Ellipsis:
            return repr(leaf)
        if isinstance(leaf, type) and leaf.__module__ == "builtins":
            return leaf.__name__
        return self._function(leaf)

    def _function(self, function: Any) -> str:
        name = called_name(function)
        if hasattr(function, "random_method"):
            return f"rng.{function.random_method}"
        path = getattr(function, "__module__", None) or "numpy"
        text = ".".join(["np", *path.split(".")[1:], name]) if path.split(".")[0] == "numpy" else ""
        found: Any = np
        for part in text.split(".")[1:]:
            found = getattr(found, part, None)
        if found == function:
            return text
        known = next((known for known, other in self.functions.items() if other is function), None)
        if known is None:
            known = "call_" + re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
            known += f"_{len(self.functions)}" * (known in self.functions)
            self.functions[known] = function
        return known

    def _index(self, index: Any) -> str:
        def one(part: Any) -> str:
            if not isinstance(part, slice):
                return self.argument(part)
            bounds = ["" if bound is None else self.argument(bound) for bound in (part.start, part.stop, part.step)]
            return ":".join(bounds if part.step is not None else bounds[:2])

        return (", ".join(map(one, index)) or "()") if isinstance(index, tuple) else one(index)


def dtype_name(dtype: np.dtype[Any]) -> str:
    """A dtype in the source."""
    return f"np.{dtype.name}" if hasattr(np, dtype.name) and dtype.isnative else f"np.dtype({dtype.str!r})"


def _is_scalar_arithmetic(instruction: Instruction) -> bool:
    """Whether a call is arithmetic on floating-point scalars."""
    if instruction.function is operator.pow:
        return True
    values = [arg for arg in instruction.args if isinstance(arg, Value)]
    others = [arg for arg in instruction.args if not isinstance(arg, Value)]
    return (
        instruction.function in _OPERATORS
        and bool(values)
        and all(value.shape == () and value.dtype.kind == "f" for value in values)
        and all(isinstance(other, float | int) and not isinstance(other, bool) for other in others)
    )
