"""`derive` prints the derivations of the documents, and never a formula whose numbers are not those of the engine."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES
from hypothesis import given, settings
from matplotlib.mathtext import MathTextParser

import autograd_lite as ag
from autograd_lite import Tensor, derive, nn
from autograd_lite.derivation import rewriting
from autograd_lite.derivation.checking import WrongFormulaError
from autograd_lite.derivation.formula import evaluate
from autograd_lite.derivation.lines import Derivation

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def leaf(rng, *shape, **options):
    return Tensor(rng.normal(size=shape), requires_grad=True, **options)


def lines(derivation) -> list[str]:
    """The equations, without the shapes on the right."""
    return [line.split("  ")[0] if ",  Δ" not in line else line.rpartition("  ")[0].rstrip()
            for line in derivation.text().splitlines() if line]  # fmt: skip


def gradients(derivation) -> list[str]:
    return [line for line in lines(derivation) if line.startswith("∂")]


# -- the documents ---------------------------------------------------------------------------------------------------


def test_d06_softmax_regression_summed(rng):
    X, labels = rng.normal(size=(32, 64)), rng.integers(0, 10, 32)
    W, b = leaf(rng, 64, 10), leaf(rng, 10)
    derivation = derive(ag.cross_entropy(X @ W + b, labels, reduction="sum"), [W, b])
    assert derivation.text() == (
        "Z = X W + 1bᵀ                 (32, 10)\n"
        "Y = onehot(y)                 (32, 10)\n"
        "P = softmax(Z)                (32, 10)\n"
        "L = −Σ Y ⊙ ln P               ()\n"
        "\n"
        "∂L/∂Z = P − Y                 (32, 10)\n"
        "∂L/∂b = 1ᵀ ∂L/∂Z = 1ᵀ(P − Y)  (10,)\n"
        "∂L/∂W = Xᵀ ∂L/∂Z = Xᵀ(P − Y)  (64, 10)"
    )
    assert str(derivation) == repr(derivation) == derivation.text()


def test_d08_mean_over_samples_with_the_layout_of_a_layer(rng):
    layer = nn.Linear(4, 3, rng=0)
    derivation = derive(ag.cross_entropy(layer(rng.normal(size=(8, 4))), rng.integers(0, 3, 8)), layer)
    assert lines(derivation)[:3] == ["N = 8", "Z = X Wᵀ + 1bᵀ", "Y = onehot(y)"]
    assert gradients(derivation) == [
        "∂L/∂Z = (1/N)(P − Y)",
        "∂L/∂W = (∂L/∂Z)ᵀ X = (1/N)(P − Y)ᵀ X",
        "∂L/∂b = 1ᵀ ∂L/∂Z = (1/N) 1ᵀ(P − Y)",
    ]


@pytest.mark.parametrize("fused", [True, False])
def test_d05_needs_targets_that_sum_to_one_to_be_p_minus_y(rng, fused):
    def loss(Z, Y):
        return ag.cross_entropy(Z, Y, reduction="sum") if fused else -(Y * ag.log(ag.softmax(Z))).sum()

    Z = leaf(rng, 5, 3)
    any_targets = derive(loss(Z, rng.random((5, 3))), {"Z": Z})
    assert any_targets["∂L/∂Z"].formula == "P ⊙ (Y 1 1ᵀ) − Y"
    probabilities = derive(loss(Z, ag.softmax(rng.normal(size=(5, 3)))), {"Z": Z})
    assert probabilities["∂L/∂Z"].formula == "P − Y"
    assert "Y 1 = 1" in lines(probabilities)


def test_d04_d07_one_sample(rng):
    p = Tensor(ag.softmax(rng.normal(size=4)), requires_grad=True, name="p")
    assert derive(-(np.array([0.0, 1, 0, 0]) * ag.log(p)).sum())["∂L/∂p"].formula == "−y / p"
    z, W = Tensor(rng.normal(size=4), name="z"), leaf(rng, 3, 4)
    assert derive(ag.cross_entropy(ag.linear(z, W), 1), [W])["∂L/∂W"].formula == "(P − Y) zᵀ"


def test_d01_d09_d13_elementwise(rng):
    s, y = leaf(rng, 5, name="s"), np.array([0.0, 1, 1, 0, 1])
    assert derive(ag.sigmoid(s).sum())["∂L/∂s"].formula == "A ⊙ (1 − A)"
    p = Tensor(rng.uniform(0.1, 0.9, 5), requires_grad=True, name="p")
    assert derive(ag.binary_cross_entropy(p, y, reduction="sum"))["∂L/∂p"].formula == "(p − y) / (p ⊙ (1 − p))"
    assert derive(ag.binary_cross_entropy_with_logits(s, y, reduction="sum"))["∂L/∂s"].formula == "P − y"
    assert derive(ag.binary_cross_entropy(ag.sigmoid(s), y, reduction="sum"))["∂L/∂s"].formula == "P − y"
    assert derive(ag.mse_loss(s, y)).text().count("(2/N)(s − y)") == 1


def test_d10_columns_as_samples(rng):
    X, w, y = Tensor(rng.normal(size=(3, 6)), name="X"), leaf(rng, 3), rng.integers(0, 2, 6).astype(float)
    derivation = derive(ag.binary_cross_entropy_with_logits(X.T @ w, y, reduction="sum"), {"w": w})
    assert derivation["∂L/∂w"].formula == "X (P − y)"


def test_d16_recursion_of_the_sigmoid_network(rng):
    model = nn.Sequential(nn.Linear(6, 5, rng=0), nn.Sigmoid(), nn.Linear(5, 4, rng=0), nn.Sigmoid(), nn.Linear(4, 3))
    derivation = derive(ag.cross_entropy(model(rng.normal(size=(8, 6))), rng.integers(0, 3, 8)), model)
    assert lines(derivation)[1:6] == [
        "Z⁽¹⁾ = X W⁽¹⁾ᵀ + 1b⁽¹⁾ᵀ",
        "A⁽¹⁾ = σ(Z⁽¹⁾)",
        "Z⁽²⁾ = A⁽¹⁾ W⁽²⁾ᵀ + 1b⁽²⁾ᵀ",
        "A⁽²⁾ = σ(Z⁽²⁾)",
        "Z⁽³⁾ = A⁽²⁾ W⁽³⁾ᵀ + 1b⁽³⁾ᵀ",
    ]
    assert gradients(derivation) == [
        "∂L/∂Z⁽³⁾ = (1/N) Δ⁽³⁾,  Δ⁽³⁾ = P − Y",
        "∂L/∂W⁽³⁾ = (1/N) Δ⁽³⁾ᵀ A⁽²⁾",
        "∂L/∂b⁽³⁾ = (1/N) 1ᵀ Δ⁽³⁾",
        "∂L/∂Z⁽²⁾ = (1/N) Δ⁽²⁾,  Δ⁽²⁾ = (Δ⁽³⁾ W⁽³⁾) ⊙ A⁽²⁾ ⊙ (1 − A⁽²⁾)",
        "∂L/∂W⁽²⁾ = (1/N) Δ⁽²⁾ᵀ A⁽¹⁾",
        "∂L/∂b⁽²⁾ = (1/N) 1ᵀ Δ⁽²⁾",
        "∂L/∂Z⁽¹⁾ = (1/N) Δ⁽¹⁾,  Δ⁽¹⁾ = (Δ⁽²⁾ W⁽²⁾) ⊙ A⁽¹⁾ ⊙ (1 − A⁽¹⁾)",
        "∂L/∂W⁽¹⁾ = (1/N) Δ⁽¹⁾ᵀ X",
        "∂L/∂b⁽¹⁾ = (1/N) 1ᵀ Δ⁽¹⁾",
    ]


def test_d15_columns_as_samples_with_another_activation(rng):
    W1, b1, W2, b2 = leaf(rng, 4, 3), leaf(rng, 4, 1), leaf(rng, 2, 4), leaf(rng, 2, 1)
    Z = W2 @ ag.tanh(W1 @ rng.normal(size=(3, 8)) + b1) + b2
    derivation = derive(ag.mse_loss(Z, rng.normal(size=(2, 8)), reduction="sum"), [W1, b1, W2, b2])
    assert derivation["Δ⁽¹⁾"].formula == "(W⁽²⁾ᵀ Δ⁽²⁾) ⊙ (1 − A⁽¹⁾²)"
    assert "∂L/∂W⁽²⁾ = 2 Δ⁽²⁾ A⁽¹⁾ᵀ" in lines(derivation)
    assert "∂L/∂b⁽¹⁾ = 2 Δ⁽¹⁾ 1" in lines(derivation)


def test_a_weight_used_twice_receives_both(rng):
    W, X = leaf(rng, 3, 3), rng.normal(size=(4, 3))
    derivation = derive((ag.tanh(X @ W) @ W).sum(), {"W": W})
    assert derivation["∂L/∂W"].formula == "A⁽¹⁾ᵀ 11ᵀ + Xᵀ Δ⁽¹⁾"


# -- names -------------------------------------------------------------------------------------------------------------


def test_names_of_the_user(rng):
    X, W = Tensor(rng.normal(size=(6, 3)), name="features"), leaf(rng, 3, 2, name="Θ")
    S = X @ W
    S.name = "S"
    targets = np.eye(2)[[0, 1, 1, 0, 1, 0]]
    loss = ag.cross_entropy(S, targets)
    loss.name = "E"
    assert (X.name, W.name, S.name, S.detach().name, Tensor(1.0).name) == ("features", "Θ", "S", "S", None)
    derivation = derive(loss, names={"T": targets})
    assert lines(derivation) == [
        "N = 6",
        "T 1 = 1",
        "S = features Θ",
        "P = softmax(S)",
        "E = −(1/N) Σ T ⊙ ln P",
        "∂E/∂S = (1/N)(P − T)",
        "∂E/∂Θ = featuresᵀ ∂E/∂S = (1/N) featuresᵀ(P − T)",
    ]


def test_names_die_with_what_they_name_and_can_be_taken_away(rng):
    from autograd_lite.support import names

    before = len(names._names)
    W = leaf(rng, 2, name="W")
    doubled = W * 2
    doubled.name = "D"
    assert len(names._names) > before
    doubled.name = None
    assert doubled.name is None
    del W, doubled
    assert len(names._names) == before
    with pytest.raises(TypeError, match="a text or None"):
        Tensor(1.0, name=3)


def test_no_two_things_have_one_name(rng):
    a, b = leaf(rng, 3, name="v"), leaf(rng, 3, name="v")
    x, y = leaf(rng, 3), leaf(rng, 3)
    assert gradients(derive((a * b).sum()))[-2:] == ["∂L/∂v₁ = v₂", "∂L/∂v₂ = v₁"]
    assert gradients(derive((x * y).sum()))[-2:] == ["∂L/∂x₁ = x₂", "∂L/∂x₂ = x₁"]
    assert "∂L₁/∂L = 2 L" in gradients(derive((x * x).sum(), {"L": x}))


def test_parameters_of_a_module_are_called_by_their_place(rng):
    class Scaled(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(3, 2, rng=0)
            self.scale = nn.Parameter(np.ones(2))

        def forward(self, x):
            return self.layer(x) * self.scale

    model = Scaled()
    derivation = derive(model(rng.normal(size=(4, 3))).sum(), model)
    assert {step.left for step in derivation.steps} >= {"∂L/∂W", "∂L/∂b", "∂L/∂scale"}


def test_views_of_a_named_array_are_recognised(rng):
    X, labels, W = rng.normal(size=(3, 10)), rng.integers(0, 2, 10), leaf(rng, 3, 2)
    derivation = derive(ag.cross_entropy(X.T @ W, labels, reduction="sum"), [W], {"X": X, "t": labels})
    assert lines(derivation)[:2] == ["Z = Xᵀ W", "Y = onehot(t)"]
    assert derivation["∂L/∂W"].formula == "X (P − Y)"
    rows = rng.normal(size=(10, 3))
    assert derive((rows[2:6] @ W).sum(), [W], {"X": rows})["∂L/∂W"].formula == "X[2:6]ᵀ 11ᵀ"


def test_what_the_graph_did_not_keep_is_solved_for_or_admitted(rng):
    X, y, w = rng.normal(size=(5, 3)), rng.normal(size=5), leaf(rng, 3)
    loss = ((X @ w - y) ** 2).mean()
    assert derive(loss, {"w": w}, {"y": y})["∂L/∂w"].formula == "(2/5) Xᵀ(Z − y)"
    assert derive(loss, {"w": w})["L"].formula == "(1/5) Σ (Z − c₁)²"
    s = leaf(rng, 4, name="s")
    assert lines(derive((1 / (1 + ag.exp(-s))).sum()))[1] == "U₂ = 1 / (1 + U₁)"


def test_a_frozen_bias_that_the_graph_did_not_keep_is_not_left_out(rng):
    x, W, frozen = rng.normal(size=(4, 3)), leaf(rng, 2, 3), rng.normal(size=2)
    for loss in (ag.sum, lambda z: ag.sigmoid(z).sum(), lambda z: (z**2).sum()):
        assert lines(derive(loss(ag.linear(x, W)), [W]))[0] == "Z = X Wᵀ"
        assert lines(derive(loss(ag.linear(x, W, frozen)), [W]))[0] == "Z = X Wᵀ + c₁"
        assert lines(derive(loss(ag.linear(x, W, frozen))))[0] == "Z = X Wᵀ + c₁"  # W itself is not known


# -- truth -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@given(data=st.data())
@settings(max_examples=1)
def test_every_operation_has_a_true_derivation(case, data):
    sample = data.draw(case.samples)
    tensors = [Tensor(array, requires_grad=True) for array in sample.arrays]
    out = case.operation(*tensors, **sample.static)
    wrt = {f"T{i}": tensor for i, tensor in enumerate(tensors)}
    loss = (out * np.random.default_rng(0).uniform(1, 2, out.shape)).sum()
    derivation = derive(loss, wrt)
    assert all(tensor.grad is None for tensor in tensors)
    loss.backward()
    for name, tensor in wrt.items():
        value = evaluate(derivation[f"∂L/∂{name}"].formulas[-1])
        scale = max(1, np.abs(tensor.grad).max(initial=0))
        np.testing.assert_allclose(value, tensor.grad, rtol=0, atol=1e-9 * scale)


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    activation=st.sampled_from([nn.Sigmoid, nn.Tanh, nn.ReLU, nn.Softplus]),
    samples=st.integers(1, 5),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 100),
)
@settings(max_examples=10)
def test_formulas_of_any_network_have_the_values_of_its_gradients(sizes, activation, samples, dtype, seed):
    rng = np.random.default_rng(seed)
    layers = [nn.Linear(n, m, dtype=dtype, rng=rng) for n, m in itertools.pairwise(sizes)]
    model = nn.Sequential(*[part for layer in layers for part in (layer, activation())][:-1])
    x, y = rng.normal(size=(samples, sizes[0])).astype(dtype), rng.integers(0, sizes[-1], samples)
    loss = ag.cross_entropy(model(x), y)
    derivation = derive(loss, dict(model.named_parameters()))
    loss.backward()
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for name, parameter in model.named_parameters():
        value = evaluate(derivation[f"∂L/∂{name}"].formulas[-1])
        np.testing.assert_allclose(value, parameter.grad, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "line",
    [
        lambda x, y: (x - y, x + y),
        lambda x: (np.log(x), x),
        lambda x, y: (x * y, x),
        lambda x: (np.exp(x), x),
    ],
)
def test_a_wrong_rewrite_in_the_table_is_an_error_and_no_formula(rng, monkeypatch, line):
    W, X, labels = leaf(rng, 3, 2), rng.normal(size=(5, 3)), [0, 1, 1, 0, 1]
    loss = ag.cross_entropy(X @ W, labels) + ag.exp(W * W).sum()
    derive(loss, [W])
    wrong = rewriting.Rewrite(line)
    monkeypatch.setitem(rewriting._by_function, wrong.pattern.function, [wrong])
    with pytest.raises(WrongFormulaError, match="simplified formula"):
        derive(loss, [W])


def test_a_line_that_would_be_applied_for_ever_is_an_error(monkeypatch):
    endless = rewriting.Rewrite(lambda x, y: (x - y, y - x))
    monkeypatch.setitem(rewriting._by_function, np.subtract, [endless])
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="does not end"):
        derive((1 - ag.exp(x)).sum())


def test_a_rule_that_decides_by_values_is_called_by_name(rng):
    def rule(g, x):
        return g * x if x[0] > 0 else -g * x

    decided = ag.primitive(lambda x: 0.5 * x * x, name="decided", x=rule)
    x = Tensor([2.0, 3.0], requires_grad=True, name="x")
    assert derive(decided(x).sum())["∂L/∂x"].formula == "decided_pullback_x(x, 1)"


def test_a_rule_is_shown_as_it_is_also_if_it_is_no_derivative():
    reverse = ag.primitive(lambda x: x, name="reverse", x=lambda g: -g)
    x = Tensor([2.0, 3.0], requires_grad=True, name="x")
    assert derive((reverse(x) ** 2).sum())["∂L/∂x"].formula == "−2 U₁"


def test_infinite_numbers_are_not_simplified_away():
    p = Tensor([0.0, 0.5], requires_grad=True, name="p")
    with np.errstate(all="ignore"):
        derivation = derive((p * ag.log(p)).sum())
        loss = (p * ag.log(p)).sum()
        loss.backward()
    value = evaluate(derivation["∂L/∂p"].formulas[-1])
    np.testing.assert_array_equal(np.isfinite(value), np.isfinite(p.grad))


# -- what it leaves as it is, and refuses ------------------------------------------------------------------------------


def test_nothing_is_changed(rng):
    W = leaf(rng, 3, 2)
    W.grad = np.ones((3, 2))
    values = W.data.copy()
    loss = ag.cross_entropy(rng.normal(size=(4, 3)) @ W, [0, 1, 1, 0])
    first, second = derive(loss, [W]), derive(loss, [W])
    assert first.text() == second.text()
    np.testing.assert_array_equal(W.grad, np.ones((3, 2)))
    np.testing.assert_array_equal(W.data, values)
    loss.backward()
    assert not np.array_equal(W.grad, np.ones((3, 2)))


def test_errors():
    x, other = Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    loss = (x * x).sum()
    with pytest.raises(RuntimeError, match=r"shape \(2,\) is not a scalar"):
        derive(x * 2)
    with pytest.raises(RuntimeError, match="not the result of operations"):
        derive(x.detach().sum())
    with pytest.raises(TypeError, match="the loss is a tensor, not float"):
        derive(1.0)
    with pytest.raises(ValueError, match=r"does not depend on a tensor of shape \(1,\)"):
        derive(loss, [other])
    with pytest.raises(ValueError, match="does not require gradients"):
        derive(loss, [x.detach()])
    with pytest.raises(TypeError, match="wrt holds tensors, not ndarray"):
        derive(loss, [x.data])
    with pytest.raises(KeyError, match="no line for '∂L/∂q'; there are"):
        derive(loss)["∂L/∂q"]
    loss.backward()
    with pytest.raises(RuntimeError, match="already used and released"):
        derive(loss, [x])


def test_a_value_that_was_overwritten_is_refused_as_by_backward():
    x = Tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    with ag.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        derive(loss)


# -- how it is shown ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(rng) -> Derivation:
    hidden = Tensor(rng.normal(size=(6, 3)), name="hidden_state")
    W, v = leaf(rng, 3, 2), leaf(rng, 2)
    A = ag.sigmoid(hidden @ W + v)
    loss = ag.cross_entropy(A @ leaf(rng, 2, 2), [0, 1, 1, 0, 1, 0]) + ag.sqrt(ag.exp(v) / 3).sum() + abs(W**2).mean()
    return derive(loss)


def test_latex_is_mathematics(shown):
    notebook = shown._repr_latex_()
    assert notebook.startswith("$")
    assert notebook.endswith("$")
    body = shown.latex().removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    parser = MathTextParser("path")
    for line in body.split(" \\\\\n"):
        assert line.count("&") in (1, 3)
        assert line.count("{") == line.count("}")
        assert line.count(r"\left") == line.count(r"\right")
        parser.parse(f"${line.replace('&', ' ')}$")  # raises ValueError for what is no mathematics
    assert r"\frac{\partial L}{\partial W^{(1)}} &= " in body
    assert r"\frac{1}{N} {\mathrm{hidden\_state}}^{\top} \Delta^{(1)}" in body


def test_shapes_stand_below_each_other(shown):
    rows = [line for line in shown.text().splitlines() if re.search(r"\(.*\)$", line)]
    assert len({row.rindex("  ") for row in rows}) == 1
    assert [step.shape for step in shown.steps if step.left == "∂L/∂W⁽¹⁾"] == [(3, 2)]


def test_import_does_not_pay_for_it():
    program = "import sys, autograd_lite; print('autograd_lite.derivation' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_the_page_shows_what_is_printed():
    page = (ROOT / "docs" / "derive.md").read_text()
    programs = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", page, re.DOTALL)
    assert len(programs) >= 3
    source = "\nprint('====')\n".join(program for program, _ in programs)
    output = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    assert output.split("====\n") == [printed for _, printed in programs]
