r"""The perceptron learns from its mistakes
=======================================

If a plane separates the data, the perceptron stops after at most (R/γ)² updates; on XOR its weights repeat.

.. math::

    \tilde\omega \leftarrow \tilde\omega + (y - \mathbf 1[\langle\tilde\omega, \tilde x\rangle \ge 0])\,\tilde x, \qquad
    \text{updates} \le (R / \gamma)^2

A threshold unit ŷ = 1[⟨ω̃, x̃⟩ ≥ 0], with x̃ = (1, x), visits the samples one by one. At a mistake it adds or subtracts
the sample. The study

1. shows updates on data that a line separates; the ring marks the sample of the update;
2. counts the updates on many random data sets in up to 10 dimensions and compares with Novikoff's bound (R/γ)²: R is
   the length of the longest x̃, γ the distance of the data from a separating plane through the origin (here the one
   that labelled them);
3. trains on XOR, where the same mistakes recur until ``fit`` reaches its limit and reports it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from autograd_lite import nn
from derivations.networks import corners
from studies import BLUE, GREEN, RED, Array, claim, parser, picture, save, shade

CORNERS, XOR = corners(2), np.array([0, 1, 1, 0])


# %%
# Data that a plane separates, and the updates
# --------------------------------------------
# The margin is chosen, so the bound is known before the unit learns.


class Step(NamedTuple):
    """One update: the sample, and the weights (bias first) before and after."""

    sample: int
    before: Array
    after: Array


def weights(unit: nn.Perceptron) -> Array:
    return np.array([unit.bias.data, *unit.weight.data])


def separable(samples: int, features: int, margin: float, rng: np.random.Generator) -> tuple[Array, Array, float]:
    """Points of [−1, 1]ⁿ labelled by a plane, none closer to it than the margin; and the bound (R/γ)²."""
    plane = rng.normal(size=features + 1)
    plane[0] *= 0.3  # so that both classes occur
    plane /= np.linalg.norm(plane)
    x = rng.uniform(-1, 1, (40 * samples, features))
    scores = plane[0] + x @ plane[1:]
    kept = np.flatnonzero(np.abs(scores) >= margin)[:samples]
    x, scores = x[kept], scores[kept]
    return x, (scores > 0).astype(int), (1 + (x**2).sum(axis=1).max()) / np.abs(scores).min() ** 2


def learn(x: Array, y: Array, most: int = 100) -> tuple[list[Step], list[int]]:
    """All updates, and the number of mistakes in each epoch, until an epoch has none."""
    unit, steps, mistakes = nn.Perceptron(x.shape[1]), [], []
    while len(mistakes) < most and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for i in range(len(x)):
            before = weights(unit)
            if unit.learn(x[i], y[i]):
                steps.append(Step(i, before, weights(unit)))
                mistakes[-1] += 1
    return steps, mistakes


# %%
# What the study checks
# ---------------------
# Many data sets in up to 10 dimensions, and XOR, which no line separates.


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    options = parser("perceptron", __doc__).parse_args(arguments)
    rng = np.random.default_rng(options.seed)

    x, y, bound = separable(60, 2, 0.03, rng)
    steps, mistakes = learn(x, y)

    counts = []
    for _ in tqdm(range(40 if options.quick else 400), desc="data sets", unit="set", disable=options.quick):
        features, margin = int(rng.integers(2, 11)), float(np.exp(rng.uniform(np.log(0.01), np.log(0.3))))
        data, labels, limit = separable(50, features, margin, rng)
        unit = nn.Perceptron(features)
        fit = unit.fit(data, labels, max_epochs=100_000)
        right = bool((unit(data).numpy() == labels).all())
        counts.append((limit, fit.updates, fit.converged and right))
    limits, updates, separated = np.array(counts).T

    xor_steps, xor_mistakes = learn(CORNERS, XOR, most=len(mistakes) + 20)
    xor_fit = nn.Perceptron(2).fit(CORNERS, XOR, max_epochs=1000)

    figure, body = picture(
        "The perceptron learns from its mistakes",
        r"\tilde\omega \leftarrow \tilde\omega + (y - \hat y)\,\tilde x",
        r"\hat y = \mathbf{1}\,[\langle\tilde\omega, \tilde x\rangle \geq 0]",
        r"\mathrm{updates} \leq (R / \gamma)^2",
        r"R = \max_i \Vert\tilde x_i\Vert,\;\; \gamma = \min_i |\langle\tilde\omega^*, \tilde x_i\rangle|,"
        r"\;\; \Vert\tilde\omega^*\Vert = 1",
        size=(13, 7),
    )
    strip, lower = body.subfigures(2, 1)
    draw_steps(strip, x, y, steps)
    panels = lower.subplots(1, 3, width_ratios=[1.4, 1.4, 1])
    draw_bound(panels[0], limits, updates)
    draw_mistakes(panels[1], mistakes, xor_mistakes)
    draw_plane(panels[2], CORNERS, XOR, "XOR: the lines repeat", 0.8, ms=9)
    for step in xor_steps[-4:]:
        draw_line(panels[2], step.after, color=RED, lw=1.5)
    save(figure, options.output)

    print(f"\nXOR: {xor_fit}")
    claim(len(steps) <= bound, f"60 points in the plane: separated after {len(steps)} updates, at most {bound:,.0f}")
    claim(separated.all(), f"all {len(counts)} random data sets are separated")
    closest = (updates / limits).max()
    claim((updates <= limits).all(), f"never more updates than (R/γ)²; at most {closest:.0%} of that")
    circle = all(np.array_equal(xor_steps[-i].after, xor_steps[-i - 4].after) for i in range(1, 5))
    claim(circle, "on XOR the weights repeat every four updates")
    stopped = not xor_fit.converged and xor_fit.epochs == 1000
    claim(stopped, f"on XOR `fit` stops without success, after {xor_fit.updates} updates")
    return {"updates": len(steps), "bound": bound, "closest": float(closest)}


# %%
# The picture
# -----------


def draw_line(panel: Any, omega: Array, **style: Any) -> None:
    """The line ⟨ω̃, x̃⟩ = 0, if there is one."""
    bias, normal = omega[0], omega[1:]
    if not normal.any():
        return
    foot = -bias * normal / (normal @ normal)
    along = np.array([-normal[1], normal[0]]) / np.linalg.norm(normal)
    panel.plot(*np.transpose([foot - 9 * along, foot + 9 * along]), **style)


def draw_plane(panel: Any, x: Array, y: Array, title: str, margin: float = 0.2, ms: float = 4) -> None:
    panel.plot(*x[y == 1].T, "o", color=BLUE, ms=ms)
    panel.plot(*x[y == 0].T, "o", color="black", mfc="white", ms=ms, mew=0.8)
    low, high = x.min() - margin, x.max() + margin
    panel.set(xlim=(low, high), ylim=(low, high), xticks=[], yticks=[], title=title)
    panel.set_aspect("equal")


def draw_steps(strip: Any, x: Array, y: Array, steps: list[Step]) -> None:
    """Six updates from the first to the last: the line before (dashed) and after, and the side where the unit fires."""
    chosen = np.unique(np.geomspace(1, len(steps), 6).round().astype(int) - 1)
    for panel, i in zip(strip.subplots(1, len(chosen), squeeze=False)[0], chosen, strict=True):
        step = steps[i]
        shade(panel, lambda points, w=step.after: w[0] + points @ w[1:] >= 0, x.min() - 0.2, x.max() + 0.2)
        draw_plane(panel, x, y, f"update {i + 1} of {len(steps)}")
        draw_line(panel, step.before, color=RED, ls="--", lw=1)
        draw_line(panel, step.after, color=RED)
        panel.plot(*x[step.sample], "o", ms=12, color=RED, mfc="none", mew=2)


def draw_bound(panel: Any, limits: Array, updates: Array) -> None:
    ends = np.array([limits.min() / 2, limits.max() * 2])
    panel.loglog(ends, ends, color="black", lw=1.2)
    panel.annotate("$(R/\\gamma)^2$", (ends[1] / 8, ends[1] / 8), (-6, 6), textcoords="offset points", ha="right")
    panel.loglog(limits, np.maximum(updates, 1), "o", color=GREEN, ms=4, alpha=0.6, mew=0)
    panel.set(xlabel="bound $(R/\\gamma)^2$", ylabel="updates", title=f"{len(limits)} data sets that a plane separates")
    panel.grid()


def draw_mistakes(panel: Any, mistakes: list[int], xor_mistakes: list[int]) -> None:
    panel.plot(np.arange(1, len(mistakes) + 1), mistakes, "o-", color=BLUE, ms=4, label="60 separable points")
    panel.plot(np.arange(1, len(xor_mistakes) + 1), xor_mistakes, "o-", color=RED, ms=4, label="XOR, 4 points")
    panel.set(xlabel="epoch", title="Mistakes in each epoch", ylim=(-0.3, None))
    panel.grid()
    panel.legend()


if __name__ == "__main__":
    main()
