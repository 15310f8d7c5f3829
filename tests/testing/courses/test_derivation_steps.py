"""check_steps: every right derivation passes, and of a derivation with a mistake exactly that line is called false."""

import itertools
import pickle
import warnings

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import (
    GradientMismatch,
    NotDifferentiableWarning,
    NotGeneralWarning,
    StepMismatch,
    check_steps,
)

RNG = np.random.default_rng(7)
X, Y, LABELS = RNG.normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]], np.array([0, 1, 1, 0, 1])
V, W, b, c = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=2), RNG.normal(size=4)


def name(tensor, text):
    if isinstance(tensor, al.Tensor):
        tensor.name = text
    return tensor


def perceptron(named):
    """A network of two layers with a softmax; its intermediate values have names or not."""

    def loss(X, V, c, W, b, Y):
        Z1 = X @ V + c
        A1 = np.tanh(name(Z1, "Z1") if named else Z1)
        Z2 = (name(A1, "A1") if named else A1) @ W + b
        P = al.softmax(name(Z2, "Z⁽²⁾") if named else Z2)
        return -(Y * np.log(name(P, "P") if named else P)).sum() / len(Y)

    return loss


VALUES = {
    "Z1": lambda X, V, c: X @ V + c,
    "A1": lambda Z1: np.tanh(Z1),
    "Z2": lambda A1, W, b: A1 @ W + b,
    "P": lambda Z2: np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True),
}
LOSS = {"L": lambda P, Y: -(Y * np.log(P)).sum() / len(Y)}
GRADIENTS = {
    "∂L/∂P": lambda P, Y: -Y / P / len(Y),
    "∂L/∂Z2": lambda P, Y: (P - Y) / len(Y),
    "dL/dW": lambda A1, dZ2: A1.T @ dZ2,
    "db": lambda dL_dZ2: dL_dZ2.sum(axis=0),
    "∇A1": lambda dZ2, W: dZ2 @ W.T,
    "dL_dZ1": lambda dA1, A1: dA1 * (1 - A1**2),
    "∂V": lambda X, dZ1: X.T @ dZ1,
    "grad c": lambda dZ1: dZ1.sum(axis=0),
}
INPUTS = (X, V, c, W, b, Y)
# How a derivative with respect to an intermediate value is found: by its name, from the lines, or by its numbers.
WAYS = {
    "named": (perceptron(named=True), VALUES | GRADIENTS),
    "lines": (perceptron(named=False), VALUES | LOSS | GRADIENTS),
    "both": (perceptron(named=True), VALUES | LOSS | GRADIENTS),
    "numbers": (perceptron(named=False), VALUES | GRADIENTS),
}


def doubled(formula):
    """The formula with a result that is twice as large, with the same parameters."""
    names = ", ".join(formula.__code__.co_varnames[: formula.__code__.co_argcount])
    return eval(f"lambda {names}: 2 * formula({names})", {"formula": formula})


def mismatch(fn, lines, *inputs, **options):
    with pytest.raises(StepMismatch) as caught:
        check_steps(fn, lines, *inputs, **options)
    return caught.value


def verdicts(lines):
    return {line.name: line.verdict for line in lines}


@pytest.mark.parametrize("way", WAYS)
def test_a_right_derivation_passes(way):
    fn, lines = WAYS[way]
    checked = check_steps(fn, lines, *INPUTS)
    assert checked.largest_error <= 1e-10
    assert set(verdicts(checked).values()) == ({"right", "occurs"} if way == "numbers" else {"right"})
    assert [line.shape for line in checked if line.name == "∂V"] == [V.shape]


CASES = [
    (way, line) for way, (_, lines) in WAYS.items() for line in lines if way in ("named", "both") or line not in VALUES
]
PAIRS = list(itertools.combinations(GRADIENTS, 2))
NEIGHBOURS = list(itertools.pairwise(GRADIENTS))


def default(cases, chosen):
    """Of the cases only those that are chosen run by default."""
    return [pytest.param(case, marks=[] if case in chosen else pytest.mark.exhaustive) for case in cases]


@pytest.mark.parametrize("case", default(CASES, [case for case in CASES if case[0] != "both"]), ids=" ".join)
def test_exactly_the_false_line_is_found(case):
    way, line = case
    fn, lines = WAYS[way]
    wrong = mismatch(fn, lines | {line: doubled(lines[line])}, *INPUTS)
    assert wrong.line == line
    assert [name for name, verdict in verdicts(wrong.lines).items() if verdict == "wrong"] == [line]
    assert "not checked" not in verdicts(wrong.lines).values() or line in LOSS
    np.testing.assert_allclose(wrong.actual, 2 * wrong.expected)
    if line in GRADIENTS:
        assert any("2 times too large" in finding.text for finding in wrong.findings)


@pytest.mark.parametrize("pair", default(PAIRS, NEIGHBOURS), ids=" ".join)
def test_a_second_mistake_is_found_too(pair):
    fn, lines = WAYS["lines"]
    wrong = mismatch(fn, lines | {line: doubled(lines[line]) for line in pair}, *INPUTS)
    assert wrong.line == pair[0]
    assert [name for name, verdict in verdicts(wrong.lines).items() if verdict == "wrong"] == list(pair)


def test_mistakes_that_cancel_are_found():
    """The last line has the right numbers, because the sign is wrong twice."""
    fn, lines = WAYS["named"]
    both = {"∂L/∂Z2": lambda P, Y: (Y - P) / len(Y), "db": lambda dZ2: -dZ2.sum(axis=0)}
    wrong = mismatch(fn, lines | both, *INPUTS)
    assert wrong.line == "∂L/∂Z2"
    assert verdicts(wrong.lines)["db"] == "wrong"
    assert verdicts(wrong.lines)["dL/dW"] == "right"


def test_the_message_says_what_is_right_before_and_after():
    fn, lines = WAYS["named"]
    message = str(mismatch(fn, lines | {"dL/dW": lambda A1, dZ2: (A1.T @ dZ2) / len(A1)}, *INPUTS))
    assert message.startswith("the line 'dL/dW' disagrees with the derivative of loss with respect to 'W'")
    assert "5 times too small" in message
    assert "Right before it: Z1, A1, Z2, P, ∂L/∂P, ∂L/∂Z2" in message
    assert "Right after it, given the right line: db, ∇A1, dL_dZ1, ∂V, grad c" in message


def test_a_wrong_intermediate_is_false_only_if_the_function_names_it():
    forgotten = {"Z2": lambda A1, W: A1 @ W}
    assert mismatch(WAYS["named"][0], WAYS["named"][1] | forgotten, *INPUTS).line == "Z2"
    wrong = mismatch(WAYS["lines"][0], WAYS["lines"][1] | forgotten, *INPUTS)
    assert wrong.line == "L"
    assert "a mistake there appears here: Z1, A1, Z2, P" in str(wrong)
    fn, lines = WAYS["numbers"]
    with pytest.raises(ValueError, match="this line, or one before it, is not what loss computes"):
        check_steps(fn, lines | forgotten, *INPUTS)
    lines = {name: formula for name, formula in lines.items() if name != "∂L/∂P"}
    wrong = mismatch(fn, lines | forgotten, *INPUTS)
    assert verdicts(wrong.lines)["Z2"] == "occurs"  # A1 @ W is a value of the function as well
    assert verdicts(wrong.lines)["P"] == "defined"
    assert wrong.line == "∂L/∂Z2"
    assert "a mistake there appears here: Z1, A1, Z2, P" in str(wrong)


def test_a_value_that_the_function_does_not_compute_is_a_definition():
    def loss(X, W, labels):
        return al.cross_entropy(X @ W, labels, reduction="sum")

    lines = {
        "Z": lambda X, W: X @ W,
        "P": lambda Z: al.softmax(Z),
        "Y": lambda labels: np.eye(2)[labels],
        "dZ": lambda P, Y: P - Y,
        "dW": lambda X, dZ: X.T @ dZ,
    }
    w = RNG.normal(size=(3, 2))
    checked = [line.verdict for line in check_steps(loss, lines, X, w, LABELS)]
    assert checked == ["occurs", "defined", "defined", "right", "right"]
    with pytest.raises(ValueError, match="the derivative with respect to 'P' cannot be checked"):
        check_steps(loss, lines | {"dP": lambda P, Y: -Y / P}, X, w, LABELS)


def test_jacobians_between_lines():
    def loss(z, y):
        return -(y * np.log(al.softmax(z))).sum()

    lines = {
        "s": lambda z: np.exp(z),
        "p": lambda s: s / s.sum(),
        "L": lambda p, y: -(y * np.log(p)).sum(),
        "∂L/∂p": lambda p, y: -y / p,
        "∂p/∂s": lambda p, s: (np.eye(len(s)) - p[:, None]) / s.sum(),
        "∂s/∂z": lambda s: s,
        "∂p/∂z": lambda dp_ds, ds_dz: dp_ds * ds_dz,
        "∂L/∂z": lambda dp, dp_dz: dp @ dp_dz,
    }
    z, y = RNG.normal(size=4), np.array([0.2, 0.5, 0.1, 0.2])
    assert set(verdicts(check_steps(loss, lines, z, y)).values()) == {"right"}
    for line in list(lines)[3:]:
        wrong = mismatch(loss, lines | {line: doubled(lines[line])}, z, y)
        assert [n for n, verdict in verdicts(wrong.lines).items() if verdict == "wrong"] == [line]
    assert mismatch(loss, lines | {"∂p/∂s": lambda p, s: (np.eye(len(s)) - p) / s.sum()}, z, y).line == "∂p/∂s"


def test_a_last_value_of_another_shape_is_not_the_loss():
    lines = {"u": lambda x: x**2, "∂u/∂x": lambda x: 2 * x}
    assert set(verdicts(check_steps(lambda x: (x**2).sum(), lines, X)).values()) == {"occurs", "right"}


def test_the_function_may_have_several_numbers():
    lines = {"z": lambda A, x: A @ x, "y": lambda z: np.tanh(z), "∂y/∂z": lambda y: 1 - y**2,
             "∂y/∂x": lambda A, dz: dz[:, None] * A}  # fmt: skip
    checked = check_steps(lambda A, x: np.tanh(A @ x), lines, X, V[:, 0])
    assert set(verdicts(checked).values()) == {"right"}
    lines["∂y/∂x"] = lambda A, dz: dz[:, None].T @ A
    assert mismatch(lambda A, x: np.tanh(A @ x), lines, X, V[:, 0]).line == "∂y/∂x"


def test_a_value_used_twice_gets_both_contributions():
    def fn(x):
        u = np.exp(x)
        return (u * np.sin(u)).sum()

    lines = {"u": lambda x: np.exp(x), "du": lambda u: np.sin(u) + u * np.cos(u), "dx": lambda du, u: du * u}
    assert check_steps(fn, lines, X).largest_error <= 1e-10
    assert mismatch(fn, lines | {"du": lambda u: np.sin(u)}, X).line == "du"


def test_a_value_computed_twice_gets_the_contributions_of_both():
    lines = {"u": lambda x: np.exp(x), "du": lambda u: np.sin(u) + u * np.cos(u)}
    assert check_steps(lambda x: (np.exp(x) * np.sin(np.exp(x))).sum(), lines, X).largest_error <= 1e-10


def test_values_with_equal_numbers_must_be_named():
    """x and x² are equal at 1, but the derivatives with respect to them are not."""
    lines = {"u": lambda x: np.ones_like(x), "du": lambda u: u}
    with pytest.raises(ValueError, match="computes several values with the numbers of 'u'"):
        check_steps(lambda x: ((x**2) ** 3).sum(), lines, np.ones(3))


def test_a_name_decides_between_equal_numbers():
    def fn(x):
        u = x**2
        u.name = "u"
        return (u**3).sum()

    assert check_steps(fn, {"u": lambda x: x**2, "du": lambda u: 3 * u**2}, np.ones(3)).largest_error <= 1e-10


def test_shapes_and_rules_of_tensors_with_several_results():
    def fn(A):
        values, _ = np.linalg.eigh(A)
        values.name = "λ"
        return (values**3).sum()

    A = X.T @ X
    lines = {"λ": lambda A: np.linalg.eigvalsh(A), "∂L/∂λ": lambda λ: 3 * λ**2, "dA": lambda A: 3 * A @ A}
    symmetric = {"constraints": {"A": "symmetric"}}
    assert check_steps(fn, lines, A, **symmetric).largest_error <= 1e-10
    assert mismatch(fn, lines | {"∂L/∂λ": lambda λ: λ**2}, A, **symmetric).line == "∂L/∂λ"


def test_later_lines_may_write_into_what_they_get():
    def spoiled(dZ2, W):
        dZ2 *= 2
        return dZ2 @ W.T / 2

    fn, lines = WAYS["named"]
    check_steps(fn, lines | {"∇A1": spoiled}, *INPUTS)


def test_lines_may_be_pairs_and_options_may_have_defaults():
    lines = [("y", lambda x, factor=2: factor * x), ("dx", lambda *, x: np.full_like(x, 2.0))]
    assert len(check_steps(lambda x: (2 * x).sum(), lines, X)) == 2


def test_the_loss_may_have_any_name():
    lines = {"S": lambda x: (x**2).sum(), "∂S/∂x": lambda x: 2 * x}
    assert set(verdicts(check_steps(lambda x: (x**2).sum(), lines, X)).values()) == {"right"}
    assert mismatch(lambda x: (x**2).mean(), {"S": lines["S"], "dx": lambda x: 2 * x / 15}, X, loss="S").line == "S"


def test_a_value_with_the_name_of_a_loss_may_be_an_intermediate_one():
    lines = {"E": lambda x: np.exp(x), "dL/dE": lambda E: 2 * E, "dx": lambda E, dE: dE * E}
    assert [line.verdict for line in check_steps(lambda x: (np.exp(x) ** 2).sum(), lines, X)][1:] == ["right", "right"]


def test_it_is_a_mismatch_and_can_be_pickled():
    fn, lines = WAYS["named"]
    wrong = mismatch(fn, lines | {"db": lambda dZ2: dZ2.mean(axis=0)}, *INPUTS)
    assert isinstance(wrong, GradientMismatch)
    assert wrong.argument == "b"
    again = pickle.loads(pickle.dumps(wrong))
    assert (str(again), again.lines, again.line) == (str(wrong), wrong.lines, "db")


def square(x):
    return (x**2).sum()


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (3, TypeError, "the lines must be a dict of names to functions, not 3"),
        ({}, TypeError, "the lines must be a dict of names to functions"),
        ({3: square}, TypeError, "the name of a line must be a string, not 3"),
        ({"": square}, ValueError, "must be a Python name, apart from signs, not ''"),
        ({"lambda": square}, ValueError, "must be a Python name, apart from signs, not 'lambda'"),
        ({"z": 3}, TypeError, "the line 'z' must be a function, not 3"),
        ({"z": max}, TypeError, "the line 'z' has no named parameters; write a lambda around"),
        ({"z": lambda *x: x}, TypeError, r"the line 'z' must name what it takes, not \*x"),
        ({"z": lambda q: q}, ValueError, "the line 'z' takes 'q', which is neither an input nor an earlier line"),
        ({"dx": lambda dz: dz}, ValueError, "the line 'dx' takes 'dz', which is neither"),
        ({"x": lambda x: x}, ValueError, "the line 'x' means x, a name that is already taken"),
        ({"Z₁": square, "Z1": square}, ValueError, "the line 'Z1' means Z1, a name that is already taken"),
        ({"dx": lambda x: 2 * x, "∂L/∂x": lambda x: 2 * x}, ValueError, "the line '∂L/∂x' means dx, a name that is"),
        ({"∂L/∂q": square}, ValueError, "the line '∂L/∂q' differentiates with respect to 'q', which is neither"),
        ({"∂L/∂x": lambda x: 2 * x, "∂M/∂x": square}, ValueError, "derivatives of 'M', which is no line"),
        ({"u": lambda x: np.cosh(x), "du": lambda u: u}, ValueError, "with respect to 'u' cannot be checked"),
    ],
)  # fmt: skip
def test_lines_without_meaning(lines, error, message):
    with pytest.raises(error, match=message):
        check_steps(square, lines, X)


def test_the_line_that_raises_is_named():
    with pytest.raises(ZeroDivisionError) as caught:
        check_steps(square, {"z": lambda x: x, "dx": lambda z: 1 // 0}, X)
    assert "raised by the line 'dx'" in caught.value.__notes__
    with pytest.raises(TypeError, match="the line 'dx' returned None"):
        check_steps(square, {"dx": lambda x: None}, X)
    with pytest.raises(TypeError, match="the line 'u' returned str"):
        check_steps(square, {"u": lambda x: "abc"}, X)


def test_a_line_that_is_right_only_for_special_inputs_is_named():
    """The bias is zero in the given inputs, so that the line is right with its numbers."""
    lines = {"dW": lambda X, W: 2 * X.T @ (X @ W)}
    with pytest.raises(StepMismatch, match="the line 'dW' disagrees with the derivative of fn with respect to 'W'"):
        check_steps(lambda X, W, b: ((X @ W + b) ** 2).sum(), lines, X, RNG.normal(size=(3, 2)), np.zeros(2))


def test_an_explanation_is_about_the_false_line():
    """A change of a right line before it would make its numbers right too."""
    fn, lines = WAYS["named"]
    for line in ("dL/dW", "∇A1", "∂V"):
        wrong = mismatch(fn, lines | {line: doubled(lines[line])}, *INPUTS)
        assert not any("P - Y" in str(finding) or "A1**2" in str(finding) for finding in wrong.findings)


def test_the_page_of_a_notebook_has_the_verdicts_and_the_derivation():
    fn, lines = WAYS["named"]
    page = mismatch(fn, lines | {"dL/dW": lambda A1, dZ2: A1.T @ dZ2 / 5}, *INPUTS)._repr_html_()
    assert "Right before it: Z1, A1, Z2, P, ∂L/∂P, ∂L/∂Z2" in page
    assert r"\frac{\partial L}{\partial W}" in page


def test_steps_of_a_loop_are_lines_of_their_own():
    """Back-propagation through time: each use of the weights contributes."""

    def loss(W, U, x, h0):
        h = h0
        for t in range(3):
            h = np.tanh(W @ h + U @ x[t])
        return (h**2).sum()

    def through_time(dh1, dh2, dh3, h0, h1, h2, h3):
        pairs = ((dh1, h1, h0), (dh2, h2, h1), (dh3, h3, h2))
        return sum(np.outer(dh * (1 - h**2), before) for dh, h, before in pairs)

    lines = {
        "h₁": lambda W, U, x, h0: np.tanh(W @ h0 + U @ x[0]),
        "h₂": lambda W, U, x, h1: np.tanh(W @ h1 + U @ x[1]),
        "h₃": lambda W, U, x, h2: np.tanh(W @ h2 + U @ x[2]),
        "∂L/∂h₃": lambda h3: 2 * h3,
        "∂L/∂h₂": lambda W, dh3, h3: W.T @ (dh3 * (1 - h3**2)),
        "∂L/∂h₁": lambda W, dh2, h2: W.T @ (dh2 * (1 - h2**2)),
        "∂L/∂W": through_time,
    }
    inputs = RNG.normal(size=(2, 2)), RNG.normal(size=(2, 2)), RNG.normal(size=(3, 2)), RNG.normal(size=2)
    assert {line.verdict for line in check_steps(loss, lines, *inputs)[3:]} == {"right"}
    last = {"∂L/∂W": lambda dh3, h2, h3: np.outer(dh3 * (1 - h3**2), h2)}
    assert mismatch(loss, lines | last, *inputs).line == "∂L/∂W"
    wrong = {"∂L/∂h₂": lambda W, dh3, h3: W @ (dh3 * (1 - h3**2))}
    assert mismatch(loss, lines | wrong, *inputs).line == "∂L/∂h₂"


def test_a_normalization_line_by_line():
    """A value that is used twice, once through its own mean and variance."""

    def loss(X, g, T):
        centred = X - X.mean(axis=1, keepdims=True)
        return ((g * centred / np.sqrt((centred**2).mean(axis=1, keepdims=True)) - T) ** 2).sum()

    lines = {
        "D": lambda X: X - X.mean(axis=1, keepdims=True),
        "s": lambda D: np.sqrt((D**2).mean(axis=1, keepdims=True)),
        "H": lambda D, s: D / s,
        "dg": lambda g, H, T: (2 * (g * H - T) * H).sum(axis=0),
        "ds": lambda g, D, s, T: -(2 * (g * D / s - T) * g * D).sum(axis=1, keepdims=True) / s**2,
        "dD": lambda g, D, s, T, ds: 2 * (g * D / s - T) * g / s + ds * D / (s * D.shape[1]),
        "dX": lambda dD: dD - dD.mean(axis=1, keepdims=True),
    }
    inputs = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=(4, 3))
    assert {line.verdict for line in check_steps(loss, lines, *inputs)[3:]} == {"right"}
    held_constant = {"dD": lambda g, D, s, T: 2 * (g * D / s - T) * g / s}
    wrong = mismatch(loss, lines | held_constant, *inputs)
    assert wrong.line == "dD"
    assert verdicts(wrong.lines)["dX"] == "right"


@pytest.mark.parametrize("with_loss", [True, False])
def test_any_one_sided_derivative_of_an_intermediate_value_is_right(with_loss):
    """Z is exactly 0 at two places, where relu has a kink."""
    x, w = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), np.array([[1.0, -1.0], [0.5, 0.0]])
    c = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    def loss(w, x):
        return (al.relu(x @ w) * c).sum()

    lines = {"Z": lambda w, x: x @ w, "A": lambda Z: np.maximum(Z, 0), "L": lambda A: (A * c).sum(), "dA": lambda: c}
    lines = lines if with_loss else {name: line for name, line in lines.items() if name != "L"}
    for mask in (lambda Z: Z > 0, lambda Z: Z >= 0, lambda Z: 0.5 * (Z > 0) + 0.5 * (Z >= 0)):
        with warnings.catch_warnings(record=True) as noticed:
            warnings.simplefilter("always")
            checked = check_steps(loss, lines | {"dZ": lambda Z, dA, mask=mask: dA * mask(Z)}, w, x)
        assert verdicts(checked)["dZ"] == "right"
        assert [item.category for item in noticed] in ([], [NotDifferentiableWarning])
    assert noticed
    for mask in (lambda Z: (Z > 0) + 2.0 * (Z == 0), lambda Z: (Z > 0) - 0.1 * (Z == 0), lambda Z: 1.0):
        assert mismatch(loss, lines | {"dZ": lambda Z, dA, mask=mask: dA * mask(Z)}, w, x).line == "dZ"


def test_a_condition_is_named_for_the_first_line_that_needs_it():
    """S is symmetric, and stands where its transpose belongs; the second line only uses the first."""

    def loss(S, x, V):
        return ((S @ (V @ x)) ** 2).sum()

    lines = {
        "u": lambda V, x: V @ x,
        "∂L/∂u": lambda S, u: 2 * S @ S @ u,
        "∂L/∂V": lambda du, x: np.outer(du, x),
        "∂L/∂x": lambda V, du: V.T @ du,
    }
    inputs = X.T @ X, RNG.normal(size=2), RNG.normal(size=(3, 2))
    with pytest.warns(NotGeneralWarning, match="the line '∂L/∂u' is right here, but not in general") as noticed:
        check_steps(loss, lines, *inputs)
    assert len(noticed) == 1
    assert noticed[0].filename == __file__
