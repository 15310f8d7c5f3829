"""The mistakes of the cookbook that the verifier does not name yet, with what it says in place of that.

The list can only become shorter: a test compares it with what is named.
"""
# ruff: noqa: E501

NOT_NAMED: dict[str, dict[str, str]] = {
    "layer norm with a gain by x": {
        "return (D - D.mean(axis=1, keepdims=True) - h * (D * h).mean(axis=1, keepdims=True)) / s -> return D / s": "nothing",
    },
    "batch norm inside a layer by W": {
        "(D - D.mean(axis=0) - h * (D * h).mean(axis=0)) / s -> D / s": "nothing",
    },
    "1-d convolution by x": {
        "np.convolve(G, w, 'full') -> np.correlate(x, G, 'valid')": "nothing",
    },
    "2-d convolution by x, in loops": {
        "w[:, :, i, j] -> w[:, :, 1 - i, 1 - j]": "it is right only if w = 1",
    },
    "average pooling": {
        "np.kron(G, np.ones((2, 2))) -> np.kron(np.ones((2, 2)), G)": "it is right only if G = 1",
        "np.kron(G, np.ones((2, 2))) -> G": "nothing",
    },
    "attention with a causal mask": {
        "return dS @ K, dS.T @ Q -> return dS @ Q, dS.T @ K": "it is right only if V = 0",
    },
    "bilinear layer, einsum": {
        "np.einsum('bk,bi,bj->kij', G, x, y) -> np.einsum('k,bi,bj->kij', G.sum(axis=0), x, y)": "nothing",
    },
    "bilinear layer by x, einsum": {
        "bk,kij,bj->bi -> bk,kij,bi->bj": "it is right only if T = 1",
        "'bk,kij,bj->bi', G, T, y -> 'bk,kij,bi->bj', G, T, x": "nothing",
    },
    "triplet loss by the anchor": {
        " + m -> ": "the threshold 0 of the condition must be -1; the exponent of a is wrong: it must be in the ...",
    },
    "multi-class hinge by the scores": {
        "Y * A.sum(axis=1, keepdims=True) -> Y": "it is right only if Y = 0",
    },
    "cross entropy with a temperature": {
        "(softmax(z / T) - Y) / T -> softmax(z / T) * (1 - softmax(z / T)) / T": "nothing",
    },
    "cross entropy with class weights": {
        " / (Y * c).sum() ->  / len(z)": "it is right only if c = 1",
        "(Y * c).sum(axis=1, keepdims=True) * ( -> (": "it is right only if c = 1",
        "(Y * c).sum(axis=1, keepdims=True) * (softmax(z) - Y) -> (softmax(z) - Y * c)": "it is right only if c = 1",
        "(Y * c).sum(axis=1, keepdims=True) * -> c * ": "it is right only at the label 'Y'",
    },
    "masked sequence loss": {
        "M.sum() -> M.size": "it is right only if M = 1",
    },
    "policy gradient": {
        "A[:, None] * (softmax(z) - Y) -> -A[:, None] * Y / softmax(z)": "nothing",
    },
    "binary cross entropy by the probabilities": {
        "(p - y) / (p * (1 - p)) -> (p - y)": "nothing",
    },
    "matrix factorisation with a mask": {
        "E.T @ U -> E.T @ V": "nothing",
    },
    "center loss, repeated labels": {
        "C[y] - X -> -X": "the term 2·C is missing, which is C times the factor 2 in the derivative of a square or C ...",
    },
    "soft k-means by the centres": {
        "sum(axis=2)) -> sum(axis=2), axis=0)": "R must be transposed; R must be transposed",
        "R[:, :, None] * -> ": "nothing",
    },
    "smoothness on a graph": {
        "(A + A.T).sum(axis=1) * f -  -> -": "nothing",
    },
    "chain of springs": {
        "g[1:] += t -> g[:-1] += t": "nothing",
    },
    "spring with a rest length": {
        "(n - L) * (x - y) / n -> (n - L)": "nothing",
    },
    "gravitational potential": {
        "m * r / np.linalg.norm(r) ** 3 -> m / np.linalg.norm(r) ** 2": "nothing",
    },
    "mean-field Ising free energy": {
        "np.arctanh(m) -> np.tanh(m)": "it is right only if T = 0",
    },
    "xT A x by A": {
        "outer(x, x) -> x @ x": "nothing",
        "outer(x, x) -> np.zeros_like(A)": "nothing",
    },
    "xT (A * B) x by A": {
        "* B -> @ B": "nothing",
    },
    "tr(A (X * X))": {
        "A.T * X -> A.T @ X": "nothing",
    },
    "|X XT|^2": {
        "4 * X @ X.T @ X -> 4 * X**3": "it is right only if X commutes with the other factors: their order matters",
    },
    "log det(XT X)": {
        "inv(X.T @ X) -> (X.T @ X)": "it is right only if X has orthonormal columns, XᵀX = I",
    },
    "log det S": {
        "inv(S).T -> 1 / S": "nothing",
    },
    "det(A X B)": {
        "det(A @ X @ B) -> det(X)": "nothing",
    },
    "tr(X^-1 A)": {
        "-A.T / X**2": "nothing",
    },
    "cT A^-1 b by A and b": {
        "return -outer(u, v), u -> return -outer(u, v), v": "nothing",
    },
    "A^-1 b, Jacobian by b": {
        "inv(A) -> A": "nothing",
    },
    "aTx / bTx": {
        "(a @ x) * b -> (b @ x) * a": "nothing",
    },
    "|x|^2 x, Jacobian": {
        "3 * x**2": "nothing",
    },
    "three tanh layers in a loop": {
        "hs[l - 1].T @ d -> hs[l].T @ d": "nothing",
        "g = d @ W.T -> g = g @ W.T": "it is right only if W1 = 0; it is right only if W2 = 0",
    },
    "ReLU network": {
        "X.T @ D1, D1.sum(axis=0) -> X.T @ D1, D2.sum(axis=0)": "nothing",
    },
    "residual block by x": {
        "(G @ V.T * (x @ W > 0)) @ W.T -> (G @ W.T * (x @ W > 0)) @ V.T": "it is right only if W = 0; it is right only if V = 0",
    },
    "gated unit, SwiGLU": {
        "(s + a * s * (1 - s)) -> s * (1 - s)": "it is right only if V = 0",
        "(G * a * s) -> (G * b * s)": "nothing",
    },
    "GELU": {
        "+ x * phi(x) -> + phi(x)": "the derivative of multiply is left out",
        "phi(x) -> np.exp(-(x**2))": "it is right only if x = 0",
        "0.5 * x * (1 + erf(x / np.sqrt(2)))": "nothing",
    },
    "ELU": {
        "1, a * np.exp(x) -> x, a * (np.exp(x) - 1)": "it is right only if x = 1",
    },
    "recurrent network, loss in all steps": {
        "1 - hs[t] ** 2 -> 1 - hs[t - 1] ** 2": "nothing",
        "dW += outer(d, hs[t - 1]) -> dW += outer(d, hs[t])": "nothing",
        "db += d -> db = d": "nothing",
    },
    "LSTM cell by its gates": {
        "(1 - H**2) -> H * (1 - H)": "the term dC * I is missing: it is added to dC * I * H",
        "dC * c * F -> dC * C * F": "nothing",
    },
    "logistic map by its parameter, three steps": {
        "r * (1 - 2 * x) * dx -> (1 - 2 * x) * dx": "it is right only if r = 1",
    },
    "normal log-likelihood by mean and deviation": {
        "/ s**2, -> , ": "the derivative of divide (operand x - m) divides where it should multiply",
    },
    "binomial log-likelihood": {
        "(n - k) / (1 - p) -> n / (1 - p)": "the factor 1 − p is missing, where p = p",
        "(k - n * p)": "nothing",
    },
    "Gamma log-density by x": {
        "(a - 1) -> a": "nothing",
    },
    "KL of softmax(z) from q": {
        "return p * (r - (p * r).sum()) -> return r + 1": "nothing",
        "return p * (r - (p * r).sum()) -> return p * (1 - p) * (r + 1)": "nothing",
        "(p * r).sum() -> r.sum()": "nothing",
    },
    "weighted logistic regression with a penalty": {
        "X.T @ (s * (sig(X @ w) - y)) -> (s * (sig(X @ w) - y)).sum()": "it is right only if X = 1; it is right only if s = 0",
        "(sig(X @ w) - y) -> (sig(X @ w) - y) * sig(X @ w) * (1 - sig(X @ w))": "s * (sig(X @ w) - y) * sig(X @ w) * (1 - sig(X @ w)) stands where s * (sig(X @ w) - y) ...",
    },
    "probit regression": {
        " / (P * (1 - P)) -> ": "nothing",
        "phi(X @ w) * (P - y) / (P * (1 - P)) -> P - y": "nothing",
        "phi(X @ w) -> np.exp(-((X @ w) ** 2))": "the derivative of erf is applied twice",
    },
    "generalised least squares": {
        "-X.T @ (W + W.T) @ (y -> -2 * X.T @ (y": "nothing",
    },
    "weighted least squares, weights in a vector": {
        "len(y) -> len(b)": "2 must be 0.857143; it is 2.33333 times too large",
        "len(y) -> s.sum()": "sign is missing around s; the indicator 1[x > 0] belongs in the place of x = s",
    },
    "correlation coefficient": {
        "return v / (a * b) - (u @ v) * u / (a**3 * b) -> return u / (a * b) - (u @ v) * v / (a * b**3)": "nothing",
    },
    "entropy": {
        "-np.log(p) - 1 -> -1 / p": "it is right only if p = 1",
    },
    "momentum, Nesterov": {
        "g + b * (b * v + g) -> b * v + g": "p - lr * (b * v + g) stands where p - lr * (g + b * (b * v + g)) belongs; lr * (b * v + g) ...",
    },
    "RMSProp": {
        "np.sqrt(b * s + (1 - b) * g**2) + e -> np.sqrt(b * s + (1 - b) * g**2 + e)": "p - lr * g / (np.sqrt(b * s + (1 - b) * g**2 + e)) stands where p - lr * g / (np.sqrt(b * s ...",
        "(1 - b) * g**2 -> g**2": "the term −g**2 is missing: it is subtracted from s; p - lr * g / (np.sqrt(b * s + g**2) + ...",
    },
    "AdamW": {
        "0.99**t -> 0.9**t": "p - lr * (m_hat / (np.sqrt(v_hat) + 1e-4) + wd * p) stands where p - lr * (m / (1 - 0.9**t) ...",
        "**t) -> ** (t + 1))": "p - lr * (m_hat / (np.sqrt(v_hat) + 1e-4) + wd * p) stands where p - lr * (m / (1 - 0.9**t) ...",
        "0.9**t -> 0.9 * t": "p - lr * (m_hat / (np.sqrt(v_hat) + 1e-4) + wd * p) stands where p - lr * (m / (1 - 0.9**t) ...",
        "wd * p -> wd * g": "p - lr * (m_hat / (np.sqrt(v_hat) + 1e-4) + wd * g) stands where p - lr * (m / (1 - 0.9**t) ...",
    },
    "SGD with weight decay and clipping": {
        "np.linalg.norm(d) -> np.linalg.norm(g)": "p - lr * d * c / np.linalg.norm(g) stands where p - lr * (g + wd * p) * c / ...",
        "d = g + wd * p -> d = g + wd * p**2 / 2": "p - lr * d * c / np.linalg.norm(d) stands where p - lr * (g + wd * p) * c / ...",
    },
    "Adagrad": {
        "np.sqrt(s + g**2 + e) -> (np.sqrt(s + g**2) + e)": "p - lr * g / (np.sqrt(s + g**2) + e) stands where p - lr * g / np.sqrt(s + g**2 + e) ...",
    },
}
