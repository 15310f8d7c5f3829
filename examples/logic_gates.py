r"""Threshold units compute NOT, AND and OR; XOR takes two layers
=============================================================

A unit of McCulloch and Pitts fires on one side of a line, and no line separates the inputs where XOR is 1 from the
others. With two layers every truth table has a network.

.. math::

    \mathbf 1[\langle w, x\rangle \ge \theta], \qquad x_1 \oplus x_2 = (x_1 \vee x_2) \wedge \neg (x_1 \wedge x_2)

The study

1. builds the gates from units, and XOR from two layers: (x₁ ∨ x₂) ∧ ¬(x₁ ∧ x₂), where a ∧ ¬b is one unit;
2. tries all units on a grid of weights and thresholds. It finds 14 of the 16 functions of two bits, but not XOR and its
   negation: for s = ⟨w, x⟩ and any weights s(0,1) + s(1,0) = s(0,0) + s(1,1), and XOR needs the left side ≥ 2θ and the
   right side < 2θ;
3. turns truth tables of up to 8 bits into networks: for each input with value 1 a hidden unit that fires only there,
   and an OR over these units.

``--table`` takes a truth table of yours, the values at 0…00, 0…01, to 1…11::

    python examples/logic_gates.py --table 01101001
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap

from autograd_lite import nn
from derivations.networks import corners
from studies import BLUE, RED, Array, claim, parser, picture, save, shade

# %%
# Units
# -----
# A unit has weights and a threshold. XOR is made of two layers, OR beside AND, then the first without the second.

NOT, AND, OR = nn.Threshold([-1], -0.5), nn.Threshold([1, 1], 1.5), nn.Threshold([1, 1], 0.5)
XOR = nn.Sequential(nn.Threshold([[1, 1], [1, 1]], [0.5, 1.5]), nn.Threshold([1, -1], 0.5))  # (OR, AND), then a ∧ ¬b


# %%
# A network for every truth table
# -------------------------------
# Each input with the value 1 has a unit of its own in the hidden layer.


def network(table: Array) -> nn.Module:
    """Two layers that compute a truth table of 2ⁿ entries.

    Each corner c with entry 1 has a unit with weights 2c − 1 and threshold Σ c. At x, the sum is below the threshold by
    the number of bits in which x differs from c.
    """
    n = len(table).bit_length() - 1
    chosen = corners(n)[table == 1]
    if not len(chosen):
        return nn.Threshold(np.zeros(n), 1)  # never
    return nn.Sequential(nn.Threshold(2 * chosen - 1, chosen.sum(axis=1)), nn.Threshold(np.ones(len(chosen)), 1))


# %%
# All units of a grid
# -------------------
# A unit has three numbers, so all of a grid can be tried. Their four outputs are the bits of a function's number.


def units_by_function(radius: int) -> Array:
    """How many units compute each of the 16 functions, for weights and thresholds in steps of ½ up to the radius.

    The values of a function at 00, 01, 10, 11 are the bits of its number: AND is 0001 = 1, XOR 0110 = 6.
    """
    steps = np.arange(-2 * radius, 2 * radius + 1) / 2
    w1, w2, threshold = (grid.ravel() for grid in np.meshgrid(steps, steps, steps))
    fired = nn.Threshold(np.column_stack([w1, w2]), threshold)(corners(2)).numpy().astype(int)  # (4, units)
    return np.bincount(np.array([8, 4, 2, 1]) @ fired, minlength=16)


def agree(unit: nn.Module, table: Array) -> bool:
    """Whether a unit or network computes a truth table."""
    return bool((unit(corners(len(table).bit_length() - 1)).numpy() == table).all())


def truth_table(text: str) -> Array:
    if set(text) - {"0", "1"} or len(text) not in [2**n for n in range(1, 9)]:
        raise argparse.ArgumentTypeError(
            f"a truth table has 2ⁿ digits 0 and 1, for n from 1 to 8; {text!r} has {len(text)} characters"
        )
    return np.array([int(digit) for digit in text])


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    arguments_of = parser("logic_gates", __doc__)
    arguments_of.add_argument("--table", type=truth_table, default="01101001", help="default: parity of three bits")
    options = arguments_of.parse_args(arguments)
    rng = np.random.default_rng(options.seed)

    counts = units_by_function(3 if options.quick else 10)
    # Every function of up to 3 bits; of more, parity and random ones.
    tables = [row for n in (1, 2, 3) for row in corners(2**n)]
    for n in range(4, 9):
        tables += [corners(n).sum(axis=1) % 2, *rng.integers(0, 2, (5 if options.quick else 100, 2**n))]

    example = options.table
    own = network(example)
    draw(counts, own, example, options.output)

    print(f"\n{''.join(map(str, example))} as a network:\n{own}")
    claim(agree(NOT, np.array([1, 0])) and agree(AND, np.array([0, 0, 0, 1])) and agree(OR, np.array([0, 1, 1, 1])),
          "NOT, AND and OR are single units")  # fmt: skip
    claim(agree(XOR, np.array([0, 1, 1, 0])), "XOR is two layers of them")
    claim(counts[6] == counts[9] == 0, f"of {counts.sum():,} units none computes XOR, nor its negation")
    claim((np.delete(counts, [6, 9]) > 0).all(), "they compute all 14 other functions of two bits")
    right = all(agree(network(table), table) for table in tables)
    claim(right, f"networks compute all {len(tables)} truth tables of 1 to 8 bits")
    claim(agree(own, example), f"and the table of --table, with {int(example.sum())} hidden units")
    return {"counts": counts, "tables": len(tables)}


# %%
# The picture
# -----------


def draw(counts: Array, own: nn.Module, table: Array, path: Any) -> None:
    figure, body = picture(
        "Threshold units, alone and in two layers",
        r"\mathbf{1}\,[\langle w, x \rangle \geq \theta]",
        r"x_1 \oplus x_2 = (x_1 \vee x_2) \wedge \neg(x_1 \wedge x_2)",
        r"\oplus\;\mathrm{by\ one\ unit:}\;\; 2\theta \leq s_{01} + s_{10} = s_{00} + s_{11} < 2\theta"
        r"\;\;\mathrm{(impossible)},\;\; s = \langle w, x \rangle",
        size=(13, 7.2),
    )
    upper, lower = body.subfigures(2, 1, height_ratios=[1.1, 1])
    panels = upper.subplots(1, 4)
    draw_plane(panels[0], NOT, r"NOT:  $-x_1 \geq -\frac{1}{2}$")
    draw_plane(panels[1], AND, r"AND:  $x_1 + x_2 \geq \frac{3}{2}$")
    draw_plane(panels[2], OR, r"OR:  $x_1 + x_2 \geq \frac{1}{2}$")
    draw_plane(panels[3], XOR, "XOR:  OR and not AND")
    bars, rows = lower.subplots(1, 2, width_ratios=[1.3, 1])
    draw_counts(bars, counts)
    draw_table(rows, own, len(table).bit_length() - 1)
    save(figure, path)


def draw_plane(panel: Any, gate: nn.Module, title: str) -> None:
    """The inputs of a gate, filled where it fires, and the part of the plane (or line) where it would."""
    bits = 1 if gate is NOT else 2
    shade(panel, lambda x: gate(x[..., :bits]).numpy(), -0.5, 1.5)
    for corner, fires in zip(corners(bits), gate(corners(bits)).numpy(), strict=True):
        y = corner[1] if bits == 2 else 0.5
        panel.plot(corner[0], y, "o", ms=12, color="black", mfc=BLUE if fires else "white")
    panel.set(xticks=[0, 1], yticks=[0, 1] if bits == 2 else [], xlabel="$x_1$", title=title)
    panel.set_ylabel("$x_2$" if bits == 2 else "")
    panel.set_aspect("equal")


def draw_counts(panel: Any, counts: Array) -> None:
    names = {1: "AND", 6: "XOR", 7: "OR", 8: "NOR", 9: "XNOR", 14: "NAND"}
    panel.bar(range(16), np.maximum(counts, 1), color=BLUE)
    for number in (6, 9):
        panel.text(number, 2, "none", color=RED, ha="center", weight="bold")
    labels = [f"{number:04b}\n{names.get(number, '')}" for number in range(16)]
    panel.set(yscale="log", xticks=range(16), ylim=(1, None))
    panel.set_xticklabels(labels, fontsize=8)
    panel.set_title(f"How many of {counts.sum():,} units compute each function of two bits")


def draw_table(panel: Any, own: nn.Module, n: int) -> None:
    """Inputs, hidden units and output, one input per column."""
    x = corners(n)
    hidden = own[0](x).numpy() if isinstance(own, nn.Sequential) else np.zeros((len(x), 0))
    cells = np.vstack([x.T, np.full((1, len(x)), np.nan), hidden.T, np.full((1, len(x)), np.nan), own(x).numpy()[None]])
    panel.imshow(cells, cmap=ListedColormap(["#eeeeee", BLUE]), aspect="auto", interpolation="nearest")
    if cells.size < 1000:
        panel.set_xticks(np.arange(-0.5, len(x)), minor=True)
        panel.set_yticks(np.arange(-0.5, len(cells)), minor=True)
        panel.grid(which="minor", color="white", lw=2, alpha=1)
    panel.tick_params(which="both", length=0)
    units = hidden.shape[1]
    panel.set(xticks=[], yticks=[(n - 1) / 2, n + units / 2 + 0.5, len(cells) - 1], xlabel=f"all {len(x)} inputs")
    panel.set_yticklabels([f"{n} bits", f"{units} hidden\nunits", "output"])
    panel.spines[:].set_visible(False)
    panel.set_title("A truth table as a network of two layers")


if __name__ == "__main__":
    main()
