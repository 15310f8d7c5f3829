r"""A gradient, printed as mathematics
==================================

``derive`` runs the derivative rules of the engine on symbols and prints the recursion of back-propagation.

.. math::

    \frac{\partial L}{\partial Z^{(2)}} = \frac1N \Delta^{(2)}, \quad \Delta^{(2)} = P - Y, \qquad
    \Delta^{(1)} = (\Delta^{(2)} W^{(2)}) \odot A^{(1)} \odot (1 - A^{(1)})

The rules are those of the recorded operations, on symbols instead of arrays. Every formula is evaluated and compared
with the gradient that the engine computes before it is shown. The study prints the derivations of softmax regression,
of a network and of least squares, and draws the one of the network beside the graph that it was read from. The page
``docs/derive.md`` explains how it works.
"""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

import numpy as np

from autograd_lite import Tensor, cross_entropy, derive, nn
from studies import BLUE, GREY, RED, claim, parser, picture, save

rng = np.random.default_rng(0)


# %%
# Three derivations
# -----------------
# Each function is an ordinary program. ``derive`` reads the graph of its loss.


def network() -> Any:
    X = rng.normal(size=(32, 64))
    y = rng.integers(0, 10, 32)
    model = nn.Sequential(
        nn.Linear(64, 16, rng=rng),
        nn.Sigmoid(),
        nn.Linear(16, 10, rng=rng),
    )
    loss = cross_entropy(model(X), y)
    return derive(loss, model)


def softmax_regression() -> Any:
    X, y = Tensor(rng.normal(size=(32, 64)), name="X"), rng.integers(0, 10, 32)
    W = Tensor(np.zeros((64, 10)), requires_grad=True, name="W")
    b = Tensor(np.zeros(10), requires_grad=True, name="b")
    return derive(cross_entropy(X @ W + b, y, reduction="sum"))


def least_squares() -> Any:
    X, y = rng.normal(size=(32, 5)), Tensor(rng.normal(size=32), name="y")
    w = Tensor(np.ones(5), requires_grad=True, name="w")
    prediction = X @ w
    prediction.name = "ŷ"
    return derive(np.mean((prediction - y) ** 2) + 0.1 * np.sum(w**2))


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, str]:
    options = parser("derive", __doc__).parse_args(arguments)
    derivation = network()
    draw(derivation, options.output)
    for title, shown in (
        ("Softmax regression, summed over 32 samples", softmax_regression()),
        ("One hidden layer of sigmoids, the mean over samples", derivation),
        ("Least squares with weight decay", least_squares()),
    ):
        print(f"\n{title}\n\n{shown}")
    print()
    found = {name: derivation[name].formula for name in ("Δ⁽²⁾", "Δ⁽¹⁾")}
    claim(found["Δ⁽²⁾"] == "P − Y", f"the error of the last layer is {found['Δ⁽²⁾']}")
    claim(found["Δ⁽¹⁾"] == "(Δ⁽²⁾ W⁽²⁾) ⊙ A⁽¹⁾ ⊙ (1 − A⁽¹⁾)", f"the recursion of back-propagation: {found['Δ⁽¹⁾']}")
    return found


# %%
# The picture
# -----------


def equations(derivation: Any) -> dict[str, str]:
    """The lines of a derivation in LaTeX, by what they define or derive."""
    lines = derivation.latex().split("\n", 1)[1].rsplit("\n", 1)[0].split(" \\\\\n")
    lines = [line.split("&&")[0].replace("&", "").strip() for line in lines][-len(derivation.steps) :]
    return {step.gradient or step.left: line for step, line in zip(derivation.steps, lines, strict=True)}


def draw(derivation: Any, path: Any) -> None:
    """The program, its graph from the data down to the loss, and the gradients from the loss up to the weights."""
    figure, body = picture(
        "A gradient, printed as mathematics",
        r"\mathrm{A\ derivative\ rule\ is\ a\ NumPy\ function:\ arrays\ give\ numbers,\ symbols\ give\ formulas}",
        size=(13, 5.6),
    )
    panel = body.subplots()
    panel.set(xlim=(0, 13), ylim=(0, 4.7))
    panel.set_axis_off()
    lines = equations(derivation)

    def formula(x: float, y: float, *names: str, colour: str | None = None, fill: str = "white") -> None:
        box = {"boxstyle": "round,pad=0.4", "fc": fill, "ec": colour, "lw": 1.3} if colour else None
        mathematics = r",\quad ".join(lines[name] for name in names)
        panel.text(x, y, f"${mathematics}$", fontsize=13, ha="center", va="center", bbox=box)

    def path_of_arrow(colour: str, *corners: tuple[float, float]) -> None:
        panel.plot(*zip(*corners, strict=True), color=colour, lw=1.6)
        panel.annotate("", corners[-1], corners[-2], arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6})

    for x, title, colour in ((0.1, "program", "black"), (4.8, "graph", BLUE), (8.0, "derivation", RED)):
        panel.text(x, 4.45, title, fontsize=13, weight="bold", color=colour)
    source = textwrap.dedent(inspect.getsource(network).split("\n", 1)[1])
    panel.text(0.1, 4.0, source, family="monospace", fontsize=9.5, va="top", linespacing=1.6)
    panel.text(0.1, 1.0, "Each formula is evaluated and compared with\nthe engine's gradient before it is printed.",
               fontsize=10.5, color="#555555")  # fmt: skip

    rows = (3.75, ("Z⁽¹⁾",), "linear"), (2.65, ("A⁽¹⁾",), "sigmoid"), (1.55, ("Z⁽²⁾",), "linear")
    for y, names, operation in (*rows, (0.45, ("P", "L"), "cross_entropy")):
        formula(6.0, y, *names, colour=BLUE, fill="#eef3f8")
        panel.text(6.15, y + 0.5, operation, fontsize=9, color=GREY, family="monospace")
        path_of_arrow(BLUE, (6.0, y + 0.72), (6.0, y + 0.27))
    for y, layer in ((3.75, "⁽¹⁾"), (1.55, "⁽²⁾")):
        formula(10.3, y, f"∂L/∂Z{layer}", colour=RED, fill="#faf0f1")
        formula(10.3, y - 0.68, f"∂L/∂W{layer}", f"∂L/∂b{layer}")
    path_of_arrow(RED, (7.72, 0.45), (8.35, 0.45), (8.35, 1.55), (9.02, 1.55))
    path_of_arrow(RED, (11.55, 1.55), (12.2, 1.55), (12.2, 3.45))
    save(figure, path)


if __name__ == "__main__":
    main()
