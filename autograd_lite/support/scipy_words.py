"""Functions of SciPy that convert what they are given to arrays, and what to write here: for error messages."""

from __future__ import annotations

import sys
from typing import Any

_INSTEAD: dict[str, str] = {
    "expm": "autograd_lite.expm(a)",
    "solve_triangular": "autograd_lite.solve_triangular(a, b, lower=lower)",
    "cho_solve": "autograd_lite.cholesky_solve(b, L)",
    "cho_factor": "np.linalg.cholesky(a)",
    **{f"{name}": f"np.linalg.{name}(a)" for name in (
        "inv", "det", "norm", "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "qr", "pinv",
    )},
    **{name: f"np.linalg.{name}(a, b)" for name in ("solve", "lstsq")},
    **{name: f"autograd_lite.special.{name}(x)" for name in ("logsumexp", "softmax", "log_softmax")},
    "polygamma": "autograd_lite.special.polygamma(n, x)",
}  # fmt: skip


def instead_of_scipy() -> str:
    """The end of an error, if a function of SciPy that has a counterpart here is converting a tensor; else nothing."""
    frame: Any = sys._getframe(1)
    while frame is not None and _module_of(frame.f_globals).partition(".")[0] in ("autograd_lite", "numpy"):
        frame = frame.f_back
    found = ""
    while frame is not None and _module_of(frame.f_globals).startswith("scipy."):
        # Functions of SciPy may be called by a wrapper that converts their arguments before.
        function = frame.f_locals.get("f") if frame.f_code.co_name == "wrapper" else None
        module = _module_of(frame.f_globals) if function is None else str(getattr(function, "__module__", ""))
        name = frame.f_code.co_name if function is None else getattr(function, "__name__", "")
        if module.startswith(("scipy.linalg", "scipy.special")) and name in _INSTEAD:
            found = f"; in place of {'.'.join(module.split('.')[:2])}.{name} write {_INSTEAD[name]}"
        frame = frame.f_back
    return found


def _module_of(names: dict[str, Any]) -> str:
    return str(names.get("__name__"))
