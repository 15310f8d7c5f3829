"""autograd_lite: the programs in plain NumPy, differentiated by its transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag
from gradbench.library import Function, Library, engine


def grad(function: Function, count: int = 1) -> Function:
    return ag.grad(function, 0 if count == 1 else tuple(range(count)))  # type: ignore[no-any-return]


def hvp(function: Function) -> Function:
    return lambda x, v, *rest: ag.hvp(lambda x: function(x, *rest), [x], [v])[0]


def forward(function: Function) -> Function:
    return lambda x: np.stack([ag.jvp(function, [x], [unit])[1] for unit in np.eye(len(x))])


LIBRARY = Library(np, grad, ag.jacobian, hvp, forward, ag.grad)


def compiled(name: str, backend: str) -> Any:
    """The engine whose derivatives are compiled."""
    finish: Callable[[Function], Function] = lambda derivative: ag.compile(derivative, backend=backend)  # noqa: E731
    return engine(name, LIBRARY, finish=finish, branches=False)


ENGINE = engine("autograd_lite", LIBRARY)
