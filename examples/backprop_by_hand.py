r"""Back-propagation by hand, and by the engine
===========================================

The recursion, written out in NumPy in both layouts of the documents, gives the engine's gradient in every layer.

.. math::

    \Delta_L = P - Y, \qquad \Delta_\ell = (\Delta_{\ell+1} \Theta_{\ell+1}) \odot A_\ell \odot (1 - A_\ell), \qquad
    \frac{\partial E}{\partial \Theta_\ell} = \frac1N \Delta_\ell^\top A_{\ell-1}

A network of sigmoid layers with a softmax output reads 200 real digits. Three computations of its gradient are
compared: the recursion with one sample per row, without biases; the recursion with one sample per column, where the
bias is column 0 of W̃ and every input of a layer has a 1 on top; and the engine. The study prints for each layer the
largest difference, and the size of the gradient, which shrinks towards the input because σ' ≤ 1/4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import autograd_lite as al
from derivations import backpropagation
from derivations.plain import sigma, softmax, with_ones
from studies import BLUE, GREY, RED, Array, claim, parser, picture, save

SIZES = (64, 48, 32, 24, 16, 10)


# %%
# The recursion by columns
# ------------------------
# The recursion by rows is one of the derivations in ``derivations/``; this is the other layout of the documents.


def by_columns(X: Array, Y: Array, weights: list[Array]) -> list[Array]:
    """dL/dW̃ of the summed cross-entropy; X (d, N), Y (K, N), W̃ (out, in + 1) with the bias in column 0."""
    V = [X]
    for W in weights[:-1]:
        V.append(sigma(W @ with_ones(V[-1])))
    E = (softmax(weights[-1] @ with_ones(V[-1]), axis=0) - Y).T
    gradients = []
    for W, v in zip(reversed(weights), reversed(V), strict=True):
        gradients.append(E.T @ with_ones(v).T)
        E = (E @ W[:, 1:]) * (v * (1 - v)).T
    return gradients[::-1]


# %%
# The same gradients by the engine
# --------------------------------


def engine_by_columns(X: Array, labels: Array, weights: list[Array]) -> list[Array]:
    def loss(matrices: list[Any]) -> Any:
        v: Any = X
        for W in matrices[:-1]:
            v = al.sigmoid(W[:, 1:] @ v + W[:, :1])
        W = matrices[-1]
        return al.cross_entropy((W[:, 1:] @ v + W[:, :1]).T, labels, reduction="sum")

    return al.grad(loss)(weights)


def differences(ours: list[Array], engine: list[Array]) -> list[float]:
    """For each layer the largest difference, relative to its largest gradient."""
    return [float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, engine, strict=True)]


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("backprop_by_hand", __doc__).parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    pixels, labels = load_digits(return_X_y=True)
    chosen = rng.choice(len(labels), 50 if options.quick else 200, replace=False)
    X, labels = pixels[chosen] / 16, labels[chosen]
    Y = np.eye(10)[labels]

    steps = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    thetas = [rng.normal(size=(out, into)) * 2 / np.sqrt(into) for out, into in steps]
    matrices = [np.column_stack([rng.normal(size=len(theta)), theta]) for theta in thetas]

    rows = backpropagation.back_propagation_of_classifier(X, Y, *thetas)  # of the mean, without biases
    every = tuple(range(2, 2 + len(thetas)))
    engine_rows = al.grad(backpropagation.cross_entropy_of_classifier, every)(X, Y, *thetas)
    columns, engine_columns = by_columns(X.T, Y.T, matrices), engine_by_columns(X.T, labels, matrices)
    of_rows, of_columns = differences(rows, engine_rows), differences(columns, engine_columns)

    draw(rows, engine_rows, of_rows, of_columns, options.output)
    print(f"\n{'layer':7}{'gradient, at most':>19}{'rows differ by':>17}{'columns differ by':>20}")
    for i, (gradient, by_row, by_column) in enumerate(zip(engine_rows, of_rows, of_columns, strict=True), 1):
        print(f"{i:<7}{np.abs(gradient).max():19.1e}{by_row:17.1e}{by_column:20.1e}")
    worst = max(*of_rows, *of_columns)
    claim(worst < 1e-12, f"both recursions give the engine's gradient in all {len(rows)} layers, to {worst:.0e} of it")
    return {"worst": worst}


# %%
# The picture
# -----------


def draw(rows: list[Array], engine: list[Array], of_rows: list[float], of_columns: list[float], path: Any) -> None:
    """By hand, by the engine, and how far apart."""
    figure, body = picture(
        "Back-propagation by hand, and by the engine",
        r"\Delta_L = P - Y",
        r"\Delta_\ell = (\Delta_{\ell+1}\,\Theta_{\ell+1}) \odot A_\ell \odot (1 - A_\ell)",
        r"\partial E / \partial\Theta_\ell = \frac{1}{N}\,\Delta_\ell^\top A_{\ell-1}",
        size=(12, 6.5),
    )
    images, bars = body.subfigures(1, 2, width_ratios=[2, 1])
    panels = images.subplots(len(rows), 2, height_ratios=[len(gradient) for gradient in rows], squeeze=False)
    for layer, (pair, ours, theirs) in enumerate(zip(panels, rows, engine, strict=True), 1):
        limit = np.abs(theirs).max()
        for panel, gradient in zip(pair, (ours, theirs), strict=True):
            panel.imshow(gradient, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
            panel.set(xticks=[], yticks=[])
        pair[0].set_ylabel(f"layer {layer}\n±{limit:.2g}", rotation=0, ha="right", va="center")
    panels[0, 0].set_title("by the recursion")
    panels[0, 1].set_title("by the engine")

    panel, layers = bars.subplots(), np.arange(1, len(rows) + 1)
    panel.barh(layers - 0.18, of_rows, 0.34, color=BLUE, label="one sample per row, no biases")
    panel.barh(layers + 0.18, of_columns, 0.34, color=RED, label=r"one sample per column, biases in $\tilde W$")
    epsilon = np.finfo(float).eps
    panel.axvline(epsilon, color=GREY, ls=":")
    panel.text(1.2 * epsilon, 0.35, "spacing of floating-point numbers", fontsize=9, color=GREY)
    panel.set(xscale="log", xlim=(1e-17, 1e-13), ylim=(len(rows) + 0.5, 0.2), yticks=layers, ylabel="layer")
    panel.set_title("largest difference, relative to the gradient")
    panel.legend(loc="upper right", bbox_to_anchor=(1, -0.08))
    save(figure, path)


if __name__ == "__main__":
    main()
