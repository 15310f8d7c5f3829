"""D15, D16: back-propagation through networks of any depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_lite as al
from derivations.catalogue import Check, Statement
from derivations.inputs import classifier, network
from derivations.plain import ACTIVATIONS, sigma, softmax, with_ones

LAYERS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda s: s,
    "sigmoid": al.sigmoid,
    "tanh": al.tanh,
    "softplus": al.softplus,
}


def squared_error_of_network(X: Any, Y: Any, h: tuple[str, ...], *weights: Any) -> Any:
    V = X
    for name, W in zip(h, weights, strict=True):
        V = LAYERS[name](W[:, 1:] @ V + W[:, :1])
    return ((V - Y) ** 2).sum()


def back_propagation(X: Any, Y: Any, h: tuple[str, ...], *weights: Any) -> Any:
    V, S = [X], []
    for name, W in zip(h, weights, strict=True):  # the forward pass keeps all pre-activations and activations
        S.append(W @ with_ones(V[-1]))
        V.append(ACTIVATIONS[name][0](S[-1]))
    E = 2 * (V[-1] - Y).T * ACTIVATIONS[h[-1]][1](S[-1]).T
    gradients = []
    for layer in reversed(range(len(weights))):
        gradients.append(E.T @ with_ones(V[layer]).T)
        if layer:
            E = E @ weights[layer][:, 1:] * ACTIVATIONS[h[layer - 1]][1](S[layer - 1]).T
    return gradients[::-1]


D15 = Statement(
    "D15",
    "back-propagation with any elementwise activation",
    r"E^{(L)} = \frac{d\delta}{dv} \odot h'(S^{(L)})^\top, \quad"
    r" E^{(l-1)} = (E^{(l)} W^{(l)}) \odot h'(S^{(l-1)})^\top, \quad"
    r" \frac{dL}{d\tilde W^{(l)}} = {E^{(l)}}^\top\, {\tilde V^{(l-1)}}^\top",
    "C",
    (
        Check(
            squared_error_of_network,
            back_propagation,
            (network(tuple(LAYERS)),),
            wrt="weights",
            layout="one sample per column; W̃ (out, in + 1) with the bias in column 0, W without it; E (N, out)",
        ),
    ),
)


def cross_entropy_of_classifier(X: Any, Y: Any, *Theta: Any) -> Any:
    A = X
    for T in Theta[:-1]:
        A = al.sigmoid(A @ T.T)
    return al.cross_entropy(A @ Theta[-1].T, Y)


def back_propagation_of_classifier(X: Any, Y: Any, *Theta: Any) -> Any:
    A = [X]
    for T in Theta[:-1]:
        A.append(sigma(A[-1] @ T.T))
    Delta = softmax(A[-1] @ Theta[-1].T) - Y
    gradients = []
    for layer in reversed(range(len(Theta))):
        gradients.append(Delta.T @ A[layer] / len(X))
        Delta = (Delta @ Theta[layer]) * A[layer] * (1 - A[layer])
    return gradients[::-1]


D16 = Statement(
    "D16",
    "back-propagation with sigmoid layers and softmax output",
    r"\Delta_L = P - Y, \quad \Delta_\ell = (\Delta_{\ell+1} \Theta_{\ell+1}) \odot A_\ell \odot (1 - A_\ell), \quad"
    r" \frac{\partial E}{\partial \Theta_\ell} = \frac1N \Delta_\ell^\top A_{\ell-1}",
    "B",
    (
        Check(
            cross_entropy_of_classifier,
            back_propagation_of_classifier,
            (classifier(),),
            wrt="Theta",
            layout="one sample per row, Θ (out, in)",
        ),
    ),
)

STATEMENTS = (D15, D16)
