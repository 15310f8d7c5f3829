"""Sentences that are false as mathematics: true of the given numbers or shapes, but not of others. None is said."""
# ruff: noqa: E501

# Name, change, the false sentence as a regular expression, and why it is false.
NOT_SAID: list[tuple[str, str, str, str]] = [
    ("mean of embeddings", "len(i) -> len(dE)", "half the length", "it is a quotient of two lengths"),
    ("negative sampling by the word", "N.T @ sig(N @ v) -> N.T @ sig(N @ v) / len(N)", "^`?1`? is 5 times", "called twice"),
    ("triplet loss by the anchor", " * (d > 0)[:, None] -> ", "only if a = 0", "with a = 0 the condition still matters"),
    ("triplet loss by the anchor", " + m -> ", "threshold 0 .* must be -1", "it must be -m"),
    ("triplet loss by the anchor", " + m -> ", "exponent of", "only the signs of d at these inputs agree"),
    ("triplet loss by the anchor", " + m -> ", "2 times too small", "only the signs of d at these inputs agree"),
    ("|X XT|^2", "4 * X @ X.T @ X -> 4 * X**3", "commutes", "a symmetric X does not make it right"),
    ("bilinear layer by x, einsum", "bk,kij,bj->bi -> bk,kij,bi->bj", "only if T = 1", "symmetric slices make it right"),
    ("2-d convolution by x, in loops", "w[:, :, i, j] -> w[:, :, 1 - i, 1 - j]", "only if w = 1", "so do symmetric ones"),
    ("average pooling", "np.kron(G, np.ones((2, 2))) -> np.kron(np.ones((2, 2)), G)", "only if G = 1", "so does G = 2"),
    ("cross entropy with class weights", " / (Y * c).sum() ->  / len(z)", "only if c = 1", "the weights need only sum to N"),
    ("AdamW", "0.1 * g -> g", "1/lr", "the 10 has nothing to do with the input lr"),
    ("aTx / bTx", " - (a @ x) * b / (b @ x) ** 2 -> ", "relu'", "only for b @ x < 0"),
    ("|x|^2 x, Jacobian", "2 * outer -> outer", "relu'", "only for x < 0"),
    ("third central moment", "3 * ( -> (", "half the length", "the 3 is the exponent"),
    ("KL of a diagonal Gaussian from the standard one", "np.exp(v) - 1 -> np.exp(v)", "2 over the length", "it is 0.5"),
    ("Lennard-Jones energy", "-12 * r -> -r", "number of elements", "the 12 is the exponent"),
    ("softplus unit", "* sig(X @ w) -> * sig(X @ w) * (1 - sig(X @ w))", "`?1`? must be 0", "the helper is called twice"),
    ("softplus unit", "* sig(X @ w) -> * sig(X @ w) * (1 - sig(X @ w))", "term `?1`? is", "the helper is called twice"),
    ("binomial log-likelihood", "(n - k) / (1 - p) -> n / (1 - p)", "factor 1 − p is missing", "p must be p (1 - p)"),
    ("Laplace log-likelihood by scale", "-len(x) / b -> -len(x) / (2 * b)", "must be -12", "it depends on the length"),
    ("weighted least squares, weights in a vector", "len(y) -> len(b)", "must be 0.857143", "it depends on the lengths"),
    ("sample variance", "(len(x) - 1) -> len(x)", "must be 2.4", "it depends on the length"),
    ("Mahalanobis distance by x", "return u -> return -u", "derivative of a square", "the 2 comes from the sign"),
    ("center loss, repeated labels", "C[y] - X -> -X", "2·C", "2 is how often each label occurs here"),
]  # fmt: skip
