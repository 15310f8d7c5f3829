"""`derive` prints the derivations of the documents, with the names of the user or the usual ones."""

import numpy as np
import pytest
from derivation.helpers import gradients, leaf, lines

import autograd_lite as ag
from autograd_lite import Tensor, derive, nn

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
    with pytest.raises(TypeError, match="a string or None"):
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
    assert lines(derive((1 / (1 + ag.exp(-s))).sum()))[0] == "L = Σ σ(s)"


def test_a_frozen_bias_that_the_graph_did_not_keep_is_not_left_out(rng):
    x, W, frozen = rng.normal(size=(4, 3)), leaf(rng, 2, 3), rng.normal(size=2)
    for loss in (ag.sum, lambda z: ag.sigmoid(z).sum(), lambda z: (z**2).sum()):
        assert lines(derive(loss(ag.linear(x, W)), [W]))[0] == "Z = X Wᵀ"
        assert lines(derive(loss(ag.linear(x, W, frozen)), [W]))[0] == "Z = X Wᵀ + 1c₁ᵀ"
        assert lines(derive(loss(ag.linear(x, W, frozen))))[0] == "Z = X Wᵀ + 1c₁ᵀ"
