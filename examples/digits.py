"""Networks learn real handwritten digits from gradients that this engine derives.

The data are the 1,797 digits of 8×8 pixels that scikit-learn carries. The script

1. shows that the engine's gradient of softmax regression is the closed form: with P = softmax(X Wᵀ + b), summed over N
   samples, ∂L/∂W = (P − Y)ᵀ X and ∂L/∂b = 1ᵀ(P − Y);
2. trains softmax regression and a sigmoid network with one hidden layer, each with momentum and with Adam;
3. prints loss and accuracy on the held-out fifth of the data;
4. saves a picture: loss curves, confusion matrix, and the digits that the best network got wrong.

    python examples/digits.py
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from sklearn.datasets import load_digits
from tqdm import tqdm

import autograd_lite as al
from autograd_lite import data, nn, optim

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Split = tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]


class Result(NamedTuple):
    """A trained network and what it cost."""

    name: str
    model: nn.Module
    losses: list[float]
    test_loss: float
    accuracy: float


def closed_form_difference(x: np.ndarray, labels: np.ndarray) -> float:
    """The largest difference between the engine's gradient of softmax regression and the closed form, in float64."""
    model = nn.Linear(64, 10, dtype=np.float64, rng=0)
    loss = al.cross_entropy(model(x), labels, reduction="sum")
    loss.backward()

    logits = x @ model.weight.data.T + model.bias.data
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    y = np.eye(10)[labels]
    differences = (model.weight.grad - (p - y).T @ x, model.bias.grad - (p - y).sum(axis=0))
    return max(float(np.abs(difference).max()) for difference in differences)


def evaluate(model: nn.Module, x: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Loss and accuracy."""
    with al.no_grad():
        logits = model(x)
        return float(al.cross_entropy(logits, labels)), float((logits.argmax(axis=1) == labels).mean())


def train(name: str, model: nn.Module, optimizer: optim.Optimizer, split: Split, epochs: int, seed: int) -> Result:
    """Mini-batch training; the losses are those on the training part before each epoch and after the last."""
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
    """Both models with both optimizers, each from the same start."""

    def softmax_regression() -> nn.Module:
        return nn.Linear(64, 10, rng=seed)

    def multilayer_perceptron() -> nn.Module:
        rng = np.random.default_rng(seed)
        return nn.Sequential(nn.Linear(64, 64, rng=rng), nn.Sigmoid(), nn.Linear(64, 10, rng=rng))

    def momentum(model: nn.Module, lr: float) -> optim.Optimizer:
        return optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    results = []
    for name, build, rates in (
        ("softmax regression", softmax_regression, (0.05, 0.005)),
        ("sigmoid network 64-64-10", multilayer_perceptron, (0.2, 0.01)),
    ):
        model = build()
        results.append(train(f"{name}, momentum", model, momentum(model, rates[0]), split, epochs, seed))
        model = build()
        results.append(train(f"{name}, Adam", model, optim.Adam(model.parameters(), rates[1]), split, epochs, seed))
    return results


def draw(results: list[Result], best: Result, split: Split, path: Path) -> None:
    """Loss curves, the confusion matrix of the best network, and the digits it got wrong."""
    x, labels = split[1]
    with al.no_grad():
        probabilities = al.softmax(best.model(x)).numpy()
    predicted = probabilities.argmax(axis=1)

    figure = plt.figure(figsize=(13, 8), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.45, 1])
    curves, matrix = upper.subplots(1, 2, width_ratios=[1.5, 1])
    draw_curves(curves, results)
    draw_confusion(matrix, labels, predicted)
    matrix.set_title(f"Held out: {best.accuracy:.1%} right\n{best.name}")
    draw_mistakes(lower, x, labels, probabilities)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_curves(axes: Any, results: list[Result]) -> None:
    colours = {"softmax": "#4477aa", "sigmoid": "#cc6677"}
    for result in results:
        style = "--" if result.name.endswith("Adam") else "-"
        axes.semilogy(result.losses, style, color=colours[result.name[:7]], label=result.name, lw=2)
    axes.set(xlabel="epoch", ylabel="cross-entropy on the training part", title="Mini-batch training")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def draw_confusion(axes: Any, labels: np.ndarray, predicted: np.ndarray) -> None:
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, predicted), 1)
    axes.imshow(np.where(np.eye(10, dtype=bool), 0, confusion), cmap="Reds", vmin=0, vmax=max(3, confusion.min() + 1))
    for (i, j), number in np.ndenumerate(confusion):
        if number:
            axes.text(j, i, number, ha="center", va="center", color="#999999" if i == j else "black", fontsize=9)
    axes.set(xticks=range(10), yticks=range(10), xlabel="predicted", ylabel="true")


def draw_mistakes(figure: Any, x: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> None:
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    wrong = wrong[np.argsort(-probabilities[wrong, predicted[wrong]])][:8]  # the most confident mistakes first
    figure.suptitle("The digits it got wrong, with the probabilities it gave (red: true class)", fontsize=12)
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


def main(arguments: list[str] | None = None) -> list[Result]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=60, help="passes over the training part (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the start and the order (default 0)")
    parser.add_argument(
        "--output", type=Path, default=Path("examples/output/digits.png"), help="where the picture goes"
    )
    options = parser.parse_args(arguments)
    al.keep_freed_memory()

    pixels, labels = load_digits(return_X_y=True)
    x = (pixels / 16).astype(np.float32)
    split = data.train_test_split(x, labels, test_fraction=0.2, rng=options.seed)

    difference = closed_form_difference(*data.train_test_split(pixels / 16, labels, rng=options.seed)[0])
    print(
        f"gradient of softmax regression, engine against (P − Y)ᵀX and 1ᵀ(P − Y): differs by at most {difference:.1e}\n"
    )

    results = runs(split, options.epochs, options.seed)
    print(f"\n{'':36}{'training loss':>14}{'held-out loss':>15}{'held-out accuracy':>19}")
    for result in results:
        print(f"{result.name:36}{result.losses[-1]:14.4f}{result.test_loss:15.4f}{result.accuracy:19.4f}")

    best = max(results, key=lambda result: result.accuracy)
    draw(results, best, split, options.output)
    print(f"\npicture: {options.output}")
    return results


if __name__ == "__main__":
    main()
