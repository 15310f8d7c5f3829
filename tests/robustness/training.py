"""A run that can be killed: ``python training.py STEPS RESULT [FOLDER]``, with a checkpoint in FOLDER after each step.

It writes "r" when it is ready, "s" before and "e" after each save, which shows what a kill interrupted. At the end it
saves its whole state to RESULT, with a hash of all batches and losses.
"""

import os
import sys
from hashlib import sha256

import numpy as np

from autograd_lite import Checkpoint, data, manual_seed, nn, optim, save


def say(letter):
    os.write(1, letter)


def train(steps, result, folder=None):
    manual_seed(3)
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(50, 6)).astype(np.float32), rng.integers(0, 3, size=50)
    model = nn.Sequential(
        nn.Linear(6, 16, rng=rng), nn.BatchNorm1d(16), nn.Tanh(), nn.Dropout(0.2, rng=1), nn.Linear(16, 16, rng=rng),
        nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3, rng=rng),
    )  # fmt: skip
    optimizer = optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-3)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    batches = data.Batches(x, labels, batch_size=8, rng=5)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule, "batches": batches, "rng": rng}

    step, trail, checkpoint = 0, "", None
    if folder is not None:
        checkpoint = Checkpoint(folder, keep=2, **parts)
        say(b"r")
        counters = checkpoint.resume()
        step, trail = counters["step"], counters.get("trail", "")
    while step < steps:
        for batch, targets in batches:
            batch = batch + 0.01 * rng.normal(size=batch.shape).astype(np.float32)
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss()(model(batch), targets)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            seen = batch.tobytes() + targets.tobytes() + loss.data.tobytes()
            trail = sha256(trail.encode() + seen).hexdigest()
            if checkpoint is not None:
                say(b"s")
                checkpoint.save(step, trail=trail)
                say(b"e")
            if step == steps:
                break
    states = {name: part.state_dict() for name, part in parts.items() if name not in ("rng", "batches")}
    save(result, {"trail": trail, "rng": rng.bit_generator.state, **states})


if __name__ == "__main__":
    train(int(sys.argv[1]), *sys.argv[2:])
