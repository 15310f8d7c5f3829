"""L-BFGS: its line search by the conditions that define it, minima by closed forms, and its state."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import CompileError, Tensor, compile, optim
from autograd_lite.optim.line_search import Point, minimum_of_cubic, strong_wolfe


def along(function, derivative):
    """The points of a function of one variable, with a counter of the calls."""
    steps = []

    def at(step):
        steps.append(step)
        return Point(step, function(step), np.array([derivative(step)]), derivative(step))

    return at, steps


# Functions with a negative slope at 0 that are bounded below, by their parameters: steep, flat, wavy.
CURVES = {
    "parabola": (lambda x, a: (x - a) ** 2, lambda x, a: 2 * (x - a)),
    "quartic": (lambda x, a: (x - a) ** 4 - a**2 * x, lambda x, a: 4 * (x - a) ** 3 - a**2),
    "waves": (lambda x, a: 0.1 * (x - a) ** 2 + 0.1 * np.sin(3 * x) - 0.3 * x,
              lambda x, a: 0.2 * (x - a) + 0.3 * np.cos(3 * x) - 0.3 - 1e-3 * (x == 0)),
    "pit": (lambda x, a: -x / (x**2 + a), lambda x, a: (x**2 - a) / (x**2 + a) ** 2),
}  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
@given(a=st.floats(0.1, 50), step=st.floats(1e-3, 100))
def test_the_line_search_finds_a_point_with_the_strong_wolfe_conditions(name, a, step):
    value, derivative = CURVES[name]
    at, steps = along(lambda x: value(x, a), lambda x: derivative(x, a))
    start = at(0.0)
    found, count = strong_wolfe(at, start, step, scale=1.0, tolerance=1e-12, most=60)
    assert count == len(steps) - 1
    assert found.loss <= start.loss + 1e-4 * found.step * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)


def test_the_line_search_returns_the_best_point_of_the_bracket_when_it_may_not_try_more():
    at, steps = along(lambda x: (x - 1) ** 2, lambda x: 2 * (x - 1))
    found, count = strong_wolfe(at, at(0.0), 1000.0, scale=1.0, tolerance=1e-12, most=0)
    assert (found.step, count, steps) == (0.0, 1, [0.0, 1000.0])


@pytest.mark.parametrize("outside", [np.nan, np.inf])
def test_the_line_search_comes_back_from_where_the_loss_is_no_number(outside):
    at, _ = along(
        lambda x: x - np.log(x + 1e-3) if x < 2 else outside, lambda x: 1 - 1 / (x + 1e-3) if x < 2 else np.nan
    )
    found, _ = strong_wolfe(at, at(0.0), 64.0, scale=1.0, tolerance=1e-12, most=25)
    assert abs(found.slope) < 900
    assert 0 < found.step < 2


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.floats(-2, 2), st.floats(0.1, 3))
def test_the_minimum_of_a_cubic(coefficients, left, width):
    p = np.polynomial.Polynomial(coefficients)
    right, slope = left + width, p.deriv()
    ends = [Point(x, p(x), np.zeros(1), slope(x)) for x in (left, right)]
    found = minimum_of_cubic(*ends, left, right)
    assert left <= found <= right
    if slope(left) < -0.01 and slope(right) > 0.01:  # then there is one minimum between them
        np.testing.assert_allclose(slope(found), 0, atol=1e-5)
    assert found == minimum_of_cubic(*ends[::-1], left, right)


# -- minima ----------------------------------------------------------------------------------------------------------


def problem(seed=0):
    """A least-squares problem of a matrix and a vector, its closure, and its solution."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    W, b = Tensor(np.zeros((3, 2)), requires_grad=True), Tensor(np.zeros(2), requires_grad=True)

    def closure():
        W.grad = b.grad = None
        loss = ((X @ W + b - Y) ** 2).sum()
        loss.backward()
        return loss

    exact = np.linalg.lstsq(np.column_stack([X, np.ones(20)]), Y, rcond=None)[0]
    return [W, b], closure, [exact[:3], exact[3]]


def test_a_least_squares_problem_is_solved_in_one_step():
    params, closure, exact = problem()
    before = closure().item()
    assert optim.LBFGS(params, line_search_fn="strong_wolfe", tolerance_change=0).step(closure).item() == before
    for parameter, solution in zip(params, exact, strict=True):
        np.testing.assert_allclose(parameter.data, solution, atol=1e-7)


def test_the_number_of_evaluations_is_limited():
    for limit in (1, 2, 7):
        params, closure, _ = problem()
        count = []
        optimizer = optim.LBFGS(params, max_iter=50, max_eval=limit, line_search_fn="strong_wolfe", tolerance_change=0)
        optimizer.step(lambda: count.append(1) or closure())  # noqa: B023
        assert len(count) <= limit + 1  # a line search makes one evaluation at least
        assert len(count) == optimizer.state_dict()["state"][0]["func_evals"]


def test_the_parameters_come_back_when_the_closure_fails_in_the_line_search():
    params, closure, _ = problem()
    calls = []

    def failing():
        calls.append(1)
        if len(calls) == 3:
            raise ZeroDivisionError
        return closure() if len(calls) == 1 else closure() * np.nan

    with pytest.raises(ZeroDivisionError):
        optim.LBFGS(params, line_search_fn="strong_wolfe", max_iter=1, max_eval=9).step(failing)
    assert not params[0].data.any()
    assert not params[1].data.any()


def test_parameters_without_a_gradient_stay():
    w, other = Tensor([1.0, 2.0], requires_grad=True), Tensor([5.0], requires_grad=True)
    optimizer = optim.LBFGS([other, w])

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(w.data, 0, atol=1e-6)
    assert other.item() == 5.0


def test_half_precision_is_computed_in_single_precision():
    w = Tensor(np.float16([1.0, -2.0]), requires_grad=True)
    optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert w.dtype == np.float16
    np.testing.assert_allclose(w.data, 0, atol=1e-3)
    assert optimizer.state_dict()["state"][0]["d"].dtype == np.float32


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_goes_on_like_the_original(duplicate):
    def quartic(params, optimizer):
        optimizer.zero_grad()
        loss = (params[0] ** 4 + params[0] @ params[0] - params[0].sum()).sum()
        loss.backward()
        return loss

    params = [Tensor([1.0, -3.0], requires_grad=True)]
    optimizer = optim.LBFGS(params, max_iter=3)
    optimizer.step(lambda: quartic(params, optimizer))
    copied_params, copied = duplicate((params, optimizer))
    for _ in range(2):
        optimizer.step(lambda: quartic(params, optimizer))
        copied.step(lambda: quartic(copied_params, copied))
    np.testing.assert_array_equal(params[0].data, copied_params[0].data)


# -- errors ----------------------------------------------------------------------------------------------------------


def test_an_edited_state_is_refused_and_changes_nothing():
    params, closure, _ = problem()
    optimizer = optim.LBFGS(params, max_iter=3)
    optimizer.step(closure)
    good = optimizer.state_dict()
    edits = {
        r"entry 0 lacks \['d'\], and has the unknown names \[\]": lambda entry: entry.pop("d"),
        r"d: .*shape \(2,\), expected \(8,\)": lambda entry: entry.update(d=np.zeros(2)),
        "n_iter.* must be an integer, at least 0, not -1": lambda entry: entry.update(n_iter=-1),
        "old_dirs, old_stps and ro differ in length": lambda entry: entry["ro"].pop(),
        "old_dirs: .*must be a list, not 3": lambda entry: entry.update(old_dirs=3),
    }
    for message, edit in edits.items():
        state = copy.deepcopy(good)
        edit(state["state"][0])
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(state)
        np.testing.assert_equal(optimizer.state_dict(), good)
    with pytest.raises(ValueError, match="the state has one entry, of the number 0, not"):
        optimizer.load_state_dict({**good, "state": {1: {}}})


def test_it_cannot_be_compiled():
    params, closure, _ = problem()
    optimizer = optim.LBFGS(params)
    with pytest.raises(CompileError, match=r"LBFGS.step\(\) would not be repeated"):
        compile(lambda: optimizer.step(closure))()


def test_a_gradient_that_is_not_finite_is_an_error_where_that_is_asked_for():
    w = Tensor([1.0], requires_grad=True)

    def closure():
        w.grad = [np.nan]
        return 0.0

    with pytest.raises(RuntimeError, match="the gradient of parameter 0 of shape"):
        optim.LBFGS([w]).step(closure, error_if_nonfinite=True)
    assert w.item() == 1.0
