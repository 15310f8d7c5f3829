"""autograd_lite: the derivatives of `eager.py`, compiled to a list of NumPy calls."""

from __future__ import annotations

from gradbench.engines.eager import compiled

ENGINE = compiled("autograd_lite compiled", "numpy")
