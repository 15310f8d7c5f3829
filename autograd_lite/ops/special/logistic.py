"""Exponentials, powers and the logistic function as SciPy defines them."""

from __future__ import annotations

import math

import numpy as np
import scipy.special as sc

from autograd_lite.core.primitive import primitive

__all__ = ["cbrt", "exp2", "exp10", "expit", "expm1", "log1p", "log_expit", "logit"]

# 1 − expit(x) would cancel.
expit = primitive(
    sc.expit,
    x=lambda g, x: g * sc.expit(x) * sc.expit(-x),
    doc="""The logistic function 1/(1 + e⁻ˣ). ∂/∂x = out (1 − out).

    Examples
    --------
    >>> expit(Tensor(0.0))
    Tensor(0.5)
    """,
)
logit = primitive(
    sc.logit,
    x=lambda g, x: g / (x * (1 - x)),
    doc="""ln(x/(1 − x)). ∂/∂x = 1/(x(1 − x)).

    Examples
    --------
    >>> logit(Tensor(0.5))
    Tensor(0.)
    """,
)
log_expit = primitive(
    sc.log_expit,
    x=lambda g, x: g * sc.expit(-x),
    doc="""ln expit(x). ∂/∂x = expit(−x).

    Examples
    --------
    >>> log_expit(Tensor(0.5))
    Tensor(-0.47407698)
    """,
)
expm1 = primitive(
    sc.expm1,
    x=lambda g, x: g * np.exp(x),
    doc="""eˣ − 1. ∂/∂x = eˣ.

    Examples
    --------
    >>> expm1(Tensor(0.5))
    Tensor(0.64872127)
    """,
)
exp2 = primitive(
    sc.exp2,
    x=lambda g, out: g * out * math.log(2),
    doc="""2ˣ. ∂/∂x = 2ˣ ln 2.

    Examples
    --------
    >>> exp2(Tensor(0.5))
    Tensor(1.41421356)
    """,
)
exp10 = primitive(
    sc.exp10,
    x=lambda g, out: g * out * math.log(10),
    doc="""10ˣ. ∂/∂x = 10ˣ ln 10.

    Examples
    --------
    >>> exp10(Tensor(0.5))
    Tensor(3.16227766)
    """,
)
log1p = primitive(
    sc.log1p,
    x=lambda g, x: g / (1 + x),
    doc="""ln(1 + x). ∂/∂x = 1/(1 + x).

    Examples
    --------
    >>> log1p(Tensor(0.5))
    Tensor(0.40546511)
    """,
)
cbrt = primitive(
    sc.cbrt,
    x=lambda g, out: g / (3 * out * out),
    doc="""The cube root. ∂/∂x = 1/(3 out²).

    Examples
    --------
    >>> cbrt(Tensor(0.5))
    Tensor(0.79370053)
    """,
)
