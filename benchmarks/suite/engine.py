"""The interface of an engine, and the list of engines."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Step = Callable[..., Any]  # from a mini-batch to the loss before the update


@dataclass(frozen=True)
class Engine:
    """A library that trains.

    Parameters
    ----------
    name : str
        Its name in the tables.
    network, scalar, program : callable, optional
        From a case of that kind to its training step, which starts from the weights of the case. None if the library
        has no such step. A step returns when its work is done, not when it is queued.
    convert : callable, optional
        From a NumPy array to the array type of the library. It is applied once, before anything is timed.
    read : callable, optional
        From the loss that a step returns to a float.
    is_limit : bool, default False
        Whether it does only what every step has to do, and computes no loss that could be compared.
    module : str, optional
        The module that defines it, from which another process imports it; `load` sets it.
    """

    name: str
    network: Callable[[Any], Step] | None = None
    scalar: Callable[[Any], Step] | None = None
    program: Callable[[Any], Step] | None = None
    convert: Callable[[Any], Any] = np.asarray
    read: Callable[[Any], float] = float
    is_limit: bool = False
    module: str = ""

    def step(self, case: Any) -> Step | None:
        """The training step of the case, or None if the engine has none."""
        build = self.builder(case)
        return None if build is None else build(case)

    def builder(self, case: Any) -> Callable[[Any], Step] | None:
        """What builds the step of a case of this kind, or None if the engine has no such step."""
        return getattr(self, case.kind)  # type: ignore[no-any-return]

    def batches(self, case: Any) -> list[tuple[Any, ...]]:
        """The data of the case in the array type of the library; lists of numbers stay lists."""
        if case.kind == "scalar":
            return list(case.batches())
        return [tuple(self.convert(array) for array in batch) for batch in case.batches()]


PACKAGES = {
    "hand": "numpy",
    "autograd_lite": "autograd-lite",
    "compiled": "autograd-lite",
    "native": "numba",
    "pytorch": "torch",
    "jax": "jax",
    "autograd": "autograd",
    "mygrad": "mygrad",
    "micrograd": "micrograd",
    "vectorised": "numpy",
    "products": "numpy",
    "traffic": "numpy",
}
"""The engines by the name of their file, and the distribution that each of them measures."""


def load(names: Iterable[str], package: str = "suite.engines") -> tuple[list[Engine], dict[str, str]]:
    """The engines of a package that can be imported, and the import errors of the others."""
    engines, missing = [], {}
    for name in names:
        try:
            module = f"{package}.{name}"
            engines.append(replace(importlib.import_module(module).ENGINE, module=module))
        except ImportError as error:
            missing[name] = str(error)
    return engines, missing
