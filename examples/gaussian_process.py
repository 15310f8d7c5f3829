r"""A Gaussian process learns its hyperparameters
=============================================

A function is measured 60 times with noise, nowhere between 4 and 6. The process finds its length scale, its amplitude
and the level of the noise; its band is wide where nothing was measured.

.. math::

    \begin{gathered}
    \ln p(y) = -\tfrac12 y^\top K^{-1} y - \tfrac12 \ln |K| - \tfrac n2 \ln 2\pi, \\
    \partial_j \ln p = \tfrac12 \operatorname{tr}\,(\alpha\alpha^\top - K^{-1})\, \partial_j K, \quad \alpha = K^{-1} y
    \end{gathered}

The function is drawn from a Gaussian process with known hyperparameters. Those that maximise the probability of the
measurements are found by SciPy's L-BFGS-B, with gradients that the engine computes through the Cholesky factor of K
(Rasmussen and Williams, "Gaussian processes for machine learning", 2006, algorithm 2.1). The study checks that

1. these gradients are the closed form of the book, equation 5.9;
2. the maximum is the one that scikit-learn finds;
3. the hyperparameters that made the data are not much less probable, by the likelihood ratio test (Wilks, 1938);
4. new measurements are predicted better than before, and the band of 95 % contains about that share of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.colors import SymLogNorm
from matplotlib.ticker import FixedLocator, NullLocator
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

import autograd_lite as al
from studies import BLUE, RED, YELLOW, Array, claim, parser, picture, save

NAMES = ("length scale ℓ", "amplitude σ", "noise s")
TRUE = np.log([0.6, 1.0, 0.25])  # the logarithms of ℓ, σ and s
LENGTHS = (3.0, 1.0, 0.3)  # the likelihood may have several maxima: these are tried, the best one is taken
LIMIT = 16.3  # the probability that χ² with 3 degrees of freedom exceeds it is 0.001


class Data(NamedTuple):
    """Measured points and values; a grid, the function there, and measurements that are only used to judge."""

    x: Array
    y: Array
    grid: Array
    function: Array
    new: Array


# %%
# The probability of the measurements
# -----------------------------------
# It is written down once. The engine differentiates it through the Cholesky factor; the closed form is for comparison.


def covariance(theta: Any, x: Array, z: Array) -> Any:
    """k(x, z) = σ² exp(−(x − z)²/2ℓ²), for all pairs."""
    return np.exp(2 * theta[1] - (x[:, None] - z) ** 2 / 2 * np.exp(-2 * theta[0]))


def noisy(theta: Any, x: Array) -> Any:
    """K = k(x, x) + s² I, the covariance of the measurements."""
    return covariance(theta, x, x) + np.exp(2 * theta[2]) * np.eye(len(x))


def negative_log_probability(theta: Any, x: Array, y: Array) -> Any:
    """−ln p(y | x, θ) = ½ yᵀK⁻¹y + ½ ln |K| + n/2 ln 2π, with K = LLᵀ and so ln |K| = 2 Σ ln Lᵢᵢ."""
    factor = np.linalg.cholesky(noisy(theta, x))
    whitened = np.linalg.solve(factor, y)  # L⁻¹y, of independent standard normal entries if θ is right
    return 0.5 * whitened @ whitened + np.log(np.diag(factor)).sum() + len(x) / 2 * np.log(2 * np.pi)


def closed_form(theta: Array, x: Array, y: Array) -> Array:
    """−∂ ln p/∂θⱼ = −½ tr((ααᵀ − K⁻¹) ∂K/∂θⱼ) with α = K⁻¹y: equation 5.9."""
    signal, inverse = covariance(theta, x, x), np.linalg.inv(noisy(theta, x))
    alpha = inverse @ y
    slopes = (
        signal * np.subtract.outer(x, x) ** 2 * np.exp(-2 * theta[0]),
        2 * signal,
        2 * np.exp(2 * theta[2]) * np.eye(len(x)),
    )
    return np.array([-0.5 * np.trace((np.outer(alpha, alpha) - inverse) @ slope) for slope in slopes])


# %%
# Predictions
# -----------


def predict(theta: Array, data: Data) -> tuple[Array, Array]:
    """The mean and the standard deviation of the function on the grid, given the measurements."""
    factor = np.linalg.cholesky(noisy(theta, data.x))
    across = np.linalg.solve(factor, covariance(theta, data.x, data.grid))
    mean = across.T @ np.linalg.solve(factor, data.y)
    return mean, np.sqrt(np.exp(2 * theta[1]) - (across**2).sum(axis=0))


def judge(theta: Array, data: Data) -> tuple[float, float]:
    """For the new measurements: the mean of the logarithm of their density, and the share in the band of 95 %."""
    mean, deviation = predict(theta, data)
    deviation = np.hypot(deviation, np.exp(theta[2]))
    standardised = (data.new - mean) / deviation
    density = -(standardised**2) / 2 - np.log(deviation) - np.log(2 * np.pi) / 2
    return float(density.mean()), float((np.abs(standardised) < 1.96).mean())


def draw_data(count: int, rng: np.random.Generator) -> Data:
    """A function from the process, on a grid of [0, 10], and measurements at random points outside (4, 6)."""
    x, grid = rng.uniform(0, 8, count), np.linspace(0, 10, 401)
    x = np.where(x > 4, x + 2, x)
    places = np.concatenate([x, grid])
    values, vectors = np.linalg.eigh(covariance(TRUE, places, places))
    function = vectors @ (np.sqrt(np.maximum(values, 0)) * rng.normal(size=len(places)))
    measured = function + np.exp(TRUE[2]) * rng.normal(size=len(places))
    return Data(x, measured[:count], grid, function[count:], measured[count:])


# %%
# Learning, and the reference
# ---------------------------


def learn(start: Array, x: Array, y: Array) -> tuple[Array, Any]:
    """The way of the minimizer and its result."""
    path, loss = [start], al.value_and_grad(negative_log_probability)
    found = minimize(loss, start, (x, y), jac=True, method="L-BFGS-B", callback=lambda theta: path.append(theta.copy()))
    return np.array(path), found


def reference(data: Data) -> tuple[Array, float]:
    """The hyperparameters that scikit-learn finds from the true ones, and −ln p."""
    length, amplitude, noise = np.exp(TRUE)
    kernel = ConstantKernel(amplitude**2) * RBF(length) + WhiteKernel(noise**2)
    fit = GaussianProcessRegressor(kernel, alpha=0).fit(data.x[:, None], data.y)
    theta = fit.kernel_.theta  # ln σ², ln ℓ, ln s²
    return np.array([theta[1], theta[0] / 2, theta[2] / 2]), -fit.log_marginal_likelihood_value_


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("gaussian_process", __doc__).parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    data = draw_data(60, rng)
    x, y = data.x, data.y
    path, found = min((learn(np.log([length, 1, 1]), x, y) for length in LENGTHS), key=lambda run: run[1].fun)
    errors = np.sqrt(np.diag(np.linalg.inv(al.hessian(negative_log_probability)(found.x, x, y))))
    expected, least = reference(data)

    probes = [*path[:2], *rng.normal(TRUE, 0.5, (8, 3))]
    gradients = [(al.grad(negative_log_probability)(probe, x, y), closed_form(probe, x, y)) for probe in probes]
    difference = max(float(np.abs(g - c).max() / np.abs(c).max()) for g, c in gradients)
    draw(data, path, 20 if options.quick else 80, options.output)

    print(f"\n{'':16}{'true':>8}{'start':>8}{'found':>8}{'scikit-learn':>14}{'± error of ln':>16}")
    for row in zip(NAMES, *np.exp([TRUE, path[0], found.x, expected]), errors, strict=True):
        print("{:16}{:8.3f}{:8.3f}{:8.3f}{:14.3f}{:16.3f}".format(*row))
    gain = 2 * float(negative_log_probability(TRUE, x, y) - found.fun)
    apart = float(np.abs(found.x - expected).max())
    (before, _), (after, inside) = judge(path[0], data), judge(found.x, data)
    claim(difference < 1e-9, f"the gradients are the closed form, to {difference:.0e}")
    claim(apart < 1e-3 and found.fun < least + 1e-6, f"the hyperparameters are scikit-learn's, to {apart:.0e}")
    claim(0 <= gain < LIMIT, f"2 ln p is {gain:.1f} above that of the true ones, less than {LIMIT}")
    claim(after > before, f"mean log density of new measurements: {after:.2f}, before learning {before:.2f}")
    claim(0.8 < inside < 1, f"the band of 95 % contains {inside:.1%} of {len(data.new)} new measurements")
    return {"difference": difference, "apart": apart, "inside": inside}


# %%
# The picture
# -----------


def draw(data: Data, path: Array, resolution: int, file: Any) -> None:
    """The band before and after learning; ln p for two hyperparameters, with the way of the minimizer."""
    figure, body = picture(
        "A Gaussian process learns length scale, amplitude and noise from 60 measurements",
        r"\ln p(y) = -\frac{1}{2}\, y^\top K^{-1} y - \frac{1}{2} \ln |K| - \frac{n}{2} \ln 2\pi",
        r"\partial_j \ln p = \frac{1}{2}\, \mathrm{tr}\,(\alpha\alpha^\top - K^{-1})\, \partial_j K",
        r"\alpha = K^{-1} y",
        size=(13, 6.4),
    )
    left, right = body.subfigures(1, 2, width_ratios=[1.35, 1])
    panels = left.subplots(2, 1, sharex=True, sharey=True)
    for panel, theta, name in zip(panels, (path[0], path[-1]), ("before learning", "after learning"), strict=True):
        mean, deviation = predict(theta, data)
        widths = np.hypot(deviation, np.exp(theta[2])), deviation
        for width, alpha, of in zip(widths, (0.15, 0.3), ("measurements", "the function"), strict=True):
            edges = mean - 1.96 * width, mean + 1.96 * width
            panel.fill_between(data.grid, *edges, color=BLUE, alpha=alpha, lw=0, label=f"95 % of {of}")
        panel.plot(data.grid, mean, color=BLUE, label="mean")
        panel.plot(data.grid, data.function, "--", color=RED, lw=1.5, label="function")
        panel.plot(data.x, data.y, "o", color="black", ms=3.5, label="measured")
        listed = r"$\ell = {:.2f},\;\; \sigma = {:.2f},\;\; s = {:.2f}$".format(*np.exp(theta))
        panel.set_title(f"{name}:  {listed}", loc="left")
        panel.set_ylabel("$y$")
    panels[1].set_xlabel("$x$")
    panels[0].legend(loc="upper center", ncols=5, columnspacing=1.2, handlelength=1.5)

    draw_surface(right.subplots(), data, path, resolution)
    save(figure, file)


def draw_surface(panel: Any, data: Data, path: Array, resolution: int) -> None:
    """Contours of the largest ln p over all amplitudes, below its maximum, and the way of the minimizer."""
    lengths, noises = np.geomspace(0.15, 6, resolution), np.geomspace(0.1, 2, resolution)
    grid = np.log(np.stack(np.meshgrid(lengths, np.geomspace(0.2, 4, 12), noises, indexing="ij"), axis=-1))
    each = al.vmap(negative_log_probability, in_axes=(0, None, None), chunk_size=1000)
    below = -each(grid.reshape(-1, 3), data.x, data.y).reshape(grid.shape[:-1]).min(axis=1).T
    below -= below.max()
    levels = [-64, -32, -16, -8, -4, -2, -1]
    panel.contourf(lengths, noises, below, levels=[*levels, 0], cmap="Blues", norm=SymLogNorm(1, vmin=-64, vmax=0))
    lines = panel.contour(lengths, noises, below, levels=levels, colors="white", linewidths=1, linestyles="solid")
    panel.clabel(lines, levels[:4], fmt=lambda level: f"−{-level:.0f}", fontsize=9, colors="black")
    panel.plot(*np.exp(path[:, [0, 2]]).T, "o-", color=RED, ms=5, lw=1.5, label=f"L-BFGS-B, {len(path) - 1} steps")
    panel.plot(*np.exp(TRUE[[0, 2]]), "*", color=YELLOW, ms=16, mec="black", label="the values that made the data")
    panel.set(xscale="log", yscale="log", xlabel=r"length scale $\ell$", ylabel="noise $s$")
    panel.set_title(r"$\ln p(y)$ below its maximum, for the best $\sigma$")
    for axis, ticks in ((panel.xaxis, (0.2, 0.5, 1, 2, 5)), (panel.yaxis, (0.1, 0.2, 0.5, 1, 2))):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    panel.legend(loc="lower right")


if __name__ == "__main__":
    main()
