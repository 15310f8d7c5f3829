"""The mistakes of the cookbook that the verifier does not name yet, with what it says in place of that.

The list can only become shorter: a test compares it with what is named.
"""
# ruff: noqa: E501

NOT_NAMED: dict[str, dict[str, str]] = {
    "2-d convolution by x, in loops": {
        "w[:, :, i, j] -> w[:, :, 1 - i, 1 - j]": "it is right where w = 1: w is missing or misplaced",
    },
    "average pooling": {
        "np.kron(G, np.ones((2, 2))) -> G": "nothing",
    },
    "maximum over time": {
        "== x.max -> < x.max": "nothing",
    },
    "attention with a causal mask": {
        "return dS @ K, dS.T @ Q -> return dS @ Q, dS.T @ K": "it is right where V = 1: V is missing or misplaced",
    },
    "bilinear layer, einsum": {
        "np.einsum('bk,bi,bj->kij', G, x, y) -> np.einsum('k,bi,bj->kij', G.sum(axis=0), x, y)": "nothing",
    },
    "bilinear layer by x, einsum": {
        "bk,kij,bj->bi -> bk,kij,bi->bj": "it is right where T = 1: T is missing or misplaced",
    },
    "triplet loss by the anchor": {
        "n - p -> a - p": "there is an extra term ∂f/∂n",
    },
    "multi-class hinge by the scores": {
        "Y * A.sum(axis=1, keepdims=True) -> Y": "nothing",
    },
    "cross entropy with a temperature": {
        "(softmax(z / T) - Y) / T -> softmax(z / T) * (1 - softmax(z / T)) / T": "nothing",
    },
    "cross entropy with class weights": {
        "(Y * c).sum(axis=1, keepdims=True) * ( -> (": "Y stands where Y * c belongs, in the derivative of multiply (operand `al.log_softmax(z)`), in `Y * c * al.log_softmax...",
        "(Y * c).sum(axis=1, keepdims=True) * -> c * ": "it is right only at the label 'Y'",
    },
    "center loss, repeated labels": {
        "C[y] - X -> -X": "the term 2·C is missing, which is C times the length of axis 1 of 'C' or C times the length of axis 1 of 'X'",
    },
    "soft k-means by the centres": {
        "sum(axis=2)) -> sum(axis=2), axis=0)": "R must be transposed, in `R[:, :, None]`, and -b * ((X[:, None] - C) ** 2).sum(axis=2) must be transposed in every pl...",
        "R[:, :, None] * -> ": "nothing",
    },
    "smoothness on a graph": {
        "(A + A.T).sum(axis=1) * f -  -> -": "nothing",
    },
    "spring with a rest length": {
        "(n - L) * (x - y) / n -> (n - L)": "nothing",
    },
    "gravitational potential": {
        "m * r / np.linalg.norm(r) ** 3 -> m / np.linalg.norm(r) ** 2": "nothing",
    },
    "mean-field Ising free energy": {
        "np.arctanh(m) -> np.tanh(m)": "nothing",
    },
    "xT A x by A": {
        "outer(x, x) -> x @ x": "nothing",
    },
    "|X XT|^2": {
        "4 * X @ X.T @ X -> 4 * X**3": "it is right where X is a multiple of I: the order of the factors matters",
    },
    "|X|^2 - (tr X)^2 / n": {
        " / 3 -> ": "it is right only off the diagonal",
    },
    "tr(X^-1 A)": {
        "A.T @ inv(X).T -> inv(X).T @ A.T": "it is right where X is a multiple of I: the order of the factors matters; it is right where A is a multiple of I: the...",
    },
    "Mahalanobis distance by S": {
        "outer(u, u) -> outer(u, d)": "the factor S is one too many on the right; the factor Sᵀ is one too many on the right",
    },
    "aTx / bTx": {
        "(a @ x) * b -> (b @ x) * a": "nothing",
    },
    "Lagrangian xT A x - lam (xTx - 1)": {
        "(A + A.T) @ x -> 2 * A @ x": "it is right where A is symmetric, A = Aᵀ, and not in general",
    },
    "|x|^2 x, Jacobian": {
        "3 * x**2": "nothing",
    },
    "two Euler steps of x' = f(A x), Jacobian": {
        "[:, None] * A -> * A": "it is right where A is a multiple of I: the order of the factors matters",
    },
    "three tanh layers in a loop": {
        "(1 - hs[l] ** 2) -> (1 - np.tanh(hs[l]) ** 2)": "the tanh is one too many, in `np.tanh(hs[l])`",
        "hs[l - 1].T @ d -> hs[l].T @ d": "np.tanh(h @ W) stands where h belongs, in the derivative of matmul (operand `W`), in `h @ W`, line 14",
    },
    "residual block by x": {
        "(G @ V.T * (x @ W > 0)) @ W.T -> (G @ W.T * (x @ W > 0)) @ V.T": "nothing",
    },
    "gated unit, SwiGLU": {
        "(s + a * s * (1 - s)) -> s * (1 - s)": "nothing",
    },
    "GELU": {
        "phi(x) -> np.exp(-(x**2))": "nothing",
    },
    "recurrent network, loss in all steps": {
        "1 - hs[t] ** 2 -> 1 - hs[t - 1] ** 2": "nothing",
        "dW += outer(d, hs[t - 1]) -> dW += outer(d, hs[t])": "np.tanh(W @ h + U @ x + b) of the same evaluation stands where h belongs, in the derivative of matmul (operand `W`), ...",
        "db += d -> db = d": "the contribution through add (operand `b`) is left out, in `W @ h + U @ x + b`, line 169, evaluations 2, 3 of 3; it i...",
    },
    "LSTM cell by its gates": {
        "(1 - H**2) -> H * (1 - H)": "the term dC * I is missing: it is added to dC * I * H",
    },
    "normal log-likelihood by mean and deviation": {
        "/ s**2, -> , ": "the factor 1/`s`² (in `(x - m) / s`) is missing; the derivative of divide (operand `x - m`), 1/`s`, divides where it ...",
    },
    "binomial log-likelihood": {
        "(k - n * p)": "the divisor p (1 − p) is missing, of k - n * p; the divisor (1 - p) (1 − (1 - p)) is missing, of k - n * p",
    },
    "Gamma log-density by x": {
        "(a - 1) -> a": "nothing",
    },
    "KL of softmax(z) from q": {
        "(p * r).sum() -> r.sum()": "r stands where al.softmax(z) * (al.log_softmax(z) - np.log(q)) belongs, in `r.sum()`",
    },
    "probit regression": {
        "phi(X @ w) * (P - y) / (P * (1 - P)) -> P - y": "nothing",
        "phi(X @ w) -> np.exp(-((X @ w) ** 2))": "the derivative of erf is applied twice, in `al.erf(x)`, line 90, every time, and it is 2.22144 times too large",
    },
    "generalised least squares": {
        "(W + W.T) -> (2 * W)": "it is right where W is symmetric, W = Wᵀ, and not in general",
    },
    "weighted least squares, weights in a vector": {
        "len(y) -> s.sum()": "it is right where s = 1: s is missing or misplaced",
    },
    "softmax of affine scores, log partition function": {
        "softmax( -> np.exp(": "nothing",
    },
}
