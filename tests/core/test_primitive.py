"""Declaring operations: every form of declaration, and every wrong one."""

import functools

import numpy as np
import pytest
from catalogue.comparing import leaves

import autograd_lite as ag
from autograd_lite import Primitive, Tensor, primitive
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.tensor import backward_with_graph


@pytest.fixture
def registry():
    """What a test registers for NumPy's functions is forgotten afterwards."""
    before = dict(numpy_operations)
    yield numpy_operations
    numpy_operations.clear()
    numpy_operations.update(before)


def gradient(operation, *arguments):
    tensors = leaves(arguments)
    operation(*tensors).sum().backward()
    return [tensor.grad.tolist() for tensor in tensors]


# -- forms -----------------------------------------------------------------------------------------------------------


def test_the_call_form():
    def cube(x):
        """x³."""
        return x**3

    operation = primitive(cube, x=lambda g, x: g * 3 * x**2)
    assert gradient(operation, [1.0, 2.0]) == [[3, 12]]
    assert (operation.__name__, operation.__doc__, operation.__module__) == ("cube", "x³.", __name__)
    assert isinstance(operation.primitive, Primitive)
    assert operation.primitive.name == "cube"
    assert operation(2.0) == 8.0


def test_the_decorator_form():
    @primitive(x=lambda g, y: g * y, y=lambda g, x: g * x)
    def product(x, y):
        return x * y

    assert gradient(product, [1.0, 2.0], [3.0, 4.0]) == [[3, 4], [1, 2]]


def test_a_decorator_without_arguments_is_an_operation_without_derivative():
    @primitive
    def half(x):
        return x / 2

    assert half(Tensor([2.0])).tolist() == [1]
    with pytest.raises(TypeError, match=r"half: .*'x'.*detach"):
        half(Tensor([2.0], requires_grad=True))


def test_the_ufunc_form_registers_the_ufunc(registry):
    del registry[np.cbrt]
    cbrt = primitive(np.cbrt, x=lambda g, out: g / (3 * out**2))
    x = Tensor([8.0], requires_grad=True)
    np.cbrt(x).backward()
    np.testing.assert_allclose(x.grad, [1 / 12])
    assert registry[np.cbrt] is cbrt


def test_functions_of_numpy_are_registered_by_name(registry):
    del registry[np.flip], registry[np.flipud]
    primitive(lambda x: x[::-1], name="flip", numpy=(np.flip, np.flipud), x=lambda g: g[::-1])
    x = Tensor([1.0, 2.0], requires_grad=True)
    (np.flip(x) * [10.0, 1.0] + np.flipud(x)).sum().backward()
    assert x.grad.tolist() == [2, 11]


def test_name_and_doc_can_be_given():
    operation = primitive(lambda x: x * 1, name="same", doc="The same.", x=lambda g: g)
    assert (operation.__name__, operation.__doc__) == ("same", "The same.")
    assert "operation=same" in repr(operation(Tensor([1.0], requires_grad=True)))


def test_underscores_around_a_name_are_not_part_of_it():
    @primitive(x=lambda g: g)
    def _same(x):
        return x * 1

    assert _same.primitive.name == "same"


def test_defaults_and_keyword_only_arguments():
    @primitive(x=lambda g, factor, power: g * factor * power)
    def scale(x, factor=2.0, *, power=1):
        return x * factor * power

    x = Tensor(1.0, requires_grad=True)
    assert scale(x).item() == 2
    assert scale(x, 3.0).item() == scale(x, factor=3.0).item() == scale(factor=3.0, x=x).item() == 3
    scale(x, power=5).backward()
    assert x.grad == 10
    with pytest.raises(TypeError, match="positional"):
        scale(x, 3.0, 5)
    with pytest.raises(TypeError, match="unexpected keyword"):
        scale(x, exponent=5)


def test_variadic_operands_with_options():
    @primitive(terms=lambda g, terms_shape, weight: [g * weight for _ in terms_shape])
    def weighted_sum(*terms, weight=1.0):
        return sum(terms) * weight

    x, y = leaves([1.0, 2.0])
    result = weighted_sum(x, 5.0, y, x, weight=3.0)
    assert result.item() == 27
    result.backward()
    assert (x.grad, y.grad) == (6, 3)
    assert weighted_sum(1.0, 2.0) == 3.0


def test_variadic_operands_beside_other_arguments_to_second_order():
    """Σ xᵢ² s: the operands spread into parents that come after the named ones."""
    square_sum = primitive(
        lambda *xs, s: sum(x * x for x in xs) * s,
        name="square_sum",
        s=lambda g, xs: g * sum(x * x for x in xs),
        xs=lambda g, xs, s: [g * 2 * x * s for x in xs],
    )
    x, y, s = leaves([1.0, 2.0, 3.0])
    collected = backward_with_graph(square_sum(x, y, s=s), Tensor(1.0))
    assert [collected[t._node].item() for t in (x, y, s)] == [6, 12, 5]
    (collected[x._node] * collected[s._node]).backward()  # 2xs (x² + y²)
    assert (x.grad, y.grad, s.grad) == (2 * 3 * 5 + 6 * 2, 6 * 4, 2 * 5)


def test_the_engine_undoes_broadcasting_and_promotion():
    product = primitive(lambda x, y: x * y, name="product", x=lambda g, y: g * y, y=lambda g, x: g * x)
    x, y = Tensor([[1.0], [2.0]], dtype=np.float32, requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    product(x, y).sum().backward()
    assert x.grad.tolist() == [[7], [7]]
    assert x.grad.dtype == np.float32
    assert y.grad.tolist() == [3, 3]


def test_a_rule_can_ask_for_the_shape_of_its_argument_without_keeping_it():
    total = primitive(lambda x: np.sum(x), name="total", x=lambda g, x_shape: np.broadcast_to(g, x_shape))
    assert gradient(total, np.zeros((2, 3))) == [[[1, 1, 1], [1, 1, 1]]]
    assert "x" not in total.primitive.saved_names


def test_a_rule_may_return_a_number():
    offset = primitive(lambda x: x + 1.0, name="offset", x=lambda g: float(g))
    assert gradient(offset, 3.0) == [1]


def test_an_argument_may_be_called_like_what_python_or_the_engine_uses():
    operation = primitive(
        lambda type, self, saved, parents: type * self + saved + parents,
        name="odd",
        self=lambda g, type, saved: g * type * saved,
        parents=lambda g, parents: g * parents,
    )
    x, y = leaves([3.0, 5.0])
    operation(2.0, x, 7.0, y).backward()
    assert (x.grad, y.grad) == (14, 5)


@pytest.mark.parametrize("name", ["_out", "_x", "_node", "_dtype", "_tensors", "_result", "_forward", "_operation"])
def test_an_argument_with_a_leading_underscore_is_right_or_refused(name):
    """Generated code has names of its own; a collision would be a silently wrong gradient."""
    namespace = {}
    exec(f"def forward({name}, x): return {name} * x\ndef rule(g, {name}): return g * {name}", namespace)
    try:
        operation = primitive(namespace["forward"], name="odd", x=namespace["rule"])
    except TypeError as error:
        assert name in str(error)  # noqa: PT017
        return
    x = Tensor(3.0, requires_grad=True)
    operation(2.0, x).backward()
    assert x.grad == 2


def test_a_rule_may_return_what_it_was_given_and_the_gradient_is_still_an_array_of_its_own():
    """½|x|² with a rule that is right for the root of a graph alone: its result is the argument itself."""
    half_norm = primitive(lambda x: 0.5 * np.sum(x * x), name="half_norm", x=lambda g, x: x)
    x = Tensor([1.0, 2.0], requires_grad=True)
    half_norm(x).backward()
    assert x.grad.tolist() == [1, 2]
    assert not np.shares_memory(x.grad, x.data)


# -- residuals -------------------------------------------------------------------------------------------------------


def _gauss(formula):
    def gauss(x):
        e = np.exp(-x * x)
        return e * x, e

    return primitive(gauss, residuals={"e": formula}, x=lambda g, e, x: g * e * (1 - 2 * x * x))


def test_a_residual_serves_the_first_derivative_and_its_formula_the_second():
    operation = _gauss(lambda x: ag.exp(-x * x))
    x = Tensor([0.5, -1.0], requires_grad=True)
    v = x.data
    first = backward_with_graph(operation(x).sum(), Tensor(1.0))[x._node]
    np.testing.assert_allclose(first.data, np.exp(-v * v) * (1 - 2 * v * v))
    first.sum().backward()
    np.testing.assert_allclose(x.grad, np.exp(-v * v) * (4 * v**3 - 6 * v))
    assert operation(0.0) == 0.0


def test_a_residual_without_a_formula_refuses_to_be_differentiated_twice():
    operation = _gauss(None)
    x = Tensor([0.5], requires_grad=True)
    operation(x).backward()
    assert x.grad is not None
    with pytest.raises(RuntimeError, match=r"gauss: .*twice.*'e'.*formula"):
        backward_with_graph(operation(x), Tensor([1.0]))


def test_a_formula_can_use_the_result():
    def double(x):
        return 2 * x, 2 * x

    operation = primitive(double, residuals={"r": lambda out: out * 1.0}, x=lambda g, r, x: g * r / x)
    x = Tensor([3.0], requires_grad=True)
    first = backward_with_graph(operation(x), Tensor([1.0]))[x._node]
    first.backward()  # 2x/x, so that the two parts of the second derivative cancel
    np.testing.assert_allclose(x.grad, [0], atol=1e-15)


# -- arguments without a derivative ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [{"x": lambda g: g, "y": None}, {"x": lambda g: g}])
def test_an_argument_without_a_rule_refuses_tensors_that_require_gradients(rules):
    operation = primitive(lambda x, y: x + y, name="step", **rules)
    x, y = leaves([1.0, 2.0])
    with pytest.raises(TypeError, match=r"step: .*'y'.*detach"):
        operation(x, y)
    operation(x, y.detach()).backward()
    assert (x.grad, y.grad) == (1, None)
    with ag.no_grad():
        assert operation(x, y).item() == 3


# -- wrong declarations ----------------------------------------------------------------------------------------------

WRONG = {
    "rule for an unknown argument": (lambda: primitive(lambda x: x, name="f", y=lambda g: g), r"f: .*'y'.*x"),
    "rule asks for an unknown name": (lambda: primitive(lambda x: x, name="f", x=lambda g, z: g), r"f: .*'x'.*'z'"),
    "rule without g": (lambda: primitive(lambda x: x, name="f", x=lambda x: x), r"f: .*'x'.*`g`"),
    "rule without parameters": (lambda: primitive(lambda x: x, name="f", x=lambda: 1), r"f: .*'x'.*`g`"),
    "shape of another argument": (lambda: primitive(lambda x, y: x, name="f", x=lambda g, y_shape: g), r"f: .*y_shape"),
    "formula asks for an unknown name": (
        lambda: primitive(lambda x: (x, x), name="f", residuals={"r": lambda z: z}, x=lambda g, r: g),
        r"f: .*'r'.*'z'",
    ),
    "too few rules for a ufunc": (lambda: primitive(np.arctan2, y=lambda g: g), r"arctan2: .*2 arguments.*None"),
    "too many rules for a ufunc": (lambda: primitive(np.cbrt, x=lambda g: g, y=None), r"cbrt: .*1 arguments"),
    "a lambda without a name": (lambda: primitive(lambda x: x, x=lambda g: g), r"<lambda>.*name="),
    "a name that is none": (lambda: primitive(lambda x: x, name="a b", x=lambda g: g), r"'a b'.*name="),
    "any keyword argument": (lambda: primitive(lambda x, **k: x, name="f", x=lambda g: g), r"f: \*\*k"),
    "an argument called g": (lambda: primitive(lambda g: g, name="f", g=lambda g: g), r"f: .*'g'"),
    "an argument called out": (lambda: primitive(lambda x, out: x, name="f", x=lambda g: g), r"f: .*'out'"),
}  # fmt: skip


@pytest.mark.parametrize("declaration", WRONG)
def test_a_wrong_declaration_is_refused_at_once(declaration):
    declare, message = WRONG[declaration]
    with pytest.raises(TypeError, match=message):
        declare()


# -- wrong rules -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (lambda g: np.ones((5, 2)), ValueError, r"faulty: .*'x'.*\(5, 2\).*\(3,\)"),
        (lambda g: np.ones(()), ValueError, r"faulty: .*'x'.*\(\).*\(3,\)"),
        (lambda g: None, TypeError, r"faulty: .*'x'.*NoneType"),
        (lambda g: "gradient", TypeError, r"faulty: .*'x'.*str"),
        (lambda g: [g], TypeError, r"faulty: .*'x'.*list"),
        (lambda g: np.ones(3, int), TypeError, r"faulty: .*'x'.*int64.*float64"),
        (lambda g: g > 0, TypeError, r"faulty: .*'x'.*bool.*float64"),
        (lambda g: g * 1j, TypeError, r"faulty: .*'x'.*complex128.*float64"),
        (lambda g: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_a_rule_with_a_wrong_result_is_named_and_changes_no_gradient(rule, error, message):
    faulty = primitive(lambda x: x * 1.0, name="faulty", x=rule)
    x, y = leaves([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    with pytest.raises(error, match=message):
        (faulty(x) * y).sum().backward()
    assert x.grad is y.grad is None


def test_the_rule_at_fault_is_named_by_its_argument():
    faulty = primitive(lambda x, y: x * y, name="faulty", x=lambda g, y: g * y, y=lambda g: None)
    x, y = leaves([1.0, 2.0])
    with pytest.raises(TypeError, match=r"faulty: .*'y'"):
        faulty(x, y).backward()


@pytest.mark.parametrize("gradients", [[], [1.0], [1.0, 1.0, 1.0]], ids=len)
def test_a_variadic_rule_with_the_wrong_number_of_gradients_is_named(gradients):
    faulty = primitive(lambda *xs: xs[0] + xs[1], name="faulty", xs=lambda g: gradients)
    x, y = leaves([1.0, 2.0])
    with pytest.raises((TypeError, ValueError), match=r"faulty: .*'xs'"):
        faulty(x, y).backward()
    assert x.grad is y.grad is None


def test_an_exception_in_the_forward_function_names_the_operation_and_what_it_was_given():
    @primitive(x=lambda g: g)
    def picky(x, mode):
        raise ValueError("no such mode")

    with pytest.raises(ValueError, match=r"picky: no such mode \(x: float64 \(2,\), mode: 'fast'\)"):
        picky(Tensor([1.0, 2.0]), "fast")


# -- names and operands of any declaration -----------------------------------------------------------------------------


def test_a_variadic_argument_without_a_rule_refuses_tensors_that_require_gradients():
    total = primitive(lambda x, *others: x + sum(others), name="total", x=lambda g: g)
    x, y = leaves([np.ones(2), np.ones(2)])
    total(x, 1.0, np.ones(2)).sum().backward()
    with pytest.raises(TypeError, match="total: there is no derivative with respect to 'others'"):
        total(x, y)
    np.testing.assert_array_equal(total(x, y.detach()).data, [2, 2])


def test_python_numbers_become_arrays_for_rules_whatever_argument_they_are():
    def rule(g, x, others):
        return g * x.shape[0] if x.shape else g * x.dtype.type(1)

    scaled = primitive(
        lambda x, *others: np.asarray(x * others[0]), name="scaled",
        x=rule, others=lambda g, x, others: [g * x.astype(float) for _ in others],
    )  # fmt: skip
    (y,) = leaves([np.array([3.0])])
    scaled(2.0, y).backward([1.0])
    np.testing.assert_array_equal(y.grad, [2.0])


@pytest.mark.parametrize(
    "name", ["any", "tuple", "isinstance", "getattr", "error", "parents", "saved", "Exception", "a"]
)
def test_an_argument_may_have_any_name(name):
    forward, own, other = (
        eval(f"lambda {names}") for names in (f"{name}, y: {name} * y", "g, y: g * y", f"g, {name}: g * {name}")
    )
    product = primitive(forward, name="product", **{name: own, "y": other})
    x, y = leaves([np.array([2.0, 3.0]), np.array([5.0, 7.0])])
    product(x, y).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [5, 70])
    np.testing.assert_array_equal(y.grad, [2, 30])
    with pytest.raises(ValueError, match=f"{name}: float64"):
        product(x, np.ones(3))


@pytest.mark.parametrize("name", ["tensors", "number", "name", "x_node", "node", "operation", "out_of"])
def test_a_residual_may_have_any_name(name):
    rule = eval(f"lambda g, {name}: g * {name}")
    doubled = primitive(lambda x: (2 * x, np.full_like(x, 2)), name="doubled", residuals={name: None}, x=rule)
    (x,) = leaves([np.array([2.0, 3.0])])
    doubled(x).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [2, 20])


@pytest.mark.parametrize("name", ["x", "out", "g", "x_shape"])
def test_a_residual_cannot_have_a_name_that_means_something_else(name):
    with pytest.raises(TypeError, match=f"a residual cannot be called '{name}'"):
        primitive(lambda x: (x, x), name="twice", residuals={name: None}, x=lambda g: g)


def test_the_rule_that_returned_a_wrong_shape_is_named_also_where_a_tensor_is_used_twice():
    wrong = primitive(lambda x, y: x * y, name="wrong", x=lambda g, y: g * y, y=lambda g, x: np.ones(7))
    (x,) = leaves([np.ones(3)])
    with pytest.raises(ValueError, match="wrong: the derivative rule for 'y' returned a gradient of shape"):
        wrong(x, x).sum().backward()


def test_the_gradient_of_a_leaf_is_no_operand_that_a_rule_returned():
    chosen = primitive(lambda *xs: xs[0] * xs[1], name="chosen", xs=lambda g, xs: [xs[1], xs[0]])
    x, y = leaves([np.array([2.0]), np.array([5.0])])
    chosen(x, y).backward([1.0])
    x.grad[0] = 100
    assert y.item() == 5


def test_a_gradient_is_no_array_that_the_rule_of_a_user_keeps():
    constant = np.array([3.0, 3.0])
    tripled = primitive(lambda x: 3 * x, name="tripled", x=lambda g: constant)
    (x,) = leaves([np.ones(2)])
    tripled(x).sum().backward()
    x.grad[0] = 99
    np.testing.assert_array_equal(constant, [3, 3])


def test_operands_that_require_no_gradient_need_no_saved_values():
    scaled = primitive(
        lambda x, *ys: x * sum(ys), name="scaled",
        x=lambda g, ys: g * sum(ys), ys=lambda g, x, ys: [g * x for _ in ys],
    )  # fmt: skip
    (x,) = leaves([np.array([1.0, 2.0])])
    scaled(x, np.ones(2), np.full(2, 3.0)).sum().backward()
    np.testing.assert_array_equal(x.grad, [4, 4])
    (y,) = leaves([np.array([5.0, 7.0])])
    scaled(np.array([1.0, 2.0]), 3.0, y).sum().backward()
    np.testing.assert_array_equal(y.grad, [1, 2])


def test_second_derivatives_where_the_saved_operands_are_not_needed():
    scaled = primitive(lambda x, *ys: x * sum(ys), name="scaled",
                       x=lambda g, ys: g * sum(ys), ys=lambda g, x, ys_shape: [g * x for _ in ys_shape])  # fmt: skip
    (y,) = leaves([np.array([5.0, 7.0])])
    (scaled(np.array([1.0, 2.0]), y) ** 2).sum().backward(create_graph=True)
    np.testing.assert_array_equal(y.grad.data, [10, 56])


def test_a_rule_may_return_arrays_and_numbers_when_it_is_recorded():
    doubled = primitive(lambda x: 2 * x, name="doubled", x=lambda g, x_shape: np.full(x_shape, 2.0))
    (x,) = leaves([np.ones(3)])
    doubled(x).sum().backward(create_graph=True)
    assert isinstance(x.grad, Tensor)
    nothing = primitive(lambda x: 0 * x, name="nothing", x=lambda g: 0)
    (x,) = leaves([np.array(1.0)])
    nothing(x).backward()
    assert (x.grad, x.grad.dtype) == (0, np.float64)


def test_several_results_may_be_python_numbers_and_are_as_many_as_declared():
    parts = primitive(lambda x: (float(x.sum()), 2 * x), name="parts", outputs=2,
                      x=lambda g, x: g[0] * np.ones_like(x) + 2 * g[1])  # fmt: skip
    assert parts(Tensor([1.0, 2.0]))[0].shape == ()
    (x,) = leaves([np.array([1.0, 2.0])])
    total, double = parts(x)
    (total + double.sum()).backward()
    np.testing.assert_array_equal(x.grad, [3, 3])
    short = primitive(lambda x: (x,), name="short", outputs=2, x=lambda g: g[0])
    with pytest.raises(ValueError, match="short: 2 results were declared, not 1"):
        short(x)


def test_an_argument_beside_x_cannot_be_called_x_shape():
    with pytest.raises(TypeError, match="an argument cannot be called 'x_shape'"):
        primitive(lambda x, x_shape: x, name="shaped", x=lambda g, x_shape: g)


def test_a_function_without_a_name_needs_one():
    with pytest.raises(TypeError, match="'' is not a name for an operation; pass name="):
        primitive(functools.partial(np.power, 2), x=lambda g: g)
