"""`derive`: from a loss to the derivation of its gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.derivation.expression import symbols
from autograd_lite.derivation.graph import nodes_below
from autograd_lite.derivation.reading import Reading
from autograd_lite.derivation.steps import Derivation, Step
from autograd_lite.derivation.sweeping import SymbolicSweep
from autograd_lite.support.names import name_of


def derive(loss: Tensor, wrt: Any = None, names: Mapping[str, Any] | None = None) -> Derivation:
    """The derivation of the gradients of a loss, as one writes it: definitions, then gradients, step by step.

    It is found by running the derivative rules of the recorded operations on symbols instead of arrays. Every formula
    is evaluated and compared with the gradient that the engine computes, before it is shown. Graph, values and `.grad`
    stay as they are.

    Parameters
    ----------
    loss : Tensor of one element
        The result of recorded operations.
    wrt : Tensor, iterable of them, dict of str to Tensor, or Module, optional
        What to differentiate with respect to: leaves or intermediate results. By default all leaves. The keys of a
        dict are names; the parameters of a module that have no usual letter are called by their place in it.
    names : dict of str to (Tensor or array), optional
        Names for tensors and for arrays that took part as constants. ``Tensor(..., name="X")`` and ``z.name = "Z"`` do
        the same. Without a name, affine results are Z, activations A, probabilities P, weights W, biases b, data X,
        targets Y, the loss L, and the rest U₁, U₂ ...; layers are numbered above. One name for several tensors is
        numbered below.

    Returns
    -------
    Derivation
        ``print`` shows it as Unicode text, a notebook as mathematics; `.steps`, `.text()` and `.latex()`. ⊙ is the
        product elementwise, **1** a column of ones, as functions and powers are elementwise.

    Raises
    ------
    RuntimeError
        If the loss requires no gradient or is no scalar, if the graph was released by `backward()`, or if a value in it
        was overwritten since.
    ValueError
        If the loss does not depend on a tensor in `wrt`.

    Examples
    --------
    >>> X, labels = np.arange(6.0).reshape(3, 2), [0, 1, 1]
    >>> W, b = Tensor(np.zeros((2, 2)), requires_grad=True), Tensor(np.zeros(2), requires_grad=True)
    >>> print(derive(cross_entropy(X @ W + b, labels, reduction="sum")))
    Z = X W + 1bᵀ                 (3, 2)
    Y = onehot(y)                 (3, 2)
    P = softmax(Z)                (3, 2)
    L = −Σ Y ⊙ ln P               ()
    <BLANKLINE>
    ∂L/∂Z = P − Y                 (3, 2)
    ∂L/∂b = 1ᵀ ∂L/∂Z = 1ᵀ(P − Y)  (2,)
    ∂L/∂W = Xᵀ ∂L/∂Z = Xᵀ(P − Y)  (2, 2)
    """
    root = _root(loss)
    given: dict[Any, str] = {}
    paths: dict[Any, str] = {}
    values: dict[Any, Any] = {root: loss.data}
    arrays: dict[str, Any] = {}
    wanted: set[Any] = set()
    for tensor, name, path in _tensors(wrt):
        wanted.add(tensor._node)
        values[tensor._node], paths[tensor._node] = tensor.data, path
        if name:
            given[tensor._node] = name
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(f"derive: names is a dict of names to tensors or arrays, not {type(names).__name__}")
    for name, thing in (names or {}).items():
        if isinstance(thing, Tensor) and thing._node is not None:
            given[thing._node], values[thing._node] = name, thing.data
        else:
            arrays[name] = thing.data if isinstance(thing, Tensor) else np.asarray(thing)

    nodes = nodes_below(root)
    gradients: dict[Any, Any] = dict.fromkeys(nodes)
    gradients |= sweep({root: loss._seed(None)}, retain_graph=True, watched=gradients)
    things: dict[Any, None] = dict.fromkeys([*(p for node in nodes for p in node.parents if p is not None), *nodes])
    for thing in things:
        if name := name_of(thing):
            given.setdefault(thing, name)
    if wrt is None:
        wanted = {thing for thing in things if isinstance(thing, Leaf)}
    for thing in wanted - things.keys():
        raise ValueError(f"derive: the loss does not depend on a tensor of shape {thing.shape} in wrt")

    for thing in wanted:
        if gradients.get(thing) is None:  # no gradient flows there, through integers for example
            gradients[thing] = np.zeros(thing.shape, thing.dtype)
    reading = Reading(root, values, arrays, given, paths)
    if reading.doubtful:
        reading = Reading(root, values, arrays, given, paths, trusting=False)
    backward = SymbolicSweep(reading, gradients, wanted)
    definitions = [Step(symbol.name, (formula,), symbol.shape, operation)
                   for symbol, formula, operation in reading.definitions]  # fmt: skip
    steps = definitions + backward.steps
    used = symbols([step.formulas for step in steps])
    brought = [
        Step(symbol.name, (), symbol.shape, "constant") for symbol in reading.constants.brought if symbol in used
    ]
    return Derivation(brought + steps, *_lengths(root))


def _root(loss: Any) -> Node:
    if not isinstance(loss, Tensor):
        raise TypeError(f"derive: the loss is a tensor, not {type(loss).__name__}")
    if not isinstance(loss._node, Node):
        raise RuntimeError("derive: this tensor is not the result of operations that require gradients")
    if loss.size != 1:
        raise RuntimeError(f"derive: a tensor of shape {loss.shape} is not a scalar; reduce it, with .sum() say")
    return loss._node


def _tensors(wrt: Any) -> list[tuple[Tensor, str | None, str]]:
    """The tensors of `wrt`, each with the name that it is given there, and its path in a module."""
    if wrt is None:
        return []
    if hasattr(wrt, "named_parameters"):
        return [(parameter, None, path) for path, parameter in wrt.named_parameters() if parameter.requires_grad]
    if isinstance(wrt, Mapping):
        found: list[Any] = [(tensor, name, "") for name, tensor in wrt.items()]
    elif isinstance(wrt, Tensor | Iterable):
        found = [(tensor, None, "") for tensor in ([wrt] if isinstance(wrt, Tensor) else wrt)]
    else:
        raise TypeError(f"derive: wrt holds tensors, not {type(wrt).__name__}")
    for tensor, *_ in found:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"derive: wrt holds tensors, not {type(tensor).__name__}")
        if not tensor.requires_grad:
            raise ValueError(f"derive: a tensor of shape {tensor.shape} in wrt does not require gradients")
    return found


def _lengths(root: Node) -> tuple[dict[str, int], dict[int, str]]:
    """The letters N and K of what the loss reduces, and the lengths that fractions are written with."""
    node: Any = root
    while isinstance(node, Node) and node.dtype is not None and math.prod(node.shape) == 1:
        node = next((parent for parent in node.parents if parent is not None), None)
    if node is None or node.dtype is None or not node.shape or node.shape[0] < 2:
        return {}, {}
    rows, columns = node.shape[0], node.shape[1] if len(node.shape) == 2 else 1
    if columns < 2:
        return {"N": rows}, {rows: "N"}
    return {"N": rows, "K": columns}, {rows * columns: "NK", rows: "N"}
