"""Elementary functions of native programs have the special values of NumPy's functions, and raise their flags."""

from functools import cache

import numpy as np
import pytest

pytest.importorskip("numba", reason="native programs are compiled by numba")
pytest.importorskip("mpmath", reason="exact values are computed by mpmath")

import numba
from compiler.native.elementary import (
    NUMPY,
    both_types,
    clearing_and_testing,
    evaluate,
    every_function,
    loop,
    samples,
    special,
)

from autograd_lite.compiler.native import functions


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def within_bounds(name, x):
    """sin and cos have a bound, which another test is about."""
    bound = getattr(functions, f"SIN_COS_BOUND_{x.dtype.name.upper()}")
    return x[~((np.abs(x) > bound) & np.isfinite(x))] if name in ("sin", "cos") else x


@pytest.mark.exhaustive
@both_types
@every_function
def test_special_values_and_signs_are_those_of_numpy(name, real):
    x = within_bounds(name, special(real))
    found = evaluate(name, x)
    with np.errstate(all="ignore"):
        expected = NUMPY[name](x)
    special_values = ~np.isfinite(expected) | (expected == 0)
    np.testing.assert_array_equal(found[special_values], expected[special_values])
    assert np.isfinite(found[~special_values]).all()
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


@both_types
def test_special_values_of_logaddexp_are_those_of_numpy(real):
    x, y = (part.ravel() for part in np.meshgrid(special(real), special(real)))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(evaluate("logaddexp", x, y), np.logaddexp(x, y), rtol=4 * np.finfo(real).eps)


@both_types
def test_powers_of_special_values_are_those_of_numpy(real):
    x, y = (part.ravel() for part in np.meshgrid(special(real), np.append(special(real), [2, 3, -2, -3, 1.5])))
    x, y = x.astype(real), y.astype(real)
    found = evaluate("power", x, y)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(real).eps, atol=2 * np.finfo(real).smallest_subnormal)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


@cache
def flags():
    """The bits of the flags, by the names that NumPy calls them by: from divisions that raise them."""

    @numba.njit(error_model="numpy")
    def divide(x, y, out):
        clear(255)
        out[0] = x[0] / y[0]
        return test(255)

    clear, test = clearing_and_testing()
    raised = {
        name: divide(np.array([x]), np.array([y]), np.empty(1))
        for name, (x, y) in {
            "invalid value": (0.0, 0.0),
            "divide by zero": (1.0, 0.0),
            "overflow": (1e308, 1e-308),
            "underflow": (1e-308, 1e308),
        }.items()
    }
    inexact = raised["overflow"] & raised["underflow"]
    assert len({*raised.values(), inexact, 0}) == 6
    return {name: bits & ~inexact for name, bits in raised.items() if name != "underflow"}


def raised_by_loop(name, *arguments):
    """The names of the flags that are raised; the array is longer than a vector, and has a rest."""
    repeated = [np.repeat(argument, 67) for argument in arguments]
    found = loop(name, repeated[0].dtype.type)(*repeated, np.empty_like(repeated[0]))
    return {flag for flag, bits in flags().items() if found & bits}


def ordinary(*numbers):
    """Whether numbers are finite and not subnormal."""
    return all(np.isfinite(x) and (x == 0 or abs(x) >= np.finfo(x.dtype).smallest_normal) for x in numbers)


def raised_by_numpy(function, *arguments):
    names = set()
    with np.errstate(all="call", under="ignore"):
        before = np.seterrcall(lambda flag, _: names.add(flag))
        try:
            function(*(np.array([argument]) for argument in arguments))
        finally:
            np.seterrcall(before)
    return names & set(flags())


@both_types
@every_function
def test_flags_are_those_of_numpy(name, real):
    """Arguments that are NaN, infinite or subnormal may raise more."""
    for number in within_bounds(name, special(real)):
        expected = raised_by_numpy(NUMPY[name], number) if name != "erf" else set()
        expected -= {"overflow"} if name == "quiet_exp" else set()
        found = raised_by_loop(name, number)
        assert found == expected if ordinary(number) else found >= expected, (number, found, expected)


@both_types
def test_flags_of_power_are_those_of_numpy(real):
    for x in special(real):
        for y in np.append(special(real), [2, 3, -3, 1.5]).astype(real):
            found, expected = raised_by_loop("power", x, y), raised_by_numpy(np.power, x, y)
            assert found == expected if ordinary(x, y) else found >= expected, (x, y, found, expected)


@both_types
@every_function
def test_arguments_with_finite_values_raise_no_flag(name, real, rng):
    x = samples(name, real, 50, rng)
    x = x[np.isfinite(evaluate(name, x)) & (np.abs(x) >= np.finfo(real).smallest_normal)]
    assert len(x) > 1000
    assert raised_by_loop(name, x) == set()


@both_types
def test_finite_arguments_of_logaddexp_raise_no_flag(real, rng):
    x = samples("exp", real, 20, rng)
    x = x[np.abs(x) < np.finfo(real).max / 2]  # so their differences are finite
    assert raised_by_loop("logaddexp", x, rng.permutation(x)) == set()


@both_types
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sin_and_cos_of_larger_arguments_are_nan_and_invalid(name, real):
    bound = getattr(functions, f"SIN_COS_BOUND_{real.__name__.upper()}")
    x = np.array([np.nextafter(bound, real(np.inf)), 2 * bound, np.finfo(real).max])
    assert not np.isnan(evaluate(name, np.array([bound, -bound]))).any()
    assert np.isnan(evaluate(name, np.concatenate([x, -x]))).all()
    assert all(raised_by_loop(name, x[[i]]) == {"invalid value"} for i in range(x.size))
