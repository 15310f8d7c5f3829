"""A training step of LeNet beside the same step in PyTorch, interleaved in one run.

Images 28×28, batch 128, float32, SGD with momentum: convolution 1 → 6 of 5×5, pooling, convolution 6 → 16, pooling, and
three affine layers. Both models start from the same weights. Their losses are compared before anything is timed.
Each library uses its default number of threads; OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 gives each of them one.

    pip install torch
    python benchmarks/lenet.py
"""

from __future__ import annotations

import argparse
import platform
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from autograd_lite import nn, optim
from suite.engine import Engine, Step
from suite.modules import training_step
from suite.processes import keep_freed_memory
from suite.tables import duration
from suite.timing import contestants, interleaved, summary


@dataclass(frozen=True)
class Images:
    """Random images and labels, always the same batch."""

    batch_size: int
    kind: ClassVar[str] = "network"
    check_steps: ClassVar[int] = 10

    def batches(self) -> list[tuple[Any, Any]]:
        rng = np.random.default_rng(0)
        return [(rng.standard_normal((self.batch_size, 1, 28, 28), np.float32), rng.integers(0, 10, self.batch_size))]


def lenet(layers: Any) -> Any:
    """The network, from the layers of either library: their names and arguments are the same."""
    return layers.Sequential(
        layers.Conv2d(1, 6, 5, padding=2), layers.ReLU(), layers.MaxPool2d(2),
        layers.Conv2d(6, 16, 5), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(),
        layers.Linear(400, 120), layers.ReLU(), layers.Linear(120, 84), layers.ReLU(), layers.Linear(84, 10),
    )  # fmt: skip


def engines() -> list[Engine]:
    """PyTorch, which is the baseline, and autograd_lite, from the same weights."""
    ours, theirs = lenet(nn), lenet(torch.nn)
    theirs.load_state_dict({name: torch.from_numpy(values) for name, values in ours.state_dict().items()})

    def step(library: Any, model: Any, optimizers: Any) -> Step:
        criterion = library.CrossEntropyLoss()
        optimizer = optimizers.SGD(model.parameters(), lr=0.01, momentum=0.9)
        return training_step(lambda images, labels: criterion(model(images), labels), optimizer)

    return [
        Engine(
            "PyTorch",
            lambda case: step(torch.nn, theirs, torch.optim),
            convert=torch.from_numpy,
            read=torch.Tensor.item,
        ),
        Engine("autograd_lite", lambda case: step(nn, ours, optim)),
    ]


def main() -> None:
    """Compare, time, print."""
    parser = argparse.ArgumentParser(description="A training step of LeNet beside PyTorch.")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    keep_freed_memory()
    field, refused = contestants(Images(options.batch), engines(), tolerance=1e-3)
    if refused:
        raise SystemExit(f"the losses differ: {refused}")
    found = summary(interleaved(field, options.rounds, 0.1))
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, "
          f"{torch.get_num_threads()} threads, batch {options.batch}, {options.rounds} rounds")  # fmt: skip
    for name, figures in found.items():
        print(f"{name:14}{duration(figures['seconds']):>10} a step, ratio {figures['ratio']:.2f}")


if __name__ == "__main__":
    main()
