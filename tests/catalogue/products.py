"""Products of arrays, as cases of the catalogue."""

import functools
import itertools
import math

import numpy as np

from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue import samples_products as sp
from catalogue.ordering import case


def _by_loops(*arrays, subscripts, optimize=False):
    """Einstein's sum from its definition: over all values of all labels."""
    inputs, arrow, output = subscripts.partition("->")
    inputs = inputs.split(",")
    hidden = [array.ndim - len(labels.replace("...", "")) for array, labels in zip(arrays, inputs, strict=True)]
    under = "0123456789"[: max(n for n, labels in zip(hidden, inputs, strict=True) if "..." in labels or not n)]
    if not arrow:
        letters = "".join(inputs).replace(".", "")
        output = "..." + "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    inputs = [labels.replace("...", under[len(under) - n :]) for labels, n in zip(inputs, hidden, strict=True)]
    output = output.replace("...", under)
    lengths = {}
    for array, labels in zip(arrays, inputs, strict=True):
        for label, n in zip(labels, array.shape, strict=True):
            lengths[label] = n if lengths.get(label, 1) == 1 else lengths[label]
    result = np.zeros([lengths[label] for label in output])
    for values in itertools.product(*map(range, lengths.values())):
        at = dict(zip(lengths, values, strict=True))
        result[tuple(at[label] for label in output)] += math.prod(
            array[tuple(at[label] if n != 1 else 0 for label, n in zip(labels, array.shape, strict=True))]
            for array, labels in zip(arrays, inputs, strict=True)
        )
    return result


def _cross(x, y, axisa, axisb, axisc):
    epsilon = np.zeros((3, 3, 3))
    for i, j, k in itertools.permutations(range(3)):
        epsilon[i, j, k] = (i - j) * (j - k) * (k - i) / 2
    x, y = np.moveaxis(x, axisa, -1), np.moveaxis(y, axisb, -1)
    return np.moveaxis(np.einsum("ijk,...j,...k->...i", epsilon, x, y), -1, axisc)


def _convolved(x, y, mode):
    whole = np.zeros(len(x) + len(y) - 1)
    for i, j in itertools.product(range(len(x)), range(len(y))):
        whole[i + j] += x[i] * y[j]
    short, long = sorted([len(x), len(y)])
    if mode == "same":
        start = (short - 1) // 2
        return whole[start : start + long]
    return whole[short - 1 : long] if mode == "valid" else whole


def _kron(x, y):
    ndim = max(x.ndim, y.ndim)
    x, y = (a.reshape((1,) * (ndim - a.ndim) + a.shape) for a in (x, y))
    out = np.zeros([n * m for n, m in zip(x.shape, y.shape, strict=True)])
    for i, j in itertools.product(np.ndindex(x.shape), np.ndindex(y.shape)):
        out[tuple(a * m + b for a, b, m in zip(i, j, y.shape, strict=True))] = x[i] * y[j]
    return out


CASES = [
    case("einsum", lambda m: lambda *xs, subscripts, optimize: m.einsum(subscripts, *xs, optimize=optimize),
         sp.subscripts(), _by_loops),
    case("tensordot", lambda m: m.tensordot, sp.contracted()),
    case("inner", lambda m: m.inner, sp.inner_operands(),
         lambda x, y: x * y if 0 in (x.ndim, y.ndim) else np.tensordot(x, y, (-1, -1))),
    case("outer", lambda m: m.outer, sa.several_of((2,), (3,)), lambda x, y: np.einsum("i,j->ij", x, y)),
    case("outer: of any shapes", lambda m: m.outer, sp.same_size(),
         lambda x, y: np.einsum("i,j->ij", x.ravel(), y.ravel())),
    case("vdot", lambda m: m.vdot, sp.same_size(), lambda x, y: np.sum(x.ravel() * y.ravel())),
    case("vecdot", lambda m: m.vecdot, sp.vectors(), lambda x, y, axis: np.sum(
        np.moveaxis(x, axis, -1) * np.moveaxis(y, axis, -1), -1)),
    case("kron", lambda m: m.kron, s.varying(lambda s_: sa.st.just({}), max_dims=2).flatmap(
        lambda a: s.varying(lambda s_: sa.st.just({}), max_dims=2).map(lambda b: s.Sample(a.arrays + b.arrays, {}))),
         _kron),
    case("cross", lambda m: m.cross, sp.vectors(3), _cross),
    case("multi_dot", lambda m: lambda *xs: getattr(m, "linalg", m).multi_dot(xs), sp.chains(),
         lambda *xs: functools.reduce(np.matmul, xs)),
    case("convolve", lambda m: m.convolve, sp.signals(), _convolved),
    case("correlate", lambda m: m.correlate, sp.signals(), np.correlate),
]  # fmt: skip
