"""GradientMismatch: an assertion with all its facts, a message to act on, and no more than that."""

import html.parser
import pickle
import re

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import Finding, GradientMismatch, check_closed_form

X = np.array([[1.0, -2.0], [0.5, 4.0]])


def caught(closed_form, fn=lambda x: (x**2).sum(), *inputs, **options):
    with pytest.raises(GradientMismatch) as error:
        check_closed_form(fn, closed_form, *(inputs or (X,)), **options)
    return error.value


def test_it_has_the_facts():
    wrong = caught(lambda x: 2 * x + [[0, 0], [0, 1.5]])
    assert isinstance(wrong, AssertionError)
    assert wrong.argument == "x"
    assert wrong.index == (1, 1)
    assert (wrong.actual_value, wrong.expected_value) == (9.5, 8.0)
    assert wrong.absolute_error == 1.5
    assert wrong.relative_error == pytest.approx(1.5 / 9.5)
    assert wrong.actual_shape == wrong.expected_shape == (2, 2)
    assert (wrong.expected == 2 * X).all()
    assert wrong.tolerance == pytest.approx(8e-10, rel=0.01)
    assert not wrong.is_shape_error
    assert all(isinstance(finding, Finding) for finding in wrong.findings)


def test_wrong_shape_has_no_numbers():
    wrong = caught(lambda x: x[:, 0])
    assert wrong.is_shape_error
    assert (wrong.actual_shape, wrong.expected_shape) == ((2,), (2, 2))
    assert wrong.index is wrong.actual_value is wrong.relative_error is None
    assert "wrong shape: (2,), expected (2, 2)" in str(wrong)


def test_message_can_be_acted_on():
    message = str(caught(lambda x: 2 * x.T))
    assert message.startswith("closed_form disagrees with the derivative of fn with respect to 'x'\n")
    assert "largest difference at [0, 1]: 1.0, expected -4.0" in message
    assert "2 of 4 elements differ, shape (2, 2)" in message
    assert "1. it is the transpose of the expected array" in message


def test_message_calls_functions_by_their_names():
    def loss(weights):
        return (weights**2).sum()

    def my_gradient(weights):
        return weights

    wrong = caught(my_gradient, loss, X)
    assert str(wrong).startswith("my_gradient disagrees with the derivative of loss with respect to 'weights'")


def test_jacobians_and_values_are_called_so():
    assert "the Jacobian of softmax" in str(caught(lambda x: x, al.softmax, X[0]))
    wrong = caught(lambda x: x, al.softmax, X[0], wrt=None)
    assert "the value of softmax" in str(wrong)
    assert wrong.argument is None


def test_second_of_several_arguments_is_named():
    wrong = caught(lambda x, y: (y, -x), lambda x, y: (x * y).sum(), X, X + 1, wrt=("x", "y"))
    assert wrong.argument == "y"


def test_long_arrays_are_abbreviated_and_long_lists_cut():
    x = np.random.default_rng(0).normal(size=(100, 50))
    assert len(str(caught(lambda x: np.cos(x**2), lambda x: (x**2).sum(), x))) < 2000


def test_it_can_be_pickled():
    wrong = caught(lambda x: x)
    again = pickle.loads(pickle.dumps(wrong))
    assert str(again) == str(wrong)
    assert again.findings == wrong.findings


# -- the derivation ------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(1)
FEATURES, TARGETS = RNG.normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
WEIGHTS, BIASES = RNG.normal(size=(3, 2)), RNG.normal(size=2)


def regression(W, b, X, Y):
    return al.cross_entropy(X @ W + b, Y, reduction="sum")


def test_it_has_the_derivation_in_the_names_of_the_inputs():
    wrong = caught(lambda W, b, X, Y: W, regression, WEIGHTS, BIASES, FEATURES, TARGETS)
    assert wrong.derivation["Z"].formula == "X W + 1bᵀ"
    assert wrong.derivation["∂L/∂W"].formula == "Xᵀ(P − Y)"
    assert wrong.derivation is wrong.derivation
    wrong = caught(lambda W, b, X, Y: b, regression, WEIGHTS, BIASES, FEATURES, TARGETS, wrt="b")
    assert wrong.derivation["∂L/∂b"].formula == "1ᵀ(P − Y)"
    assert "∂L/∂W" not in str(wrong.derivation)


def test_it_has_no_derivation_of_a_jacobian_or_a_value():
    assert caught(lambda x: x, al.softmax, X[0]).derivation is None
    assert caught(lambda x: x, al.softmax, X[0], wrt=None).derivation is None


def test_a_function_that_needs_numbers_has_a_derivation_too():
    def fn(x, n):
        return (x ** float(n)).sum()

    wrong = caught(lambda x, n: x, fn, X + 3, 2.0)
    assert wrong.derivation["∂L/∂x"].formula == "2 x"


def test_the_derivation_is_not_pickled():
    wrong = caught(lambda x: x)
    assert wrong.derivation is not None
    assert pickle.loads(pickle.dumps(wrong)).derivation is None


# -- in a notebook -------------------------------------------------------------------------------------------------


class _Page(html.parser.HTMLParser):
    """The cells of each table with their styles, and all texts; every tag must be closed."""

    def __init__(self, page):
        super().__init__()
        self.tables, self.texts, self._open = [], [], []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag == "td":
            self.tables[-1][-1].append(["", dict(attributes)["style"], dict(attributes).get("title")])

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self._open and self._open[-1] == "td":
            self.tables[-1][-1][-1][0] += data


def test_the_page_shows_both_arrays_coloured_by_the_error():
    wrong = caught(lambda x: 2 * x + [[0, 0], [0.5, 1.5]])
    formula, right = _Page(wrong._repr_html_()).tables
    assert [[cell[0] for cell in row] for row in formula] == [["2", "−4"], ["1.5", "9.5"]]
    assert [[cell[0] for cell in row] for row in right] == [["2", "−4"], ["1", "8"]]
    colours = [cell[1].split("background:")[1] for row in formula for cell in row]
    assert colours == [cell[1].split("background:")[1] for row in right for cell in row]
    assert colours[0] == colours[1]
    assert [colour.split(";")[0] for colour in colours[2:]] == ["rgba(220,50,50,0.40)", "rgba(220,50,50,0.80)"]
    assert formula[1][1][2] == "[1, 1]: 9.5"


def test_the_page_has_the_explanations_and_the_derivation():
    wrong = caught(
        lambda W, b, X, Y: -X.T @ (al.softmax(X @ W + b) - Y), regression, WEIGHTS, BIASES, FEATURES, TARGETS
    )
    text = "".join(_Page(wrong._repr_html_()).texts)
    assert "the sign is flipped" in text
    assert r"\frac{\partial L}{\partial W} &= {X}^{\top}" in text
    assert text.count("$$") == 2


@pytest.mark.parametrize("shape", [(), (1,), (40,), (7, 30), (2, 3, 4), (30, 20, 2), (0, 3), (3, 0)])
def test_the_page_has_any_shape_and_few_cells(shape):
    arrays = RNG.normal(size=(2, *shape))
    wrong = GradientMismatch("a", "b", "x", *arrays, 1e-9) if 0 not in shape else GradientMismatch(
        "a", "b", "x", arrays[0], np.ones((2, 2)), 1e-9)  # fmt: skip
    tables = _Page(wrong._repr_html_()).tables
    assert len(tables) == 2
    assert all(len(row) <= 11 for table in tables for row in table)
    assert all(len(table) <= 11 for table in tables)
    assert len({len(row) for row in tables[0]}) <= 1


def test_the_page_shows_infinite_numbers_and_wrong_shapes():
    page = _Page(GradientMismatch("a", "b", "x", np.array([np.inf, np.nan, 1.0]), np.ones(3), 1e-9)._repr_html_())
    assert [cell[0] for cell in page.tables[0][0]] == ["inf", "nan", "1"]
    page = _Page(caught(lambda x: x[:, 0])._repr_html_())
    assert "wrong shape: (2,), expected (2, 2)" in "".join(page.texts)


def test_what_users_name_is_escaped():
    def loss(x):
        return (x**2).sum()

    loss.__name__ = "<script>alert(1)</script>"
    evil = GradientMismatch("<b>&", "'\"<i>", "<x>", X, X + 1, 1e-9, [Finding("k", "<u>text</u>")])
    for wrong in (evil, caught(lambda x: x, loss)):
        page = wrong._repr_html_()
        assert not re.search("<(script|b>&|i|u|x)\\b", page.replace("<p><b>", ""))
        _Page(page)
    assert "<script>alert(1)</script>" in "".join(_Page(caught(lambda x: x, loss)._repr_html_()).texts)


def test_an_explanation_is_given_once_with_its_place_in_the_code():
    def loss(p, t):
        return -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum()

    def gradient(p, t):
        return -t / p - (1 - t) / (1 - p)

    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(loss, gradient, np.array([0.3, 0.4, 0.8, 0.7]), np.array([1.0, 0.0, 1.0, 0.0]))
    signs = [finding.text for finding in caught.value.findings if finding.text.startswith("the sign of")]
    assert signs == ["the sign of (1 - t) / (1 - p) is wrong, in `-t / p - (1 - t) / (1 - p)`"]
