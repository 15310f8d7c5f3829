"""Batched derivatives beside torch.func, JAX and HIPS autograd, in rounds that take turns: python benchmarks/vmap.py

Each engine has one thread. The loop is this library without `vmap`: one element after the other. HIPS autograd has no
`vmap` either: its jacobian and hessian pull back row by row, and the gradients of samples are a loop.
"""

# ruff: noqa: E402 - the threads are set before NumPy is imported

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.setdefault("AUTOGRAD_LITE_PROGRESS", "0")

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.compiler.native.building import available
from suite.tables import case_table

RESULTS = Path(__file__).parent / "results" / "vmap.json"
RNG = np.random.default_rng(0)
Z = RNG.normal(size=50)
X, Y, W = RNG.normal(size=(1000, 100)), RNG.integers(0, 2, 1000).astype(float), RNG.normal(size=100) / 10
_ROOT = RNG.normal(size=(12, 12))
A = _ROOT @ _ROOT.T + np.eye(12)
IMAGES, LABELS = RNG.normal(size=(128, 64)), RNG.integers(0, 10, 128)
PARAMETERS = (RNG.normal(size=(32, 64)) / 8, np.zeros(32), RNG.normal(size=(10, 32)) / 6, np.zeros(10))


# -- the functions, for any of the libraries -----------------------------------------------------------------------


def softmax(lib: Any, z: Any) -> Any:
    """Of 50 numbers."""
    return lib.softmax(z)


def logistic(lib: Any, w: Any, x: Any, y: Any) -> Any:
    """The loss of logistic regression, 1,000 samples with 100 features."""
    z = x @ w
    return (lib.softplus(z) - y * z).mean()


def log_determinant(lib: Any, a: Any) -> Any:
    """Of a 12×12 matrix."""
    return lib.slogdet(a)[1]


def sample_loss(lib: Any, parameters: Any, x: Any, label: Any) -> Any:
    """The loss of an MLP 64→32→10 for one sample."""
    w1, b1, w2, b2 = parameters
    scores = w2 @ lib.tanh(w1 @ x + b1) + b2
    return lib.logsumexp(scores) - lib.pick(scores, label)


def ours() -> SimpleNamespace:
    """This library."""
    return SimpleNamespace(
        softmax=ag.softmax, softplus=ag.softplus, slogdet=np.linalg.slogdet, tanh=np.tanh, logsumexp=ag.logsumexp,
        pick=lambda scores, label: (scores * (np.arange(10) == label)).sum(), jacobian=ag.jacobian, hessian=ag.hessian,
        grad=ag.grad, vmap=ag.vmap, array=lambda x: x,
    )  # fmt: skip


def torch_func() -> SimpleNamespace:
    """PyTorch's torch.func, eager."""
    import torch

    torch.set_num_threads(1)
    f = torch.func
    return SimpleNamespace(
        softmax=lambda z: torch.softmax(z, 0), softplus=torch.nn.functional.softplus, slogdet=torch.linalg.slogdet,
        tanh=torch.tanh, logsumexp=lambda s: torch.logsumexp(s, 0),
        pick=lambda scores, label: (scores * (torch.arange(10) == label)).sum(), jacobian=f.jacrev, hessian=f.hessian,
        grad=f.grad, vmap=lambda g, axes: f.vmap(g, in_dims=axes), array=torch.tensor,
    )  # fmt: skip


def jax_jit() -> SimpleNamespace:
    """JAX; the derivatives are compiled."""
    import jax

    jax.config.update("jax_enable_x64", True)
    np_ = jax.numpy
    return SimpleNamespace(
        softmax=jax.nn.softmax, softplus=jax.nn.softplus, slogdet=np_.linalg.slogdet, tanh=np_.tanh,
        logsumexp=jax.scipy.special.logsumexp, pick=lambda scores, label: (scores * (np_.arange(10) == label)).sum(),
        jacobian=jax.jacrev, hessian=jax.hessian, grad=jax.grad, vmap=jax.vmap, array=np_.asarray, jit=jax.jit,
        wait=jax.block_until_ready,
    )  # fmt: skip


def hips_autograd() -> SimpleNamespace:
    """HIPS autograd; a sample at a time."""
    import autograd
    import autograd.numpy as np_

    def softmax(z: Any) -> Any:
        e = np_.exp(z - np_.max(z))
        return e / np_.sum(e)

    def logsumexp(scores: Any) -> Any:
        largest = np_.max(scores)
        return largest + np_.log(np_.sum(np_.exp(scores - largest)))

    return SimpleNamespace(
        softmax=softmax, softplus=lambda z: np_.logaddexp(0, z), slogdet=np_.linalg.slogdet, tanh=np_.tanh,
        logsumexp=logsumexp, pick=lambda scores, label: np_.sum(scores * (np.arange(10) == label)),
        jacobian=autograd.jacobian, hessian=autograd.hessian, grad=autograd.grad, vmap=_loop, array=lambda x: x,
    )  # fmt: skip


def _loop(function: Any, axes: Any) -> Any:
    """`vmap` over samples, one after the other."""

    def looped(p: Any, x: Any, label: Any) -> Any:
        found = [function(p, x[i], label[i]) for i in range(len(x))]
        return tuple(np.stack(parts) for parts in zip(*found, strict=True))

    return looped


def cases(lib: Any) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """The derivatives and their arguments, by name."""
    parameters = tuple(map(lib.array, PARAMETERS))
    gradient = lib.grad(lambda p, x, label: sample_loss(lib, p, x, label))
    x, y = lib.array(X), lib.array(Y)
    return {
        "Jacobian of softmax, 50": (lib.jacobian(lambda z: softmax(lib, z)), (lib.array(Z),)),
        "Hessian of logistic regression, 1,000 × 100": (lib.hessian(lambda w: logistic(lib, w, x, y)), (lib.array(W),)),
        "Hessian of log det, 12 × 12": (lib.hessian(lambda a: log_determinant(lib, a)), (lib.array(A),)),
        "gradients of an MLP for each of 128 samples": (
            lib.vmap(gradient, (None, 0, 0)), (parameters, lib.array(IMAGES), lib.array(LABELS))),
    }  # fmt: skip


def engines() -> dict[str, dict[str, Callable[[], Any]]]:
    """For each engine that is installed its calls by the name of the case."""

    def calls(lib: Any, prepare: Callable[[Any], Any] = lambda f: f, wait: Any = lambda r: r) -> dict[str, Any]:
        prepared = {name: (prepare(function), args) for name, (function, args) in cases(lib).items()}
        return {name: lambda run=run, args=args: wait(run(*args)) for name, (run, args) in prepared.items()}

    library = ours()
    one_by_one = {name: lambda f=f, args=args: f(*args) for name, (f, args) in cases(_in_a_loop(library)).items()}
    found = {"loop": one_by_one, "eager": calls(library), "compiled": calls(library, _program("numpy"))}
    if available():
        found["native"] = calls(library, _program("native"))
    for name, make in (("torch.func", torch_func), ("JAX jit", jax_jit), ("HIPS autograd", hips_autograd)):
        try:
            lib = make()
        except ImportError:
            continue
        found[name] = calls(lib, getattr(lib, "jit", lambda f: f), getattr(lib, "wait", lambda r: r))
    return found


def _program(backend: str) -> Callable[[Any], Any]:
    return lambda function: ag.compile(function, backend=backend, audit=False)


def _in_a_loop(library: SimpleNamespace) -> SimpleNamespace:
    """The same without `vmap`: a row or a sample at a time."""
    return SimpleNamespace(
        **{
            **vars(library),
            "vmap": _loop,
            "jacobian": lambda f: ag.jacobian(f, chunk_size=1),
            "hessian": lambda f: ag.hessian(f, chunk_size=1),
        }
    )


def _numbers(result: Any) -> Any:
    parts = result if isinstance(result, tuple) else (result,)
    return np.concatenate([np.asarray(part).ravel() for part in parts])


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """The median time of each engine in milliseconds; the rounds take turns."""
    found = engines()
    table: dict[str, dict[str, float]] = {}
    for case in found["eager"]:
        expected = _numbers(found["eager"][case]())
        times: dict[str, list[float]] = {name: [] for name in found}
        for calls in found.values():
            for _ in range(3):
                result = calls[case]()
            np.testing.assert_allclose(_numbers(result), expected, rtol=1e-9, atol=1e-12)
        for _ in range(rounds):
            for name, calls in found.items():
                repeats = max(1, int(0.01 / min(times[name], default=0.01)))
                start = time.perf_counter()
                for _ in range(repeats):
                    calls[case]()
                times[name].append((time.perf_counter() - start) / repeats)
        table[case] = {name: 1e3 * float(np.median(values)) for name, values in times.items()}
    return table


def main() -> None:
    """Measure, print the table, and save it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--save", action="store_true", help=f"save the table in {RESULTS.name}")
    options = parser.parse_args()
    table = measure(options.rounds)
    print(case_table(table))
    if options.save:
        RESULTS.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
