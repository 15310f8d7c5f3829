"""Updates of optimizers: formulas for values, not for derivatives."""

import numpy as np
from testing.explaining.cookbook.cases import SIGN, case, left_out


def named(words):
    """Sentences with these words, unless they say that the whole update is not what it should be."""
    return rf"^(?!`?(p - |- )?(p - )?lr \*.*stands where)(?!`?p - .*stands where).*({words})"


case(
    "momentum, exponential average",
    lambda p, g, v, lr, b: p - lr * (b * v + (1 - b) * g),
    "p - lr * (b * v + (1 - b) * g)",
    lambda r: (r(4), r(4), r(4), 0.1, 0.8),
    ("momentum", "(1 - b) * g -> g", named(r"1 - b|1 − b")),
    ("momentum", "b * v + (1 - b) * g -> (1 - b) * v + b * g", named(r"1 - b|\bb\b")),
    ("momentum", "b * v + -> v + ", named(r"\bb\b")),
    ("sign", "p - lr -> p + lr", named(SIGN)),
    wrt=None,
)
case(
    "momentum, Nesterov",
    lambda p, g, v, lr, b: p - lr * (g + b * (b * v + g)),
    "p - lr * (g + b * (b * v + g))",
    lambda r: (r(4), r(4), r(4), 0.1, 0.8),
    ("momentum", "g + b * (b * v + g) -> b * v + g", named(r"\bb\b|\bg\b")),
    ("momentum", "g + b * ( -> b * (", named(left_out("g") + r"|term .*\bg\b")),
    ("momentum", "b * (b * v -> (b * v", named(r"\bb\b")),
    wrt=None,
)
case(
    "RMSProp",
    lambda p, g, s, lr, b, e: p - lr * g / (np.sqrt(b * s + (1 - b) * g**2) + e),
    "p - lr * g / (np.sqrt(b * s + (1 - b) * g**2) + e)",
    lambda r: (r(4), r(4), r.positive(4), 0.1, 0.8, 0.2),
    ("exponent", "g**2 -> g", named(r"square|exponent")),
    ("epsilon", "np.sqrt(b * s + (1 - b) * g**2) + e -> np.sqrt(b * s + (1 - b) * g**2 + e)", named(r"\be\b")),
    ("chain factor", "np.sqrt(b * s + (1 - b) * g**2) -> (b * s + (1 - b) * g**2)", named(r"sqrt|square root")),
    ("momentum", "(1 - b) * g**2 -> g**2", named(r"1 - b|1 − b")),
    ("epsilon", " + e) -> )", named(left_out("e"))),
    wrt=None,
)


def adamw(p, g, m, v, t, lr, wd):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    return p - lr * (m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.99**t)) + 1e-4) + wd * p)


case(
    "AdamW",
    adamw,
    """
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return p - lr * (m_hat / (np.sqrt(v_hat) + 1e-4) + wd * p)
    """,
    lambda r: (r(4), r(4), r(4), r.positive(4), 4, 0.1, 0.3),
    ("bias correction", "v_hat = v / (1 - 0.99**t) -> v_hat = v", named(r"0\.99|v_hat|1 - |\bv\b")),
    ("bias correction", "m_hat = m / (1 - 0.9**t) -> m_hat = m", named(r"0\.9|m_hat|1 - |\bm\b")),
    ("bias correction", "0.99**t -> 0.9**t", named(r"0\.9")),
    ("bias correction", "**t) -> ** (t + 1))", named(r"\bt\b")),
    ("bias correction", "0.9**t -> 0.9 * t", named(r"0\.9|power|exponent|\*\*")),
    ("weight decay", "v_hat) + 1e-4) + wd * p) -> v_hat) + 1e-4)) - wd * p", named(r"\bwd\b|\blr\b")),
    ("weight decay", "+ wd * p -> - wd * p", named(SIGN)),
    ("weight decay", " + wd * p -> ", named(left_out("wd"))),
    ("exponent", "0.01 * g**2 -> 0.01 * g", named(r"square|exponent")),
    ("weight decay", "m = 0.9 * m + 0.1 * g -> m = 0.9 * m + 0.1 * (g + wd * p)", named(r"\bwd\b")),
    ("chain factor", "np.sqrt(v_hat) -> v_hat", named(r"sqrt|square root")),
    ("momentum", "0.1 * g -> g", named(r"0\.1|10 times")),
    ("weight decay", "wd * p -> wd * g", named(r"`?[pg]`?.*(stands|belongs)")),
    wrt=None,
)
case(
    "SGD with weight decay and clipping",
    lambda p, g, lr, wd, c: p - lr * (g + wd * p) * c / np.linalg.norm(g + wd * p),
    """
    d = g + wd * p
    return p - lr * d * c / np.linalg.norm(d)
    """,
    lambda r: (r(4), r(4), 0.1, 0.3, 0.8),
    ("weight decay", "np.linalg.norm(d) -> np.linalg.norm(g)", named(r"`?[gd]`?.*(stands|belongs)|wd \* p")),
    ("exponent", "np.linalg.norm(d) -> np.linalg.norm(d) ** 2", named(r"exponent|norm")),
    ("weight decay", "d = g + wd * p -> d = g + wd * p**2 / 2", named(r"p\*\*2|exponent|\bp\b")),
    wrt=None,
)
case(
    "Adagrad",
    lambda p, g, s, lr, e: p - lr * g / np.sqrt(s + g**2 + e),
    "p - lr * g / np.sqrt(s + g**2 + e)",
    lambda r: (r(4), r(4), r.positive(4), 0.1, 0.05),
    ("epsilon", "np.sqrt(s + g**2 + e) -> (np.sqrt(s + g**2) + e)", named(r"\be\b")),
    wrt=None,
)
case(
    "exponential average of weights",
    lambda a, p, b: b * a + (1 - b) * p,
    "a + (1 - b) * (p - a)",
    lambda r: (r(4), r(4), 0.9),
    ("momentum", "(1 - b) * (p - a) -> b * (p - a)", named(r"1 - b|\bb\b")),
    wrt=None,
)
