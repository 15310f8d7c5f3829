"""`einsum` in formulas: as products of matrices, dot products and traces where it is one, else in indices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.derivation.formula import Call, call
from autograd_lite.derivation.formula_array import FormulaArray, to_formula

Labels = tuple[int, ...]
Factor = tuple[Any, Labels]  # an array and the labels of its axes


def contraction(operands: tuple[Any, ...], inputs: tuple[Labels, ...], output: Labels) -> Any:
    """The sum of products over the labels that the output does not have."""
    pairs = [part for array, labels in zip(operands, inputs, strict=True) for part in (array, list(labels))]
    return np.einsum(*pairs, list(output))


def contracted(operands: Sequence[Any], inputs: Sequence[Labels], output: Labels) -> Any:
    """The formula of an einsum."""
    factors: list[Factor] | None = list(zip(operands, map(tuple, inputs), strict=True))
    while factors is not None and len(factors) > 1:
        factors = _with_one_product(factors, output)
    result = None if factors is None else _rest(*factors[0], output)
    if result is not None:
        return result
    lengths = {
        label: n for x, labels in zip(operands, inputs, strict=True) for label, n in zip(labels, x.shape, strict=True)
    }
    shape = tuple(lengths[label] for label in output)
    plain = (tuple(to_formula(x, number=True) for x in operands), tuple(map(tuple, inputs)), tuple(output))
    return FormulaArray(call(contraction, plain, shape=shape, dtype=np.dtype(float)))


def _with_one_product(factors: list[Factor], output: Labels) -> list[Factor] | None:
    """The factors with two of them multiplied; None if no two can be."""
    for i, x in enumerate(factors):
        for j in range(i + 1, len(factors)):
            others = [factor for k, factor in enumerate(factors) if k not in (i, j)]
            needed = set(output).union(*(labels for _, labels in others))
            product = _product(*x, *factors[j], needed)
            if product is not None:
                return [*others[:i], product, *others[i:]]
    return None


def _product(x: Any, left: Labels, y: Any, right: Labels, needed: set[int]) -> Factor | None:
    """The product of two factors of at most two axes, if it is one of linear algebra."""
    if () in (left, right):
        return x * y, left + right
    if max(len(left), len(right)) > 2 or len(set(left)) < len(left) or len(set(right)) < len(right):
        return None
    shared = [label for label in left if label in right]
    if len(shared) == 1 and shared[0] not in needed:
        (label,) = shared
        x = x.T if left[-1] != label else x
        y = y.T if right[0] != label else y
        return x @ y, tuple(k for k in (*left, *right) if k != label)
    if not shared and len(left) == len(right) == 1:
        return np.reshape(x, (-1, 1)) * np.reshape(y, (1, -1)), left + right
    if len(shared) == 2 and not needed.intersection(shared):
        return (np.sum(x * y), ()) if left == right else (np.trace(x @ y), ())
    return None


def _rest(x: Any, labels: Labels, output: Labels) -> Any:
    """An array with its axes in the order of the output; the others are summed. None for a diagonal."""
    if len(set(labels)) < len(labels):
        return np.trace(x) if len(labels) == 2 and not output else None
    gone = tuple(i for i, label in enumerate(labels) if label not in output)
    kept = [label for label in labels if label in output]
    x = np.sum(x, axis=gone) if gone else x
    return x if not kept else np.transpose(x, [kept.index(label) for label in output])


def gradient(g: Any, operands: Sequence[Any], inputs: Sequence[Labels], output: Labels, at: int) -> Any:
    """The gradient of one operand: the same sum with g in its place."""
    own = tuple(inputs[at])
    others = [(x, tuple(labels)) for i, (x, labels) in enumerate(zip(operands, inputs, strict=True)) if i != at]
    known = set(output).union(*(labels for _, labels in others))
    if len(set(own)) < len(own) or not known.issuperset(own):
        raise NotImplementedError("a diagonal, or an axis that is only summed")
    result = contracted([g, *(x for x, _ in others)], [tuple(output), *(labels for _, labels in others)], own)
    if result.shape != operands[at].shape or math.prod(result.shape) == 0:
        raise NotImplementedError("an axis of length one that was broadcast")
    return result


_LETTERS = "ijklmnpstuvr"


def in_indices(e: Call) -> tuple[str, list[str]]:
    """The letters of the indices that are summed, and those of each operand. The axes of the result are i, j, ..."""
    _, inputs, output = e.operands
    order = list(dict.fromkeys(label for labels in (output, *inputs) for label in labels))
    letter = {label: _LETTERS[i] if i < len(_LETTERS) else f"({i})" for i, label in enumerate(order)}
    summed = "".join(letter[label] for label in order if label not in output)
    return summed, ["".join(letter[k] for k in labels) for labels in inputs]
