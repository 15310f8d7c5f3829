r"""One hidden layer approximates continuous functions
==================================================

The largest error falls with the number of units, for a smooth function, one with kinks and one that is nowhere
differentiable. Trained weights have smaller errors than the staircase of the proof (dotted in the picture).

.. math::

    f_q(x) = c_0 + \sum_{j=1}^q c_j\, \sigma(a_j x + b_j), \qquad
    \max_{x} |f(x) - f_q(x)| \to 0 \;\text{ as } q \to \infty

The network has q sigmoid units. It approximates three functions on [0, 1]: a smooth one, one with two kinks, and
Takagi's, which is continuous and nowhere differentiable. For each q there are

- the weights of the proof: q very steep units make a staircase through the function, with the error of one step;
- trained weights: the method of Levenberg and Marquardt minimises the squared error on a grid. It takes the Jacobian J
  of the residuals r from the engine and steps by −(JᵀJ + λ diag(JᵀJ))⁻¹ Jᵀr.

The error is measured on a grid ten times as fine as the training grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from tqdm import tqdm

import autograd_lite as al
from studies import BLUE, GREEN, GREY, RED, Array, claim, parser, picture, save

Function = Callable[[Array], Array]
GRID, FINE = np.linspace(0, 1, 401), np.linspace(0, 1, 4001)


# %%
# Three functions
# ---------------


def takagi(x: Array) -> Array:
    """Σ 2⁻ᵏ dist(2ᵏx, ℤ), as far as the fine grid resolves it."""
    return sum(np.abs(2.0**k * x - np.round(2.0**k * x)) / 2**k for k in range(10))


FUNCTIONS = (
    ("smooth", lambda x: 0.5 + 0.3 * np.sin(2 * np.pi * x) + 0.15 * np.sin(6 * np.pi * x), BLUE),
    ("kinks", lambda x: 0.5 + np.abs(x - 0.3) - 2 * np.abs(x - 0.65), GREEN),
    ("Takagi", takagi, RED),
)


# %%
# The network, and the weights of the proof
# -----------------------------------------


def network(weights: Any, x: Array) -> Any:
    """c₀ + Σ c_j σ(a_j x + b_j); the weights are a, b, c (q of each) and c₀ in one vector."""
    a, b, c = weights[:-1].reshape(3, -1)
    return al.sigmoid(np.multiply.outer(x, a) + b) @ c + weights[-1]


def staircase(f: Function, q: int) -> Array:
    """The proof: between q + 1 values of f, a steep unit leads from each to the next."""
    places, values = (np.arange(q) + 0.5) / q, f(np.linspace(0, 1, q + 1))
    steep = np.full(q, 1e4 * q)
    return np.concatenate([steep, -steep * places, np.diff(values), values[:1]])


# %%
# Training
# --------
# The Jacobian of all residuals comes from one call of ``jacobian``.


def grow(weights: Array, units: int, rng: np.random.Generator) -> Array:
    """The same network with more units, spread over the interval, not steep, and with c = 0."""
    q = (len(weights) - 1) // 3 + units
    slopes, places = rng.uniform(3, 5, units) * q, (np.arange(units) + rng.uniform(size=units)) / units
    a, b, c = weights[:-1].reshape(3, -1)
    return np.concatenate([a, slopes, b, -slopes * places, c, np.zeros(units), weights[-1:]])


def train(f: Function, weights: Array, steps: int) -> Array:
    """Minimise the squared residuals on the grid; of all iterates, the one with the smallest largest error."""

    def residuals(weights: Any) -> Any:
        return network(weights, GRID) - f(GRID)

    jacobian, damping, best = al.jacobian(residuals), 1e-2, weights
    r, J = residuals(weights), jacobian(weights)
    least = np.abs(r).max()
    for _ in range(steps):
        curvature = J.T @ J
        damped = curvature + damping * np.diag(np.diag(curvature) + 1e-9)
        trial = weights - np.linalg.solve(damped, J.T @ r)
        after = residuals(trial)
        if after @ after < r @ r:
            weights, r, J, damping = trial, after, jacobian(trial), max(damping / 3, 1e-12)
        else:
            damping *= 4
        if np.abs(r).max() < least:
            best, least = weights, np.abs(r).max()
    return best


def largest_error(f: Function, weights: Array, x: Array = FINE) -> float:
    return float(np.abs(network(weights, x) - f(x)).max())


def networks(f: Function, widths: tuple[int, ...], steps: int, seed: int) -> Iterator[Array]:
    """For each width the best of four trained networks. One starts from the previous width, so it is never worse."""
    rng, constant = np.random.default_rng(seed), np.array([f(GRID).mean()])
    weights = constant
    for before, q in pairwise((0, *widths)):
        starts = [grow(weights, q - before, rng), *(grow(constant, q, rng) for _ in range(3))]
        weights = min((train(f, start, steps) for start in starts), key=lambda w: largest_error(f, w, GRID))
        yield weights


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, list[float]]:
    options = parser("universal_approximation", __doc__).parse_args(arguments)
    widths, steps = ((1, 4, 12), 15) if options.quick else ((1, 2, 4, 8, 16, 32), 40)
    trained = {}
    with tqdm(total=len(widths) * len(FUNCTIONS), desc="networks", unit="network", disable=options.quick) as progress:
        for name, f, _ in FUNCTIONS:
            for q, weights in zip(widths, networks(f, widths, steps, options.seed), strict=True):
                trained[name, q] = weights
                progress.update()

    errors = {name: [largest_error(f, trained[name, q]) for q in widths] for name, f, _ in FUNCTIONS}
    proof = {name: [largest_error(f, staircase(f, q)) for q in widths] for name, f, _ in FUNCTIONS}
    draw(widths, trained, errors, proof, options.output)

    print(f"\n{'largest error, q =':22}" + "".join(f"{q:>9}" for q in widths))
    for name in errors:
        print(f"{name + ', trained':22}" + "".join(f"{value:9.1e}" for value in errors[name]))
        print(f"{name + ', staircase':22}" + "".join(f"{value:9.1e}" for value in proof[name]))
    for name, values in errors.items():
        claim(values == sorted(values, reverse=True), f"{name}: the largest error never rises with q")
        falls = f"{name}: it falls from {values[0]:.2f} to {values[-1]:.1e} for q = {widths[-1]}"
        claim(values[-1] < 0.15 * values[0], falls)
    return errors


# %%
# The picture
# -----------


def draw(
    widths: tuple[int, ...],
    trained: dict[tuple[str, int], Array],
    errors: dict[str, list[float]],
    proof: dict[str, list[float]],
    path: Any,
) -> None:
    """Each function with three networks, and the errors of all networks."""
    figure, body = picture(
        "One hidden layer approximates continuous functions",
        r"f_q(x) = c_0 + \sum_j\, c_j\,\sigma(a_j x + b_j),\;\; j = 1, \dots, q",
        r"\Vert f - f_q \Vert_\infty = \max_x |f(x) - f_q(x)| \to 0\;\;\mathrm{as}\;\; q \to \infty",
        size=(13, 6),
    )
    left, right = body.subfigures(1, 2, width_ratios=[1.5, 1])
    shown = widths[::2]
    panels = left.subplots(len(FUNCTIONS), len(shown), sharex=True, sharey="row")
    for row, (name, f, colour) in zip(panels, FUNCTIONS, strict=True):
        for panel, q in zip(row, shown, strict=True):
            panel.plot(FINE, f(FINE), color=GREY, lw=4, alpha=0.5)
            panel.plot(FINE, network(trained[name, q], FINE), color=colour, lw=1.5)
            panel.set(xticks=[0, 0.5, 1])
        row[0].set_ylabel(name)
    for panel, q in zip(panels[0], shown, strict=True):
        panel.set_title(f"$q = {q}$")

    axes = right.subplots()
    for name, _, colour in FUNCTIONS:
        axes.loglog(widths, errors[name], "o-", color=colour, label=f"{name}, trained")
    for name, _, colour in FUNCTIONS:
        axes.loglog(widths, proof[name], ":", color=colour, label=f"{name}, by the proof")
    axes.set(xticks=widths, xticklabels=widths, xlabel="units $q$", title="Largest error", ylim=(1e-5, 2))
    axes.minorticks_off()
    axes.grid()
    axes.legend(loc="lower left", ncols=2)
    save(figure, path)


if __name__ == "__main__":
    main()
