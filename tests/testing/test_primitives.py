"""check_primitive finds what is wrong with an operation, whatever it is, and is silent where nothing is."""

import math

import numpy as np
import pytest

from autograd_lite import Tensor, primitive
from autograd_lite.testing import GradientMismatch, check_gradients, check_primitive

X = np.array([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]])


def cube(**changes):
    declaration = {"forward": lambda x: x**3, "x": lambda g, x: g * 3 * x**2, **changes}
    return primitive(declaration.pop("forward"), name="cube", **declaration)


def test_right_operations_pass_and_the_samples_are_counted():
    assert check_primitive(cube(), [(X,)]) == 1
    assert check_primitive(cube(), [(X,), (X[0],)], elementwise=True) == 6  # each as a number and as nothing too
    product = primitive(lambda x, y: x * y, name="product", x=lambda g, y: g * y, y=lambda g, x: g * x)
    assert check_primitive(product, [(X, X + 1)], elementwise=True) == 5


def test_integers_and_options_are_passed_as_they_are():
    power = primitive(lambda x, n, *, scale=1.0: scale * x**n, name="power_of",
                      x=lambda g, x, n, scale: g * scale * n * x ** (n - 1))  # fmt: skip
    assert check_primitive(power, [(X, 3)], scale=2.0) == 1


def remembers(x):
    x += 0.0
    return x**3


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        (cube(x=lambda g, x: g * 2 * x**2), GradientMismatch, "cube"),
        (cube(x=lambda g, x: g * (3 * x**2 + 1e-3)), GradientMismatch, "cube"),
        (
            cube(forward=lambda x: np.asarray(x, np.float64) ** 3),
            AssertionError,
            "for float32 has dtype float64",
        ),
        (cube(forward=remembers), ValueError, "read-only"),
        (cube(x=lambda g, x: g * 3 * np.sort(x, axis=0) ** 2), GradientMismatch, "cube"),
    ],
)
def test_what_is_wrong_is_found(operation, error, message):
    with pytest.raises(error, match=message):
        check_primitive(operation, [(X,)])


def test_a_residual_with_a_wrong_formula_is_wrong_in_second_order_only():
    residuals = {"slope": lambda x: x * 0}
    operation = primitive(
        lambda x: (np.sin(x), np.cos(x)), name="wrong", residuals=residuals, x=lambda g, slope: g * slope
    )
    check_primitive(operation, [(X,)], order=1)
    with pytest.raises(GradientMismatch):
        check_primitive(operation, [(X,)], order=2)


def test_a_gradient_that_is_meant_to_differ_is_checked_for_all_else():
    straight_through = primitive(lambda x: np.round(x), name="straight_through", x=lambda g: g)
    check_primitive(straight_through, [(X,)], order=0)
    with pytest.raises(GradientMismatch):
        check_primitive(straight_through, [(X,)])


def test_the_sample_is_named():
    with pytest.raises(AssertionError) as caught:
        check_primitive(cube(forward=lambda x: np.asarray(x, np.float64) ** 3), [(X,)])
    assert "cube" in caught.value.__notes__[0]


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match="no samples"):
        check_primitive(cube(), [])


# -- samples -------------------------------------------------------------------------------------------------------

scaled = primitive(
    lambda x, scale=1.0: scale * np.sin(x), name="scaled", x=lambda g, x, scale: g * scale * np.cos(x)
)  # fmt: skip


@pytest.mark.parametrize("samples", [X, [X], (X,), 2.0, Tensor(X), [2.0]])
def test_samples_that_are_no_tuples_are_refused_with_the_right_call(samples):
    with pytest.raises(TypeError) as caught:
        check_primitive(scaled, samples)
    call = str(caught.value).partition("; write ")[2]
    assert call == "check_primitive(scaled, [(array,)])"
    assert eval(call, {"check_primitive": check_primitive, "scaled": scaled, "array": X}) == 1


@pytest.mark.parametrize("scale", [2.0, np.float64(2.0), np.array([2.0, 3.0, 4.0])])
def test_a_float_for_an_argument_without_a_rule_is_refused_with_a_call_that_works(scale):
    with pytest.raises(TypeError, match="'scale' has no rule") as caught:
        check_primitive(scaled, [(X, scale)])
    if np.ndim(scale) == 0:  # of an array it shows the shape
        call = str(caught.value).partition("pass it by keyword: ")[2]
        names = {"check_primitive": check_primitive, "scaled": scaled, "array": X, "np": np}
        assert eval(call, names) == 1
    assert check_primitive(scaled, [(X,)], scale=scale) == 1


def test_a_number_for_an_argument_with_a_rule_is_differentiated():
    operation = primitive(
        lambda x, scale: scale * np.sin(x), name="scaled",
        x=lambda g, x, scale: g * scale * np.cos(x), scale=lambda g, x: 2 * g * np.sin(x),
    )  # fmt: skip
    with pytest.raises(GradientMismatch, match="with respect to 'scale'"):
        check_primitive(operation, [(X, 2.0)])


# -- what is said of a wrong rule ----------------------------------------------------------------------------------

A, B = np.random.default_rng(0).normal(size=(2, 3, 3))
product = {"forward": lambda x, y: x * y, "x": lambda g, y: g * y, "y": lambda g, x: g * x}
matmul = {"forward": lambda x, y: x @ y, "x": lambda g, y: g @ y.T, "y": lambda g, x: x.T @ g}
power = {"forward": lambda x: x**2, "x": lambda g, x: g * 2 * x}
shift = {"forward": lambda x, y: x + y, "x": lambda g: g, "y": lambda g: g}


def without_rules(x):
    return np.array([math.sin(float(each)) for each in x.ravel()], x.dtype).reshape(x.shape)


def cosines(x):
    return np.array([math.cos(float(each)) for each in x.ravel()], x.dtype).reshape(x.shape)


def findings(samples, *, forward, **declaration):
    with pytest.raises(GradientMismatch) as caught:
        check_primitive(primitive(forward, name="operation", **declaration), [samples])
    return [str(finding) for finding in caught.value.findings]


MISSING_G = {
    "elementwise": (X, {**power, "x": lambda g, x: 2 * x}),
    "on a number": (1.5, {**power, "x": lambda g, x: 2 * x}),
    "by the result": (X, {"forward": lambda x: np.exp(x), "x": lambda g, out: out}),
    "reduced": (X, {"forward": lambda x: (x**2).sum(), "x": lambda g, x: 2 * x}),
    "along an axis": (X, {"forward": lambda x: (x**2).sum(0), "x": lambda g, x: 2 * x}),
    "product": (A, B, {**product, "x": lambda g, y: y}),
    "product, broadcast": (A, B[0], {**product, "y": lambda g, x: x}),
    "product, the second": (A, B, {**product, "y": lambda g, x: x}),
    "matrices": (A, B, {**matmul, "y": lambda g, x: x.T @ np.ones((3, 3))}),
    "without NumPy": (X, {"forward": without_rules, "x": lambda g, x: cosines(x)}),
    "joint": (A, B, {"forward": product["forward"], "joint": (("x", "y"), lambda g, x, y: (y, x))}),
    "any number": (A, B, {"forward": lambda *x: sum(a * a for a in x), "x": lambda g, x: [2 * a for a in x]}),
    "residual": (
        X,
        {"forward": lambda x: (np.exp(x), np.exp(x)), "residuals": {"e": lambda x: np.exp(x)}, "x": lambda g, e: e},
    ),
}


@pytest.mark.parametrize("case", MISSING_G)
def test_a_rule_that_leaves_g_out_is_told_so(case):
    *samples, declaration = MISSING_G[case]
    assert findings(tuple(samples), **declaration) == [
        "the factor g is missing: it is the same for every g, and right for g = 1"
    ]


def test_a_rule_that_leaves_g_out_and_is_wrong_for_g_1_too_is_not_said_to_be_right_there():
    assert findings((X,), **{**power, "x": lambda g, x: 3 * x}) == [
        "the factor g is missing: it is the same for every g"
    ]


SWAPPED = {"forward": lambda x, y: y * x**4 / 4, "x": lambda g, x: g * x**4 / 4, "y": lambda g, x, y: g * y * x**3}
TOO_SMALL, TOO_LARGE = "it is 2 times too small, which is", "it is 6 times too large, which is the number of elements"
MISTAKES = {  # the samples, the operation, and the beginning of what is said first
    "sign": (A, {"forward": lambda x: np.cos(x), "x": lambda g, x: g * np.sin(x)}, "the sign is flipped"),
    "factor": (A, {**power, "x": lambda g, x: g * x}, f"{TOO_SMALL} the factor 2 in the derivative of a square"),
    "g twice": (A, {**power, "x": lambda g, x: g * g * 2 * x}, "it is the right one times an extra factor g"),
    "x twice": (A, {**power, "x": lambda g, x: g * 2 * x * x}, "it is the right one times an extra factor x"),
    "rules swapped": (A, B, {**product, "x": product["y"], "y": product["x"]}, "it is the derivative with respect to"),
    "rules swapped, the second broadcast": (A, B[0], SWAPPED, "it is the derivative with respect to 'y' instead of"),
    "rules swapped, the first broadcast": (A[:, :1], B, SWAPPED, "it is the derivative with respect to 'y' instead of"),
    "rules swapped, one a number": (A, 0.7, SWAPPED, "it is the derivative with respect to 'y' instead of"),
    "g transposed": (A, B, {**matmul, "x": lambda g, y: g.T @ y.T}, "g.T must not be transposed"),
    "argument not transposed": (A, B, {**matmul, "x": lambda g, y: g @ y}, "y must be transposed"),
    "result transposed": (A, B, {**matmul, "x": lambda g, y: (g @ y.T).T}, "it is the transpose of the expected array"),
    "mean over broadcast axes": (X, X[0], {**shift, "y": lambda g: g.mean(0)}, f"{TOO_SMALL} the length of axis 0"),
    "sum for a mean": (X, {"forward": lambda x: x.mean(), "x": lambda g, x: g * np.ones(x.shape)}, TOO_LARGE),
    "without NumPy": (X, {"forward": without_rules, "x": lambda g, x: -g * cosines(x)}, "the sign is flipped"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_usual_mistake_in_a_rule_is_explained_first(case):
    *samples, declaration, expected = MISTAKES[case]
    found = findings(tuple(samples), **declaration)
    assert found[0].startswith(expected)
    assert not any("factor g is missing" in finding for finding in found)


def test_an_option_is_a_factor_and_not_a_length_that_is_equal_to_it():
    operation = primitive(lambda x, scale=1.0: scale * np.sin(x), name="scaled", x=lambda g, x: g * np.cos(x))
    with pytest.raises(GradientMismatch) as caught:
        check_primitive(operation, [(X,)], scale=2.0)
    assert str(caught.value.findings[0]) == "it is 2 times too small, which is scale"


def test_a_number_that_fits_one_g_only_is_no_explanation():
    found = findings((X,), forward=lambda x: x.sum(), x=lambda g, x: np.ones(x.shape) * np.tanh(g))
    assert not any("times too" in finding for finding in found)


def test_a_rule_that_fails_at_other_inputs_has_the_findings_for_the_sample():
    def forward(x):
        if np.abs(np.asarray(x) - X).max() > 0.1 + np.abs(X).max() / 10:
            raise ValueError("only near X")
        return x**2

    assert any("times too small" in finding for finding in findings((X,), forward=forward, x=lambda g, x: g * x))


# -- rules that modify what they are given ----------------------------------------------------------------------------


def scales_in_place(g, x):
    g *= x**4
    return g


@pytest.mark.parametrize("first", [X, X.astype("f"), X[0]])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_rule_that_modifies_g_is_named_and_no_other_rule_is_blamed(first, order):
    operation = primitive(
        lambda x, s: s * x**4 / 4, name="quartic", x=lambda g, x, s: g * s * x**3, s=scales_in_place
    )  # fmt: skip
    with pytest.raises(AssertionError, match=r"^quartic: the derivative rule for 's' modifies g in place"):
        check_primitive(operation, [(first, np.ones(3))], order=order)


def adds_to_out(g, x, out):
    out += 1
    return g * 3 * x**2


def adds_to_a_residual(g, slope):
    result = g * slope
    slope += 1
    return result


def halves_an_operand(g, x):
    x[1][...] /= 2
    return [g for _ in x]


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (cube(x=adds_to_out), "out"),
        (primitive(lambda x: (x**3, 3 * x**2), name="cube", residuals={"slope": None}, x=adds_to_a_residual), "slope"),
        (primitive(lambda *x: sum(x), name="total", x=halves_an_operand), "x"),
        (primitive(lambda x: x**3, name="cube", joint=(("x",), lambda g, x: (scales_in_place(g, x),))), "g"),
        (primitive(lambda x: (x**5 / 5).sum(), name="sum5", x=lambda g, x: x**4 * np.add(g, 1, out=g)), "g"),
    ],
)  # fmt: skip
def test_a_rule_that_modifies_anything_it_is_given_is_told_so(operation, name):
    samples = (X, X + 1) if name == "x" else (X,)
    with pytest.raises(AssertionError, match=f"the derivative rule for 'x' modifies {name} in place"):
        check_primitive(operation, [samples])


def test_check_gradients_gives_an_operation_no_g_that_it_can_modify():
    operation = primitive(lambda x, s: s * x, name="scaled", x=lambda g, s: g * s, s=lambda g, x: scales_in_place(g, x))
    with pytest.raises(ValueError, match="read-only") as caught:
        check_gradients(operation, X, X)
    assert "in the derivative rules of 'scaled'" in caught.value.__notes__[0]


@pytest.mark.parametrize("order", [1, 2])
def test_advice_for_a_kink_names_no_option_that_the_check_does_not_have(order):
    def forward(x):  # its derivative of this order jumps at 0
        size = np.abs(x) ** order
        return np.where(x > 0, 2 * size, -size)

    def rule(g, x):
        slope = g * order if order == 1 else g * order * np.abs(x)
        return np.where(x > 0, 2 * slope, slope)

    operation = primitive(forward, name="bent", x=rule)
    with pytest.raises(GradientMismatch) as caught:
        check_primitive(operation, [(np.array([0.0, 1.0]),)], order=order)
    assert "has a kink or a jump at [0]" in str(caught.value)
    assert "exclude=" not in str(caught.value)
    assert "choose samples at which fn is smooth" in str(caught.value)


# -- arguments of elementwise operations that are no arrays ------------------------------------------------------------


@pytest.mark.parametrize("option", [3, True, None, "cubic", (0, 1)])
def test_what_is_no_array_is_the_same_in_derived_samples(option):
    seen = []

    def forward(x, s, option):
        seen.append(option)
        return s * x**3

    operation = primitive(forward, name="scaled_cube", x=lambda g, x, s: 3 * g * s * x**2, s=lambda g, x: g * x**3)
    assert check_primitive(operation, [(X, X[0], option)], elementwise=True) == 5
    assert all(type(each) is type(option) and each == option for each in seen)


def test_a_python_integer_takes_no_part_in_promotion_in_derived_samples():
    operation = primitive(lambda x, n: x**n / n, name="monomial", x=lambda g, x, n: g * x ** (n - 1))
    assert check_primitive(operation, [(X, 3)], elementwise=True) == 3
    assert check_primitive(operation, [(X, np.full(3, 3, np.int8))], elementwise=True) == 5


def test_constant_tensors_stay_tensors_in_derived_samples():
    seen = []

    def forward(x, n):
        seen.append(np.shape(n))
        return x**n

    operation = primitive(forward, name="power_of", x=lambda g, x, n: g * n * x ** (n - 1))
    assert check_primitive(operation, [(X, Tensor(np.array([1, 2, 3], np.int8)))], elementwise=True) == 5
    assert {(), (0, 3), (1, 3), (2, 3)} <= set(seen)
