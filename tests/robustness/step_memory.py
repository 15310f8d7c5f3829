"""The memory of training: ``python tests/robustness/step_memory.py [autograd_lite | torch]``.

A network of 784, 1024, 1024 and 10 units, batches of 512, Adam, float32, one thread. Printed are the size of the
parameters alone, and how far the resident memory rises from before the network is made until after ten steps, in MB.
Linux only.
"""

import itertools
import subprocess
import sys

SMALL, LARGE = ((8, 8, 8, 10), 8), ((784, 1024, 1024, 10), 512)


def train(kind, units, batch, steps):
    """The same program for both packages."""
    if kind == "torch":
        import torch
        from torch import nn, optim

        torch.set_num_threads(1)
        x, labels = torch.randn(batch, units[0]), torch.randint(0, 10, (batch,))
    else:
        import numpy as np

        from autograd_lite import nn, optim

        rng = np.random.default_rng(0)
        x, labels = rng.random((batch, units[0]), np.float32), rng.integers(0, 10, batch)
    model = nn.Sequential(
        nn.Linear(units[0], units[1]),
        nn.ReLU(),
        nn.Linear(units[1], units[2]),
        nn.ReLU(),
        nn.Linear(units[2], units[3]),
    )
    optimizer, criterion = optim.Adam(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    for _ in range(steps):
        optimizer.zero_grad()
        criterion(model(x), labels).backward()
        optimizer.step()


def resident(key):
    """VmRSS, the memory in use, or VmHWM, its highest value so far, in MB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1024


def measure(kind):
    train(kind, *SMALL, steps=3)  # the first steps load code, which is not counted
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # resets the highest value
    before = resident("VmRSS")
    train(kind, *LARGE, steps=10)
    parameters = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(LARGE[0])) * 4 / 2**20
    print(f"{kind}: parameters {parameters:.1f} MB, peak of a training run {resident('VmHWM') - before:.1f} MB")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        measure(sys.argv[1])
    else:
        for kind in ("autograd_lite", "torch"):
            subprocess.run([sys.executable, __file__, kind], check=True)
