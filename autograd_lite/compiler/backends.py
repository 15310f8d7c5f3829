"""Which backend runs programs: calls of NumPy, or kernels compiled by numba."""

from __future__ import annotations

import os

from autograd_lite.compiler.native.building import available
from autograd_lite.support.messages import show

BACKENDS = ("auto", "numpy", "native")


def chosen_backend(backend: str) -> str:
    """The backend that is asked for by the argument, or by the environment, which has priority.

    Raises
    ------
    ValueError
        If the name is unknown.
    ImportError
        If native code is asked for and numba is not installed, or older than 0.62.

    Examples
    --------
    >>> chosen_backend("numpy")
    'numpy'
    >>> chosen_backend("fast")
    Traceback (most recent call last):
    ...
    ValueError: compile: backend must be 'auto', 'numpy' or 'native', not 'fast'
    """
    backend = os.environ.get("AUTOGRAD_LITE_BACKEND") or backend
    if backend not in BACKENDS:
        raise ValueError(f"compile: backend must be 'auto', 'numpy' or 'native', not {show(backend)}")
    if backend == "native" and not available():
        raise ImportError("compile: backend='native' needs numba 0.62 or later: pip install \"autograd-lite[native]\"")
    return backend if backend != "auto" or available() else "numpy"
