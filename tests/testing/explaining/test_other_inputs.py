"""What is said of a mistake is true at all inputs: other numbers, other lengths of the axes, other integers."""

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, check_closed_form, find_counterexample, strategies
from autograd_lite.testing.comparing.inputs import read_inputs
from autograd_lite.testing.generic.other_lengths import OtherLengths


def squares(w, X, y):
    return ((X @ w - y) ** 2).sum()


def average(w, X, y):
    return ((X @ w - y) ** 2).mean()


def ridge(w, X, y, c):
    return ((X @ w - y) ** 2).mean() + c * (w @ w)


def logistic(w, X, y):
    p = 1 / (1 + np.exp(-(X @ w)))
    return ((p - y) ** 2).sum() / 2


# Function, wrong formula, and a piece of a sentence that is true at all lengths.
MISTAKES = {
    "no factor 2": (squares, lambda w, X, y: X.T @ (X @ w - y), "2 times too small"),
    "no y": (squares, lambda w, X, y: 2 * X.T @ (X @ w), "y is left out"),
    "no mean": (average, lambda w, X, y: 2 * X.T @ (X @ w - y), "a sum where a mean belongs"),
    "mean over the features": (
        average,
        lambda w, X, y: 2 * X.T @ (X @ w - y) / len(w),
        "len(w) stands where the length",
    ),
    "one sample less": (average, lambda w, X, y: 2 * X.T @ (X @ w - y) / (len(y) - 1), "N − 1 stands where N belongs"),
    "penalty averaged": (
        ridge,
        lambda w, X, y, c: (2 * X.T @ (X @ w - y) + 2 * c * w) / len(y),
        "the term 2 * c * w is too small by the factor N, which is the length of axis 0 of 'X'",
    ),
    "loss not averaged": (ridge, lambda w, X, y, c: 2 * X.T @ (X @ w - y) + 2 * c * w, "a sum where a mean belongs"),
    "no slope": (logistic, lambda w, X, y: X.T @ (1 / (1 + np.exp(-(X @ w))) - y), "the factor"),
    "half of the slope": (
        logistic,
        lambda w, X, y: X.T @ ((p := 1 / (1 + np.exp(-(X @ w)))) * (p - y)),
        "the factor 1 − p is missing",
    ),
}
# Lengths that coincide, lengths of one and two, where a sum is a mean and 2 is a length, and lengths that differ.
LENGTHS = [(6, 3), (2, 2), (2, 3), (1, 2), (5, 1), (3, 3)]


def drawn(fn, n, d):
    rng = np.random.default_rng(n + 10 * d)
    inputs = [rng.normal(size=d), rng.normal(size=(n, d)), rng.normal(size=n)]
    return [*inputs, 0.7] if fn is ridge else inputs


def explained(fn, formula, *inputs, **options):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(fn, formula, *inputs, **options)
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize("name", MISTAKES)
def test_an_explanation_does_not_depend_on_the_lengths_of_axes(name):
    fn, formula, sentence = MISTAKES[name]
    for n, d in LENGTHS:
        inputs = drawn(fn, n, d)
        right = al.grad(fn)(*inputs)
        with np.errstate(all="ignore"):
            claim = formula(*inputs)
        if not np.isfinite(claim).all() or np.allclose(claim, right):
            continue  # one sample is its own mean
        texts = explained(fn, formula, *inputs)
        assert any(sentence in text for text in texts), ((n, d), texts)
        assert not any("must be" in text or "one too many" in text or "only" in text for text in texts), ((n, d), texts)


def inputs_of(fn):
    lengths = st.tuples(st.integers(1, 4), st.integers(1, 4))

    def draw(n, d):
        arrays = [strategies.arrays((d,)), strategies.arrays((n, d)), strategies.arrays((n,))]
        return st.tuples(*arrays, *([st.floats(0.5, 2.0)] if fn is ridge else []))

    return lengths.flatmap(lambda pair: draw(*pair))


@pytest.mark.parametrize("name", [name for name in MISTAKES if name != "one sample less"])  # it is not finite
def test_the_smallest_counterexample_is_explained_by_what_holds_for_larger_ones(name):
    fn, formula, sentence = MISTAKES[name]
    found = find_counterexample(fn, formula, inputs_of(fn))
    texts = [str(finding) for finding in found.findings]
    assert any(sentence in text for text in texts), texts
    assert not any("zero" in text or "must be" in text or "one too many" in text for text in texts), texts


def test_a_search_of_a_formula_for_symmetric_matrices_says_so():
    matrices = st.integers(1, 4).flatmap(lambda n: st.tuples(strategies.arrays((n,)), strategies.arrays((n, n))))
    found = find_counterexample(lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, matrices)
    assert not (2 * found.inputs[1] @ found.inputs[0]).any()  # where the formula is zero
    assert "symmetric" in found.findings[0].text


def test_a_search_draws_different_numbers_of_arguments():
    several = st.integers(1, 3).flatmap(lambda n: st.tuples(*[strategies.arrays((2,))] * n))
    found = find_counterexample(lambda *xs: sum((x**2).sum() for x in xs), lambda *xs: xs[0], several)
    assert "2 times too small" in found.findings[0].text


def test_a_formula_of_zeros_is_called_zero():
    assert "zero everywhere" in explained(squares, lambda w, X, y: 0 * w, *drawn(squares, 4, 2))[0]


def test_what_holds_for_the_given_lengths_only_says_so():
    """The formula has a length of its own, 6, and a second mistake."""
    texts = explained(average, lambda w, X, y: -2 * X.T @ (X @ w - y) / 6, *drawn(average, 6, 3))
    assert texts == ["the sign is flipped; this holds for the given lengths of the axes only"]


PREFACTORS = {
    "an axis of another array": lambda w, X, y: 2 / len(w) * X.T @ (X @ w - y),
    "another axis": lambda w, X, y: 2 / X.shape[1] * X.T @ (X @ w - y),
    "a number": lambda w, X, y: 2 / 5 * X.T @ (X @ w - y),
    "one sample less": lambda w, X, y: 2 / max(len(y) - 1, 1) * X.T @ (X @ w - y),
}


CASES = [
    (name, shape)
    for name in PREFACTORS
    for shape in [(1, 3), (3, 1), (4, 3), (6, 2)]
    if (name, shape[0]) != ("one sample less", 1)  # there it is right
]


@pytest.mark.parametrize(("name", "shape"), CASES, ids=str)
def test_a_wrong_number_before_a_product_is_explained_by_a_length(name, shape):
    """N and D have the ratio of two lengths, or one of them is 1: neither is the factor by which it is wrong."""
    texts = explained(average, PREFACTORS[name], *drawn(average, *shape))
    assert any("must be 2 divided by the length of axis 0 of X" in text for text in texts[:2]), texts
    assert not any("only" in text or "equal length" in text for text in texts), texts


@pytest.mark.parametrize("name", PREFACTORS)
def test_a_search_explains_a_wrong_number_before_a_product(name):
    found = find_counterexample(average, PREFACTORS[name], inputs_of(average))
    assert "must be 2 divided by the length of axis 0 of X" in str(found.findings[0])


def reconstruction(W, X):
    return ((X - X @ W @ W.T) ** 2).sum() / len(X)


@pytest.mark.parametrize("shape", [(3, 1, 1), (2, 1, 1), (3, 2, 2), (3, 2, 1)], ids=str)
def test_axes_of_length_one_are_not_said_to_be_of_any_length(shape):
    """One of two terms is missing; at D = K = 1 both are the same number, and the formula is half of the derivative."""
    rng = np.random.default_rng(1)
    texts = explained(
        reconstruction,
        lambda W, X: -2 / len(X) * (X.T @ (X - X @ W @ W.T) @ W),
        rng.normal(size=shape[1:]),
        rng.normal(size=shape[:2]),
    )
    assert texts
    for text in texts:
        assert "W.T" in text or "for the given lengths of the axes only" in text, texts


def of_three_classes(w, X, y, c):
    """The negative log-likelihood of ordinal classes 0, 1 and 2 with two cut points."""
    up, low = (
        1 / (1 + np.exp(X @ w - c[cut(y)])) for cut in (lambda y: np.minimum(y, 1), lambda y: np.maximum(y - 1, 0))
    )
    return -np.log(np.where(y == 0, up, np.where(y == 2, 1 - low, up - low))).mean()


def sum_of_three_classes(w, X, y, c, last=True):
    up, low = (1 / (1 + np.exp(X @ w - c[cut])) for cut in (np.minimum(y, 1), np.maximum(y - 1, 0)))
    middle = 1 - up - low
    return X.T @ np.where(y == 0, 1 - up, np.where(y == 2, -low, middle) if last else middle)


CLASSES = {
    "no last class": lambda w, X, y, c: sum_of_three_classes(w, X, y, c, last=False) / len(y),
    "number of classes": lambda w, X, y, c: sum_of_three_classes(w, X, y, c) / 3,
    "number of cuts": lambda w, X, y, c: sum_of_three_classes(w, X, y, c) / len(c),
}


WRONG = [
    pytest.param(name, labels, marks=[pytest.mark.exhaustive] if labels in ([1], [2, 2], [0, 1, 2]) else [])
    for name in CLASSES
    for labels in ([2], [1], [2, 2], [2, 0, 2], [1, 1, 1, 1], [0, 1, 2])
    if name != "no last class" or 2 in labels
    if (name, len(labels)) not in (("number of classes", 3), ("number of cuts", 2))
]


@pytest.mark.parametrize(("name", "labels"), WRONG, ids=str)
def test_an_explanation_that_is_false_for_other_labels_or_numbers_of_samples_is_not_said(name, labels):
    """Without 1 − up the last class would be right, and the middle one wrong; 3 is N − 1 for four samples."""
    rng, cuts = np.random.default_rng(0), np.array([-0.4, 0.9])
    X, w, y = rng.normal(size=(len(labels), 2)), rng.normal(size=2), np.array(labels)
    right = lambda w, X, y, c: sum_of_three_classes(w, X, y, c) / len(y)  # noqa: E731
    check_closed_form(of_three_classes, right, w, X, y, cuts)
    texts = explained(of_three_classes, CLASSES[name], w, X, y, cuts)
    assert not any("one too" in text for text in texts), texts
    assert name == "no last class" or "stands where the length of axis 0 of X belongs" in texts[0], texts


@pytest.mark.parametrize("n", [1, 3, 4])
def test_what_holds_for_the_given_integer_only_is_not_said_of_others(n):
    """The power of x that is missing is its square for n = 3, and its cube for n = 4."""
    x = np.array([1.5, 0.7, 2.0, 1.1])
    texts = explained(lambda x, n: (x**n).sum(), lambda x, n: n * x, x, n)
    assert not any("exponent" in text and "for the given integers only" not in text for text in texts)


@pytest.mark.parametrize("label", [0, 1, 3])
def test_a_single_class_number_is_a_label_only_if_other_numbers_are(label):
    T, a = np.random.default_rng(label).normal(size=(4, 3)), np.array([0.4, -1.2, 0.9])
    loss = lambda T, a, y: al.cross_entropy(T @ a, y)  # noqa: E731
    p = lambda T, a: al.softmax(T @ a)  # noqa: E731
    texts = explained(loss, lambda T, a, y: np.outer(p(T, a), a), T, a, label)
    assert texts == ["it is right only outside the label 'y'"]

    row = label

    def wrong_in_a_row(T, a, y):
        claim = np.outer(p(T, a) - np.eye(4)[y], a)
        claim[row] *= 3  # whatever the label is
        return claim

    assert not any("the label" in text for text in explained(loss, wrong_in_a_row, T, a, label))


# -- axes that are tied ------------------------------------------------------------------------------------------------

TIES = {
    "matrix and vectors": (lambda w, X, y: X @ w - y, [(3,), (3, 3), (3,)], {("w", 0, "X", 1), ("X", 0, "y", 0)}),
    "all different": (lambda a, b: a.sum() * b.sum(), [(2, 2), (2,)], set()),
    "one sample": (lambda w, X, y: X @ w - y, [(2,), (1, 2), (1,)], {("w", 0, "X", 1), ("X", 0, "y", 0)}),
    "square": (lambda x, A: x @ A @ x, [(2,), (2, 2)], {("x", 0, "A", 0), ("x", 0, "A", 1)}),
    "batches": (
        lambda A, B: A @ B,
        [(2, 2, 2), (2, 2, 2)],
        {("A", 0, "B", 0), ("A", 2, "B", 1)},
    ),
}


@pytest.mark.parametrize("name", TIES)
def test_axes_have_equal_lengths_only_if_they_are_tied(name):
    fn, shapes, ties = TIES[name]
    names = fn.__code__.co_varnames[: len(shapes)]
    rng = np.random.default_rng(0)
    given = read_inputs(fn, [rng.normal(size=shape) for shape in shapes])

    def accepts(inputs):
        try:
            return np.ndim(fn(*inputs.values)) == np.ndim(fn(*given.values))
        except ValueError:
            return False

    found = list(OtherLengths(given, accepts, {}, rng).draw(2))
    assert len(found) > 2  # the same two, with other numbers
    for inputs in found:
        lengths = {
            (n, k): length for n, v in zip(names, inputs.values, strict=True) for k, length in enumerate(v.shape)
        }
        groups = {axis: {axis} for axis in lengths}
        for a, i, b, j in ties:
            joined = groups[a, i] | groups[b, j]
            for axis in joined:
                groups[axis] = joined
        for axis, group in groups.items():
            assert {other for other in lengths if lengths[other] == lengths[axis]} == group
        assert not {n for v in given.values for n in v.shape} & set(lengths.values())
        before = {(n, k): m for n, v in zip(names, given.values, strict=True) for k, m in enumerate(v.shape)}
        for a, b in itertools.combinations(lengths, 2):
            if before[a] != before[b]:  # neither their ratio nor their difference is the given one
                assert lengths[a] * before[b] != lengths[b] * before[a]
                assert lengths[a] - lengths[b] != before[a] - before[b]
