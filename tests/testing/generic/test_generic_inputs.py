"""Generic inputs keep what the given ones visibly are, and nothing that is special by accident."""

import numpy as np
import pytest

from autograd_lite.testing.comparing.inputs import read_inputs
from autograd_lite.testing.generic.generic_inputs import generic_array, generic_inputs, visible

RNG = np.random.default_rng(0)
A = RNG.normal(size=(4, 4))
POSITIVE = RNG.uniform(0.5, 2, size=(4, 4))

# An array, and properties that are kept.
GIVEN = {
    "symmetric": (A + A.T, {"symmetric"}),
    "antisymmetric": (A - A.T, {"antisymmetric"}),
    "positive definite": (A @ A.T / 4 + np.eye(4), {"symmetric", "positive definite"}),
    "correlations": (np.array([[1, 0.5, -0.2], [0.5, 1, 0.1], [-0.2, 0.1, 1]]), {"positive definite", "unit diagonal"}),
    "a large positive definite one": (np.eye(80) + 0.5, {"symmetric", "positive definite", "positive"}),
    "a stack of them": (np.stack([np.eye(3) + 1, 2 * np.eye(3) + 0.5]), {"symmetric", "positive definite"}),
    "kernel matrix": (np.exp(-((np.arange(4)[:, None] - np.arange(4)) ** 2) / 2.0), {"positive definite", "positive"}),
    "nonsingular": (A + 3 * np.eye(4), {"nonsingular"}),
    "lower triangular": (np.tril(A), {"triangular"}),
    "diagonal": (np.diag([1.0, 2.5, 4.5]), {"diagonal", "triangular", "symmetric"}),
    "zero diagonal": (A * (1 - np.eye(4)), {"zero diagonal"}),
    "orthonormal columns": (np.linalg.qr(A[:, :2])[0], {"orthonormal"}),
    "rotation": (np.linalg.qr(A)[0], {"orthonormal"}),
    "positive": (POSITIVE, {"positive"}),
    "negative": (-POSITIVE, {"negative"}),
    "nonnegative": (np.array([0.5, 0.0, 2.0]), {"nonnegative"}),
    "between 0 and 1": (RNG.uniform(0.1, 0.9, 5), {"between 0 and 1"}),
    "counts": (np.array([0.0, 3, 2, 5]), {"integer", "nonnegative"}),
    "mask": (np.array([0.0, 1, 1, 0]), {"binary"}),
    "causal mask": (np.tril(np.ones((4, 4))), {"binary", "triangular", "unit diagonal"}),
    "adjacency": (np.array([[0.0, 1, 1], [1, 0, 0], [1, 0, 0]]), {"binary", "symmetric", "zero diagonal"}),
    "labels ±1": (np.array([1.0, -1, 1]), {"signs"}),
    "one-hot rows": (np.eye(4)[[0, 1, 2, 3, 1]], {"one-hot", "probability rows"}),
    "one-hot columns": (np.eye(4)[[0, 1, 2, 3, 1]].T, {"one-hot columns"}),
    "weights that sum to one": (np.array([0.2, 0.5, 0.3]), {"probabilities"}),
    "rows that sum to one": (POSITIVE / POSITIVE.sum(axis=1, keepdims=True), {"probability rows"}),
    "columns that sum to one": (POSITIVE / POSITIVE.sum(axis=0), {"probability columns"}),
    "joint probabilities": ((lambda p: p / p.sum())((A + A.T) ** 2 * (1 - np.eye(4))), {"probabilities", "symmetric"}),
    "unit vector": (A[0] / np.linalg.norm(A[0]), {"unit norm"}),
    "unit rows": (A[:3] / np.linalg.norm(A[:3], axis=1, keepdims=True), {"unit rows"}),
    "centred columns": (A - A.mean(axis=0), {"centred columns"}),
    "grid": (np.array([0.0, 0.5, 1.7]), {"increasing", "nonnegative"}),
    "positive number": (np.array(2.5), {"positive"}),
    "negative number": (np.array(-2.5), {"negative"}),
    "rate": (np.array(0.1), {"between 0 and 1"}),
    "whole number": (np.array(4.0), {"integer", "positive"}),
    "identity": (np.eye(4), {"symmetric", "positive definite", "probability rows", "probability columns"}),
}


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("seed", range(5))
def test_visible_properties_are_kept(name, seed):
    given, kept = GIVEN[name]
    drawn = generic_array(given, np.random.default_rng(seed))
    assert drawn.shape == given.shape
    assert kept <= {p.name for p in visible(drawn)}


@pytest.mark.parametrize("name", GIVEN)
def test_the_numbers_change(name):
    given, _ = GIVEN[name]
    assert any(not np.array_equal(generic_array(given, np.random.default_rng(seed)), given) for seed in range(5))


ACCIDENTAL = {
    "zeros": np.zeros(5),
    "a matrix of zeros": np.zeros((3, 3)),
    "ones": np.ones((3, 3)),
    "constant": np.full(4, -2.5),
    "single zeros": np.array([0.0, 1.5, -2.0, 0.3]),
    "identity": np.eye(3),
}


@pytest.mark.parametrize("name", ACCIDENTAL)
@pytest.mark.parametrize("seed", range(5))
def test_accidental_values_are_not_kept(name, seed):
    drawn = generic_array(ACCIDENTAL[name], np.random.default_rng(seed))
    assert drawn.all()
    assert np.unique(drawn).size > 1


def test_magnitudes_are_those_of_the_given_but_not_far_apart():
    for given in (1e6 * A, 1e-6 * A, 1.6e9 + A):
        drawn = generic_array(given, np.random.default_rng(0))
        assert np.abs(drawn).max() < 5 * np.abs(given).max()
        assert np.abs(drawn).max() > np.abs(given).mean() / 5
    apart = generic_array(np.array([1e6, 1e-6]), np.random.default_rng(0))
    assert apart.max() < 10 * apart.min()


@pytest.mark.parametrize("seed", range(20))
def test_a_nonsingular_matrix_stays_well_conditioned_with_a_determinant_of_the_same_sign(seed):
    for given in (A + 3 * np.eye(4), np.array([[0.0, 1.0], [2.0, 0.5]])):
        drawn = generic_array(given, np.random.default_rng(seed))
        assert np.linalg.cond(drawn) < 100
        assert np.sign(np.linalg.det(drawn)) == np.sign(np.linalg.det(given))


def test_only_floating_point_inputs_change():
    labels, box = np.array([0, 2, 1]), {"a": np.ones(2)}
    given = read_inputs(lambda x, y, n, c, s, box: x, (A, labels, 3, 0.5, "mean", box))
    drawn = generic_inputs(given, np.random.default_rng(0))
    x, y, n, c, s, other = drawn.values
    assert drawn.names == given.names
    assert x.dtype == np.float64
    assert not (x == A).any()
    assert y is labels
    assert other is box
    assert (n, s) == (3, "mean")
    assert type(c) is float
    assert 0 < c < 1


def test_empty_arrays_stay_empty():
    assert generic_array(np.zeros((0, 3)), np.random.default_rng(0)).shape == (0, 3)


def test_the_same_generator_draws_the_same():
    given = read_inputs(lambda x: x, (A,))
    first, second = (generic_inputs(given, np.random.default_rng(7)).values[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
