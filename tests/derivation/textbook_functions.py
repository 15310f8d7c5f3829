"""Functions of matrix calculus, statistics and machine learning, with the lines that `derive` prints for them.

The lines are the textbook's. Where they are not, `textbook` says how a textbook writes the gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_lite as ag


@dataclass(frozen=True)
class Function:
    """A function of named inputs: shapes of normal numbers, or what draws them. `wrt` are names, with spaces."""

    name: str
    function: Callable[..., Any]
    inputs: dict[str, Any]
    wrt: str
    printed: str
    textbook: str = ""

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.printed.strip().splitlines()]

    def draw(self, seed: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        return {name: draw(rng) if callable(draw) else rng.normal(size=draw) for name, draw in self.inputs.items()}


def positive(*shape):
    return lambda rng: rng.uniform(0.5, 2, shape)


def unit(*shape):
    return lambda rng: rng.uniform(0.1, 0.9, shape)


def definite(n):
    def draw(rng):
        a = rng.normal(size=(n, n))
        return a @ a.T / n + np.eye(n)

    return draw


def binary(n):
    return lambda rng: (rng.random(n) > 0.5).astype(float)


def signs(n):
    return lambda rng: np.where(rng.random(n) > 0.5, 1.0, -1.0)


def labels(n, classes):
    return lambda rng: rng.integers(0, classes, n)


def distributions(n, classes):
    return lambda rng: rng.dirichlet(np.ones(classes), n)


FUNCTIONS = [
    # -- traces and linear forms ----------------------------------------------------------------------------------
    Function(
        "trace of a product",
        lambda A, X: np.trace(A @ X),
        {"A": (4, 3), "X": (3, 4)},
        "X",
        """
        L = tr(A X)
        ∂L/∂X = Aᵀ
        """,
    ),
    Function(
        "trace with factors on both sides",
        lambda A, X, B: np.trace(A @ X @ B),
        {"A": (2, 3), "X": (3, 4), "B": (4, 2)},
        "X",
        """
        L = tr(A X B)
        ∂L/∂X = Aᵀ Bᵀ
        """,
    ),
    Function(
        "inner product of matrices",
        lambda X, Y: np.trace(X.T @ Y),
        {"X": (3, 4), "Y": (3, 4)},
        "X Y",
        """
        L = tr(Xᵀ Y)
        ∂L/∂Y = X
        ∂L/∂X = Y
        """,
    ),
    Function(
        "bilinear form",
        lambda a, X, b: a @ X @ b,
        {"a": 3, "X": (3, 4), "b": 4},
        "a X b",
        """
        L = aᵀ X b
        ∂L/∂b = Xᵀ a
        ∂L/∂a = X b
        ∂L/∂X = a bᵀ
        """,
    ),
    Function(
        "sum of squares as a trace",
        lambda X: np.trace(X @ X.T),
        {"X": (3, 4)},
        "X",
        """
        L = tr(X Xᵀ)
        ∂L/∂X = 2 X
        """,
    ),
    Function(
        "quadratic trace",
        lambda X, A: np.trace(X.T @ A @ X),
        {"X": (3, 2), "A": (3, 3)},
        "X A",
        """
        L = tr(Xᵀ A X)
        ∂L/∂A = X Xᵀ
        ∂L/∂X = (A + Aᵀ) X
        """,
    ),
    Function(
        "trace of a cube",
        lambda X: np.trace(np.linalg.matrix_power(X, 3)),
        {"X": (3, 3)},
        "X",
        """
        L = tr(X³)
        ∂L/∂X = 3(X²)ᵀ
        """,
    ),
    Function(
        "sum of a diagonal",
        lambda X: np.diag(X).sum(),
        {"X": (3, 3)},
        "X",
        """
        L = Σ diag(X)
        ∂L/∂X = I
        """,
    ),
    # -- quadratic forms and norms --------------------------------------------------------------------------------
    Function(
        "quadratic form",
        lambda x, A: x @ A @ x,
        {"x": 3, "A": (3, 3)},
        "x A",
        """
        L = xᵀ A x
        ∂L/∂x = (A + Aᵀ) x
        ∂L/∂A = x xᵀ
        """,
    ),
    Function(
        "quadratic function",
        lambda x, A, b: 0.5 * (x @ A @ x) - b @ x,
        {"x": 3, "A": (3, 3), "b": 3},
        "x",
        """
        L = 0.5 xᵀ A x − bᵀ x
        ∂L/∂x = 0.5(A + Aᵀ) x − b
        """,
    ),
    Function(
        "squared residual",
        lambda x, A, b: (A @ x - b) @ (A @ x - b),
        {"x": 3, "A": (4, 3), "b": 4},
        "x",
        """
        L = (A x − b)ᵀ(A x − b)
        ∂L/∂x = 2 Aᵀ(A x − b)
        """,
    ),
    Function(
        "weighted residual",
        lambda x, A, b, W: (b - A @ x) @ W @ (b - A @ x),
        {"x": 3, "A": (4, 3), "b": 4, "W": (4, 4)},
        "x",
        """
        L = (b − A x)ᵀ W (b − A x)
        ∂L/∂x = −Aᵀ(W + Wᵀ)(b − A x)
        """,
    ),
    Function(
        "Rayleigh quotient",
        lambda x, A: (x @ A @ x) / (x @ x),
        {"x": 3, "A": (3, 3)},
        "x",
        """
        L = xᵀ A x / (xᵀ x)
        ∂L/∂x = ((A + Aᵀ) x − 2 L x) / (xᵀ x)
        """,
    ),
    Function(
        "length",
        lambda x: np.linalg.norm(x),
        {"x": 4},
        "x",
        """
        L = ‖x‖
        ∂L/∂x = x / ‖x‖
        """,
    ),
    Function(
        "distance",
        lambda x, a: np.linalg.norm(x - a),
        {"x": 4, "a": 4},
        "x",
        """
        L = ‖x − a‖
        ∂L/∂x = (x − a) / ‖x − a‖
        """,
    ),
    Function(
        "Frobenius norm",
        lambda X: np.linalg.norm(X),
        {"X": (3, 4)},
        "X",
        """
        L = ‖X‖
        ∂L/∂X = X / ‖X‖
        """,
    ),
    Function(
        "sum of magnitudes",
        lambda x: np.linalg.norm(x, 1),
        {"x": 4},
        "x",
        """
        L = Σ |x|
        ∂L/∂x = sign(x)
        """,
    ),
    Function(
        "norm of order three",
        lambda x: np.linalg.norm(x, 3),
        {"x": 4},
        "x",
        """
        L = ‖x‖₃
        ∂L/∂x = (sign(x) ⊙ x²) / ‖x‖₃²
        """,
    ),
    Function(
        "largest magnitude",
        lambda x: np.linalg.norm(x, np.inf),
        {"x": 4},
        "x",
        """
        L = max(|x|)
        ∂L/∂x = sign(x) ⊙ 1[|x| = max(|x|)]
        """,
        textbook="∂L/∂x = sign(x_k) e_k for the k with the largest |x_k|",
    ),
    Function(
        "cosine similarity",
        lambda x, y: (x @ y) / (np.linalg.norm(x) * np.linalg.norm(y)),
        {"x": 3, "y": 3},
        "x y",
        """
        L = xᵀ y / (‖x‖ ‖y‖)
        ∂L/∂x = y / (‖x‖ ‖y‖) − L x / ‖x‖²
        ∂L/∂y = x / (‖x‖ ‖y‖) − L y / ‖y‖²
        """,
    ),
    Function(
        "component along a direction",
        lambda x, a: a @ (x / np.linalg.norm(x)),
        {"x": 3, "a": 3},
        "x",
        """
        L = aᵀ x / ‖x‖
        ∂L/∂x = a / ‖x‖ − (Σ a ⊙ x) x / ‖x‖³
        """,
        textbook="∂L/∂x = (a − (aᵀ x) x / ‖x‖²) / ‖x‖",
    ),
    # -- determinants and inverses --------------------------------------------------------------------------------
    Function(
        "determinant",
        lambda X: np.linalg.det(X),
        {"X": (3, 3)},
        "X",
        """
        L = det(X)
        ∂L/∂X = det(X) X⁻ᵀ
        """,
    ),
    Function(
        "logarithm of a determinant",
        lambda X: np.linalg.slogdet(X)[1],
        {"X": (3, 3)},
        "X",
        """
        L = ln |det X|
        ∂L/∂X = X⁻ᵀ
        """,
    ),
    Function(
        "determinant of a product",
        lambda A, X, B: np.linalg.det(A @ X @ B),
        {"A": (3, 3), "X": (3, 3), "B": (3, 3)},
        "X",
        """
        L = det(A X B)
        ∂L/∂X = det(A X B) Aᵀ(A X B)⁻ᵀ Bᵀ
        """,
    ),
    Function(
        "determinant of a power",
        lambda X: np.linalg.det(np.linalg.matrix_power(X, 2)),
        {"X": (3, 3)},
        "X",
        """
        L = det(X²)
        ∂L/∂X = 2 det(X²) X⁻ᵀ
        """,
    ),
    Function(
        "logarithm of a Gram determinant",
        lambda X: np.log(np.linalg.det(X.T @ X)),
        {"X": (4, 3)},
        "X",
        """
        L = ln det(Xᵀ X)
        ∂L/∂X = 2 X (Xᵀ X)⁻¹
        """,
    ),
    Function(
        "regularised Gram determinant",
        lambda X: np.linalg.slogdet(np.eye(3) + X.T @ X)[1],
        {"X": (4, 3)},
        "X",
        """
        L = ln |det(I + Xᵀ X)|
        ∂L/∂X = 2 X (I + Xᵀ X)⁻¹
        """,
    ),
    Function(
        "bilinear form of an inverse",
        lambda a, X, b: a @ np.linalg.inv(X) @ b,
        {"a": 3, "X": definite(3), "b": 3},
        "X",
        """
        L = aᵀ X⁻¹ b
        ∂L/∂X = −X⁻ᵀ a bᵀ X⁻ᵀ
        """,
    ),
    Function(
        "trace of an inverse",
        lambda X, A: np.trace(A @ np.linalg.inv(X)),
        {"X": definite(3), "A": (3, 3)},
        "X",
        """
        L = tr(A X⁻¹)
        ∂L/∂X = −X⁻ᵀ Aᵀ X⁻ᵀ
        """,
    ),
    Function(
        "solution of a system",
        lambda S, b, c: c @ np.linalg.solve(S, b),
        {"S": definite(3), "b": 3, "c": 3},
        "S b",
        """
        L = cᵀ S⁻¹ b
        ∂L/∂S = −S⁻ᵀ c bᵀ S⁻ᵀ
        ∂L/∂b = S⁻ᵀ c
        """,
    ),
    Function(
        "determinant with a diagonal factor",
        lambda d, A: np.linalg.slogdet(np.diag(d) @ A)[1],
        {"d": positive(3), "A": (3, 3)},
        "d",
        """
        L = ln |det(diag(d) A)|
        ∂L/∂d = diag((diag(d) A)⁻ᵀ Aᵀ)
        """,
    ),
    # -- probabilities and entropy --------------------------------------------------------------------------------
    Function(
        "entropy",
        lambda p: -(p * np.log(p)).sum(),
        {"p": positive(4)},
        "p",
        """
        L = −Σ p ⊙ ln p
        ∂L/∂p = −ln p − 1
        """,
    ),
    Function(
        "cross-entropy of distributions",
        lambda p, q: -(p * np.log(q)).sum(),
        {"p": positive(4), "q": positive(4)},
        "q",
        """
        L = −Σ p ⊙ ln q
        ∂L/∂q = −p / q
        """,
    ),
    Function(
        "log-sum-exp",
        lambda z: ag.logsumexp(z),
        {"z": 4},
        "z",
        """
        L = ln(Σ exp(z))
        ∂L/∂z = softmax(z)
        """,
    ),
    Function(
        "log-sum-exp written out",
        lambda z: np.log(np.exp(z).sum()),
        {"z": 4},
        "z",
        """
        L = ln(Σ exp(z))
        ∂L/∂z = softmax(z)
        """,
    ),
    Function(
        "softmax",
        lambda z, g: g @ ag.softmax(z),
        {"z": 4, "g": 4},
        "z",
        """
        P = softmax(z)
        L = gᵀ P
        ∂L/∂z = P ⊙ (g − Σ g ⊙ P)
        """,
    ),
    Function(
        "entropy of a softmax",
        lambda z: -(ag.softmax(z) * ag.log_softmax(z)).sum(),
        {"z": 4},
        "z",
        """
        P = softmax(z)
        L = −Σ P ⊙ ln P
        ∂L/∂P = −ln P
        ∂L/∂z = P ⊙ (∂L/∂P − Σ ∂L/∂P ⊙ P) = P ⊙ (Σ ln(P) ⊙ P − ln P)
        """,
        textbook="∂L/∂z = −P ⊙ (ln P − Σ P ⊙ ln P)",
    ),
    # -- regression and classification ----------------------------------------------------------------------------
    Function(
        "least squares",
        lambda X, w, y: 0.5 * ((X @ w - y) ** 2).sum(),
        {"X": (6, 3), "w": 3, "y": 6},
        "w",
        """
        Z = X w
        L = 0.5 Σ (Z − y)²
        ∂L/∂Z = Z − y
        ∂L/∂w = Xᵀ ∂L/∂Z = Xᵀ(Z − y)
        """,
    ),
    Function(
        "ridge regression",
        lambda X, w, y: ((X @ w - y) ** 2).mean() + 0.1 * (w @ w),
        {"X": (6, 3), "w": 3, "y": 6},
        "w",
        """
        N = 6
        Z = X w
        L = (1/N) Σ (Z − y)² + 0.1 wᵀ w
        ∂L/∂Z = (2/N)(Z − y)
        ∂L/∂w = 0.2 w + Xᵀ ∂L/∂Z = 0.2 w + (2/N) Xᵀ(Z − y)
        """,
    ),
    Function(
        "lasso",
        lambda X, w, y: 0.5 * ((X @ w - y) ** 2).sum() + 0.1 * np.abs(w).sum(),
        {"X": (6, 3), "w": 3, "y": 6},
        "w",
        """
        Z = X w
        L = 0.5 Σ (Z − y)² + 0.1 Σ |w|
        ∂L/∂Z = Z − y
        ∂L/∂w = 0.1 sign(w) + Xᵀ ∂L/∂Z = 0.1 sign(w) + Xᵀ(Z − y)
        """,
    ),
    Function(
        "logistic regression",
        lambda X, w, y: ag.binary_cross_entropy_with_logits(X @ w, y),
        {"X": (6, 3), "w": 3, "y": binary(6)},
        "w",
        """
        N = 6
        Z = X w
        P = σ(Z)
        L = −(1/N) Σ (y ⊙ ln P + (1 − y) ⊙ ln(1 − P))
        ∂L/∂Z = (1/N)(P − y)
        ∂L/∂w = Xᵀ ∂L/∂Z = (1/N) Xᵀ(P − y)
        """,
    ),
    Function(
        "logistic regression with signs",
        lambda X, w, y: np.log(1 + np.exp(-(y * (X @ w)))).sum(),
        {"X": (6, 3), "w": 3, "y": signs(6)},
        "w",
        """
        Z = X w
        L = Σ ln(1 + exp(−y ⊙ Z))
        ∂L/∂Z = −σ(−y ⊙ Z) ⊙ y
        ∂L/∂w = Xᵀ ∂L/∂Z = −Xᵀ(σ(−y ⊙ Z) ⊙ y)
        """,
    ),
    Function(
        "softmax regression",
        lambda X, W, Y: ag.cross_entropy(X @ W, Y),
        {"X": (6, 3), "W": (3, 4), "Y": distributions(6, 4)},
        "W",
        """
        N = 6
        Y 1 = 1
        Z = X W
        P = softmax(Z)
        L = −(1/N) Σ Y ⊙ ln P
        ∂L/∂Z = (1/N)(P − Y)
        ∂L/∂W = Xᵀ ∂L/∂Z = (1/N) Xᵀ(P − Y)
        """,
    ),
    Function(
        "Poisson regression",
        lambda X, w, y: (np.exp(X @ w) - y * (X @ w)).sum(),
        {"X": (6, 3), "w": 3, "y": positive(6)},
        "w",
        """
        Z = X w
        L = Σ (exp(Z) − y ⊙ Z)
        ∂L/∂Z = exp(Z) − y
        ∂L/∂w = Xᵀ ∂L/∂Z = Xᵀ(exp(Z) − y)
        """,
    ),
    Function(
        "hinge loss",
        lambda X, w, y: np.maximum(0, 1 - y * (X @ w)).sum(),
        {"X": (6, 3), "w": 3, "y": signs(6)},
        "w",
        """
        Z = X w
        L = Σ max(0, 1 − y ⊙ Z)
        ∂L/∂Z = −y ⊙ 1[y ⊙ Z < 1]
        ∂L/∂w = Xᵀ ∂L/∂Z = −Xᵀ(y ⊙ 1[y ⊙ Z < 1])
        """,
    ),
    Function(
        "squared hinge loss",
        lambda X, w, y: (np.maximum(0, 1 - y * (X @ w)) ** 2).sum(),
        {"X": (6, 3), "w": 3, "y": signs(6)},
        "w",
        """
        Z = X w
        L = Σ max(0, 1 − y ⊙ Z)²
        ∂L/∂Z = −2 max(0, 1 − y ⊙ Z) ⊙ y
        ∂L/∂w = Xᵀ ∂L/∂Z = −2 Xᵀ(max(0, 1 − y ⊙ Z) ⊙ y)
        """,
    ),
    Function(
        "Huber loss",
        lambda X, w, y: ag.huber_loss(X @ w, y, "sum"),
        {"X": (6, 3), "w": 3, "y": 6},
        "w",
        """
        Z = X w
        L = Σ {0.5(Z − y)² if |Z − y| ≤ 1, else |Z − y| − 0.5}
        ∂L/∂Z = clip(Z − y, −1, 1)
        ∂L/∂w = Xᵀ ∂L/∂Z = Xᵀ clip(Z − y, −1, 1)
        """,
    ),
    # -- likelihoods ----------------------------------------------------------------------------------------------
    Function(
        "Gaussian by its mean",
        lambda m, S, x: 0.5 * (x - m) @ np.linalg.solve(S, x - m),
        {"m": 3, "S": definite(3), "x": 3},
        "m x",
        """
        L = 0.5(x − m)ᵀ S⁻¹ (x − m)
        ∂L/∂x = 0.5(S⁻¹ + S⁻ᵀ)(x − m)
        ∂L/∂m = −0.5(S⁻¹ + S⁻ᵀ)(x − m)
        """,
    ),
    Function(
        "Gaussian by its covariance",
        lambda S, C: 0.5 * (np.trace(np.linalg.inv(S) @ C) + np.linalg.slogdet(S)[1]),
        {"S": definite(3), "C": definite(3)},
        "S",
        """
        L = 0.5(tr(S⁻¹ C) + ln |det S|)
        ∂L/∂S = 0.5(S⁻ᵀ − S⁻ᵀ Cᵀ S⁻ᵀ)
        """,
    ),
    Function(
        "Gaussian by its deviation",
        lambda s, x: (np.log(s) + 0.5 * (x / s) ** 2).sum(),
        {"s": positive(5), "x": 5},
        "s",
        """
        L = Σ (ln s + 0.5(x / s)²)
        ∂L/∂s = 1 / s − x² / s³
        """,
    ),
    Function(
        "Student distribution",
        lambda x: 2.5 * np.log(1 + x**2 / 4).sum(),
        {"x": 5},
        "x",
        """
        L = 2.5 Σ ln(1 + (1/4) x²)
        ∂L/∂x = (5/4) x / (1 + (1/4) x²)
        """,
    ),
    Function(
        "mixture of two",
        lambda a, b, w: np.log(w * np.exp(a) + (1 - w) * np.exp(b)).sum(),
        {"a": 5, "b": 5, "w": unit(5)},
        "a b",
        """
        L = Σ ln(w ⊙ exp(a) + C ⊙ exp(b))
        ∂L/∂b = (C ⊙ exp(b)) / (w ⊙ exp(a) + C ⊙ exp(b))
        ∂L/∂a = (w ⊙ exp(a)) / (w ⊙ exp(a) + C ⊙ exp(b))
        """,
    ),
    Function(
        "linear autoencoder",
        lambda X, W: ((X - X @ W @ W.T) ** 2).sum(),
        {"X": (6, 4), "W": (4, 2)},
        "W",
        """
        L = Σ (X − X W Wᵀ)²
        ∂L/∂W = 2((X W Wᵀ − X)ᵀ X W + Xᵀ(X W Wᵀ − X) W)
        """,
    ),
    # -- networks -------------------------------------------------------------------------------------------------
    Function(
        "two layers",
        lambda X, W, b, V: ((ag.sigmoid(X @ W + b) @ V) ** 2).sum(),
        {"X": (6, 3), "W": (3, 4), "b": 4, "V": (4, 2)},
        "W b V",
        """
        Z⁽¹⁾ = X W + 1bᵀ
        A⁽¹⁾ = σ(Z⁽¹⁾)
        Z⁽²⁾ = A⁽¹⁾ V
        L = Σ Z⁽²⁾²
        ∂L/∂Z⁽²⁾ = 2 Δ⁽²⁾,  Δ⁽²⁾ = Z⁽²⁾
        ∂L/∂V = 2 A⁽¹⁾ᵀ Δ⁽²⁾
        ∂L/∂Z⁽¹⁾ = 2 Δ⁽¹⁾,  Δ⁽¹⁾ = (Δ⁽²⁾ Vᵀ) ⊙ A⁽¹⁾ ⊙ (1 − A⁽¹⁾)
        ∂L/∂b = 2 1ᵀ Δ⁽¹⁾
        ∂L/∂W = 2 Xᵀ Δ⁽¹⁾
        """,
    ),
    Function(
        "rectified layer",
        lambda W, x, v: v @ np.maximum(0, W @ x),
        {"W": (4, 3), "x": 3, "v": 4},
        "W x",
        """
        Z = W x
        L = vᵀ max(0, Z)
        ∂L/∂Z = v ⊙ 1[Z > 0]
        ∂L/∂W = ∂L/∂Z xᵀ = (v ⊙ 1[Z > 0]) xᵀ
        ∂L/∂x = Wᵀ ∂L/∂Z = Wᵀ(v ⊙ 1[Z > 0])
        """,
    ),
    Function(
        "recurrent step",
        lambda W, h, U, x: np.tanh(W @ h + U @ x).sum(),
        {"W": (3, 3), "h": 3, "U": (3, 2), "x": 2},
        "W h U",
        """
        Z = W h + U x
        A = tanh(Z)
        L = Σ A
        ∂L/∂Z = 1 − A²
        ∂L/∂U = ∂L/∂Z xᵀ = (1 − A²) xᵀ
        ∂L/∂W = ∂L/∂Z hᵀ = (1 − A²) hᵀ
        ∂L/∂h = Wᵀ ∂L/∂Z = Wᵀ(1 − A²)
        """,
    ),
    Function(
        "layer norm",
        lambda x, g: (g * ag.layer_norm(x, x.shape)).sum(),
        {"x": 4, "g": 4},
        "x",
        """
        μ = mean(x)
        σ = √(mean((x − μ)²) + 10⁻⁵)
        x̂ = (x − μ) / σ
        L = Σ g ⊙ x̂
        ∂L/∂x = (g − mean(g) − x̂ ⊙ mean(g ⊙ x̂)) / σ
        """,
    ),
    Function(
        "batch norm",
        lambda X, γ, β, G: (G * ag.batch_norm(X, None, None, γ, β, training=True)).sum(),
        {"X": (6, 3), "γ": positive(3), "β": 3, "G": (6, 3)},
        "X γ β",
        """
        μ = mean₀(X)
        σ = √(mean₀((X − μ)²) + 10⁻⁵)
        X̂ = (X − μ) / σ
        U₁ = (1γᵀ) ⊙ X̂ + 1βᵀ
        L = Σ G ⊙ U₁
        ∂L/∂X = (G ⊙ (1γᵀ) − mean₀(G ⊙ (1γᵀ)) − X̂ ⊙ mean₀(G ⊙ (1γᵀ) ⊙ X̂)) / σ
        ∂L/∂β = 1ᵀ G
        ∂L/∂γ = 1ᵀ(G ⊙ X̂)
        """,
    ),
    Function(
        "standardized columns",
        lambda X, G: (G * ((X - X.mean(0)) / X.std(0))).sum(),
        {"X": (6, 3), "G": (6, 3)},
        "X",
        """
        N = 6
        μ = mean₀(X)
        σ = std₀(X)
        L = Σ G ⊙ ((X − μ) / σ)
        ∂L/∂σ = −1ᵀ((G ⊙ (X − μ)) / σ²)
        ∂L/∂μ = −1ᵀ(G / σ)
        ∂L/∂X = (1/N) ∂L/∂σ ⊙ ((X − μ) / σ) + G / σ + (1/N) ∂L/∂μ = G / σ − (1/N)(11ᵀ((G ⊙ (X − μ)) / σ²)) ⊙ ((X − μ) / σ) − mean₀(G / σ)
        """,  # noqa: E501
        textbook="∂L/∂X = (G − mean₀(G) − X̂ ⊙ mean₀(G ⊙ X̂)) / σ with X̂ = (X − μ) / σ",
    ),
    Function(
        "attention",
        lambda Q, K, V, G: (G * (ag.softmax(Q @ K.T / 2.0) @ V)).sum(),
        {"Q": (5, 4), "K": (5, 4), "V": (5, 3), "G": (5, 3)},
        "Q K V",
        """
        Z⁽¹⁾ = Q Kᵀ
        P = softmax((1/2) Z⁽¹⁾)
        Z⁽²⁾ = P V
        L = Σ G ⊙ Z⁽²⁾
        ∂L/∂V = Pᵀ G
        ∂L/∂P = G Vᵀ
        ∂L/∂Z⁽¹⁾ = (1/2) Δ⁽¹⁾,  Δ⁽¹⁾ = P ⊙ (∂L/∂P − (∂L/∂P ⊙ P)1 1ᵀ)
        ∂L/∂Q = (1/2) Δ⁽¹⁾ K
        ∂L/∂K = (1/2) Δ⁽¹⁾ᵀ Q
        """,
    ),
    Function(
        "embedding",
        lambda E, i, G: (G * ag.embedding(i, E)).sum(),
        {"E": (4, 2), "i": labels(5, 4), "G": (5, 2)},
        "E",
        """
        L = Σ G ⊙ E[i]
        ∂L/∂E = onehot(i)ᵀ G
        """,
    ),
    Function(
        "convolution",
        lambda w, x, g: (g * np.convolve(x, w, "valid")).sum(),
        {"w": 3, "x": 7, "g": 5},
        "w",
        """
        L = Σ g ⊙ convolve(x, w, valid)
        ∂L/∂w = convolve(pad(g), flip(x), valid)
        """,
        textbook="∂L/∂w = the correlation of x with g",
    ),
    Function(
        "outer product",
        lambda a, b, G: (G * np.outer(a, b)).sum(),
        {"a": 3, "b": 4, "G": (3, 4)},
        "a b",
        """
        L = Σ G ⊙ (a bᵀ)
        ∂L/∂b = Gᵀ a
        ∂L/∂a = G b
        """,
    ),
    # -- learning -------------------------------------------------------------------------------------------------
    Function(
        "matrix factorisation",
        lambda R, U, V: ((R - U @ V.T) ** 2).sum(),
        {"R": (5, 4), "U": (5, 2), "V": (4, 2)},
        "U V",
        """
        Z = U Vᵀ
        L = Σ (R − Z)²
        ∂L/∂Z = 2(Z − R)
        ∂L/∂U = ∂L/∂Z V = 2(Z − R) V
        ∂L/∂V = (∂L/∂Z)ᵀ U = 2(Z − R)ᵀ U
        """,
    ),
    Function(
        "discriminator",
        lambda X, F, w: -np.log(ag.sigmoid(X @ w)).mean() - np.log(1 - ag.sigmoid(F @ w)).mean(),
        {"X": (6, 3), "F": (5, 3), "w": 3},
        "w",
        """
        N = 6
        Z⁽¹⁾ = X w
        A⁽¹⁾ = σ(Z⁽¹⁾)
        Z⁽²⁾ = F w
        A⁽²⁾ = σ(Z⁽²⁾)
        L = −(1/N) Σ ln A⁽¹⁾ − (1/5) Σ ln(1 − A⁽²⁾)
        ∂L/∂Z⁽²⁾ = (1/5) Δ⁽²⁾,  Δ⁽²⁾ = A⁽²⁾
        ∂L/∂Z⁽¹⁾ = (1/N) Δ⁽¹⁾,  Δ⁽¹⁾ = A⁽¹⁾ − 1
        ∂L/∂w = (1/5) Fᵀ Δ⁽²⁾ + (1/N) Xᵀ Δ⁽¹⁾
        """,
    ),
    Function(
        "comparison of pairs",
        lambda s, i, j: -np.log(ag.sigmoid(s[i] - s[j])).sum(),
        {"s": 4, "i": labels(5, 4), "j": labels(5, 4)},
        "s",
        """
        A = σ(s[i] − s[j])
        L = −Σ ln A
        ∂L/∂s = onehot(j)ᵀ(1 − A) + onehot(i)ᵀ(A − 1)
        """,
    ),
    Function(
        "Gaussian kernel",
        lambda x, y: np.exp(-0.5 * ((x - y) ** 2).sum()),
        {"x": 3, "y": 3},
        "x",
        """
        L = exp(−0.5 Σ (x − y)²)
        ∂L/∂x = −L (x − y)
        """,
    ),
    Function(
        "attraction of neighbours in t-SNE",
        lambda x, y: np.log(1 + ((x - y) ** 2).sum()),
        {"x": 2, "y": 2},
        "x",
        """
        L = ln(1 + Σ (x − y)²)
        ∂L/∂x = 2(x − y) / (1 + Σ (x − y)²)
        """,
    ),
    Function(
        "product of numbers",
        lambda x: np.prod(x),
        {"x": positive(4)},
        "x",
        """
        L = prod(x)
        ∂L/∂x = prod(x) / x
        """,
        textbook="∂L/∂x = (Π x) / x",
    ),
]
