"""The results as pictures: ratios to the step by hand, and times by depth, width, batch and number of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from suite.tables import engine_names

matplotlib.use("Agg")
import matplotlib.pyplot as plt

TRAFFIC = "memory traffic of the update"
STYLES: dict[str, tuple[str, str]] = {
    "by hand": ("#222222", "_"),
    "autograd_lite": ("#cc3311", "o"),
    "autograd_lite compiled": ("#ee7733", "D"),
    "autograd_lite native": ("#ee3377", "*"),
    "PyTorch": ("#0077bb", "s"),
    "JAX": ("#009988", "^"),
    "HIPS autograd": ("#999999", "v"),
    "MyGrad": ("#bbaa44", "P"),
    "micrograd": ("#aa4499", "X"),
    "by hand, vectorised": ("#222222", "d"),
    "matrix products only": ("#555555", "_"),
    TRAFFIC: ("#555555", "|"),
}
"""The colour and the marker of each engine. The colours of the first six can be told apart by colour-blind people."""

LINES = {"by hand": "--", "matrix products only": ":", TRAFFIC: "-."}
"""The lines of what is not a library; they have no markers."""


def save(results: dict[str, Any], folder: Path) -> list[Path]:
    """Save the pictures for the parts that were measured; return their paths."""
    paths = []
    if len(engine_names(results["steps"], results["engines"])) > 1:
        paths.append(folder / "benchmark.png")
        draw_ratios(results, paths[-1])
    if results.get("scaling"):
        paths.append(folder / "scaling.png")
        draw_scaling(results, paths[-1])
    return paths


def draw_ratios(results: dict[str, Any], path: Path) -> None:
    """One column per case, with a marker for each engine and the quartiles of its ratio.

    The traffic is left out: in small networks it is a hundredth of a step, and the axis would have to reach that far.
    """
    cases = {
        key: case | {"engines": {name: found for name, found in case["engines"].items() if name != TRAFFIC}}
        for key, case in results["steps"].items()
    }
    names = engine_names(cases, results["engines"])[1:]
    figure, axes = plt.subplots(figsize=(2.5 + 2.6 * len(cases), 6.2), layout="constrained")
    axes.axhline(1, color="#222222", lw=1.5)
    axes.text(len(cases) - 0.5, 1, " by hand", va="center", fontsize=10)
    ends = [end for case in cases.values() for found in case["engines"].values() for end in found["ratio_quartiles"]]
    for name in names:
        draw_engine(axes, name, list(cases.values()))
    for j in range(len(cases) - 1):
        axes.axvline(j + 0.5, color="#dddddd", lw=0.8)
    labels = [case["title"].replace(", ", "\n") for case in cases.values()]
    axes.set(
        yscale="log",
        ylim=(0.65 * min(ends), 1.7 * max(ends)),
        xlim=(-0.5, len(cases) - 0.5),
        ylabel="time of a training step ÷ the same step by hand\n(lower is faster; bars: quartiles)",
    )
    axes.set_xticks(range(len(cases)), labels, fontsize=9)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    handles = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    columns = -(-len(names) // -(-len(names) // 9))  # rows of equal length, of at most nine engines
    figure.legend([handles[name] for name in names], names, loc="outside upper center", ncols=columns, frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_engine(axes: Any, name: str, cases: list[dict[str, Any]]) -> None:
    """The markers of one engine, beside those of the other engines of each case."""
    colour, marker = STYLES[name]
    for j, case in enumerate(cases):
        if name not in case["engines"]:
            continue
        peers, found = list(case["engines"])[1:], case["engines"][name]
        x = j + (peers.index(name) - (len(peers) - 1) / 2) * 0.84 / len(peers)
        ratio, (low, high) = found["ratio"], found["ratio_quartiles"]
        axes.errorbar(x, ratio, [[ratio - low], [high - ratio]], fmt=marker, color=colour, ms=8, lw=1.2, label=name)
        above = ratio >= 1
        axes.annotate(
            f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.0f}",
            (x, high if above else low), (0, 7 if above else -7), textcoords="offset points",
            ha="center", va="bottom" if above else "top", fontsize=8.5, color=colour,
        )  # fmt: skip


def draw_scaling(results: dict[str, Any], path: Path) -> None:
    """One panel for each axis: the time of a step of each engine, on logarithmic axes."""
    scaling = results["scaling"]
    rows = -(-len(scaling) // 2)
    figure, panels = plt.subplots(rows, 2, figsize=(12, 0.6 + 4.2 * rows), layout="constrained", squeeze=False)
    for axes in panels.flat[len(scaling) :]:
        axes.set_axis_off()
    for axes, (axis, found) in zip(panels.flat, scaling.items(), strict=False):
        for name, seconds in found["seconds"].items():
            colour, marker = STYLES[name]
            times = np.array([np.nan if time is None else time for time in seconds])
            line = {"ls": LINES[name], "zorder": 3} if name in LINES else {"marker": marker}
            size = 9 if marker == "*" else 5.5
            axes.loglog(found["values"], times * 1e3, color=colour, ms=size, lw=1.7, label=name, **line)
        axes.set(xlabel=found["title"], ylabel="milliseconds per training step", title=axis)
        powers = max(found["values"]) > 10_000
        labels = [f"$10^{{{np.log10(value):g}}}$" if powers else str(value) for value in found["values"]]
        axes.set_xticks(found["values"], labels)
        axes.minorticks_off()
        steps = [time for name in found["seconds"] if name != TRAFFIC for time in found["seconds"][name] if time]
        axes.set_ylim(bottom=min(steps, default=1e-6) * 1e3 / 2)  # the traffic of a small update is far below
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=-(-len(names) // 2), frameon=False, fontsize=11)
    figure.savefig(path, dpi=130)
    plt.close(figure)
