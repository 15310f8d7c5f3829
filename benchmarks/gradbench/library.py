"""What a program uses of a library, and the engine that runs programs with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.engine import Engine

Function = Callable[..., Any]

ENGINES = {
    "pytorch": "pytorch",
    "eager": "autograd_lite",
    "compiled": "compiled",
    "native": "native",
    "jax": "jax",
    "autograd": "autograd",
}
"""The files in `gradbench/engines`, the baseline first, and the engines of the suite that they correspond to."""


@dataclass(frozen=True)
class Library:
    """What programs use of a library.

    Parameters
    ----------
    np : module
        Its functions by NumPy's names.
    grad : callable
        From a scalar function, and a number of arguments, 1 by default, to the function that computes the gradient
        with respect to the first argument, or the tuple of gradients with respect to the first arguments.
    jacobian : callable
        From a function to the one that computes its Jacobian with respect to the first argument.
    hvp : callable
        From a scalar function f to the function of x, v and further arguments of f that computes ∇²f(x) v.
    forward, reverse : callable
        From a scalar function of one vector to its gradient, in forward or in reverse mode. They can be nested.
    """

    np: Any
    grad: Callable[..., Function]
    jacobian: Callable[[Function], Function]
    hvp: Callable[[Function], Function]
    forward: Callable[[Function], Function] | None
    reverse: Callable[[Function], Function]


def engine(
    name: str,
    library: Library,
    convert: Callable[[Any], Any] = np.asarray,
    finish: Callable[[Function], Function] = lambda derivative: derivative,
    branches: bool = True,
) -> Engine:
    """An engine of the suite whose steps are derivatives.

    Parameters
    ----------
    name : str
    library : Library
    convert : callable
        From a NumPy array to an array of the library.
    finish : callable
        From the derivative to what is timed, for example its compilation.
    branches : bool, default True
        Whether the finished function may branch on numbers.
    """

    def step(case: Any) -> Function | None:
        if case.branches and not branches:
            return None
        return finish(case.derivative(library))

    return Engine(name, program=step, convert=convert, read=combination)


def arrays(result: Any) -> list[np.ndarray[Any, Any]]:
    """The results of a program as a list of NumPy arrays."""
    return [np.asarray(array) for array in (result if isinstance(result, tuple) else (result,))]


def combination(result: Any) -> float:
    """A linear combination, with coefficients that are all different, of all numbers in a result.

    >>> combination((np.ones(2), 1.0)) == combination(np.ones(3))
    True
    """
    numbers = np.concatenate([array.ravel() for array in arrays(result)])
    return float(numbers @ (1.5 + np.cos(np.arange(numbers.size))))
