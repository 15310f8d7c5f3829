"""The threshold unit of McCulloch and Pitts, and Rosenblatt's perceptron, a threshold unit that learns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.ops.elementwise.rounding import heaviside
from autograd_lite.ops.linalg.matmul import linear, matmul
from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.conversion import NumberArray, as_numbers


class Threshold(Module):
    """The threshold unit of McCulloch and Pitts: 1 where w·x ≥ θ, else 0.

    Weight and threshold are part of the state but not learned, because the derivative of a step is 0 everywhere.
    PyTorch's `Threshold` is something else, an activation that replaces small values. Here that is
    ``np.where(x > threshold, x, value)``.

    Parameters
    ----------
    weight : array (in_features,) or (out_features, in_features)
        w of one unit, or of several units with the same input.
    threshold : number or array (out_features,)
        θ of all units, or of each.

    Raises
    ------
    ValueError
        If the shapes do not match.

    References
    ----------
    McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity" (1943).

    Examples
    --------
    >>> conjunction = Threshold([1, 1], 2)
    >>> conjunction([[0, 0], [0, 1], [1, 0], [1, 1]])
    Tensor([0., 0., 0., 1.])
    """

    def __init__(self, weight: Any, threshold: Any) -> None:
        self.weight = Buffer(weight, dtype=float)
        self.threshold = Buffer(threshold, dtype=float)
        units = self.weight.shape[:-1]
        if not 1 <= self.weight.ndim <= 2 or self.threshold.shape not in ((), units):
            raise ValueError(
                f"Threshold: weight of shape {self.weight.shape} and threshold of shape {self.threshold.shape}; "
                "expected (in_features,) and (), or (out_features, in_features) and () or (out_features,)"
            )

    def forward(self, x: Array) -> Tensor:
        x = _samples(x, self.weight.shape[-1], "Threshold")
        weighted = matmul(x, self.weight) if self.weight.ndim == 1 else linear(x, self.weight)
        return heaviside(weighted - self.threshold, 1.0)

    def extra_repr(self) -> str:
        return f"weight={self.weight.tolist()}, threshold={self.threshold.tolist()}"


class Fit(NamedTuple):
    """Result of `Perceptron.fit`: whether all samples are classified correctly, the numbers of updates and epochs."""

    converged: bool
    updates: int
    epochs: int


class Perceptron(Module):
    """A threshold unit that learns from its mistakes: ŷ = 1 where w·x + b ≥ 0, else 0.

    The rule for a sample x with label y is w ← w + (y − ŷ) x and b ← b + (y − ŷ), so nothing changes if ŷ = y. Both
    start at zero. On linearly separable data of radius R and margin γ (the bias counted as a feature that is always 1),
    `fit` makes at most (R/γ)² updates, in any order of the samples (Novikoff). On other data the rule never stops.

    Parameters
    ----------
    in_features : int
    dtype : dtype, default float64
        Updates add samples, so they are exact where sums of samples are.

    Attributes
    ----------
    weight : Parameter (in_features,)
    bias : Parameter ()
        Neither requires gradients, because the gradient of the step is 0.

    References
    ----------
    Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain" (1958).
    Novikoff, "On convergence proofs for perceptrons" (1962).

    Examples
    --------
    >>> corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> perceptron = Perceptron(2)
    >>> perceptron.fit(corners, [0, 0, 0, 1])
    Fit(converged=True, updates=11, epochs=6)
    >>> perceptron(corners)
    Tensor([0., 0., 0., 1.])
    >>> Perceptron(2).fit(corners, [0, 1, 1, 0], max_epochs=100).converged  # XOR
    False
    """

    _shown = ("in_features",)

    def __init__(self, in_features: int, *, dtype: DTypeLike = np.float64) -> None:
        check_positive_integer("Perceptron", in_features=in_features)
        self.in_features = in_features
        self.weight = Parameter(np.zeros(in_features), requires_grad=False, dtype=dtype)
        self.bias = Parameter(0.0, requires_grad=False, dtype=dtype)

    def forward(self, x: Array) -> Tensor:
        x = _samples(x, self.in_features, "Perceptron")
        return heaviside(matmul(x, self.weight) + self.bias, 1.0)

    def learn(self, x: Any, y: Any) -> bool:
        """Apply the rule to a sample x (in_features,) with label y, 0 or 1; return whether it was a mistake."""
        (x,), (y,) = _labelled([as_numbers(x)], [y], self.in_features)
        return self._correct(x, y)

    def _correct(self, x: NumberArray, y: float) -> bool:
        error = y - float(x @ self.weight.data + self.bias.data >= 0)
        if error:
            overwrite(self.weight.data, self.weight.data + error * x, "learn")
            overwrite(self.bias.data, self.bias.data + error, "learn")
        return bool(error)

    def fit(self, x: Any, y: Any, max_epochs: int = 1000) -> Fit:
        """Go through the samples in order, repeatedly, until an epoch passes without a mistake.

        Parameters
        ----------
        x : array (N, in_features)
        y : array (N,) of 0 and 1
        max_epochs : int, default 1000
            The most epochs that it takes.

        Returns
        -------
        Fit
            ``converged``, whether all samples are now classified correctly; ``updates``, the number of mistakes that
            were corrected; ``epochs``, the number of epochs, including the last one without a mistake.

        Raises
        ------
        ValueError
            If shapes do not match, a label is neither 0 nor 1, a number is not finite, or `max_epochs` is not positive.
        """
        check_positive_integer("fit", max_epochs=max_epochs)
        x, y = _labelled(x, y, self.in_features)
        updates = 0
        for epoch in range(1, max_epochs + 1):
            mistakes = sum(self._correct(sample, label) for sample, label in zip(x, y, strict=True))
            updates += mistakes
            if not mistakes:
                return Fit(True, updates, epoch)
        return Fit(bool((self(x).data == y).all()), updates, max_epochs)


def _samples(x: Any, in_features: int, name: str) -> Any:
    """The input, if it has the right shape; lists become arrays."""
    x = x if hasattr(x, "shape") else as_numbers(x)
    if x.shape[-1:] != (in_features,):
        raise ValueError(f"{name}: x of shape {x.shape}, expected (..., {in_features})")
    return x


def _labelled(x: Any, y: Any, in_features: int) -> tuple[NumberArray, NumberArray]:
    x, y = as_numbers(x), as_numbers(y)
    if x.ndim != 2 or x.shape[1] != in_features or y.shape != x.shape[:1]:
        raise ValueError(
            f"Perceptron: x of shape {x.shape} and y of shape {y.shape}, expected (N, {in_features}), (N,)"
        )
    if not ((y == 0) | (y == 1)).all():
        raise ValueError(f"Perceptron: labels must be 0 or 1, not {np.unique(y)}")
    if not np.isfinite(x).all():
        raise ValueError("Perceptron: x holds NaN or infinity")
    return x, y.astype(float)
