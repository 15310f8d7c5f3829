"""The gamma function, its logarithm and derivatives, the beta function, and incomplete integrals.

The sources are the formulas of the NIST Digital Library of Mathematical Functions (DLMF), chapters 5, 6 and 8.
"""

from __future__ import annotations

import numpy as np
import scipy.special as sc

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.support.conversion import to_floats
from autograd_lite.support.messages import show

__all__ = [
    "beta",
    "betainc",
    "betaln",
    "digamma",
    "exp1",
    "expi",
    "expn",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "loggamma",
    "polygamma",
    "psi",
    "rgamma",
    "zeta",
]


def _polygamma_rule(g: Array, n: int, x: Array) -> Array:
    return g * polygamma(n + 1, x)


@primitive(x=_polygamma_rule)
def polygamma(n: int, x: Array) -> Array:
    """The derivative of order n of digamma, ψ⁽ⁿ⁾(x). ∂/∂x = ψ⁽ⁿ⁺¹⁾(x) (DLMF 5.15).

    Raises
    ------
    ValueError
        If n is not an integer that is 0 or more.

    Examples
    --------
    >>> polygamma(1, Tensor(1.0))  # π²/6
    Tensor(1.64493407)
    """
    if np.asarray(n).dtype.kind not in "iu" or np.any(np.asarray(n) < 0):
        raise ValueError(f"polygamma: n must be an integer that is 0 or more, not {show(n)}")
    x = to_floats(x)
    return np.asarray(sc.polygamma(n, x)).astype(x.dtype, copy=False)


gamma = primitive(
    sc.gamma,
    x=lambda g, x, out: g * out * sc.psi(x),
    doc="""The gamma function Γ(x). ∂/∂x = Γ(x) ψ(x) (DLMF 5.2).

    Examples
    --------
    >>> gamma(Tensor(0.5))
    Tensor(1.77245385)
    """,
)
gammaln = primitive(
    sc.gammaln,
    x=lambda g, x: g * sc.psi(x),
    doc="""ln \\|Γ(x)\\|. ∂/∂x = ψ(x) (DLMF 5.2).

    Examples
    --------
    >>> gammaln(Tensor(0.5))
    Tensor(0.57236494)
    """,
)
loggamma = primitive(
    sc.loggamma,
    x=lambda g, x: g * sc.psi(x),
    doc="""ln Γ(x) for x > 0. ∂/∂x = ψ(x) (DLMF 5.2).

    Examples
    --------
    >>> loggamma(Tensor(0.5))
    Tensor(0.57236494)
    """,
)
rgamma = primitive(
    sc.rgamma,
    x=lambda g, x, out: -g * out * sc.psi(x),
    doc="""1/Γ(x). ∂/∂x = −ψ(x)/Γ(x).

    Examples
    --------
    >>> rgamma(Tensor(0.5))
    Tensor(0.56418958)
    """,
)
psi = digamma = primitive(
    sc.psi,
    x=lambda g, x: g * polygamma(1, x),
    doc="""The digamma function ψ(x), the derivative of gammaln. ∂/∂x = ψ′(x) (DLMF 5.15).

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> from autograd_lite.special import digamma
    >>> digamma(Tensor(0.5))
    Tensor(-1.96351003)
    """,
)

beta = primitive(
    lambda a, b: sc.beta(a, b),
    name="beta",
    numpy=sc.beta,
    a=lambda g, a, b, out: g * out * (sc.psi(a) - sc.psi(a + b)),
    b=lambda g, a, b, out: g * out * (sc.psi(b) - sc.psi(a + b)),
    doc="""The beta function B(a, b) = Γ(a)Γ(b)/Γ(a + b). ∂/∂a = B (ψ(a) − ψ(a + b)) (DLMF 5.12).

    Examples
    --------
    >>> beta(2.0, Tensor(3.0))
    Tensor(0.08333333)
    """,
)
betaln = primitive(
    lambda a, b: sc.betaln(a, b),
    name="betaln",
    numpy=sc.betaln,
    a=lambda g, a, b: g * (sc.psi(a) - sc.psi(a + b)),
    b=lambda g, a, b: g * (sc.psi(b) - sc.psi(a + b)),
    doc="""ln \\|B(a, b)\\|. ∂/∂a = ψ(a) − ψ(a + b).

    Examples
    --------
    >>> betaln(2.0, Tensor(3.0))
    Tensor(-2.48490665)
    """,
)


def _zeta_rule(g: Array, x: Array, q: Array) -> Array:
    return -g * x * zeta(x + 1, q)


zeta = primitive(
    lambda x, q=1.0: sc.zeta(x, q),
    name="zeta",
    numpy=sc.zeta,
    q=_zeta_rule,
    doc="""The zeta function of Hurwitz, ζ(x, q). ∂/∂q = −x ζ(x + 1, q) (DLMF 25.11); x has no rule.

    Examples
    --------
    >>> zeta(2.0, Tensor(1.0))
    Tensor(1.64493407)
    """,
)


def _gamma_density(a: Array, x: Array) -> Array:
    """The integrand of `gammainc`, xᵃ⁻¹ e⁻ˣ/Γ(a)."""
    return np.exp(sc.xlogy(a - 1, x) - x - sc.gammaln(a))


# No formula gives the derivatives in the parameters, a and b; tensors that require gradients are refused there.
gammainc = primitive(
    lambda a, x: sc.gammainc(a, x),
    name="gammainc",
    numpy=sc.gammainc,
    x=lambda g, a, x: g * _gamma_density(a, x),
    doc="""The regularized lower incomplete gamma function P(a, x). ∂/∂x = xᵃ⁻¹ e⁻ˣ/Γ(a) (DLMF 8.2).

    Examples
    --------
    >>> gammainc(2.0, Tensor(1.0))
    Tensor(0.26424112)
    """,
)
gammaincc = primitive(
    lambda a, x: sc.gammaincc(a, x),
    name="gammaincc",
    numpy=sc.gammaincc,
    x=lambda g, a, x: -g * _gamma_density(a, x),
    doc="""The regularized upper incomplete gamma function Q = 1 − P. ∂/∂x = −xᵃ⁻¹ e⁻ˣ/Γ(a).

    Examples
    --------
    >>> gammaincc(2.0, Tensor(1.0))
    Tensor(0.73575888)
    """,
)
betainc = primitive(
    lambda a, b, x: sc.betainc(a, b, x),
    name="betainc",
    numpy=sc.betainc,
    x=lambda g, a, b, x: g * np.exp(sc.xlogy(a - 1, x) + sc.xlog1py(b - 1, -x) - sc.betaln(a, b)),
    doc="""The regularized incomplete beta function. ∂/∂x = xᵃ⁻¹ (1 − x)ᵇ⁻¹/B(a, b) (DLMF 8.17).

    Examples
    --------
    >>> betainc(2.0, 3.0, Tensor(0.5))
    Tensor(0.6875)
    """,
)

expi = primitive(
    sc.expi,
    x=lambda g, x: g * np.exp(x) / x,
    doc="""The exponential integral Ei(x). ∂/∂x = eˣ/x (DLMF 6.2).

    Examples
    --------
    >>> expi(Tensor(0.5))
    Tensor(0.4542199)
    """,
)
exp1 = primitive(
    sc.exp1,
    x=lambda g, x: -g * np.exp(-x) / x,
    doc="""The exponential integral E₁(x). ∂/∂x = −e⁻ˣ/x (DLMF 6.2).

    Examples
    --------
    >>> exp1(Tensor(0.5))
    Tensor(0.55977359)
    """,
)
expn = primitive(
    lambda n, x: sc.expn(n, x),
    name="expn",
    numpy=sc.expn,
    x=lambda g, n, x: -g * _expn_before(n, x),
    doc="""The exponential integral Eₙ(x). ∂/∂x = −Eₙ₋₁(x) (DLMF 8.19); n has no rule.

    Examples
    --------
    >>> expn(2, Tensor(0.5))
    Tensor(0.32664386)
    """,
)


def _expn_before(n: Array, x: Array) -> Array:
    """E of order n − 1; that of order 0 is e⁻ˣ/x, and SciPy has none of order −1."""
    order_0 = np.asarray(n) <= 1
    return np.where(order_0, np.exp(-x) / x * np.where(np.asarray(n) < 1, 1 + 1 / x, 1), expn(np.maximum(n, 2) - 1, x))
