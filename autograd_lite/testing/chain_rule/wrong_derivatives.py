"""The table of mistakes in one local derivative: how a step of any operation may pass on the gradient wrongly.

Each row takes a step and yields wrong derivatives: a sentence with {step} in it, and the contribution that results from
the gradient g of the step and its right contribution c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.recorded import Change, Step, fit
from autograd_lite.testing.diagnosis.activations import DERIVATIVES, confused_with

_LARGEST_JACOBIAN = 64
_CONDITIONAL = ("clip", "fmax", "fmin", "hardtanh", "maximum", "minimum", "relu", "where")


class Wrong(NamedTuple):
    """A wrong local derivative: kind, sentence, cost and effect.

    `is_number` says that it is too large or too small by a number of the operation: a length, an exponent, a factor.
    """

    kind: str
    text: str
    cost: int
    change: Change
    is_number: bool = False


def wrong_derivatives(step: Step) -> Iterator[Wrong]:
    """All mistakes in the table, the most likely ones first."""
    constant = ", as if it were constant" * (step.name in ("mean", "std", "var"))
    yield Wrong("missing term", f"the contribution through {{step}} is left out{constant}", 5, lambda g, c: 0 * c)
    yield Wrong("sign", "the sign of the contribution through {step} is flipped", 6, lambda g, c: -c)
    if step.has_several_results or not step.arguments or 0 in step.node.shape or 0 in step.parent.shape:
        return
    with np.errstate(all="ignore"):
        slope = slope_of(step)
        rows = _ELEMENTWISE if slope is not None else _LINEAR
        for row in rows:
            yield from row(step, slope)
        for always in (_transposed, _extra_activation):
            yield from always(step)


def slope_of(step: Step) -> NumberArray | None:
    """The derivative of an elementwise step, with the shape of the result; None if it is not elementwise."""
    node, shape = step.node, step.parent.shape
    trailing = node.shape[len(node.shape) - len(shape) :]
    if len(trailing) < len(shape) or any(n not in (1, m) for n, m in zip(shape, trailing, strict=True)):
        return None
    slope = np.asarray(step.pull(np.ones(node.shape)))
    if slope.shape != node.shape:
        return None
    probe = np.cos(1.0 + np.arange(slope.size)).reshape(slope.shape)
    passed = np.asarray(step.pull(probe))
    return slope if passed.shape == slope.shape and np.allclose(passed, probe * slope, rtol=1e-12) else None


# -- elementwise steps ---------------------------------------------------------------------------------------------


def _left_out(step: Step, slope: Any) -> Iterator[Wrong]:
    if step.node.shape != step.parent.shape:
        count = int(np.prod(step.node.shape)) // int(np.prod(step.parent.shape))
        text = "the sum over all elements that {step} is broadcast to is left out"
        yield Wrong("unsummed", text, 4, lambda g, c: c / count)
    if np.all(slope == 1):
        return
    if np.all(slope == -1):
        yield Wrong("sign", "the minus sign of {step} is left out", 4, lambda g, c: g)
        return
    if step.name in _CONDITIONAL and np.isin(slope, (0, 1)).all() and np.ptp(slope):
        yield Wrong(
            "condition", "the derivative of {step} is left out: its condition is ignored", 3, lambda g, c: g
        )  # fmt: skip
        yield Wrong("condition", "the condition in the derivative of {step} is turned round", 3,
                    lambda g, c: g * (1 - slope))  # fmt: skip
        return
    factor = {"multiply": ", the factor {other},", "divide": ", 1/{other}," if step.argument == "x" else ""}
    what = f"the derivative of {{step}}{factor.get(step.name, '')}"
    is_number = step.name in factor
    yield Wrong("missing factor", f"{what} is left out", 4, lambda g, c: g, is_number)
    yield Wrong("doubled factor", f"{what} is applied twice", 4, lambda g, c: g * slope * slope, is_number)
    yield Wrong("inverted factor", f"{what} divides where it should multiply", 5, lambda g, c: g / slope, is_number)


def _value_for_slope(step: Step, slope: Any) -> Iterator[Wrong]:
    if len(step.node.operation.differentiable) != 1 or not step.node.operation.saved_names:
        return
    name, value, out = step.name, step.value, step.out
    yield Wrong("wrong factor", "the value of {step} stands where its derivative belongs", 4, lambda g, c: g * out)
    yield Wrong("wrong factor", "the input of {step} stands where its derivative belongs", 5, lambda g, c: g * value)
    at_output = _derivative_at(step, out)
    if at_output is not None:
        yield Wrong("wrong factor", f"{name}' is evaluated at the output of {{step}} instead of at its input", 4,
                    lambda g, c: g * at_output)  # fmt: skip
    if "out" in step.node.operation.saved_names:
        yield Wrong("wrong factor", f"the input of {{step}} stands where its output belongs, in {name}'", 4,
                    lambda g, c: step.pull(g, out=value))  # fmt: skip
    for other, derivative in confused_with(name).items():
        yield Wrong("wrong factor", f"{other}' stands where {name}' belongs, as the derivative of {{step}}", 5,
                    _times_instead(derivative, value))  # fmt: skip


def _times_instead(derivative: Callable[[Any], Any], value: Any) -> Change:
    return lambda g, c: g * derivative(value)


def _derivative_at(step: Step, point: Any) -> NumberArray | None:
    """The derivative of the operation of a step at another point."""
    operation: Any = step.node.operation
    try:
        moved = dict(step.arguments) | {step.argument: point}
        made = operation.forward(**moved) if not operation.is_ufunc else operation.forward(point)
        if operation.residuals:
            return None
        return np.asarray(step.pull(np.ones(step.node.shape), **moved, out=made))
    except Exception:  # outside of its domain
        return None


# -- steps that add up ---------------------------------------------------------------------------------------------


def _as_if_elementwise(step: Step, slope: Any) -> Iterator[Wrong]:
    """The derivative of a step that mixes elements is left out, or only its diagonal is used."""
    node = step.node
    if node.shape != step.parent.shape:
        return
    yield Wrong("missing factor", "the derivative of {step} is left out", 4, lambda g, c: g)
    yield Wrong("doubled factor", "the derivative of {step} is applied twice", 4, lambda g, c: step.pull(c))
    diagonal = _diagonal(step)
    if diagonal is not None:
        text = "only the diagonal of the Jacobian of {step} is used, but it is not elementwise"
        yield Wrong("diagonal", text, 2, lambda g, c: g * diagonal)
        text = "the diagonal of the Jacobian of {step} is one factor too many"
        yield Wrong("doubled factor", text, 5, lambda g, c: c * diagonal)


def _diagonal(step: Step) -> NumberArray | None:
    """The diagonal of the Jacobian of a step, unless the step is linear, or that is diagonal or too large."""
    shape, operation = step.node.shape, step.node.operation
    size = int(np.prod(shape))
    is_linear = len(step.node.parents) > 1 or {step.argument, "out"}.isdisjoint(operation.saved_names)
    if is_linear or not 1 < size <= _LARGEST_JACOBIAN:
        return None
    unit = np.eye(size).reshape(size, *shape)
    jacobian = np.stack([fit(step.pull(g), step.parent) for g in unit]).reshape(size, size)
    diagonal = np.diagonal(jacobian)
    if not diagonal.any() or np.array_equal(jacobian, np.diag(diagonal)):
        return None
    return np.array(diagonal.reshape(shape))


def _as_if_a_sum(step: Step, slope: Any) -> Iterator[Wrong]:
    """The derivative of a reduction is left out."""
    axes = reduced_axes(step)
    if axes is None or step.argument != step.node.operation.differentiable[0]:
        return
    shape, node = step.parent.shape, step.node
    count = int(np.prod([shape[axis] for axis in axes]))
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))

    def spread(g: Any) -> Any:
        return np.broadcast_to(np.reshape(g, kept), shape)

    kind, text = "missing factor", "the derivative of {step} is left out, as if it were a sum"
    if node.operation.name in ("mean", "nanmean"):
        kind, text = "mean", "a sum where a mean belongs: 1/N of {step} is left out"
    if node.operation.name == "sum":
        text = "a mean where a sum belongs: 1/N is too much in the derivative of {step}"
        yield Wrong("mean", text, 4, lambda g, c: c / count, True)
        return
    yield Wrong(kind, text, 4, lambda g, c: spread(g), kind == "mean")
    if node.operation.name in ("mean", "var", "std") and count > 1:
        text = "the derivative of {step} is divided by N − 1 instead of N"
        yield Wrong("mean", text, 5, lambda g, c: c * (count / (count - 1)), True)
        text = "the derivative of {step} is multiplied by N − 1 over N"
        yield Wrong("mean", text, 6, lambda g, c: c * ((count - 1) / count), True)


def reduced_axes(step: Step) -> tuple[int, ...] | None:
    """The axes over which a step reduces its parent; None if it does not."""
    if "axis" not in step.arguments or "keepdims" not in step.arguments:
        return None
    ndim, axis = len(step.parent.shape), step.arguments["axis"]
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    try:
        return tuple(int(a) % ndim for a in axes)
    except (TypeError, ZeroDivisionError):
        return None


def _last_only(step: Step, slope: Any) -> Iterator[Wrong]:
    """Of a sum over an axis of the result, only one term: where a parameter is used by all samples."""
    shape = step.node.shape
    for axis, length in enumerate(shape):
        if length == 1 or shape == step.parent.shape:
            continue
        for which, index in (("last", length - 1), ("first", 0)):
            mask = np.zeros(length)
            mask[index] = 1
            mask = mask.reshape([-1 if a == axis else 1 for a in range(len(shape))])
            text = (
                f"only the {which} element along axis {axis} of the result of {{step}} is used (one sample of a batch?)"
            )
            yield Wrong("unsummed", text, 6, _of_masked(step, mask))


def _of_masked(step: Step, mask: Any) -> Change:
    return lambda g, c: step.pull(g * mask)


def _squared(step: Step, slope: Any) -> Iterator[Wrong]:
    """The values of a step as a factor of its derivative, which is then that of half their squares."""
    out = np.asarray(step.out)
    if out.shape == step.node.shape and out.dtype.kind == "f":
        text = "the values of {step} are one factor too many in its derivative: it is that of half their squares"
        yield Wrong("doubled factor", text, 6, lambda g, c: step.pull(g * out))


_ELEMENTWISE = (_left_out, _value_for_slope)
_LINEAR = (_as_if_elementwise, _as_if_a_sum, _last_only, _squared)


# -- in any step ---------------------------------------------------------------------------------------------------


def _transposed(step: Step) -> Iterator[Wrong]:
    """A matrix in a derivative is transposed, or is not."""
    operation: Any = step.node.operation
    for name, value in step.saved.items():
        if name in operation.needs[step.argument] and _is_square(value):
            what = "the result" if name == "out" else "{other}" if name != step.argument else "the argument"
            text = f"{what} is not transposed as it should be, in the derivative of {{step}}"
            yield Wrong("transpose", text, 3, _pulled_with(step, name, np.swapaxes(value, -1, -2)))
    shape = step.parent.shape
    if len(shape) >= 2 and shape[-1] == shape[-2] > 1:
        yield Wrong("transpose", "the contribution through {step} is transposed", 5,
                    lambda g, c: np.swapaxes(c, -1, -2))  # fmt: skip


def _is_square(value: Any) -> bool:
    return getattr(value, "ndim", 0) >= 2 and value.shape[-1] == value.shape[-2] > 1 and value.dtype.kind == "f"


def _pulled_with(step: Step, name: str, value: Any) -> Change:
    return lambda g, c: step.pull(g, **{name: value})


def _extra_activation(step: Step) -> Iterator[Wrong]:
    """A factor h' of the input, for losses that contain their activation."""
    value = step.value
    if step.argument not in step.node.operation.saved_names or np.shape(value) != step.parent.shape:
        return
    for activation, derivative in DERIVATIVES.items():
        factor = derivative(value)
        if np.ptp(factor):
            text = f"there is one factor {activation}' too many: {activation}' of the input of {{step}}"
            yield Wrong("doubled factor", text, 5, _times(factor))


def _times(factor: Any) -> Change:
    return lambda g, c: c * factor
