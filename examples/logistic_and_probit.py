r"""Logistic and probit regression, by maximum likelihood
=====================================================

Is a tumour malignant, given five measurements of its cells? Both fits of real tumours agree with reference fits, which
are the rings in the picture.

.. math::

    p = h(\langle\tilde\omega, \tilde x\rangle), \qquad \nabla L = \tilde X (p - y) \;\text{ for } h = \sigma, \qquad
    \nabla L = \tilde X\, \frac{\varphi\,(\Phi - y)}{\Phi (1 - \Phi)} \;\text{ for } h = \Phi

The probability is p = h(⟨ω̃, x̃⟩) with x̃ = (1, x). In one model h is the sigmoid σ. In the other it is the normal
distribution Φ, by the operation that ``new_operation.py`` makes from SciPy's ``log_ndtr``. Newton's method maximises
the likelihood, with gradients and Hessians from the engine. The references are scikit-learn for logistic regression,
and for probit SciPy's minimizer on the likelihood itself.

All 30 measurements together separate the tumours, and then the likelihood has no maximum: the weights grow for ever.
These five do not separate them, so no penalty is needed (scikit-learn's fit has C = 10¹²).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linprog, minimize
from scipy.special import expit, log_ndtr, ndtr
from sklearn.linear_model import LogisticRegression

import autograd_lite as al
from new_operation import negative_log_likelihood as probit_loss
from studies import BLUE, GREY, RED, Array, claim, parser, picture, save, tumours

FEATURES = ("mean radius", "mean texture", "mean smoothness", "mean concavity", "mean symmetry")


# %%
# Newton's method on both likelihoods
# -----------------------------------
# The engine computes gradient and Hessian from the likelihood alone. The inverse of the Hessian at the maximum
# estimates the covariance of the weights.


class Fit(NamedTuple):
    """The weights, bias first; their standard errors; the largest entry of the gradient before each step."""

    weights: Array
    errors: Array
    slopes: list[float]


def logistic_loss(weights: Any, x: Array, y: Array) -> Any:
    """−Σ ln σ(±x̃ᵀω̃), with + for y = 1 and − for y = 0."""
    return al.binary_cross_entropy_with_logits(x @ weights, y, reduction="sum")


def newton(loss: Callable[..., Any], x: Array, y: Array) -> Fit:
    """ω̃ ← ω̃ − (∇²L)⁻¹ ∇L, from 0 until ∇L is rounding; the inverse Hessian there estimates the covariance."""
    slope, curvature = al.grad(loss), al.hessian(loss)
    weights, slopes = np.zeros(x.shape[1]), []
    for _ in range(20):
        gradient, hessian = slope(weights, x, y), curvature(weights, x, y)
        slopes.append(float(np.abs(gradient).max()))
        if slopes[-1] < 1e-9:
            break
        weights = weights - np.linalg.solve(hessian, gradient)
    return Fit(weights, np.sqrt(np.diag(np.linalg.inv(hessian))), slopes)


# %%
# References
# ----------
# Neither of them uses the engine.


def logistic_reference(x: Array, y: Array) -> Array:
    model = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(x[:, 1:], y)
    return np.concatenate([model.intercept_, model.coef_[0]])


def probit_reference(x: Array, y: Array) -> Array:
    """BFGS, with gradients by finite differences of the likelihood."""
    return minimize(lambda w: -log_ndtr((2 * y - 1) * (x @ w)).sum(), np.zeros(x.shape[1]), method="BFGS").x


def separable(x: Array, y: Array) -> bool:
    """Whether some weights have ±x̃ᵀω̃ ≥ 1 for every sample: a linear program with no objective."""
    signed = (2 * y - 1)[:, None] * x
    return bool(linprog(np.zeros(x.shape[1]), A_ub=-signed, b_ub=-np.ones(len(x)), bounds=(None, None)).success)


def closed_form_difference(weights: Array, x: Array, y: Array) -> float:
    """The relative differences between the engine's gradients and X̃(p − y), X̃ φ(Φ − y)/(Φ(1 − Φ))."""
    s = x @ weights
    density, p = np.exp(-s * s / 2) / np.sqrt(2 * np.pi), ndtr(s)
    logistic, probit = x.T @ (expit(s) - y), x.T @ (density * (p - y) / (p * (1 - p)))
    pairs = ((logistic_loss, logistic), (probit_loss, probit))
    return max(float(np.abs(al.grad(loss)(weights, x, y) / gradient - 1).max()) for loss, gradient in pairs)


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("logistic_and_probit", __doc__).parse_args(arguments)
    x, y = tumours(*FEATURES)
    x, x_all = (np.column_stack([np.ones(len(y)), features]) for features in (x, tumours()[0]))

    fits = {"logistic": newton(logistic_loss, x, y), "probit": newton(probit_loss, x, y)}
    references = {"logistic": logistic_reference(x, y), "probit": probit_reference(x, y)}

    figure, body = picture(
        "Logistic and probit regression, by maximum likelihood",
        r"p = h(\langle\tilde\omega, \tilde x\rangle)",
        r"h = \sigma:\;\; \nabla L = \tilde X (p - y)",
        r"h = \Phi:\;\; \nabla L = \tilde X\,\frac{\varphi\,(\Phi - y)}{\Phi\,(1 - \Phi)}",
        r"\tilde\omega \leftarrow \tilde\omega - (\nabla^2 L)^{-1}\,\nabla L",
        size=(13, 5.5),
    )
    panels = body.subplots(1, 3, width_ratios=[1.25, 1.25, 1])
    draw_weights(panels[0], fits, references)
    draw_probabilities(panels[1], fits, x, y)
    for (name, fit), colour in zip(fits.items(), (BLUE, RED), strict=True):
        panels[2].semilogy(fit.slopes, "o-", color=colour, label=name)
    panels[2].set(xlabel="Newton steps", title=r"largest entry of $|\nabla L|$")
    panels[2].grid()
    save(figure, options.output)

    print(f"\n{'':17}" + "".join(f"{name:>11}{'reference':>11}{'± error':>9}" for name in fits))
    for i, name in enumerate(("constant", *FEATURES)):
        row = "".join(f"{f.weights[i]:11.4f}{references[m][i]:11.4f}{f.errors[i]:9.4f}" for m, f in fits.items())
        print(f"{name:17}{row}")
    apart = {name: float(np.abs(fit.weights - references[name]).max()) for name, fit in fits.items()}
    difference = closed_form_difference(np.full(x.shape[1], 0.3), x, y)
    claim(separable(x_all, y) and not separable(x, y), "all 30 features separate the tumours, these five do not")
    claim(difference < 1e-10, f"both gradients are the closed forms, to {difference:.0e}")
    claim(apart["logistic"] < 1e-3, f"the logistic weights are scikit-learn's to {apart['logistic']:.0e}")
    claim(apart["probit"] < 1e-3, f"the probit weights are those of a direct minimizer to {apart['probit']:.0e}")
    return {"difference": difference, **apart}


# %%
# The picture
# -----------


def draw_weights(panel: Any, fits: dict[str, Fit], references: dict[str, Array]) -> None:
    rows = np.arange(len(FEATURES) + 1)
    for (name, fit), colour, shift in zip(fits.items(), (BLUE, RED), (-0.14, 0.14), strict=True):
        panel.errorbar(
            fit.weights, rows + shift, xerr=1.96 * fit.errors, fmt="o", ms=5, color=colour, capsize=3, label=name
        )
        reference = "reference" if name == "probit" else None
        panel.plot(references[name], rows + shift, "o", ms=11, mfc="none", mec="black", mew=1, label=reference)
    panel.axvline(0, color=GREY, lw=1)
    panel.set(yticks=rows, yticklabels=("constant", *FEATURES), xlabel="weight, with its 95% interval")
    panel.set_title("Weights of standardised features")
    panel.invert_yaxis()
    panel.legend()


def draw_probabilities(panel: Any, fits: dict[str, Fit], x: Array, y: Array) -> None:
    """The model's p, and the share of malignant tumours in groups of similar scores."""
    for (name, fit), h, colour in zip(fits.items(), (expit, ndtr), (BLUE, RED), strict=True):
        s, line = x @ fit.weights, np.linspace(-9, 9, 200)
        panel.plot(line, h(line), color=colour, label=name)
        bins = np.array_split(np.argsort(s), 24)
        means, shares = [s[b].mean() for b in bins], [y[b].mean() for b in bins]
        panel.plot(means, shares, "o", color=colour, mfc="white", ms=6, mew=1.3)
    panel.plot([], [], "o", color=GREY, mfc="white", label="observed, in 24 groups")
    panel.set(xlim=(-9, 9), xlabel=r"score $\langle\tilde\omega, \tilde x\rangle$", title="Probability of malignant")
    panel.legend(loc="upper left")
    panel.grid()


if __name__ == "__main__":
    main()
