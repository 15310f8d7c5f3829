"""Derivative rules in the form of textbooks, for operations whose own rules also serve ties, poles and overflow.

A rule here is preferred where it has the numbers of the engine. Each holds for all inputs but those where the
derivative does not exist; the engine's own rule is printed where the current inputs are such.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.derivation.constants import Formula
from autograd_lite.derivation.contractions import gradient
from autograd_lite.derivation.definitions import standardized
from autograd_lite.derivation.formula_array import FormulaArray, apply, from_formula
from autograd_lite.derivation.nodes import arguments_of
from autograd_lite.derivation.rules import probabilities
from autograd_lite.ops.elementwise.extremes import maximum, minimum
from autograd_lite.ops.layers.embedding import embedding
from autograd_lite.ops.layers.loss import one_hot
from autograd_lite.ops.layers.normalization import _normalize
from autograd_lite.ops.linalg.contraction import _einsum
from autograd_lite.ops.linalg.norms import _power_norm
from autograd_lite.ops.reductions.reduction import logsumexp, max, min, prod
from autograd_lite.ops.slices import restore
from autograd_lite.support.broadcasting import unbroadcast

Rule = Callable[..., Any]


def _share_of_norm(g: Any, x: Any, out: Any, ord: float, axis: Any, keepdims: bool) -> Any:
    g, out = restore(g, axis, keepdims), restore(out, axis, keepdims)
    slope = np.sign(x) * np.absolute(x) ** (ord - 1) if ord % 2 else x ** (ord - 1)
    return g * slope / out ** (ord - 1)


def _softmax(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    g = restore(g, axis, keepdims)
    if x.ndim == 1 or isinstance(axis, int):
        return g * probabilities(x, -1 if x.ndim == 1 else axis)
    return g * np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _standardized_rule(g: Any, x: Any, weight: Any, axes: Any, eps: float) -> Any:
    normal, deviation = standardized(x, axes, eps)
    h = g if weight is None else g * weight
    along = {"axis": axes, "keepdims": True}
    return (h - np.mean(h, **along) - normal * np.mean(h * normal, **along)) / deviation


def _extreme_rule(g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    return np.where(x == restore(out, axis, keepdims), restore(g, axis, keepdims), 0)


def _rows_rule(g: Any, indices: Any, padding_idx: Any, weight_shape: Any) -> Any:
    if padding_idx is not None or indices.ndim != 1:
        raise NotImplementedError("a row that stays as it is, or labels in several axes")
    return apply(one_hot, indices, weight_shape[0]).T @ g


USUAL_RULES: dict[Any, dict[str, Rule]] = {
    maximum: {
        "x": lambda g, x, y: np.where(x > y, g, 0),
        "y": lambda g, x, y: np.where(y > x, g, 0),
    },
    minimum: {
        "x": lambda g, x, y: np.where(x < y, g, 0),
        "y": lambda g, x, y: np.where(y < x, g, 0),
    },
    logsumexp: {"x": _softmax},
    embedding: {"weight": _rows_rule},
    prod: {"x": lambda g, x, axis, keepdims: restore(g, axis, keepdims) * np.prod(x, axis=axis, keepdims=True) / x},
    max: {"x": _extreme_rule},
    min: {"x": _extreme_rule},
    _normalize: {
        "x": _standardized_rule,
        "weight": lambda g, x, axes, eps: g * standardized(x, axes, eps)[0],
        "bias": lambda g: g,
    },
    _power_norm: {"x": _share_of_norm},
}
_RULES = {operation.primitive: rules for operation, rules in USUAL_RULES.items()}


def _of_each_operand(node: Node, g: Any, saved: dict[str, Any]) -> list[Formula | None]:
    operands = [from_formula(x) for x in saved["operands"]]
    inputs, output = saved["inputs"], saved["output"]
    return [
        None if parent is None else gradient(FormulaArray(g), operands, inputs, output, at).formula
        for at, parent in enumerate(node.parents)
    ]


def usual_contributions(node: Node, g: Any, saved: dict[str, Any]) -> list[Formula | None]:
    """The contributions by rules of this file, as `rules.contributions`; a KeyError if there are none."""
    if node.operation is _einsum.primitive:  # type: ignore[attr-defined]
        return _of_each_operand(node, g, saved)
    rules = _RULES[node.operation]
    known = {name: from_formula(value) for name, value in saved.items() if value is not None}
    results: list[Formula | None] = []
    for parent, argument in arguments_of(node):
        if parent is None:
            results.append(None)
            continue
        rule = rules[argument]
        names = list(inspect.signature(rule).parameters)[1:]
        known[f"{argument}_shape"] = parent.shape
        contribution = unbroadcast(rule(FormulaArray(g), *[known.get(name) for name in names]), parent.shape)
        results.append(contribution.formula)
    return results
