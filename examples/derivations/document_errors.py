"""E01 to E11: the errors in the documents, each with the formula as printed and with the correct one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite.testing import strategies as inputs
from derivations.catalogue import Check, DocumentError, claim_and_correction
from derivations.descent import BETA, BETA_2, EPSILON, ETA, adam, engine_adam, gradient
from derivations.inputs import binary_regression, least_squares, network, softmax_regression, vectors
from derivations.plain import ACTIVATIONS, sigma, softmax, with_ones

# -- forward formulas ----------------------------------------------------------------------------------------------


@st.composite
def _layer(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    x, _, W, b = draw(softmax_regression())
    return x[0], W, b


E01 = DocumentError(
    "E01",
    "pre-activation of a unit",
    r"z_i = x_j w_{ji} + b_j",
    "the sum over j is missing, and the bias is that of another unit",
    r"z_i = \sum_j x_j w_{ji} + b_i",
    "A",
    *claim_and_correction(
        lambda x, W, b: x @ W + b,
        lambda x, W, b: x[:, None] * W + b[:, None],
        lambda x, W, b: np.array([sum(x[j] * W[j, i] for j in range(len(x))) + b[i] for i in range(len(b))]),
        _layer(),
        None,
    ),
    kind="missing function",
)

# -- softmax and cross-entropy -------------------------------------------------------------------------------------


def printed_logit_gradient(z: Any, y: Any) -> Any:
    p = softmax(z)
    others = [sum(-y[t] * p[t] * p[i] for t in range(len(y)) if t != i) for i in range(len(y))]
    return -y * p * (1 - p) + others


def logit_gradient(z: Any, y: Any) -> Any:
    p = softmax(z)
    others = [sum(y[t] * p[i] for t in range(len(y)) if t != i) for i in range(len(y))]
    return -y * (1 - p) + others


E02 = DocumentError(
    "E02",
    "cross-entropy through softmax",
    r"\frac{\partial L}{\partial z_i} = -y_i \hat y_i (1 - \hat y_i) + \sum_{t \ne i} -y_t \hat y_t \hat y_i",
    "the factors 1/ŷ of ∂L/∂ŷ are missing, and the sign of the sum is wrong",
    r"\frac{\partial L}{\partial z_i} = -y_i (1 - \hat y_i) + \sum_{t \ne i} y_t \hat y_i",
    "A",
    *claim_and_correction(
        lambda z, y: -(y * al.log(al.softmax(z))).sum(), printed_logit_gradient, logit_gradient, vectors()
    ),
    kind="missing factor + sign + label",
)

E03 = DocumentError(
    "E03",
    "gradient of the bias",
    r"\nabla_b L = I^\top (\hat y - y)",
    "the identity matrix does not sum over the samples",
    r"\nabla_b L = \mathbf 1^\top (\hat y - y)",
    "A",
    *claim_and_correction(
        lambda X, Y, W, b: al.cross_entropy(X @ W + b, Y, reduction="sum"),
        lambda X, Y, W, b: np.eye(len(X)).T @ (softmax(X @ W + b) - Y),
        lambda X, Y, W, b: np.ones(len(X)).T @ (softmax(X @ W + b) - Y),
        softmax_regression(),
        "b",
    ),
    kind="unsummed",
)

E04 = DocumentError(
    "E04",
    "sign in the sigmoid",
    r"\sigma(z) = \frac{1}{1 + e^{z}} \text{ with } \sigma' = \sigma (1 - \sigma)",
    "the exponent has the wrong sign; the printed function decreases, and its derivative is −σ(1 − σ)",
    r"\sigma(z) = \frac{1}{1 + e^{-z}} \text{ with } \sigma' = \sigma (1 - \sigma)",
    "B",
    Check(lambda z: 1 / (1 + al.exp(z)), lambda z: 1 / (1 + np.exp(z)) * (1 - 1 / (1 + np.exp(z))), (inputs.arrays(),)),
    Check(lambda z: 1 / (1 + al.exp(-z)), lambda z: sigma(z) * (1 - sigma(z)), (inputs.arrays(),)),
    kind="sign",
)


@st.composite
def _last_layer(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    x, y, W, _ = draw(softmax_regression(weights="Kd"))
    return W, x[0], y[0]


E05 = DocumentError(
    "E05",
    "gradient of the last layer",
    r"\frac{\partial L}{\partial \Theta_L} = (a_L - 1)^\top a_{L-1}",
    "this holds only in the row of the correct class",
    r"\frac{\partial L}{\partial \Theta_L} = (a_L - y)^\top a_{L-1}",
    "B",
    *claim_and_correction(
        lambda Theta, a, y: -(y * al.log(al.softmax(Theta @ a))).sum(),
        lambda Theta, a, y: np.outer(softmax(Theta @ a) - 1, a),
        lambda Theta, a, y: np.outer(softmax(Theta @ a) - y, a),
        _last_layer(),
    ),
    kind="label",
)

_LOGITS = st.integers(2, 4).flatmap(lambda k: inputs.arrays((k,)))

E06 = DocumentError(
    "E06",
    "derivative of softmax",
    r"\frac{\partial a}{\partial z} = a (1 - a)",
    "this is only the diagonal; every probability depends on every logit",
    r"\frac{\partial a_i}{\partial z_k} = a_i (\mathbf 1[i = k] - a_k)",
    "B",
    *claim_and_correction(
        al.softmax,
        lambda z: softmax(z) * (1 - softmax(z)),
        lambda z: np.diag(softmax(z)) - np.outer(softmax(z), softmax(z)),
        _LOGITS,
    ),
    kind="diagonal",
)

# -- the perceptron and back-propagation ---------------------------------------------------------------------------


@st.composite
def _sample(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    w, X, y = draw(binary_regression())
    return w, draw(inputs.arrays(X.shape, 1.0, 3.0)), y


def perceptron_update(w: Any, X: Any, y: Any) -> Any:
    """One update with the first sample, by the rule that converges."""
    sample = np.array([1, *X.data[:, 0]])
    return w.data + (y.data[0] - (w.data @ sample >= 0)) * sample


def printed_perceptron_update(w: Any, X: Any, y: Any) -> Any:
    error = y[0] - (w[0] + w[1:] @ X[:, 0] >= 0)
    return w + error * np.array([0, *X[:, 0]])  # x has no entry that could change the bias


E07 = DocumentError(
    "E07",
    "update of the perceptron",
    r"\tilde\omega \leftarrow \tilde\omega + (y - \mathbf 1[\langle\tilde\omega, \tilde x\rangle \ge 0])\,x",
    "the update uses x instead of x̃, so the bias never changes",
    r"\tilde\omega \leftarrow \tilde\omega + (y - \mathbf 1[\langle\tilde\omega, \tilde x\rangle \ge 0])\,\tilde x",
    "C",
    *claim_and_correction(
        perceptron_update,
        printed_perceptron_update,
        lambda w, X, y: w + (y[0] - (w @ with_ones(X)[:, 0] >= 0)) * with_ones(X)[:, 0],
        _sample(),
        None,
    ),
    kind="part",
)


@st.composite
def _one_layer(draw: st.DrawFn) -> tuple[Any, Any, Any, str]:
    X, _, h, W, *_ = draw(network(("sigmoid", "tanh")))
    return W, X, draw(inputs.arrays((len(W), X.shape[1]))), h[0]


def layer_error(W: Any, X: Any, Y: Any, h: str) -> Any:
    S = W[:, 1:] @ X + W[:, :1]
    return (((al.sigmoid(S) if h == "sigmoid" else al.tanh(S)) - Y) ** 2).sum()


def printed_layer_gradient(W: Any, X: Any, Y: Any, h: str) -> Any:
    S = W @ with_ones(X)
    V = ACTIVATIONS[h][0](S)
    E = (2 * (V - Y) * ACTIVATIONS[h][1](S)).T
    return E.T @ with_ones(V).T


def layer_gradient(W: Any, X: Any, Y: Any, h: str) -> Any:
    S = W @ with_ones(X)
    E = (2 * (ACTIVATIONS[h][0](S) - Y) * ACTIVATIONS[h][1](S)).T
    return E.T @ with_ones(X).T


E08 = DocumentError(
    "E08",
    "gradient of a layer",
    r"\frac{dL}{d\tilde W^{(l)}} = {E^{(l)}}^\top\, {\tilde V^{(l)}}^\top",
    "the input of a layer is the activation of the layer before it; with the column of the bias"
    " the shape is (n_l, n_(l−1) + 1)",
    r"\frac{dL}{d\tilde W^{(l)}} = {E^{(l)}}^\top\, {\tilde V^{(l-1)}}^\top",
    "C",
    *claim_and_correction(layer_error, printed_layer_gradient, layer_gradient, _one_layer()),
    kind="wrong value",
)

_COLUMNS = vectors().map(lambda pair: (pair[0][:, None], pair[1][:, None]))


def error_through_diagonal(S: Any, Y: Any) -> Any:
    P = softmax(S, axis=0)
    return -Y / P * (P * (1 - P))


E09 = DocumentError(
    "E09",
    "error of a softmax output layer",
    r"E^{(L)} = \frac{d\delta}{dv}\,\operatorname{Diag}(h'(s))",
    "softmax is not elementwise, its Jacobian is full",
    r"E^{(L)} = \frac{d\delta}{dv}\,(\operatorname{diag}(p) - p\,p^\top) = (p - y)^\top \text{ for cross-entropy}",
    "C",
    *claim_and_correction(
        lambda S, Y: -(Y * al.log(al.softmax(S, axis=0))).sum(),
        error_through_diagonal,
        lambda S, Y: softmax(S, axis=0) - Y,
        _COLUMNS,
    ),
    kind="diagonal",
)

# -- optimization and losses ---------------------------------------------------------------------------------------


def printed_adam(w: Any, X: Any, y: Any, steps: int) -> Any:
    m = v = 0
    for t in range(steps):
        g = gradient(w, X, y)
        m, v = BETA * m + (1 - BETA) * g, BETA_2 * v + (1 - BETA_2) * g**2
        mean, square = m / (1 - BETA**t), v / (1 - BETA_2**t)
        w = w - ETA * mean / (np.sqrt(square) + EPSILON)
    return w


E10 = DocumentError(
    "E10",
    "bias correction of Adam",
    r"\hat m_{t+1} = \frac{m_{t+1}}{1 - \beta_1^t}",
    "the exponent is one update behind: the first correction divides by zero, later ones correct too much",
    r"\hat m_{t+1} = \frac{m_{t+1}}{1 - \beta_1^{t+1}}",
    "C",
    *claim_and_correction(engine_adam, printed_adam, adam, least_squares(), None),
)

_REGRESSION = st.integers(1, 4).flatmap(
    lambda m: st.tuples(inputs.arrays((m,)), inputs.arrays((m,)), st.integers(1, 4))
)

E11 = DocumentError(
    "E11",
    "regression loss of one sample",
    r"\sum_{k=1}^N (y_k - f(x))^2",
    "the sum runs over the m outputs, not over the N samples, and f needs the index too",
    r"\sum_{k=1}^m (y_k - f(x)_k)^2",
    "C",
    *claim_and_correction(
        lambda f, y, N: ((f - y) ** 2).sum(),
        lambda f, y, N: sum((y[k] - f) ** 2 for k in range(N)),
        lambda f, y, N: sum((y[k] - f[k]) ** 2 for k in range(len(y))),
        _REGRESSION,
        None,
    ),
)

DOCUMENT_ERRORS = (E01, E02, E03, E04, E05, E06, E07, E08, E09, E10, E11)
