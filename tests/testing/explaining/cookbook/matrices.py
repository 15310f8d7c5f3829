"""Matrix calculus: traces, determinants, inverses, norms, Jacobians."""

import numpy as np
from testing.explaining.cookbook.cases import (
    HALF,
    ORDER,
    SIGN,
    SYMMETRIC,
    TRANSPOSED,
    TWICE,
    case,
    det,
    inv,
    left_out,
    logdet,
    outer,
    too_many,
)

# -- first and second order -------------------------------------------------------------------------------------------

case(
    "xT A x by A",
    lambda A, x: x @ A @ x,
    "outer(x, x)",
    lambda r: (r(3, 3), r(3)),
    ("symmetric convention", "2 * outer(x, x) - np.diag(x**2)", r"symmetr|only on the diagonal"),
    ("shape", "outer(x, x) -> x @ x", r"outer|trace|sum(med)? over|product"),
    ("all zero", "outer(x, x) -> np.zeros_like(A)", r"zero"),
)
case(
    "xT (A * B) x by A",
    lambda A, B, x: x @ (A * B) @ x,
    "outer(x, x) * B",
    lambda r: (r(3, 3), r(3, 3), r(3)),
    ("chain factor", "outer(x, x) * B -> outer(x, x)", left_out("B")),
    ("product", "* B -> @ B", r"element|@.*\*|\*.*@|matmul|multiply"),
)
case(
    "tr(A X B X)",
    lambda X, A, B: np.trace(A @ X @ B @ X),
    "A.T @ X.T @ B.T + B.T @ X.T @ A.T",
    lambda r: (r(3, 3), r(3, 3), r(3, 3)),
    ("product rule", "2 * A.T @ X.T @ B.T", rf"{HALF}|{ORDER}|symmetr"),
    ("transpose", "A @ X @ B + B @ X @ A", TRANSPOSED),
    ("order", "A.T @ X.T @ B.T + -> X.T @ A.T @ B.T +", ORDER),
    ("product rule", " + B.T @ X.T @ A.T -> ", HALF),
)
case(
    "tr(A (X * X))",
    lambda X, A: np.trace(A @ (X * X)),
    "2 * A.T * X",
    lambda r: (r(3, 3), r(3, 3)),
    ("factor 2", "2 * A.T -> A.T", TWICE),
    ("product", "A.T * X -> A.T @ X", r"element|@.*\*|\*.*@|matmul|multiply"),
)
case(
    "|A X - B|^2 + lam |X|^2",
    lambda X, A, B, lam: ((A @ X - B) ** 2).sum() + lam * (X**2).sum(),
    "2 * A.T @ (A @ X - B) + 2 * lam * X",
    lambda r: (r(3, 2), r(3, 3), r(3, 2), 0.7),
    ("transpose", "2 * A.T -> 2 * A", TRANSPOSED),
    ("term", "2 * lam -> lam", rf"({TWICE}).*lam|lam.*({TWICE})|term.*lam|term.*X is missing"),
    ("forgot a term", " - B -> ", left_out("B")),
)
case(
    "aT X X b",
    lambda X, a, b: a @ X @ X @ b,
    "outer(a, X @ b) + outer(X.T @ a, b)",
    lambda r: (r(3, 3), r(3), r(3)),
    ("product rule", "outer(a, X @ b) + outer(X.T @ a, b) -> 2 * outer(a, X @ b)", rf"{HALF}|{ORDER}"),
    ("order", "outer(a, X @ b) -> outer(X @ b, a)", rf"{ORDER}|{TRANSPOSED}"),
)
case(
    "|X XT|^2",
    lambda X: ((X @ X.T) ** 2).sum(),
    "4 * X @ X.T @ X",
    lambda r: (r(3, 3),),
    ("order", "X @ X.T @ X -> X.T @ X @ X", rf"{ORDER}|{TRANSPOSED}"),
    ("exponent", "4 * X @ X.T @ X -> 4 * X**3", r"element|matrix product|X @ X"),
)
case(
    "|X|^2 - (tr X)^2 / n",
    lambda X: (X**2).sum() - np.trace(X) ** 2 / 3,
    "2 * X - 2 * trace(X) / 3 * np.eye(3)",
    lambda r: (r(3, 3),),
    ("broadcast", " * np.eye(3) -> ", r"diagonal|identity|eye|trace"),
    ("factor 2", "- 2 * trace -> - trace", rf"{TWICE}|power"),
    ("forgot a term", " / 3 -> ", r"3 times|divide|divisor"),
)
case(
    "|A X|",
    lambda X, A: np.linalg.norm(A @ X),
    "A.T @ A @ X / np.linalg.norm(A @ X)",
    lambda r: (r(3, 2), r(3, 3)),
    ("norm", "A.T @ A @ X / np.linalg.norm(A @ X) -> 2 * A.T @ A @ X", r"squared norm|norm|sqrt"),
    ("transpose", "A.T @ A -> A @ A.T", rf"{ORDER}|{TRANSPOSED}"),
)

# -- determinants and inverses ----------------------------------------------------------------------------------------

case(
    "log det(XT X)",
    lambda X: logdet(X.T @ X),
    "2 * X @ inv(X.T @ X)",
    lambda r: (r(4, 3),),
    ("chain factor", "inv(X.T @ X) -> (X.T @ X)", r"inv"),
)
case(
    "log det S",
    lambda S: logdet(S),
    "inv(S).T",
    lambda r: (r.spd(3),),
    ("symmetric convention", "2 * inv(S) - np.diag(np.diag(inv(S)))", r"symmetr|only on the diagonal"),
    ("chain factor", "inv(S).T -> det(S) * inv(S).T", too_many(r"det") + r"|log.*left out|left out.*log"),
    ("wrong formula", "inv(S).T -> 1 / S", r"inv|element"),
)
case(
    "det(A X B)",
    lambda X, A, B: det(A @ X @ B),
    "det(A @ X @ B) * inv(X).T",
    lambda r: (r.invertible(3), r.invertible(3), r.invertible(3)),
    ("transpose", "inv(X).T -> inv(X)", TRANSPOSED),
    ("chain factor", "det(A @ X @ B) -> det(X)", r"\bA\b|\bB\b"),
    ("wrong formula", "inv(X).T -> inv(A @ X @ B).T", r"\bA\b|\bB\b|stands where"),
)
case(
    "tr(X^-1 A)",
    lambda X, A: np.trace(inv(X) @ A),
    "-inv(X).T @ A.T @ inv(X).T",
    lambda r: (r.invertible(3), r(3, 3)),
    ("sign", "-inv -> inv", SIGN),
    ("order", "A.T @ inv(X).T -> inv(X).T @ A.T", ORDER),
    ("wrong formula", "-A.T / X**2", r"inv|element"),
    ("exponent", "-inv(X).T @ A.T @ inv(X).T -> -inv(X).T @ A.T", r"inv"),
)
case(
    "X^-1, Jacobian",
    lambda X: inv(X),
    "-np.einsum('ki,jl->klij', inv(X), inv(X))",
    lambda r: (r.invertible(3),),
    ("transpose", "ki,jl -> ik,lj", TRANSPOSED),
    (
        "diagonal only",
        "-np.einsum('ki,jl->klij', inv(X), inv(X)) * np.eye(3)[:, None, :, None]",
        r"diagonal|eye|right only|where",
    ),
    (
        "layout",
        "np.einsum('ki,jl->klij', inv(X), inv(X)) -> np.einsum('ki,jl->ijkl', inv(X), inv(X))",
        r"transposed Jacobian|axes are in another order",
    ),
)
case(
    "cT A^-1 b by A and b",
    lambda A, b, c: c @ np.linalg.solve(A, b),
    """
    u, v = np.linalg.solve(A.T, c), np.linalg.solve(A, b)
    return -outer(u, v), u
    """,
    lambda r: (r.invertible(3), r(3), r(3)),
    ("transpose", "np.linalg.solve(A.T, c) -> np.linalg.solve(A, c)", TRANSPOSED),
    (
        "wrong argument",
        "return -outer(u, v), u -> return -outer(u, v), v",
        r"`?v`?.*stands|respect to 'c'|∂/∂c|another argument|`?u`? belongs",
    ),
    wrt=("A", "b"),
)
case(
    "A^-1 b, Jacobian by b",
    lambda b, A: np.linalg.solve(A, b),
    "inv(A)",
    lambda r: (r(3), r.invertible(3)),
    ("layout", "inv(A) -> inv(A).T", TRANSPOSED),
    ("chain factor", "inv(A) -> A", r"inv"),
)

# -- distances, quotients ---------------------------------------------------------------------------------------------


def mahalanobis(x, m, S):
    return np.sqrt((x - m) @ np.linalg.solve(S, x - m))


case(
    "Mahalanobis distance by x",
    mahalanobis,
    """
    u = np.linalg.solve(S, x - m)
    return u / np.sqrt((x - m) @ u)
    """,
    lambda r: (r(3), r(3), r.spd(3)),
    ("norm", "u / np.sqrt((x - m) @ u) -> 2 * u", r"sqrt|root"),
    ("chain factor", "u = np.linalg.solve(S, x - m) -> u = S @ (x - m)", r"inv|solve"),
    ("exponent", "np.sqrt((x - m) @ u) -> ((x - m) @ u)", r"sqrt|root"),
    ("factor 2", "return u / -> return u / 2 /", TWICE),
    ("wrong argument", "return u -> return -u", rf"respect to 'm'|argument|{SIGN}"),
)
case(
    "Mahalanobis distance by S",
    lambda S, d: np.sqrt(d @ np.linalg.solve(S, d)),
    """
    u = np.linalg.solve(S, d)
    return -outer(u, u) / (2 * np.sqrt(d @ u))
    """,
    lambda r: (r.spd(3), r(3)),
    ("sign", "-outer -> outer", SIGN),
    ("exponent", "outer(u, u) -> outer(u, d)", r"inv|solve|`?d`? stands where `?u"),
)
case(
    "aTx / bTx",
    lambda x, a, b: (a @ x) / (b @ x),
    "a / (b @ x) - (a @ x) * b / (b @ x) ** 2",
    lambda r: (r(3), r(3), r(3)),
    ("product rule", " - (a @ x) * b / (b @ x) ** 2 -> ", HALF),
    ("order", "(a @ x) * b -> (b @ x) * a", r"`?[ab]`? .*`?[ab]`?|stands where|exchang|zero"),
)
case(
    "Lagrangian xT A x - lam (xTx - 1)",
    lambda x, lam, A: x @ A @ x - lam * (x @ x - 1),
    "((A + A.T) @ x - 2 * lam * x, 1 - x @ x)",
    lambda r: (r(3), 0.7, r(3, 3)),
    ("symmetric part", "(A + A.T) @ x -> 2 * A @ x", SYMMETRIC),
    ("factor 2", "2 * lam -> lam", rf"({TWICE}).*lam|lam.*({TWICE})|term.*lam|term .*x is"),
    wrt=("x", "lam"),
)

# -- Jacobians --------------------------------------------------------------------------------------------------------

case(
    "|x|^2 x, Jacobian",
    lambda x: (x @ x) * x,
    "x @ x * np.eye(3) + 2 * outer(x, x)",
    lambda r: (r(3),),
    ("product rule", " + 2 * outer(x, x) -> ", HALF),
    ("factor 2", "2 * outer -> outer", TWICE),
    ("diagonal only", "3 * x**2", r"diagonal"),
)
case(
    "x (x) x, Jacobian",
    lambda x: outer(x, x),
    "np.einsum('ik,j->ijk', np.eye(3), x) + np.einsum('jk,i->ijk', np.eye(3), x)",
    lambda r: (r(3),),
    ("product rule", " + np.einsum('jk,i->ijk', np.eye(3), x) -> ", HALF),
    ("symmetric part", "2 * np.einsum('ik,j->ijk', np.eye(3), x)", rf"{HALF}|symmetr"),
)
case(
    "polar to Cartesian, Jacobian",
    lambda p: np.stack([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])]),
    """
    r, t = p
    return np.array([[np.cos(t), -r * np.sin(t)], [np.sin(t), r * np.cos(t)]])
    """,
    lambda r: (np.array([1.3, 0.7]),),
    (
        "layout",
        "np.array([[np.cos(t), -r * np.sin(t)], [np.sin(t), r * np.cos(t)]]) -> "
        "np.array([[np.cos(t), np.sin(t)], [-r * np.sin(t), r * np.cos(t)]])",
        TRANSPOSED,
    ),
    ("sign", "-r * np.sin(t) -> r * np.sin(t)", SIGN),
    ("chain factor", "[np.sin(t), r * np.cos(t)] -> [np.sin(t), np.cos(t)]", left_out(r"\br\b", r"p\[0\]", "multiply")),
)
case(
    "x / sum(x), Jacobian",
    lambda x: x / x.sum(),
    "np.eye(4) / x.sum() - outer(x, np.ones(4)) / x.sum() ** 2",
    lambda r: (r.positive(4),),
    ("layout", "outer(x, np.ones(4)) -> outer(np.ones(4), x)", rf"{TRANSPOSED}|{ORDER}"),
    ("diagonal only", "(x.sum() - x) / x.sum() ** 2", r"diagonal"),
    ("exponent", "x.sum() ** 2 -> x.sum()", r"squared|exponent|denominator"),
)
case(
    "log softmax, Jacobian",
    lambda z: z - np.log(np.exp(z).sum()),
    "np.eye(4) - softmax(z)",
    lambda r: (r(4),),
    ("layout", "softmax(z) -> softmax(z)[:, None]", TRANSPOSED),
    ("diagonal only", "1 - softmax(z)", r"diagonal"),
    ("chain factor", "softmax(z) -> np.exp(z)", left_out("log")),
)
case(
    "cumulative sum, Jacobian",
    lambda x: np.cumsum(x),
    "np.tril(np.ones((4, 4)))",
    lambda r: (r(4),),
    ("layout", "tril -> triu", TRANSPOSED + "|triangle|tril"),
    ("indicator", "np.ones((4, 4)) -> np.ones((4, 4)), -1", r"diagonal"),
)
case(
    "two Euler steps of x' = f(A x), Jacobian",
    lambda x, A: (lambda y: y + 0.1 * np.tanh(A @ y))(x + 0.1 * np.tanh(A @ x)),
    """
    y = x + 0.1 * np.tanh(A @ x)
    J1 = np.eye(3) + 0.1 * (1 - np.tanh(A @ x) ** 2)[:, None] * A
    J2 = np.eye(3) + 0.1 * (1 - np.tanh(A @ y) ** 2)[:, None] * A
    return J2 @ J1
    """,
    lambda r: (r(3), r(3, 3)),
    ("order", "J2 @ J1 -> J1 @ J2", ORDER),
    ("product rule", "np.eye(3) +  -> ", HALF + "|eye"),
    ("axis", "[:, None] * A -> * A", r"rows|columns|axis|transpos|broadcast|commutes"),
)
