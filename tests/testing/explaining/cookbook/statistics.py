"""Likelihoods, regressions and estimators."""

import numpy as np
from testing.explaining.cookbook.cases import HALF, MEAN, SIGN, SYMMETRIC, TWICE, case, erf, left_out, too_many

import autograd_lite as al

# -- likelihoods ------------------------------------------------------------------------------------------------------

case(
    "normal log-likelihood by mean and deviation",
    lambda m, s, x: (-0.5 * ((x - m) / s) ** 2 - np.log(s)).sum(),
    """
    N = len(x)
    return (x - m).sum() / s**2, -N / s + ((x - m) ** 2).sum() / s**3
    """,
    lambda r: (0.3, 1.4, r(7)),
    ("sum and mean", "-N / s -> -1 / s", r"\bN\b|7 times|length|number"),
    ("exponent", "s**3 -> s**2", r"exponent.*s|3, not 2"),
    ("sign", "return (x - m) -> return (m - x)", SIGN),
    ("chain factor", "/ s**2, -> , ", left_out(r"s\*\*2", "s²")),
    (
        "wrong argument",
        "-N / s + ((x - m) ** 2).sum() / s**3 -> -N / (2 * s**2) + ((x - m) ** 2).sum() / (2 * s**4)",
        r"factor.*\bs\b|2 ?[·*] ?s|s²|square",
    ),
    wrt=("m", "s"),
)
case(
    "binomial log-likelihood",
    lambda p, k, n: (k * np.log(p) + (n - k) * np.log(1 - p)).sum(),
    "k / p - (n - k) / (1 - p)",
    lambda r: (np.array([0.2, 0.6, 0.7]), r.counts(3), r.counts(3) + 5),
    ("sign inside", "- (n - k) -> + (n - k)", SIGN),
    ("forgot a term", "(n - k) / (1 - p) -> n / (1 - p)", r"`?n`? stands where|`?k`? is missing|must be.*n - k"),
    ("chain factor", "(k - n * p)", left_out("log") + r"|p \* \(1 - p\)|p\(1 − p\)"),
    ("forgot a term", "k / p - (n - k) / (1 - p) -> k / p", HALF),
)
case(
    "Weibull log-likelihood by scale",
    lambda c, k, x: (np.log(k / c) + (k - 1) * np.log(x / c) - (x / c) ** k).sum(),
    "-len(x) * k / c + k * (x**k).sum() / c ** (k + 1)",
    lambda r: (1.3, 2.4, r.positive(6)),
    ("exponent", "c ** (k + 1) -> c**k", r"exponent|power|\bc\b"),
    ("chain factor", "+ k * -> + ", r"\bk\b|2\.4"),
    ("sum and mean", "-len(x) * k -> -k", r"length|6 times|N\b"),
    ("forgot a term", "-len(x) * k / c -> -len(x) / c", r"\bk\b|2\.4|contribution"),
)
case(
    "Gamma log-density by x",
    lambda x, a, b: ((a - 1) * np.log(x) - b * x).sum(),
    "(a - 1) / x - b",
    lambda r: (r.positive(4), 2.5, 1.7),
    ("off by one", "(a - 1) -> a", r"\ba - 1|a − 1|1 .*missing|\b1\b"),
    ("chain factor", " - b -> - b * x", r"factor.*x|x.*too many|contribution|`?b \* x`?"),
    ("forgot a term", " - b -> ", left_out("b")),
)
case(
    "Laplace log-likelihood by scale",
    lambda b, x, m: -(np.log(2 * b) + np.abs(x - m) / b).sum(),
    "-len(x) / b + np.abs(x - m).sum() / b**2",
    lambda r: (0.8, r(6), 0.2),
    ("sign", "np.abs(x - m) -> (x - m)", r"abs"),
    ("sum and mean", "-len(x) / b -> -1 / b", r"length|6 times|N\b"),
    ("wrong derivative", "-len(x) / b -> -len(x) / (2 * b)", TWICE),
)
case(
    "Laplace log-likelihood by location",
    lambda m, x, b: -(np.abs(x - m) / b).sum(),
    "np.sign(x - m).sum() / b",
    lambda r: (0.2, r(6), 0.8),
    ("wrong derivative", "np.sign(x - m) -> (x - m)", r"sign|abs"),
    ("wrong derivative", "np.sign(x - m) -> np.abs(x - m)", r"sign|abs"),
)
case(
    "von Mises log-likelihood",
    lambda m, k, x: k * np.cos(x - m).sum(),
    "k * np.sin(x - m).sum()",
    lambda r: (0.3, 1.7, r(6)),
    ("wrong derivative", "np.sin -> np.cos", r"cos|sin"),
    ("chain factor", "k * np -> np", left_out("k") + r"|1\.7 times"),
)
case(
    "Cauchy loss",
    lambda x, c: np.log(1 + (x / c) ** 2).sum(),
    "2 * x / (c**2 + x**2)",
    lambda r: (r(5), 1.6),
    ("chain factor", " / (c**2 + x**2) ->  / c**2", left_out("log")),
    ("sign", "c**2 + x**2 -> c**2 - x**2", SIGN),
)
case(
    "KL of a diagonal Gaussian from the standard one",
    lambda m, v: 0.5 * (np.exp(v) + m**2 - 1 - v).sum(),
    "(m, 0.5 * (np.exp(v) - 1))",
    lambda r: (r(4), r(4)),
    ("forgot a term", "np.exp(v) - 1 -> np.exp(v)", HALF),
    ("factor 2", "0.5 * -> ", TWICE),
    ("factor 2", "(m, -> (2 * m, ", TWICE),
    ("sign", "np.exp(v) - 1 -> 1 - np.exp(v)", SIGN),
    wrt=("m", "v"),
)
case(
    "KL of softmax(z) from q",
    lambda z, q: (al.softmax(z) * (al.log_softmax(z) - np.log(q))).sum(),
    """
    p = softmax(z)
    r = np.log(p / q)
    return p * (r - (p * r).sum())
    """,
    lambda r: (r(5), r.probabilities(5)),
    ("product rule", "(r - (p * r).sum()) -> r", r"softmax|sum.*missing|p \* r"),
    ("chain factor", "return p * (r - (p * r).sum()) -> return r + 1", left_out("softmax")),
    ("diagonal only", "return p * (r - (p * r).sum()) -> return p * (1 - p) * (r + 1)", r"diagonal"),
    ("chain factor", "(p * r).sum() -> r.sum()", left_out(r"\bp\b", "softmax")),
)

# -- regressions ------------------------------------------------------------------------------------------------------

case(
    "weighted logistic regression with a penalty",
    lambda w, X, y, s, lam: (s * (np.log(1 + np.exp(X @ w)) - y * (X @ w))).sum() + 0.5 * lam * (w @ w),
    "X.T @ (s * (sig(X @ w) - y)) + lam * w",
    lambda r: (r(3), r(6, 3), r.binary(6), r.positive(6), 0.6),
    ("chain factor", "s * ( -> ( ", left_out(r"\bs\b")),
    ("regulariser", " + lam * w -> ", left_out("lam")),
    ("chain factor", "X.T @ (s * (sig(X @ w) - y)) -> (s * (sig(X @ w) - y)).sum()", left_out(r"\bX\b", "matmul")),
    ("regulariser", "lam * w -> 2 * lam * w", rf"({TWICE}|term).*lam|lam.*({TWICE})|too many"),
    ("doubled factor", "(sig(X @ w) - y) -> (sig(X @ w) - y) * sig(X @ w) * (1 - sig(X @ w))", too_many("sig")),
)
case(
    "probit regression",
    lambda w, X, y: (
        -(y * np.log(0.5 * (1 + erf(X @ w / np.sqrt(2)))) + (1 - y) * np.log(0.5 * (1 - erf(X @ w / np.sqrt(2))))).sum()
    ),
    """
    P = 0.5 * (1 + erf(X @ w / np.sqrt(2)))
    return X.T @ (phi(X @ w) * (P - y) / (P * (1 - P)))
    """,
    lambda r: (r(3) / 2, r(6, 3), r.binary(6)),
    ("chain factor", "phi(X @ w) * (P -> (P", left_out("erf", "phi")),
    ("chain factor", " / (P * (1 - P)) -> ", left_out("log", "P")),
    ("chain factor", "phi(X @ w) * (P - y) / (P * (1 - P)) -> P - y", r"erf|phi|log"),
    ("exponent", "phi(X @ w) -> np.exp(-((X @ w) ** 2))", r"erf'|phi|\(X @ w\) \*\* 2`? (is|must)"),
    ("sign", "P - y -> y - P", SIGN),
)
case(
    "Gamma regression, log link",
    lambda b, X, y: (y * np.exp(-(X @ b)) + X @ b).sum(),
    "X.T @ (1 - y * np.exp(-X @ b))",
    lambda r: (r(3) / 2, r(6, 3), r.positive(6)),
    ("sign inside", "1 - y -> 1 + y", SIGN),
    ("sign inside", "np.exp(-X @ b) -> np.exp(X @ b)", SIGN),
    ("forgot a term", "(1 - y -> (-y", HALF + r"|\b1\b"),
)
case(
    "generalised least squares",
    lambda b, X, y, W: (y - X @ b) @ W @ (y - X @ b),
    "-X.T @ (W + W.T) @ (y - X @ b)",
    lambda r: (r(3), r(5, 3), r(5), r(5, 5)),
    ("symmetric part", "(W + W.T) -> (2 * W)", SYMMETRIC),
    ("chain factor", "-X.T @ (W + W.T) @ (y -> -2 * X.T @ (y", r"\bW\b"),
    ("product rule", "(W + W.T) -> W", HALF),
    ("forgot a term", "(y - X @ b) -> (-X @ b)", left_out(r"\by\b")),
)
case(
    "weighted least squares, weights in a vector",
    lambda b, X, y, s: (s * (X @ b - y) ** 2).mean(),
    "2 * X.T @ (s * (X @ b - y)) / len(y)",
    lambda r: (r(3), r(7, 3), r(7), r.positive(7)),
    ("exponent", "(s * ( -> (s**2 * (", r"exponent.*s|s.*too many|factor s"),
    ("sum and mean", " / len(y) -> ", MEAN),
    ("sum and mean", "len(y) -> len(b)", r"len\(b\)|length|\b7\b"),
    ("wrong formula", "len(y) -> s.sum()", r"s\.sum.*(stands|must)|len|number of elements"),
)
case(
    "smooth L1 penalty",
    lambda w, e: np.sqrt(w**2 + e).sum(),
    "w / np.sqrt(w**2 + e)",
    lambda r: (r(5), 0.3),
    ("factor 2", "w / np -> 2 * w / np", TWICE),
    ("exponent", "np.sqrt(w**2 + e) -> (w**2 + e)", r"sqrt|root"),
    ("chain factor", "w / np.sqrt(w**2 + e) -> 1 / (2 * np.sqrt(w**2 + e))", r"square|power|inner|\bw\b"),
)
case(
    "log cosh regression",
    lambda w, X, y: np.log(np.cosh(X @ w - y)).sum(),
    "X.T @ np.tanh(X @ w - y)",
    lambda r: (r(3), r(6, 3), r(6)),
    ("chain factor", "np.tanh(X @ w - y) -> (X @ w - y)", r"tanh|cosh|log"),
    ("chain factor", "np.tanh(X @ w - y) -> (1 / np.cosh(X @ w - y))", r"cosh"),
    ("wrong derivative", "np.tanh(X @ w - y) -> (1 - np.tanh(X @ w - y) ** 2)", r"tanh"),
)
case(
    "quantile regression",
    lambda w, X, y, q: np.maximum(q * (y - X @ w), (q - 1) * (y - X @ w)).sum(),
    "-X.T @ np.where(y - X @ w > 0, q, q - 1)",
    lambda r: (r(3), r(8, 3), r(8), 0.8),
    ("sign", "-X.T -> X.T", SIGN),
    ("indicator", "> 0 -> < 0", r"condition|turned|exchang|<|>"),
    ("wrong formula", "q, q - 1 -> 1 - q, -q", r"\bq\b|0\.8|condition|exchang"),
    ("indicator", "np.where(y - X @ w > 0, q, q - 1) -> np.full(8, q)", r"condition|maximum"),
    ("indicator", "y - X @ w > 0 -> y > 0", r"`?X @ w`? is missing|condition|w is left out"),
)
case(
    "logistic growth, nonlinear least squares",
    lambda K, b, t, y: ((K * al.sigmoid(b * t) - y) ** 2).sum(),
    """
    s = sig(b * t)
    e = K * s - y
    return 2 * (e * s).sum(), 2 * (e * K * s * (1 - s) * t).sum()
    """,
    lambda r: (1.8, 0.6, r(6), r(6)),
    ("chain factor", " * t).sum() -> ).sum()", r"\bt\b"),
    ("chain factor", "K * s * (1 - s) * t -> K * t", left_out("sig")),
    ("chain factor", "K * s * (1 - s) -> K * s", r"sig|1 ?[−-] ?\w"),
    ("forgot a term", "K * s - y -> K * s", left_out(r"\by\b")),
    wrt=("K", "b"),
)

# -- moments ----------------------------------------------------------------------------------------------------------

case(
    "sample variance",
    lambda x: ((x - x.mean()) ** 2).sum() / (len(x) - 1),
    "2 * (x - x.mean()) / (len(x) - 1)",
    lambda r: (r(6),),
    ("sum and mean", "(len(x) - 1) -> len(x)", r"N ?[−-] ?1|1\.2|5.*6"),
    ("forgot a term", "x - x.mean() -> x", r"mean"),
    ("sum and mean", "x.mean() -> x.sum()", MEAN),
    ("product rule", "2 * (x - x.mean()) -> 2 * (x - x.mean()) * (1 - 1 / len(x))", r"N|len|6|5"),
)
case(
    "third central moment",
    lambda x: ((x - x.mean()) ** 3).mean(),
    "3 * ((x - x.mean()) ** 2 - x.var()) / len(x)",
    lambda r: (r(6),),
    ("exponent", "(x - x.mean()) ** 2 -> (x - x.mean()) ** 3", r"exponent|power"),
    ("chain factor", "3 * ( -> (", r"3 times|exponent"),
)
case(
    "correlation coefficient",
    lambda x, y: ((x - x.mean()) @ (y - y.mean())) / (np.linalg.norm(x - x.mean()) * np.linalg.norm(y - y.mean())),
    """
    u, v = x - x.mean(), y - y.mean()
    a, b = np.linalg.norm(u), np.linalg.norm(v)
    return v / (a * b) - (u @ v) * u / (a**3 * b)
    """,
    lambda r: (r(6), r(6)),
    ("product rule", " - (u @ v) * u / (a**3 * b) -> ", HALF),
    ("forgot a term", "y - y.mean() -> y", r"mean"),
    (
        "wrong argument",
        "return v / (a * b) - (u @ v) * u / (a**3 * b) -> return u / (a * b) - (u @ v) * v / (a * b**3)",
        r"respect to 'y'|argument|∂/∂y|∂f/∂y",
    ),
)
case(
    "softmax of affine scores, log partition function",
    lambda x, A, b: al.logsumexp(A @ x + b),
    "A.T @ softmax(A @ x + b)",
    lambda r: (r(3), r(3, 3), r(3)),
    ("forgot a term", " + b -> ", left_out("b")),
    ("chain factor", "softmax( -> np.exp(", left_out("log", "softmax")),
    ("chain factor", "A.T @ softmax -> softmax", r"\bA\b"),
)
case(
    "entropy",
    lambda p: -(p * np.log(p)).sum(),
    "-np.log(p) - 1",
    lambda r: (r.probabilities(5),),
    ("product rule", " - 1 -> ", HALF + r"|\b1\b"),
    ("sign", "-np.log(p) - 1 -> np.log(p) + 1", SIGN),
    ("product rule", "-np.log(p) - 1 -> -1 / p", HALF + "|log"),
    ("chain factor", "-np.log(p) - 1 -> -np.log(p) - 1 / p", r"\bp\b"),
)
