"""The list of operations that drives every generic test: a new operation is tested by being listed here.

A case is an operation, the plain NumPy function that it must agree with, written here from the definition, and a
strategy for inputs at which it is smooth. `name` is the exported name, and after a colon what is special. Functions of
`nn.functional` that the package does not export are called "F.name".
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag
from catalogue import arrays as catalogue_arrays
from catalogue import elementwise as catalogue_elementwise
from catalogue import functional as catalogue_functional
from catalogue import layers as catalogue_layers
from catalogue import linalg as catalogue_linalg
from catalogue import reductions as catalogue_reductions
from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue.samples import Case


def _elementwise(name: str, reference: Callable[..., Any], *domains: s.Domain, special: str = "") -> Case:
    return Case(name + special, getattr(ag, name), reference, s.elementwise(*domains), domains)


# -- definitions ---------------------------------------------------------------------------------------------------

_erf = np.vectorize(math.erf, otypes=[float])


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _item(x, index):
    return x[index]


def _softmax(x, axis=-1):
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _logsumexp(x, axis, keepdims):
    with np.errstate(divide="ignore"):  # the sum over nothing
        return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _matmul(x, y):
    left = "k" if x.ndim == 1 else "...nk"
    right = "k" if y.ndim == 1 else "...km"
    result = "..." * (max(x.ndim, y.ndim) > 1) + "n" * (x.ndim > 1) + "m" * (y.ndim > 1)
    return np.einsum(f"{left},{right}->{result}", x, y)


def _dot(x, y):
    return x * y if 0 in (x.ndim, y.ndim) else np.tensordot(x, y, (-1, max(y.ndim - 2, 0)))


def _linear(x, weight, bias=0):
    return np.einsum("...i,oi->...o", x, weight) + bias


def _scatter(x, index, shape):
    positions = np.arange(math.prod(shape)).reshape(shape)[index]
    return np.bincount(np.ravel(positions), np.ravel(x), math.prod(shape)).reshape(shape).astype(float)


def _reduced(losses, reduction):
    return {"none": lambda: losses, "sum": losses.sum, "mean": losses.mean}[reduction]()


def _class_axis(scores):
    return 0 if scores.ndim == 1 else 1


def _nll(log_probabilities, target, reduction):
    axis = _class_axis(log_probabilities)
    picked = np.take_along_axis(log_probabilities, np.expand_dims(target, axis), axis)
    return _reduced(-picked.squeeze(axis), reduction)


def _cross_entropy(logits, target, reduction):
    logarithms = np.log(_softmax(logits, _class_axis(logits)))
    if target.ndim < logits.ndim:
        return _nll(logarithms, target, reduction)
    return _reduced(-(target * logarithms).sum(axis=_class_axis(logits)), reduction)


def _bce(p, target, reduction):
    return _reduced(-(target * np.log(p) + (1 - target) * np.log(1 - p)), reduction)


# -- the list ------------------------------------------------------------------------------------------------------

_KINK_FREE = s.grid(0.15)  # never near zero
_CLIP_DOMAINS = (s.grid(0.0), s.grid(0.1), s.grid(0.2))

CASES = [
    _elementwise("add", np.add, s.real, s.real),
    _elementwise("subtract", np.subtract, s.real, s.real),
    _elementwise("multiply", np.multiply, s.real, s.real),
    _elementwise("divide", np.divide, s.real, s.nonzero),
    _elementwise("power", lambda x, y: np.exp(y * np.log(x)), s.positive, s.real),
    _elementwise("power", lambda x, y: np.exp(y * np.log(x)), s.positive, s.with_zeros, special=": exponents of zero"),
    *(
        Case(
            f"power: {exponent!r}",
            lambda x, y: x**y,
            lambda x, y: np.asarray(x) ** y,
            s.elementwise(domain).map(lambda sample, y=exponent: s.Sample(sample.arrays, {"y": y})),
        )
        for exponent, domain in [
            (0, s.real), (1, s.with_zeros), (2, s.with_zeros), (3.0, s.with_zeros), (-1, s.nonzero), (-2.0, s.nonzero),
            (0.5, s.positive), (np.float64(1.5), s.positive), (np.array(2.0), s.with_zeros), (np.array([3]), s.real),
        ]
    ),
    _elementwise("negative", np.negative, s.real),
    _elementwise("absolute", lambda x: np.sqrt(x * x), s.nonzero),
    _elementwise("sign", lambda x: x / np.abs(x), s.nonzero),
    _elementwise("square", lambda x: x * x, s.real),
    _elementwise("sqrt", lambda x: x**0.5, s.positive),
    _elementwise("maximum", lambda x, y: np.where(x > y, x, y), s.grid(0.0), s.grid(0.15)),
    _elementwise("minimum", lambda x, y: np.where(x < y, x, y), s.grid(0.0), s.grid(0.15)),
    _elementwise("exp", lambda x: np.power(np.e, x), s.real),
    _elementwise("log", lambda x: np.log2(x) / np.log2(np.e), s.positive),
    _elementwise("expm1", lambda x: np.exp(x) - 1, s.real),
    _elementwise("log1p", lambda x: np.log(1 + x), s.positive),
    _elementwise("sin", lambda x: np.exp(1j * x).imag, s.real),
    _elementwise("cos", lambda x: np.exp(1j * x).real, s.real),
    _elementwise("tanh", lambda x: np.sinh(x) / np.cosh(x), s.real),
    _elementwise("erf", _erf, s.real),
    _elementwise("erf", _erf, lambda rng, shape: np.asarray(rng.uniform(-8, 8, shape)), special=": all of its range"),
    _elementwise("sigmoid", _sigmoid, s.real),
    _elementwise("relu", lambda x: np.where(x > 0, x, 0), _KINK_FREE),
    _elementwise("softplus", lambda x: np.log(1 + np.exp(x)), s.real),
    _elementwise("clip", lambda x, low, high: np.minimum(np.maximum(x, low), high), *_CLIP_DOMAINS),
    Case("clip: from below", ag.clip, np.maximum, s.elementwise(_KINK_FREE, s.grid(0.0))),
    Case("clip: from above", lambda x, bound: ag.clip(x, None, bound), np.minimum,
         s.elementwise(_KINK_FREE, s.grid(0.0))),
    Case("where", lambda x, y, condition: ag.where(condition, x, y),
         lambda x, y, condition: condition * x + ~condition * y, sa.chosen()),
    Case("softmax", ag.softmax, _softmax, s.reduction(s.real, several=False)),
    Case("log_softmax", ag.log_softmax, lambda x, axis: np.log(_softmax(x, axis)),
         s.reduction(s.real, several=False, min_side=1)),
    Case("sum", ag.sum, np.sum, s.reduction(s.real)),
    Case("mean", ag.mean, np.mean, s.reduction(s.real, min_side=1)),
    Case("prod", ag.prod, np.prod, s.reduction(s.real)),
    Case("prod: with zeros", ag.prod, np.prod, s.reduction(s.with_zeros)),
    Case("max", ag.max, np.max, s.reduction(s.distinct, min_side=1)),
    Case("min", ag.min, np.min, s.reduction(s.distinct, min_side=1)),
    Case("var", ag.var, np.var, s.reduction(s.real, min_side=1, ddof=True)),
    Case("std", ag.std, np.std, s.reduction(s.distinct, min_side=1, ddof=True)),
    Case("logsumexp", ag.logsumexp, _logsumexp, s.reduction(s.real)),
    Case("reshape", ag.reshape, np.reshape, s.varying(s.new_shapes)),
    Case("ravel", ag.ravel, np.ravel, s.elementwise(s.real)),
    Case("flatten", ag.flatten, np.ravel, s.elementwise(s.real)),
    Case("squeeze", ag.squeeze, np.squeeze, s.varying(s.axes_of_length_one, max_dims=4)),
    Case("expand_dims", ag.expand_dims, np.expand_dims, s.varying(s.new_axes)),
    Case("transpose", ag.transpose, np.transpose, s.varying(s.permutations, min_dims=1, max_dims=4)),
    Case("transpose: cycles", ag.transpose, np.transpose, s.varying(s.cycles, min_dims=3)),
    Case("swapaxes", ag.swapaxes, np.swapaxes, s.varying(s.axis_pairs, min_dims=1)),
    Case("broadcast_to", ag.broadcast_to, np.broadcast_to, s.varying(s.larger_shapes)),
    Case("concatenate", lambda *arrays, axis: ag.concatenate(arrays, axis),
         lambda *arrays, axis: np.concatenate(arrays, axis), s.joined(new_axis=False)),
    Case("stack", lambda *arrays, axis: ag.stack(arrays, axis),
         lambda *arrays, axis: np.stack(arrays, axis), s.joined(new_axis=True)),
    Case("astype", lambda x: ag.astype(x, x.dtype), np.copy, s.elementwise(s.real)),
    Case("clone", ag.clone, np.copy, s.elementwise(s.real)),
    Case("getitem: basic", ag.getitem, _item, s.varying(s.basic_indices)),
    Case("getitem: integer arrays", _item, lambda x, index: x.take(
        np.arange(x.size).reshape(x.shape)[index]), s.varying(s.integer_indices, min_dims=1, min_side=1)),
    Case("getitem: mixed", _item, _item, s.varying(s.mixed_indices, min_dims=1, min_side=1)),
    Case("getitem: masks", _item, _item, s.varying(s.masks, min_dims=1)),
    Case("scatter", ag.scatter, _scatter, sa.scattered()),
    Case("matmul", ag.matmul, _matmul, s.products()),
    Case("dot", ag.dot, _dot, s.dots()),
    Case("linear", ag.linear, _linear, s.affine(bias=False)),
    Case("linear: with bias", ag.linear, _linear, s.affine(bias=True)),
    Case("cross_entropy: labels", ag.cross_entropy, _cross_entropy, s.classified()),
    Case("cross_entropy: probabilities", ag.cross_entropy, _cross_entropy, s.classified(probabilities=True)),
    Case("nll_loss", ag.nll_loss, _nll, s.classified(scores=s.negative)),
    Case("binary_cross_entropy", ag.binary_cross_entropy, _bce, s.compared(s.probability, s.probability)),
    Case("binary_cross_entropy_with_logits", ag.binary_cross_entropy_with_logits,
         lambda z, target, reduction: _bce(_sigmoid(z), target, reduction), s.compared(_KINK_FREE, s.probability)),
    Case("mse_loss", ag.mse_loss, lambda x, y, reduction: _reduced((x - y) ** 2, reduction),
         s.compared(s.real, s.real)),
    *catalogue_elementwise.CASES,
    *catalogue_reductions.CASES,
    *catalogue_arrays.CASES,
    *catalogue_linalg.CASES,
    *catalogue_layers.CASES,
    *catalogue_functional.CASES,
]  # fmt: skip

ALIASES = catalogue_elementwise.ALIASES

# Exported, but nothing flows through them.
WITHOUT_DERIVATIVE = {"from_dlpack", "one_hot"}

# Spellings of a case as operators, methods and NumPy functions; the operands can be tensors and arrays in any mixture.
OPERATORS = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "matmul": operator.matmul,
    "negative": operator.neg,
    "absolute": operator.abs,
    **catalogue_elementwise.OPERATORS,
    "getitem: basic": operator.getitem,
    "getitem: integer arrays": operator.getitem,
    "getitem: mixed": operator.getitem,
    "getitem: masks": operator.getitem,
}

METHODS = (
    "sum", "mean", "prod", "max", "min", "var", "std", "reshape", "ravel", "flatten", "squeeze", "transpose",
    "swapaxes", "clone", "dot", "repeat", "take", *catalogue_elementwise.METHODS,
    *catalogue_reductions.METHODS,
)  # fmt: skip
