"""D06 to D08, D10, D11: models with one layer, in every layout of samples and weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as al
from derivations.catalogue import Check, Statement
from derivations.inputs import binary, binary_regression, last_layer, scores_and_label, softmax_regression
from derivations.plain import normal_cdf, normal_density, sigma, softmax, with_ones

D06 = Statement(
    "D06",
    "softmax regression summed over samples",
    r"\nabla_W L = X^\top (P - Y), \qquad \nabla_b L = \mathbf 1^\top (P - Y)",
    "A",
    (
        Check(
            lambda X, Y, W, b: al.cross_entropy(X @ W + b, Y, reduction="sum"),
            lambda X, Y, W, b: (X.T @ (softmax(X @ W + b) - Y), (softmax(X @ W + b) - Y).sum(axis=0)),
            (softmax_regression(),),
            wrt=("W", "b"),
            layout="one sample per row, W (d, K)",
        ),
        Check(
            lambda X, Y, W, b: al.cross_entropy(al.linear(X, W, b), Y, reduction="sum"),
            lambda X, Y, W, b: ((softmax(X @ W.T + b) - Y).T @ X, (softmax(X @ W.T + b) - Y).sum(axis=0)),
            (softmax_regression(weights="Kd"),),
            wrt=("W", "b"),
            layout="one sample per row, W (K, d)",
        ),
        Check(
            lambda X, Y, W, b: -(Y * al.log_softmax(W @ X + b[:, None], axis=0)).sum(),
            lambda X, Y, W, b: (
                (softmax(W @ X + b[:, None], axis=0) - Y) @ X.T,
                (softmax(W @ X + b[:, None], axis=0) - Y).sum(axis=1),
            ),
            (softmax_regression("columns", "Kd"),),
            wrt=("W", "b"),
            layout="one sample per column, W (K, d)",
        ),
    ),
)

D07 = Statement(
    "D07",
    "last layer for one sample and a label",
    r"\frac{\partial L}{\partial w_k} = (p_k - \mathbf 1[k = y])\,z, \qquad \nabla_W L = (p - e_y)\,z^\top,"
    r" \qquad \frac{\partial p_y}{\partial u_k} = p_y\,(\mathbf 1[k = y] - p_k)",
    "D",
    (
        Check(
            lambda W, z, y: al.cross_entropy(W @ z, y),
            lambda W, z, y: np.outer(softmax(W @ z) - np.eye(len(W))[y], z),
            (last_layer(),),
            layout="one sample, W (K, d)",
        ),
        Check(
            lambda W, z, y: al.cross_entropy(W @ z, y),
            lambda W, z, y: np.array([(softmax(W @ z)[k] - (k == y)) * z for k in range(len(W))]),
            (last_layer(),),
            layout="one sample, W (K, d)",
        ),
        Check(
            lambda u, y: al.softmax(u)[y],
            lambda u, y: softmax(u)[y] * (np.eye(len(u))[y] - softmax(u)),
            (scores_and_label(),),
        ),
    ),
)

D08 = Statement(
    "D08",
    "softmax regression averaged over samples",
    r"\nabla_\Theta E = \frac1N (P - Y)^\top A",
    "B",
    (
        Check(
            lambda A, Y, Theta, b: al.cross_entropy(A @ Theta.T + b, Y),
            lambda A, Y, Theta, b: (softmax(A @ Theta.T + b) - Y).T @ A / len(A),
            (softmax_regression(weights="Kd"),),
            wrt="Theta",
            layout="one sample per row, Θ (K, d)",
        ),
        Check(
            lambda A, Y, Theta, b: al.cross_entropy(A @ Theta + b, Y),
            lambda A, Y, Theta, b: A.T @ (softmax(A @ Theta + b) - Y) / len(A),
            (softmax_regression(weights="dK"),),
            wrt="Theta",
            layout="one sample per row, Θ (d, K)",
        ),
        Check(
            lambda A, Y, Theta, b: -(Y * al.log_softmax(Theta @ A + b[:, None], axis=0)).sum(axis=0).mean(),
            lambda A, Y, Theta, b: (softmax(Theta @ A + b[:, None], axis=0) - Y) @ A.T / A.shape[1],
            (softmax_regression("columns", "Kd"),),
            wrt="Theta",
            layout="one sample per column, Θ (K, d)",
        ),
    ),
)

COLUMNS, ROWS = "one sample per column, with a first row of ones", "one sample per row, with a first column of ones"


def logistic_gradient_by_samples(w: Any, X: Any, y: Any) -> Any:
    p = sigma(w[0] + w[1:] @ X)
    return np.sum([[p[i] - y[i], *(X[:, i] * (p[i] - y[i]))] for i in range(len(y))], axis=0)


D10 = Statement(
    "D10",
    "logistic regression",
    r"\nabla L(\tilde\omega) = \tilde X (p - y); \qquad \frac{dL_i}{d\omega_0} = p_i - y_i,"
    r" \quad \frac{dL_i}{d\omega_j} = x_{ji}\,(p_i - y_i)",
    "C",
    (
        Check(
            lambda w, X, y: al.binary_cross_entropy(al.sigmoid(w[0] + w[1:] @ X), y, reduction="sum"),
            lambda w, X, y: with_ones(X) @ (sigma(w @ with_ones(X)) - y),
            (binary_regression(),),
            layout=COLUMNS,
        ),
        Check(
            lambda w, X, y: al.binary_cross_entropy_with_logits(w[0] + w[1:] @ X, y, reduction="sum"),
            logistic_gradient_by_samples,
            (binary_regression(),),
            layout=COLUMNS,
        ),
        Check(
            lambda w, X, y: al.binary_cross_entropy_with_logits(w[0] + X @ w[1:], y, reduction="sum"),
            lambda w, X, y: with_ones(X.T) @ (sigma(w[0] + X @ w[1:]) - y),
            (binary_regression("rows"),),
            layout=ROWS,
        ),
    ),
)


def probit_loss(s: Any, y: Any) -> Any:
    p = (1 + al.erf(s / math.sqrt(2))) / 2
    return -(y * al.log(p) + (1 - y) * al.log(1 - p)).sum()


def probit_error(s: Any, y: Any) -> Any:
    p = normal_cdf(s)
    return normal_density(s) * (p - y) / (p * (1 - p))


D11 = Statement(
    "D11",
    "probit regression",
    r"p = \Phi(s): \qquad \frac{\partial L}{\partial s} = \frac{\varphi(s)\,(\Phi(s) - y)}{\Phi(s)\,(1 - \Phi(s))},"
    r" \qquad \nabla L(\tilde\omega) = \tilde X\,\frac{\partial L}{\partial s}",
    "C",
    (
        Check(probit_loss, probit_error, (binary(-2.0, 2.0),)),
        Check(
            lambda w, X, y: probit_loss(w[0] + w[1:] @ X, y),
            lambda w, X, y: with_ones(X) @ probit_error(w @ with_ones(X), y),
            (binary_regression(),),
            layout=COLUMNS,
        ),
        Check(
            lambda w, X, y: probit_loss(w[0] + X @ w[1:], y),
            lambda w, X, y: with_ones(X.T) @ probit_error(w[0] + X @ w[1:], y),
            (binary_regression("rows"),),
            layout=ROWS,
        ),
    ),
)

STATEMENTS = (D06, D07, D08, D10, D11)
