"""Layers: normalisation, convolution, pooling, attention, graphs, einsum."""

import numpy as np
from testing.explaining.cookbook.cases import HALF, MEAN, ORDER, SIGN, TRANSPOSED, case, left_out

import autograd_lite as al

# -- normalisation ----------------------------------------------------------------------------------------------------

case(
    "layer norm with a gain by x",
    lambda x, g, G: (G * g * (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-3)).sum(),
    """
    s = np.sqrt(x.var(axis=1, keepdims=True) + 1e-3)
    h = (x - x.mean(axis=1, keepdims=True)) / s
    D = G * g
    return (D - D.mean(axis=1, keepdims=True) - h * (D * h).mean(axis=1, keepdims=True)) / s
    """,
    lambda r: (r(4, 5), r.positive(5), r(4, 5)),
    (
        "held constant",
        "return (D - D.mean(axis=1, keepdims=True) - h * (D * h).mean(axis=1, keepdims=True)) / s -> return D / s",
        r"mean|var|constant",
    ),
    ("held constant", " - h * (D * h).mean(axis=1, keepdims=True) -> ", r"var|sqrt|divide"),
    ("held constant", "D - D.mean(axis=1, keepdims=True) -> D", left_out("mean")),
    ("axis", "D.mean(axis=1 -> D.mean(axis=0", r"axis"),
    ("chain factor", "D = G * g -> D = G", r"\bg\b"),
    (
        "exponent",
        "h * (D * h).mean(axis=1, keepdims=True)) / s -> h * (D * h).mean(axis=1, keepdims=True)) / s**2",
        r"\bs\b|sqrt|divide",
    ),
    ("sum and mean", "(D * h).mean -> (D * h).sum", MEAN + "|sum"),
    ("sign", "- h * ( -> + h * (", SIGN),
)
case(
    "RMS norm by x",
    lambda x, g, G: (G * g * x / np.sqrt((x**2).mean(axis=1, keepdims=True))).sum(),
    """
    r = np.sqrt((x**2).mean(axis=1, keepdims=True))
    return G * g / r - x * (G * g * x).mean(axis=1, keepdims=True) / r**3
    """,
    lambda r: (r(4, 5), r.positive(5), r(4, 5)),
    ("held constant", " - x * (G * g * x).mean(axis=1, keepdims=True) / r**3 -> ", HALF),
    ("sum and mean", "(G * g * x).mean -> (G * g * x).sum", MEAN + "|sum"),
    ("chain factor", "G * g -> G", r"\bg\b"),
    ("axis", "(G * g * x).mean(axis=1 -> (G * g * x).mean(axis=0", r"axis"),
)
case(
    "batch norm inside a layer by W",
    lambda W, X, G: (G * np.tanh((X @ W - (X @ W).mean(axis=0)) / (X @ W).std(axis=0))).sum(),
    """
    Z = X @ W
    s = Z.std(axis=0)
    h = (Z - Z.mean(axis=0)) / s
    D = G * (1 - np.tanh(h) ** 2)
    return X.T @ ((D - D.mean(axis=0) - h * (D * h).mean(axis=0)) / s)
    """,
    lambda r: (r(3, 2), r(6, 3), r(6, 2)),
    ("held constant", "(D - D.mean(axis=0) - h * (D * h).mean(axis=0)) / s -> D / s", r"mean|std|constant"),
    ("held constant", " - h * (D * h).mean(axis=0) -> ", r"std|divide"),
    ("h' at the pre-activation", "np.tanh(h) ** 2 -> np.tanh(Z) ** 2", r"tanh'|`?[Zh]`?.*(stands|belongs)"),
    ("held constant", " - D.mean(axis=0) -> ", left_out("mean")),
    ("sum and mean", "(D * h).mean(axis=0) -> (D * h).sum(axis=0) / (len(X) - 1)", r"N ?[−-] ?1|length|6|std"),
)
case(
    "weight normalisation",
    lambda v, g, X: np.tanh(X @ (g * v / np.linalg.norm(v))).sum(),
    """
    n = np.linalg.norm(v)
    d = X.T @ (1 - np.tanh(X @ (g * v / n)) ** 2)
    return g * (d - v * (v @ d) / n**2) / n
    """,
    lambda r: (r(3), 1.4, r(6, 3)),
    ("held constant", "(d - v * (v @ d) / n**2) -> d", r"norm|left out|contribution"),
    ("exponent", "n**2 -> n", r"exponent|squared|norm"),
    ("chain factor", "return g * ( -> return (", left_out("g") + r"|1\.4 times"),
    ("h' forgotten", "X.T @ (1 - np.tanh(X @ (g * v / n)) ** 2) -> X.sum(axis=0)", left_out("tanh")),
)

# -- convolution, pooling, attention, graphs, einsum ------------------------------------------------------------------

case(
    "1-d convolution by x",
    lambda x, w, G: (G * np.correlate(x, w, "valid")).sum(),
    "np.convolve(G, w, 'full')",
    lambda r: (r(7), r(3), r(5)),
    ("flip", "np.convolve(G, w, 'full') -> np.convolve(G, w[::-1], 'full')", r"flip|revers"),
    ("shape", "'full' -> 'same'", r"full|mode"),
    (
        "wrong argument",
        "np.convolve(G, w, 'full') -> np.correlate(x, G, 'valid')",
        r"respect to 'w'|argument|∂/∂w|∂f/∂w",
    ),
)
case(
    "2-d convolution by x, in loops",
    lambda x, w, G: (G * al.conv2d(x, w)).sum(),
    """
    dx = np.zeros_like(x)
    for i in range(2):
        for j in range(2):
            dx[:, :, i : i + 3, j : j + 3] += np.einsum("nohw,oc->nchw", G, w[:, :, i, j])
    return dx
    """,
    lambda r: (r(2, 2, 4, 4), r(2, 2, 2, 2), r(2, 2, 3, 3)),
    ("flip", "w[:, :, i, j] -> w[:, :, 1 - i, 1 - j]", r"flip|revers|rotat"),
    ("not summed", "+= -> = ", r"overwr|add|only"),
    ("transpose", "w[:, :, i, j] -> w[:, :, j, i]", TRANSPOSED + "|axes|order"),
)
case(
    "average pooling",
    lambda x, G: (G * x.reshape(3, 2, 3, 2).mean(axis=(1, 3))).sum(),
    "np.kron(G, np.ones((2, 2))) / 4",
    lambda r: (r(6, 6), r(3, 3)),
    ("order", "np.kron(G, np.ones((2, 2))) -> np.kron(np.ones((2, 2)), G)", r"order|kron|tile|repeat"),
    ("shape", "np.kron(G, np.ones((2, 2))) -> G", r"shape|repeat|mean|kron|axis"),
    ("factor", "/ 4 -> / 2", r"2 times"),
)
case(
    "maximum over time",
    lambda x, g: x.max(axis=0) @ g,
    "g * (x == x.max(axis=0))",
    lambda r: (r(5, 3), r(3)),
    ("indicator", "g * (x == x.max(axis=0)) -> g * np.ones_like(x)", r"max|indicator|condition|sum"),
    ("axis", "x.max(axis=0) -> x.max(axis=1, keepdims=True)", r"axis"),
    ("shape", "g * (x == x.max(axis=0)) -> g", r"max|axis|sum|shape"),
    ("indicator", "== x.max -> < x.max", r"max|condition|turned|=="),
)


def attention(Q, K, V, M, G):
    return (G * (al.softmax(Q @ K.T / np.sqrt(3.0) + M) @ V)).sum()


case(
    "attention with a causal mask",
    attention,
    """
    A = softmax(Q @ K.T / np.sqrt(3.0) + M)
    dA = G @ V.T
    dS = A * (dA - (dA * A).sum(axis=1, keepdims=True)) / np.sqrt(3.0)
    return dS @ K, dS.T @ Q, A.T @ G
    """,
    lambda r: (r(4, 3), r(4, 3), r(4, 3), np.triu(np.full((4, 4), -8.0), 1), r(4, 3)),
    ("mask", " + M -> ", left_out("M")),
    ("chain factor", "keepdims=True)) / np.sqrt(3.0) -> keepdims=True))", r"sqrt|divide"),
    ("diagonal only", "A * (dA - (dA * A).sum(axis=1, keepdims=True)) -> dA * A * (1 - A)", r"diagonal"),
    ("transpose", "A.T @ G -> A @ G", TRANSPOSED),
    ("held constant", "A * (dA - (dA * A).sum(axis=1, keepdims=True)) -> A * dA", r"softmax|dA \* A"),
    ("axis", "(dA * A).sum(axis=1 -> (dA * A).sum(axis=0", r"axis"),
    (
        "wrong argument",
        "return dS @ K, dS.T @ Q -> return dS @ Q, dS.T @ K",
        r"`?[QK]`?.*(stands|belongs|exchang|place)",
    ),
    wrt=("Q", "K", "V"),
)
case(
    "graph convolution by X and W",
    lambda X, W, A, G: (G * np.tanh(A @ X @ W)).sum(),
    """
    D = G * (1 - np.tanh(A @ X @ W) ** 2)
    return A.T @ D @ W.T, (A @ X).T @ D
    """,
    lambda r: (r(4, 3), r(3, 3), r(4, 4), r(4, 3)),
    ("transpose", "(A @ X).T @ D -> (A.T @ X).T @ D", TRANSPOSED),
    ("chain factor", "(A @ X).T @ D -> X.T @ D", r"\bA\b"),
    ("chain factor", "A.T @ D @ W.T -> D @ W.T", r"\bA\b|matmul"),
    ("h for h'", "(1 - np.tanh(A @ X @ W) ** 2) -> np.tanh(A @ X @ W)", r"value of tanh|tanh.*derivative|1 − a²"),
    wrt=("X", "W"),
)
case(
    "bilinear layer, einsum",
    lambda T, x, y, G: (G * np.einsum("bi,kij,bj->bk", x, T, y)).sum(),
    "np.einsum('bk,bi,bj->kij', G, x, y)",
    lambda r: (r(2, 3, 3), r(5, 3), r(5, 3), r(5, 2)),
    ("transpose", "->kij -> ->kji", r"axes|transpos"),
    ("not summed", "np.einsum('bk,bi,bj->kij', G, x, y) -> np.einsum('bk,bi,bj->bkij', G, x, y)", r"axis 0|sum"),
    (
        "chain factor",
        "np.einsum('bk,bi,bj->kij', G, x, y) -> np.einsum('k,bi,bj->kij', G.sum(axis=0), x, y)",
        r"G|sum|\bb\b",
    ),
    ("order", "G, x, y -> G, y, x", rf"{ORDER}|{TRANSPOSED}|`?[xy]`? and `?[xy]`?"),
)
case(
    "bilinear layer by x, einsum",
    lambda x, T, y, G: (G * np.einsum("bi,kij,bj->bk", x, T, y)).sum(),
    "np.einsum('bk,kij,bj->bi', G, T, y)",
    lambda r: (r(5, 3), r(2, 3, 3), r(5, 3), r(5, 2)),
    ("transpose", "bk,kij,bj->bi -> bk,kij,bi->bj", r"axes|transpos"),
    ("wrong argument", "'bk,kij,bj->bi', G, T, y -> 'bk,kij,bi->bj', G, T, x", r"respect to 'y'|argument|∂/∂y|∂f/∂y"),
)
