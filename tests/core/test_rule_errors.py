"""Errors of derivative rules that users write: rules get arrays for a first derivative, and tensors for higher ones."""

import numpy as np
import pytest

from autograd_lite import Tensor, compile, grad, hessian, jacobian, jvp, primitive, qr, vjp, vmap
from autograd_lite.testing import check_primitive

X = np.array([[1.0, 2.0], [3.0, 5.0]])
WEIGHTS = Tensor([2.0, 3.0])


def square(rule):
    return primitive(lambda x: x**2, name="square", x=rule)


def backward(operation, create_graph=False):
    x = Tensor(X, requires_grad=True)
    operation(x).sum().backward(create_graph=create_graph)
    return x.grad


def summed(operation):
    return lambda x: operation(x).sum()


FIRST_ORDER = {
    "backward": backward,
    "backward of a later operation": lambda f: backward(lambda x: f(2 * x)),
    "grad": lambda f: grad(summed(f))(X),
    "vjp": lambda f: vjp(f, X)[1](X),
    "jacobian": lambda f: jacobian(f)(X),
    "vmap of grad": lambda f: vmap(grad(summed(f)))(X),
    "compile": lambda f: compile(grad(summed(f)))(X),
    "check_primitive": lambda f: check_primitive(f, [(X,)]),
}
HIGHER_ORDER = {
    "create_graph": lambda f: backward(f, create_graph=True),
    "grad of grad": lambda f: grad(lambda x: grad(summed(f))(x).sum())(X),
    "jvp": lambda f: jvp(f, (X,), (X,)),
    "hessian": lambda f: hessian(summed(f))(X),
    "vmap of hessian": lambda f: vmap(hessian(summed(f)))(X),
}


def several(x):
    return x * 1, x * 2


def with_tensor_residual(x):
    return x**2, Tensor(x)


RETURNING_TENSORS = {
    "made of an argument": square(lambda g, x: g * 2 * Tensor(x)),
    "made of a detached argument": square(lambda g, x: g * 2 * Tensor(x).detach()),
    "made of the gradient": square(lambda g, x: Tensor(g) * 2 * x),
    "made of a constant": square(lambda g, x: g * WEIGHTS),
    "with several results": primitive(several, name="square", outputs=2, x=lambda g: Tensor(g[0])),
    "with any number of operands": primitive(lambda *x: sum(x), name="square", x=lambda g, x: [Tensor(g) for _ in x]),
    "joint": primitive(lambda x: x**2, name="square", joint=(("x",), lambda g, x: (Tensor(g),))),
}


@pytest.mark.parametrize("rule", RETURNING_TENSORS)
@pytest.mark.parametrize("way", FIRST_ORDER)
def test_a_rule_that_returns_a_tensor_for_arrays_is_named(way, rule):
    operation = RETURNING_TENSORS[rule]
    if operation.primitive.outputs == 1:
        call = operation
    elif way == "check_primitive":
        pytest.skip("it checks operations of one result")
    else:
        call = lambda x: operation(x)[0]  # noqa: E731
    with pytest.raises(TypeError, match="square: the derivative rule for 'x' returned a Tensor for arrays"):
        FIRST_ORDER[way](call)


@pytest.mark.parametrize("way", HIGHER_ORDER)
def test_a_rule_may_return_tensors_where_it_gets_tensors(way):
    HIGHER_ORDER[way](square(lambda g, x: g * 2 * x))


def test_a_residual_that_is_a_tensor_is_named_and_not_the_rule_that_used_it():
    operation = primitive(with_tensor_residual, name="f", residuals={"r": lambda x: x}, x=lambda g, r: 2 * g * r)
    with pytest.raises(TypeError, match="returned its residual 'r' as a Tensor, but it is a function of arrays"):
        backward(operation)


def test_a_forward_function_of_several_results_must_not_return_tensors():
    operation = primitive(lambda x: (x, Tensor(x)), name="pair", outputs=2, x=lambda g: g[0] + g[1])
    with pytest.raises(TypeError, match="pair: the forward function returned a Tensor; it is a function of arrays"):
        operation(Tensor(X, requires_grad=True))


# -- advice ------------------------------------------------------------------------------------------------------------

picked = primitive(lambda x, i: x * i, name="picked", x=lambda g, i: g * i)


def written(x):
    array = np.zeros(x.shape)
    array[0, 0] = x[0, 0]
    return array


CUTS = {
    "Tensor": lambda g, x: g * 2 * Tensor(x),
    "asarray": lambda g, x: g * 2 * np.asarray(x),
    "argument without a rule": lambda g, x: g * picked(x, x),
    "float": lambda g, x: g * 2 * float(x[0, 0]),
    "write": lambda g, x: g * 2 * written(x),
}


def full_text(error):
    """The message, that of what caused the error, and the notes."""
    return "\n".join([str(error), str(error.__cause__ or error.__context__ or ""), *getattr(error, "__notes__", ())])


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("way", [way for way in HIGHER_ORDER if "vmap" not in way])
def test_advice_for_a_rule_that_cuts_the_graph_can_be_followed_where_the_rule_gets_arrays(way, cut):
    if (way, cut) == ("create_graph", "float"):
        pytest.skip("outside of transforms float() is how results are logged")
    with pytest.raises((TypeError, ValueError)) as caught:
        HIGHER_ORDER[way](square(CUTS[cut]))
    text = full_text(caught.value)
    assert "in the derivative rules of 'square'" in text or cut == "write"
    assert "a rule gets arrays for a first derivative and tensors for higher ones" in text
    for tensors_only in (".detach()", ".numpy()", ".clone()"):
        assert tensors_only not in text


@pytest.mark.parametrize("cut", CUTS)
def test_outside_of_rules_the_advice_is_that_for_tensors(cut):
    with pytest.raises((TypeError, ValueError)) as caught:
        grad(lambda x: np.sum(CUTS[cut](x, x)))(X)
    assert "a rule gets arrays" not in full_text(caught.value)


def test_a_rule_that_uses_the_graph_of_an_operation_of_the_library_gets_a_note():
    triangular = square(lambda g, x: g * 2 * (np.sum(qr(x, mode="complete").R) * 0 + x))
    tall = np.ones((3, 2))
    with pytest.raises(TypeError) as caught:
        grad(lambda x: grad(summed(triangular))(x).sum())(tall)
    assert ".detach()" in str(caught.value)
    assert any("a rule gets arrays" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("name", ["detach", "requires_grad", "numpy"])
@pytest.mark.parametrize("way", FIRST_ORDER)
def test_a_rule_that_takes_its_arrays_for_tensors_is_told_what_it_gets(way, name):
    with pytest.raises(AttributeError, match=name) as caught:
        FIRST_ORDER[way](square(lambda g, x: g * 2 * (getattr(x, name) and x)))
    assert any("a rule gets arrays for a first derivative" in note for note in caught.value.__notes__)


def test_another_error_of_a_rule_has_only_its_place_added():
    with pytest.raises(ZeroDivisionError) as caught:
        backward(square(lambda g, x: g * (1 // 0)))
    assert caught.value.__notes__ == ["in the derivative rules of 'square', for a gradient of shape (2, 2)"]


def test_the_note_for_several_results_has_the_shape_of_each():
    operation = primitive(several, name="pair", outputs=2, x=lambda g: g[0] * (1 // 0))
    with pytest.raises(ZeroDivisionError) as caught:
        backward(lambda x: operation(x)[0])
    assert caught.value.__notes__ == ["in the derivative rules of 'pair', for gradients of the shapes (2, 2), (2, 2)"]
