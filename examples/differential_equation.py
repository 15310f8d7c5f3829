r"""A network solves Burgers' equation from its residual
====================================================

Training uses no solution. The loss contains derivatives of the network with respect to its inputs and is differentiated
once more with respect to its weights.

.. math::

    \begin{gathered}
    u_t + u\,u_x = \nu\,u_{xx}, \qquad u = -\sin \pi x + t (1 - x^2) N_\theta(x, t), \\
    \min_\theta\, \frac1n \sum_i (u_t + u\,u_x - \nu\,u_{xx})^2 (x_i, t_i)
    \end{gathered}

The equation, with u(x, 0) = −sin πx and u(±1, t) = 0, steepens the sine to a front. The function u has these initial
and boundary values for every network N, so only the equation has to be fitted. The loss is the mean squared residual
at random points: ``grad`` with ``create_graph=True``, then ``backward``. SciPy's L-BFGS minimises it. The exact
solution, by the integral of Cole and Hopf, measures the error afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

import autograd_lite as al
from autograd_lite import Tensor, grad, nn
from progress import Progress
from studies import BLUE, COLOURS, Array, claim, evaluated, parser, picture, save

# %%
# A function with the right initial and boundary values
# -----------------------------------------------------


class Solution(nn.Module):
    """u(x, t) = −sin πx + t (1 − x²) N(x, t)."""

    def __init__(self, width: int, rng: np.random.Generator) -> None:
        self.network = nn.Sequential(
            nn.Linear(2, width, rng=rng), nn.Tanh(),
            nn.Linear(width, width, rng=rng), nn.Tanh(),
            nn.Linear(width, 1, rng=rng),
        ).astype(np.float64)  # fmt: skip

    def forward(self, x: Any, t: Any) -> Any:
        return -np.sin(np.pi * x) + t * (1 - x * x) * self.network(al.stack([x, t], axis=1)).reshape(-1)


# %%
# The residual, and training on it
# --------------------------------
# The inner ``grad`` keeps its graph, so that the loss can be differentiated with respect to the weights.


def residual(u: nn.Module, x: Array, t: Array, viscosity: float) -> Tensor:
    """u_t + u u_x − ν u_xx at each point. The gradient of a sum over points holds the derivative at each point."""
    x, t = Tensor(x, requires_grad=True), Tensor(t, requires_grad=True)
    value = u(x, t)
    u_x, u_t = grad(value.sum(), [x, t], create_graph=True)
    u_xx = grad(u_x.sum(), x, create_graph=True)
    return u_t + value * u_x - viscosity * u_xx


def solve(u: nn.Module, x: Array, t: Array, viscosity: float, steps: int, quiet: bool) -> list[float]:
    """Minimise the mean squared residual over all weights as one vector; the loss of each step."""
    parameters = list(u.parameters())

    def assign(weights: Array) -> None:
        ends = np.cumsum([parameter.size for parameter in parameters])
        for parameter, part in zip(parameters, np.split(weights, ends[:-1]), strict=True):
            parameter.data[...] = part.reshape(parameter.shape)

    def loss_and_gradient(weights: Array) -> tuple[float, Array]:
        assign(weights)
        u.zero_grad()
        loss = (residual(u, x, t, viscosity) ** 2).mean()
        loss.backward()
        return float(loss), np.concatenate([parameter.grad.ravel() for parameter in parameters])

    with Progress("L-BFGS", steps, "step", quiet) as report:

        def note(intermediate_result: Any) -> None:
            report(intermediate_result.fun)

        start = np.concatenate([parameter.data.ravel() for parameter in parameters])
        options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": 50, "ftol": 0, "gtol": 0}
        found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", callback=note, options=options)
    assign(found.x)
    return report.values


# %%
# The exact solution
# ------------------
# It is used only to measure the error.


def exact(x: Array, t: Array, viscosity: float) -> Array:
    """The Cole–Hopf solution, a ratio of two Gaussian integrals, by Gauss–Hermite quadrature."""
    nodes, weights = np.polynomial.hermite.hermgauss(120)
    y = x[..., None] - np.sqrt(4 * viscosity * t[..., None]) * nodes
    f = weights * np.exp(-(1 + np.cos(np.pi * y)) / (2 * np.pi * viscosity))
    return -(f * np.sin(np.pi * y)).sum(axis=-1) / f.sum(axis=-1)


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("differential_equation", __doc__).parse_args(arguments)
    viscosity, width, points, steps = (0.1, 12, 200, 250) if options.quick else (0.02, 20, 1000, 2000)
    bound = 1e-1 if options.quick else 1e-2
    rng = np.random.default_rng(options.seed)

    u = Solution(width, rng)
    losses = solve(u, rng.uniform(-1, 1, points), rng.uniform(0, 1, points), viscosity, steps, options.quick)

    x, t = np.meshgrid(np.linspace(-1, 1, 201), np.linspace(0, 1, 101))
    truth = exact(x, t, viscosity)
    found = evaluated(u, x.ravel(), t.ravel()).reshape(x.shape)
    draw(x, t, found, truth, losses, viscosity, options.output)

    error = float(np.linalg.norm(found - truth) / np.linalg.norm(truth))
    largest = float(np.abs(found - truth).max())
    print(f"\nν = {viscosity}, {points} points, {len(losses)} steps: mean square of the residual {losses[-1]:.1e}")
    claim(error < bound, f"relative L² error {error:.1e}, below {bound:g}; largest error {largest:.1e}")
    return {"error": error, "largest": largest}


# %%
# The picture
# -----------


def draw(x: Array, t: Array, found: Array, truth: Array, losses: list[float], viscosity: float, path: Any) -> None:
    figure, body = picture(
        "A network solves Burgers' equation from its residual",
        rf"u_t + u\,u_x = \nu\,u_{{xx}},\;\; \nu = {viscosity}",
        r"u = -\sin \pi x + t\,(1 - x^2)\,N_\theta(x, t)",
        r"L(\theta) = \frac{1}{n} \sum_i\, (u_t + u\,u_x - \nu\,u_{xx})^2(x_i, t_i)",
        size=(13, 6.5),
    )
    panels = body.subplots(2, 2, width_ratios=[1.3, 1])
    for panel, values, title, colours in (
        (panels[0, 0], found, "$u(x, t)$, the network", {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}),
        (panels[1, 0], np.abs(found - truth), "its distance from the exact solution", {"cmap": "Reds", "vmin": 0}),
    ):
        image = panel.pcolormesh(t, x, values, shading="gouraud", rasterized=True, **colours)
        body.colorbar(image, ax=panel)
        panel.set(xlabel="$t$", ylabel="$x$", title=title)
    for row, colour in zip((0, 25, 50, 100), COLOURS, strict=False):
        panels[0, 1].plot(x[row], found[row], color=colour, label=f"$t = {t[row, 0]:g}$")
        panels[0, 1].plot(x[row][::5], truth[row][::5], "o", color="black", mfc="none", ms=3.5, mew=0.7)
    panels[0, 1].plot([], [], "o", color="black", mfc="none", ms=3.5, mew=0.7, label="exact")
    panels[0, 1].set(xlabel="$x$", ylim=(-1.4, 1.15), title="$u(x, t)$, network and exact")
    panels[0, 1].legend(loc="lower left")
    panels[1, 1].semilogy(losses, color=BLUE, lw=1.2)
    panels[1, 1].set(xlabel="steps of L-BFGS", title="mean square of the residual")
    panels[1, 1].grid()
    save(figure, path)


if __name__ == "__main__":
    main()
