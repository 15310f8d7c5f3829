"""Losses, embeddings, kernels and graphs, and energies of physics."""

import numpy as np
from testing.explaining.cookbook.cases import HALF, MEAN, SIGN, TRANSPOSED, TWICE, case, left_out

import autograd_lite as al

# -- losses -----------------------------------------------------------------------------------------------------------

case(
    "triplet loss by the anchor",
    lambda a, p, n, m: np.maximum(((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1) + m, 0).sum(),
    """
    d = ((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1) + m
    return 2 * (n - p) * (d > 0)[:, None]
    """,
    lambda r: (r(8, 2), r(8, 2), r(8, 2), 1.5),
    ("indicator", " * (d > 0)[:, None] -> ", r"maximum|indicator|condition|d > 0"),
    ("sign", "n - p -> p - n", SIGN),
    ("forgot a term", " + m -> ", left_out(r"\bm\b")),
    ("indicator", "d > 0 -> d < 0", r"<|turned|condition"),
    ("factor 2", "2 * (n -> (n", TWICE),
    ("forgot a term", "n - p -> a - p", HALF + r"|`?[na]`? .*(stands|belongs)"),
)
case(
    "multi-class hinge by the scores",
    lambda z, Y: (np.maximum(z - (z * Y).sum(axis=1, keepdims=True) + 1, 0) * (1 - Y)).sum(),
    """
    A = (z - (z * Y).sum(axis=1, keepdims=True) + 1 > 0) * (1 - Y)
    return A - Y * A.sum(axis=1, keepdims=True)
    """,
    lambda r: (r(5, 4), r.one_hot(5, 4)),
    ("forgot a term", " - Y * A.sum(axis=1, keepdims=True) -> ", rf"{HALF}|outside the label"),
    ("not summed", "Y * A.sum(axis=1, keepdims=True) -> Y", r"sum|outside the label"),
    ("axis", "A.sum(axis=1, keepdims=True) -> A.sum(axis=0, keepdims=True)", r"axis"),
    ("indicator", "+ 1 > 0 -> > 0", r"\b1\b|threshold|margin"),
)
case(
    "cross entropy with a temperature",
    lambda z, Y, T: -(Y * al.log_softmax(z / T)).sum(axis=1).mean(),
    "(softmax(z / T) - Y) / T / len(z)",
    lambda r: (r(5, 4), r.one_hot(5, 4), 1.7),
    ("chain factor", ") / T / len(z) -> ) / len(z)", r"\bT\b"),
    ("inverted factor", ") / T / -> ) * T / ", r"\bT\b"),
    ("forgot a term", "softmax(z / T) -> softmax(z)", r"z / T|\bT\b"),
    ("sum and mean", " / len(z) -> ", MEAN),
    (
        "wrong formula",
        "(softmax(z / T) - Y) / T -> softmax(z / T) * (1 - softmax(z / T)) / T",
        r"diagonal|Y|log|softmax",
    ),
    ("axis", "softmax(z / T) -> softmax(z / T, axis=0)", r"axis"),
)
case(
    "cross entropy with class weights",
    lambda z, Y, c: -(Y * c * al.log_softmax(z)).sum() / (Y * c).sum(),
    "(Y * c).sum(axis=1, keepdims=True) * (softmax(z) - Y) / (Y * c).sum()",
    lambda r: (r(5, 3), r.one_hot(5, 3), r.positive(3)),
    ("sum and mean", " / (Y * c).sum() ->  / len(z)", r"len|\(Y \* c\)|divi|number"),
    ("chain factor", "(Y * c).sum(axis=1, keepdims=True) * ( -> (", left_out(r"\bc\b", r"Y \* c")),
    (
        "wrong formula",
        "(Y * c).sum(axis=1, keepdims=True) * (softmax(z) - Y) -> (softmax(z) - Y * c)",
        left_out(r"\bc\b", r"Y \* c"),
    ),
    ("wrong formula", "(Y * c).sum(axis=1, keepdims=True) * -> c * ", r"Y \* c|`?c`?.*(stands|belongs)"),
)
case(
    "masked sequence loss",
    lambda z, y, M: (M * (z - y) ** 2).sum() / M.sum(),
    "2 * M * (z - y) / M.sum()",
    lambda r: (r(4, 5), r(4, 5), r.binary(4, 5)),
    ("mask", "2 * M * -> 2 * ", r"\bM\b"),
    ("sum and mean", "M.sum() -> M.size", r"M\.sum|M\.size|number of elements|sum"),
    ("sum and mean", " / M.sum() -> ", r"M\.sum|sum of|divi|mean"),
    ("mask", "2 * M * -> 2 * (1 - M) * ", r"1 - M|M|complement|turned"),
)
case(
    "policy gradient",
    lambda z, Y, A: -(A[:, None] * Y * al.log_softmax(z)).sum(),
    "A[:, None] * (softmax(z) - Y)",
    lambda r: (r(5, 3), r.one_hot(5, 3), r(5)),
    ("chain factor", "A[:, None] * ( -> (", r"\bA\b"),
    ("chain factor", "A[:, None] * (softmax(z) - Y) -> -A[:, None] * Y / softmax(z)", left_out("softmax")),
    (
        "diagonal only",
        "A[:, None] * (softmax(z) - Y) -> -A[:, None] * Y * (1 - softmax(z))",
        r"diagonal|only at the label",
    ),
)
case(
    "binary cross entropy by the probabilities",
    lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(),
    "(p - y) / (p * (1 - p)) / len(p)",
    lambda r: (r.positive(6) / 2.5, r.binary(6)),
    ("wrong formula", "(p - y) / (p * (1 - p)) -> (p - y)", r"sigmoid|log|p \* \(1 - p\)|p\(1 − p\)|1 - p"),
    ("sign inside", "-(y / p + (1 - y) / (1 - p)) / len(p)", SIGN),
    ("sum and mean", " / len(p) -> ", MEAN),
    ("sign", "p - y -> y - p", SIGN),
)
case(
    "weight decay, bias included by mistake",
    lambda W, b, X, Y, lam: ((X @ W + b - Y) ** 2).sum(axis=1).mean() + lam * (W**2).sum(),
    """
    E = 2 * (X @ W + b - Y) / len(X)
    return X.T @ E + 2 * lam * W, E.sum(axis=0)
    """,
    lambda r: (r(3, 2), r(2), r(5, 3), r(5, 2), 0.3),
    (
        "regulariser",
        "E.sum(axis=0) -> E.sum(axis=0) + 2 * lam * b",
        r"lam \* b|lam·b|\bb\b.*(too many|extra)|(too many|extra).*\bb\b",
    ),
    ("not summed", "E.sum(axis=0) -> E", r"axis 0|sum"),
    ("axis", "E.sum(axis=0) -> E.sum()", r"axis|sum"),
    ("regulariser", "2 * lam * W -> lam * W", rf"({TWICE}|term).*lam|lam.*({TWICE})|term.*W"),
    ("sum and mean", " / len(X) ->  / Y.size", r"length|number|size|N"),
    ("forgot a term", "X @ W + b -> X @ W", left_out("b")),
    wrt=("W", "b"),
)

# -- factors, embeddings, kernels, graphs -----------------------------------------------------------------------------

case(
    "matrix factorisation with a mask",
    lambda U, V, R, M: (M * (R - U @ V.T) ** 2).sum(),
    """
    E = M * (R - U @ V.T)
    return -2 * E @ V, -2 * E.T @ U
    """,
    lambda r: (r(4, 2), r(4, 2), r(4, 4), r.binary(4, 4)),
    ("mask", "M * ( -> (", r"\bM\b"),
    ("transpose", "E.T @ U -> E @ U", TRANSPOSED),
    ("wrong argument", "E.T @ U -> E.T @ V", r"`?[VU]`?.*(stands|belongs|instead|in the place)"),
    ("forgot a term", "R - U @ V.T -> R", r"contribution|U @ V|left out"),
    wrt=("U", "V"),
)
case(
    "negative sampling by the word",
    lambda v, u, N: -np.log(al.sigmoid(u @ v)) - np.log(al.sigmoid(-(N @ v))).sum(),
    "(sig(u @ v) - 1) * u + N.T @ sig(N @ v)",
    lambda r: (r(3), r(3), r(5, 3)),
    ("sum and mean", "N.T @ sig(N @ v) -> N.T @ sig(N @ v) / len(N)", MEAN),
    ("chain factor", "N.T @ sig(N @ v) -> N.sum(axis=0)", r"sig"),
    ("sign", "(sig(u @ v) - 1) -> sig(u @ v)", r"term .*u\b|\b1\b|sig"),
    ("sign inside", "sig(N @ v) -> sig(-N @ v)", SIGN),
)
case(
    "center loss, repeated labels",
    lambda C, X, y: 0.5 * ((X - C[y]) ** 2).sum(),
    """
    dC = np.zeros_like(C)
    np.add.at(dC, y, C[y] - X)
    return dC
    """,
    lambda r: (r(3, 2), r(6, 2), r.labels(6, 3)),
    ("repeated index", "np.add.at(dC, y, C[y] - X) -> dC[y] = C[y] - X", r"overwr|repeat|add|occurs|duplicate"),
    ("repeated index", "np.add.at(dC, y, C[y] - X) -> dC[y] += C[y] - X", r"overwr|repeat|occurs|duplicate|add"),
    ("forgot a term", "C[y] - X -> -X", r"C\[y\].*(missing|left out)|(missing|left out).*C\[y\]"),
    ("wrong argument", "C[y] - X -> C[y]", left_out("X")),
)
case(
    "mean of embeddings",
    lambda E, i, g: E[i].mean(axis=0) @ g,
    """
    dE = np.zeros((4, 3))
    for k in i:
        dE[k] += g / len(i)
    return dE
    """,
    lambda r: (r(4, 3), np.array([0, 2, 2, 3, 1, 2]), r(3)),
    ("sum and mean", " / len(i) -> ", MEAN),
    ("repeated index", "dE[k] += g -> dE[k] = g", r"overwr|repeat|add|occurs|\+="),
    ("sum and mean", "len(i) -> len(dE)", r"len|length|N"),
    ("transpose", "return dE -> return dE.T", TRANSPOSED),
)
case(
    "soft k-means by the centres",
    lambda C, X, b: -np.log(np.exp(-b * ((X[:, None] - C) ** 2).sum(axis=2)).sum(axis=1)).sum() / b,
    """
    R = softmax(-b * ((X[:, None] - C) ** 2).sum(axis=2))
    return 2 * (R[:, :, None] * (C - X[:, None])).sum(axis=0)
    """,
    lambda r: (r(3, 2), r(6, 2), 0.6),
    ("axis", "sum(axis=2)) -> sum(axis=2), axis=0)", r"(over|along) axis"),
    ("chain factor", "R[:, :, None] * -> ", left_out(r"\bR\b", "log", "softmax")),
    ("sum and mean", "(C - X[:, None])).sum(axis=0) -> (C - X[:, None])).mean(axis=0)", MEAN),
    (
        "chain factor",
        "softmax(-b * ((X[:, None] - C) ** 2).sum(axis=2)) -> np.exp(-b * ((X[:, None] - C) ** 2).sum(axis=2))",
        r"log|normal|softmax|sum",
    ),
)
case(
    "kernel ridge regression",
    lambda a, K, y, lam: ((K @ a - y) ** 2).sum() + lam * (a @ K @ a),
    "2 * K @ (K @ a - y) + 2 * lam * K @ a",
    lambda r: (r(4), r.spd(4), r(4), 0.4),
    ("chain factor", "2 * lam * K @ a -> 2 * lam * a", r"\bK\b"),
    ("factor 2", "2 * lam -> lam", rf"({TWICE}).*lam|lam.*({TWICE})|term|contribution"),
    ("sign", "K @ a - y -> y - K @ a", SIGN),
)
case(
    "smoothness on a graph",
    lambda f, A: (A * (f[:, None] - f) ** 2).sum(),
    "2 * ((A + A.T).sum(axis=1) * f - (A + A.T) @ f)",
    lambda r: (r(4), r.positive(4, 4)),
    ("symmetric part", "(A + A.T) -> (2 * A)", r"symmetr|A \+ A"),
    ("forgot a term", "(A + A.T).sum(axis=1) * f -  -> -", HALF),
    ("symmetric part", "- (A + A.T) @ f -> - 2 * A @ f", r"symmetr|A \+ A"),
)

# -- energies of physics ----------------------------------------------------------------------------------------------

pairs = (np.array([0, 0, 1, 0, 1, 2]), np.array([1, 2, 2, 3, 3, 3]))
case(
    "Lennard-Jones energy",
    lambda x, i, j: (lambda r: 4 * (r**-12.0 - r**-6.0).sum())(np.sqrt(((x[i] - x[j]) ** 2).sum(axis=1))),
    """
    d = x[i] - x[j]
    r = np.sqrt((d**2).sum(axis=1))
    f = 4 * (-12 * r**-13.0 + 6 * r**-7.0)
    g = np.zeros_like(x)
    np.add.at(g, i, (f / r)[:, None] * d)
    np.add.at(g, j, -(f / r)[:, None] * d)
    return g
    """,
    lambda r: (np.array([[0.0, 0, 0], [1.1, 0, 0.1], [0, 1.2, 0], [0.2, 0.1, 1.3]]), *pairs),
    ("exponent", "r**-13.0 -> r**-12.0", r"exponent"),
    ("exponent", "r**-7.0 -> r**-6.0", r"exponent"),
    ("chain factor", "f / r -> f", r"\br\b|sqrt"),
    ("forgot a term", "    np.add.at(g, j, -(f / r)[:, None] * d)\n -> ", HALF),
    ("sign inside", "j, -(f -> j, (f", SIGN),
    ("chain factor", "-12 * r -> -r", r"12"),
    ("sign", "+ 6 -> - 6", SIGN),
)
case(
    "chain of springs",
    lambda x, k, L: 0.5 * (k * (x[1:] - x[:-1] - L) ** 2).sum(),
    """
    t = k * (x[1:] - x[:-1] - L)
    g = np.zeros(len(x))
    g[1:] += t
    g[:-1] -= t
    return g
    """,
    lambda r: (r(5), r.positive(4), 0.3),
    ("chain factor", "t = k * (x[1:] - x[:-1] - L) -> t = x[1:] - x[:-1] - L", left_out("k")),
    ("forgot a term", " - L -> ", left_out("L")),
    ("repeated index", "g[1:] += t -> g[:-1] += t", r"zero|slice|1:|left out|contribution|index"),
)
case(
    "spring with a rest length",
    lambda x, y, k, L: 0.5 * k * (np.linalg.norm(x - y) - L) ** 2,
    """
    n = np.linalg.norm(x - y)
    return k * (n - L) * (x - y) / n
    """,
    lambda r: (r(3), r(3), 1.6, 0.5),
    ("forgot a term", "(n - L) -> n", left_out("L")),
    ("wrong argument", "(x - y) / n -> (y - x) / n", rf"{SIGN}|respect to 'y'"),
    ("chain factor", "return k * -> return ", left_out("k") + r"|1\.6 times"),
    ("chain factor", "(n - L) * (x - y) / n -> (n - L)", r"norm|x - y"),
)
case(
    "gravitational potential",
    lambda r, m: -m / np.linalg.norm(r),
    "m * r / np.linalg.norm(r) ** 3",
    lambda r: (r(3), 1.4),
    ("sign", "m * r -> -m * r", SIGN),
    ("exponent", "** 3 -> ** 2", r"exponent|norm"),
    ("chain factor", "m * r / np.linalg.norm(r) ** 3 -> m / np.linalg.norm(r) ** 2", r"norm|\br\b"),
    ("chain factor", "m * r -> r", left_out("m") + r"|1\.4 times"),
)
case(
    "mean-field Ising free energy",
    lambda m, J, T: (
        -0.5 * m @ J @ m + T * (0.5 * (1 + m) * np.log(0.5 * (1 + m)) + 0.5 * (1 - m) * np.log(0.5 * (1 - m))).sum()
    ),
    "-J @ m + T * np.arctanh(m)",
    lambda r: (np.tanh(r(4)), r.spd(4), 1.3),
    ("factor 2", "-J @ m -> -0.5 * J @ m", rf"{TWICE}|{HALF}"),
    ("wrong derivative", "np.arctanh(m) -> np.tanh(m)", r"arctanh|log|inverse"),
    ("forgot a term", " + T * np.arctanh(m) -> ", HALF),
)
case(
    "Rosenbrock function",
    lambda x, a, b: (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2,
    "np.array([-2 * (a - x[0]) - 4 * b * x[0] * (x[1] - x[0] ** 2), 2 * b * (x[1] - x[0] ** 2)])",
    lambda r: (r(2), 1.2, 3.0),
    ("chain factor", "4 * b * x[0] -> 2 * b", r"x\[0\]|square|power"),
    ("sign inside", "- 4 * b -> + 4 * b", SIGN),
    ("forgot a term", "2 * b * (x[1] - x[0] ** 2) -> 2 * b * x[1]", r"x\[0\]|left out|missing"),
)
