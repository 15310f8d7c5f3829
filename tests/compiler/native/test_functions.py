"""Elementary functions of native programs have errors of at most 2 ulp, and loops over them are vectorised."""

import re

import numpy as np
import pytest

pytest.importorskip("numba", reason="native programs are compiled by numba")
pytest.importorskip("mpmath", reason="exact values are computed by mpmath")

import mpmath
from compiler.native.elementary import (
    BINARY,
    EXACT,
    NUMPY,
    both_types,
    evaluate,
    every_function,
    largest_error,
    loop,
    samples,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.exhaustive
@both_types
@every_function
def test_the_error_is_at_most_2_ulp(name, real, rng):
    x = samples(name, real, 16 if real is np.float32 else 2, rng)
    with mpmath.workprec(100):
        assert largest_error(evaluate(name, x), [EXACT[name](mpmath.mpf(number)) for number in x.tolist()]) <= 2


@every_function
def test_the_error_in_float32_is_at_most_2_ulp_at_many_numbers_of_each_binade(name, rng):
    x = samples(name, np.float32, 1000, rng)
    with np.errstate(over="ignore"):
        exact = NUMPY[name](x.astype(np.float64))
    found, end = evaluate(name, x).astype(np.float64), 2.0**128
    exact, found = np.clip(exact, -end, end), np.clip(found, -end, end)
    unit = np.ldexp(1.0, np.clip(np.frexp(exact)[1], -125, 128) - 24)
    assert (np.abs(found - exact) <= 2 * unit).all()


@both_types
@every_function
def test_values_do_not_depend_on_the_place_in_the_array(name, real, rng):
    """Loops compute what remains after the last full vector by other instructions."""
    x = samples(name, real, 1, rng)
    alone = np.concatenate([evaluate(name, x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_array_equal(evaluate(name, x), alone)


@both_types
def test_the_error_of_logaddexp_is_at_most_2_ulp(real, rng):
    """Of the larger of the result and the arguments: where these cancel, the result inherits their rounding."""
    x = rng.normal(scale=30, size=2000).astype(real)
    y = (x + rng.choice([-1, 1], 2000) * 2.0 ** rng.uniform(-20, 7, 2000)).astype(real)
    found = evaluate("logaddexp", x, y)
    with mpmath.workprec(200):
        exact = [mpmath.log(mpmath.exp(a) + mpmath.exp(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        errors = np.array([float(value - number) for value, number in zip(exact, found.tolist(), strict=True)])
    unit = np.spacing(np.maximum(np.abs(found), np.abs(np.maximum(x, y))))
    assert (np.abs(errors) <= 2 * unit).all()


@both_types
def test_the_error_of_power_is_at_most_2_ulp(real, rng):
    """Bases of all magnitudes, and near 1; exponents that lead to all magnitudes of results, and small ones."""
    end = np.finfo(real).maxexp
    logarithms = np.concatenate(
        [rng.uniform(-end, end, 1000), rng.choice([-1, 1], 1000) / 2 ** rng.uniform(0, 40, 1000)]
    )
    x = np.exp2(logarithms).astype(real)
    x = np.where(x == 1, real(3), x)
    far = rng.uniform(-end - 30, end + 1, len(x)) / np.log2(x.astype(np.longdouble))
    y = np.where(rng.uniform(size=len(x)) < 0.7, far, rng.uniform(-5, 5, len(x))).astype(real)
    with mpmath.workprec(140):
        exact = [mpmath.power(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        assert largest_error(evaluate("power", x, y), exact) <= 2


@both_types
@pytest.mark.parametrize("name", [*EXACT, *BINARY])
def test_loops_compute_with_vectors_and_call_nothing(name, real):
    fill = loop(name, real)
    x = np.ones(3, real)
    fill(*(x,) * (3 if name in BINARY else 2))
    (code,) = fill.inspect_llvm().values()
    (body,) = [part for part in code.split("\ndefine ") if re.search(r" = fmul .*<\d+ x (float|double)>", part)]
    called = set(re.findall(r"call [^@]*@([\w.]+)", body))
    assert {name for name in called if not name.startswith("llvm.")} == {"feclearexcept", "fetestexcept"}
