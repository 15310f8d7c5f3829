"""Elementwise functions, as cases of the catalogue."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag
from catalogue import samples as s
from catalogue.samples import Case


def _elementwise(name: str, reference: Callable[..., Any], *domains: s.Domain, special: str = "") -> Case:
    return Case(name + special, getattr(ag, name), reference, s.elementwise(*domains), domains)


def _first(name: str, reference: Callable[..., Any], *domains: s.Domain) -> Case:
    """The first of the two results of a function."""
    return Case(name, lambda *x: getattr(ag, name)(*x)[0], reference, s.elementwise(*domains), domains)


def _angle(y, x):
    return np.log(x + 1j * y).imag


def _between(low: float, high: float) -> s.Domain:
    return lambda rng, shape: np.asarray(rng.uniform(low, high, shape))


_STEPS = s.grid(0.15)  # near no integer and no half of one
_SIDES = (s.grid(0.0), s.grid(0.15))  # never close to each other
_QUOTIENT = (s.halves, s.units)

CASES: list[Case] = [
    _elementwise("exp2", lambda x: np.exp(x * np.log(2)), s.real),
    _elementwise("log2", lambda x: np.log(x) / np.log(2), s.positive),
    _elementwise("log10", lambda x: np.log(x) / np.log(10), s.positive),
    _elementwise("logaddexp", lambda x, y: np.log(np.exp(x) + np.exp(y)), s.real, s.real),
    _elementwise("logaddexp2", lambda x, y: np.log2(2**x + 2**y), s.real, s.real),
    _elementwise("reciprocal", lambda x: 1 / x, s.nonzero),
    _elementwise("positive", lambda x: 0 + x, s.real),
    _elementwise("conjugate", lambda x: 0 + x, s.real),
    _elementwise("real", lambda x: 0 + x, s.real),
    _elementwise("real_if_close", lambda x: 0 + x, s.real),
    _elementwise("cbrt", lambda x: np.sign(x) * np.exp(np.log(np.abs(x)) / 3), s.nonzero),
    _elementwise("fabs", lambda x: np.sqrt(x * x), s.nonzero),
    _elementwise("float_power", lambda x, y: np.exp(y * np.log(x)), s.positive, s.real),
    _elementwise("copysign", lambda x, y: np.abs(x) * y / np.abs(y), s.nonzero, s.nonzero),
    _elementwise("fmax", lambda x, y: np.where(x > y, x, y), *_SIDES),
    _elementwise("fmin", lambda x, y: np.where(x < y, x, y), *_SIDES),
    _elementwise("tan", lambda x: np.sin(x) / np.cos(x), _between(-1.2, 1.2)),
    _elementwise("arcsin", lambda x: np.arctan(x / np.sqrt(1 - x * x)), _between(-0.9, 0.9)),
    _elementwise("arccos", lambda x: np.pi / 2 - np.arctan(x / np.sqrt(1 - x * x)), _between(-0.9, 0.9)),
    _elementwise("arctan", lambda x: np.log(1 + 1j * x).imag, s.real),
    _elementwise("arctan2", _angle, s.nonzero, s.nonzero),
    _elementwise("hypot", lambda x, y: np.abs(x + 1j * y), s.nonzero, s.nonzero),
    _elementwise("sinh", lambda x: (np.exp(x) - np.exp(-x)) / 2, s.real),
    _elementwise("cosh", lambda x: (np.exp(x) + np.exp(-x)) / 2, s.real),
    _elementwise("arcsinh", lambda x: np.log(x + np.sqrt(x * x + 1)), s.real),
    _elementwise("arccosh", lambda x: np.log(x + np.sqrt(x * x - 1)), _between(1.2, 3)),
    _elementwise("arctanh", lambda x: np.log((1 + x) / (1 - x)) / 2, _between(-0.9, 0.9)),
    _elementwise("deg2rad", lambda x: x / 180 * np.pi, s.real),
    _elementwise("radians", lambda x: x / 180 * np.pi, s.real),
    _elementwise("rad2deg", lambda x: x / np.pi * 180, s.real),
    _elementwise("degrees", lambda x: x / np.pi * 180, s.real),
    _elementwise("sinc", lambda x: np.sin(np.pi * x) / (np.pi * x), s.nonzero),
    _elementwise("floor", lambda x: x - x % 1, _STEPS),
    _elementwise("ceil", lambda x: x + -x % 1, _STEPS),
    _elementwise("trunc", lambda x: np.sign(x) * np.floor(np.abs(x)), _STEPS),
    _elementwise("fix", lambda x: np.sign(x) * np.floor(np.abs(x)), _STEPS),
    _elementwise("rint", lambda x: np.floor(x + 0.5), _STEPS),
    _elementwise("round", lambda a: np.floor(a + 0.5), _STEPS),
    _elementwise("floor_divide", lambda x, y: np.floor(x / y), *_QUOTIENT),
    _elementwise("remainder", lambda x, y: x - y * np.floor(x / y), *_QUOTIENT),
    _elementwise("fmod", lambda x, y: x - y * np.trunc(x / y), *_QUOTIENT),
    _first("divmod", lambda x, y: np.floor(x / y), *_QUOTIENT),
    _first("modf", lambda x: x - np.trunc(x), _STEPS),
    _first("frexp", lambda x: x / 2.0 ** np.floor(np.log2(np.abs(x)) + 1), s.grid(0.15)),
    Case("ldexp", ag.ldexp, lambda x, y: x * 2.0**y,
         s.elementwise(s.real).map(lambda sample: s.Sample(sample.arrays, {"y": -3}))),
    _elementwise("heaviside", lambda x, y: np.where(x > 0, 1.0, 0 * y), s.nonzero, s.real),
    _elementwise("nan_to_num", lambda x: 0 + x, s.real),
]  # fmt: skip

# How NumPy's function is called, where not as the operation.
ADAPTED: dict[str, Callable[..., Any]] = {
    "divmod": lambda x, y: np.divmod(x, y)[0],
    "modf": lambda x: np.modf(x)[0],
    "frexp": lambda x: np.frexp(x)[0],
    "ldexp": lambda x, y: np.ldexp(x, y),
}

# Other names for an operation.
ALIASES = {"true_divide": "divide", "mod": "remainder", "around": "round"}

OPERATORS = {"positive": operator.pos, "floor_divide": operator.floordiv, "remainder": operator.mod}
METHODS = ("conjugate", "round")
