r"""A variational autoencoder, and how tight its bound is
=====================================================

Codes of two normal numbers allow exact integrals: the bound that is trained, the ELBO, is below ln p(x) by the
divergence of q from the posterior, and the study measures by how much.

.. math::

    \ln p(x) = \underbrace{\mathrm E_q \ln p(x|z) - \mathrm{KL}(q \,\Vert\, p(z))}_{\text{ELBO}} +
    \mathrm{KL}(q \,\Vert\, p(z|x)), \qquad z = \mu + \sigma\,\varepsilon

The decoder gives the digits for a code z a normal density p(x | z), whose noise s is learned too. The encoder gives the
codes of a digit a normal density q(z | x). Both maximise the evidence lower bound (Kingma and Welling, "Auto-encoding
variational Bayes", 2014), whose expectation is estimated with z = μ + σε, and where
KL(q ‖ N(0, I)) = ½ Σ (μ² + σ² − 1 − ln σ²).

With codes of two numbers, integrals over all codes are sums over a fine grid, and so is p(x) = ∫ p(x | z) p(z) dz.
For held-out digits the study checks that

1. the closed form of KL is the integral of q ln(q/p), and the gradient the engine computes of it is (μ, (σ² − 1)/2);
2. the bound that is trained is ln p(x) − KL(q ‖ p(z | x)), where the last term is the integral with the posterior;
3. it is above the exact ln p(x) of probabilistic PCA (Tipping and Bishop, 1999), the best model with a linear decoder.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from scipy.special import logsumexp, ndtr, ndtri

import autograd_lite as al
from autograd_lite import data, nn, optim
from studies import BLUE, RED, Array, claim, digit_images, evaluated, parser, picture, plt, save, tiles, train

LOG_2PI = math.log(2 * math.pi)  # a number of Python, which leaves float32 as it is


# %%
# The model and its bound
# -----------------------


class VAE(nn.Module):
    """`encode` maps pixels (N, 64) to means and ln σ² of codes (N, 2), `decoder` codes to the means of pixels."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.encoder = nn.Sequential(
            nn.Dropout(0.2, rng=rng),  # without it, q is too narrow for digits that were not seen
            nn.Linear(64, 128, rng=rng), nn.SiLU(), nn.Linear(128, 64, rng=rng), nn.SiLU(), nn.Linear(64, 4, rng=rng),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(2, 64, rng=rng), nn.SiLU(), nn.Linear(64, 128, rng=rng), nn.SiLU(),
            nn.Linear(128, 64, rng=rng), nn.Sigmoid(),
        )  # fmt: skip
        self.log_noise = nn.Parameter(np.float32(-1))  # ln s

    def encode(self, x: Any) -> tuple[Any, Any]:
        return np.split(self.encoder(x), 2, axis=-1)


def log_normal(x: Any, mean: Any, log_variance: Any) -> Any:
    """ln N(x; μ, σ²), summed over the last axis."""
    return -0.5 * ((x - mean) ** 2 / np.exp(log_variance) + log_variance + LOG_2PI).sum(axis=-1)


def divergence(mean: Any, log_variance: Any) -> Any:
    """KL(N(μ, σ²) ‖ N(0, I)) in closed form, summed over the last axis."""
    return 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=-1)


def bound(model: VAE, x: Any, noise: Any) -> Any:
    """An unbiased estimate of the ELBO of each digit: with z = μ + σε, gradients reach μ and σ through z."""
    mean, log_variance = model.encode(x)
    z = mean + np.exp(log_variance / 2) * noise
    return log_normal(x, model.decoder(z), 2 * model.log_noise) - divergence(mean, log_variance)


# %%
# Exact integrals
# ---------------
# They use neither samples nor the closed form of the divergence.


class Integrals(NamedTuple):
    """For one digit: ln p(x), KL(q ‖ prior), KL(q ‖ posterior), and the density of the posterior on the grid."""

    log_p: float
    to_prior: float
    to_posterior: float
    posterior: Array


def integrate(model: VAE, digits: Array, means: Array, log_variances: Array, step: float) -> list[Integrals]:
    """Sums over a grid of [−6, 6]², which are as good as exact if no deviation is below its step."""
    grid = plane(np.arange(-6, 6 + step / 2, step))
    decoded, log_variance = evaluated(model.decoder, grid), 2 * model.log_noise.item()
    log_prior, results = log_normal(grid, 0.0, np.zeros(2)), []
    for x, mean, spread in zip(digits, means, log_variances, strict=True):
        log_joint, log_q = log_normal(x, decoded, log_variance) + log_prior, log_normal(grid, mean, spread)
        log_p, q = float(logsumexp(log_joint)) + 2 * np.log(step), np.exp(log_q) * step**2
        kinds = (float(q @ (log_q - log_prior)), float(q @ (log_q - log_joint + log_p)))
        results.append(Integrals(log_p, *kinds, np.exp(log_joint - log_p)))
    return results


def plane(line: Array) -> Array:
    """All points with both coordinates on a line, row by row."""
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


# %%
# The best linear model
# ---------------------


def probabilistic_pca(x: Array, unseen: Array, size: int) -> float:
    """The mean of ln N(x; m, WWᵀ + s²I), where s² is the mean of the variances that W, of the largest ones, leaves."""
    variances, directions = np.linalg.eigh(np.cov(x.T, bias=True))
    variances[:-size] = variances[:-size].mean()
    return float(log_normal((unseen - x.mean(axis=0)) @ directions, 0.0, np.log(variances)).mean())


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("vae", __doc__).parse_args(arguments)
    epochs, step, draws = (30, 0.04, 200) if options.quick else (200, 0.0175, 2000)
    rng = np.random.default_rng(options.seed)
    (images, _), (held_out, classes) = digit_images(options.seed)
    x, unseen = images.reshape(-1, 64), held_out.reshape(-1, 64)

    model, batches = VAE(rng), data.Batches(x, batch_size=64, rng=rng)
    pairs = ((b, rng.normal(size=(len(b), 2)).astype(np.float32)) for _ in range(epochs) for (b,) in batches)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    losses = train(lambda *b: -bound(model, *b).mean(), pairs, epochs * len(batches), optimizer, "VAE", options.quick)

    model.eval().double()  # what follows are checks, in float64
    unseen = unseen.astype(np.float64)
    means, log_variances = (evaluated(lambda part: model.encode(unseen)[part], part) for part in (0, 1))
    chosen = slice(100)
    checked = integrate(model, unseen[chosen], means[chosen], log_variances[chosen], step)
    log_p, to_prior, to_posterior = (np.array([integrals[i] for integrals in checked]) for i in range(3))
    draw(model, means, log_variances, classes, checked, rng, options.output)

    closed = divergence(means[chosen], log_variances[chosen])
    slopes = al.grad(lambda *code: divergence(*code).sum(), (0, 1))(means, log_variances)
    expected = means, (np.exp(log_variances) - 1) / 2
    worst = max(float(np.abs(a - b).max()) for a, b in zip((closed, *slopes), (to_prior, *expected), strict=True))
    estimates = [evaluated(bound, model, unseen[chosen], rng.normal(size=(100, 2))).mean() for _ in range(draws)]
    estimate, error = float(np.mean(estimates)), float(np.std(estimates) / np.sqrt(draws))
    exact, linear = float((log_p - to_posterior).mean()), probabilistic_pca(x.astype(np.float64), unseen[chosen], 2)
    print(f"\nloss {losses[0]:.1f} before training, {losses[-100:].mean():.1f} at the end")
    print(f"means of 100 held-out digits: ln p = {log_p.mean():.2f}, KL to the posterior {to_posterior.mean():.2f}")
    claim(worst < 1e-6, f"KL and its gradient are the integral and (μ, (σ² − 1)/2): they differ by {worst:.0e}")
    claim(
        abs(estimate - exact) < 4 * error,
        f"ELBO = {estimate:.3f} ± {error:.3f} from samples; ln p − KL to the posterior, by integrals: {exact:.3f}",
    )
    claim(estimate > linear, f"per digit this is {estimate - linear:.1f} above ln p of probabilistic PCA, {linear:.1f}")
    return {"worst": worst, "estimate": estimate, "error": error, "exact": exact, "linear": linear}


# %%
# The picture
# -----------


def draw(
    model: VAE, means: Array, log_variances: Array, classes: Array, checked: list[Integrals], rng: Any, path: Any
) -> None:
    """The held-out digits in the plane of codes; what the decoder makes of the plane; q and the exact posterior."""
    figure, body = picture(
        "A variational autoencoder draws digits from two normal numbers",
        r"\ln p(x) = \mathrm{E}_q \ln p(x|z) - \mathrm{KL}(q \,\Vert\, p(z)) + \mathrm{KL}(q \,\Vert\, p(z|x))",
        r"z = \mu + \sigma\,\varepsilon",
        r"\mathrm{KL}(q \,\Vert\, p(z)) = \frac{1}{2} \sum\, (\mu^2 + \sigma^2 - 1 - \ln \sigma^2)",
        size=(13, 6.2),
    )
    left, middle, right = body.subfigures(1, 3, width_ratios=[1.2, 1.15, 0.75])
    panel = left.subplots()
    for place, label in zip(ndtr(means), classes, strict=True):
        colour = plt.get_cmap("tab10")(label)
        panel.text(*place, label, color=colour, fontsize=11, weight="bold", ha="center", va="center")
    panel.set(xlabel=r"$\Phi(z_1)$", ylabel=r"$\Phi(z_2)$", aspect="equal", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    panel.set_title("held-out digits, where the encoder puts them")

    panel = middle.subplots()
    quantiles = ndtri((np.arange(12) + 0.5) / 12)
    codes = plane(quantiles) * [1, -1]  # the first row of images has the largest z₂
    tiles(panel, evaluated(model.decoder, codes).reshape(-1, 8, 8), 12, vmin=0, vmax=1)
    panel.set_title("what the decoder draws across the same square")

    order = np.argsort([integrals.to_posterior for integrals in checked])
    right.suptitle("posterior (blue) and q (red)", fontsize=12)
    names = ("the median", "the tenth largest")
    for panel, i, name in zip(right.subplots(2, 1), (order[len(order) // 2], order[-10]), names, strict=True):
        draw_posterior(panel, checked[i], means[i], np.exp(log_variances[i] / 2))
        panel.set_title(f"KL = {checked[i].to_posterior:.1f}, {name}", fontsize=11)
    save(figure, path)


def draw_posterior(panel: Any, integrals: Integrals, mean: Array, deviation: Array) -> None:
    """Regions with half and with 95 % of the exact posterior, and the same regions of q as ellipses."""
    side = int(np.sqrt(integrals.posterior.size))
    line = np.linspace(-6, 6, side)
    density = np.sort(integrals.posterior)[::-1]
    share = np.cumsum(density) / density.sum()
    levels = [density[np.searchsorted(share, part)] for part in (0.95, 0.5)]
    panel.contourf(line, line, integrals.posterior.reshape(side, side), [*levels, np.inf], colors=["#b8cce0", BLUE])
    for part in (0.5, 0.95):
        width, height = 2 * deviation * np.sqrt(-2 * np.log(1 - part))
        panel.add_patch(Ellipse(mean, width, height, fill=False, ec=RED, lw=2))
    reach = np.array([-6, 6]) * deviation.max()
    panel.set(xlim=mean[0] + reach, ylim=mean[1] + reach, xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    panel.xaxis.set_major_locator(MaxNLocator(4))
    panel.yaxis.set_major_locator(MaxNLocator(4))


if __name__ == "__main__":
    main()
