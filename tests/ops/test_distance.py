"""Absolute, Huber's, hinge loss and divergence beyond the catalogue: special targets, and what is refused."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, nn


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.float32])
def test_targets_of_any_dtype_and_lists_count_as_numbers(dtype):
    target, x = np.array([1, 1, 1], dtype), np.array([-0.5, 0.5, 2.0])
    log_q = -np.abs(x)
    for loss, gradient in [(ag.hinge_loss, [-1, -1, 0]), (ag.l1_loss, [-1, -1, 1]), (ag.huber_loss, [-1, -0.5, 1]),
                           (ag.kl_div, [-1, -1, -1]), (ag.mse_loss, [-3, -1, 2])]:  # fmt: skip
        for given in (target, target.tolist()):
            tensor = Tensor(log_q if loss is ag.kl_div else x, requires_grad=True)
            loss(tensor, given, reduction="sum").backward()
            np.testing.assert_array_equal(tensor.grad, gradient)


def test_equal_numbers_have_no_absolute_slope_and_the_margin_none_either():
    x = Tensor([2.0, 1.0], requires_grad=True)
    ag.l1_loss(x, [2.0, 1.0]).backward()
    np.testing.assert_array_equal(x.grad, [0, 0])
    x.zero_grad()
    ag.hinge_loss(x, [1, 1]).backward()
    np.testing.assert_array_equal(x.grad, [0, 0])


def test_a_probability_of_zero_costs_nothing_and_warns_of_nothing():
    target, x = np.array([[1.0, 0.0], [0.25, 0.75]]), np.log([[0.5, 0.5], [0.25, 0.75]])
    np.testing.assert_allclose(ag.kl_div(x, target, reduction="none"), [[np.log(2), 0], [0, 0]], atol=1e-15)
    assert nn.KLDivLoss(reduction="batchmean")(x, target) == pytest.approx(np.log(2) / 2)
    assert nn.KLDivLoss(reduction="sum", log_target=True)(x, np.log([[0.5, 0.5]] * 2)) == pytest.approx(
        sum(0.5 * np.log(0.5 / q) for q in (0.5, 0.5, 0.25, 0.75))
    )


def test_towards_a_probability_of_zero_the_slope_is_infinite_without_a_warning():
    target = Tensor([1.0, 0.0], requires_grad=True)
    ag.kl_div(np.array([-0.5, -1.0]), target, reduction="sum").backward()
    np.testing.assert_array_equal(target.grad, [1.5, -np.inf])


def test_modules_are_their_functions():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    signs = np.sign(y).astype(int)
    for reduction in ("mean", "sum", "none"):
        np.testing.assert_array_equal(nn.L1Loss(reduction=reduction)(x, y), ag.l1_loss(x, y, reduction=reduction))
        np.testing.assert_array_equal(nn.HuberLoss(reduction, 0.3)(x, y), ag.huber_loss(x, y, reduction, 0.3))
        np.testing.assert_array_equal(
            nn.HingeLoss(reduction=reduction)(x, signs), ag.hinge_loss(x, signs, reduction=reduction)
        )
    assert repr(nn.HuberLoss(delta=2)) == "HuberLoss(reduction='mean', delta=2)"
    assert repr(nn.KLDivLoss(reduction="batchmean")) == "KLDivLoss(reduction='batchmean', log_target=False)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ag.l1_loss(np.zeros((2, 1)), np.zeros(2)), r"l1_loss: target of shape \(2,\)"),
        (lambda: ag.huber_loss(np.zeros(2), np.zeros(3)), "losses do not broadcast"),
        (lambda: ag.huber_loss(np.zeros(2), np.zeros(2), delta=0), "huber_loss: delta must be positive, not 0"),
        (lambda: nn.HuberLoss(delta=-1), "HuberLoss: delta must be positive, not -1"),
        (lambda: ag.hinge_loss(np.zeros(2), [0, 1]), "hinge_loss: labels are -1 and 1"),
        (
            lambda: ag.kl_div(np.zeros(2), np.array([-0.5, 1.5])),
            "kl_div: target holds -0.5; probabilities are at least 0",
        ),
        (lambda: ag.kl_div(np.array(0.0), np.array(1.0), reduction="batchmean"), "needs an axis of samples"),
        (lambda: ag.kl_div(np.zeros(2), np.ones(2), reduction="batch"), "reduction must be .*, not 'batch'"),
        (lambda: nn.KLDivLoss(reduction="batch"), '"mean", "sum", "none" or "batchmean"'),
        (lambda: nn.L1Loss(reduction="batchmean"), '"mean", "sum" or "none"'),
    ],
)
def test_what_makes_no_sense_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
