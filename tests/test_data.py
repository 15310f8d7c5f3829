"""Mini-batches and splits: every sample once, aligned, reproducible; and gradient descent with them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_lite import Tensor, manual_seed, nn, optim
from autograd_lite.data import Batches, train_test_split

seeds = st.integers(0, 2**32 - 1)


def aligned(samples):
    """Arrays of different shapes and dtypes; every row holds the number of its sample."""
    numbers = np.arange(samples)
    return np.stack([numbers, -numbers], axis=1).astype(np.float32), numbers, numbers.reshape(-1, 1, 1) * 10


def assert_aligned(parts):
    pairs, numbers, tens = parts
    np.testing.assert_array_equal(pairs, np.stack([numbers, -numbers], axis=1))
    np.testing.assert_array_equal(tens[:, 0, 0], numbers * 10)
    assert [part.dtype for part in parts] == [np.float32, numbers.dtype, tens.dtype]


# -- batches -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 30), st.integers(1, 40), st.booleans(), st.booleans(), seeds)
def test_an_epoch_visits_every_sample_once_with_its_arrays_aligned(samples, batch_size, shuffle, drop_last, seed):
    batches = Batches(*aligned(samples), batch_size=batch_size, shuffle=shuffle, drop_last=drop_last, rng=seed)
    for _ in range(2):
        epoch = list(batches)
        for batch in epoch:
            assert_aligned(batch)
        sizes = [len(numbers) for _, numbers, _ in epoch]
        visited = [int(number) for _, numbers, _ in epoch for number in numbers]
        whole, rest = divmod(samples, batch_size)
        assert len(epoch) == len(batches)
        assert sizes == [batch_size] * whole + [rest] * (rest > 0 and not drop_last)
        if shuffle:
            assert len(set(visited)) == len(visited) == sum(sizes)
            assert set(visited) <= set(range(samples))
        else:
            assert visited == list(range(sum(sizes)))


def order(batches):
    return [int(number) for (numbers,) in batches for number in numbers]


def test_every_epoch_has_a_new_order_that_the_seed_reproduces():
    first, second = (Batches(np.arange(20), batch_size=6, rng=3) for _ in range(2))
    epochs = [order(first) for _ in range(3)]
    assert epochs == [order(second) for _ in range(3)]
    assert len(set(map(tuple, epochs))) == 3
    assert epochs[0] != order(Batches(np.arange(20), batch_size=6, rng=4))
    assert epochs[0] != sorted(epochs[0])


def test_a_dropped_rest_is_another_one_each_epoch():
    batches = Batches(np.arange(5), batch_size=2, drop_last=True, rng=0)
    assert set().union(*(order(batches) for _ in range(20))) == set(range(5))


def test_manual_seed_reproduces_the_order_of_batches_and_splits():
    runs = []
    for _ in range(2):
        manual_seed(11)
        batches = Batches(np.arange(20), batch_size=3)
        runs.append([order(batches), order(batches), *map(str, train_test_split(np.arange(20)))])
    assert runs[0] == runs[1]
    manual_seed(12)
    assert order(Batches(np.arange(20), batch_size=3)) != runs[0][0]


def test_a_generator_is_used_as_it_is():
    rng = np.random.default_rng(0)
    expected = np.random.default_rng(0).permutation(7).tolist()
    assert order(Batches(np.arange(7), batch_size=7, rng=rng)) == expected
    assert rng.bit_generator.state != np.random.default_rng(0).bit_generator.state


def test_epochs_that_run_at_the_same_time_do_not_disturb_each_other():
    batches = Batches(np.arange(6), batch_size=1, rng=0)
    pairs = list(zip(batches, batches, strict=True))
    assert sorted(int(a[0]) for (a,), _ in pairs) == sorted(int(b[0]) for _, (b,) in pairs) == list(range(6))


def test_lists_and_tensors_become_arrays_and_the_data_stay_as_they_are():
    numbers = np.arange(8)
    x, y = next(iter(Batches(Tensor([[1.0], [2.0]], requires_grad=True), [3, 4], batch_size=2, shuffle=False)))
    assert type(x) is type(y) is np.ndarray
    np.testing.assert_array_equal(x, [[1], [2]])
    for (batch,) in Batches(numbers, batch_size=3, rng=0):
        batch += 100  # shuffled batches are copies
    train_test_split(numbers, rng=0)[0][0][:] = 5
    np.testing.assert_array_equal(numbers, np.arange(8))


# -- splits --------------------------------------------------------------------------------------------------------


@given(st.integers(2, 50), st.floats(0.001, 0.999), seeds)
def test_a_split_is_disjoint_complete_aligned_and_of_the_size_asked_for(samples, fraction, seed):
    training, test = train_test_split(*aligned(samples), test_fraction=fraction, rng=seed)
    assert_aligned(training)
    assert_aligned(test)
    assert sorted([*training[1], *test[1]]) == list(range(samples))
    assert len(training[1]) >= 1
    assert len(test[1]) >= 1
    if 1 <= samples * fraction <= samples - 1:
        assert abs(len(test[1]) - samples * fraction) <= 0.5
    again = train_test_split(*aligned(samples), test_fraction=fraction, rng=seed)
    np.testing.assert_array_equal(again[1][1], test[1])


def test_a_split_is_random_and_a_fifth_by_default():
    splits = [train_test_split(np.arange(50), rng=seed)[1][0] for seed in range(3)]
    assert [len(test) for test in splits] == [10, 10, 10]
    assert len({tuple(sorted(test)) for test in splits}) == 3


# -- training ------------------------------------------------------------------------------------------------------


def network(seed):
    rng = np.random.default_rng(seed)
    sizes = [int(size) for size in rng.integers(1, 5, size=rng.integers(2, 5))]
    model = nn.Sequential()
    for inputs, outputs in itertools.pairwise(sizes):
        model.append(nn.Linear(inputs, outputs, dtype=np.float64, rng=rng)).append(nn.Tanh())
    return model, rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))


@given(st.integers(0, 2**32 - 1))
def test_a_small_step_of_gradient_descent_reduces_the_loss_by_lr_times_the_squared_gradient(seed):
    model, x, y = network(seed)
    loss, lr = nn.MSELoss(), 1e-5
    optimizer = optim.SGD(model.parameters(), lr=lr)
    before = loss(model(x), y)
    before.backward()
    squared_gradient = math.fsum(np.sum(parameter.grad**2) for parameter in model.parameters())
    assume(squared_gradient > 1e-4)
    optimizer.step()
    reduction = before.item() - loss(model(x), y).item()
    assert reduction == pytest.approx(lr * squared_gradient, rel=1e-2, abs=1e-14)


@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_the_gradient_of_the_full_batch_is_the_mean_over_mini_batches_by_size(seed, batch_size):
    model, x, y = network(seed)
    nn.MSELoss()(model(x), y).backward()
    full = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    for some_x, some_y in Batches(x, y, batch_size=batch_size, rng=seed):
        (nn.MSELoss()(model(some_x), some_y) * (len(some_x) / len(x))).backward()
    for parameter, gradient in zip(model.parameters(), full, strict=True):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("shuffle", [True, False])
def test_writing_into_a_batch_changes_no_data(shuffle):
    x, y = np.arange(6.0), np.arange(6)
    for features, labels in Batches(x, y, batch_size=4, shuffle=shuffle):
        features[...] = -1
        labels += 7
    assert x.tolist() == y.tolist() == [0, 1, 2, 3, 4, 5]
