"""The steps of `autograd_lite.py` under `autograd_lite.compile(step, backend="native")`: kernels in machine code."""

from __future__ import annotations

import inspect

import numba  # noqa: F401  (without it the engine is skipped)

from autograd_lite import compile
from suite.engines.compiled import compiled

if "backend" not in inspect.signature(compile).parameters:
    raise ImportError("this version of autograd_lite.compile has no backends")

ENGINE = compiled("autograd_lite native", backend="native")
