"""A tensor that requires gradients is in the graph of what was made from it, or there is an error: never neither."""

import array
import math
import operator
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from catalogue import ALIASES, CASES, METHODS, WITHOUT_DERIVATIVE
from catalogue.arguments import DIRECT, OTHERS, M, V, function, one_sample, parameters_of
from catalogue.numpy_functions import ADAPTED, SHARED, numpy_function

import autograd_lite as ag
from autograd_lite import Tensor, grad, hessian, hvp, jacobian, jvp, no_grad, value_and_grad, vjp
from autograd_lite.testing.comparing.numerical import numerical_gradient

ERRORS = (TypeError, ValueError, IndexError)


def reaches(result, leaf) -> bool:
    """Whether a result, or one of several, was made from a leaf."""
    if isinstance(result, tuple | list):
        return any(reaches(part, leaf) for part in result)
    seen, waiting = set(), [getattr(result, "_node", None)]
    while waiting:
        node = waiting.pop()
        if node is leaf._node:
            return True
        if node is not None and node not in seen:
            seen.add(node)
            waiting += getattr(node, "parents", ())
    return False


# -- every argument of every function --------------------------------------------------------------------------------


def in_the_graph_or_refused(function, arguments, name, leaf) -> None:
    try:
        result = function(**arguments)
    except ERRORS:
        return
    assert reaches(result, leaf), f"{name}={arguments[name]} was cut out of the graph"


def recorded_like(value) -> Tensor:
    """A tensor that requires gradients in the place of an argument."""
    try:
        values = np.asarray(value, float)
    except (TypeError, ValueError):
        values = np.ones(())
    return Tensor(values if values.size else 1.0, requires_grad=True)


def check_every_argument(function, arguments, parameters, case) -> None:
    """Put a tensor in the place of each argument in turn; and in lists, where numbers or lists of them belong."""
    for name, default in parameters.items():
        if (case, name) in WITHOUT_EFFECT:
            continue
        value = arguments.get(name, default)
        leaf = recorded_like(value)
        in_the_graph_or_refused(function, {**arguments, name: leaf}, name, leaf)
        if isinstance(value, tuple | list) or type(value) in (int, float):
            for given in ([leaf], (leaf, leaf)):
                in_the_graph_or_refused(function, {**arguments, name: given}, name, leaf)


# Arguments that have no effect there, whatever they are.
WITHOUT_EFFECT = {("trapezoid: over points", "dx"), ("real_if_close", "tol"), ("full_like", "x"), ("linspace", "axis")}

# Fed arrays alone, NumPy asks these for their truth or dtype, or compares them, as a branch of the user's may.
BRANCHES = {"copy", "dtype", "edge_order", "keepdims", "ord", "p"}

# Their arguments are operands without names, and options that the signature lists.
VARIADIC = {
    **{f"atleast_{n}d": getattr(ag, f"atleast_{n}d") for n in (1, 2, 3)},
    "broadcast_arrays": lambda **options: ag.broadcast_arrays(V, M, **options),
    "einsum": lambda **options: ag.einsum("ij,jk", M, M, **options),
    "meshgrid": lambda **options: ag.meshgrid(V, V, **options),
}


@pytest.mark.parametrize("case", DIRECT, ids=lambda case: case.name)
def test_every_argument_of_an_operation_is_in_the_graph_or_refused(case):
    sample, parameters = one_sample(case), parameters_of(case.operation)
    arguments = {**dict(zip(parameters, sample.arrays, strict=False)), **sample.static}
    check_every_argument(case.operation, arguments, parameters, case.name)


@pytest.mark.parametrize("name", OTHERS)
def test_and_of_those_that_are_not_in_the_catalogue_themselves(name):
    called = function(name)
    called(**OTHERS[name])
    check_every_argument(called, OTHERS[name], parameters_of(called), name)


@pytest.mark.parametrize("name", VARIADIC)
def test_and_of_those_with_any_number_of_operands(name):
    check_every_argument(VARIADIC[name], {}, parameters_of(getattr(ag, name)), name)


def test_these_are_all_operations():
    tested = {case.exported for case in DIRECT} | set(OTHERS) | set(VARIADIC) | WITHOUT_DERIVATIVE | set(ALIASES)
    assert {case.exported for case in CASES if not case.name.startswith(("np.", "scipy."))} <= tested


NUMPY = [case for case in SHARED if case.name not in ADAPTED and not isinstance(numpy_function(case), np.ufunc)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:the `interpolation=` argument:DeprecationWarning")
@pytest.mark.parametrize("of_tensors", [False, True], ids=["of arrays", "of tensors"])
@pytest.mark.parametrize("case", NUMPY, ids=lambda case: case.name)
def test_every_option_of_a_numpy_function_is_in_the_graph_or_refused(case, of_tensors):
    """Fed arrays alone, NumPy does not ask the tensor what to do."""
    function, sample = numpy_function(case), one_sample(case)
    operands = [Tensor(array) if of_tensors else array for array in sample.arrays]
    options = dict([*parameters_of(function).items()][len(operands) :])
    options = {n: default for n, default in options.items() if type(default) is not bool and n not in BRANCHES}
    check_every_argument(partial(function, *operands), sample.static, options, case.name)


@pytest.mark.parametrize("name", [name for name in METHODS if parameters_of(getattr(Tensor, name))])
def test_every_option_of_a_method_is_in_the_graph_or_refused(name):
    method = getattr(Tensor, name)
    parameters = {n: default for n, default in parameters_of(method).items() if n not in ("self", "x", "a")}
    check_every_argument(partial(method, Tensor(M)), {}, parameters, name)


# -- Python numbers and plain arrays ---------------------------------------------------------------------------------


def written(x, write):
    array = np.zeros(2)
    write(array, x)
    return (array * x).sum()


# What makes numbers or arrays of a tensor of one element, and computes on.
CONVERSIONS = {
    "float": lambda x: x * float(x),
    "int": lambda x: x * int(x),
    "complex": lambda x: x * complex(x).real,
    "index": lambda x: x * operator.index(x),
    "math.sin": lambda x: x * math.sin(x),
    "math.fsum": lambda x: x * math.fsum([x, x]),
    "math.floor": lambda x: x * math.floor(x),
    "range": lambda x: x * len(range(x)),
    "tolist": lambda x: x * x.tolist(),
    "np.float64": lambda x: x * np.float64(x),
    "np.float32": lambda x: x * np.float32(x),
    "np.array": lambda x: x * np.array(x),
    "np.asarray": lambda x: x * np.asarray(x),
    "np.array of a list": lambda x: (x * np.array([x, 1.0])).sum(),
    "Tensor": lambda x: x * Tensor(x),
    "Tensor that requires gradients": lambda x: x * Tensor(x, requires_grad=True),
    "Tensor of a list": lambda x: (x * Tensor([x, x])).sum(),
    "np.fromiter": lambda x: (x * np.fromiter([x, x], float)).sum(),
    "array[0] =": lambda x: written(x, lambda a, x: a.__setitem__(0, x)),
    "array[:] =": lambda x: written(x, lambda a, x: a.__setitem__(slice(None), x)),
    "array.fill": lambda x: written(x, lambda a, x: a.fill(x)),
    "array.put": lambda x: written(x, lambda a, x: a.put(0, x)),
    "np.copyto": lambda x: written(x, np.copyto),
    "np.put": lambda x: written(x, lambda a, x: np.put(a, 0, x)),
    "np.place": lambda x: written(x, lambda a, x: np.place(a, [True, False], x)),
    "np.fill_diagonal": lambda x: written(x, lambda a, x: np.fill_diagonal(a.reshape(1, 2), x)),
    "array of objects": lambda x: (x * np.frompyfunc(lambda t: t * x, 1, 1)(np.ones(2)).astype(float)).sum(),
    "np.vectorize": lambda x: (x * np.vectorize(lambda t: t * x)(np.ones(2))).sum(),
    "np.apply_along_axis": lambda x: (x * np.apply_along_axis(lambda row: row.sum() * x, 0, np.ones((2, 2)))).sum(),
    "np.full": lambda x: (x * np.full(2, x)).sum(),
    "np.r_": lambda x: (x * np.r_[x, x]).sum(),
    "np.append": lambda x: (x * np.append([x, x], 1.0)).sum(),
    "np.sum of a list": lambda x: x * np.sum([x, x]),
    "np.mean of a list": lambda x: x * np.mean([x, x]),
    "np.concatenate of lists": lambda x: (x * np.concatenate([[x], [x]])).sum(),
    "np.arange": lambda x: (x * np.arange(0, x, 0.5)).sum(),
    "np.polyval": lambda x: x * np.polyval([x, x], 2.0),
    "np.full_like": lambda x: (x * np.full_like(np.ones(2), x)).sum(),
    "np.ma.array": lambda x: (x * np.ma.array([x, x]).filled(0)).sum(),
    "generator.normal": lambda x: x * np.random.default_rng(0).normal(x, 1.0),
    "array.array": lambda x: x * array.array("d", [x])[0],
    "Fraction": lambda x: x * float(Fraction(float(x))),
}
TRANSFORMS = {
    "grad": lambda f: grad(f)(2.0),
    "value_and_grad": lambda f: value_and_grad(f)(2.0),
    "vjp": lambda f: vjp(f, 2.0)[1](1.0),
    "jvp": lambda f: jvp(f, (2.0,), (1.0,)),
    "jacobian": lambda f: jacobian(f)(2.0),
    "hessian": lambda f: hessian(f)(2.0),
    "hvp": lambda f: hvp(f, (2.0,), (1.0,)),
    "grad of grad": lambda f: grad(grad(f))(2.0),
    "grad of a tensor": lambda f: grad(f)(Tensor(2.0, requires_grad=True)),
}


@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_numbers_and_arrays_of_what_is_being_differentiated_are_type_errors_that_name_the_ways(conversion):
    for name, transform in TRANSFORMS.items():
        with pytest.raises(TypeError) as caught:
            transform(CONVERSIONS[conversion])
        assert any(way in str(caught.value) for way in ("detach()", ".numpy()", "np.stack")), name


# Outside of transforms a number is how results are logged; these NumPy asks for one where it can be seen what for.
NAMED = {"float", "int", "complex", "math.sin", "math.fsum", "math.floor", "tolist", "np.float64", "Fraction",
         "array.array"}  # fmt: skip
UNSEEN = {"np.fromiter", "array.fill", "array of objects", "array[0] =",
          "Tensor that requires gradients"}  # fmt: skip


@pytest.mark.parametrize("conversion", sorted(set(CONVERSIONS) - NAMED - UNSEEN))
def test_outside_of_transforms_arrays_of_recorded_tensors_are_errors_too(conversion):
    with pytest.raises(TypeError):
        CONVERSIONS[conversion](Tensor(2.0, requires_grad=True) * 1)


@pytest.mark.parametrize("conversion", sorted(NAMED))
def test_outside_of_transforms_a_number_is_how_results_are_logged(conversion):
    x = Tensor(2.0, requires_grad=True)
    assert CONVERSIONS[conversion](x * 1).item() == CONVERSIONS[conversion](Tensor(2.0)).item()


def write_an_element(array, y):
    array[0] = y


def write_and_add(array, y):
    array[0] += y


def write_to_flat(array, y):
    array.flat[0] = y


def write_through_indices(array, y):
    array[0, ...] = y


@pytest.mark.parametrize("write", [write_an_element, write_and_add, write_to_flat, write_through_indices])
def test_a_recorded_tensor_is_not_written_into_a_plain_array(write):
    y, array = Tensor(2.0, requires_grad=True) * 3, np.zeros(2)
    with pytest.raises((TypeError, ValueError)) as caught:
        write(array, y)
    if write is not write_to_flat:  # of which NumPy keeps no cause
        assert "np.stack" in f"{caught.value} {caught.value.__cause__}"
    np.testing.assert_array_equal(array, [0, 0])
    with no_grad():
        write(array, y)
    write(array, y.detach())
    numbers = [0.0, 0.0]
    numbers[0] = y  # a list keeps the tensor
    assert numbers[0] is y


def test_libraries_that_compute_get_no_number_of_a_recorded_tensor():
    p = Tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"interp: it takes a number, .* \.detach\(\)"):
        np.interp(np.array([-1.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0]), left=p)
    with pytest.raises(TypeError, match="cov: it takes a number"):
        np.cov(np.ones((2, 3)), ddof=p)
    integrate = pytest.importorskip("scipy.integrate")
    with pytest.raises(TypeError, match="gradient"):
        integrate.quad(lambda t: p * t, 0, 1)


def test_scipys_solvers_say_what_cuts():
    optimize = pytest.importorskip("scipy.optimize")
    integrate = pytest.importorskip("scipy.integrate")
    for solve in (
        lambda m: integrate.quad(lambda t: np.exp(-m * t), 0, 1)[0],
        lambda m: optimize.minimize(lambda t: ((t - m) ** 2).sum(), [0.0]).x[0],
        lambda m: integrate.solve_ivp(lambda t, y: -m * y, (0, 1), [1.0]).y[0, -1],
        lambda m: integrate.odeint(lambda y, t: -m * y, [1.0], [0.0, 1.0])[-1, 0],
    ):
        with pytest.raises(TypeError, match="gradient"):
            grad(solve)(0.5)
    # brentq may go on after the TypeError, and report the number that it has read instead
    with pytest.raises((TypeError, ValueError), match=r"gradient|different signs"):
        grad(lambda m: optimize.brentq(lambda t: t - m, 0, 2))(0.5)


def test_item_inside_a_transform_warns_unless_detach_says_that_it_is_meant():
    with pytest.warns(UserWarning, match=r"item\(\): .*x\.detach\(\)\.item\(\)") as caught:
        assert grad(lambda x: x * x.item())(3.0) == 3
    assert caught[0].filename == __file__
    for meant in (
        lambda x: x * x.detach().item(),
        lambda x: x * x.numpy().item(),
        lambda x: x * no_grad()(float)(x),
        lambda x: x * no_grad()(np.asarray)(x),
    ):
        assert grad(meant)(3.0) == 3
    assert (Tensor(3.0, requires_grad=True) * 2).item() == 6


def test_branches_texts_and_queries_are_allowed_inside_a_transform():
    def f(x):
        assert f"{x:.1f} {x} {x!r}".startswith("3.0")
        assert len(x.reshape(1)) == 1
        return x * x if x > 2 and bool(x) and x in [x] and np.isfinite(x) else -x

    assert grad(f)(3.0) == 6


def test_the_derivative_is_right_where_the_ways_are_taken():
    rng = np.random.default_rng(0)
    z = rng.normal(size=3)
    expected = np.array([[2 * z[0], 0, 0], [z[1], z[0], 1]])
    found = jacobian(lambda x: np.stack([x[0] * x[0], x[1] * x[0] + x[2]]))(z)
    np.testing.assert_allclose(found, expected)


# -- tensors that a function closes over -----------------------------------------------------------------------------


@pytest.fixture
def w():
    return Tensor(2.0, requires_grad=True)


# f(t) = w t³ with derivatives in t and w by hand: each gives w-dependent results at t = 1.5.
T = 1.5
RESULTS = {
    "grad": (lambda f: grad(f)(T), lambda w: 3 * w * T**2),
    "value of value_and_grad": (lambda f: value_and_grad(f)(T)[0], lambda w: w * T**3),
    "gradient of value_and_grad": (lambda f: value_and_grad(f)(T)[1], lambda w: 3 * w * T**2),
    "grad of grad": (lambda f: grad(grad(f))(T), lambda w: 6 * w * T),
    "grad of grad of grad": (lambda f: grad(grad(grad(f)))(T), lambda w: 6 * w),
    "value of vjp": (lambda f: vjp(f, T)[0], lambda w: w * T**3),
    "pullback of vjp": (lambda f: vjp(f, T)[1](1.0)[0], lambda w: 3 * w * T**2),
    "second pullback of vjp": (lambda f: pulled_twice(f), lambda w: 6 * w * T**2),
    "value of jvp": (lambda f: jvp(f, (T,), (2.0,))[0], lambda w: w * T**3),
    "derivative of jvp": (lambda f: jvp(f, (T,), (2.0,))[1], lambda w: 6 * w * T**2),
    "jacobian": (lambda f: jacobian(f)(T), lambda w: 3 * w * T**2),
    "jacobian by columns": (
        lambda f: jacobian(lambda t: np.stack([f(t), f(t), f(t)]))(T)[1], lambda w: 3 * w * T**2,
    ),
    "jacobian by rows": (lambda f: jacobian(lambda t: f(t[0]))(np.array([T, T]))[0], lambda w: 3 * w * T**2),
    "hessian": (lambda f: hessian(f)(T), lambda w: 6 * w * T),
    "hvp": (lambda f: hvp(f, (T,), (2.0,))[0], lambda w: 12 * w * T),
    "grad of jvp": (lambda f: grad(lambda t: jvp(f, (t,), (1.0,))[1])(T), lambda w: 6 * w * T),
    "jvp of grad": (lambda f: jvp(grad(f), (T,), (1.0,))[1], lambda w: 6 * w * T),
    "vjp of grad": (lambda f: vjp(grad(f), T)[1](1.0)[0], lambda w: 6 * w * T),
    "jacobian of vjp": (lambda f: jacobian(lambda t: vjp(f, t)[1](1.0)[0])(T), lambda w: 6 * w * T),
    "grad, only in aux": (
        lambda f: grad(lambda t: (t * t, f(t)), has_aux=True)(T)[1], lambda w: w * T**3,
    ),
    "value_and_grad, aux beside": (
        lambda f: value_and_grad(lambda t: (f(t), {"aux": [f(t)]}), has_aux=True)(T)[0][1]["aux"][0],
        lambda w: w * T**3,
    ),
    "vjp, aux": (lambda f: vjp(lambda t: (f(t), f(t)), T, has_aux=True)[2], lambda w: w * T**3),
    "grad at an argument that is not chosen": (lambda f: grad(lambda t, s: f(t) * s)(T, 2.0), lambda w: 6 * w * T**2),
}  # fmt: skip


def pulled_twice(f):
    _, pullback = vjp(f, T)
    first, second = pullback(1.0)[0], pullback(1.0)[0]
    return first + second


WAYS_TO_CLOSE_OVER = {
    "a leaf": lambda w: lambda t: w * t**3,
    "a result": lambda w: (lambda v: lambda t: v * t**3 / 3)(w * 3),
    "a keyword": lambda w: lambda t, v=w: v * t**3,
    "a view": lambda w: (lambda v: lambda t: v[0] * t**3)(w.reshape(1)),
    "in another transform": lambda w: lambda t: grad(lambda s: w * s * t**3)(1.0),
}


@pytest.mark.parametrize("way", WAYS_TO_CLOSE_OVER)
@pytest.mark.parametrize("name", RESULTS)
def test_tensors_that_a_function_closes_over_stay_in_the_graph(name, way, w):
    transform, closed_form = RESULTS[name]
    result = transform(WAYS_TO_CLOSE_OVER[way](w))
    assert isinstance(result, Tensor)
    assert result.item() == pytest.approx(closed_form(2.0), rel=1e-12)
    (result**2).backward()
    assert w.grad == pytest.approx(2 * closed_form(2.0) * closed_form(1.0), rel=1e-12)  # all are linear in w


@pytest.mark.parametrize("name", RESULTS)
def test_without_such_tensors_arrays_come_back(name):
    frozen = Tensor(2.0, requires_grad=True)
    frozen.requires_grad = False
    for closed_over in (Tensor(2.0), frozen, 2.0, np.float64(2.0)):
        result = RESULTS[name][0](lambda t, v=closed_over: v * t**3)
        assert isinstance(result, np.ndarray | np.generic)
        assert result == pytest.approx(RESULTS[name][1](2.0), rel=1e-12)


@pytest.mark.parametrize("name", RESULTS)
def test_inside_no_grad_arrays_come_back(name, w):
    with no_grad():
        result = RESULTS[name][0](lambda t: w * t**3)
    assert isinstance(result, np.ndarray | np.generic)
    assert result == pytest.approx(RESULTS[name][1](2.0), rel=1e-12)
    assert w.grad is None


def test_the_value_of_a_closed_over_tensor_and_the_gradient_beside_it(w):
    f = grad(grad(lambda t: w * t**3))
    ((f(1.0) + w) ** 2).backward()
    assert w.grad == 196


def test_cotangents_tangents_and_gradients_that_require_gradients_stay_in_the_graph():
    u = Tensor([1.0, 2.0], requires_grad=True)
    x = np.array([3.0, 4.0])
    _, pullback = vjp(lambda x: x**2, x)
    for result in (pullback(u)[0], jvp(lambda x: x**2, (x,), (u,))[1]):
        (result**2).sum().backward()
        np.testing.assert_array_equal(u.grad, 8 * x**2 * u.data)  # Σ (2 x u)²
        u.zero_grad()
    assert isinstance(pullback(np.ones(2))[0], np.ndarray)
    y = Tensor(x, requires_grad=True)
    (grad(y**2, y, gradient=u, create_graph=True) ** 2).sum().backward()
    np.testing.assert_array_equal(u.grad, 8 * x**2 * u.data)
    u.zero_grad()
    y.zero_grad()
    (y**2).backward(u, create_graph=True)
    collected = y.grad
    y.zero_grad()
    (collected**2).sum().backward()
    np.testing.assert_array_equal(u.grad, 8 * x**2 * u.data)


def physics_informed_loss(model, points, derivative):
    """The residual of u'' = -u at the points, with u(0) = 0."""
    residual = np.stack([derivative(lambda t: model(t.reshape(1, 1))[0, 0], p) + model([[p]])[0, 0] for p in points])
    return (residual**2).mean() + model([[0.0]])[0, 0] ** 2


def second_derivative_by_transforms(u, p):
    return grad(grad(u))(p)


def second_derivative_by_recorded_sweeps(u, p):
    t = Tensor(p, requires_grad=True)
    first = grad(u(t), t, create_graph=True)
    return grad(first, t, create_graph=True)


def test_a_physics_informed_network_has_the_right_gradients():
    """Against the gradients of gradients of tensors, and against central differences over the parameters."""
    nn, points = ag.nn, [0.3, -0.7, 1.1]
    model = nn.Sequential(nn.Linear(1, 4, dtype=float, rng=0), nn.Tanh(), nn.Linear(4, 1, dtype=float, rng=1))
    found = []
    for derivative in (second_derivative_by_transforms, second_derivative_by_recorded_sweeps):
        model.zero_grad()
        physics_informed_loss(model, points, derivative).backward()
        found.append([parameter.grad.copy() for parameter in model.parameters()])
    for by_transforms, by_sweeps in zip(*found, strict=True):
        np.testing.assert_allclose(by_transforms, by_sweeps, rtol=1e-12, atol=1e-14)
    for parameter, gradient in zip(model.parameters(), found[0], strict=True):

        def loss(values, parameter=parameter):
            before = parameter.data.copy()
            parameter.data[...] = values
            try:
                with no_grad():
                    return float(physics_informed_loss(model, points, second_derivative_by_transforms))
            finally:
                parameter.data[...] = before

        expected = numerical_gradient(loss, parameter.data.copy()).gradient
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
@pytest.mark.parametrize("result", [3, True, np.int64(3), np.array(3), Tensor(3)], ids=repr)
def test_a_function_of_integer_values_has_no_derivative(transform, result):
    if transform is jacobian and isinstance(result, np.ndarray | np.generic | Tensor):
        return  # an array of integers is constant
    with pytest.raises(TypeError, match=r"floating-point|must return an array"):
        transform(lambda x: result)(1.0)


def test_a_class_is_no_operand():
    x = Tensor([1.0], requires_grad=True)
    for call in (lambda: x + Tensor, lambda: Tensor * x, lambda: np.exp(Tensor), lambda: ag.exp(Tensor),
                 lambda: Tensor(Tensor), lambda: x @ np.ndarray, lambda: ag.softmax(float)):  # fmt: skip
        with pytest.raises(TypeError):
            call()
