r"""An autoencoder draws digits from two numbers
============================================

Without labels, the network places the classes in different regions of the plane, and decodes the points between them.

.. math::

    z = e_\theta(x) \in \mathbb R^k, \qquad
    \min_{\theta, \varphi}\, \frac1n \sum_i \Vert d_\varphi(e_\theta(x_i)) - x_i \Vert^2

An encoder maps the 64 pixels of a digit to k numbers, a decoder maps these back, and both are trained on the squared
error. If both were linear, the best result would be the projection on the first k principal components. On held-out
digits, the network's error is well below that of PCA of the same size.

The picture shows the plane of the two numbers, coloured by the class of the digits, which was not used in training, and
the decoder's images across the plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patheffects import withStroke

import autograd_lite as al
from autograd_lite import data, nn, optim
from studies import Array, claim, digit_images, evaluated, parser, picture, plt, save, tiles, train

SIZES = (2, 16)


# %%
# The network
# -----------
# The batch normalisation without weights keeps the codes around 0, so the plane can be drawn.


class Autoencoder(nn.Module):
    """Pixels (N, 64) to codes (N, k) of mean 0 and variance 1, and back."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.encoder = nn.Sequential(
            nn.Linear(64, 128, rng=rng), nn.SiLU(), nn.Linear(128, 64, rng=rng), nn.SiLU(),
            nn.Linear(64, size, rng=rng), nn.BatchNorm1d(size, affine=False),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(size, 64, rng=rng), nn.SiLU(), nn.Linear(64, 128, rng=rng), nn.SiLU(),
            nn.Linear(128, 64, rng=rng), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))


def train_model(model: Autoencoder, x: Array, epochs: int, rng: np.random.Generator, quiet: bool) -> None:
    """Train by Adam on the squared error."""
    batches = data.Batches(x, batch_size=64, drop_last=True, rng=rng)
    epochs_of_batches = (batch for _ in range(epochs) for batch in batches)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)

    def loss(x: Any) -> Any:
        return al.mse_loss(model(x), x)

    train(loss, epochs_of_batches, epochs * len(batches), optimizer, "autoencoder", quiet)
    model.eval()


# %%
# The best linear maps, for comparison
# ------------------------------------


def principal_components(x: Array, size: int) -> tuple[Array, Array]:
    """The mean, and the directions (size, 64) of largest variance."""
    mean = x.mean(axis=0)
    return mean, np.linalg.svd(x - mean, full_matrices=False)[2][:size]


def project(x: Array, mean: Array, directions: Array) -> Array:
    """The nearest points in the plane of the directions."""
    return mean + (x - mean) @ directions.T @ directions


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("autoencoder", __doc__).parse_args(arguments)
    al.keep_freed_memory()
    epochs = 15 if options.quick else 150
    rng = np.random.default_rng(options.seed)
    (images, labels), (held_out, _) = digit_images(options.seed)
    x, unseen = images.reshape(-1, 64), held_out.reshape(-1, 64)

    models = {size: Autoencoder(size, rng) for size in SIZES}
    for model in models.values():
        train_model(model, x, epochs, rng, options.quick)

    drawn, errors = {"original": unseen}, {}
    for size, model in models.items():
        drawn[f"network, {size}"] = evaluated(model, unseen)
        drawn[f"PCA, {size}"] = project(unseen, *principal_components(x, size))
        for name in (f"network, {size}", f"PCA, {size}"):
            errors[name] = float(((drawn[name] - unseen) ** 2).mean())
    draw(models[2], x, labels, drawn, errors, options.output)

    print(f"\n{'mean squared error, held out':30}{'network':>9}{'PCA':>9}")
    for size in SIZES:
        network, pca = errors[f"network, {size}"], errors[f"PCA, {size}"]
        print(f"{f'{size} numbers':30}{network:9.4f}{pca:9.4f}")
    for size, share in ((2, 0.9 if options.quick else 0.75), *([] if options.quick else [(16, 0.9)])):
        network, pca = errors[f"network, {size}"], errors[f"PCA, {size}"]
        claim(network < share * pca, f"{size} numbers: {network / pca:.2f} times the error of PCA, below {share}")
    return errors


# %%
# The picture
# -----------


def draw(
    model: Autoencoder, x: Array, labels: Array, drawn: dict[str, Array], errors: dict[str, float], path: Any
) -> None:
    figure, body = picture(
        "An autoencoder draws digits from two numbers",
        r"z = e_\theta(x) \in \mathbb{R}^k",
        r"\min_{\theta,\varphi}\, \frac{1}{n} \sum_i\, \Vert d_\varphi(e_\theta(x_i)) - x_i \Vert^2",
        size=(13, 7.2),
    )
    left, right = body.subfigures(1, 2, width_ratios=[1.05, 1])
    codes = evaluated(model.encoder, x)
    low, high = codes.min(axis=0) - 0.1, codes.max(axis=0) + 0.1

    plane = left.subplots()
    plane.scatter(*codes.T, c=labels, s=9, cmap="tab10", vmin=-0.5, vmax=9.5)
    for digit in range(10):
        middle = np.median(codes[labels == digit], axis=0)
        label = plane.text(*middle, digit, fontsize=20, weight="bold", ha="center", va="center")
        label.set(color=plt.get_cmap("tab10")(digit), path_effects=[withStroke(linewidth=4, foreground="white")])
    plane.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="$z_1$", ylabel="$z_2$")
    plane.set_title("the plane of the two numbers, coloured by class")

    above, below = right.subfigures(2, 1, height_ratios=[1, 1.25])
    for panel, (name, images) in zip(above.subplots(len(drawn), 1), drawn.items(), strict=True):
        tiles(panel, images[:12].reshape(-1, 8, 8), 12, vmin=0, vmax=1)
        error = f"\nerror {errors[name]:.4f}" if name in errors else ""
        panel.text(-0.02, 0.5, name + error, transform=panel.transAxes, ha="right", va="center", fontsize=10)
    z = np.stack(np.meshgrid(np.linspace(low[0], high[0], 15), np.linspace(high[1], low[1], 9)), axis=-1)
    between = evaluated(model.decoder, z.reshape(-1, 2).astype(np.float32))
    panel = below.subplots()
    tiles(panel, between.reshape(-1, 8, 8), 15, vmin=0, vmax=1)
    panel.set_title("the decoder's images across the same plane")
    save(figure, path)


if __name__ == "__main__":
    main()
