"""Sums of native programs beside exact ones: about as exact as NumPy's pairwise sums, and the same in each call."""

import math

import numpy as np
import pytest

from autograd_lite import compile

pytest.importorskip("numba", reason="native programs are compiled by numba")


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


SUMS = {
    "all": lambda x: x.sum(),
    "rows": lambda x: x.sum(axis=1),
    "of a product": lambda x: (x * 0.5).sum(),
    "with ones": lambda x: x @ np.ones_like(x[0]),
    "columns": lambda x: x.sum(axis=0),
    "mean": lambda x: x.mean() * x.size,
}


def exact(name, x):
    """Of float32, double precision is exact enough; fsum takes seconds for as many numbers."""
    table = x.T if name == "columns" else x
    rows = np.array([math.fsum(row) for row in table.tolist()]) if x.dtype == np.float64 else table.sum(1, np.float64)
    return {"all": rows.sum(), "mean": rows.sum(), "of a product": rows.sum() / 2}.get(name, rows)


# Each shape is a kernel, which takes seconds to compile: long sums in the dtype with less room for their rounding.
KERNELS = [(np.float32, (2, 300_001)), (np.float64, (3, 10_007))]
OTHER_KERNELS = [(dtype, shape) for dtype in (np.float32, np.float64)
                 for shape in ((1, 1000), (3, 10_007), (2, 300_001)) if (dtype, shape) not in KERNELS]  # fmt: skip


@pytest.mark.parametrize(
    ("dtype", "shape"), [*KERNELS, *(pytest.param(*kernel, marks=pytest.mark.exhaustive) for kernel in OTHER_KERNELS)]
)
@pytest.mark.parametrize("name", SUMS)
def test_sums_are_as_exact_as_those_of_numpy(name, dtype, shape):
    function = SUMS[name]
    compiled = compile(function, verify=False, audit=False, backend="native")
    ours, theirs = [], []
    for seed in range(4):
        x = np.abs(np.random.default_rng(seed).normal(size=shape)).astype(dtype)
        compiled(x)
        found, expected = compiled(x), exact(name, x)
        assert compiled.program.backend == "native"
        np.testing.assert_array_equal(found, compiled(x))
        ours.append(np.max(np.abs(found - expected) / expected))
        theirs.append(np.max(np.abs(function(x) - expected) / expected))
    # Sums whose terms are added one after the other are 100 times less exact.
    assert max(ours) <= 2 * max(theirs) + 4 * np.finfo(dtype).eps


@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
def test_sums_of_what_is_not_finite(special):
    def function(x, p):
        p += 1  # so that the kernel itself has to be right
        return x.sum(), (x * x).sum(), x.sum(axis=0)

    compiled = compile(function, verify=False, audit=False, backend="native")
    x = np.ones((1000, 2))
    compiled(x, np.zeros(2))
    for place in 0, 300, 999:
        x[:] = 1
        x[place, 0] = special
        np.testing.assert_array_equal(compiled(x, np.zeros(2))[0], x.sum())
        for found, expected in zip(compiled(x, np.zeros(2)), function(x, np.zeros(2)), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert compiled.program.backend == "native"


def test_cancellation_keeps_the_small_part():
    x = np.ones(100_001)
    x[1::2] = -1
    x[:2] = 2.0**60, -(2.0**60)
    compiled = compile(lambda x: x.sum(), verify=False, audit=False, backend="native")
    compiled(x)
    assert abs(compiled(x) - 1) <= 2.0**60 * np.finfo(float).eps
