"""The table of mistakes in the local derivatives of certain operations: divide, power, softmax, norm, losses, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.ops.layers.activation import sigmoid, softmax
from autograd_lite.testing.chain_rule.recorded import Change, Step
from autograd_lite.testing.chain_rule.wrong_derivatives import Wrong, reduced_axes
from autograd_lite.testing.chain_rule.wrong_matrix_derivatives import MATRICES


def wrong_derivatives_by_name(step: Step) -> Iterator[Wrong]:
    """The mistakes in the table for the operation of a step."""
    row = _BY_NAME.get(step.name)
    has_many = step.has_several_results and step.name != "slogdet"
    is_usual = step.arguments and not has_many and 0 not in step.node.shape + step.parent.shape
    return row(step) if row and is_usual else iter(())


def _divide(step: Step) -> Iterator[Wrong]:
    y = step.arguments["y"]
    if step.argument == "y":
        text = "the denominator is not squared, in the derivative of {step}"
        yield Wrong("exponent", text, 4, lambda g, c: c * y)
        text = "the numerator is left out, in the derivative of {step}"
        yield Wrong("missing factor", text, 4, lambda g, c: -g / (y * y))
    else:
        text = "the derivative of {step} multiplies by the denominator instead of dividing by it"
        yield Wrong("inverted factor", text, 5, lambda g, c: g * y)


def _power(step: Step) -> Iterator[Wrong]:
    x, y = step.arguments["x"], step.arguments["y"]
    if step.argument != "x":
        return
    yield Wrong("missing factor", "the exponent is left out as a factor, in the derivative of {step}", 4,
                lambda g, c: c / y, True)  # fmt: skip
    yield Wrong("exponent", "the exponent is not reduced by one, in the derivative of {step}", 4, lambda g, c: c * x)
    yield Wrong("exponent", "the value of {step} stands where its derivative belongs", 4, lambda g, c: c * x / y)
    yield Wrong("exponent", "the exponent is reduced by two, in the derivative of {step}", 5, lambda g, c: c / x)
    yield Wrong("missing factor", "only the exponent is left of the derivative of {step}", 5, lambda g, c: g * y)
    yield Wrong("exponent", "the derivative of {step} is divided once more by its value", 6,
                lambda g, c: c / step.out)  # fmt: skip


def _square(step: Step) -> Iterator[Wrong]:
    yield Wrong("missing factor", "the factor 2 is left out, in the derivative of {step}", 4, lambda g, c: c / 2, True)


def _sqrt(step: Step) -> Iterator[Wrong]:
    """The derivative is 1/(2√x)."""
    out = step.out
    text = "the factor 1/2 is left out, in the derivative of {step}"
    yield Wrong("missing factor", text, 4, lambda g, c: 2 * c, True)
    for wrong, factor in (("1/x", 1 / (out * out)), ("√x/2", out / 2), ("1/2", 0.5)):
        text = f"{wrong} stands where 1/(2√x) belongs, as the derivative of {{step}}"
        yield Wrong("exponent", text, 5, _factor(factor))


def _tanh(step: Step) -> Iterator[Wrong]:
    """The derivative is 1 − tanh²."""
    out = step.out
    for kind, what, factor in (("exponent", "the square is left out: 1 − tanh", 1 - out),
                               ("sign", "the sign is wrong: 1 + tanh²", 1 + out * out),
                               ("missing term", "the 1 is left out: −tanh²", -out * out),
                               ("wrong factor", "a (1 − a), as for a = sigmoid,", out * (1 - out))):  # fmt: skip
        yield Wrong(kind, f"{what} stands where 1 − tanh² belongs, as the derivative of {{step}}", 4, _factor(factor))


def _sigmoid(step: Step) -> Iterator[Wrong]:
    out = step.out
    for wrong, factor in (("1 − sigmoid", 1 - out), ("sigmoid·(1 + sigmoid)", out * (1 + out)),
                          ("1 − sigmoid²", 1 - out * out)):  # fmt: skip
        text = f"{wrong} stands where sigmoid·(1 − sigmoid) belongs, as the derivative of {{step}}"
        yield Wrong("wrong factor", text, 4, _factor(factor))


def _factor(factor: Any) -> Change:
    return lambda g, c: g * factor


def _softmax(step: Step) -> Iterator[Wrong]:
    out, axis = step.out, step.arguments["axis"]
    if step.name == "softmax":
        text = (
            "the sum over the classes is left out, in the derivative of {step}: as if the normalisation were constant"
        )
        yield Wrong("missing term", text, 4, lambda g, c: g * out)
    p = out if step.name == "softmax" else np.exp(out)
    yield Wrong("missing factor", "the derivative of the softmax in {step} is left out", 4,
                (lambda g, c: g) if p is out else (lambda g, c: g / p))  # fmt: skip
    if isinstance(axis, int | np.integer):
        for other in range(out.ndim):
            if other != axis % out.ndim:
                text = f"the sum in the derivative of {{step}} is over axis {other} instead of axis {axis % out.ndim}"
                yield Wrong("axis", text, 4, _pulled_along(step, other))


def _pulled_along(step: Step, axis: int) -> Change:
    return lambda g, c: step.pull(g, axis=axis)


def _norm(step: Step) -> Iterator[Wrong]:
    axes = reduced_axes(step)
    if axes is None:
        return
    shape = step.parent.shape
    out = np.reshape(step.out, [1 if axis in axes else n for axis, n in enumerate(shape)])
    name = step.name
    yield Wrong("exponent", f"the derivative of the squared {name} stands where that of {{step}} belongs", 4,
                lambda g, c: 2 * c * out)  # fmt: skip
    yield Wrong("exponent", f"the division by the {name} is left out, in the derivative of {{step}}", 4,
                lambda g, c: c * out)  # fmt: skip
    yield Wrong("exponent", f"the derivative of {{step}} is divided by the {name} once more", 4,
                lambda g, c: c / out)  # fmt: skip


def _std(step: Step) -> Iterator[Wrong]:
    yield from _norm(step)
    axes = reduced_axes(step)
    if axes is not None:
        out = np.expand_dims(step.out, axes) if np.ndim(step.out) < len(step.parent.shape) else step.out
        count = np.prod([step.parent.shape[axis] for axis in axes])
        text = "only the deviations from the mean are left of the derivative of {step}"
        yield Wrong("missing factor", text, 4, lambda g, c: c * out * count)


def _getitem(step: Step) -> Iterator[Wrong]:
    """The gradients of an index that occurs several times overwrite each other."""
    arguments, shape = step.arguments, step.parent.shape
    index: Any
    if step.name == "getitem":
        index = arguments["index"]
    elif step.name == "embedding":
        index = arguments["indices"]
    else:
        axis, mode = arguments["axis"], arguments["mode"]
        length = int(np.prod(shape)) if axis is None else shape[axis]
        chosen = np.take(np.arange(length), arguments["indices"], mode=mode)
        index = np.unravel_index(chosen, shape) if axis is None else (*[slice(None)] * (axis % len(shape)), chosen)

    def overwrite(g: Any, c: Any) -> Any:
        found = np.zeros(shape)
        found[index] = g
        return found

    what = "the gradients of an index that is repeated overwrite each other instead of adding up"
    text = f"{what}, in the derivative of {{step}}"
    yield Wrong("unsummed", text, 3, overwrite)


def _loss_of_logits(step: Step) -> Iterator[Wrong]:
    """A loss that contains its activation h: the derivative is h(z) − y, over N for a mean."""
    z, reduction = step.value, step.arguments["reduction"]
    if step.argument != "logits" or z.ndim > 2:
        return
    is_binary = step.name == "binary_cross_entropy_with_logits"
    activations = [("softmax", softmax(z, -1)), ("sigmoid", sigmoid(z))]
    (other, of_other), (name, h) = activations if is_binary else reversed(activations)
    count = z.size if is_binary else z[..., 0].size
    scale = 1 / count if reduction == "mean" else 1.0

    def spread(g: Any) -> Any:
        return scale * (g if is_binary or np.ndim(g) == 0 else np.asarray(g)[..., None])

    yield Wrong("missing factor", f"the {name} in {{step}} is left out: z − y stands where {name}(z) − y belongs", 4,
                lambda g, c: c + spread(g) * (z - h))  # fmt: skip
    yield Wrong("wrong value", f"{other}(z) − y stands where {name}(z) − y belongs, as the derivative of {{step}}", 4,
                lambda g, c: c + spread(g) * (of_other - h))  # fmt: skip
    yield Wrong("missing term", f"the target is left out, in the derivative of {{step}}: {name}(z) − y", 4,
                lambda g, c: spread(g) * h)  # fmt: skip
    if not is_binary:
        text = "there is one factor softmax' too many: that of the softmax in {step}"
        yield Wrong("doubled factor", text, 5, lambda g, c: c * h * (1 - h))


def _normalize(step: Step) -> Iterator[Wrong]:
    """The derivative of x̂ w + b by x is h − mean h − x̂·mean(h x̂) with h = g w/√(σ² + eps)."""
    standardized, scale, weight, axes = (step.saved[name] for name in ("standardized", "scale", "weight", "axes"))
    if step.argument == "weight":
        text = "the input stands where the standardized input belongs, in the derivative of {step}"
        yield Wrong("wrong value", text, 4, lambda g, c: g * step.arguments["x"])
    if step.argument != "x":
        return

    def gradient(g: Any, mean: bool, variance: bool) -> Any:
        h = scale * (g if weight is None else g * weight)
        along = standardized * np.mean(h * standardized, axis=axes, keepdims=True)
        return h - mean * np.mean(h, axis=axes, keepdims=True) - variance * along

    text = "is held constant in the derivative of {step}: the contribution through it is left out"
    both = text.replace("is held", "are held").replace("through it", "through them")
    yield Wrong("constant", f"the mean and the variance {both}", 3, lambda g, c: gradient(g, False, False))
    yield Wrong("constant", f"the variance {text}", 3, lambda g, c: gradient(g, True, False))
    yield Wrong("constant", f"the mean {text}", 3, lambda g, c: gradient(g, False, True))
    yield Wrong("exponent", "the derivative of {step} is divided once more by the standard deviation", 4,
                lambda g, c: c * scale)  # fmt: skip
    yield Wrong("missing factor", "the division by the standard deviation is left out, in the derivative of {step}", 4,
                lambda g, c: c / scale)  # fmt: skip
    if weight is not None:
        yield Wrong("missing factor", "the weight is left out, in the derivative of {step}", 4,
                    lambda g, c: step.pull(g, weight=None))  # fmt: skip


def _mse(step: Step) -> Iterator[Wrong]:
    yield Wrong("missing factor", "the factor 2 is left out, in the derivative of {step}", 4, lambda g, c: c / 2, True)


_BY_NAME: dict[str, Callable[[Step], Iterator[Wrong]]] = {
    **MATRICES,
    "binary_cross_entropy_with_logits": _loss_of_logits,
    "cross_entropy": _loss_of_logits,
    "divide": _divide,
    "embedding": _getitem,
    "float_power": _power,
    "getitem": _getitem,
    "log_softmax": _softmax,
    "mse_loss": _mse,
    "norm": _norm,
    "normalize": _normalize,
    "power": _power,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "sqrt": _sqrt,
    "square": _square,
    "std": _std,
    "take": _getitem,
    "tanh": _tanh,
}
