"""Transforms are right to any order, nested in any way, for every operation of the catalogue."""

import inspect
import threading
from functools import partial

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite import Tensor, grad, hessian, hvp, jacobian, jvp, no_grad, value_and_grad, vjp
from autograd_lite.testing import check_closed_form
from autograd_lite.testing.comparing.numerical import numerical_gradient

vectors = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(size=4))


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


# -- closed forms --------------------------------------------------------------------------------------------------


@given(vectors)
def test_hessian_of_cross_entropy_is_diag_p_minus_p_p(z):
    p = softmax(z)
    expected = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(hessian(lambda z: ag.cross_entropy(z, 2))(z), expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(jacobian(ag.softmax)(z), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.3, 2.0])
def test_derivatives_of_tanh_up_to_the_fourth(x):
    t, derivative, closed_forms = np.tanh(x), np.tanh, [
        lambda t: 1 - t**2,
        lambda t: -2 * t * (1 - t**2),
        lambda t: (1 - t**2) * (6 * t**2 - 2),
        lambda t: 8 * t * (1 - t**2) * (2 - 3 * t**2),
    ]  # fmt: skip
    for closed_form in closed_forms:
        derivative = grad(derivative)
        assert derivative(x) == pytest.approx(closed_form(t), rel=1e-12, abs=1e-12)


@given(vectors, vectors)
def test_hessian_vector_product_is_that_of_the_hessian(x, v):
    def function(x):
        return (np.sin(x) * x[::-1] ** 2).sum()

    np.testing.assert_allclose(hvp(function, [x], [v])[0], hessian(function)(x) @ v, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(hessian(function)(x), hessian(function)(x).T, rtol=0, atol=1e-13)


def test_forward_mode_of_a_network_is_the_transpose_of_reverse_mode():
    rng = np.random.default_rng(0)
    w1, w2 = rng.normal(size=(5, 3)), rng.normal(size=(2, 5))
    x, v, u = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))

    def network(x):
        return ag.sigmoid(x @ w1.T) @ w2.T

    value, tangent = jvp(network, (x,), (v,))
    same_value, pullback = vjp(network, x)
    np.testing.assert_array_equal(value, same_value)
    assert np.vdot(u, tangent) == pytest.approx(np.vdot(pullback(u)[0], v), rel=1e-13)


# -- every operation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@given(data=st.data())
@settings(max_examples=settings.default.max_examples // 4)
def test_forward_mode_agrees_with_reverse_mode(case, data):
    sample = data.draw(case.samples)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tangents = [rng.normal(size=array.shape) for array in sample.arrays]
    value, pullback = vjp(lambda *arrays: case.operation(*arrays, **sample.static), *sample.arrays)
    cotangent = rng.normal(size=np.shape(value))
    _, tangent = jvp(lambda *arrays: case.operation(*arrays, **sample.static), sample.arrays, tangents)
    backward = sum(np.vdot(g, v) for g, v in zip(pullback(cotangent), tangents, strict=True))
    forward = np.vdot(cotangent, tangent)
    scale = 1 + np.linalg.norm(cotangent) * np.linalg.norm(tangent)
    assert np.shape(tangent) == np.shape(value)
    assert forward == pytest.approx(backward, rel=0, abs=1e-10 * scale)


# -- nesting -------------------------------------------------------------------------------------------------------


def test_levels_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1
    assert grad(lambda x: grad(lambda y: x * x * y)(2.0))(3.0) == 6
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(3.0) == 54  # d/dx 2x³, the inner gradient taken at y = x
    assert jvp(lambda x: jvp(lambda y: x * y, (1.0,), (1.0,))[1] * x, (3.0,), (1.0,))[1] == 6


def test_transforms_nest_in_any_order():
    x = np.array([0.5, -1.0])

    def f(x):
        return (np.exp(x) * x[::-1]).sum()

    expected = hessian(f)(x)
    np.testing.assert_allclose(jacobian(grad(f))(x), expected)
    np.testing.assert_allclose([jvp(grad(f), (x,), (v,))[1] for v in np.eye(2)], expected)
    np.testing.assert_allclose([vjp(grad(f), x)[1](v)[0] for v in np.eye(2)], expected)
    np.testing.assert_allclose([grad(lambda x, v=v: jvp(f, (x,), (v,))[1])(x) for v in np.eye(2)], expected)
    third = jacobian(hessian(f))(x)
    numerical = [numerical_gradient(lambda x, i=i: hessian(f)(x).flat[i], x).gradient for i in range(4)]
    np.testing.assert_allclose(third.reshape(4, 2), numerical, atol=1e-9)


def test_a_tensor_from_outside_takes_part_in_the_inner_gradient():
    w = Tensor([1.0, 2.0], requires_grad=True)
    gradient = grad(lambda x: (x**3).sum())(w)
    np.testing.assert_array_equal(gradient.data, [3, 12])
    gradient.sum().backward()
    np.testing.assert_array_equal(w.grad, [6, 12])


# -- arguments and results -----------------------------------------------------------------------------------------


def test_arguments_are_nested_and_gradients_have_their_structure():
    parameters = {"layers": [(np.eye(2), np.ones(2))], "scale": 2.0, "nothing": None}

    def loss(parameters, x):
        weight, bias = parameters["layers"][0]
        return parameters["scale"] * (x @ weight + bias).sum()

    gradient = grad(loss)(parameters, np.array([1.0, 3.0]))
    assert list(gradient) == ["layers", "scale", "nothing"]
    weight, bias = gradient["layers"][0]
    np.testing.assert_array_equal(weight, [[2, 2], [6, 6]])
    np.testing.assert_array_equal(bias, [2, 2])
    assert gradient["scale"] == 6
    assert gradient["nothing"] is None


def test_argnums_choose_the_arguments():
    def f(x, y, z):
        return x * y**2 + z

    assert grad(f, 1)(2.0, 3.0, 5.0) == 12
    assert grad(f, -1)(2.0, 3.0, 5.0) == 1
    assert grad(f, (1, 0))(2.0, 3.0, 5.0) == (12, 9)
    assert jacobian(f, (0, 1))(2.0, 3.0, 5.0) == (9, 12)
    assert hessian(f, 1)(2.0, 3.0, 5.0) == 4
    for one in (1, np.int64(1), np.uint8(1)):  # not a tuple
        assert (grad(f, one)(2.0, 3.0, 5.0), jacobian(f, one)(2.0, 3.0, 5.0), hessian(f, one)(2.0, 3.0, 5.0)) == (
            12,
            12,
            4,
        )
    with pytest.raises(TypeError, match="argnums is 3"):
        grad(f, 3)(2.0, 3.0, 5.0)


def test_auxiliary_results_come_back_as_values():
    (value, aux), gradient = value_and_grad(lambda x: ((x * x).sum(), {"twice": 2 * x, "name": "x"}), has_aux=True)(
        np.array([3.0])
    )
    assert (value, gradient.tolist(), aux["name"]) == (9, [6], "x")
    assert isinstance(aux["twice"], np.ndarray)
    assert grad(lambda x: (x * x, "aux"), has_aux=True)(3.0) == (6, "aux")
    value, pullback, aux = vjp(lambda x: (x * x, "aux"), 3.0, has_aux=True)
    assert (value, aux, pullback(1.0)) == (9, "aux", (6,))


def test_arrays_in_arrays_out_and_tensors_in_tensors_out():
    def f(x):
        return (x**2).sum()

    assert isinstance(grad(f)(np.ones(2)), np.ndarray)
    assert isinstance(grad(f)(Tensor([1.0])), Tensor)
    assert not grad(f)(Tensor([1.0])).requires_grad
    assert grad(f)(Tensor([1.0], requires_grad=True)).requires_grad
    assert isinstance(jacobian(lambda x: x**2)(Tensor([1.0])), Tensor)
    with no_grad():
        assert not grad(f)(Tensor([1.0], requires_grad=True)).requires_grad


def test_gradients_are_collected_nowhere_and_own_their_memory():
    x, w = np.ones(2), Tensor([1.0, 2.0], requires_grad=True)
    gradient = grad(lambda x: (x * w).sum())(x)
    assert w.grad is None
    gradient[...] = 7  # neither read-only nor shared
    np.testing.assert_array_equal(w.data, [1, 2])
    np.testing.assert_array_equal(grad(lambda x: x.sum())(x), [1, 1])
    assert grad(lambda x: x.sum())(x).flags.writeable


def test_float32_stays_float32():
    x = np.ones(2, np.float32)
    for result in (grad(lambda x: (x * x).sum())(x), jacobian(np.exp)(x), hessian(lambda x: (x**3).sum())(x)):
        assert result.dtype == np.float32


@pytest.mark.parametrize("shape", [(), (0,), (2,), (2, 3)])
@pytest.mark.parametrize("outputs", [(), (0,), (1,), (4, 2)])
def test_jacobians_of_all_shapes_are_built_from_rows_or_columns(shape, outputs):
    rng = np.random.default_rng(0)
    matrix, x = rng.normal(size=(*outputs, *shape)), rng.normal(size=shape)
    axes = tuple(range(len(outputs), matrix.ndim))
    result = jacobian(lambda x: (matrix * np.sin(x)).sum(axis=axes) if axes else matrix * np.sin(x))(x)
    np.testing.assert_allclose(result, matrix * np.cos(x), rtol=1e-13)


def test_a_function_that_ignores_its_argument_has_gradient_zero():
    assert grad(lambda x: 1.0)(2.0) == 0
    assert grad(lambda x, y: y)(2.0, 3.0) == 0
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(np.ones(3)), np.zeros((2, 3)))
    assert jvp(lambda x: np.ones(2), (1.0,), (1.0,))[1].tolist() == [0, 0]


def test_several_outputs_keep_their_structure():
    value, tangent = jvp(lambda x, y: {"sum": x + y, "rest": [x * y, x]}, (2.0, 3.0), (1.0, 10.0))
    assert value == {"sum": 5, "rest": [6, 2]}
    assert tangent == {"sum": 11, "rest": [23, 1]}
    _, pullback = vjp(lambda x, y: (x + y, x * y), 2.0, 3.0)
    assert pullback((1.0, 10.0)) == (31, 21)
    assert pullback((0.0, 1.0)) == (3, 2)


# -- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grad(lambda x: x)(np.ones(2)), TypeError, r"scalar, not shape \(2,\)"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "NoneType"),
        (lambda: grad(lambda x: x.sum())(np.ones(2, int)), TypeError, "floating-point"),
        (lambda: grad(lambda x: x)("text"), TypeError, "strings"),
        (lambda: grad(lambda x: x)(1j), TypeError, "complex"),
        (lambda: jacobian(lambda x: (x, "x"))(1.0), TypeError, "must return an array, not str"),
        (lambda: jacobian(lambda x: None)(1.0), TypeError, "must return an array, not NoneType"),
        (lambda: jvp(np.sin, (np.ones(2),), (np.ones(3),)), ValueError, r"tangent has the shapes \[\(3,\)\]"),
        (lambda: vjp(np.sin, np.ones(2))[1](np.ones(3)), ValueError, "cotangent has the shapes"),
        (lambda: grad(Tensor(1.0), Tensor(1.0, requires_grad=True)), RuntimeError, "does not require gradients"),
        (lambda: grad(Tensor(1.0, requires_grad=True) * 2, Tensor(1.0)), RuntimeError, "every input"),
    ],
)
def test_what_cannot_be_differentiated_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_function_that_fails_leaves_no_level_behind():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: 1 / 0)(1.0)
    assert isinstance(grad(lambda x: x * x)(1.0), np.ndarray)


def test_levels_are_those_of_a_thread():
    results = []

    def inner(x):
        thread = threading.Thread(target=lambda: results.append(grad(lambda y: y * y)(3.0)))
        thread.start()
        thread.join()
        return x

    grad(inner)(1.0)
    assert isinstance(results[0], np.ndarray)


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian])
def test_the_result_has_the_parameters_of_the_function_and_a_name_that_tells_what_it_is(transform):
    def loss(w, x, *, scale=1.0):
        return (w * x * scale).sum()

    result = transform(loss)
    assert inspect.signature(result) == inspect.signature(loss)
    assert result.__name__ == f"{transform.__name__}(loss)"
    assert transform(lambda x: x.sum()).__name__ == f"{transform.__name__}(fn)"
    assert transform(partial(loss, x=2.0)).__name__ == f"{transform.__name__}(fn)"
    assert grad(grad(np.sin)).__name__ == "grad(grad(sin))"


def test_a_formula_of_a_second_derivative_is_checked_by_the_names_of_the_function():
    def loss(w, x):
        return ((w @ x) ** 2).sum()

    w, x = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    check_closed_form(grad(loss), lambda w, x: 2 * np.outer(x, x), w, x, wrt="w")
    with pytest.raises(AssertionError, match=r"the Jacobian of grad\(loss\) with respect to 'w'"):
        check_closed_form(grad(loss), lambda w, x: np.outer(x, x), w, x, wrt="w")
