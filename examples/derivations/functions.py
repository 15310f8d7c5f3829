"""D01 to D05, D09, D12 to D14: activations, losses and the chain rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite.testing import strategies as inputs
from derivations.catalogue import Check, Statement
from derivations.inputs import PAIR, binary, predictions, quadratic_form, two_maps, vectors
from derivations.plain import sigma, softmax

ROWS, COLUMNS, ANY = "one sample per row", "one sample per column", "any shape"
ONE = "one sample"

D01 = Statement(
    "D01",
    "logistic sigmoid",
    r"\sigma(s) = \frac{1}{1 + e^{-s}}, \qquad \sigma'(s) = \sigma(s)\,(1 - \sigma(s))",
    "B, C",
    (
        Check(al.sigmoid, lambda s: sigma(s) * (1 - sigma(s)), (inputs.arrays(),), layout=ANY),
        Check(lambda s: 1 / (1 + al.exp(-s)), lambda s: sigma(s) * (1 - sigma(s)), (inputs.arrays(),), layout=ANY),
        Check(al.sigmoid, lambda s: 1 / (1 + np.exp(-s)), (inputs.arrays(),), wrt=None, layout=ANY),
    ),
)

_SHIFTED = PAIR.flatmap(lambda shape: st.tuples(inputs.arrays(shape), inputs.arrays((shape[0], 1))))

D02 = Statement(
    "D02",
    "softmax lies on the simplex",
    r"p_i > 0, \qquad \sum_i p_i = 1, \qquad \operatorname{softmax}(z + c\,\mathbf 1) = \operatorname{softmax}(z)",
    "C",
    (
        Check(lambda z: al.softmax(z).sum(axis=1), lambda z: np.ones(len(z)), (inputs.logits(),), None, ROWS),
        Check(lambda z: al.softmax(z) > 0, lambda z: np.full(z.shape, True), (inputs.logits(),), None, ROWS),
        Check(lambda z, c: al.softmax(z + c), lambda z, c: softmax(z), (_SHIFTED,), None, ROWS),
        Check(
            lambda z: al.softmax(z, axis=0).sum(axis=0),
            lambda z: np.ones(z.shape[1]),
            (inputs.logits(),),
            None,
            COLUMNS,
        ),
    ),
)


def softmax_jacobian(z: Any) -> Any:
    return np.diag(softmax(z)) - np.outer(softmax(z), softmax(z))


def softmax_jacobian_of_rows(z: Any) -> Any:
    return np.einsum("nij,nm->nimj", [softmax_jacobian(row) for row in z], np.eye(len(z)))


def softmax_jacobian_of_columns(z: Any) -> Any:
    return np.einsum("nij,nm->injm", [softmax_jacobian(column) for column in z.T], np.eye(z.shape[1]))


_VECTOR = st.integers(2, 5).flatmap(lambda k: inputs.arrays((k,)))

D03 = Statement(
    "D03",
    "Jacobian of softmax",
    r"\frac{\partial p_i}{\partial z_j} = p_i\,(\mathbf 1[i = j] - p_j),"
    r" \qquad J = \operatorname{diag}(p) - p\,p^\top",
    "A, D",
    (
        Check(al.softmax, softmax_jacobian, (_VECTOR,), layout=ONE),
        Check(al.softmax, softmax_jacobian_of_rows, (inputs.logits(),), layout=ROWS),
        Check(lambda z: al.softmax(z, axis=0), softmax_jacobian_of_columns, (inputs.logits(),), layout=COLUMNS),
    ),
)

_PROBABILITIES = predictions("probabilities", "any")

D04 = Statement(
    "D04",
    "cross-entropy with respect to probabilities",
    r"L = -\sum_i y_i \ln p_i, \qquad \frac{\partial L}{\partial p_i} = -\frac{y_i}{p_i}",
    "A, B, D",
    (Check(lambda p, y: -(y * al.log(p)).sum(), lambda p, y: -y / p, (_PROBABILITIES,), layout=ROWS),),
)

D05 = Statement(
    "D05",
    "cross-entropy of softmax with respect to logits",
    r"\frac{\partial L}{\partial z_i} = p_i \sum_t y_t - y_i \quad (y \ge 0),"
    r" \qquad \text{and } p - y \text{ if } \textstyle\sum_t y_t = 1",
    "A",
    (
        Check(
            lambda z, y: -(y * al.log(al.softmax(z))).sum(),
            lambda z, y: softmax(z) * y.sum() - y,
            (vectors("logits", "any"),),
            layout=ONE,
        ),
        Check(
            lambda z, y: al.cross_entropy(z, y, reduction="sum"),
            lambda z, y: softmax(z) * y.sum(axis=1, keepdims=True) - y,
            (predictions("logits", "any"),),
            layout=ROWS,
        ),
        Check(
            lambda z, y: al.cross_entropy(z, y, reduction="sum"),
            lambda z, y: softmax(z) - y,
            (predictions("logits", "one_hot"),),
            layout=ROWS,
        ),
    ),
)

_CHANCES = binary(0.05, 0.95)

D09 = Statement(
    "D09",
    "binary cross-entropy",
    r"L = -\sum y \ln p + (1 - y) \ln(1 - p): \qquad \frac{\partial L}{\partial p} = \frac{p - y}{p\,(1 - p)},"
    r" \qquad \frac{\partial L}{\partial z} = p - y \text{ for } p = \sigma(z)",
    "C",
    (
        Check(
            lambda p, y: -(y * al.log(p) + (1 - y) * al.log(1 - p)).sum(),
            lambda p, y: (p - y) / (p * (1 - p)),
            (_CHANCES,),
        ),
        Check(
            lambda p, y: al.binary_cross_entropy(p, y, reduction="sum"),
            lambda p, y: (p - y) / (p * (1 - p)),
            (_CHANCES,),
        ),
        Check(
            lambda z, y: al.binary_cross_entropy(al.sigmoid(z), y, reduction="sum"),
            lambda z, y: sigma(z) - y,
            (binary(),),
        ),
        Check(
            lambda z, y: al.binary_cross_entropy_with_logits(z, y, reduction="sum"),
            lambda z, y: sigma(z) - y,
            (binary(),),
        ),
    ),
)


def bernoulli_likelihood(p: Any, y: Any) -> Any:
    return (p**y * (1 - p) ** (1 - y)).prod()


_CLASS_CHANCES = predictions("probabilities", "one_hot")

D12 = Statement(
    "D12",
    "maximum likelihood is cross-entropy",
    r"-\ln \prod_n p_n^{y_n} (1 - p_n)^{1 - y_n} = -\sum_n y_n \ln p_n + (1 - y_n) \ln(1 - p_n),"
    r" \qquad -\ln \prod_{n,k} p_{nk}^{y_{nk}} = -\sum_{n,k} y_{nk} \ln p_{nk}",
    "B, C",
    (
        Check(
            lambda p, y: -al.log(bernoulli_likelihood(p, y)),
            lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(),
            (_CHANCES,),
            wrt=None,
        ),
        Check(lambda p, y: -al.log(bernoulli_likelihood(p, y)), lambda p, y: (p - y) / (p * (1 - p)), (_CHANCES,)),
        Check(
            lambda p, y: -al.log((p**y).prod()),
            lambda p, y: -(y * np.log(p)).sum(),
            (_CLASS_CHANCES,),
            wrt=None,
            layout=ROWS,
        ),
        Check(lambda p, y: -al.log((p**y).prod()), lambda p, y: -y / p, (_CLASS_CHANCES,), layout=ROWS),
    ),
)

_TWO_VECTORS = st.integers(1, 5).flatmap(lambda k: st.tuples(inputs.arrays((k,)), inputs.arrays((k,))))

D13 = Statement(
    "D13",
    "squared errors",
    r"L = \frac1K \sum_k (\hat y_k - y_k)^2: \; \nabla L = \frac2K (\hat y - y),"
    r" \qquad L = \sum_k (\hat y_k - y_k)^2: \; \nabla L = 2\,(\hat y - y)",
    "B, C",
    (
        Check(lambda p, y: ((p - y) ** 2).mean(), lambda p, y: 2 / len(y) * (p - y), (_TWO_VECTORS,), layout=ONE),
        Check(lambda p, y: al.mse_loss(p, y), lambda p, y: 2 / len(y) * (p - y), (_TWO_VECTORS,), layout=ONE),
        Check(lambda p, y: ((p - y) ** 2).sum(), lambda p, y: 2 * (p - y), (_TWO_VECTORS,), layout=ONE),
    ),
)

# Each function with its derivative, for compositions of any three.
SCALAR: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sin": (al.sin, np.cos),
    "tanh": (al.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (al.sigmoid, lambda x: sigma(x) * (1 - sigma(x))),
    "square": (al.square, lambda x: 2 * x),
}


def composed(x: Any, f: str, g: str, h: str) -> Any:
    return SCALAR[f][0](SCALAR[g][0](SCALAR[h][0](x)))


def chain_rule(x: Any, f: str, g: str, h: str) -> Any:
    inner, outer = SCALAR[h][0](x), SCALAR[g][0](SCALAR[h][0](x))
    return SCALAR[f][1](outer) * SCALAR[g][1](inner) * SCALAR[h][1](x)


def along_a_curve(t: Any, Q: Any, a: Any, b: Any) -> Any:
    x = a * al.sin(t) + b * t**2
    return x @ Q @ x


def total_derivative(t: Any, Q: Any, a: Any, b: Any) -> Any:
    x, velocity = a * np.sin(t) + b * t**2, a * np.cos(t) + 2 * b * t
    return (Q + Q.T) @ x @ velocity


_NAMES = st.sampled_from(sorted(SCALAR))

D14 = Statement(
    "D14",
    "chain rule",
    r"(f \circ g \circ h)' = f'(g(h))\,g'(h)\,h', \qquad \frac{du}{dt} = \sum_i \frac{\partial f}{\partial x_i}"
    r" \frac{dx_i}{dt}, \qquad J_{F \circ H}(x) = J_F(H(x))\,J_H(x)",
    "C",
    (
        Check(composed, chain_rule, (inputs.arrays(()), _NAMES, _NAMES, _NAMES), layout="one variable"),
        Check(along_a_curve, total_derivative, (quadratic_form(),), layout="a curve in several variables"),
        Check(
            lambda x, A, B: al.softmax(B @ al.tanh(A @ x)),
            lambda x, A, B: softmax_jacobian(B @ np.tanh(A @ x)) @ B @ np.diag(1 - np.tanh(A @ x) ** 2) @ A,
            (two_maps(),),
            layout="vectors to vectors",
        ),
    ),
)

STATEMENTS = (D01, D02, D03, D04, D05, D09, D12, D13, D14)
