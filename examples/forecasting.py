r"""A convolutional network forecasts advection and diffusion
=========================================================

From the flow, the network computes the share of each cell's content that goes to each cell around it. So the total is
conserved and no error is amplified, even 30 frames ahead.

.. math::

    u_t + v \cdot \nabla u = \kappa\, \Delta u, \qquad u^+(x) = \sum_k p_k(x - k)\, u(x - k), \qquad
    p = \mathrm{softmax}(N_\theta(v))

The concentration u is on a square with periodic boundaries. The flow v is a random, steady pattern of eddies without
sources, different in each simulation; a pseudo-spectral method with Runge–Kutta steps makes the data. The network
computes for each cell x the shares p(x) of its content that are one frame later in the 25 cells x + k around it. The
arrow in the picture is the flow where the shares are shown.

Like the equation this is linear in u and conserves the total. The shares are positive and sum to one, so no error is
amplified when forecasts are fed back. Training uses six frames in a row, each forecast from the forecast before, so the
gradient passes through six steps. The test forecasts 30 frames, for flows that were not in the training data. The
baseline is persistence: the forecast that nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd_lite as al
from autograd_lite import nn, optim
from studies import BLUE, GREY, RED, Array, claim, evaluated, parser, picture, save, train

SIZE, DIFFUSION, SPEED = 24, 0.15, 0.6  # κ in cells² per frame; root mean square of v in cells per frame
AROUND = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)]
WAVES = np.fft.fftfreq(SIZE) * SIZE
KY, KX = 2 * np.pi / SIZE * np.stack(np.meshgrid(WAVES, WAVES, indexing="ij"))
RESOLVED = (abs(WAVES[:, None]) <= SIZE / 3) & (abs(WAVES) <= SIZE / 3)  # products of other waves would alias


# %%
# The data: flows, clouds and their simulation
# --------------------------------------------


def derivative(u: Array, k: Array) -> Array:
    return np.fft.ifft2(1j * k * np.fft.fft2(u)).real


def flows(count: int, rng: np.random.Generator) -> Array:
    """Eddies (count, 2, n, n): v = (−∂ψ/∂x, ∂ψ/∂y) of random stream functions ψ, so that ∇·v = 0."""
    large = (abs(WAVES[:, None]) <= 2) & (abs(WAVES) <= 2)
    stream = np.fft.ifft2(np.fft.fft2(rng.normal(size=(count, SIZE, SIZE))) * large).real
    v = np.stack([-derivative(stream, KX), derivative(stream, KY)], axis=1)
    return v * SPEED / np.sqrt((v**2).sum(axis=1).mean(axis=(1, 2)) / 2)[:, None, None, None]


def clouds(count: int, rng: np.random.Generator) -> Array:
    """Fields (count, n, n) of three Gaussian clouds."""
    cells, u = np.arange(SIZE), np.zeros((count, SIZE, SIZE))
    for _ in range(3):
        y, x = rng.uniform(0, SIZE, (2, count, 1, 1))
        radius, height = rng.uniform(1.5, 2.5, (count, 1, 1)), rng.uniform(0.5, 1, (count, 1, 1))
        dy, dx = ((part + SIZE / 2) % SIZE - SIZE / 2 for part in (cells[:, None] - y, cells - x))
        u += height * np.exp(-(dy**2 + dx**2) / (2 * radius**2))
    return u


def simulate(u: Array, v: Array, frames: int, steps: int = 4) -> Array:
    """The frames (count, frames, n, n) from the first on, by the classical Runge–Kutta method."""

    def rate(u: Array) -> Array:
        transport = -v[:, 0] * derivative(u, KY) - v[:, 1] * derivative(u, KX)
        spectrum = np.fft.fft2(transport) - DIFFUSION * (KY**2 + KX**2) * np.fft.fft2(u)
        return np.fft.ifft2(spectrum * RESOLVED).real

    h, result = 1 / steps, [u]
    for _ in range(frames - 1):
        for _ in range(steps):
            k1 = rate(u)
            k2 = rate(u + h / 2 * k1)
            k3 = rate(u + h / 2 * k2)
            k4 = rate(u + h * k3)
            u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        result.append(u)
    return np.stack(result, axis=1)


# %%
# The network
# -----------
# It sees the flow, not the concentration. A softmax makes the shares.


class Forecaster(nn.Module):
    """A flow (N, 2, n, n) to the shares (N, 25, n, n) of each cell's content that go to the cells around it."""

    def __init__(self, channels: int, rng: np.random.Generator) -> None:
        self.logits = nn.Sequential(
            nn.Conv2d(2, channels, 3, padding=1, padding_mode="circular", rng=rng), nn.SiLU(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="circular", rng=rng), nn.SiLU(),
            nn.Conv2d(channels, len(AROUND), 1, rng=rng),
        )  # fmt: skip

    def forward(self, v: Any) -> Any:
        return al.softmax(self.logits(v), axis=1)

    def forecast(self, u: Any, v: Any, steps: int) -> Any:
        """The next frames (N, steps, n, n) after u (N, 1, n, n), each from the one before."""
        shares, frames = self(v), []
        of_each = [shares[:, k : k + 1] for k in range(len(AROUND))]
        for _ in range(steps):
            u = sum(np.roll(share * u, k, axis=(2, 3)) for share, k in zip(of_each, AROUND, strict=True))
            frames.append(u)
        return np.concatenate(frames, axis=1)


def passages(u: Array, v: Array, steps: int, rng: np.random.Generator) -> Iterator[tuple[Array, ...]]:
    """Batches from random times of the simulations: a frame, the flow, and the frames that follow."""
    while True:
        chosen, start = rng.integers(0, len(u), 16), rng.integers(0, u.shape[1] - steps, 16)
        frames = u[chosen[:, None], start[:, None] + np.arange(steps + 1)]
        yield frames[:, :1].copy(), v[chosen], frames[:, 1:].copy()


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("forecasting", __doc__).parse_args(arguments)
    al.keep_freed_memory()
    quick = options.quick
    simulations, unseen, updates, rollout, ahead = (30, 10, 40, 1, 5) if quick else (200, 50, 400, 6, 30)
    rng = np.random.default_rng(options.seed)

    v = flows(unseen + simulations, rng)
    u = simulate(clouds(simulations, rng), v[unseen:], 8 if quick else 16).astype(np.float32)
    truth = simulate(clouds(unseen, rng), v[:unseen], ahead + 1).astype(np.float32)
    v = v.astype(np.float32)

    network = Forecaster(16, rng)

    def loss(now: Any, v: Any, after: Any) -> Any:
        return al.mse_loss(network.forecast(now, v, rollout), after)

    optimizer = optim.Adam(network.parameters(), lr=1e-2)
    losses = train(loss, passages(u, v[unseen:], rollout, rng), updates, optimizer, "forecaster", quick)
    now, v = truth[:, :1], v[:unseen]
    shares, forecast = evaluated(network, v), evaluated(network.forecast, now, v, ahead)
    errors, persistence = (np.sqrt(((u - truth[:, 1:]) ** 2).mean(axis=(0, 2, 3))) for u in (forecast, now))
    draw(truth, forecast, v, shares, losses, errors, persistence, options.output)

    columns = [n for n in (1, 5, 10, 20, 30) if n <= ahead]
    print(f"\n{'root mean square error after':30}" + "".join(f"{n:>9}" for n in columns) + "  frames")
    for name, values in (("network", errors), ("persistence", persistence)):
        print(f"{name:30}" + "".join(f"{values[n - 1]:9.4f}" for n in columns))
    worst, bound = float((errors / persistence).max()), 0.6 if quick else 0.25
    totals = now.sum(axis=(1, 2, 3))[:, None]
    lost = float(abs(forecast.sum(axis=(2, 3)) / totals - 1).max())
    claim(
        worst < bound, f"1 to {ahead} frames ahead: at most {worst:.2f} times the error of persistence, below {bound}"
    )
    claim(lost < 1e-4, f"the total is conserved: its relative change in {ahead} frames is {lost:.0e}")
    return {"worst": worst, "last": float(errors[-1] / persistence[-1]), "lost": lost}


# %%
# The picture
# -----------


def draw(
    truth: Array, forecast: Array, v: Array, shares: Array, losses: Array, errors: Array, persistence: Array,
    path: Any,
) -> None:  # fmt: skip
    """One simulation with its flow and its forecast; errors against frames ahead; the loss."""
    figure, body = picture(
        "A convolutional network forecasts advection and diffusion",
        r"u_t + v \cdot \nabla u = \kappa\,\Delta u",
        r"u^{+}(x) = \sum_k\, p_k(x - k)\, u(x - k)",
        r"p = \mathrm{softmax}(N_\theta(v))",
        size=(13, 6.6),
    )
    left, right = body.subfigures(1, 2, width_ratios=[1.9, 1])
    steps = forecast.shape[1]
    shown = np.unique(np.geomspace(1, steps, 5).round().astype(int))
    panels = left.subplots(3, len(shown) + 1)
    top = truth[0].max()
    style = {"vmin": 0, "vmax": top, "origin": "lower"}
    panels[0, 0].imshow(truth[0, 0], cmap="magma_r", **style)
    panels[0, 0].set_title("now")
    cells = np.arange(0, SIZE, 2)
    panels[1, 0].quiver(cells, cells, v[0, 1, ::2, ::2], v[0, 0, ::2, ::2], color=BLUE)
    panels[1, 0].set(title="the flow", aspect="equal")
    y, x = np.unravel_index((v[0] ** 2).sum(axis=0).argmax(), (SIZE, SIZE))
    panels[2, 0].imshow(shares[0, :, y, x].reshape(5, 5), cmap="Blues", vmin=0, origin="lower", extent=(-2.5, 2.5) * 2)
    panels[2, 0].annotate("", v[0, ::-1, y, x], (0, 0), arrowprops={"arrowstyle": "->", "color": RED, "lw": 2})
    panels[2, 0].set_title("shares, where\nit is fastest", fontsize=10)
    for column, n in zip(panels[:, 1:].T, shown, strict=True):
        column[0].imshow(truth[0, n], cmap="magma_r", **style)
        column[1].imshow(forecast[0, n - 1], cmap="magma_r", **style)
        column[2].imshow(5 * (forecast[0, n - 1] - truth[0, n]), cmap="RdBu_r", **{**style, "vmin": -top})
        column[0].set_title(f"{n} frame{'s' if n > 1 else ''} on")
    for panel in panels.flat:
        panel.set(xticks=[], yticks=[])
    for panel, name in zip(panels[:, 1], ("simulation", "forecast", "5 × difference"), strict=True):
        panel.set_ylabel(name)

    curves, loss = right.subplots(2, 1)
    ahead = np.arange(1, steps + 1)
    curves.semilogy(ahead, persistence, color=GREY, label="persistence")
    curves.semilogy(ahead, errors, color=RED, label="network")
    curves.set(xlabel="frames ahead", title=f"root mean square error, {len(truth)} unseen flows")
    curves.legend(loc="center right")
    curves.grid()
    loss.semilogy(losses, color=BLUE, lw=0.8)
    loss.set(xlabel="updates", title="mean squared error in training")
    loss.grid()
    save(figure, path)


if __name__ == "__main__":
    main()
