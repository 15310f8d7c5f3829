"""The derivations of softmax regression and of back-propagation, printed by the engine that computes them.

python examples/derive.py
"""

import itertools

import numpy as np

from autograd_lite import Tensor, cross_entropy, derive, nn


def softmax_regression(rng: np.random.Generator) -> object:
    """Softmax regression, summed over 32 samples; the weights are (features, classes)."""
    X, labels = Tensor(rng.normal(size=(32, 64)), name="X"), rng.integers(0, 10, 32)
    W = Tensor(np.zeros((64, 10)), requires_grad=True, name="W")
    b = Tensor(np.zeros(10), requires_grad=True, name="b")
    return derive(cross_entropy(X @ W + b, labels, reduction="sum"))


def network(rng: np.random.Generator) -> object:
    """Two hidden layers of sigmoids and a softmax, the mean over samples; a layer stores its weights (out, in)."""
    layers = [nn.Linear(n, m, rng=rng) for n, m in itertools.pairwise([64, 32, 16, 10])]
    model = nn.Sequential(layers[0], nn.Sigmoid(), layers[1], nn.Sigmoid(), layers[2])
    return derive(cross_entropy(model(rng.normal(size=(32, 64))), rng.integers(0, 10, 32)), model)


def least_squares(rng: np.random.Generator) -> object:
    """Least squares with weight decay, in NumPy's own functions."""
    X, y = rng.normal(size=(32, 5)), Tensor(rng.normal(size=32), name="y")
    w = Tensor(np.ones(5), requires_grad=True, name="w")
    prediction = X @ w
    prediction.name = "ŷ"
    return derive(np.mean((prediction - y) ** 2) + 0.1 * np.sum(w**2))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    for derivation in (softmax_regression, network, least_squares):
        print(f"{derivation.__doc__}\n\n{derivation(rng)}\n")
