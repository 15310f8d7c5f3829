"""autograd_lite: the derivatives of `eager.py`, compiled to machine code."""

from __future__ import annotations

import numba  # noqa: F401  (without it the engine is skipped)

from gradbench.engines.eager import compiled

ENGINE = compiled("autograd_lite native", "native")
