"""The way into a program, written for it as source: whether it holds for a call, its run, and what it leaves behind.

Done by loops over lists of conditions, this would take as long as the NumPy calls of a small training step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.changes import record_changes
from autograd_lite.random import generator
from autograd_lite.recording import is_grad_enabled
from autograd_lite.tensor import Tensor, _wrap

# What an entry returns if its program does not hold for a call, or holds but has not been verified yet.
NOT_THIS, NOT_YET = object(), object()


class Entry:
    """The source of an entry, line by line, and the objects that it speaks of."""

    def __init__(self, arguments: str) -> None:
        self.lines = [f"def entry({arguments}):"]
        self.known: dict[str, Any] = {
            "ndarray": np.ndarray, "np": np, "Tensor": Tensor, "wrap": _wrap, "generator": generator,
            "record_changes": record_changes, "NOT_THIS": NOT_THIS, "NOT_YET": NOT_YET,
            "is_grad_enabled": is_grad_enabled,
        }  # fmt: skip
        self._names: dict[int, str] = {}

    def name(self, thing: Any) -> str:
        """How an object is called in the source."""
        name = self._names.get(id(thing))
        if name is None:
            name = self._names[id(thing)] = f"_{len(self._names)}"
            self.known[name] = thing
        return name

    def unless(self, condition: str) -> None:
        """Turn back unless the condition is true."""
        self.lines.append(f" if not ({condition}): return NOT_THIS")

    def unless_array(self, name: str, array: Any) -> None:
        """Turn back unless an argument has the form of `array`, a plain array or a tensor without a gradient."""
        if isinstance(array, Tensor):
            self.unless(f"{name}.__class__ is Tensor and {name}._node is None")
            self.do(f"{name} = {name}._data")
            array = array.data
        else:
            self.unless(f"{name}.__class__ is ndarray")
        form = {"shape": array.shape, "dtype": array.dtype, "strides": array.strides}
        self.unless(" and ".join(f"{name}.{part} == {self.name(value)}" for part, value in form.items()))

    def do(self, line: str) -> None:
        """A line that is carried out."""
        self.lines.append(f" {line}")

    def written(self) -> Callable[..., Any]:
        """The function."""
        exec("\n".join(self.lines), self.known)
        entry: Callable[..., Any] = self.known["entry"]
        return entry
