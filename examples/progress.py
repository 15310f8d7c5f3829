"""The progress of a training: a bar, the course of the loss beside it, and in a notebook a plot of it that grows."""

from __future__ import annotations

import io
import sys
import time

import numpy as np
from tqdm import tqdm


class Progress:
    """A bar with the course of a value beside it; in a notebook also its plot, redrawn about once a second.

    Call it with the value after each step: ``with Progress("name", steps) as report: ... report(loss)``.
    """

    def __init__(self, name: str, total: int, unit: str = "update", quiet: bool = False) -> None:
        self.values: list[float] = []
        self.bar = tqdm(total=total, desc=name, unit=unit, disable=quiet)
        self.total, self.plot, self.drawn = total, None, time.monotonic()
        shell = getattr(sys.modules.get("IPython"), "get_ipython", object)()
        self.is_notebook = not quiet and type(shell).__name__ == "ZMQInteractiveShell"

    def __enter__(self) -> Progress:
        return self

    def __call__(self, value: float) -> None:
        self.values.append(value)
        if not self.bar.disable:
            self.bar.set_postfix_str(f"{value:.4g} {course(self.values)}", refresh=False)
        self.bar.update()
        if self.is_notebook and time.monotonic() - self.drawn > 1:
            self.show()

    def __exit__(self, *error: object) -> None:
        self.bar.close()
        if self.is_notebook and self.values:
            self.show()

    def show(self) -> None:
        """Draw the values so far, in place of the plot before."""
        import matplotlib.pyplot as plt
        from IPython.display import Image, display  # in a notebook it is there

        figure, panel = plt.subplots(figsize=(6, 2.2), layout="constrained")
        panel.plot(self.values, linewidth=1)
        panel.set(xlim=(0, self.total), xlabel=self.bar.unit, title=self.bar.desc)
        figure.savefig(file := io.BytesIO(), dpi=100)
        plt.close(figure)
        picture = Image(file.getvalue(), alt=f"{self.bar.desc}: the value in each {self.bar.unit}")
        if self.plot is None:
            self.plot = display(picture, display_id=True)
        else:
            self.plot.update(picture)
        self.drawn = time.monotonic()


def course(values: list[float], width: int = 12) -> str:
    """Values as a line of blocks, each the mean of its part; the scale is that of these means."""
    parts = np.array_split(np.asarray(values, float), min(width, len(values)))
    means = np.array([part.mean() for part in parts])
    low, high = means.min(), means.max()
    if not np.isfinite(high - low):
        return ""
    heights = np.round(7 * (means - low) / (high - low or 1.0)).astype(int)
    return "".join("▁▂▃▄▅▆▇█"[height] for height in heights)
