"""`derive(loss, order=2)`: Hessians, or their products with V; they agree with those of the engine at other inputs."""

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES
from derivation.elsewhere import close, inputs_of, other_values, values_at
from derivation.helpers import leaf
from derivation.losses import recorded_loss
from hypothesis import given, settings
from matplotlib.mathtext import MathTextParser

import autograd_lite as ag
from autograd_lite import Tensor, derive, nn


def second(derivation) -> list[str]:
    return [f"{line.left} = {line.formula}" for line in derivation.steps if line.left.startswith("∂²")]


def check_second_order(derivation, loss, points, names, rng):
    """Each line of a second derivative has the values of `ag.hessian` at other inputs; how many there are.

    `loss` is a function of a dict of inputs, `points` their values at hand, `names` those that are differentiated.
    """
    known = inputs_of(derivation)
    moved = other_values({name: known[name] for name in known if name in points}, rng, names)
    values = {name: moved.get(name, symbol.value) for name, symbol in known.items()}
    if any(value is None for value in values.values()):  # c, which no equation gives
        return 0
    found, checked = dict(values_at(derivation.steps, values)), 0
    for name in names:
        at = {**points, **moved}
        hessian = ag.hessian(lambda x, name=name, at=at: loss({**at, name: x}))(np.asarray(at[name], float))
        for left in (left for left in found if left.startswith(f"∂²L/∂{name}")):
            _, _, direction = left.partition(" · ")
            if direction:  # V does not occur in 0
                v = values.get(direction, rng.normal(size=np.shape(at[name])))
                hessian = np.tensordot(hessian, v, np.ndim(v))
            assert np.shape(found[left]) == np.shape(hessian)
            close(found[left], np.asarray(hessian), f"{left}\n{derivation}", 1e-7)
            checked += 1
    return checked


# -- textbooks ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def given_arrays(rng):
    X, A, y = rng.normal(size=(5, 3)), rng.normal(size=(3, 3)), rng.integers(0, 2, 5).astype(float)
    return {"X": X, "A": A, "y": y, "t": rng.normal(size=5)}


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda w, X, A, y, t: ((X @ w - t) ** 2).mean(), "(2/5) Xᵀ X"),
        (lambda w, X, A, y, t: ((X @ w - t) ** 2).sum(), "2 Xᵀ X"),
        (lambda w, X, A, y, t: ag.binary_cross_entropy_with_logits(X @ w, y), "(1/5) Xᵀ diag(P ⊙ (1 − P)) X"),
        (lambda w, X, A, y, t: ag.cross_entropy(w, 1), "diag(P) − P Pᵀ"),
        (lambda w, X, A, y, t: w @ A @ w, "A + Aᵀ"),
        (lambda w, X, A, y, t: (w**3).sum(), "6 diag(w)"),
        (lambda w, X, A, y, t: (w**2).sum(), "2 I"),
        (lambda w, X, A, y, t: w @ A[0], "0"),
        (lambda w, X, A, y, t: ag.relu(X @ w).sum(), "0"),
    ],
)
def test_hessians_of_textbooks(rng, given_arrays, loss, expected):
    w = leaf(rng, 3, name="w")
    derivation = derive(loss(w, **given_arrays), {"w": w}, given_arrays, order=2)
    assert second(derivation) == [f"∂²L/∂w∂wᵀ = {expected}"]
    assert derivation["∂²L/∂w∂wᵀ"].shape == (3, 3)
    arrays = {**given_arrays, "w": w.data}
    assert check_second_order(derivation, lambda inputs: loss(**inputs), arrays, ["w"], rng) == 1


def test_scalars_matrices_and_several_variables(rng):
    X, W, s = rng.normal(size=(5, 3)), leaf(rng, 3, 2, name="W"), Tensor(0.7, requires_grad=True, name="s")

    def loss(inputs):
        return (ag.tanh(inputs["X"] @ inputs["W"]) ** 2 * inputs["s"] ** 3).sum()

    points = {"X": X, "W": W, "s": s}
    derivation = derive(loss(points), names={"X": X}, order=2)
    assert sorted(line.split(" = ")[0].split(" ·")[0] for line in second(derivation)) == ["∂²L/∂W²", "∂²L/∂s²"]
    points = {name: np.asarray(getattr(x, "data", x)) for name, x in points.items()}
    assert check_second_order(derivation, loss, points, ["W", "s"], rng) == 2


def test_a_network(rng):
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Tanh(), nn.Linear(2, 1, rng=0))
    derivation = derive((model(rng.normal(size=(4, 3))) ** 2).mean(), model, order=2)
    assert len(second(derivation)) == 4


# -- any loss ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_a_random_loss(seed):
    loss, inputs, recorded = recorded_loss(seed)
    try:
        derivation = derive(recorded, names={name: inputs[name] for name in "abc"}, order=2)
    except RuntimeError as error:
        assert "no second derivative" in str(error) or "no formula" in str(error)  # noqa: PT017 - some have none
        return

    def at_others(at):
        return loss({name: x if name in "abc" or isinstance(x, Tensor) else Tensor(x) for name, x in at.items()})

    check_second_order(derivation, at_others, loss.arrays, loss.leaves, np.random.default_rng(seed))


@pytest.mark.parametrize("case", CASES[::4], ids=[case.name for case in CASES[::4]])
@given(data=st.data())
@settings(max_examples=1)
def test_every_operation_has_a_true_second_derivative_or_none(case, data):
    """Every line is compared with the engine at hand and with central differences elsewhere, inside `derive`."""
    sample = data.draw(case.samples)
    leaves = {f"T{i}": Tensor(array, requires_grad=True) for i, array in enumerate(sample.arrays)}
    out = case.operation(*leaves.values(), **sample.static)
    loss = (out * np.random.default_rng(0).uniform(1, 2, out.shape)).sum()
    try:
        assert second(derive(loss, leaves, order=2))
    except RuntimeError as error:
        assert "no second derivative" in str(error) or "no formula" in str(error)  # noqa: PT017 - some have none


def test_no_second_derivative_is_claimed_at_a_kink():
    x = Tensor([0.0, 1.0], requires_grad=True, name="x")
    for loss in ((abs(x) ** 2).sum(), ag.exp(abs(x)).sum(), ag.relu(x).sum() + abs(x).sum() ** 2):
        with pytest.raises(RuntimeError, match="no second derivative with respect to x"):
            derive(loss, order=2)


def test_wrong_order():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for order in (0, 3, "2"):
        with pytest.raises(ValueError, match="derive: order must be 1 or 2, not"):
            derive((x * x).sum(), order=order)


def test_a_rule_without_a_formula_is_refused():
    def rule(g, x):
        return g * x if x[0] > 0 else -g * x

    decided = ag.primitive(lambda x: 0.5 * x * x, name="decided", x=rule)
    x = Tensor([2.0, 3.0], requires_grad=True, name="x")
    with pytest.raises(RuntimeError, match="decided_pullback_x is not a formula"):
        derive(decided(x).sum(), order=2)


def test_latex(rng):
    W, w = leaf(rng, 3, 2, name="W1"), leaf(rng, 3)
    derivation = derive((ag.tanh(rng.normal(size=(4, 3)) @ W) ** 2).sum() + (w**3).sum(), order=2)
    parser = MathTextParser("path")
    body = derivation.latex().removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    for line in body.split(" \\\\\n"):
        parser.parse(f"${line.replace('&', ' ')}$")
    assert r"\frac{\partial^{2} L}{\partial {W_{1}}^{2}} \cdot V" in body
