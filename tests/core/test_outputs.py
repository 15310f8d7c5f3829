"""Operations with several results, and rules for all arguments at once."""

import numpy as np
import pytest

from autograd_lite import Tensor, grad, jvp, no_grad, primitive
from autograd_lite.testing import check_gradients

# r e^(iφ) as two numbers, and the quadrant, which has no derivative.
cartesian = primitive(
    lambda r, phi: (r * np.cos(phi), r * np.sin(phi), (np.sin(phi) < 0).astype(int)),
    name="cartesian",
    outputs=3,
    r=lambda g, r, out: (g[0] * out[0] + g[1] * out[1]) / r,
    phi=lambda g, out: g[1] * out[0] - g[0] * out[1],
)
R, PHI = np.array([1.0, 2.0]), np.array([0.5, -2.0])


def test_each_result_is_a_tensor_and_what_is_not_floating_point_has_no_gradient():
    x, y, below = cartesian(Tensor(R, requires_grad=True), PHI)
    assert (x.requires_grad, y.requires_grad, below.requires_grad) == (True, True, False)
    np.testing.assert_array_equal(x.data, R * np.cos(PHI))
    assert below.tolist() == [0, 1]


def test_arrays_in_arrays_out():
    assert all(isinstance(result, np.ndarray) for result in cartesian(R, PHI))
    with no_grad():
        assert not any(result.requires_grad for result in cartesian(Tensor(R, requires_grad=True), PHI))


@pytest.mark.parametrize("use", [
    lambda x, y, _: x, lambda x, y, _: y, lambda x, y, _: x * y, lambda x, y, _: x * x * y + y,
])  # fmt: skip
def test_gradients_of_some_or_all_results_to_second_order(use):
    check_gradients(lambda r, phi: use(*cartesian(r, phi)), R, PHI, order=1)
    check_gradients(lambda r, phi: use(*cartesian(r, phi)), R, PHI, order=2)


def test_forward_mode_and_nested_gradients_go_through_several_results():
    _, (dx, dy) = jvp(lambda phi: cartesian(2.0, phi)[:2], (0.5,), (1.0,))
    assert (dx, dy) == pytest.approx((-2 * np.sin(0.5), 2 * np.cos(0.5)))
    third = grad(grad(grad(lambda phi: cartesian(1.0, phi)[1])))
    assert third(0.5) == pytest.approx(-np.cos(0.5))


def test_a_result_that_is_not_used_contributes_nothing():
    r = Tensor(R, requires_grad=True)
    x, _, _ = cartesian(r, PHI)
    x.sum().backward()
    np.testing.assert_allclose(r.grad, np.cos(PHI))


def test_residuals_come_after_the_results():
    operation = primitive(
        lambda x: ((np.exp(x), x * x), 2 * x), name="both", outputs=2,
        residuals={"twice": lambda x: 2 * x}, x=lambda g, out, twice: g[0] * out[0] + g[1] * twice,
    )  # fmt: skip
    check_gradients(lambda x: operation(x)[0] * operation(x)[1], R, order=2)


def test_a_joint_rule_gives_the_gradients_of_all_arguments_from_shared_work():
    calls = []

    def rule(g, a, out):
        calls.append(1)
        right = solve(np.swapaxes(a, -1, -2), g)
        return -np.expand_dims(right, -1) * np.expand_dims(out, -2), right

    solve = primitive(np.linalg.solve, name="solve_vector", joint=(("a", "b"), rule))
    a, b = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -1.0])
    left, right = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    solve(left, right).sum().backward()
    assert len(calls) == 1
    check_gradients(solve, a, b, order=1)
    check_gradients(solve, a, b, order=2)
    check_gradients(lambda b: solve(a, b), b)


def test_a_joint_rule_names_all_arguments_with_a_rule_in_their_order():
    with pytest.raises(TypeError, match="in the order of the signature"):
        primitive(lambda a, b: a * b, name="wrong", joint=(("b", "a"), lambda g, a, b: (g * a, g * b)))


def test_a_numpy_function_becomes_one_operation_only():
    with pytest.raises(TypeError, match="already"):
        primitive(np.exp, x=lambda g: g)
