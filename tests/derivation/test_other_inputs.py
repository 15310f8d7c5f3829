"""What a derivation says is true at other inputs of the same shapes: its definitions are the loss, and its gradients
are their derivatives, found by central differences."""

import gc

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES
from derivation.elsewhere import check_lines, close, inputs_of, other_values, values_at
from derivation.helpers import leaf, lines
from derivation.losses import recorded_loss, tensors
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite import Tensor, derive, nn
from autograd_lite.derivation import rewriting


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@given(data=st.data())
@settings(max_examples=1)
def test_every_operation(case, data):
    sample = data.draw(case.samples)
    leaves = {f"T{i}": Tensor(array, requires_grad=True) for i, array in enumerate(sample.arrays)}
    out = case.operation(*leaves.values(), **sample.static)
    weights = np.random.default_rng(0).uniform(1, 2, out.shape)
    derivation = derive((out * weights).sum(), leaves)
    assert check_lines(derivation, np.random.default_rng(1)) == len(inputs_of(derivation).keys() & leaves)


@pytest.mark.parametrize("seed", range(100))
def test_a_random_loss(seed):
    loss, given, recorded = recorded_loss(seed, np.float32 if seed % 10 == 0 else np.float64)
    rng = np.random.default_rng([seed, 2])
    derivation = derive(recorded, names={name: given[name] for name in "abc" if rng.random() < 0.7})
    known = inputs_of(derivation)
    moved = other_values({name: known[name] for name in known if name in loss.arrays}, rng, loss.leaves)
    values = {name: moved.get(name, symbol.value) for name, symbol in known.items()}
    if any(value is None for value in values.values()):  # c, which no equation gives
        return
    check_lines(derivation, rng, inputs=values)
    again = loss(tensors(loss, {**loss.arrays, **moved}))
    close(dict(values_at(derivation.steps, values))["L"], again.data, str(derivation), 1e-5 if seed % 10 == 0 else 1e-9)


# -- operands that the graph does not save -----------------------------------------------------------------------------

OPERATIONS = {
    "a − x": lambda a, x: a - x,
    "x − a": lambda a, x: x - a,
    "a + x": lambda a, x: a + x,
    "x + a": lambda a, x: x + a,
    "a / x": lambda a, x: a / x,
    "x / a": lambda a, x: x / a,
    "x ⊙ a": lambda a, x: x * a,
    "a ⊙ x": lambda a, x: a * x,
}


@pytest.mark.parametrize("values", ["random", "zeros", "ones", "equal"])
@pytest.mark.parametrize("written", OPERATIONS)
def test_an_operand_is_the_array_that_was_there(rng, written, values):
    """Other arrays of its shape, and even of its values, are other symbols."""
    makes = {"random": lambda: rng.uniform(1, 2, 4), "zeros": lambda: np.zeros(4), "ones": lambda: np.ones(4)}
    a, b, d = (makes.get(values, lambda: np.arange(1.0, 5))() for _ in range(3))
    x = leaf(rng, 4, name="x")
    for order in ({"a": a, "b": b, "d": d}, {"d": d, "b": b, "a": a}):
        with np.errstate(all="ignore"):
            loss = (OPERATIONS[written](a, x) ** 3).sum()
            assert written in derive(loss, names=order).text()


def test_a_number_is_a_number_and_an_array_is_a_symbol(rng):
    x, ones, zeros = leaf(rng, 4, name="x"), np.ones(4), np.zeros(4)
    for number, array in ((1, ones), (0, zeros), (1.0, ones)):
        assert "y" in inputs_of(derive(((x - array) ** 2).sum(), names={"y": array}))
        assert "y" in inputs_of(derive(((number + ag.exp(x)) * array).sum(), names={"y": array}))
        assert (
            lines(derive(((number - ag.exp(x)) ** 2).sum(), names={"y": array}))[0] == f"L = Σ ({number:g} − exp(x))²"
        )
        assert "y" not in inputs_of(derive(((x - number) ** 2).sum(), names={"y": array}))
        assert "c₁" in inputs_of(derive(((x - array) ** 2).sum()))


def test_an_array_that_is_gone_is_c_unless_only_one_named_array_has_its_values(rng):
    x, y = leaf(rng, 4, name="x"), rng.normal(size=4)
    assert "y" in inputs_of(derive(((x - list(y)) ** 2).sum(), names={"y": y}))
    assert "c₁" in inputs_of(derive(((x - list(y)) ** 2).sum(), names={"y": y, "z": y.copy()}))
    assert "c₁" in inputs_of(derive(((x - list(y)) * y).sum(), names={"y": y}))  # y is another operand
    assert "c₁" in inputs_of(derive(((x - y.tolist()) ** 2).sum(), names={"y": y + 1e-3}))
    assert "c₁" in inputs_of(derive(((x - [0.0] * 4) ** 2).sum(), names={"y": np.zeros(4)}))
    other = Tensor(y, requires_grad=True, name="q")  # has the same values
    assert "c₁" in inputs_of(derive(((x - list(y)) ** 2).sum() + (other**2).sum(), names={"y": y}))


def test_an_array_that_still_exists_is_not_another_one_of_its_values(rng):
    x, y = leaf(rng, 4, name="x"), rng.normal(size=4)
    copy = y.copy()
    assert "c₁" in inputs_of(derive(((x - copy) ** 2).sum(), names={"y": y}))
    assert lines(derive(((x - copy) * (x - copy)).sum(), names={"y": y}))[0] == "L = Σ (x − c₁)²"  # one array, one name


def test_views_of_one_array_are_recognised_though_nothing_saved_them(rng):
    y, x = rng.normal(size=(6, 4)), leaf(rng, 4, 6, name="x")
    transposed = y.T
    assert lines(derive(((x - transposed) ** 2).sum(), names={"Y": y}))[0] == "L = Σ (x − Yᵀ)²"


def test_a_leaf_that_is_gone_or_was_overwritten_has_no_value_but_a_true_derivation(rng):
    y, x = rng.normal(size=4), leaf(rng, 4, name="x")
    loss = ((y - x) ** 2).sum()
    with ag.no_grad():
        x += 1
    overwritten = derive(loss, names={"y": y})
    del x
    gc.collect()
    gone = derive(loss, names={"y": y})
    for derivation in (overwritten, gone):
        assert "y − x" in derivation.text()
        assert inputs_of(derivation)["x"].value is None
        assert check_lines(derivation, rng) == 1


@pytest.mark.parametrize("frozen", [np.zeros(2), np.ones(2), np.array([1.0, -1.0])])
def test_a_constant_bias_is_there_whatever_its_values(rng, frozen):
    x, W = rng.normal(size=(4, 3)), leaf(rng, 2, 3)
    assert lines(derive(ag.linear(x, W, frozen).sum()))[0] == "Z = X Wᵀ + 1c₁ᵀ"
    assert lines(derive(ag.linear(x, W, frozen.copy()).sum()))[0] == "Z = X Wᵀ + 1c₁ᵀ"
    assert lines(derive(ag.linear(x, W).sum()))[0] == "Z = X Wᵀ"


def test_options_are_those_that_were_passed(rng):
    x = leaf(rng, 4, name="x")
    with_nan = ag.nan_to_num(x, nan=5.0)
    assert derive((with_nan**2).sum()).text().count("5.0") == 1
    assert "round(x, 1)" in derive((ag.round(x, 1) + x).sum()).text()


# -- what holds only at hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (lambda x, y: (x * y, x, y == 1), 1.0),
        (lambda x, y: (x * y, y, x == y), 1.0),
        (lambda x, y: (x * y, 0 * x, y == 0), 0.0),
        (lambda x, y: (x * y, x, y > -np.inf), 1.0),
    ],
)
def test_a_rewrite_that_holds_only_at_hand_is_not_used(rng, monkeypatch, row, value):
    rewrite = rewriting.Rewrite(row)
    monkeypatch.setitem(rewriting._by_function, rewrite.pattern.function, [rewrite])
    x, y = Tensor(np.full(3, value), requires_grad=True), np.full(3, value)
    loss = ag.exp(x * y).sum()
    derivation = derive(loss, {"x": x}, {"y": y})
    assert check_lines(derivation, rng) == 1
    assert "y" in inputs_of(derivation)


@pytest.mark.parametrize("guard", [lambda p: ag.maximum(p, 1e-8), lambda p: ag.clip(p, 1e-8, 1), lambda p: abs(p)])
def test_a_guard_of_the_user_is_part_of_the_definition(guard):
    p = Tensor([0.2, 0.3, 0.5], requires_grad=True, name="p")
    for loss in (guard(p).sum(), (guard(p) ** 2).sum(), ag.log(guard(p)).sum()):
        derivation = derive(loss)
        at = {"p": np.array([-0.2, -0.3, 0.5])}
        expected = guard(Tensor(at["p"])) if "ln" not in derivation["L"].formula else ag.log(guard(Tensor(at["p"])))
        power = 2 if "²" in derivation["L"].formula else 1
        close(dict(values_at(derivation.steps, at))["L"], (expected**power).sum().data, str(derivation))


def test_an_array_made_by_a_rule_from_labels_is_not_a_constant(rng):
    def counted(labels, x):
        return x[labels]

    def rule(g, labels, x_shape):
        return np.bincount(np.asarray(labels), minlength=x_shape[0]) * 1.0 * np.sum(g) / labels.size

    operation = ag.primitive(counted, x=rule)
    x, labels = leaf(rng, 3, name="x"), np.array([0, 1, 1, 2, 0, 0])
    formula = derive(operation(labels, x).sum(), names={"k": labels})["∂L/∂x"].formula
    assert "counted_pullback_x(k" in formula


def test_labels_that_are_all_equal(rng):
    W, X, labels = leaf(rng, 3, 4, name="W"), rng.normal(size=(5, 3)), np.full(5, 2)
    derivation = derive(ag.cross_entropy(X @ W, labels), names={"X": X, "k": labels})
    inputs = {"W": rng.normal(size=(3, 4)), "X": rng.normal(size=(5, 3)), "k": np.array([0, 1, 2, 3, 1])}
    assert check_lines(derivation, rng, inputs=inputs) == 1


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.ones((3, 3)), np.eye(3), np.full((3, 3), 0.5)])
def test_special_points(rng, values):
    A, B = (Tensor(values, requires_grad=True, name=name) for name in "AB")
    for loss in (((A @ B - B @ A) ** 2).sum(), (A * A.T).sum(), ag.sigmoid(A + B.T).sum(), ag.softmax(A * B).sum(),
                 ((A - B) * A).sum(), (ag.exp(A) * B / (1 + A * A)).sum()):  # fmt: skip
        inputs = {"A": rng.normal(size=(3, 3)), "B": rng.normal(size=(3, 3))}
        derivation = derive(loss)
        check_lines(derivation, rng, inputs={name: inputs[name] for name in inputs_of(derivation)})


@pytest.mark.parametrize("uplo", ["L", "U"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decompositions_are_functions_of_their_argument(rng, uplo, dtype):
    A = Tensor(rng.normal(size=(3, 3)).astype(dtype), requires_grad=True, name="A")
    w, v = ag.eigh(A + A.T, uplo)
    derivation = derive(((v * w) @ v.T * np.arange(9.0).reshape(3, 3).astype(dtype)).sum())
    assert "C" not in "".join(inputs_of(derivation)).replace("C", "", 1)  # only the weights
    values = dict(values_at(derivation.steps, {name: symbol.value for name, symbol in inputs_of(derivation).items()}))
    assert values["∂L/∂A"].shape == (3, 3)
    if dtype is np.float64:
        assert check_lines(derivation, rng) == 1


def test_normalization_is_a_function_of_its_argument(rng):
    x = leaf(rng, 6, 3, name="x")
    layer = nn.BatchNorm1d(3)
    derivation = derive((ag.tanh(layer(x)) * rng.normal(size=(6, 3))).sum())
    assert check_lines(derivation, rng) == 3


def test_a_detached_value_is_a_constant(rng):
    x = leaf(rng, 4, name="x")
    shift = x.detach().max()
    derivation = derive((ag.exp(x - shift) * x.detach()).sum())
    assert check_lines(derivation, rng) == 1


# -- common subexpressions ---------------------------------------------------------------------------------------------


def test_a_value_that_was_computed_twice_has_one_line(rng):
    X, y, w = rng.normal(size=(5, 3)), rng.normal(size=5), leaf(rng, 3)
    names = {"X": X, "y": y}
    derivation = derive(((X @ w - y) * (X @ w - y)).sum(), {"w": w}, names)
    assert lines(derivation) == lines(derive(((X @ w - y) ** 2).sum(), {"w": w}, names))
    assert check_lines(derivation, rng) == 1


def test_values_are_merged_only_if_all_of_their_operands_are_the_same(rng):
    x, a, b = leaf(rng, 4, name="x"), rng.normal(size=4), rng.normal(size=4)
    for one, other in [
        (ag.exp(x * a), ag.exp(x * b)),
        (ag.exp(x + a), ag.exp(x + a.copy())),
        (ag.exp(x + 1), ag.exp(x + 2)),
        (ag.exp(x[:3]), ag.exp(x[1:])),
        (ag.sum(x * x, keepdims=True), ag.sum(x * x)),
        (ag.exp(x[np.array([0, 1])]), ag.exp(x[np.array([1, 0])])),
        (nn.functional.dropout(x, 0.5, rng=0), nn.functional.dropout(x, 0.5, rng=1)),
    ]:
        derivation = derive((one * other).sum(), names={"a": a, "b": b})
        at = {name: a if symbol.value is None else symbol.value for name, symbol in inputs_of(derivation).items()}
        values = dict(values_at(derivation.steps, at))
        close(values["L"], (one * other).sum().data, str(derivation))


def test_an_occurrence_that_is_asked_for_is_not_merged(rng):
    X, w = rng.normal(size=(5, 3)), leaf(rng, 3)
    first, second = X @ w, X @ w
    loss = (first * second).sum()
    derivation = derive(loss, {"u": first, "v": second})
    assert derivation["∂L/∂u"].formula == "v"
    assert derivation["∂L/∂v"].formula == "u"


def test_an_operand_that_was_overwritten_in_between_is_two_symbols(rng):
    x, shift = leaf(rng, 4, name="x"), Tensor(rng.normal(size=4))
    first = x + shift
    with ag.no_grad():
        shift += 1
    derivation = derive((first * (x + shift)).sum(), names={"a": shift})
    assert {"c₁", "a"} <= inputs_of(derivation).keys()
    x_used = x + 1
    with ag.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="was changed in place after it was used, and was used again"):
        derive((x_used * (x + 2)).sum())


def test_a_function_of_the_user_is_never_merged(rng):
    drawn = iter((1.0, 2.0))
    noisy = ag.primitive(lambda x: x * next(drawn), name="noisy", x=lambda g: g)
    x = leaf(rng, 4, name="x")
    first, second = noisy(x), noisy(x)
    assert lines(derive((first * second).sum()))[:2] == ["U₁ = noisy(x)", "U₂ = noisy(x)"]


def test_several_results_that_were_computed_twice(rng):
    x = leaf(rng, 6, name="x")
    derivation = derive((ag.split(x, [2])[0] * ag.split(x, [2])[0]).sum())
    assert check_lines(derivation, rng) == 1
