r"""A convolutional network reads digits
====================================

The feature map of a filter shows where a digit resembles it: edges, strokes, corners.

.. math::

    z_k(i, j) = b_k + \sum_{u, v} w_k(u, v)\, x(i + u, j + v), \qquad a_k = \max(0, \mathrm{BN}(z_k))

Two convolutions of 3×3 pixels, each with batch normalisation and relu, max pooling and a linear layer learn from 1,438
real digits of 8×8 pixels; 359 others are held out. Random shifts by up to a pixel augment the data.

The result of a filter of the first layer is its feature map, the correlation of the image with the filter. The study
compares it with SciPy's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.signal import correlate2d

import autograd_lite as al
from autograd_lite import data, nn, optim
from studies import BLUE, GREY, RED, Array, claim, digit_images, evaluated, parser, picture, save, tiles, train

# %%
# The network
# -----------


class Network(nn.Module):
    """Images (N, 1, 8, 8) to the logits of ten classes (N, 10)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.convolution = nn.Conv2d(1, 16, 3, padding=1, rng=rng)
        self.features = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU())
        self.classes = nn.Sequential(
            nn.Conv2d(16, 32, 3, padding=1, rng=rng), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, 10, rng=rng),
        )  # fmt: skip

    def forward(self, images: Any) -> Any:
        return self.classes(self.features(self.convolution(images)))


# %%
# Training on shifted images
# --------------------------


def shifted(images: Array, rng: np.random.Generator) -> Array:
    """Each image moved by −1, 0 (most) or 1 pixel along both axes."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1))), (8, 8), (2, 3))
    down, right = rng.choice(3, (2, len(images)), p=[0.2, 0.6, 0.2])
    return np.ascontiguousarray(windows[np.arange(len(images)), :, down, right])


def train_network(
    network: Network, images: Array, labels: Array, epochs: int, rng: np.random.Generator, quiet: bool
) -> Array:
    """Train on shifted images by Adam; the mean loss of each epoch."""
    batches = data.Batches(images, labels, batch_size=32, drop_last=True, rng=rng)
    moved = ((shifted(batch, rng), targets) for _ in range(epochs) for batch, targets in batches)
    optimizer = optim.Adam(network.parameters(), lr=3e-3)

    def loss(images: Any, labels: Any) -> Any:
        return al.cross_entropy(network(images), labels)

    losses = train(loss, moved, epochs * len(batches), optimizer, "convolutions", quiet)
    network.eval()
    return losses.reshape(epochs, -1).mean(axis=1)


def probabilities(network: Network, images: Array) -> Array:
    """The probabilities (N, 10) of the ten classes."""
    return evaluated(lambda: al.softmax(network(images), axis=1))


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("convolution", __doc__).parse_args(arguments)
    al.keep_freed_memory()
    epochs, bound = (2, 0.95) if options.quick else (30, 0.985)
    (images, labels), (held_out, truth) = digit_images(options.seed)
    rng = np.random.default_rng(options.seed)

    network = Network(rng)
    losses = train_network(network, images, labels, epochs, rng, options.quick)
    p = probabilities(network, held_out)
    raw = evaluated(network.convolution, held_out)
    maps = evaluated(network.features, raw)
    draw(network, held_out, truth, maps, p, losses, options.output)

    filters, biases = network.convolution.weight.data[:, 0], network.convolution.bias.data
    by_scipy = [[correlate2d(x[0], w, "same") + b for w, b in zip(filters, biases, strict=True)] for x in held_out]
    difference = float(np.abs(raw - by_scipy).max())
    wrong = int((p.argmax(axis=1) != truth).sum())
    accuracy = 1 - wrong / len(truth)
    print(f"\n{epochs} epochs: loss {losses[0]:.3f} to {losses[-1]:.3f}")
    claim(difference < 1e-5, f"feature maps are correlations with the filters, as SciPy's to {difference:.0e}")
    claim(accuracy >= bound, f"held-out accuracy {accuracy:.4f}, at least {bound}: {wrong} of {len(truth)} wrong")
    return {"accuracy": accuracy, "difference": difference, "loss": float(losses[-1])}


# %%
# The picture
# -----------


def draw(network: Network, images: Array, labels: Array, maps: Array, p: Array, losses: Array, path: Any) -> None:
    """The filters, the feature maps of three digits, the loss, and the hardest held-out digits."""
    figure, body = picture(
        "A convolutional network reads digits",
        r"z_k(i, j) = b_k + \sum_{u,v}\, w_k(u, v)\, x(i + u, j + v)",
        r"a_k = \max(0, \mathrm{BN}(z_k))",
        size=(12, 8),
    )
    left, right = body.subfigures(1, 2, width_ratios=[1.5, 1])
    panels = left.subplots(4, 2, width_ratios=[1, 4.5])
    filters = network.convolution.weight.data[:, 0]
    tiles(panels[0, 1], filters, 8, cmap="RdBu_r", vmin=-np.abs(filters).max(), vmax=np.abs(filters).max())
    panels[0, 0].text(0.5, 0.5, "16 filters\nred: +\nblue: −", ha="center", va="center", fontsize=11)
    panels[0, 0].set_axis_off()
    for (image, of_each), digit in zip(panels[1:], (0, 3, 7), strict=True):
        i = int(np.flatnonzero(labels == digit)[0])
        tiles(image, images[i], 1)
        tiles(of_each, maps[i], 8, cmap="Blues", vmin=0)
    panels[0, 1].set_title("the learned filters, and below what each makes of a digit: its feature map")

    above, below = right.subfigures(2, 1, height_ratios=[1, 1.1])
    panel = above.subplots()
    panel.semilogy(np.arange(1, len(losses) + 1), losses, color=BLUE)
    panel.set(xlabel="epochs", title="cross-entropy of the training part")
    panel.grid()
    below.suptitle("the least certain of the true class, of those held out", fontsize=12)
    hardest = np.argsort(p[np.arange(len(labels)), labels])[:8]
    for panel, i in zip(below.subplots(2, 4).flat, hardest, strict=True):
        guess = p[i].argmax()
        panel.imshow(images[i, 0], cmap="gray_r")
        panel.set_axis_off()
        right_or_wrong = GREY if guess == labels[i] else RED
        panel.set_title(f"{labels[i]}: read {guess}, {p[i, guess]:.0%}", fontsize=9, color=right_or_wrong)
    save(figure, path)


if __name__ == "__main__":
    main()
