"""The steps of `autograd_lite.py` under `autograd_lite.compile(step, backend="numpy")`: recorded NumPy calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite import compile
from suite.engine import Engine, Step
from suite.engines import autograd_lite


def compiled(name: str, backend: str) -> Engine:
    """An engine that compiles each step."""

    def build(eager: Callable[[Any], Step]) -> Callable[[Any], Step]:
        return lambda case: compile(eager(case), backend=backend)

    return Engine(name, build(autograd_lite.network), build(autograd_lite.scalar), build(autograd_lite.program))


ENGINE = compiled("autograd_lite compiled", "numpy")
