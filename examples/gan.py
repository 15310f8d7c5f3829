r"""A generator learns to draw digits from a discriminator
======================================================

Noise becomes digits. The judge is a convolutional network that was trained on real digits only.

.. math::

    L_D = -\ln D(x) - \ln(1 - D(G(z))), \qquad L_G = -\ln D(G(z)), \qquad z \sim \mathcal N(0, I)

A generator G maps random numbers z to images; a discriminator D estimates the probability that an image is real. D is
trained to tell real from generated images, G to minimise −ln D(G(z)), which has a gradient even where D(G(z)) is near
0 (Goodfellow et al., "Generative adversarial nets", 2014, section 3). Labels of real images are 0.9 (Salimans et al.,
2016).

The convolutional network of ``convolution.py`` classifies the images. It must do so with high probabilities, all ten
classes must occur, and the images must not be copies of the training data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

import autograd_lite as al
from autograd_lite import data, nn, optim
from convolution import Network, probabilities, train_network
from studies import BLUE, GREY, RED, Array, claim, digit_images, evaluated, parser, picture, save, tiles

NOISE, WIDTH, BATCH = 16, 256, 64


# %%
# Two networks
# ------------


def generator(rng: np.random.Generator) -> nn.Module:
    """Noise (N, 16) to pixels (N, 64) between 0 and 1."""
    return nn.Sequential(
        nn.Linear(NOISE, WIDTH, rng=rng), nn.BatchNorm1d(WIDTH), nn.ReLU(),
        nn.Linear(WIDTH, WIDTH, rng=rng), nn.BatchNorm1d(WIDTH), nn.ReLU(),
        nn.Linear(WIDTH, 64, rng=rng), nn.Sigmoid(),
    )  # fmt: skip


def discriminator(rng: np.random.Generator) -> nn.Module:
    """Pixels (N, 64) to logits (N, 1) of the probability to be real."""
    return nn.Sequential(
        nn.Linear(64, WIDTH, rng=rng), nn.LeakyReLU(0.2), nn.Dropout(0.3, rng=rng),
        nn.Linear(WIDTH, WIDTH, rng=rng), nn.LeakyReLU(0.2), nn.Dropout(0.3, rng=rng),
        nn.Linear(WIDTH, 1, rng=rng),
    )  # fmt: skip


# %%
# The game
# --------
# In a move D learns from real images and from drawings without their graph. Then G learns from the gradient that
# passes through D.


def game(G: nn.Module, D: nn.Module, rate: float) -> tuple[Callable[..., Any], Callable[[float], None]]:
    """A function that updates both networks and returns both losses, and one that sets both learning rates."""
    players = [optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.999)) for network in (D, G)]
    loss = al.binary_cross_entropy_with_logits
    real, taken_for_real, drawn = (np.full((BATCH, 1), value, np.float32) for value in (0.9, 1.0, 0.0))

    def move(x: Any, z: Any) -> tuple[Any, Any]:
        drawing = G(z)
        players[0].zero_grad()
        loss_D = loss(D(2 * x - 1), real) + loss(D(2 * drawing.detach() - 1), drawn)
        loss_D.backward()
        players[0].step()
        players[1].zero_grad()
        loss_G = loss(D(2 * drawing - 1), taken_for_real)
        loss_G.backward()
        players[1].step()
        return loss_D, loss_G

    def set_rate(rate: float) -> None:
        for player in players:
            player.param_groups[0]["lr"] = rate

    return move, set_rate


# %%
# Measures of the drawings
# ------------------------


def draw_digits(G: nn.Module, z: Array) -> Array:
    """Images (N, 1, 8, 8)."""
    G.eval()
    images = evaluated(G, z).reshape(-1, 1, 8, 8)
    G.train()
    return images


def nearest(images: Array, others: Array) -> float:
    """The median distance to the nearest of the others."""
    a, b = images.reshape(-1, 64), others.reshape(-1, 64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return float(np.median(np.sqrt(np.maximum(squares, 0).min(axis=1))))


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("gan", __doc__).parse_args(arguments)
    al.keep_freed_memory()
    epochs, confident, least = (12, 0.5, 0) if options.quick else (200, 0.85, 0.03)
    rng = np.random.default_rng(options.seed)
    (images, labels), (held_out, _) = digit_images(options.seed)

    judge = Network(rng)
    train_network(judge, images, labels, 3 if options.quick else 12, rng, options.quick)

    G, D = generator(rng), discriminator(rng)
    move, set_rate = game(G, D, 1e-3)
    batches = data.Batches(images.reshape(-1, 64), batch_size=BATCH, drop_last=True, rng=rng)
    watched, snapshots, losses = rng.normal(size=(20, NOISE)).astype(np.float32), {}, []
    shown = {0, *np.geomspace(2, epochs, 5).astype(int).tolist()}
    for epoch in tqdm(range(epochs + 1), desc="generator and discriminator", unit="epoch", disable=options.quick):
        if epoch in shown:
            snapshots[epoch] = draw_digits(G, watched)
        if epoch < epochs:
            set_rate(1e-3 * (1 - epoch / epochs))
            for (x,) in batches:
                losses.append([part.item() for part in move(x, rng.normal(size=(BATCH, NOISE)).astype(np.float32))])

    drawings = draw_digits(G, rng.normal(size=(1000, NOISE)).astype(np.float32))
    p = probabilities(judge, drawings)
    counts = np.bincount(p.argmax(axis=1), minlength=10)
    confidence, of_real = float(p.max(axis=1).mean()), float(probabilities(judge, held_out).max(axis=1).mean())
    distance, of_new = nearest(drawings, images), nearest(held_out, images)
    draw(snapshots, drawings, p, np.array(losses), batches, options.output)

    print(f"\n1,000 drawings by class: {', '.join(f'{digit}: {n}' for digit, n in enumerate(counts))}")
    claim(confidence > confident, f"recognised with probability {confidence:.2f} (mean; real digits {of_real:.2f})")
    if not options.quick:
        claim(counts.min() > 1000 * least, f"all ten classes occur, each in more than {least:.0%} of the drawings")
        apart = f"the nearest real digit is {distance:.2f} away (median; from unseen real digits {of_new:.2f})"
        claim(distance > 0.8 * of_new, f"not copies: {apart}")
    return {"confidence": confidence, "least": int(counts.min()), "distance": distance, "of_new": of_new}


# %%
# The picture
# -----------


def draw(
    snapshots: dict[int, Array], drawings: Array, p: Array, losses: Array, batches: data.Batches, path: Any
) -> None:
    """The same noise over time, five images of each class, the losses, and the classes that occur."""
    figure, body = picture(
        "A generator learns to draw digits from a discriminator",
        r"L_D = -\ln D(x) - \ln(1 - D(G(z)))",
        r"L_G = -\ln D(G(z)),\;\; z \sim \mathcal{N}(0, I)",
        size=(13, 7),
    )
    left, right = body.subfigures(1, 2, width_ratios=[1.25, 1])
    above, below = left.subfigures(2, 1, height_ratios=[1.15, 1])
    above.suptitle("the same noise over time", fontsize=12)
    for panel, (epoch, images) in zip(above.subplots(len(snapshots), 1), snapshots.items(), strict=True):
        tiles(panel, images[:, 0], 20, vmin=0, vmax=1)
        panel.text(-0.01, 0.5, f"epoch {epoch}", transform=panel.transAxes, ha="right", va="center", fontsize=10)

    kinds, confidence = p.argmax(axis=1), p.max(axis=1)
    below.suptitle("at the end: the first five images recognised as each class", fontsize=12)
    for digit, panel in enumerate(below.subplots(1, 10)):
        chosen = np.flatnonzero(kinds == digit)[:5]
        wall = np.concatenate([drawings[chosen, 0], np.zeros((5 - len(chosen), 8, 8), np.float32)])
        tiles(panel, wall, 1, vmin=0, vmax=1)
        panel.set_title(digit, fontsize=11)

    curves, bars = right.subplots(2, 1)
    epochs = losses.reshape(-1, len(batches), 2).mean(axis=1)
    curves.plot(epochs[:, 0], color=BLUE, label="$L_D$")
    curves.plot(epochs[:, 1], color=RED, label="$L_G$")
    blind = -0.9 * np.log(0.45) - 0.1 * np.log(0.55) - np.log(0.55)
    curves.axhline(blind, color=GREY, ls=":", lw=1, label="$L_D$ of the best constant $D$")
    curves.set(xlabel="epochs", title="losses, the mean of each epoch")
    curves.grid()
    curves.legend()
    bars.bar(range(10), np.bincount(kinds, minlength=10), color="#d0ddea", label="all")
    bars.bar(range(10), np.bincount(kinds[confidence > 0.9], minlength=10), color=BLUE, label="with probability > 0.9")
    bars.set(xticks=range(10), xlabel="class, by a network that learned from real digits", title="1,000 drawings")
    bars.legend(loc="upper left", ncols=2)
    bars.set_ylim(0, 1.2 * bars.get_ylim()[1])
    save(figure, path)


if __name__ == "__main__":
    main()
