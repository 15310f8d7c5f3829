"""Programs of single numbers: what the interpreter computes, in which order, and what floating-point errors do."""

import random
import warnings
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("numba", reason="native programs are compiled by numba")

from autograd_lite import Tensor, compile, optim, relu

UNARY = [np.negative, np.square, np.abs, np.sqrt, np.sign, np.floor]
BINARY = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.divide]
COMPARISONS = [np.less, np.greater_equal, np.not_equal]
# More than a kernel takes, so that they are interpreted.
LENGTH = 200


def seeds(count):
    """Random functions: half a second each, so the ordinary run has a third of them."""
    few = count // 3
    return [*range(few), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(few, count))]


both_types = pytest.mark.parametrize("real", [np.float32, np.float64], ids=["float32", "float64"])


def compiled(function, **options):
    return compile(function, backend="native", verify=False, audit=False, **options)


def is_interpreted(function):
    return "def interpret_" in (function.program.native_source or "")


def random_function(seed, operations=BINARY + UNARY):
    """A function of an array that computes with its elements, one by one, and returns some of the numbers."""
    rng = random.Random(seed)
    steps = [(rng.choice(operations), rng.randrange(12), rng.randrange(12)) for _ in range(LENGTH)]
    places = [(rng.randrange(40), rng.randrange(40), rng.randrange(40)) for _ in range(LENGTH // 8)]

    def function(x):
        values = [x[i] for i in range(len(x))]
        for operation, back, other in steps:
            a, b = values[-1 - back], values[-1 - other]
            values.append(operation(a) if operation in UNARY else operation(a, b) * 0.5)
        for condition, one, other in places:
            compare = COMPARISONS[condition % len(COMPARISONS)]
            values.append(np.where(compare(values[-condition - 1], 0.25), values[-one - 1], values[-other - 1]))
        return values[-1], values[-20], values[len(x)], np.logical_and(values[-1] > 0, values[-2] < 1)

    return function


@both_types
@pytest.mark.parametrize("seed", seeds(12))
def test_numbers_are_those_of_the_function(seed, real):
    """All operations are rounded once, so they are equal to the last bit, in any order."""
    function = random_function(seed)
    fast, rng = compiled(function), np.random.default_rng(seed)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(5):
            x = rng.normal(size=12).astype(real)
            for found, expected in zip(fast(x), function(x), strict=True):
                assert found.dtype == expected.dtype
                np.testing.assert_array_equal(found, expected)
    assert is_interpreted(fast)


@both_types
def test_elementary_functions(real):
    def function(x):
        y = x[0]
        for i in range(LENGTH):
            y = np.tanh(y * x[i % 3]) + np.exp(-y) * 0.1
        return y

    fast, rng = compiled(function), np.random.default_rng(0)
    for _ in range(4):
        x = rng.normal(size=3).astype(real)
        np.testing.assert_allclose(fast(x), function(x), rtol=50 * np.finfo(real).eps)
    assert is_interpreted(fast)


@pytest.mark.parametrize("seed", seeds(6))
@pytest.mark.parametrize("is_view", [False, True], ids=["elements", "views"])
def test_overwritten_numbers(seed, is_view):
    """Reads and writes of the same elements keep their order."""
    rng, operations = random.Random(seed), [np.add, np.subtract, np.maximum, np.minimum]
    steps = [(rng.randrange(8), rng.choice(operations), rng.randrange(8), rng.randrange(8)) for _ in range(LENGTH)]

    def function(x):
        y = x * 1.0
        parts = [y[i : i + 1] for i in range(8)]
        for target, operation, one, other in steps:
            if is_view:
                operation(parts[one], parts[other], out=parts[target])
            else:
                y[target] = operation(y[one], y[other])
        return y

    fast, numbers = compiled(function), np.random.default_rng(seed)
    for _ in range(4):
        x = numbers.normal(size=8)
        np.testing.assert_array_equal(fast(x), function(x))
    assert is_interpreted(fast)


def test_hundreds_of_arrays():
    """Each number has an array of its own, before and after: they are copied by several kernels."""
    numbers = [Tensor(value, requires_grad=True) for value in np.random.default_rng(0).normal(size=100)]

    def function(x):
        for number in numbers:
            number.grad = None
        total = x * 0.0
        for one, other in pairwise(numbers):
            total = total + one * other * x
        total.backward()
        return [number.grad for number in numbers]

    fast = compiled(function)
    for x in (1.5, -2.0, 0.25):
        found = [np.array(gradient) for gradient in fast(x)]
        np.testing.assert_array_equal([number.grad for number in numbers], found)
        np.testing.assert_array_equal(function(x), found)
    assert is_interpreted(fast)


def test_arguments_are_written_in_place():
    def function(x, rate):
        for i in range(LENGTH):
            x[i % 5] = x[i % 5] - rate * x[(i + 1) % 5]
        return x[0] + rate

    fast = compiled(function)
    one, other = np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)
    for rate in (0.1, 0.2, -0.3):
        assert fast(one, rate) == function(other, rate)
        np.testing.assert_array_equal(one, other)
    assert is_interpreted(fast)


@pytest.mark.parametrize("kind", [np.int64, np.int32])
def test_integers_are_right(kind):
    """Integers are not interpreted, which would round those above 2**53."""

    def function(x):
        y = x[0]
        for i in range(LENGTH):
            y = y + x[i % 3] - x[(i + 1) % 4]
        return y

    fast = compiled(function)
    x = np.array([3, 5, -7, 2], kind) + (0 if kind is np.int32 else 2**53 + 1)
    for _ in range(3):
        found, expected = fast(x), function(x)
        assert found == expected
        assert found.dtype == expected.dtype
        x = x[::-1].copy()
    assert not is_interpreted(fast)


def test_two_dtypes_are_not_mixed():
    def function(x, y):
        a, b = x[0], y[0]
        for i in range(LENGTH):
            a, b = a * 0.5 + x[i % 2], b * 0.5 + y[i % 2]
        return a, b, a + b

    fast, rng = compiled(function), np.random.default_rng(0)
    for _ in range(3):
        x, y = rng.normal(size=2).astype(np.float32), rng.normal(size=2)
        for found, expected in zip(fast(x, y), function(x, y), strict=True):
            assert found.dtype == expected.dtype
            assert found == expected


# -- floating-point errors ---------------------------------------------------------------------------------------------


def quotients(x):
    total = x[0]
    for i in range(LENGTH):
        total = total + x[i % 3] / x[(i + 1) % 3]
    return total


@pytest.mark.parametrize(
    ("x", "message"),
    [([1.0, 0.0, 1.0], "divide by zero"), ([np.inf, np.inf, 1.0], "invalid"), ([1e300, 1e-300, 1.0], "over")],
)
def test_errors_are_those_of_numpy(x, message):
    """The call is made by NumPy: same warning, same numbers. The next calls are interpreted again."""
    fast, bad, good = compiled(quotients), np.array(x), np.array([1.0, 2.0, 3.0])
    fast(good)
    with np.errstate(all="ignore"):
        expected = quotients(bad)
    with pytest.warns(RuntimeWarning, match=message):
        np.testing.assert_array_equal(fast(bad), expected)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match=message):
        fast(bad)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fast(good) == quotients(good)
    assert fast.program.backend == "native"


def test_earlier_errors_are_no_concern():
    """Python's own arithmetic sets flags of the processor, too."""

    def function(x, y):
        total = np.float64(x)
        for i in range(LENGTH):
            total = total * x + y if i % 2 else total - x
        return total

    fast, x = compiled(function), 1e300
    for _ in range(20):  # after so many restarts NumPy would do all calls
        assert x * 1e300 == np.inf
        assert fast(0.5, 0.25) == function(0.5, 0.25)
    assert is_interpreted(fast)


def test_errors_before_a_change_change_nothing():
    def function(x, y):
        total = quotients(x)
        y[0] = total
        return total

    fast, y = compiled(function), np.array([5.0])
    fast(np.ones(3), y)
    y[0] = 5
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        fast(np.array([1.0, 0.0, 1.0]), y)
    assert y[0] == 5


def test_errors_after_a_change_are_reported():
    """The write into y cannot be repeated, so the kernel warns itself."""
    weights = Tensor(np.ones(2), requires_grad=True)
    optimizer = optim.SGD([weights], lr=1.0)

    def function(x):
        optimizer.zero_grad()
        (weights * 0.5).sum().backward()
        optimizer.step()
        return quotients(x)

    fast = compiled(function)
    fast(np.ones(3))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert fast(np.array([1.0, 0.0, 1.0])) == np.inf
    np.testing.assert_array_equal(weights.data, [0.0, 0.0])
    assert is_interpreted(fast)


# -- training ----------------------------------------------------------------------------------------------------------


def scalar_training(real):
    """A network of scalars, as in micrograd: the step of a training, and the parameters."""
    rng = np.random.default_rng(0)
    hidden = [[Tensor(real(w), requires_grad=True) for w in rng.uniform(-1, 1, 3)] for _ in range(6)]
    last = [Tensor(real(w), requires_grad=True) for w in rng.uniform(-1, 1, 7)]
    parameters = [*(p for neuron in hidden for p in neuron), *last]
    optimizer = optim.SGD(parameters, lr=0.05)

    def step(points, labels):
        optimizer.zero_grad()
        loss = 0.0
        for (x, y), label in zip(points, labels, strict=True):
            units = [relu(a * x + b * y + c) for a, b, c in hidden]
            score = sum((w * unit for w, unit in zip(last, units, strict=False)), last[-1])
            loss = loss + relu(1 + -label * score) / len(labels)
        loss = loss + 1e-4 * sum(p * p for p in parameters)
        loss.backward()
        optimizer.step()
        return loss

    return step, parameters, optimizer


@both_types
def test_training_scalar_by_scalar(real):
    """Losses, parameters and gradients stay equal, also while the learning rate changes.

    To rounding, because the loop of the update multiplies and adds at once.
    """
    tolerance = float(100 * np.finfo(real).eps)
    (plain, expected, one), (function, found, other) = scalar_training(real), scalar_training(real)
    fast, rng = compiled(function), np.random.default_rng(1)
    for number in range(8):
        one.param_groups[0]["lr"] = other.param_groups[0]["lr"] = 0.05 / (1 + number)
        points, labels = rng.normal(size=(5, 2)).tolist(), rng.choice([-1.0, 1.0], 5).tolist()
        assert fast(points, labels).item() == pytest.approx(plain(points, labels).item(), tolerance)
        for a, b in zip(found, expected, strict=True):
            assert a.grad.dtype == real
            np.testing.assert_allclose(a.data, b.data, tolerance, tolerance)
            np.testing.assert_allclose(a.grad, b.grad, tolerance, tolerance)
    assert is_interpreted(fast)
    assert other.state_dict()["state"] == one.state_dict()["state"]


def test_lists_of_another_length_are_recorded_anew():
    plain, fast = scalar_training(np.float64)[0], compiled(scalar_training(np.float64)[0])
    rng = np.random.default_rng(1)
    for size in (5, 5, 5, 3, 3, 5):
        points, labels = rng.normal(size=(size, 2)).tolist(), [1.0] * size
        assert fast(points, labels).item() == pytest.approx(plain(points, labels).item(), 1e-12)
    assert len(fast.programs) == 2
    points[0][0] = 1  # an integer is a part of the key
    assert fast(points, labels).item() == pytest.approx(plain(points, labels).item(), 1e-12)
    assert len(fast.programs) == 3
    with pytest.raises(ValueError, match="zip"):
        fast(points, [1.0])
