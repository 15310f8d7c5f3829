r"""Five descents on one problem
============================

For the same number of samples, stochastic descent is ahead at first, but its noise keeps it away from the minimum. For
the same number of updates the full batch is ahead. Momentum is faster along the valley.

.. math::

    \theta \leftarrow \theta - \frac{\eta}{n_b} \nabla L_{n_b}(\theta), \qquad
    m \leftarrow \beta m + (1 - \beta) g,\; \theta \leftarrow \theta - \eta m, \qquad
    \theta \leftarrow \theta - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}

The problem is softmax regression with two classes and two weights, so its loss can be drawn as a landscape. The samples
are scikit-learn's 569 tumours, benign or not, by two standardised measures of texture. These are correlated, so the
valley is long. Only differences of scores matter, so the scores are (0, xᵀw), and the cross-entropy of their softmax is
the binary cross-entropy of σ(xᵀw). The study

1. checks this, and compares the engine's gradient with the closed form Xᵀ(p − y)/N;
2. finds the minimum by Newton's method; losses are shown as the excess over it;
3. descends, and draws the excess against epochs and updates, the paths, and the final excess against the learning rate.

Every descent has a learning rate beyond which it fails. Near the minimum a full batch converges if η < 2/λ, where λ is
the largest eigenvalue of the Hessian; the other descents converge only to the noise of their gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

import autograd_lite as al
from autograd_lite import Tensor, data, optim
from studies import BLUE, GREEN, PURPLE, RED, YELLOW, Array, claim, parser, picture, save, tumours

START = np.array([-1.7, 1.5])


# %%
# The descents and the loss
# -------------------------


class Descent(NamedTuple):
    """Optimizer, samples per batch (0 for all), learning rate and colour."""

    name: str
    optimizer: Callable[..., optim.Optimizer]
    batch_size: int
    rate: float
    colour: str


DESCENTS = (
    Descent("full batch", optim.SGD, 0, 5.0, BLUE),
    Descent("mini-batches of 32", optim.SGD, 32, 0.5, GREEN),
    Descent("stochastic", optim.SGD, 1, 0.1, YELLOW),
    Descent("full batch, momentum", partial(optim.SGD, momentum=0.5), 0, 8.0, RED),
    Descent("full batch, Adam", optim.Adam, 0, 0.3, PURPLE),
)


def loss(w: Any, x: Array, y: Array) -> Any:
    """The mean cross-entropy of softmax(0, xᵀw)."""
    return al.binary_cross_entropy_with_logits(x @ w, y)


def distance_from_closed_form(x: Array, y: Array) -> float:
    """The differences between loss and cross-entropy of the softmax, and between gradient and Xᵀ(p − y)/N."""
    value, gradient = al.value_and_grad(loss)(START, x, y)
    scores = x @ START
    softmax = al.cross_entropy(np.column_stack([0 * scores, scores]), y)
    closed_form = x.T @ (1 / (1 + np.exp(-scores)) - y) / len(y)
    return max(abs(float(value - softmax)), float(np.abs(gradient - closed_form).max()))


# %%
# A descent and its path
# ----------------------
# All descents start from the same weights and see the samples in batches of their size.


def descend(descent: Descent, rate: float, x: Array, y: Array, epochs: int, seed: int) -> Array:
    """The weights before the first update and after each, (updates + 1, 2)."""
    w = Tensor(START, requires_grad=True)
    optimizer = descent.optimizer([w], lr=rate)
    batches = data.Batches(x, y, batch_size=descent.batch_size or len(y), rng=seed)
    path = [START]
    for _ in range(epochs):
        for batch, labels in batches:
            optimizer.zero_grad()
            loss(w, batch, labels).backward()
            optimizer.step()
            path.append(w.data.copy())
    return np.array(path)


def newton(x: Array, y: Array) -> tuple[Array, Array]:
    """The minimum, and the Hessian there."""
    w, slope, curvature = np.zeros(2), al.grad(loss), al.hessian(loss)
    for _ in range(20):
        w = w - np.linalg.solve(curvature(w, x, y), slope(w, x, y))
    return w, curvature(w, x, y)


# %%
# What the study checks
# ---------------------
# Each descent runs with the learning rate of the picture, and then with many others.


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("descents", __doc__).parse_args(arguments)
    epochs, rates = (4, np.array([0.1, 10.0])) if options.quick else (30, np.geomspace(0.004, 40, 61))

    x, malignant = tumours("mean texture", "worst texture")
    y = 1 - malignant
    minimum, hessian = newton(x, y)
    least, limit = loss(minimum, x, y), 2 / np.linalg.eigvalsh(hessian).max()

    def excess(weights: Array) -> Array:
        return np.array([loss(w, x, y) - least for w in weights])

    def after(path: Array) -> float:
        """The final excess of the loss, a mean over the last tenth of the path, because some descents oscillate."""
        tail = path[-(1 + len(path) // 10) :]
        return float(excess(tail[:: 1 + len(tail) // 100]).mean())

    run = partial(descend, x=x, y=y, epochs=epochs, seed=options.seed)
    chosen = {descent: run(descent, descent.rate) for descent in DESCENTS}
    remains = {}
    for descent in tqdm(DESCENTS, desc="learning rates", unit="descent", disable=options.quick):
        tried = rates[:: 8 if descent.batch_size == 1 else 1]  # with 569 updates per epoch
        remains[descent] = tried, np.array([after(run(descent, rate)) for rate in tried])

    figure, body = picture(
        "Five descents on one problem",
        r"\theta \leftarrow \theta - \frac{\eta}{n_b}\,\nabla L_{n_b}(\theta)",
        r"m \leftarrow \beta m + (1-\beta)\,g,\;\; \theta \leftarrow \theta - \eta\,m",
        r"\theta \leftarrow \theta - \eta\,\hat m\,/\,(\sqrt{\hat v} + \varepsilon)",
        size=(12, 8.5),
    )
    panels = body.subplots(2, 2)
    draw_losses(panels[0], chosen, excess, epochs)
    draw_paths(panels[1, 0], chosen, excess, minimum)
    draw_rates(panels[1, 1], remains, limit)
    save(figure, options.output)

    print(f"\n{'excess of the loss':24}{'1 epoch':>10}{f'{epochs} epochs':>11}{'updates':>9}")
    first = {d.name: float(excess(path[[(len(path) - 1) // epochs]])[0]) for d, path in chosen.items()}
    last = {descent.name: after(path) for descent, path in chosen.items()}
    for descent, path in chosen.items():
        print(f"{descent.name:24}{first[descent.name]:10.1e}{last[descent.name]:11.1e}{len(path) - 1:9}")

    difference = distance_from_closed_form(x, y)
    claim(difference < 1e-14, f"the gradient is Xᵀ(p − y)/N: differs by at most {difference:.0e}")
    ahead = first["full batch"] / first["stochastic"]
    claim(ahead > 2, f"after 1 epoch stochastic descent is {ahead:.0f} times closer than the full batch")
    plain, noisy, momentum = last["full batch"], last["stochastic"], last["full batch, momentum"]
    if not options.quick:
        claim(noisy > 3 * plain, f"after {epochs} epochs its noise keeps it {noisy / plain:.0f} times further away")
        claim(momentum < 1e-3 * plain, f"with momentum the full batch is {plain / momentum:,.0f} times closer")
    below, above = (descend(DESCENTS[0], factor * limit, x, y, 400, 0)[-1] - minimum for factor in (0.95, 1.05))
    stable = np.linalg.norm(below) < 1e-6 and np.linalg.norm(above) > 1e-2
    claim(stable, f"the full batch converges for η 5% below 2/λ = {limit:.2f}, and not 5% above")
    return {"difference": difference, "limit": float(limit), **last}


# %%
# The picture
# -----------


def draw_losses(panels: Any, chosen: dict[Descent, Array], excess: Callable[[Array], Array], epochs: int) -> None:
    """The excess of the loss against epochs, and against updates, each of which computes one gradient."""
    for descent, path in chosen.items():
        updates = len(path) - 1
        at = np.unique(np.concatenate([[0], np.geomspace(1, updates, 150).astype(int)]))
        ends = np.arange(epochs + 1) * (updates // epochs)
        style = {"color": descent.colour, "lw": 1.2 if descent.batch_size else 2}
        panels[0].semilogy(excess(path[ends]), label=f"{descent.name}, η = {descent.rate:g}", **style)
        panels[1].loglog(np.maximum(at, 0.7), excess(path[at]), **style)
    panels[0].set(xlabel="epochs (samples seen / N)", ylabel="excess of the loss", title="The same samples seen")
    panels[1].set(xlabel="gradients computed (updates)", title="The same number of updates")
    panels[0].set(ylim=(1e-8, 1))
    panels[1].set(ylim=(1e-8, 1))
    panels[0].legend(loc="lower left")
    for panel in panels:
        panel.grid()


def draw_paths(panel: Any, chosen: dict[Descent, Array], excess: Callable[[Array], Array], minimum: Array) -> None:
    first, second = np.meshgrid(np.linspace(-3, 1, 60), np.linspace(-2, 2, 60))
    heights = excess(np.column_stack([first.ravel(), second.ravel()])).reshape(first.shape)
    panel.contour(first, second, heights, levels=np.geomspace(1e-3, 1, 10), colors="#bbbbbb", linewidths=0.8)
    for descent, path in sorted(chosen.items(), key=lambda item: -len(item[1])):  # long paths below the others
        path = path[:1500]
        panel.plot(*path.T, color=descent.colour, lw=1.2, marker="." if len(path) < 100 else "", ms=5)
    panel.plot(*START, "ko", ms=6)
    panel.plot(*minimum, "k*", ms=12)
    panel.set(xlabel="$w_1$", ylabel="$w_2$", title="The paths, from the dot to the star")


def draw_rates(panel: Any, remains: dict[Descent, tuple[Array, Array]], limit: float) -> None:
    for descent, (rates, excesses) in remains.items():
        panel.loglog(rates, excesses, color=descent.colour)
    panel.axvline(limit, color="black", ls=":", lw=1.5)
    panel.text(limit, 3e-9, r"$\eta = 2\,/\,\lambda_{\max}(\nabla^2 L)\;\;$", ha="right", fontsize=12)
    panel.set(xlabel="learning rate η", ylabel="excess of the loss", title="What remains after all epochs")
    panel.set(ylim=(1e-9, 50))
    panel.grid()


if __name__ == "__main__":
    main()
