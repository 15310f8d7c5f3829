"""A planted mistake in one step of the chain rule is named, in the words of the function, before everything else."""

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, check_closed_form
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.inputs import read_inputs
from autograd_lite.testing.diagnosis.diagnosis import diagnose
from autograd_lite.testing.explaining.explanations import evidence_of

RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.normal(size=shape)


def positive(*shape):
    return RNG.uniform(0.5, 2.0, shape)


def regular(n):
    return RNG.normal(size=(n, n)) / 2 + 1.5 * np.eye(n)


def sigma(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    exponential = np.exp(x - x.max(axis, keepdims=True))
    return exponential / exponential.sum(axis, keepdims=True)


def findings(fn, formula, *inputs, wrt=0):
    """What the arrays and the function tell, without the source of the formula."""
    case, read = Case(fn, formula, wrt), read_inputs(fn, inputs)
    references = case.references(read)
    wrong = case.compare(read, references, case.evaluate_formula(read))[1]
    assert wrong is not None
    reference, claim = wrong
    return [str(finding) for finding in diagnose(evidence_of(case, read, reference), claim, reference.values)]


def layer_norm(x, eps=1e-5):
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps)


def layer_norm_gradient(x, G, mean=1.0, variance=1.0):
    h, s = layer_norm(x), np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (G - mean * G.mean(-1, keepdims=True) - variance * h * (G * h).mean(-1, keepdims=True)) / s


def recurrent(W, U, x, h):
    for t in range(len(x)):
        h = np.tanh(W @ h + U @ x[t])
    return h.sum()


def recurrent_gradient(W, U, x, h, state="before", cut=99, slope=lambda h: 1 - h**2, transpose=True):
    states = [h]
    for row in x:
        states.append(np.tanh(W @ states[-1] + U @ row))
    g, total = np.ones(len(h)), np.zeros_like(W)
    for t in range(len(x), max(0, len(x) - cut), -1):
        delta = g * slope(states[t])
        total = total + np.outer(delta, states[t - 1] if state == "before" else states[t])
        g = (W.T if transpose else W) @ delta
    return total


RECURRENT = (normal(3, 3), normal(3, 2), normal(4, 2), normal(3))


def network(W, V, X):
    A = al.sigmoid(X @ W)
    return ((A @ V) ** 2).sum()


def network_gradient(W, V, X, activation=None, slope=None, transpose=True):
    Z = X @ W
    A = sigma(Z)
    delta = 2 * (A @ V)
    back = delta @ (V.T if transpose else V)
    return X.T @ (back * (A * (1 - A) if slope is None else slope(Z, A)))


NETWORK = (normal(3, 4), normal(4, 4), normal(6, 3))


def _layers(W, h):
    for _ in range(3):
        h = np.tanh(h @ W)
    return h


def _layers_gradient(W, x, g):
    """Without tanh' in the first two layers."""
    states = [x]
    for _ in range(3):
        states.append(np.tanh(states[-1] @ W))
    total = np.zeros_like(W)
    for i in (2, 1, 0):
        delta = g * (1 - states[i + 1] ** 2) if i == 2 else g
        total = total + states[i].T @ delta
        g = delta @ W.T
    return total


INDEX = np.array([0, 2, 1, 2, 2])

# Pieces of the sentence, function, wrong formula, inputs, wrt.
PLANTED = {
    "value for derivative": ("value of sigmoid stands where its derivative belongs",
        lambda x, G: (G * al.sigmoid(x)).sum(), lambda x, G: G * sigma(x), (normal(5), normal(5)), 0),
    "value for derivative in a network": ("value of sigmoid stands where its derivative belongs",
        network, lambda *a: network_gradient(*a, slope=lambda Z, A: A), NETWORK, 0),
    "derivative at the output": ("sigmoid' is evaluated at the output of sigmoid",
        network, lambda *a: network_gradient(*a, slope=lambda Z, A: sigma(A) * (1 - sigma(A))), NETWORK, 0),
    "input for output": ("the input of sigmoid stands where its output belongs",
        network, lambda *a: network_gradient(*a, slope=lambda Z, A: Z * (1 - Z)), NETWORK, 0),
    "divided": ("derivative of sigmoid divides where it should multiply",
        network, lambda *a: network_gradient(*a, slope=lambda Z, A: 1 / (A * (1 - A))), NETWORK, 0),
    "another activation": ("tanh' stands where sigmoid' belongs",
        network, lambda *a: network_gradient(*a, slope=lambda Z, A: 1 - np.tanh(Z) ** 2), NETWORK, 0),
    "another function": ("cosh' stands where cos' belongs", lambda x, G: (G * np.cos(x)).sum(),
        lambda x, G: G * np.sinh(x), (normal(4), normal(4)), 0),
    "sign of cosine": ("sign is flipped", lambda x, G: (G * np.cos(x)).sum(), lambda x, G: G * np.sin(x),
        (normal(4), normal(4)), 0),
    "left out": ("derivative of log is left out, in `np.log(np.exp(z).sum())`",
        lambda z: np.log(np.exp(z).sum()), lambda z: np.exp(z), (normal(4),), 0),
    "logsumexp as a sum": ("derivative of logsumexp is left out, as if it were a sum",
        lambda X, w: al.logsumexp(X @ w, axis=1).sum(), lambda X, w: X.sum(0)[:, None] * np.ones(w.shape),
        (normal(5, 3), normal(3, 2)), "w"),
    "max as a sum": ("derivative of max is left out, as if it were a sum", lambda x, G: (G * x.max(axis=1)).sum(),
        lambda x, G: G[:, None] * np.ones(x.shape), (normal(4, 3), normal(4)), 0),
    "norm as a sum": ("derivative of norm is left out, as if it were a sum",
        lambda x, G: (G * np.linalg.norm(x, axis=1)).sum(), lambda x, G: G[:, None] * np.ones(x.shape),
        (normal(4, 3), normal(4)), 0),
    "prod as a sum": ("derivative of prod is left out, as if it were a sum", lambda x, G: (G * x.prod(axis=0)).sum(),
        lambda x, G: G * np.ones(x.shape), (normal(4, 3), normal(3)), 0),
    "std as a sum": ("derivative of std is left out, as if it were a sum", lambda x, G: (G * x.std(axis=0)).sum(),
        lambda x, G: G * np.ones(x.shape), (normal(4, 3), normal(3)), 0),
    "squared norm": ("the squared norm stands where that of norm belongs",
        lambda x, a: np.linalg.norm(x - a, axis=1).sum(), lambda x, a: 2 * (x - a), (normal(4, 3), normal(3)), 0),
    "trace as a sum": ("derivative of trace is that of the sum of all elements",
        lambda A, B: np.trace(A @ B) ** 2, lambda A, B: 2 * np.trace(A @ B) * np.ones((3, 3)) @ B.T,
        (normal(3, 3), normal(3, 3)), 0),
    "one of two means": ("1/N of mean is left out, in `(x**2).mean()`",
        lambda x, y: (x**2).mean() + np.exp(x * y).mean(), lambda x, y: 2 * x + y * np.exp(x * y) / 5,
        (normal(5), normal(5)), 0),
    "a mean for a sum": ("1/N is too much in the derivative of sum, in `np.exp(x * y).sum()`",
        lambda x, y: (x**3).sum() + np.exp(x * y).sum(), lambda x, y: 3 * x**2 + y * np.exp(x * y) / 5,
        (normal(5), normal(5)), 0),
    "N - 1": ("N − 1 instead of N", lambda x, G: (G * x.var(axis=0)).sum() + (x**3).sum(),
        lambda x, G: 2 * G * (x - x.mean(0)) / (len(x) - 1) + 3 * x**2, (normal(5, 2), normal(2)), 0),
    "maximum ignored": ("maximum is left out: its condition is ignored, in `np.maximum(0, 1 - y * (X @ w))`",
        lambda w, X, y: np.maximum(0, 1 - y * (X @ w)).sum(), lambda w, X, y: -X.T @ y,
        (normal(3), normal(8, 3), np.array([1.0, -1, 1, 1, -1, -1, 1, -1])), 0),
    "maximum turned round": ("condition in the derivative of maximum is turned round",
        lambda w, X, y: np.maximum(0, 1 - y * (X @ w)).sum(), lambda w, X, y: -X.T @ (y * (y * (X @ w) > 1)),
        (normal(3), normal(8, 3), np.array([1.0, -1, 1, 1, -1, -1, 1, -1])), 0),
    "relu ignored": ("derivative of relu is left out: its condition is ignored", lambda x, G: (G * al.relu(x)).sum(),
        lambda x, G: G, (normal(7), normal(7)), 0),
    "clip ignored": ("derivative of clip (operand `x`) is left out: its condition is ignored",
        lambda x, G: (G * np.clip(x, -0.5, 0.5)).sum(), lambda x, G: G, (normal(9), normal(9)), 0),
    "where ignored": ("condition of where is ignored, as if it were true everywhere",
        lambda x, G: (G * np.where(np.abs(x) < 1, x**2, 2 * np.abs(x))).sum(), lambda x, G: G * 2 * x,
        (2 * normal(9), normal(9)), 0),
    "where turned round": ("condition of where is turned round",
        lambda x, G: (G * np.where(np.abs(x) < 1, x**3, 5 * x)).sum(),
        lambda x, G: G * np.where(np.abs(x) < 1, 5, 3 * x**2), (2 * normal(9), normal(9)), 0),
    "mean held constant": ("contribution through subtract (operand `x.mean(axis=-1, keepdims=True)`) is left out",
        lambda x, G: (G * layer_norm(x)).sum(), lambda x, G: layer_norm_gradient(x, G, mean=0.0),
        (normal(4, 5), normal(4, 5)), 0),
    "variance held constant": ("contribution through divide (operand `np.sqrt(x.var(",
        lambda x, G: (G * layer_norm(x)).sum(),
        lambda x, G: layer_norm_gradient(x, G, variance=0.0), (normal(4, 5), normal(4, 5)), 0),
    "mean and variance held constant": ("contribution through var and mean is left out, as if it were constant",
        lambda x, G: (G * layer_norm(x)).sum(), lambda x, G: layer_norm_gradient(x, G, 0.0, 0.0),
        (normal(4, 5), normal(4, 5)), 0),
    "softmax as elementwise": ("only the diagonal of the Jacobian of softmax is used",
        lambda z, G: (G * al.softmax(z)).sum(), lambda z, G: G * softmax(z) * (1 - softmax(z)),
        (normal(3, 4), normal(3, 4)), 0),
    "softmax without its sum": ("the sum over the classes is left out, in the derivative of softmax",
        lambda z, G: (G * al.softmax(z)).sum(), lambda z, G: G * softmax(z), (normal(3, 4), normal(3, 4)), 0),
    "softmax along another axis": ("the sum in the derivative of softmax is over axis 0 instead of axis 1",
        lambda z, G: (G * al.softmax(z)).sum(),
        lambda z, G: (lambda p: p * (G - (G * p).sum(0)))(softmax(z)), (normal(4, 4), normal(4, 4)), 0),
    "log_softmax left out": ("derivative of log_softmax is left out", lambda z, G: (G * al.log_softmax(z)).sum(),
        lambda z, G: G, (normal(3, 4), normal(3, 4)), 0),
    "factor softmax' too many": ("diagonal of the Jacobian of softmax is one factor too many",
        lambda z, Y: -(Y * np.log(al.softmax(z))).sum(),
        lambda z, Y: (lambda p: (p - Y) * p * (1 - p))(softmax(z)), (normal(3, 4), np.eye(4)[[0, 2, 1]]), 0),
    "factor sigmoid' too many": ("there is one factor sigmoid' too many",
        lambda w, X, y: al.binary_cross_entropy_with_logits(X @ w, y),
        lambda w, X, y: X.T @ ((sigma(X @ w) - y) * sigma(X @ w) * (1 - sigma(X @ w))) / 6,
        (normal(3), normal(6, 3), np.array([0.0, 1, 1, 0, 0, 1])), 0),
    "sigmoid for softmax": ("sigmoid(z) − y stands where softmax(z) − y belongs, as the derivative of cross_entropy",
        lambda z, y: al.cross_entropy(z, y), lambda z, y: (sigma(z) - np.eye(4)[y]) / 3,
        (normal(3, 4), np.array([0, 2, 1])), 0),
    "softmax for sigmoid": ("softmax(z) − y stands where sigmoid(z) − y belongs",
        lambda z, y: al.binary_cross_entropy_with_logits(z, y), lambda z, y: (softmax(z) - y) / 6,
        (normal(3, 2), np.array([[0.0, 1], [1, 0], [0, 1]])), 0),
    "softmax left out of the loss": ("the softmax in cross_entropy", lambda z, y: al.cross_entropy(z, y),
        lambda z, y: (z - np.eye(4)[y]) / 3, (normal(3, 4), np.array([0, 2, 1])), 0),
    "sigmoid left out of the loss": ("the sigmoid in binary_cross_entropy_with_logits",
        lambda w, X, y: al.binary_cross_entropy_with_logits(X @ w, y, reduction="sum"),
        lambda w, X, y: X.T @ (X @ w - y), (normal(3), normal(4, 3), np.array([0.0, 1, 1, 0])), 0),
    "softmax' with its loss": ("one factor softmax' too many", lambda z, y: al.cross_entropy(z, y),
        lambda z, y: (lambda p: (p - np.eye(4)[y]) * p * (1 - p) / 3)(softmax(z)),
        (normal(3, 4), np.array([0, 2, 1])), 0),
    "target left out of the loss": ("the target is left out, in the derivative of cross_entropy",
        lambda z, y: al.cross_entropy(z, y), lambda z, y: softmax(z) / 3, (normal(3, 4), np.array([0, 2, 1])), 0),
    "half left out": ("1/2 is left out, in the derivative of sqrt, in `np.sqrt(x)`: it is 2 times too large",
        lambda x, G: (G * np.sqrt(x)).sum(), lambda x, G: G / np.sqrt(x), (positive(5), normal(5)), 0),
    "wrong root": ("√x/2 stands where 1/(2√x) belongs", lambda x, G: (G * np.sqrt(x)).sum(),
        lambda x, G: G * np.sqrt(x) / 2, (positive(5), normal(5)), 0),
    "written factor": ("the factor `0.7`, is left out, in `0.7 * np.sin(x)`: it is 1.42857 times too large",
        lambda x, G: (G * (0.7 * np.sin(x))).sum(), lambda x, G: G * np.cos(x), (normal(5), normal(5)), 0),
    "repeated index, getitem": ("index that is repeated overwrite each other", lambda E, G: (G * E[INDEX]).sum(),
        lambda E, G: (lambda d: d.__setitem__(INDEX, G) or d)(np.zeros((4, 2))), (normal(4, 2), normal(5, 2)), 0),
    "repeated index, take": ("index that is repeated overwrite each other",
        lambda E, G: (G * np.take(E, INDEX, axis=1)).sum(),
        lambda E, G: (lambda d: d.__setitem__((slice(None), INDEX), G) or d)(np.zeros((2, 4))),
        (normal(2, 4), normal(2, 5)), 0),
    "repeated index, embedding": ("index that is repeated overwrite each other",
        lambda E, G: (G * al.embedding(INDEX, E)).sum(),
        lambda E, G: (lambda d: d.__setitem__(INDEX, G) or d)(np.zeros((4, 2))), (normal(4, 2), normal(5, 2)), 0),
    "last sample only": ("only the last element along axis 0 of the result of linear",
        lambda W, X, G: (G * al.nn.functional.linear(X, W)).sum(),
        lambda W, X, G: np.outer(G[-1], X[-1]), (normal(2, 3), normal(5, 3), normal(5, 2)), 0),
    "product rule": ("contribution through multiply (operand `np.sin(x)`) is left out, in `x * np.sin(x)`",
        lambda x, G: (G * (x * np.sin(x))).sum(), lambda x, G: G * np.sin(x), (normal(5), normal(5)), 0),
    "quotient rule": ("contribution through divide (operand `1 + x**2`) is left out",
        lambda x, G: (G * (np.sin(x) / (1 + x**2))).sum(), lambda x, G: G * np.cos(x) / (1 + x**2),
        (normal(5), normal(5)), 0),
    "plus in the quotient rule": ("the sign of the contribution through divide (operand `1 + x**2`) is flipped",
        lambda x, G: (G * (np.sin(x) / (1 + x**2))).sum(),
        lambda x, G: G * (np.cos(x) / (1 + x**2) + np.sin(x) * 2 * x / (1 + x**2) ** 2), (normal(5), normal(5)), 0),
    "product of the derivatives": ("the derivative of a product is taken as f'·g'",
        lambda x, G: (G * (x**2 * np.sin(x))).sum(),
        lambda x, G: G * 2 * x * np.cos(x), (normal(5), normal(5)), 0),
    "product of the derivatives, Jacobian": ("the derivative of a product is taken as f'·g'",
        lambda x: x * al.sigmoid(x),
        lambda x: sigma(x) * (1 - sigma(x)), (normal(5),), 0),
    "quotient of the derivatives": ("the derivative of a quotient is taken as f'/g'",
        lambda x, G: (G * (np.sin(x) / (1 + x**2))).sum(), lambda x, G: G * np.cos(x) / (2 * x),
        (normal(5), normal(5)), 0),
    "not summed where it is broadcast": ("sum over all elements that subtract (operand `np.log(s)`) is broadcast to",
        lambda s, x: ((x / s) ** 2 - np.log(s)).sum(), lambda s, x: -2 * (x**2).sum() / s**3 - 1 / s,
        (1.3, normal(5)), 0),
    "input for derivative": ("the input of absolute stands where its derivative belongs",
        lambda w, X, y: np.abs(X @ w - y).sum(), lambda w, X, y: X.T @ (X @ w - y),
        (normal(3), normal(5, 3), normal(5)), 0),
    "convolution for correlation": ("`w` is not reversed as it should be, in the derivative of convolve",
        lambda x, w, G: (G * np.convolve(x, w, "valid")).sum(), lambda x, w, G: np.convolve(G, w, "full"),
        (normal(7), normal(3), normal(5)), 0),
    "deviations only": ("only the deviations from the mean are left of the derivative of std",
        lambda x, G: (G * x.std(axis=0)).sum(), lambda x, G: G * (x - x.mean(0)), (normal(5, 2), normal(2)), 0),
    "normalization held constant": ("the mean and the variance are held constant in the derivative of normalize",
        lambda x, w, G: (G * al.layer_norm(x, 4, w)).sum(),
        lambda x, w, G: G * w / np.sqrt(x.var(-1, keepdims=True) + 1e-5), (normal(3, 4), normal(4), normal(3, 4)), 0),
    "one variance held constant": ("the variance is held constant in the derivative of normalize",
        lambda x, G: (G * al.layer_norm(x, 4)).sum(),
        lambda x, G: layer_norm_gradient(x, G, variance=0.0), (normal(3, 4), normal(3, 4)), 0),
    "a term once, not N times": ("operand `(len(X) * np.exp(w)).sum()`) is 5 times too small",
        lambda w, X: np.exp(X @ w).sum() - (len(X) * np.exp(w)).sum(), lambda w, X: X.T @ np.exp(X @ w) - np.exp(w),
        (normal(3), normal(5, 3)), 0),
    "a term doubled": ("operand `(w**3).sum()`) is 2 times too large", lambda w, X: np.exp(X @ w).sum() + (w**3).sum(),
        lambda w, X: X.T @ np.exp(X @ w) + 6 * w**2, (normal(3), normal(5, 3)), 0),
    "pre-activation for activation": ("X @ W stands where np.tanh(X @ W) belongs, in the derivative of matmul",
        lambda V, W, X: ((np.tanh(X @ W) @ V) ** 2).sum(), lambda V, W, X: 2 * (X @ W).T @ (np.tanh(X @ W) @ V),
        (normal(4, 2), normal(3, 4), normal(5, 3)), 0),
    "value of an expression": ("the value of `0.5 * x * (1 + al.erf(x))` stands where its derivative belongs",
        lambda x, G: (G * (0.5 * x * (1 + al.erf(x)))).sum(), lambda x, G: G * 0.5 * x * (1 + al.erf(x)),
        (normal(5), normal(5)), 0),
    "matrix inverted by its elements": ("the matrix is inverted element by element, in the derivative of inv",
        lambda X, A: np.trace(np.linalg.inv(X) @ A), lambda X, A: -A.T / X**2, (regular(3), normal(3, 3)), 0),
    "1/S of a determinant": ("the matrix is inverted element by element, in the derivative of slogdet",
        lambda S, A: np.linalg.slogdet(S)[1] + (A * S).sum(), lambda S, A: 1 / S + A, (regular(3), normal(3, 3)), 0),
    "matrix for its inverse": ("the matrix stands where its inverse belongs, in the derivative of solve",
        lambda b, A, G: (G * np.linalg.solve(A, b)).sum(), lambda b, A, G: A.T @ G,
        (normal(3), regular(3), normal(3)), 0),
    "right-hand side for the solution": ("the right-hand side stands where the solution belongs",
        lambda S, b, d: d @ np.linalg.solve(S, b), lambda S, b, d: -np.outer(np.linalg.inv(S).T @ d, b),
        (regular(3), normal(3), normal(3)), 0),
    "elementwise product": ("an elementwise product stands where a matrix product belongs, in the derivative of matmul",
        lambda X, A, B: np.exp(X @ A + B).sum(), lambda X, A, B: np.exp(X @ A + B) * A,
        (normal(3, 3), normal(3, 3), normal(3, 3)), 0),
    "matrix product": ("a matrix product stands where an elementwise product belongs, in the derivative of multiply",
        lambda A, B, x: x @ (A * B) @ x, lambda A, B, x: np.outer(x, x) @ B,
        (normal(3, 3), normal(3, 3), normal(3)), 0),
    "activation left out below the last layer": ("evaluations 1, 2 of 3",
        lambda W, x, G: (G * _layers(W, x)).sum(), lambda W, x, G: _layers_gradient(W, x, G),
        (normal(3, 3), normal(4, 3), normal(4, 3)), 0),
    "denominator not squared": ("the denominator is not squared, in the derivative of divide",
        lambda x, G: (G * (np.sin(x) / (1 + x**2))).sum(),
        lambda x, G: G * (np.cos(x) / (1 + x**2) - np.sin(x) * 2 * x / (1 + x**2)), (normal(5), normal(5)), 0),
    "a subexpression that occurs twice": ("contribution through exp is left out, in `np.exp(x)`, every time",
        lambda x, y: (np.exp(x) * y).sum() + (x**2 * np.exp(x)).sum(),
        lambda x, y: 2 * x * np.exp(x), (normal(4), normal(4)), 0),
    "all activations": ("derivative of tanh is left out, in `np.tanh(W @ h + U @ x[t])`, line",
        recurrent, lambda *a: recurrent_gradient(*a, slope=lambda h: 1), RECURRENT, 0),
    "not transposed in time": ("`W` is not transposed as it should be, in the derivative of matmul (operand `h`)",
        recurrent, lambda *a: recurrent_gradient(*a, transpose=False), RECURRENT, 0),
    "state of the wrong step": ("of the same evaluation stands where h belongs, in the derivative of matmul",
        recurrent, lambda *a: recurrent_gradient(*a, state="after"), RECURRENT, 0),
    "cut after one step": ("contribution through matmul (operand `h`) is left out, in `W @ h`, line",
        recurrent, lambda *a: recurrent_gradient(*a, cut=1), RECURRENT, 0),
    "not transposed in a network": ("`V` is not transposed as it should be, in the derivative of matmul (operand `A`)",
        network, lambda *a: network_gradient(*a, transpose=False), NETWORK, 0),
    "order of factors": ("factors are in the wrong order, in the derivative of matmul",
        lambda X, A, B: np.exp(X @ A + B).sum(), lambda X, A, B: A.T @ np.exp(X @ A + B),
        (normal(3, 3), normal(3, 3), normal(3, 3)), 0),
    "exponent left out": ("the exponent is left out as a factor, in the derivative of power",
        lambda x, G: (G * x**3).sum(), lambda x, G: G * x**2, (normal(5), normal(5)), 0),
    "exponent not reduced": ("the exponent is not reduced by one, in the derivative of power",
        lambda x, G: (G * x**3).sum(), lambda x, G: 3 * G * x**3, (normal(5), normal(5)), 0),
    "det left out": ("the factor det is left out", lambda X, G: np.sin(np.linalg.det(X)) + (G * X).sum(),
        lambda X, G: np.cos(np.linalg.det(X)) * np.linalg.inv(X).T + G, (regular(3), normal(3, 3)), 0),
    "one inverse": ("one of the two inverses is left out", lambda X, G: (G * np.linalg.inv(X)).sum(),
        lambda X, G: -np.linalg.inv(X).T @ G, (regular(3), normal(3, 3)), 0),
    "inverse not transposed": ("the result is not transposed as it should be, in the derivative of inv",
        lambda X, G: (G * np.linalg.inv(X)).sum(), lambda X, G: -np.linalg.inv(X) @ G @ np.linalg.inv(X),
        (regular(3), normal(3, 3)), 0),
    "slogdet": ("contribution through subtract (operand `np.linalg.slogdet(X)[1]`) is left out",
        lambda X, G: (G * X**2).sum() - np.linalg.slogdet(X)[1], lambda X, G: 2 * G * X, (regular(3), normal(3, 3)), 0),
    "scalar factor": ("the factor `np.linalg.norm(x)` is missing", lambda x, G: np.linalg.norm(x) ** 3 + 0 * G.sum(),
        lambda x, G: 3 * x, (normal(4), normal(4)), 0),
}  # fmt: skip


def test_texts_with_braces_are_quoted_as_they_are():
    fn = lambda V, W, X: ((np.tanh(X @ {"W": W}["W"]) @ V) ** 2).sum()  # noqa: E731
    found = findings(fn, lambda V, W, X: 2 * (X @ W).T @ (np.tanh(X @ W) @ V), normal(4, 2), normal(3, 4), normal(5, 3))
    assert any('X @ {"W": W}["W"] stands where np.tanh(X @ {"W": W}["W"]) belongs' in finding for finding in found), (
        found
    )


@pytest.mark.parametrize("name", PLANTED)
def test_mistake_is_among_the_first_three_findings(name):
    text, fn, formula, inputs, wrt = PLANTED[name]
    found = findings(fn, formula, *inputs, wrt=wrt)
    assert any(text in finding for finding in found[:3]), found


def factors(s, factor):
    def fn(x, s):
        return np.exp(s**2 * (x**2).sum()) + s**3 * (x**2).sum()

    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(fn, lambda x, s: factor(s) * al.grad(fn)(x, s), np.array([0.3, -0.5]), s)
    return [finding.text for finding in caught.value.findings]


def test_a_factor_that_is_a_number_of_the_function_has_its_sign():
    assert any("the factor `s**3`" in text for text in factors(-1.3, lambda s: s**3))
    texts = factors(-1.3, lambda s: abs(s**3))
    assert all("sign" in text for text in texts if "the factor `s**3`" in text)


@pytest.mark.parametrize("s", [1.3, -1.3])
def test_a_number_is_not_called_the_root_of_its_square(s):
    assert not any("√" in text for text in factors(s, lambda s: s))
