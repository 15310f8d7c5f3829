"""A training step of LeNet beside the same step in PyTorch, interleaved in one run.

Images 28×28, batch 128, float32, SGD with momentum: convolution 1 → 6 of 5×5, pooling, convolution 6 → 16, pooling, and
three affine layers. Both models start from the same weights, and their losses are compared before anything is timed.
Reported are the medians and their ratio, with the threads that each takes by default, and with one thread each if the
environment says so before NumPy is loaded (OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1).

    pip install torch
    python benchmarks/lenet.py
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch

from autograd_lite import nn, optim

Step = Callable[[], float]


def lenet(layers: Any) -> Any:
    """The network, of the layers of either library: their names and arguments are the same."""
    return layers.Sequential(
        layers.Conv2d(1, 6, 5, padding=2), layers.ReLU(), layers.MaxPool2d(2),
        layers.Conv2d(6, 16, 5), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(),
        layers.Linear(400, 120), layers.ReLU(), layers.Linear(120, 84), layers.ReLU(), layers.Linear(84, 10),
    )  # fmt: skip


def training_step(model: Any, criterion: Any, optimizer: Any, images: Any, labels: Any) -> Step:
    """Forward, backward, update, as a user of either library writes it."""

    def step() -> float:
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def steps(batch: int, rng: np.random.Generator) -> dict[str, Step]:
    """The step of each library, from the same weights on the same data."""
    images, labels = rng.standard_normal((batch, 1, 28, 28), np.float32), rng.integers(0, 10, batch)
    ours, theirs = lenet(nn), lenet(torch.nn)
    theirs.load_state_dict({name: torch.from_numpy(values) for name, values in ours.state_dict().items()})
    ours_optimizer = optim.SGD(ours.parameters(), lr=0.01, momentum=0.9)
    theirs_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.9)
    return {
        "autograd_lite": training_step(ours, nn.CrossEntropyLoss(), ours_optimizer, images, labels),
        "PyTorch": training_step(
            theirs, torch.nn.CrossEntropyLoss(), theirs_optimizer, torch.from_numpy(images), torch.from_numpy(labels)
        ),
    }


def main() -> None:
    """Compare, time, print."""
    parser = argparse.ArgumentParser(description="A training step of LeNet beside PyTorch.")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()

    both = steps(arguments.batch, np.random.default_rng(0))
    losses = np.array([[step() for step in both.values()] for _ in range(10)])  # these warm up, too
    if not np.allclose(losses[:, 0], losses[:, 1], rtol=1e-3):
        raise SystemExit(f"the losses differ:\n{losses}")
    times: dict[str, list[float]] = {name: [] for name in both}
    for _ in range(arguments.steps):
        for name, step in both.items():
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    medians = {name: median(measured) * 1e3 for name, measured in times.items()}
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, "
          f"{torch.get_num_threads()} threads, batch {arguments.batch}, {arguments.steps} steps")  # fmt: skip
    for name, milliseconds in medians.items():
        print(f"{name:14}{milliseconds:8.2f} ms a step")
    print(f"ratio         {medians['autograd_lite'] / medians['PyTorch']:8.2f}")


if __name__ == "__main__":
    main()
