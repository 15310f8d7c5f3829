"""Normalization, dropout and tables as layers: training, evaluation, state, and what is refused."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, manual_seed, nn
from autograd_lite.nn import functional

RNG = np.random.default_rng(0)
SHAPES = {nn.BatchNorm1d: [(6, 3), (4, 3, 5)], nn.BatchNorm2d: [(2, 3, 4, 5)]}
each_batch_norm = pytest.mark.parametrize(
    ("kind", "shape"), [(kind, shape) for kind, shapes in SHAPES.items() for shape in shapes]
)


def normal(*shape):
    return RNG.normal(size=shape) * 2 + 1


# -- batches ---------------------------------------------------------------------------------------------------------


@each_batch_norm
def test_running_statistics_follow_the_batches_and_serve_in_evaluation(kind, shape):
    layer = kind(3, eps=1e-3, momentum=0.3, dtype=np.float64)
    layer.weight.data, layer.bias.data = [1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]
    mean, variance, axes = np.zeros(3), np.ones(3), (0, *range(2, len(shape)))
    for count in range(1, 4):
        x = normal(*shape)
        n = x.size / 3
        layer(x)
        mean = 0.7 * mean + 0.3 * x.mean(axis=axes)
        variance = 0.7 * variance + 0.3 * x.var(axis=axes) * n / (n - 1)
        np.testing.assert_allclose(layer.running_mean.data, mean, rtol=1e-12)
        np.testing.assert_allclose(layer.running_var.data, variance, rtol=1e-12)
        assert layer.num_batches_tracked.item() == count
    state = layer.state_dict()
    assert list(state) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    x, column = normal(1, *shape[1:]), (3, *(1,) * (len(shape) - 2))
    expected = (x - mean.reshape(column)) / np.sqrt(variance + 1e-3).reshape(column)
    expected = expected * np.array([1, 2, 3]).reshape(column) + np.array([-1, 0, 1]).reshape(column)
    np.testing.assert_allclose(layer.eval()(x).data, expected, rtol=1e-12)
    np.testing.assert_equal(layer.state_dict(), state)  # evaluation leaves them alone


def test_without_momentum_every_batch_counts_alike():
    layer, batches = nn.BatchNorm1d(3, momentum=None, dtype=np.float64), [normal(5, 3) for _ in range(4)]
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean.data, np.mean([x.mean(axis=0) for x in batches], axis=0))
    np.testing.assert_allclose(layer.running_var.data, np.mean([x.var(axis=0, ddof=1) for x in batches], axis=0))


def test_without_running_statistics_evaluation_uses_the_batch():
    layer, x = nn.BatchNorm1d(3, affine=False, track_running_stats=False), normal(5, 3)
    assert layer.state_dict() == {}
    assert list(layer.parameters()) == []
    np.testing.assert_array_equal(layer(x), layer.eval()(x))
    np.testing.assert_allclose(layer(x), (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5))


@each_batch_norm
def test_what_comes_out_in_training_has_mean_zero_and_variance_one(kind, shape):
    out = kind(3, eps=0, dtype=np.float64)(normal(*shape)).data
    axes = (0, *range(2, len(shape)))
    np.testing.assert_allclose(out.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=axes), 1, rtol=1e-12)


def test_a_batch_of_one_is_refused_in_training_only_where_it_has_no_variance():
    layer = nn.BatchNorm1d(3)
    before = layer.state_dict()
    for x in (np.zeros((1, 3)), np.zeros((1, 3, 1)), np.zeros((0, 3))):
        with pytest.raises(ValueError, match=f"has {len(x)} values per channel"):
            layer(x)
    np.testing.assert_equal(layer.state_dict(), before)
    assert layer(np.zeros((1, 3, 2))).shape == (1, 3, 2)
    assert layer.eval()(np.zeros((1, 3))).shape == (1, 3)


def test_the_gradient_in_evaluation_does_not_flow_through_the_statistics():
    layer = nn.BatchNorm1d(2, dtype=np.float64).eval()
    layer.running_var.data = [3.0, 8.0]
    x = Tensor(normal(4, 2), requires_grad=True)
    layer(x).sum().backward()
    np.testing.assert_allclose(x.grad, np.broadcast_to(1 / np.sqrt(np.array([3.0, 8.0]) + 1e-5), (4, 2)))


def test_statistics_that_move_after_they_were_used_make_backward_raise():
    layer = nn.BatchNorm1d(2, dtype=np.float64).eval()
    x = Tensor(normal(4, 2), requires_grad=True)
    out = layer(x).sum()
    layer.train()(normal(4, 2))
    out.backward()  # the derivative was taken with the numbers of then
    np.testing.assert_allclose(x.grad, 1 / np.sqrt(1 + 1e-5))


def test_buffers_move_with_the_module():
    layer = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
    assert [name for name, _ in layer.named_buffers()] == [
        "0.running_mean", "0.running_var", "0.num_batches_tracked",
    ]  # fmt: skip
    assert len(list(layer.buffers())) == 3
    assert [name for name, _ in layer.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    layer.astype(np.float64)
    assert [buffer.dtype for buffer in layer.buffers()] == [np.float64, np.float64, np.int64]
    assert layer(normal(4, 2)).dtype == np.float64


def test_buffers_are_registered_by_name_and_loaded_as_what_they_are():
    module = nn.Module()
    module.register_buffer("steps", 3)
    module.register_buffer("nothing", None)
    module.shared = module.steps
    assert module.nothing is None
    assert list(module.state_dict()) == ["steps", "shared"]
    assert len(list(module.buffers())) == 1
    with pytest.raises(ValueError, match="steps has dtype float64, expected int64"):
        module.load_state_dict({"steps": 1.5, "shared": 2})
    module.load_state_dict({"steps": 5, "shared": 5})
    assert module.steps.item() == 5
    assert not module.steps.requires_grad


def test_large_offsets_do_not_drown_the_variance():
    x = normal(50, 3) + 1e6
    exact = x - 1e6  # without rounding
    np.testing.assert_allclose(nn.BatchNorm1d(3, eps=0, dtype=np.float64)(x).data,
                               (exact - exact.mean(axis=0)) / exact.std(axis=0), rtol=0, atol=1e-8)  # fmt: skip


def test_overwriting_what_was_normalized_leaves_its_gradient_alone():
    """Without a weight, the result is also the array that the derivative uses."""
    x, g = Tensor(normal(4, 3), requires_grad=True), normal(4, 3)
    functional.layer_norm(x, 3).backward(g)
    expected = x.grad
    x.zero_grad()
    out = functional.layer_norm(x, 3)
    out.data = np.zeros((4, 3))
    out.backward(g)
    np.testing.assert_array_equal(x.grad, expected)


# -- samples ---------------------------------------------------------------------------------------------------------


def test_layer_norm_starts_as_the_identity_after_normalization():
    layer, x = nn.LayerNorm((3, 2), eps=0, dtype=np.float64), normal(4, 3, 2)
    flat = x.reshape(4, 6)
    expected = (flat - flat.mean(axis=1, keepdims=True)) / flat.std(axis=1, keepdims=True)
    np.testing.assert_allclose(layer(x).data.reshape(4, 6), expected, rtol=1e-12)
    np.testing.assert_array_equal(layer.train()(x).data, layer.eval()(x).data)
    assert list(nn.LayerNorm(3).state_dict()) == ["weight", "bias"]
    assert list(nn.LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert nn.LayerNorm(3, elementwise_affine=False).state_dict() == {}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.BatchNorm1d(0), "num_features must be a positive integer"),
        (lambda: nn.BatchNorm2d(3, momentum=2), "momentum"),
        (lambda: nn.BatchNorm1d(3)(np.zeros((2, 4))), r"BatchNorm1d: x of shape \(2, 4\), expected \(N, 3\)"),
        (lambda: nn.BatchNorm1d(3)(np.zeros((2, 3, 4, 4))), r"expected \(N, 3\) or \(N, 3, L\)"),
        (lambda: nn.BatchNorm2d(3)(np.zeros((2, 3))), r"BatchNorm2d: x of shape \(2, 3\), expected \(N, 3, H, W\)"),
        (lambda: functional.batch_norm(np.zeros(3), None, None), r"batch_norm: x of shape \(3,\)"),
        (lambda: functional.batch_norm(np.zeros((2, 3)), np.zeros(2), np.ones(3)), r"running_mean of shape \(2,\)"),
        (lambda: functional.batch_norm(np.zeros((2, 3)), None, None, np.ones((3, 1))), r"weight of shape \(3, 1\)"),
        (lambda: nn.LayerNorm(()), "normalized_shape must hold positive integers"),
        (lambda: nn.LayerNorm((2, 3))(np.zeros((4, 3))), r"does not end in the normalized shape \(2, 3\)"),
        (lambda: functional.layer_norm(np.zeros((4, 3)), (3,), np.ones(4)), r"layer_norm: weight of shape \(4,\)"),
        (lambda: nn.Dropout(1.5), "p must be a probability"),
        (lambda: functional.dropout(np.ones(2), -0.1), "p must be a probability"),
        (lambda: nn.Embedding(0, 2), "num_embeddings must be a positive integer"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), "padding_idx is 3, but there are 3 rows"),
    ],
)
def test_what_makes_no_sense_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- dropout ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_with_its_probability_and_keeps_the_expectation(p):
    manual_seed(0)
    x = Tensor(np.full(20_000, 3.0), requires_grad=True)
    out = nn.Dropout(p)(x)
    kept = out.data != 0
    np.testing.assert_allclose(out.data[kept], 3 / (1 - p))
    assert kept.mean() == pytest.approx(1 - p, abs=5 * np.sqrt(p * (1 - p) / x.size))
    out.sum().backward()
    np.testing.assert_allclose(x.grad, kept / (1 - p))


def test_dropout_draws_again_from_the_common_generator_or_its_own():
    layer, x = nn.Dropout(), np.ones(100)
    manual_seed(1)
    first, second = layer(x), layer(x)
    assert (first != second).any()
    manual_seed(1)
    np.testing.assert_array_equal(layer(x), first)
    own = nn.Dropout(rng=3)
    expected = own(x)
    manual_seed(5)
    np.testing.assert_array_equal(nn.Dropout(rng=3)(x), expected)


def test_dropout_does_nothing_in_evaluation_and_at_its_ends():
    x = Tensor([1.0, 2.0])
    assert nn.Dropout(0.5).eval()(x) is x
    assert nn.Dropout(0.0)(x) is x
    np.testing.assert_array_equal(nn.Dropout(1.0)(x).data, [0, 0])
    assert functional.dropout(Tensor(np.ones(2, np.float32))).dtype == np.float32
    assert functional.dropout(np.array([1, 2])).dtype == np.float64


# -- tables ----------------------------------------------------------------------------------------------------------


def test_rows_add_up_the_gradients_of_their_copies_but_that_of_the_padding():
    for padding in (1, -2):
        layer = nn.Embedding(3, 2, padding_idx=padding, dtype=np.float64, rng=0)
        np.testing.assert_array_equal(layer.weight.data[1], [0, 0])
        out = layer([[0, 1], [2, 0]])
        np.testing.assert_array_equal(out.data, layer.weight.data[[[0, 1], [2, 0]]])
        g = normal(2, 2, 2)
        out.backward(g)
        np.testing.assert_allclose(layer.weight.grad, [g[0, 0] + g[1, 1], [0, 0], g[1, 0]], rtol=1e-12)


def test_second_derivatives_flow_through_a_table_and_past_its_padding():
    table = Tensor(normal(3, 2), requires_grad=True)
    (functional.embedding([0, 0, 1], table, padding_idx=1) ** 3).sum().backward(create_graph=True)
    first = table.grad
    table.zero_grad()
    first.sum().backward()
    expected = np.zeros((3, 2))
    expected[0] = 2 * 6 * table.data[0]
    np.testing.assert_allclose(table.grad, expected, rtol=1e-12)


@pytest.mark.parametrize(("indices", "message"), [([3], "from 3 to 3, but rows are numbered 0 to 2"), ([-1], "-1 to")])
def test_numbers_out_of_the_table_are_named(indices, message):
    with pytest.raises(IndexError, match=message):
        nn.Embedding(3, 2)(indices)
    with pytest.raises(TypeError, match="indices must be integers"):
        nn.Embedding(3, 2)([0.5])
    with pytest.raises(IndexError, match="padding_idx is 5"):
        functional.embedding([0], np.zeros((3, 2)), padding_idx=5)
    with pytest.raises(ValueError, match="weight of shape"):
        functional.embedding([0], np.zeros(3))
    assert ag.embedding(Tensor([2], dtype=int), np.eye(3)).tolist() == [[0, 0, 1]]
    assert nn.Embedding(3, 2)(np.zeros((0, 4), int)).shape == (0, 4, 2)
