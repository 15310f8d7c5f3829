"""Shared by the studies: arguments, data, the style of the pictures, and the statement of results."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image

from autograd_lite import compile, data, no_grad, optim
from progress import Progress

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap

BLUE, RED, GREEN, YELLOW, PURPLE, GREY = "#4477aa", "#cc6677", "#228833", "#ddaa33", "#aa3377", "#999999"
COLOURS = (BLUE, RED, GREEN, YELLOW, PURPLE)
Array = np.ndarray
FOLDER = Path(__file__).parent  # scripts ask for it here, because a notebook has no file

plt.rcParams.update(
    {
        "mathtext.fontset": "cm",
        "axes.titlesize": 12,
        "axes.labelsize": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "grid.alpha": 0.3,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 2,
    }
)


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """The arguments that all studies have; a study may add others."""
    result = argparse.ArgumentParser(
        description=plain(description or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("--quick", action="store_true", help="a short run of a few seconds, with weaker bounds")
    result.add_argument("--seed", type=int, default=0, help="the seed of all random numbers (default 0)")
    result.add_argument(
        "--output", type=Path, default=FOLDER / "output" / f"{name}.png", help="the file of the picture"
    )
    return result


def plain(page: str) -> str:
    """The text of a docstring for a terminal: without the markup of its page and the formulas in LaTeX."""
    page = re.sub(r"^=+\n", "", page, flags=re.MULTILINE)
    page = re.sub(r"^\.\. math::\n(\n| .*\n)+", "", page, flags=re.MULTILINE)
    return page.replace("::\n", ":\n").replace("``", "`")


def digit_images(seed: int) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Real handwritten digits: images (N, 1, 8, 8) in [0, 1] and labels, for training and for testing (a fifth)."""
    from sklearn.datasets import load_digits  # slow to import, and few studies need it

    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    return data.train_test_split(images, labels, test_fraction=0.2, rng=seed)


def tumours(*features: str) -> tuple[Array, Array]:
    """Real tumours: standardised measurements (569, features), all 30 by default, and whether they are malignant."""
    from sklearn.datasets import load_breast_cancer

    given = load_breast_cancer()
    x = given.data[:, np.isin(given.feature_names, features or given.feature_names)]
    return (x - x.mean(axis=0)) / x.std(axis=0), 1 - given.target


def train(
    loss: Callable[..., Any], batches: Iterable[Any], updates: int, optimizer: optim.Optimizer, name: str, quiet: bool
) -> Array:
    """Minimise loss(*batch), with a learning rate that falls to zero along a cosine; the loss before each update."""
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)

    @compile  # recorded once, then replayed without a graph
    def step(*batch: Any) -> Any:
        optimizer.zero_grad()
        value = loss(*batch)
        value.backward()
        optimizer.step()
        return value

    with Progress(name, updates, quiet=quiet) as report:
        for batch in islice(batches, updates):
            report(step(*batch).item())
            schedule.step()
    return np.array(report.values)


def evaluated(function: Callable[..., Any], *inputs: Any) -> Array:
    """The result of a network as an array, computed without a graph."""
    with no_grad():
        return function(*inputs).numpy()


def picture(title: str, *formulas: str, size: tuple[float, float] = (12, 6)) -> tuple[Any, Any]:
    """A figure with a title and formulas at the top, and its free part for the panels."""
    figure = plt.figure(figsize=size, layout="constrained")
    head, body = figure.subfigures(2, 1, height_ratios=[0.85, size[1] - 0.85])
    head.set_facecolor("#f3f3ee")
    head.text(0.012, 0.73, title, fontsize=14, weight="bold", va="center")
    head.text(0.012, 0.27, "$" + r"\qquad ".join(formulas) + "$", fontsize=14, va="center")
    return figure, body


def shade(panel: Any, fires: Callable[[Any], Any], low: float, high: float) -> None:
    """Shade the part of a square where a function of points (..., 2) is 1."""
    line = np.linspace(low, high, 400)
    plane = np.stack(np.meshgrid(line, line), axis=-1)
    panel.pcolormesh(line, line, fires(plane), cmap=ListedColormap(["white", "#d0ddea"]), vmin=0, vmax=1)


def tiles(panel: Any, images: Array, columns: int, **style: Any) -> None:
    """Show images (N, h, w) row by row in one panel, with gaps between them."""
    height, width = images.shape[1:]
    rows = -(-len(images) // columns)
    wall = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        wall[top : top + height, left : left + width] = image
    panel.imshow(wall, **{"cmap": "gray_r", **style})
    panel.set_axis_off()


def save(figure: Any, path: Path) -> None:
    """Save the picture in 256 colours, a third of the bytes, and print its path; a notebook shows it too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB").quantize(256)
    image.save(path, optimize=True)
    plt.close(figure)
    print(f"picture: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    shell = sys.modules.get("IPython")
    if shell and shell.get_ipython():
        shell.display.display(image)


def claim(holds: Any, statement: str) -> None:
    """Print a statement that holds; otherwise end the program with it and exit status 1."""
    if not holds:
        raise SystemExit(f"✗ does not hold: {statement}")
    print(f"✓ {statement}")
