"""Load: a graph of a million operations, and many training steps in constant memory."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

CHAIN = """
import gc, sys, time
import numpy as np
from autograd_lite import Tensor

gc.disable()
lengths = [int(text) for text in sys.argv[1:]]
for length in lengths:
    x = Tensor([1.0, -2.0], requires_grad=True)
    times = [time.process_time()]
    y = x
    for _ in range(length // 2):
        y = y * 1.0
        y = y + x
    times.append(time.process_time())
    y.sum().backward()
    times.append(time.process_time())
    expected = length // 2 + 1  # y = (length/2 + 1) x
    assert (x.grad == expected).all() and (y.data == expected * x.data).all()
    z = x
    for _ in range(length):
        z = z * 1.0
    del z  # dropped without a backward pass: the graph goes node by node
    times.append(time.process_time())
    print(length, *np.diff(times))
"""

TRAINING = """
import gc, os, sys
import numpy as np
from autograd_lite import data, nn, optim

gc.disable()
early, steps, page = int(sys.argv[1]), int(sys.argv[2]), os.sysconf("SC_PAGE_SIZE")
rng = np.random.default_rng(0)
x, labels = rng.normal(size=(256, 8)).astype(np.float32), rng.integers(0, 3, 256)
model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-4)
schedule = optim.lr_scheduler.LinearLR(optimizer, total_iters=steps)
batches, step = data.Batches(x, labels, batch_size=32), 0
while step < steps:
    for batch, targets in batches:
        loss = criterion(model(batch), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        step += 1
        if step in (early, steps):
            with open("/proc/self/statm") as file:
                print(int(file.read().split()[1]) * page)
        if step == steps:
            break
"""

PAGES = """
import resource, sys
import numpy as np
import autograd_lite
from autograd_lite import nn, optim

if sys.argv[1] == "keep":
    autograd_lite.keep_freed_memory()
rng = np.random.default_rng(0)
x, labels = rng.standard_normal((4096, 64), np.float32), rng.integers(0, 10, 4096)
model = nn.Sequential(nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10))
criterion, optimizer = nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1)
for step in range(30):
    if step == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    optimizer.zero_grad()
    criterion(model(x), labels).backward()
    optimizer.step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 20)
"""


def run(program, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [line.split() for line in done.stdout.splitlines()]


def test_a_chain_of_operations_needs_no_recursion(count, figure):
    lengths = count([10_000], [250_000, 500_000, 1_000_000])
    for length, *seconds in run(CHAIN, *lengths):
        each = ", ".join(
            f"{name} {float(time):.2f} s"
            for name, time in zip(["forward", "backward", "dropped"], seconds, strict=True)
        )
        figure(f"chain of {int(length):,} operations: {each}")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_training_steps_leave_no_memory_behind_without_the_garbage_collector(count, figure):
    early, steps = count((300, 900), (1_000, 100_000))
    ((before,), (after,)) = run(TRAINING, early, steps)
    growth = (int(after) - int(before)) / 2**20
    assert growth < 5
    figure(f"resident memory after {steps:,} training steps: {growth:+.2f} MB of that after {early:,}, collector off")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries deal with freed memory otherwise")
def test_keep_freed_memory_makes_a_training_step_find_its_memory_ready(figure):
    ((default,),), ((kept,),) = run(PAGES, "default"), run(PAGES, "keep")
    assert float(default) > 240
    assert float(kept) < 24
    figure(
        f"pages of memory that a training step with a batch of 4,096 gets from the system: {float(kept):.0f} after "
        f"keep_freed_memory(), {float(default):.0f} without"
    )


def test_importing_the_package_leaves_the_allocator_alone():
    """Only a block as large as the one of `keep_freed_memory` would change it."""
    program = """
import sys
import numpy as np
largest, empty = 0, np.empty

def recorded(shape, *args, **kwargs):
    global largest
    made = empty(shape, *args, **kwargs)
    largest = max(largest, made.nbytes)
    return made

np.empty = recorded
import autograd_lite
before = largest
autograd_lite.keep_freed_memory()
print(before, largest)
"""
    ((before, after),) = run(program)
    assert int(before) < 2**20 < 2**24 < int(after)
