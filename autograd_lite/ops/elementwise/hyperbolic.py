"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.primitive import primitive

__all__ = ["arccosh", "arcsinh", "arctanh", "cosh", "sinh", "tanh"]

sinh = primitive(
    np.sinh,
    x=lambda g, x: g * np.cosh(x),
    doc="""The hyperbolic sine, (eˣ − e⁻ˣ)/2. ∂/∂x = cosh x.

    Examples
    --------
    >>> sinh(Tensor([0.0, 1.0]))
    Tensor([0.        , 1.17520119])
    """,
)

cosh = primitive(
    np.cosh,
    x=lambda g, x: g * np.sinh(x),
    doc="""The hyperbolic cosine, (eˣ + e⁻ˣ)/2. ∂/∂x = sinh x.

    Examples
    --------
    >>> cosh(Tensor([0.0, 1.0]))
    Tensor([1.        , 1.54308063])
    """,
)

tanh = primitive(
    np.tanh,
    x=lambda g, out: g * (1 - out * out),
    doc="""The hyperbolic tangent. ∂/∂x = 1 − tanh² x.

    Examples
    --------
    >>> tanh(Tensor([0.0, 100.0]))
    Tensor([0., 1.])
    """,
)

arcsinh = primitive(
    np.arcsinh,
    x=lambda g, x: g / np.hypot(1, x),
    doc="""The inverse of sinh. ∂/∂x = 1/√(1 + x²).

    Examples
    --------
    >>> arcsinh(Tensor([0.0, 1.0]))
    Tensor([0.        , 0.88137359])
    """,
)

arccosh = primitive(
    np.arccosh,
    x=lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),
    doc="""The inverse of cosh, for x ≥ 1. ∂/∂x = 1/√(x² − 1).

    Examples
    --------
    >>> arccosh(Tensor([1.0, 2.0]))
    Tensor([0.        , 1.3169579])
    """,
)

arctanh = primitive(
    np.arctanh,
    x=lambda g, x: g / ((1 - x) * (1 + x)),
    doc="""The inverse of tanh, for \\|x\\| ≤ 1. ∂/∂x = 1/(1 − x²).

    Examples
    --------
    >>> arctanh(Tensor([0.0, 0.5]))
    Tensor([0.        , 0.54930614])
    """,
)
