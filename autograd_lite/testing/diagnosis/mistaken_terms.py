"""Common mistakes that depend on the data: a factor or a term, another argument, a wrong step of the chain rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_lite.ops.layers.activation import softmax
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.diagnosis.activations import DERIVATIVES
from autograd_lite.testing.diagnosis.evidence import Evidence, Explanation
from autograd_lite.testing.diagnosis.mistakes import meanings

_LARGEST = 1e6  # of the factors that are fitted


def _factors(evidence: Evidence) -> Iterator[tuple[str, NumberArray]]:
    arrays = {name: array for name, array in evidence.inputs.items() if array.dtype.kind == "f"}
    arrays |= evidence.intermediates
    for name, array in arrays.items():
        if array.size > 1 or name in evidence.intermediates:
            yield name, array
        if np.isin(array, (0, 1)).all():
            continue  # targets, not pre-activations
        for activation, derivative in DERIVATIVES.items():
            yield f"{activation}'({name})", derivative(array)


def array_factor(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """An elementwise factor is missing or extra: an input x, or h'(x) for a known activation h."""
    if actual.shape != expected.shape:
        return
    for name, array in _factors(evidence):
        for label, factor in ((name, array), (f"{name}.T", array.T))[: 1 + (array.ndim == 2)]:
            if array.size == 1 or _fits(factor.shape, expected.shape):
                if np.ptp(factor) == 0 and (array.size > 1 or "'" not in name):
                    continue  # a constant factor, which has its own explanation
                yield Explanation("missing factor", f"the factor {label} is missing", actual * factor, expected, 3)
                yield Explanation(
                    "doubled factor", f"it is the right one times an extra factor {label}", actual, expected * factor, 3
                )


def _fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, into) == into
    except ValueError:
        return False


def additive_term(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """expected = actual + c · term, with c fitted. Terms: an input, the gradient of another argument, 1."""
    if actual.shape != expected.shape:
        return
    terms = {name: array for name, array in evidence.inputs.items() if array.ndim}
    terms |= {f"∂f/∂{name}": array for name, array in evidence.other_gradients().items()} | evidence.intermediates
    terms["1"] = np.ones(expected.shape)
    difference = expected - actual
    changed = int(evidence.informative(difference).sum())
    for name, term in terms.items():
        if term.shape != expected.shape or not np.any(term):
            continue
        factor = float(np.sum(difference * term) / np.sum(term * term))
        if _parallel(term, actual) and not evidence.agree(actual, 0 * actual):
            continue  # to a multiple of x, c·x is a constant factor
        size = abs(factor)
        is_one = bool(np.isclose(size, 1, rtol=1e-8, atol=0))
        reasons = () if is_one or not size else meanings(evidence, size)
        reasons = tuple(reason for reason in reasons if not reason.startswith(("the factor 2", "half", "2 over")))
        if size and (is_one or reasons or changed > 1):
            negative = any(_is_negative(evidence, reason) for reason in reasons)  # then the number has this sign
            product = name if is_one else f"{size:.6g}" if name == "1" else f"{size:.6g}·{name}"
            product, missing = f"−{product}" if negative else product, (factor > 0) != negative
            text = f"the term {product} is missing" if missing else f"there is an extra term {product}"
            reasons = reasons if name == "1" else tuple(_times(reason, name) for reason in reasons)
            cost = 3 + 2 * (not is_one and not reasons)
            kind = "missing term" if missing else "extra term"
            yield Explanation(kind, text, actual + factor * term, expected, cost, reasons)


def _is_negative(evidence: Evidence, reason: str) -> bool:
    """Whether a reason is a scalar input that is negative."""
    return any(not a.ndim and a < 0 and reason in (n, f"1/{n}", f"2·{n}") for n, a in evidence.inputs.items())


def _times(reason: str, name: str) -> str:
    return f"{name} times {reason}" if " " in reason else f"{reason}·{name}"


def _parallel(first: NumberArray, second: NumberArray) -> bool:
    product = np.sum(first * second) ** 2
    return bool(np.isclose(product, np.sum(first * first) * np.sum(second * second), rtol=1e-9, atol=0))


def other_argument(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The derivative with respect to another argument."""
    for name, gradient in evidence.other_gradients().items():
        text = f"it is the derivative with respect to {name!r} instead of {evidence.argument!r}"
        yield Explanation("wrong argument", text, actual, gradient, 3)


def unfinished(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The derivative with respect to an intermediate value, where the chain rule goes on; it may be broadcast."""
    for expression, adjoint in evidence.adjoints().items():
        if actual.size > 1 and adjoint.size and _fits(adjoint.shape, actual.shape):
            text = f"it is the derivative with respect to {expression}: the rest of the chain rule is missing"
            cost = 4 if actual.shape != expected.shape or adjoint.shape != actual.shape else 7
            yield Explanation("unfinished", text, actual, np.broadcast_to(adjoint, actual.shape), cost)


def activation_alone(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The derivative h'(x) of an activation in place of the gradient of the loss; for softmax p(1 − p)."""
    if evidence.argument is None:
        return  # a value is compared, not a derivative
    arrays = {name: array for name, array in evidence.inputs.items() if array.dtype.kind == "f" and array.size > 1}
    for name, x in (arrays | evidence.intermediates).items():
        if x.shape != expected.shape or x.shape != actual.shape:
            continue
        slopes = {f"{h}'({name})": derivative(x) for h, derivative in DERIVATIVES.items() if h != "relu"}
        p = softmax(x) if x.ndim else x
        slopes[f"p (1 − p) with p = softmax({name})"] = p * (1 - p)
        for label, slope in slopes.items():
            if _parallel(slope, actual) and np.ptp(slope) and np.count_nonzero(actual) > 1:
                text = f"it is {label} alone, the derivative of the activation: the gradient of the loss is left out"
                yield Explanation("activation alone", text, expected, expected, 3)


def wrong_step(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """One step of the chain rule is left out, applied twice, or treated as elementwise."""
    for kind, text, cost, gradient in evidence.mistaken_gradients():
        yield Explanation(kind, text, actual, gradient, cost)


def scaled_step(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The contribution of one step has another factor, which is fitted: a mean for a sum in one term, a missing 2."""
    if actual.shape != expected.shape:
        return
    for kind, text, cost, gradient in evidence.mistaken_gradients():
        part = expected - gradient
        square = float(np.sum(part * part))
        if kind != "missing term" or not square or "is left out" not in text or _parallel(part, expected):
            continue
        factor = float(np.sum((actual - gradient) * part)) / square
        size = abs(factor) if abs(factor) > 1 else 1 / max(abs(factor), 1e-300)
        if np.isclose(size, 1, rtol=1e-8) or size > _LARGEST or evidence.informative(part).sum() < 2:
            continue
        reasons = meanings(evidence, size)
        what = f"is {size:.6g} times too {'large' if abs(factor) > 1 else 'small'}"
        text = text.replace("is left out", f"has the wrong sign and {what}" if factor < 0 else what, 1)
        scaled = gradient + factor * part
        yield Explanation("term factor", text, actual, scaled, cost + (not reasons), reasons)
