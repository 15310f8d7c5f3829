"""Networks by hand: loops over layers and over time."""

import numpy as np
from testing.explaining.cookbook.cases import HALF, ORDER, SIGN, TRANSPOSED, TWICE, case, erf, left_out, too_many

import autograd_lite as al

# -- networks by hand -------------------------------------------------------------------------------------------------


def deep(W1, W2, W3, X, Y):
    h = X
    for W in (W1, W2, W3):
        h = np.tanh(h @ W)
    return 0.5 * ((h - Y) ** 2).sum() / len(X)


case(
    "three tanh layers in a loop",
    deep,
    """
    hs = [X]
    for W in (W1, W2, W3):
        hs.append(np.tanh(hs[-1] @ W))
    g, grads = (hs[3] - Y) / len(X), []
    for l, W in ((3, W3), (2, W2), (1, W1)):
        d = g * (1 - hs[l] ** 2)
        grads.insert(0, hs[l - 1].T @ d)
        g = d @ W.T
    return tuple(grads)
    """,
    lambda r: (r(3, 3), r(3, 3), r(3, 3), r(5, 3), r(5, 3)),
    ("h for h'", "(1 - hs[l] ** 2) -> hs[l]", r"value of tanh|tanh.*where its derivative|1 − a²"),
    (
        "h' at the activation",
        "(1 - hs[l] ** 2) -> (1 - np.tanh(hs[l]) ** 2)",
        r"output of tanh|tanh' is evaluated at|`?np\.tanh`?.*(too many|left out)",
    ),
    ("h' forgotten", "d = g * (1 - hs[l] ** 2) -> d = g", left_out("tanh")),
    ("wrong activation", "hs[l - 1].T @ d -> hs[l].T @ d", r"output|hs\[l - 1\]|hs\[l\]|result"),
    ("h' forgotten", "g = d @ W.T -> g = g @ W.T", left_out("tanh")),
    ("chain factor", "g = d @ W.T -> g = d", r"matmul|\bW\b"),
    wrt=("W1", "W2", "W3"),
)


def relu_net(W1, b1, W2, b2, X, Y):
    return ((np.maximum(X @ W1 + b1, 0) @ W2 + b2 - Y) ** 2).mean()


case(
    "ReLU network",
    relu_net,
    """
    Z = X @ W1 + b1
    A = np.maximum(Z, 0)
    D2 = 2 * (A @ W2 + b2 - Y) / Y.size
    D1 = D2 @ W2.T * (Z > 0)
    return X.T @ D1, D1.sum(axis=0), A.T @ D2, D2.sum(axis=0)
    """,
    lambda r: (r(3, 4), r(4), r(4, 4), r(4), r(6, 3), r(6, 4)),
    ("indicator", " * (Z > 0) -> ", r"maximum|condition|indicator|Z > 0"),
    ("h for h'", "* (Z > 0) -> * A", r"value of maximum|1\[|indicator|Z > 0|where its derivative"),
    ("indicator", "Z > 0 -> X @ W1 > 0", r"b1|X @ W1|condition"),
    ("transpose", "W2.T -> W2", TRANSPOSED),
    ("wrong activation", "A.T @ D2 -> Z.T @ D2", r"maximum|\bA\b"),
    ("not summed", "D1.sum(axis=0) -> D1", r"sum"),
    ("axis", "D2.sum(axis=0) -> D2.sum(axis=1)[:4]", r"axis"),
    ("forgot a term", "A @ W2 + b2 -> A @ W2", left_out("b2")),
    ("wrong argument", "X.T @ D1, D1.sum(axis=0) -> X.T @ D1, D2.sum(axis=0)", r"b2|D1|D2"),
    ("mask", "* (Z > 0) -> * (Z < 0)", r"<|turned|condition"),
    wrt=("W1", "b1", "W2", "b2"),
)
case(
    "softplus unit",
    lambda w, X, y: ((al.softplus(X @ w) - y) ** 2).sum(),
    "2 * X.T @ ((np.log1p(np.exp(X @ w)) - y) * sig(X @ w))",
    lambda r: (r(3), r(5, 3), r(5)),
    ("h for h'", "* sig(X @ w) -> * np.log1p(np.exp(X @ w))", r"value of softplus|sigmoid|derivative"),
    ("confused", "* sig(X @ w) -> * sig(X @ w) * (1 - sig(X @ w))", rf"sigmoid'|second|{too_many('sig')}"),
    ("h' forgotten", " * sig(X @ w) -> ", left_out("softplus", "sig")),
    ("divided by h'", "* sig(X @ w) -> / sig(X @ w)", r"divide|divisor"),
    ("forgot a term", "np.log1p(np.exp(X @ w)) -> (X @ w)", r"softplus|log1p|exp"),
)
case(
    "autoencoder with tied weights",
    lambda W, X: ((np.tanh(X @ W) @ W.T - X) ** 2).sum(),
    """
    A = np.tanh(X @ W)
    E = 2 * (A @ W.T - X)
    return X.T @ (E @ W * (1 - A**2)) + E.T @ A
    """,
    lambda r: (r(4, 4), r(5, 4)),
    ("product rule", " + E.T @ A -> ", HALF),
    ("transpose", "+ E.T @ A -> + A.T @ E", TRANSPOSED + "|" + ORDER),
    ("h' at the activation", "(1 - A**2) -> (1 - np.tanh(A) ** 2)", r"output|np\.tanh"),
)
case(
    "residual block by x",
    lambda x, W, V, G: (G * (x + np.maximum(x @ W, 0) @ V)).sum(),
    "G + (G @ V.T * (x @ W > 0)) @ W.T",
    lambda r: (r(4, 3), r(3, 3), r(3, 3), r(4, 3)),
    ("product rule", "G + ( -> (", HALF),
    ("transpose", "V.T -> V", TRANSPOSED),
    ("indicator", " * (x @ W > 0) -> ", r"maximum|condition|indicator"),
    (
        "order",
        "(G @ V.T * (x @ W > 0)) @ W.T -> (G @ W.T * (x @ W > 0)) @ V.T",
        rf"{ORDER}|exchang|`?[WV]`?.*stands|`?[WV]\.T`?",
    ),
)
case(
    "gated unit, SwiGLU",
    lambda W, V, X, G: (G * (X @ W * al.sigmoid(X @ W) * (X @ V))).sum(),
    """
    a, b = X @ W, X @ V
    s = sig(a)
    return X.T @ (G * b * (s + a * s * (1 - s))), X.T @ (G * a * s)
    """,
    lambda r: (r(3, 4), r(3, 4), r(5, 3), r(5, 4)),
    ("product rule", "(s + a * s * (1 - s)) -> s", HALF),
    ("product rule", "(s + a * s * (1 - s)) -> (a * s * (1 - s))", HALF),
    ("wrong formula", "(s + a * s * (1 - s)) -> s * (1 - s)", r"a\b|contribution|silu"),
    ("chain factor", "G * b * ( -> G * (", r"\bb\b|X @ V"),
    ("chain factor", "(G * a * s) -> (G * a)", r"\bs\b|sig"),
    ("wrong argument", "(G * a * s) -> (G * b * s)", r"`?[ab]`?.*stands|X @ W|X @ V"),
    wrt=("W", "V"),
)
case(
    "GELU",
    lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "0.5 * (1 + erf(x / np.sqrt(2))) + x * phi(x)",
    lambda r: (r(5),),
    ("product rule", " + x * phi(x) -> ", HALF),
    ("product rule", "+ x * phi(x) -> + phi(x)", r"factor.*x|\bx\b.*missing"),
    ("chain factor", "phi(x) -> np.exp(-(x**2))", r"erf|exp"),
    ("factor 2", "0.5 * (1 -> (1", TWICE),
    ("h for h'", "0.5 * x * (1 + erf(x / np.sqrt(2)))", r"value|h\b|x.*too many|derivative"),
)
case(
    "ELU",
    lambda x, a: np.where(x > 0, x, a * (np.exp(x) - 1)),
    "np.where(x > 0, 1, a * np.exp(x))",
    lambda r: (r(6), 0.7),
    ("indicator", "np.where(x > 0, 1, a * np.exp(x)) -> np.where(x > 0, 1, 0)", r"where|right only|exp|contribution"),
    ("h for h'", "1, a * np.exp(x) -> x, a * (np.exp(x) - 1)", r"value|1 .*belongs|stands"),
    ("indicator", "x > 0 -> x < 0", r"<|turned|condition|exchang"),
    ("forgot a term", "a * np.exp(x) -> a * (np.exp(x) - 1)", r"\b1\b"),
)
case(
    "dropout",
    lambda x, M, p, G: (G * x * M / (1 - p)).sum(),
    "G * M / (1 - p)",
    lambda r: (r(4, 3), r.binary(4, 3), 0.3, r(4, 3)),
    ("chain factor", " / (1 - p) -> ", r"1 - p|divi|keep"),
    ("mask", "G * M -> G", r"\bM\b"),
    ("wrong formula", "(1 - p) -> p", r"1 - p|1 − p|`?p`?"),
    ("inverted factor", "/ (1 - p) -> * (1 - p)", r"1 - p|divide|divisor"),
)

# -- time -------------------------------------------------------------------------------------------------------------

ONE_STEP = r"overwrit|add up|only the (first|last)|one (step|evaluation|sample)|is not summed"


def recurrent(U, W, b, xs, ys):
    h, loss = np.zeros(3), 0.0
    for x, y in zip(xs, ys, strict=True):
        h = np.tanh(W @ h + U @ x + b)
        loss = loss + 0.5 * ((h - y) ** 2).sum()
    return loss


case(
    "recurrent network, loss in all steps",
    recurrent,
    """
    hs = [np.zeros(3)]
    for x in xs:
        hs.append(np.tanh(W @ hs[-1] + U @ x + b))
    dU, dW, db, g = np.zeros_like(U), np.zeros_like(W), np.zeros_like(b), np.zeros(3)
    for t in range(len(xs), 0, -1):
        d = (g + hs[t] - ys[t - 1]) * (1 - hs[t] ** 2)
        dU += outer(d, xs[t - 1])
        dW += outer(d, hs[t - 1])
        db += d
        g = W.T @ d
    return dU, dW, db
    """,
    lambda r: (r(3, 2), r(3, 3) / 2, r(3), r(3, 2), r(3, 3)),
    ("through time", "g = W.T @ d -> pass", r"contribution|left out|through"),
    ("h' at the activation", "(1 - hs[t] ** 2) -> (1 - np.tanh(hs[t]) ** 2)", r"output|np\.tanh"),
    ("h' at another time", "1 - hs[t] ** 2 -> 1 - hs[t - 1] ** 2", r"hs\[t - 1\]|another|previous|input"),
    ("wrong activation", "dW += outer(d, hs[t - 1]) -> dW += outer(d, hs[t])", r"output|hs\[t\]|hs\[t - 1\]|result"),
    ("not summed", "db += d -> db = d", ONE_STEP),
    wrt=("U", "W", "b"),
)
case(
    "LSTM cell by its gates",
    lambda i, f, o, g, c, w: w @ (al.sigmoid(o) * np.tanh(al.sigmoid(f) * c + al.sigmoid(i) * np.tanh(g))),
    """
    I, F, O, H = sig(i), sig(f), sig(o), np.tanh(g)
    C = F * c + I * H
    dC = w * O * (1 - np.tanh(C) ** 2)
    return dC * H * I * (1 - I), dC * c * F * (1 - F), w * np.tanh(C) * O * (1 - O), dC * I * (1 - H**2)
    """,
    lambda r: (r(4), r(4), r(4), r(4), r(4), r(4)),
    ("h' forgotten", "w * np.tanh(C) -> w * C", r"tanh"),
    ("confused", "(1 - H**2) -> H * (1 - H)", r"sigmoid'|1 − a²|tanh'"),
    ("wrong argument", "dC * c * F -> dC * C * F", r"\bc\b"),
    ("h' at the activation", "(1 - np.tanh(C) ** 2) -> (1 - np.tanh(np.tanh(C)) ** 2)", r"output|np\.tanh"),
    ("h for h'", "dC * H * I * (1 - I) -> dC * H * I", r"sigmoid|1 ?[-−] ?(I|p)"),
    ("h' forgotten", "dC * c * F * (1 - F) -> dC * c", left_out("sig")),
    ("exponent", "np.tanh(C) ** 2 -> np.tanh(C)", r"square|exponent"),
    wrt=("i", "f", "o", "g"),
)


def logistic_map(r, x0, n):
    x = x0
    for _ in range(n):
        x = r * x * (1 - x)
    return x


case(
    "logistic map by its parameter, three steps",
    logistic_map,
    """
    x, dx = x0, 0.0
    for _ in range(n):
        dx = x * (1 - x) + r * (1 - 2 * x) * dx
        x = r * x * (1 - x)
    return dx
    """,
    lambda r: (2.7, 0.3, 3),
    ("through time", " + r * (1 - 2 * x) * dx -> ", r"contribution|left out|through"),
    ("product rule", "(1 - 2 * x) -> (1 - x)", rf"{HALF}|{TWICE}|\b2\b"),
    ("sign", "(1 - 2 * x) -> (1 + 2 * x)", SIGN),
    ("chain factor", "r * (1 - 2 * x) * dx -> (1 - 2 * x) * dx", left_out(r"\br\b", "multiply")),
)
