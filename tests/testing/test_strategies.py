"""The strategies draw what they say, and shrink to small shapes and simple numbers."""

import itertools

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from autograd_lite.testing import strategies

QUICK = settings(max_examples=100, database=None, derandomize=True, phases=(Phase.generate, Phase.shrink))


def simplest(strategy):
    return find(strategy, lambda value: True, settings=QUICK)


@given(strategies.arrays())
def test_arrays(x):
    assert x.dtype == np.float64
    assert x.ndim <= 3
    assert all(1 <= length <= 4 for length in x.shape)
    assert (np.abs(x) <= 3).all()
    assert (np.round(x, 3) == x).all()
    assert not np.signbit(x[x == 0]).any()


@given(strategies.arrays((2, 3), 0.5, 2.0))
def test_arrays_of_a_shape_within_bounds(x):
    assert x.shape == (2, 3)
    assert ((x >= 0.5) & (x <= 2)).all()


def test_arrays_shrink():
    assert simplest(strategies.arrays()).shape == ()
    assert simplest(strategies.arrays()) == 0
    assert (simplest(strategies.arrays((2, 2))) == 0).all()
    assert (find(strategies.arrays((2,)), lambda x: (x > 0).all(), settings=QUICK) == 1).all()
    assert (find(strategies.arrays((2,)), lambda x: (x < 0).all(), settings=QUICK) == -1).all()


@given(strategies.logits())
def test_logits(z):
    assert z.ndim == 2
    assert 1 <= z.shape[0] <= 4
    assert 2 <= z.shape[1] <= 4


@given(strategies.probabilities())
def test_probabilities(p):
    assert (p >= 1 / (9 * p.shape[1])).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-14)


def test_probabilities_shrink_to_uniform():
    assert simplest(strategies.probabilities()).tolist() == [[0.5, 0.5]]


@given(strategies.one_hot(3, 4), strategies.labels(3, 4))
def test_one_hot_and_labels(rows, labels):
    assert rows.shape == (3, 4)
    assert np.isin(rows, (0, 1)).all()
    assert (rows.sum(axis=1) == 1).all()
    assert labels.shape == (3,)
    assert labels.dtype == np.int64
    assert ((labels >= 0) & (labels < 4)).all()


@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize("targets", ["one_hot", "labels", "binary", "real"])
def test_datasets_belong_together(targets, layout):
    @settings(max_examples=20)
    @given(strategies.datasets(targets, layout))
    def check(data):
        x, y = data
        samples = x.shape[0] if layout == "rows" else x.shape[1]
        assert (y.shape[0] if layout == "rows" or y.ndim == 1 else y.shape[1]) == samples
        assert y.ndim == (1 if targets in ("labels", "binary") else 2)

    check()
    x, y = simplest(strategies.datasets(targets, layout))
    assert x.shape == (1, 1)
    assert y.size <= 2
    assert not x.any()


def test_datasets_take_sizes():
    x, y = simplest(strategies.datasets(samples=5, features=st.integers(2, 3), outputs=4))
    assert (x.shape, y.shape) == ((5, 2), (5, 4))
    with pytest.raises(ValueError, match="no datasets with targets='words'"):
        strategies.datasets("words")


@given(strategies.mlp_parameters((3, 4, 2)), strategies.mlp_parameters((3, 4, 2), bias=None))
def test_parameters_of_given_sizes(stacked, plain):
    assert [w.shape for w in stacked] == [(4, 4), (2, 5)]
    assert [w.shape for w in plain] == [(4, 3), (2, 4)]
    assert all((np.abs(w) <= 1).all() for w in stacked)


@given(strategies.mlp_parameters(bias="separate"))
def test_parameters_fit_together(parameters):
    weights, biases = parameters[::2], parameters[1::2]
    assert 1 <= len(weights) <= 5
    assert all(w.shape[0] == b.shape[0] for w, b in zip(weights, biases, strict=True))
    assert all(v.shape[1] == w.shape[0] for w, v in itertools.pairwise(weights))


def test_parameters_shrink():
    (weight,) = simplest(strategies.mlp_parameters())
    assert weight.tolist() == [[0, 0]]
    assert len(simplest(strategies.mlp_parameters(depth=3))) == 3


@given(strategies.separable())
def test_separable_data_have_the_margin(data):
    x, y, margin, separator = data
    distances = separator[0] + x @ separator[1:]
    assert np.linalg.norm(separator) == pytest.approx(1)
    assert margin > 0
    assert ((distances > 0) == (y == 1)).all()
    assert np.abs(distances).min() == pytest.approx(margin)


def test_separable_data_shrink():
    x, y, _, _ = simplest(strategies.separable())
    assert x.shape == (1, 1)
    assert y.shape == (1,)
