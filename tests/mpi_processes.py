"""Programs run by mpiexec in a temporary folder, with a limit of time."""

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import autograd_lite

ROOT = Path(autograd_lite.__file__).parents[1]
BESIDE = Path(sys.executable).parent / "mpiexec"
MPIEXEC = str(BESIDE) if BESIDE.exists() else shutil.which("mpiexec")
HAS_MPI4PY = importlib.util.find_spec("mpi4py") is not None
needs_mpi = pytest.mark.skipif(not (MPIEXEC and HAS_MPI4PY), reason="needs mpi4py and mpiexec")

PRELUDE = """
import os, signal, sys, time
import numpy as np
from autograd_lite import Checkpoint, Tensor, cross_entropy, data, distributed, manual_seed, nn, optim

def problem(samples, classes=3):
    manual_seed(3)
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(5, 8, rng=1), nn.Tanh(), nn.Linear(8, classes, rng=2)).astype(np.float64)
    return model, rng.normal(size=(samples, 5)), rng.integers(0, 3, samples)

"""


def environment():
    """That of a program of a user: no variables of a launcher, which may have started these tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PMI", "HYD", "OMPI", "MPI_"))}
    return own | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def launch(ranks, program, folder, *options, seconds=60):
    """Run a program on some ranks, or without mpiexec if `ranks` is None; it must end in time."""
    path = folder / "program.py"
    path.write_text(PRELUDE + textwrap.dedent(program))
    start = [] if ranks is None else [MPIEXEC, *options, "-n", str(ranks)]
    return subprocess.run(
        [*start, sys.executable, str(path)],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip


def results(ranks, program, folder, *options):
    """What the ranks saved by ``np.save(f"{comm.rank}.npy", ...)``; the program must end without an error."""
    done = launch(ranks, program, folder, *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [np.load(folder / f"{rank}.npy") for rank in range(ranks or 1)]
