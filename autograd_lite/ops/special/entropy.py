"""Functions x log y, entropies and divergences, elementwise."""

from __future__ import annotations

import numpy as np
import scipy.special as sc

from autograd_lite.core.primitive import primitive

__all__ = ["entr", "kl_div", "rel_entr", "xlog1py", "xlogy"]

xlogy = primitive(
    sc.xlogy,
    x=lambda g, y: g * np.log(y),
    y=lambda g, x, y: g * x / y,
    doc="""x ln y, and 0 where x is 0. ∂/∂x = ln y, ∂/∂y = x/y.

    Examples
    --------
    >>> xlogy(2.0, Tensor(0.5))
    Tensor(-1.38629436)
    """,
)
xlog1py = primitive(
    sc.xlog1py,
    x=lambda g, y: g * np.log1p(y),
    y=lambda g, x, y: g * x / (1 + y),
    doc="""x ln(1 + y), and 0 where x is 0. ∂/∂x = ln(1 + y), ∂/∂y = x/(1 + y).

    Examples
    --------
    >>> xlog1py(2.0, Tensor(0.5))
    Tensor(0.81093022)
    """,
)
entr = primitive(
    sc.entr,
    x=lambda g, x: -g * (np.log(x) + 1),
    doc="""−x ln x. ∂/∂x = −ln x − 1.

    Examples
    --------
    >>> entr(Tensor(0.5))
    Tensor(0.34657359)
    """,
)
rel_entr = primitive(
    sc.rel_entr,
    x=lambda g, x, y: g * (np.log(x / y) + 1),
    y=lambda g, x, y: -g * x / y,
    doc="""x ln(x/y). ∂/∂x = ln(x/y) + 1, ∂/∂y = −x/y.

    Examples
    --------
    >>> rel_entr(0.5, Tensor(0.25))
    Tensor(0.34657359)
    """,
)
kl_div = primitive(
    sc.kl_div,
    x=lambda g, x, y: g * np.log(x / y),
    y=lambda g, x, y: g * (1 - x / y),
    doc="""x ln(x/y) − x + y. ∂/∂x = ln(x/y), ∂/∂y = 1 − x/y.

    Examples
    --------
    >>> kl_div(0.5, Tensor(0.25))
    Tensor(0.09657359)
    """,
)
