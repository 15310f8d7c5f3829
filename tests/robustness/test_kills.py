"""A run that is killed at random moments and resumed each time ends with the same bits as an uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from autograd_lite import load

TRAINING = Path(__file__).with_name("training.py")
# A kill comes after up to 60 characters of output (30 steps) and up to MORE seconds: anywhere before the end.
LETTERS, MORE = 60, 0.02


def start(*arguments):
    return subprocess.Popen([sys.executable, TRAINING, *map(str, arguments)], stdout=subprocess.PIPE)


def finish(*arguments):
    process = start(*arguments)
    process.communicate()
    assert process.returncode == 0


def test_a_training_killed_at_random_moments_ends_in_the_same_bits(tmp_path, count, figure):
    kills, moments = count(3, 30), random.Random(0)
    steps = 60 * kills
    finish(steps, tmp_path / "uninterrupted.npz")

    folder, during_a_save, during_resumption = tmp_path / "run", 0, 0
    for _ in range(kills):
        process = start(steps, tmp_path / "resumed.npz", folder)
        seen = b"".join(os.read(process.stdout.fileno(), 1) for _ in range(moments.randint(1, LETTERS)))
        time.sleep(moments.uniform(0, MORE))
        process.send_signal(signal.SIGKILL)
        written, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL
        during_a_save += (seen + written).endswith(b"s")
        during_resumption += (seen + written).endswith(b"r")
        for path in folder.glob("checkpoint-*.npz"):
            load(path)  # every file is complete
    reached = max([int(path.stem[11:]) for path in folder.glob("checkpoint-*.npz")], default=0)
    finish(steps, tmp_path / "resumed.npz", folder)

    # Equal states have equal files.
    assert (tmp_path / "resumed.npz").read_bytes() == (tmp_path / "uninterrupted.npz").read_bytes()
    assert [path.name for path in sorted(folder.iterdir())] == [
        f"checkpoint-{step:010d}.npz" for step in (steps - 1, steps)
    ]
    figure(
        f"kills survived: {kills} of {kills} with SIGKILL within {reached} of {steps} steps, {during_a_save} during a "
        f"save, {during_resumption} during resumption: weights, losses and batches bit-identical"
    )
