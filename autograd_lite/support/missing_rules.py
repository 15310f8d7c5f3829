"""The error for a function of NumPy or SciPy without a derivative rule: what to use instead, or how to declare one.

The code in the error can be evaluated: paths lead to the function, and the declaration lacks only the formulas.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

# Code that can be run: a filter, and one of the two parts of a spectrum.
_COMPLEX = (
    "has complex numbers as arguments or results, and tensors hold real ones; declare what is real, such as a filter: "
    "low_pass = autograd_lite.primitive(lambda x, h: numpy.fft.irfft(numpy.fft.rfft(x) * h, x.shape[-1])"
    ".astype(x.dtype), "
    'name="low_pass", x=lambda g, h: low_pass(g, numpy.conj(h))), or the parts of a spectrum: '
    'cosines = autograd_lite.primitive(lambda x: numpy.fft.fft(x).real, name="cosines", x=lambda g: cosines(g)), '
    "and the same with .imag, for a power spectrum cosines(x)**2 + sines(x)**2; or use .numpy() for the values"
)


def without_rule(function: Callable[..., Any], method: str | None = None) -> str:
    """The error message for a function, or a method of a ufunc, that was called with a tensor.

    Examples
    --------
    >>> print(without_rule(np.spacing))
    numpy.spacing has no derivative rule for tensors; declare one with autograd_lite.primitive(numpy.spacing, \
x=lambda g, x: ...), or use .numpy() for the values
    """
    if getattr(function, "__module__", None) == "numpy.fft":
        return f"numpy.fft.{function.__name__} {_COMPLEX}"
    name = getattr(function, "__name__", type(function).__name__)
    path = path_of(function) or name
    called = path if method is None else f"{path}.{method}"
    if isinstance(function, np.ufunc) and method is None:
        declaration = _of_ufunc(function, path)
    else:
        declaration = _of_function(function if method is None else getattr(function, method), called, (path, method))
    return (
        f"{called} has no derivative rule for tensors; declare one with autograd_lite.primitive({declaration}), "
        "or use .numpy() for the values"
    )


def path_of(function: Callable[..., Any]) -> str | None:
    """The shortest public path of a function of NumPy, SciPy or another package; None if there is none.

    Examples
    --------
    >>> path_of(np.exp), path_of(np.linalg.eig), path_of(np.frompyfunc(abs, 1, 1))
    ('numpy.exp', 'numpy.linalg.eig', None)
    """
    name = getattr(function, "__name__", "")
    home = (getattr(function, "__module__", None) or "numpy").partition(".")[0]
    found = [
        f"{place}.{name}"
        for place, module in list(sys.modules.items())
        if getattr(module, "__dict__", {}).get(name) is function and not any(p[:1] == "_" for p in place.split("."))
    ]
    # Prefer the package that defines the function, or one that defines ufuncs, to a module that only imports it.
    packages = (home, "numpy", "scipy")
    return min(found, key=lambda path: (path.partition(".")[0] not in packages, path.count("."), path), default=None)


def _of_ufunc(function: np.ufunc, path: str) -> str:
    """The arguments of `primitive` for a ufunc, with dots for the formulas."""
    names = "xyzuvw"[: function.nin]
    rules = [f"{name}=lambda g, {', '.join(names)}: ..." for name in names]
    return ", ".join([path, *rules, *[f"outputs={function.nout}"] * (function.nout > 1)])


def _of_function(function: Callable[..., Any], called: str, key: tuple[str, str | None]) -> str:
    """The arguments of `primitive` for any other function, or for the method of a ufunc."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [p.name for p in parameters if p.kind in kinds and p.default is p.empty]
    if not required or {"g", "out"} & set(required):
        required = ["x"]
    names, first = ", ".join(required), required[0]
    path, method = key
    name = path.rpartition(".")[2] + (f"_{method}" if method else "")
    target = path if method is None else f'(({path}, "{method}"),)'
    return f'lambda {names}: {called}({names}), name="{name}", numpy={target}, {first}=lambda g, {first}: ...'
