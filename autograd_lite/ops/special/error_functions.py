"""The error function and the normal distribution (DLMF chapter 7).

The rules are accurate in the tails: no two large numbers that are nearly equal are subtracted.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.special as sc

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array

__all__ = ["erf", "erfc", "erfcinv", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]

_SLOPE = 2 / math.sqrt(math.pi)  # of erf at 0
_ROOT = math.sqrt(2 * math.pi)


def _erfcx_slope(x: Array, out: Array) -> Array:
    """2x·erfcx(x) − 2/√π; for large x, where the two are nearly equal, by the asymptotic series."""
    far = x > 50
    v = np.square(1 / np.where(far, x, 50))
    series = v * (1 - v * (1.5 - v * (3.75 - v * (13.125 - v * 59.0625))))
    return np.where(far, -_SLOPE / 2 * series, 2 * np.where(far, 50, x) * out - _SLOPE)


erf = primitive(
    sc.erf,
    x=lambda g, x: g * _SLOPE * np.exp(-x * x),
    doc="""The error function. ∂/∂x = 2/√π e^(−x²).

    Examples
    --------
    >>> erf(Tensor(0.5))
    Tensor(0.52049988)
    """,
)
erfc = primitive(
    sc.erfc,
    x=lambda g, x: -g * _SLOPE * np.exp(-x * x),
    doc="""1 − erf(x). ∂/∂x = −2/√π e^(−x²).

    Examples
    --------
    >>> erfc(Tensor(0.5))
    Tensor(0.47950012)
    """,
)
erfcx = primitive(
    sc.erfcx,
    x=lambda g, x, out: g * _erfcx_slope(x, out),
    doc="""e^(x²) erfc(x). ∂/∂x = 2x erfcx(x) − 2/√π.

    Examples
    --------
    >>> erfcx(Tensor(0.5))
    Tensor(0.61569034)
    """,
)
erfinv = primitive(
    sc.erfinv,
    x=lambda g, out: g * np.exp(out * out) / _SLOPE,
    doc="""The inverse of erf. ∂/∂x = √π/2 e^(out²).

    Examples
    --------
    >>> erfinv(Tensor(0.5))
    Tensor(0.47693628)
    """,
)
erfcinv = primitive(
    sc.erfcinv,
    x=lambda g, out: -g * np.exp(out * out) / _SLOPE,
    doc="""The inverse of erfc. ∂/∂x = −√π/2 e^(out²).

    Examples
    --------
    >>> erfcinv(Tensor(0.5))
    Tensor(0.47693628)
    """,
)
ndtr = primitive(
    sc.ndtr,
    x=lambda g, x: g * np.exp(-x * x / 2) / _ROOT,
    doc="""The distribution function of the standard normal, Φ. ∂/∂x = φ(x).

    Examples
    --------
    >>> ndtr(Tensor(0.5))
    Tensor(0.69146246)
    """,
)
# φ/Φ = √(2/π)/erfcx(−x/√2), without a difference of logarithms.
log_ndtr = primitive(
    sc.log_ndtr,
    x=lambda g, x: g * math.sqrt(2 / math.pi) / sc.erfcx(-x / math.sqrt(2)),
    doc="""ln Φ(x). ∂/∂x = φ(x)/Φ(x).

    Examples
    --------
    >>> log_ndtr(Tensor(0.5))
    Tensor(-0.36894642)
    """,
)
ndtri = primitive(
    sc.ndtri,
    x=lambda g, out: g * _ROOT * np.exp(out * out / 2),
    doc="""The inverse of Φ. ∂/∂x = 1/φ(out).

    Examples
    --------
    >>> ndtri(Tensor(0.5))
    Tensor(0.)
    """,
)
