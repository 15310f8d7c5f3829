"""A special function from SciPy becomes an operation
==================================================

It is declared in three lines, checked, and used: the logarithm of the normal distribution, for probit regression.

Probit regression maximises sums of ln Φ(x), the logarithm of the cumulative distribution of the standard normal. Its
derivative is φ(x)/Φ(x), with the density φ. Written as e^(ln φ − ln Φ) it is accurate for very negative x too, where Φ
itself is 0 in floating point.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import log_ndtr, ndtr

import autograd_lite as al
from autograd_lite import Tensor, grad, optim, primitive
from autograd_lite.testing import check_primitive

LOG_SQRT_2_PI = 0.5 * np.log(2 * np.pi)

# %%
# The operation: a function and one rule for its argument.
#
# .. math::
#
#     (\ln \Phi)'(x) = \frac{\varphi(x)}{\Phi(x)} = e^{\ln \varphi(x) - \ln \Phi(x)}

log_normal_cdf = primitive(
    log_ndtr, name="log_normal_cdf",
    x=lambda g, x, out: g * np.exp(-0.5 * x * x - LOG_SQRT_2_PI - out),
)  # fmt: skip


# %%
# Its use
# -------
# The operation takes arrays and tensors, broadcasts, and has derivatives of every order.


def negative_log_likelihood(weights: Tensor, x: np.ndarray, y: np.ndarray) -> Tensor:
    """−Σ ln Φ(±x̃ᵀω), with + for y = 1 and − for y = 0: probit regression."""
    return -log_normal_cdf((2 * y - 1) * (x @ weights)).sum()


# %%
# The checks, and a regression
# ----------------------------


def main(arguments: list[str] | None = None) -> np.ndarray:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2000, help="the number of observations (default 2000)")
    options = parser.parse_args(arguments)

    # The same tests as for the operations of the library: derivatives to second order, broadcasting, dtypes, memory.
    samples = [(np.linspace(-8, 8, 12).reshape(3, 4),), (np.array([-30.0, 0.0, 5.0]),)]
    print(f"checked on {check_primitive(log_normal_cdf, samples)} samples")

    slope = grad(log_normal_cdf)
    print(f"at −40, where Φ is {ndtr(-40.0):.0e}: ln Φ = {log_ndtr(-40.0):.4f}, derivative {slope(-40.0):.4f}, "
          f"second derivative {grad(slope)(-40.0):.4f}")  # fmt: skip

    rng = np.random.default_rng(0)
    truth = np.array([0.5, 1.0, -2.0])
    x = np.column_stack([np.ones(options.samples), rng.normal(size=(options.samples, 2))])
    y = (x @ truth + rng.normal(size=options.samples) > 0).astype(float)

    weights = Tensor(np.zeros(3), requires_grad=True)
    optimizer = optim.Adam([weights], lr=0.1)
    for _ in range(300):
        loss = negative_log_likelihood(weights, x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    hessian = al.hessian(lambda w: negative_log_likelihood(w, x, y))(weights.data)
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))  # the inverse information
    print("\nprobit regression   truth   estimate   standard error")
    for name, true, estimate, error in zip(("constant", "x1", "x2"), truth, weights.data, errors, strict=True):
        print(f"{name:18}{true:7.2f}{estimate:11.3f}{error:17.3f}")
    return weights.data


if __name__ == "__main__":
    main()
