"""Training on several processes: measured on 1 to 4 ranks, and a model of up to 512: python benchmarks/ranks.py

Needs the extra `mpi`. Each rank has one thread. `--draw` makes tables and picture from the saved run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib

from suite.environment import describe, environment
from suite.ranks import NETWORKS
from suite.scaling_model import ALGORITHMS, LINKS, computation, speed_up

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RESULTS = Path(__file__).parent / "results"
TITLES = {"wide": "MLP 784→1024→1024→10, batch 256", "cnn": "residual CNN, batch 32", "gpt": "GPT, batch 8 × 64"}
COLOURS = {"10 Gb/s": "#cc6677", "100 Gb/s": "#4477aa"}
LINES = {"ring": "-", "tree": "--"}
MEASURED = (1, 2, 3, 4)
RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """The figures of all numbers of ranks. Three do not divide the batches: only their all-reduce is measured."""
    beside = Path(sys.executable).parent / "mpiexec"
    mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
    if mpiexec is None:
        raise SystemExit('there is no mpiexec; pip install "autograd-lite[mpi]"')
    found: dict[str, Any] = {"environment": environment(), "ranks": {}}
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory() as folder:
        for ranks in MEASURED:
            file = Path(folder) / f"{ranks}.json"
            names = [] if ranks == 3 else NETWORKS
            command = [mpiexec, "-n", str(ranks), sys.executable, "-m", "suite.ranks", str(file), str(rounds)]
            subprocess.run(
                [*command, str(seconds), *names], cwd=here, env=os.environ | {"PYTHONPATH": paths}, check=True
            )
            found["ranks"][str(ranks)] = json.loads(file.read_text())
    return found


def fitted(results: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """The networks for the model, with the cost of weighting gradients, and the seconds of a header per message."""
    two = results["ranks"]["2"]
    networks = {}
    for name, found in two["networks"].items():
        transfer = reduced(two, 4 * found["parameters"]) + two["header"][1]
        networks[name] = found | {"weighting": max(0.0, found["together"][1] - found["at once"][1] - transfer)}
    return networks, two["header"][1]


def reduced(figures: dict[str, Any], size: float) -> float:
    """The measured time of an all-reduce of some bytes, from a line through its two neighbours."""
    points = sorted((4 * int(floats), seconds[1]) for floats, seconds in figures["all_reduce"].items())
    i = next(i for i in range(1, len(points)) if size <= points[i][0])
    (x0, y0), (x1, y1) = points[i - 1], points[i]
    return y0 + (y1 - y0) * (size - x0) / (x1 - x0)


def tables(results: dict[str, Any]) -> str:
    """What was measured, beside what the model says of it, and the speed-ups that the model predicts."""
    networks, per_message = fitted(results)
    cores = results["environment"]["cores"]
    one, two = results["ranks"]["1"], results["ranks"]["2"]
    lines = [
        "| network | alone, ms | half a batch alone | two at once | two together | speed-up | without averaging | "
        "one process under MPI |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in two["networks"].items():
        whole, half = found["computation"]["1"][1], found["computation"]["2"][1]
        once, together = found["at once"][1], found["together"][1]
        overhead = one["networks"][name]["together"][1] / one["networks"][name]["at once"][1]
        row = [f"{1e3 * seconds:.1f}" for seconds in (whole, half, once, together)]
        ratios = [f"{whole / together:.2f}", f"{whole / once:.2f}", f"{overhead:.3f}"]
        lines.append(f"| {' | '.join([TITLES[name], *row, *ratios])} |")
    lines += ["", "| all-reduce of | 2 ranks | 3 ranks | 4 ranks |", "| --- | ---: | ---: | ---: |"]
    for floats in two["all_reduce"]:
        times = [results["ranks"][ranks]["all_reduce"][floats][1] for ranks in "234"]
        lines.append(f"| {4 * int(floats):,} bytes | {' | '.join(f'{1e6 * t:,.0f} µs' for t in times)} |")
    lines += ["", "| network | ranks | measured, ms | model, ms |", "| --- | ---: | ---: | ---: |"]
    for name, network in networks.items():
        for ranks in (1, 2, 4):
            figures = results["ranks"][str(ranks)]
            measured = figures["networks"][name]
            own = computation(measured, network["samples"] / ranks) + (network["weighting"] if ranks > 1 else 0)
            model = own * max(1, ranks / cores)
            if ranks > 1:
                model += reduced(figures, 4 * network["parameters"]) + figures["header"][1]
            seconds = measured["together"][1]
            lines.append(f"| {TITLES[name]} | {ranks} | {1e3 * seconds:.1f} | {1e3 * model:.1f} |")
    heads = " | ".join(f"{link.name}, {name}" for link in LINKS for name in ALGORITHMS)
    lines += ["", f"| network | ranks | {heads} |", "| --- | ---: |" + " ---: |" * 4]
    for name, network in networks.items():
        for same_batch in (True, False):
            for ranks in (8, 64, 512):
                found = [
                    speed_up(network, ranks, link, algorithm, per_message, same_batch=same_batch)
                    for link in LINKS
                    for algorithm in ALGORITHMS
                ]
                what = "divided" if same_batch else "one batch each"
                lines.append(f"| {TITLES[name]}, {what} | {ranks} | {' | '.join(f'{s:.3g}' for s in found)} |")
    return "\n".join(lines)


def draw(results: dict[str, Any], path: Path) -> None:
    """Speed-up against ranks: a column for each network, above for a batch that is divided, below for one on each."""
    networks, per_message = fitted(results)
    figure, panels = plt.subplots(2, len(networks), figsize=(4 * len(networks), 7), layout="constrained", sharex=True)
    for column, (name, network) in enumerate(networks.items()):
        for row, same_batch in enumerate((True, False)):
            panel = panels[row, column]
            panel.plot(RANKS, RANKS, color="#bbbbbb", lw=1, label="n times")
            for link in LINKS:
                for algorithm, line in LINES.items():
                    speeds = [speed_up(network, n, link, algorithm, per_message, same_batch=same_batch) for n in RANKS]
                    style = {"color": COLOURS[link.name], "ls": line, "label": f"{link.name}, {algorithm}"}
                    panel.plot(RANKS, speeds, **style)
            if same_batch:
                found = [results["ranks"][n]["networks"][name] for n in "124"]
                measured = [one["computation"]["1"][1] / one["together"][1] for one in found]
                panel.plot((1, 2, 4), measured, "o", color="#222222", ms=5, label="measured, on two cores")
            panel.set_xscale("log", base=2)
            panel.set_yscale("log", base=2)
            panel.set_ylim(0.25, 600)
            panel.xaxis.set_major_formatter("{x:g}")
            panel.yaxis.set_major_formatter("{x:g}")
            panel.set_xticks((1, 2, 4, 8, 16, 64, 512))
            panel.grid(alpha=0.3)
            panel.spines[["top", "right"]].set_visible(False)
            if row == 0:
                panel.set_title(TITLES[name], fontsize=11)
        panels[1, column].set_xlabel("ranks, a core each")
    panels[0, 0].set_ylabel("speed-up, the batch divided")
    panels[1, 0].set_ylabel("speed-up, one batch on each rank")
    panels[0, 0].legend(fontsize=8, frameon=False, loc="upper left")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="tables and picture from the saved run")
    parser.add_argument("--rounds", type=int, default=9, help="measurements of each run (default 9)")
    parser.add_argument("--seconds", type=float, default=0.4, help="length of a measurement (default 0.4)")
    options = parser.parse_args()
    file = RESULTS / "ranks.json"
    if not options.draw:
        file.write_text(json.dumps(measure(options.rounds, options.seconds), indent=1) + "\n")
    results = json.loads(file.read_text())
    print(describe(results["environment"]), tables(results), sep="\n\n")
    draw(results, RESULTS / "ranks.png")


if __name__ == "__main__":
    main()
