r"""Networks learn real handwritten digits
======================================

Softmax regression and a network with one hidden layer, each with momentum and with Adam: their losses, their accuracy
on held-out digits, and their mistakes.

.. math::

    P = \mathrm{softmax}(X W^\top + b), \qquad
    \frac{\partial L}{\partial W} = (P - Y)^\top X, \qquad \frac{\partial L}{\partial b} = \mathbf 1^\top (P - Y)

The data are scikit-learn's 1,797 digits of 8×8 pixels. The study

1. compares the engine's gradient of softmax regression, summed over the samples, with the closed form above;
2. trains softmax regression and a sigmoid network with one hidden layer, each with momentum and with Adam;
3. prints loss and accuracy on the held-out fifth of the data;
4. draws loss curves, a confusion matrix, and the mistakes of the best network.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

import autograd_lite as al
from autograd_lite import data, nn, optim
from derivations.plain import softmax
from studies import BLUE, RED, Array, claim, digit_images, evaluated, parser, picture, save

Split = tuple[tuple[Array, ...], tuple[Array, ...]]


# %%
# The closed form
# ---------------


class Result(NamedTuple):
    """A trained network, its losses and its accuracy."""

    name: str
    model: nn.Module
    losses: list[float]
    test_loss: float
    accuracy: float


def closed_form_difference(x: Array, labels: Array) -> float:
    """The largest difference between the engine's gradient of softmax regression and the closed form, in float64."""
    x = x.astype(np.float64)
    model = nn.Linear(64, 10, dtype=np.float64, rng=0)
    loss = al.cross_entropy(model(x), labels, reduction="sum")
    loss.backward()

    p, y = softmax(x @ model.weight.data.T + model.bias.data), np.eye(10)[labels]
    differences = (model.weight.grad - (p - y).T @ x, model.bias.grad - (p - y).sum(axis=0))
    return max(float(np.abs(difference).max()) for difference in differences)


# %%
# Four trainings
# --------------


def evaluate(model: nn.Module, x: Array, labels: Array) -> tuple[float, float]:
    """Loss and accuracy."""
    logits = evaluated(model, x)
    return float(al.cross_entropy(logits, labels)), float((logits.argmax(axis=1) == labels).mean())


def train(name: str, model: nn.Module, optimizer: optim.Optimizer, split: Split, epochs: int, seed: int) -> Result:
    """Mini-batch training; the losses are those of the training data before each epoch and after the last."""
    training, test = split
    batches = data.Batches(*training, batch_size=32, rng=seed)
    losses = [evaluate(model, *training)[0]]
    with tqdm(range(epochs), desc=f"{name:34}", unit="epoch", leave=True) as progress:
        for _ in progress:
            for x, labels in batches:
                loss = al.cross_entropy(model(x), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses.append(evaluate(model, *training)[0])
            progress.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
    return Result(name, model, losses, *evaluate(model, *test))


def runs(split: Split, epochs: int, seed: int) -> list[Result]:
    """Both models with both optimizers, from the same initial weights."""

    def softmax_regression() -> nn.Module:
        return nn.Linear(64, 10, rng=seed)

    def multilayer_perceptron() -> nn.Module:
        rng = np.random.default_rng(seed)
        return nn.Sequential(nn.Linear(64, 64, rng=rng), nn.Sigmoid(), nn.Linear(64, 10, rng=rng))

    momentum = partial(optim.SGD, momentum=0.9)
    return [
        train(f"{name}, {way}", model := build(), optimizer(model.parameters(), lr=rate), split, epochs, seed)
        for name, build, way, optimizer, rate in (
            ("softmax regression", softmax_regression, "momentum", momentum, 0.05),
            ("softmax regression", softmax_regression, "Adam", optim.Adam, 0.005),
            ("sigmoid network 64-64-10", multilayer_perceptron, "momentum", momentum, 0.2),
            ("sigmoid network 64-64-10", multilayer_perceptron, "Adam", optim.Adam, 0.01),
        )
    ]


# %%
# The picture
# -----------


def draw(results: list[Result], best: Result, split: Split, path: Any) -> None:
    """Loss curves; the confusion matrix and the mistakes of the best network."""
    x, labels = split[1]
    probabilities = evaluated(lambda: al.softmax(best.model(x)))
    figure, body = picture(
        "Networks learn handwritten digits",
        r"\partial L / \partial W = (P - Y)^\top X",
        r"\partial L / \partial b = \mathbf{1}^\top (P - Y)",
        size=(13, 8.5),
    )
    upper, lower = body.subfigures(2, 1, height_ratios=[1.45, 1])
    curves, matrix = upper.subplots(1, 2, width_ratios=[1.5, 1])
    draw_curves(curves, results)
    draw_confusion(matrix, labels, probabilities.argmax(axis=1))
    matrix.set_title(f"Held out: {best.accuracy:.1%} right\n{best.name}")
    draw_mistakes(lower, x, labels, probabilities)
    save(figure, path)


def draw_curves(axes: Any, results: list[Result]) -> None:
    colours = {"softmax": BLUE, "sigmoid": RED}
    for result in results:
        style = "--" if result.name.endswith("Adam") else "-"
        axes.semilogy(result.losses, style, color=colours[result.name[:7]], label=result.name)
    axes.set(xlabel="epoch", ylabel="cross-entropy of the training data", title="Mini-batch training")
    axes.grid()
    axes.legend()


def draw_confusion(axes: Any, labels: Array, predicted: Array) -> None:
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, predicted), 1)
    axes.imshow(np.where(np.eye(10, dtype=bool), 0, confusion), cmap="Reds", vmin=0, vmax=max(3, confusion.min() + 1))
    for (i, j), number in np.ndenumerate(confusion):
        if number:
            axes.text(j, i, number, ha="center", va="center", color="#999999" if i == j else "black", fontsize=9)
    axes.set(xticks=range(10), yticks=range(10), xlabel="predicted", ylabel="true")


def draw_mistakes(figure: Any, x: Array, labels: Array, probabilities: Array) -> None:
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    wrong = wrong[np.argsort(-probabilities[wrong, predicted[wrong]])][:8]  # the most confident mistakes first
    figure.suptitle("Mistakes, with the predicted probabilities (red: true class)", fontsize=12)
    if not wrong.size:
        return
    images, bars = figure.subplots(2, wrong.size, height_ratios=[1.6, 1], squeeze=False)
    for i, image, bar in zip(wrong, images, bars, strict=True):
        image.imshow(x[i].reshape(8, 8), cmap="gray_r")
        image.set_title(f"{labels[i]} taken for {predicted[i]}", fontsize=10)
        image.set_axis_off()
        colours = ["#cc3311" if k == labels[i] else "#bbbbbb" for k in range(10)]
        bar.bar(range(10), probabilities[i], color=colours)
        bar.set(ylim=(0, 1), xticks=range(10), yticks=[])
        bar.tick_params(labelsize=7, length=0)


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> list[Result]:
    arguments_of = parser("digits", __doc__)
    arguments_of.add_argument("--epochs", type=int, default=60, help="passes over the training data (default 60)")
    options = arguments_of.parse_args(arguments)
    al.keep_freed_memory()
    split = tuple((images.reshape(-1, 64), labels) for images, labels in digit_images(options.seed))

    difference = closed_form_difference(*split[0])
    results = runs(split, min(options.epochs, 5) if options.quick else options.epochs, options.seed)
    best = max(results, key=lambda result: result.accuracy)
    draw(results, best, split, options.output)
    print(f"\n{'':36}{'training loss':>14}{'held-out loss':>15}{'held-out accuracy':>19}")
    for result in results:
        print(f"{result.name:36}{result.losses[-1]:14.4f}{result.test_loss:15.4f}{result.accuracy:19.4f}")
    claim(difference < 1e-10, f"the gradient is (P − Y)ᵀX and 1ᵀ(P − Y): differs by at most {difference:.1e}")
    return results


if __name__ == "__main__":
    main()
