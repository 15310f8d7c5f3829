"""The steps of `autograd_lite.py` under `autograd_lite.compile(step, backend="native")`: kernels in machine code."""

from __future__ import annotations

import numba  # noqa: F401  (without it the engine is skipped)

from suite.engines.compiled import compiled

ENGINE = compiled("autograd_lite native", "native")
