"""Every rewrite is an identity: both sides have the same values on random inputs of any shape."""

import itertools

import numpy as np
import pytest

from autograd_lite.derivation import rewriting
from autograd_lite.derivation.constants import Constant
from autograd_lite.derivation.formula import Symbol, call, evaluate, total
from autograd_lite.derivation.formula_array import FormulaArray
from autograd_lite.derivation.rewriting import REWRITES, Rewrite, simplify
from autograd_lite.derivation.rules import ForwardFunction, sigma
from autograd_lite.derivation.vocabulary import norm, power_of_matrix
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.linalg.determinant import _cofactor

SHAPES = [(), (3,), (3, 3), (2, 3), (3, 1), (1, 3)]
CONSTANTS = {"a": [2, -1, 0.5, 3], "b": [3, -2, 2], "c": [2, 0.5], "n": [-1, -2, -0.5], "t": [1e-12]}


RNG = np.random.default_rng(0)


def named(name, *shape, rng=RNG, value=None):
    value = rng.normal(size=shape) if value is None else value
    return FormulaArray(Symbol(name, np.shape(value), np.asarray(value).dtype, np.asarray(value)))


def operands_of(letters, shape, rng):
    """All choices of the constants, with arrays of a shape for the other letters."""
    choices = []
    for letter in letters:
        if letter in CONSTANTS:
            choices.append([FormulaArray(Constant(number)) for number in CONSTANTS[letter]])
        else:
            choices.append([named(letter, *(() if letter == "s" else shape), rng=rng)])
    return itertools.product(*choices)


def same_where_defined(left, right):
    left, right = np.asarray(evaluate(left), float), np.asarray(evaluate(right), float)
    assert left.shape == right.shape
    defined = np.isfinite(left)
    np.testing.assert_allclose(right[defined], left[defined], rtol=1e-9, atol=1e-9)
    return defined.any()


@pytest.mark.parametrize("place", range(len(REWRITES)))
def test_both_sides_of_every_row_are_equal(place):
    rewrite, rng = Rewrite(REWRITES[place]), np.random.default_rng(place)
    letters, compared = [name[0] for name in rewrite.symbols], 0
    for shape in SHAPES * 3:
        if shape == () and {"v", "w"} & set(letters):
            continue
        for operands in operands_of(letters, shape, rng):
            try:
                left = rewrite.row(*operands)[0].formula
            except (TypeError, ValueError):  # no product of matrices of these shapes
                continue
            right = rewrite(left) if hasattr(left, "function") else None
            if right is not None:
                compared += same_where_defined(left, right)
    assert compared


A, B, X, S = (named(name, 3, 3) for name in "ABXS")
M, x, y, row, column, s = named("M", 2, 3), named("x", 3), named("y", 3), named("r", 1, 3), named("k", 3, 1), named("s")
i = named("i", value=np.array([0, 2, 2, 1]))
D, P = named("D", 4, 3), named("P", 3, 3)
P.formula.value = np.exp(P.formula.value) / np.exp(P.formula.value).sum(1, keepdims=True)
P.formula.in_simplex = True


def by_name(primitive, *operands, shape):
    plain = tuple(part.formula if isinstance(part, FormulaArray) else part for part in operands)
    return FormulaArray(call(ForwardFunction(primitive.primitive), plain, shape=shape, dtype=np.dtype(float)))


def ones(*shape):
    return FormulaArray(call(np.broadcast_to, (Constant(1), shape)))


def eye(n):
    return FormulaArray(call(np.eye, (n,)))


# Formulas to which the rewrites apply that are functions.
FORMULAS = {
    "without_effect": [X.T.T, np.reshape(np.reshape(X, (9,)), (3, 3)), np.reshape(x, (3, 1)).T,
                       np.reshape(x, (3, 1)) ** 2],
    "new_axes": [by_name(scatter, np.reshape(x, (3, 1)), (slice(None), None), (3,), shape=(3,))],
    "numbers_out": [np.sum(2 * X), (2 * X).T, np.sum(x / s),
                    FormulaArray(call(np.broadcast_to, (Constant(3), (2, 3))))],
    "broadcast_by_itself": [X * np.broadcast_to(x, (3, 3)), X + np.broadcast_to(s, (3, 3))],
    "nothing": [0 * X, X + np.zeros_like(X), np.zeros_like(X) + X, np.sum(np.zeros_like(X))],
    "ones": [ones(3, 3) * row, column * ones(3, 3), column @ ones(1, 1)],
    "repeated_mean": [
        FormulaArray(Constant(1, 3)) * np.broadcast_to(np.sum(X, axis=0), (3, 3)),
        FormulaArray(Constant(2, 3)) * np.broadcast_to(np.sum(X, axis=1, keepdims=True), (3, 3)),
        FormulaArray(Constant(-1, 2)) * np.broadcast_to(np.sum(M, axis=0), (2, 3)),
    ],
    "sums": [
        X @ ones(3), ones(3) @ X, np.sum(X.T, axis=0), np.sum(np.sum(X, axis=0)), np.sum(column, axis=1),
        np.sum(P, axis=1), np.sum(X * row, axis=1), np.sum(X * column, axis=0), np.sum(X * row, axis=0),
        np.sum(np.broadcast_to(row, (4, 3)), axis=0), np.sum(np.broadcast_to(column, (3, 4))), np.sum(M * x, axis=1),
        np.sum(np.broadcast_to(x, (3, 3)), axis=1),
    ],
    "outer_product": [column * row, x @ X, np.reshape(X @ column, (3,))],
    "ordered_product": [(X + 1) * (X / (X + 1)), X * named("∂L/∂A", 3, 3)],
    "identity_mask": [np.where(eye(3), s, 0), np.where(eye(3), 2, 0)],
    "determinants": [by_name(_cofactor, X, shape=(3, 3)), np.linalg.det(X.T)],
    "diagonals": [
        np.diag(ones(3)), np.diagonal(np.diag(x)), X[np.arange(3), np.arange(3)],
        by_name(scatter, x, (np.arange(3), np.arange(3)), (3, 3), shape=(3, 3)),
    ],
    "inverses": [np.linalg.inv(np.linalg.inv(X)), np.linalg.inv(X.T), power_of_matrix(X.T, 3), np.linalg.inv(eye(3)),
                 np.linalg.inv(power_of_matrix(X, 2))],
    "symmetric_transposed": [
        eye(3).T, np.diag(x).T, (X.T @ X).T, np.linalg.inv(X @ X.T).T, (X.T @ np.diag(x) @ X).T, (eye(3) + X.T @ X).T,
        (s * (M.T @ M)).T, (X @ (A.T @ A) @ X.T).T,
    ],
    "product": [
        eye(3) @ X, X @ eye(3), np.linalg.inv(X) @ X, X.T @ np.linalg.inv(X).T, power_of_matrix(X, 2) @ X,
        power_of_matrix(X, 2).T @ X.T @ x, A @ np.linalg.inv(X) @ X @ B, eye(3) @ x,
        power_of_matrix(X, 2) @ np.linalg.inv(X),
    ],
    "vector_as_matrix": [
        np.reshape(X @ x, (1, 3)), np.reshape(X @ x, (3, 1)), np.reshape(row @ X, (3,)), np.reshape(M @ x, (1, 2)),
    ],
    "dot": [(A @ x) @ y, (M @ x) @ (M @ y)],
    "like_terms": [X + (Y := A - 2 * X), 2 * X - Y, power_of_matrix(X, 2) + X @ X, x - y - y,
                   X @ x + (y + 2 * (X @ x))],
    "common_factor": [
        A @ X + B @ X, X @ A - X @ B, A @ x + B @ x, 2 * (A @ X) + B + 2 * (B @ X), A.T @ X @ x - A @ X @ x,
        s * (A @ x) - s * (B @ x), -1 * (A @ X) - B @ X,
    ],
    "rows_by_index": [
        by_name(scatter, D, i, (5, 3), shape=(5, 3)), by_name(scatter, D, [0, 1, 1, 4], (5, 3), shape=(5, 3)),
        by_name(scatter, s, 2, (5,), shape=(5,)), by_name(scatter, x, -1, (4, 3), shape=(4, 3)),
        by_name(scatter, D, slice(1, 5), (7, 3), shape=(7, 3)), by_name(scatter, x, slice(None, 3), (4,), shape=(4,)),
    ],
    "sum_of_blocks": [np.concatenate((x, y)) + np.concatenate((y, x)),
                      np.concatenate((X, M)) - np.concatenate((A, M))],
    "merged_powers": [
        X * (A * X), X / X**3, (X * A) / X, (s * X) / s, s * (X / s), X**2 * A * X, (X / A) / A, x * y / (x * y),
        s / s**2,
    ],
    "logistic_product": [sigma(x) * np.exp(-1 * x), y * (np.exp(-1 * x) * sigma(x))],
    "softmax_quotient": [
        np.exp(x) / np.sum(np.exp(x)), np.exp(M) / np.sum(np.exp(M), axis=1, keepdims=True),
        np.exp(M) / np.sum(np.exp(M), axis=0, keepdims=True), np.exp(X) / np.reshape(np.sum(np.exp(X), axis=1), (3, 1)),
    ],
    "needless_condition": [
        np.where(x > y, np.maximum(0, x - y), 0), np.where(x > 0, y * np.maximum(0, x) ** 2, 0),
        np.where(x < 1, y * np.maximum(0, 1 - x), 0),
    ],
}  # fmt: skip


def test_every_function_has_formulas():
    assert {function.__name__ for function in rewriting._FUNCTIONS} == set(FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_rewrites_by_functions_keep_the_value(name):
    function = next(function for function in rewriting._FUNCTIONS if function.__name__ == name)
    for e in FORMULAS[name]:
        rewritten = function(e.formula)
        if rewritten is not None:
            same_where_defined(e.formula, rewritten)
        same_where_defined(e.formula, simplify(e.formula))
    assert any(function(e.formula) is not None for e in FORMULAS[name])


# Forms that look as if a rewrite applied, and must not be changed by it.
@pytest.mark.parametrize(
    "e",
    [
        np.exp(X) / np.sum(np.exp(X), axis=1),  # rows divided by sums of other rows
        np.sum(X * np.reshape(np.sum(X, axis=1), (1, 3)), axis=0),
        FormulaArray(Constant(1, 3)) * np.broadcast_to(np.sum(X, axis=1), (3, 3)),
        A @ X + X @ B,
        (X @ A @ X.T).T,
        X.T @ np.linalg.inv(X),
        by_name(scatter, D, np.array([0, -1, 1, 1]), (5, 3), shape=(5, 3)),
        FormulaArray(call(norm, (x.formula, 2), shape=(), dtype=np.dtype(float))) ** 2,
        np.where(x > y, np.maximum(0, y - x), 0),
        FormulaArray(call(total, (x.formula, (0,), False))) * x / x,
    ],
)
def test_forms_near_a_rewrite_keep_their_value(e):
    same_where_defined(e.formula, simplify(e.formula))


def test_a_singular_matrix_has_cofactors_and_no_inverse():
    singular = named("X", value=np.ones((3, 3)))
    assert simplify(by_name(_cofactor, singular, shape=(3, 3)).formula).name == "cofactor"
