"""Common mistakes that show in the array alone: a sign, a constant factor, transposes, sums, shapes.

Each is a function of the evidence and the two arrays that yields explanations; `diagnosis` keeps those that agree.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.diagnosis.evidence import Evidence, Explanation

Mistake = Callable[[Evidence, NumberArray, NumberArray], Iterator[Explanation]]


# -- a constant factor ---------------------------------------------------------------------------------------------


def constant_factor(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """expected = c · actual, with c fitted. An unexplained c is reported only if it fits at least two elements."""
    if actual.shape != expected.shape:
        return
    elements = evidence.informative(actual, expected)
    square = float(np.sum(actual[elements] ** 2))
    if not square:
        return
    factor = float(np.sum(actual[elements] * expected[elements])) / square
    if not factor or np.isclose(factor, 1, rtol=1e-9, atol=0):
        return
    size = abs(factor) if abs(factor) > 1 else 1 / abs(factor)
    flipped = "the sign is flipped" if factor < 0 else ""
    if np.isclose(size, 1, rtol=1e-8, atol=0):
        yield Explanation("sign", flipped, -actual, expected)
        return
    reasons = meanings(evidence, size)
    if _is_far_fetched(reasons) and any(evidence.agree(actual, step[-1]) for step in evidence.mistaken_gradients()):
        reasons = ()  # a step of the function explains it
    if reasons or elements.sum() > 1:
        large = abs(factor) < 1
        digits = 6 if size > 1.00001 else 12
        text = f"it is {size:.{digits}g} times too {'large' if large else 'small'}"
        text = f"{flipped} and {text}" if flipped else text
        kind = "sign + factor" if flipped else "factor"
        cost = 2 + bool(flipped) + (2 if not reasons else int(_is_far_fetched(reasons)))
        hint = f"a {'sum' if large else 'mean'} where the function has a {'mean' if large else 'sum'}"
        yield Explanation(kind, text, factor * actual, expected, cost, reasons, hint)


def meanings(evidence: Evidence, number: float) -> tuple[str, ...]:
    """All known quantities with this value: lengths of axes, numbers of elements, 2, scalar inputs."""
    known: list[tuple[str, float]] = [("the factor 2 in the derivative of a square", 2.0)] * evidence.has_square()
    less_likely: list[tuple[str, float]] = []
    for name, array in evidence.inputs.items():
        lengths = [(f"the length of axis {axis} of {name!r}", length) for axis, length in enumerate(array.shape)]
        known += lengths
        sizes = [(f"the number of elements of {name!r}", array.size)] if array.ndim > 1 else []
        less_likely += sizes
        for label, n in lengths + sizes:
            if evidence.has_square():
                less_likely += [(f"half {label}", n / 2), (f"2 over {label}", 2 / max(n, 1))]
            less_likely += [(f"√({label})", n**0.5), (f"{label} minus one", n - 1.0),
                            (f"N/(N − 1) for N = {label}", n / max(n - 1, 1))]  # fmt: skip
        if array.ndim == 0 and array:
            value = abs(float(array))
            known += [(name, value), (f"1/{name}", 1 / value), (f"2·{name}", 2 * value)]
    return _equal(known, number) or _equal(less_likely, number)


def _is_far_fetched(reasons: tuple[str, ...]) -> bool:
    return bool(reasons) and all(reason.startswith(("half", "2 over", "√", "N/(N")) for reason in reasons)


def _equal(known: list[tuple[str, float]], number: float) -> tuple[str, ...]:
    return tuple(label for label, value in known if value != 1 and math.isclose(value, number, rel_tol=1e-8))


# -- axes and shapes -----------------------------------------------------------------------------------------------


def transposed(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The axes have another order."""
    if actual.ndim != expected.ndim or actual.ndim < 2:
        return
    n = evidence.output_ndim
    reverse = tuple(range(actual.ndim))[::-1]
    orders = itertools.permutations(range(actual.ndim)) if actual.ndim <= 5 else iter([reverse])
    blocks = tuple(range(actual.ndim - n, actual.ndim)) + tuple(range(actual.ndim - n))
    for order in dict.fromkeys([blocks, reverse, *orders]):
        if order == tuple(range(actual.ndim)) or tuple(actual.shape[axis] for axis in order) != expected.shape:
            continue
        if order == blocks and n:
            text = "it is the transposed Jacobian: the axes of the result come first, then those of the argument"
        elif actual.ndim == 2:
            text = "it is the transpose of the expected array"
        else:
            text = f"its axes are in another order, which np.transpose(..., {order}) corrects"
        yield Explanation("transpose", text, np.transpose(actual, order), expected, 2)


def flipped(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The order of the elements along an axis is reversed, as in a kernel that is rotated by 180°."""
    if actual.shape != expected.shape:
        return
    axes = [axis for axis, length in enumerate(actual.shape) if length > 1]
    several = [tuple(axes[start:]) for start in range(len(axes) - 1)]
    for chosen in [*[(axis,) for axis in axes], *several]:
        where = f"along axis {chosen[0]}" if len(chosen) == 1 else f"in the axes {chosen}, a rotation by 180°"
        yield Explanation("flip", f"it is flipped {where}", np.flip(actual, chosen), expected, 2)


def unsummed(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The sum over an axis is missing, for example over the samples of a batch."""
    for axes, kept in _lost_axes(actual.shape, expected.shape):
        summed = actual.sum(axis=axes).reshape(kept)
        where = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
        lengths = [actual.shape[axis] for axis in axes]
        shared = tuple(
            f"axis {axis} of {name!r}"
            for name, array in evidence.inputs.items()
            for axis, length in enumerate(array.shape)
            if length == lengths[0]
        )
        data = any(not reason.endswith(repr(evidence.argument)) for reason in shared)
        text = f"the sum over {where} is missing" + (" (the batch is not summed)" if data else "")
        yield Explanation("unsummed", text, summed, expected, 2, shared)


def summed(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """A sum over an axis that the derivative keeps."""
    for axes, kept in _lost_axes(expected.shape, actual.shape):
        if all(expected.shape[axis] > 1 for axis in axes):
            text = f"it is summed over axis {', '.join(map(str, axes))}, which the derivative keeps"
            yield Explanation("summed", text, actual, expected.sum(axis=axes).reshape(kept), 3)


def _lost_axes(longer: tuple[int, ...], shorter: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The axes whose sum leads from the longer shape to the shorter one, with or without keepdims."""
    if longer == shorter:
        return
    for count in range(1, len(longer) + 1):
        for axes in itertools.combinations(range(len(longer)), count):
            dropped = tuple(n for axis, n in enumerate(longer) if axis not in axes)
            kept = tuple(1 if axis in axes else n for axis, n in enumerate(longer))
            if shorter in (dropped, kept):
                yield axes, shorter


def reshaped(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The numbers are right, but the shape is wrong."""
    if actual.shape == expected.shape:
        return
    if actual.size == expected.size:
        text = f"only the shape is wrong, which reshape{expected.shape} corrects"
        yield Explanation("reshape", text, actual.reshape(expected.shape), expected, 1)
        return
    try:
        spread = np.broadcast_to(actual, expected.shape)
    except ValueError:
        return
    text = f"it is right only after broadcasting to {expected.shape}"
    yield Explanation("broadcast", text, spread, expected, 2)


def with_too_many(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """Only a diagonal or a range of the elements is the derivative; or only a diagonal is there."""
    if actual.ndim == expected.ndim + 1 and actual.ndim >= 2 and actual.shape[-1] == actual.shape[-2]:
        text = "only its diagonal is the derivative"
        yield Explanation("shape", text, np.diagonal(actual, axis1=-2, axis2=-1), expected, 2)
    if expected.ndim >= 2 and actual.shape == expected.shape[1:] and expected.shape[-1] == expected.shape[-2]:
        text = "it is only the diagonal of the derivative, a matrix with zeros elsewhere"
        yield Explanation("shape", text, actual[..., None] * np.eye(expected.shape[-1]), expected, 2)
    for axis, start, part in _ranges(actual, expected.shape):
        surplus = actual.shape[axis] - expected.shape[axis]
        text = f"only the elements {start}:{start + expected.shape[axis]} along axis {axis} are the derivative"
        hint = ": a full convolution where a valid one belongs" if 2 * start == surplus else ""
        yield Explanation("shape", text + hint, part, expected, 2)


def _ranges(longer: NumberArray, shape: tuple[int, ...]) -> Iterator[tuple[int, int, NumberArray]]:
    """The ranges along the only axis that is too long: axis, start and elements."""
    if longer.ndim != len(shape):
        return
    differing = [axis for axis, (m, n) in enumerate(zip(longer.shape, shape, strict=True)) if m != n]
    if len(differing) == 1:
        axis = differing[0]
        for start in range(longer.shape[axis] - shape[axis] + 1):
            yield axis, start, np.take(longer, range(start, start + shape[axis]), axis)


def missing_matrix(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """A factor of a matrix product is missing or one too many, or X Xᵀ stands for XᵀX."""
    for name, array in evidence.inputs.items():
        if array.dtype.kind != "f" or array.ndim != 2:
            continue
        for label, factor in ((name, array), (f"{name}ᵀ", array.T)):
            for side, product in (("left", _from_left), ("right", _from_right)):
                completed, extended = product(factor, actual), product(factor, expected)
                if completed is not None and completed.shape == expected.shape:
                    text = f"the factor {label} is missing on the {side}"
                    yield Explanation("missing factor", text, completed, expected, 4)
                if extended is not None and extended.shape == actual.shape:
                    text = f"the factor {label} is one too many on the {side}"
                    yield Explanation("extra factor", text, actual, extended, 4)
        outer, inner = (f"{name} {name}ᵀ", array @ array.T), (f"{name}ᵀ{name}", array.T @ array)
        for (mine, claimed), (right, wanted) in ((outer, inner), (inner, outer)):
            if claimed.shape == actual.shape and wanted.shape == expected.shape != actual.shape:
                scale = np.sum(expected * wanted) / np.sum(wanted * wanted)
                both = np.concatenate([actual.ravel(), expected.ravel()])
                products = scale * np.concatenate([claimed.ravel(), wanted.ravel()])
                yield Explanation("order", f"{mine} stands where {right} belongs", both, products, 2)


def _from_left(matrix: NumberArray, array: NumberArray) -> NumberArray | None:
    fits = array.ndim in (1, 2) and matrix.shape[1] == array.shape[0]
    return np.asarray(matrix @ array) if fits else None


def _from_right(matrix: NumberArray, array: NumberArray) -> NumberArray | None:
    fits = array.ndim in (1, 2) and array.shape[-1] == matrix.shape[0]
    return np.asarray(array @ matrix) if fits else None


def missing_slice(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The first or last slice along an axis is missing, for example the column of the bias."""
    if actual.ndim != expected.ndim:
        return
    for axis, (mine, wanted) in enumerate(zip(actual.shape, expected.shape, strict=True)):
        if mine + 1 == wanted:
            for which, index in (("first", 0), ("last", wanted - 1)):
                text = f"the {which} slice along axis {axis} is missing (the bias?)"
                yield Explanation("missing slice", text, actual, np.delete(expected, index, axis), 2)
