"""check_gradients: right rules pass to first and second order, wrong rules are found, kinks can be left out."""

import numpy as np
import pytest
from hypothesis import given

import autograd_lite as al
from autograd_lite import Tensor, primitive
from autograd_lite.testing import GradientMismatch, check_gradients, strategies

RNG = np.random.default_rng(2)
A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))
POSITIVE = RNG.uniform(0.5, 2, size=(4, 3))

RIGHT = [
    (lambda x, y: x @ y, A, B),
    (lambda x, y: x * y + x / y, A, POSITIVE),
    (al.softmax, A),
    (lambda x: x.std(axis=0), A),
    (lambda x: x[[0, 0, 2], 1:], A),
    (lambda x, y: al.cross_entropy(x, y), A, np.array([0, 1, 2, 0])),
    (lambda x, y: al.cross_entropy(x, y), A, POSITIVE),
    (al.power, POSITIVE, A),
    (lambda x, n: x**n, 1.5, 3),
    (lambda x: x + 1, A),
    (lambda x, y: al.concatenate([x, y.T @ y]), A[:, :2], B),
    (lambda x: x * 2.0, np.zeros((0, 3))),
    (lambda x, y: (x * y).sum(), 2.0, 3.0),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("number", range(len(RIGHT)))
def test_right_rules_pass(number, order):
    assert check_gradients(*RIGHT[number], order=order) < 1e-8


@given(strategies.arrays())
def test_right_rules_pass_under_hypothesis(x):
    check_gradients(lambda x: al.sin(x) * al.sigmoid(x), x, order=2)


WRONG = {
    "sign": lambda g, x: -g * np.cos(x),
    "factor": lambda g, x: 2 * g * np.cos(x),
    "doubled factor": lambda g, x: g * np.cos(x) * x,
    "missing factor": lambda g, x: g * np.cos(x) / x,
    "": lambda g, x: g * np.cos(x) ** 2,
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_rule_is_found(kind):
    wrong = primitive(lambda x: np.sin(x), name="wrong", x=WRONG[kind])
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(wrong, A)
    assert str(caught.value).startswith("the engine disagrees with the numerical gradient of wrong with respect to 'x'")
    assert [f.kind for f in caught.value.findings[:1]] == [kind] * bool(kind)


def test_wrong_rule_of_the_second_argument_is_found():
    wrong = primitive(lambda x, y: x * y, name="wrong", x=lambda g, y: g * y, y=lambda g, x: g + x)
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(wrong, A, POSITIVE)
    assert caught.value.argument == "y"


def test_rule_that_cannot_be_differentiated_is_found_in_second_order():
    frozen = primitive(
        lambda x: np.sin(x), name="frozen", x=lambda g, x: g * np.cos(x.numpy() if isinstance(x, Tensor) else x)
    )
    assert check_gradients(frozen, A) < 1e-8
    with pytest.raises(GradientMismatch, match="second derivative of frozen"):
        check_gradients(frozen, A, order=2)


def test_gradient_that_ignores_the_cotangent_is_found():
    wrong = primitive(lambda x: np.sin(x), name="wrong", x=lambda g, x: np.cos(x))
    with pytest.raises(GradientMismatch):
        check_gradients(wrong, A)


def test_kinks_are_named_and_can_be_left_out():
    x = np.array([-1.0, 0.0, 2.0])
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(al.relu, x)
    assert caught.value.findings[0].kind == "kink"
    assert "at [1]" in str(caught.value)
    for exclude in (x == 0, lambda x: x == 0, (x == 0,)):
        assert check_gradients(al.relu, x, exclude=exclude) < 1e-8


def test_points_close_to_a_kink_are_no_problem():
    check_gradients(al.relu, np.array([-1e-5, 1e-5, 3e-3]))


def test_masks_for_several_inputs():
    y = A.copy()
    y[1:] += 1
    check_gradients(al.maximum, A, y, exclude=lambda x, y: x == y)
    check_gradients(lambda x, y: abs(x) * y, A * [0, 1, 1], B[0, :1], exclude=(A * [0, 1, 1] == 0, None))
    with pytest.raises(ValueError, match=r"a mask of shape \(4, 3\) for 'y' of shape \(1,\)"):
        check_gradients(lambda x, y: x * y, A, B[0, :1], exclude=A == 0)


def test_a_narrow_domain_is_not_left():
    check_gradients(al.log, np.array([1e-3, 1.0]))
    check_gradients(al.sqrt, np.array([1e-3, 1e3]))


NOISE = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("message", "kind", "fn", "inputs"),
    [
        ("holds floating-point numbers", TypeError, lambda x: x * 2, (np.arange(3),)),
        ("returned ndarray", TypeError, lambda x: x.numpy(), (A,)),
        ("returned tuple", TypeError, lambda x: (x, x), (A,)),
        ("does not depend", ValueError, lambda x: Tensor(x.numpy()), (A,)),
        ("two different results", ValueError, lambda x: x * NOISE.normal(), (A,)),
        ("result of fn is nan", ValueError, lambda x: al.log(x), (-POSITIVE,)),
        ("gradient of fn with respect to 'x' is", ValueError, al.sqrt, (np.zeros(2),)),
        ("input 'x' is nan", ValueError, lambda x: x * 2, (np.array([np.nan]),)),
        ("cannot take 2 inputs", TypeError, lambda x: x, (A, A)),
    ],
)
def test_what_cannot_be_checked_is_named(message, kind, fn, inputs):
    with pytest.raises(kind) as caught:
        check_gradients(fn, *inputs)
    assert message.replace("of fn", f"of {'sqrt' if fn is al.sqrt else 'fn'}") in str(caught.value)
    assert not isinstance(caught.value, GradientMismatch)


def test_order_is_one_or_two():
    with pytest.raises(ValueError, match="order must be 1 or 2, not 3"):
        check_gradients(al.sin, A, order=3)


def test_inputs_are_left_alone():
    x = Tensor(A, requires_grad=True)
    check_gradients(al.sin, x, order=2)
    assert x.grad is None
    assert (x.numpy() == A).all()
