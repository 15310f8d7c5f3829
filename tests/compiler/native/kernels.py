"""Kernels for the tests: their sources, the same formulas in NumPy, and other processes that build them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from autograd_lite.compiler.native.building import KernelSource

ROOT = Path(__file__).resolve().parents[3]

ADAM = KernelSource(
    "adam",
    """
import numpy as np

def adam(p, g, m, v, lr):
    rate = np.float32(lr)
    for i in range(p.size):
        m[i] = np.float32(0.9) * m[i] + np.float32(0.1) * g[i]
        v[i] = np.float32(0.999) * v[i] + np.float32(0.001) * g[i] * g[i]
        p[i] -= rate * m[i] / (np.sqrt(v[i]) + np.float32(1e-8))
    return 7
""",
    "int64(float32[::1], float32[::1], float32[::1], float32[::1], float64)",
)

SOFTMAX = KernelSource(
    "softmax",
    """
import math

def softmax(x, y):
    for i in range(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        total = 0.0
        for j in range(x.shape[1]):
            y[i, j] = math.exp(x[i, j] - largest)
            total += y[i, j]
        for j in range(x.shape[1]):
            y[i, j] /= total
    return 0
""",
    "int64(float64[:, ::1], float64[:, ::1])",
)


def scaled(factor, name="scale"):
    """A kernel that multiplies by this number; all have one name."""
    text = f"def {name}(x):\n    for i in range(x.size):\n        x[i] *= {factor}\n    return {factor}\n"
    return KernelSource(name, text, "int64(float64[::1])")


def check_adam(kernel):
    p, g, m, v = np.random.default_rng(0).random((4, 100_000)).astype(np.float32)
    wide_m, wide_v = 0.9 * m.astype(float) + 0.1 * g, 0.999 * v.astype(float) + 0.001 * g.astype(float) ** 2
    expected = p - 0.01 * wide_m / (np.sqrt(wide_v) + 1e-8)
    assert kernel(p, g, m, v, 0.01) == 7
    np.testing.assert_allclose(m, wide_m, rtol=1e-6)
    np.testing.assert_allclose(v, wide_v, rtol=1e-6)
    np.testing.assert_allclose(p, expected, rtol=1e-5, atol=1e-6)


def check_softmax(kernel):
    x, y = np.random.default_rng(0).normal(size=(50, 33)), np.full((50, 33), np.nan)
    assert kernel(x, y) == 0
    np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), rtol=1e-12)


def check_scaled(kernel, factor):
    x = np.arange(5.0)
    assert kernel(x) == factor
    assert x.tolist() == [factor * i for i in range(5)]


def number_of_compilations(recorder):
    """How many kernels numba has compiled, as its own events say; it also compiles functions of its own."""
    started = [entry.data["dispatcher"].py_func for _, entry in recorder.buffer if entry.is_start]
    return sum(function.__module__ == KernelSource.__module__ for function in started)


_PROGRAM = """
from numba.core import event
from autograd_lite.compiler.native.building import build, describe
from compiler.native.kernels import *

with event.install_recorder("numba:compile") as recorder:
    {body}
print(number_of_compilations(recorder))
"""
BUILD_ALL = "adam, softmax = build([ADAM, SOFTMAX]); check_adam(adam); check_softmax(softmax)"


def start(body, **environment):
    """A process that runs these statements and prints how many kernels numba has compiled."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _PROGRAM.format(body=body)],
        env={**os.environ, "PYTHONPATH": paths, "AUTOGRAD_LITE_PROGRESS": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def compiled_in(process):
    """What a process of `start` has printed, once it has ended."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors == ""
    return int(output)


def compilations(body, **environment):
    return compiled_in(start(body, **environment))
