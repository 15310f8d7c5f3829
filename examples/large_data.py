r"""Ten million samples, by sums over chunks
========================================

Logistic regression on samples in files, by Newton's method on a cluster, equals the fit in memory. LBFGS needs more
passes over the files, and no Hessian.

.. math::

    L = \sum_c L_c, \qquad \nabla L = \sum_c \tilde X_c^\top (p_c - y_c), \qquad
    \tilde\omega \leftarrow \tilde\omega - \Big(\sum_c \nabla^2 L_c\Big)^{-1} \nabla L

The loss is a sum over samples, so its value, gradient and Hessian are sums over the chunks of a Dask array. Each chunk
is a file, which a worker maps into its memory, and the engine differentiates the loss of that chunk. The sums are made
in the order of the chunks, whichever worker is ready first. The study checks that

1. the gradient is X̃ᵀ(p − y), computed by formula from all samples in memory;
2. Newton's method finds the weights of a fit in memory, with gradient and Hessian by formula, to 10⁻⁹;
3. derivatives computed again have the same bits;
4. LBFGS, with the same gradients, finds these weights too.

``--workers 0`` computes in threads of this process; the files are in a temporary folder unless ``--folder`` is given.
The page on large data, ``docs/scaling.md``, has the recipe. The study needs Dask: ``pip install ".[cluster]"``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

import autograd_lite as al
from autograd_lite import Tensor, optim
from studies import BLUE, GREY, RED, Array, claim, parser, picture, save

FEATURES, LONGEST = 8, 250_000


# %%
# The loss of a chunk, and sums over chunks
# -----------------------------------------
# The functions below see one chunk. Dask calls them where the chunk is.


def loss(weights: Any, x: Array, y: Array) -> Any:
    """−Σ ln σ(±⟨ω̃, x̃⟩), with + for y = 1 and − for y = 0."""
    return al.binary_cross_entropy_with_logits(x.astype(np.float64) @ weights[1:] + weights[0], y, reduction="sum")


def first_order(weights: Array, x: Array, y: Array) -> tuple[Any, Array]:
    return al.value_and_grad(loss)(weights, x, y)


def second_order(weights: Array, x: Array, y: Array) -> tuple[Any, Array, Array]:
    return *first_order(weights, x, y), al.hessian(loss)(weights, x, y)


def over_chunks(function: Callable[..., tuple[Any, ...]], weights: Array, x: Any, y: Any) -> list[Any]:
    """The sums of function(weights, chunk of x, chunk of y) over the chunks, in their order."""
    import dask

    task = dask.delayed(function, pure=False)
    parts = dask.compute(*(task(weights, *chunk) for chunk in zip(x.to_delayed()[:, 0], y.to_delayed(), strict=True)))
    return [sum(terms) for terms in zip(*parts, strict=True)]


# %%
# Two minimizers
# --------------
# Both need only the sums.


def newton(derivatives: Callable[[Array], Any], samples: int) -> tuple[Array, list[float]]:
    """ω̃ ← ω̃ − (∇²L)⁻¹ ∇L, from 0 until ∇L is rounding; also the largest entry of ∇L / N before each step."""
    weights, slopes = np.zeros(FEATURES + 1), []
    for _ in range(20):
        _, gradient, hessian = derivatives(weights)
        slopes.append(float(np.abs(gradient).max()) / samples)
        if slopes[-1] < 1e-13:
            break
        weights = weights - np.linalg.solve(hessian, gradient)
    return weights, slopes


def lbfgs(derivatives: Callable[[Array], Any], samples: int) -> tuple[Array, list[float]]:
    """The weights, and the largest entry of ∇L / N at each evaluation."""
    weights, slopes = Tensor(np.zeros(FEATURES + 1), requires_grad=True), []
    options = {"max_iter": 60, "tolerance_grad": 1e-8, "tolerance_change": 0, "line_search_fn": "strong_wolfe"}
    optimizer = optim.LBFGS([weights], **options)

    def closure() -> float:
        value, gradient = derivatives(weights.data)
        weights.grad = gradient / samples
        slopes.append(float(np.abs(weights.grad).max()))
        return float(value) / samples

    optimizer.step(closure)
    return weights.data, slopes


# %%
# The same by formula, in memory
# ------------------------------


def by_formula(weights: Array, x: Array, y: Array) -> tuple[None, Array, Array]:
    """X̃ᵀ(p − y) and X̃ᵀ diag(p(1 − p)) X̃, of all samples in memory."""
    p = expit(x @ weights[1:] + weights[0])
    slope, curvature = p - y, p * (1 - p)
    hessian = np.empty((FEATURES + 1, FEATURES + 1))
    hessian[0, 0], hessian[1:, 1:] = curvature.sum(), x.T @ (curvature[:, None] * x)
    hessian[0, 1:] = hessian[1:, 0] = x.T @ curvature
    return None, np.concatenate([[slope.sum()], x.T @ slope]), hessian


# %%
# The files
# ---------


def samples(seed: int, true: Array, block_info: Any) -> Array:
    """One chunk: features, and labels with the probabilities of the model whose weights are `true`."""
    place = block_info[None]
    rng = np.random.default_rng([seed, place["chunk-location"][0]])
    x = rng.normal(size=(place["chunk-shape"][0], FEATURES)).astype(np.float32)
    p = expit(x.astype(np.float64) @ true[1:] + true[0])
    return np.column_stack([x, rng.random(len(x)) < p]).astype(np.float32)


def write(folder: Path, rows: int, seed: int) -> Array:
    """Samples in files of one chunk each, in the form of `dask.array.from_npy_stack`; the weights that made them."""
    import dask.array as da

    true = np.random.default_rng(seed).normal(size=FEATURES + 1)
    length = min(LONGEST, -(-rows // 8))
    lengths = (length,) * (rows // length) + ((rows % length,) if rows % length else ())

    shape, meta = (lengths, (FEATURES + 1,)), np.empty((0, 0), np.float32)
    table = da.map_blocks(samples, chunks=shape, dtype=np.float32, meta=meta, seed=seed, true=true)
    da.to_npy_stack(str(folder), table)
    return true


# %%
# The cluster, and what the study checks
# --------------------------------------


@contextmanager
def cluster(workers: int) -> Iterator[None]:
    """Processes with one thread each compute what Dask is asked for; without `workers` the threads of this process."""
    if not workers:
        yield
        return
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as processes,
        Client(processes),
    ):
        yield


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("large_data", __doc__)
    options.add_argument("--rows", type=int, help="the number of samples (default 10,000,000; with --quick 20,000)")
    options.add_argument("--workers", type=int, default=2, help="the number of processes (default 2)")
    options.add_argument("--folder", type=Path, help="where to write the files")
    options = options.parse_args(arguments)
    rows = options.rows or (20_000 if options.quick else 10_000_000)
    with tempfile.TemporaryDirectory() as folder, cluster(options.workers):
        return study(options.folder or Path(folder) / "samples", rows, options.seed, options.output)


def study(folder: Path, rows: int, seed: int, output: Path) -> dict[str, float]:
    import dask.array as da

    true = write(folder, rows, seed)
    table = da.from_npy_stack(str(folder), mmap_mode="r")
    x, y = table[:, :-1], table[:, -1]
    first, second = (partial(over_chunks, function, x=x, y=y) for function in (first_order, second_order))
    weights, slopes = newton(second, rows)
    by_lbfgs, lbfgs_slopes = lbfgs(first, rows)
    again = [second(weights) for _ in range(2)]

    in_memory = partial(by_formula, x=x.compute().astype(np.float64), y=y.compute())
    expected, _ = newton(in_memory, rows)
    _, gradient, hessian = in_memory(true)
    figures = {
        "gradient": float(np.abs(first(true)[1] - gradient).max() / np.abs(gradient).max()),
        "newton": float(np.abs(weights - expected).max()),
        "lbfgs": float(np.abs(by_lbfgs - expected).max()),
        "steps": len(slopes) - 1,
    }
    draw(true, weights, np.sqrt(np.diag(np.linalg.inv(hessian))), slopes, lbfgs_slopes, output)
    chunks = len(x.chunks[0])
    claim(figures["gradient"] < 1e-10, f"the sum over {chunks} chunks is X̃ᵀ(p − y) of {rows:,} samples")
    claim(figures["newton"] < 1e-9, f"the weights are those of the fit in memory to {figures['newton']:.0e}")
    claim(all(map(np.array_equal, *again)), "derivatives computed again have the same bits")
    claim(figures["lbfgs"] < 1e-6, f"LBFGS finds them too, to {figures['lbfgs']:.0e}")
    return figures


# %%
# The picture
# -----------


def draw(true: Array, weights: Array, errors: Array, newton: list[float], lbfgs: list[float], output: Path) -> None:
    figure, body = picture(
        "Logistic regression on data in files: sums over chunks",
        r"L = \sum_{\rm chunks} L_c",
        r"\nabla L = \sum_c \tilde X_c^\top (p_c - y_c)",
        r"\tilde\omega \leftarrow \tilde\omega - \left(\sum_c \nabla^2 L_c\right)^{-1} \nabla L",
        size=(12, 5),
    )
    left, right = body.subplots(1, 2, width_ratios=[1, 1.2])
    left.semilogy(newton, "o-", color=RED, label="Newton")
    left.semilogy(lbfgs, ".-", color=BLUE, label="LBFGS")
    left.set(xlabel="passes over all files", title=r"largest entry of $|\nabla L| / N$")
    left.legend()
    left.grid()
    places = np.arange(len(true))
    right.axhline(0, color=GREY, linewidth=1)
    right.errorbar(places, (weights - true) * 1e3, 2e3 * errors, fmt="o", color=RED, capsize=4)
    right.set(xlabel="weight", xticks=places, title=r"$10^3$ (fit − weights that made the data), ± 2 standard errors")
    save(figure, output)


if __name__ == "__main__":
    main()
