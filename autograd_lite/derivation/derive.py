"""`derive`: the derivation of the gradients of a loss."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import Tensor, backward_with_graph
from autograd_lite.derivation.first_order import first_order
from autograd_lite.derivation.lines import Derivation
from autograd_lite.derivation.nodes import nodes_below
from autograd_lite.derivation.second_order import second_derivative
from autograd_lite.support.messages import show


def derive(loss: Tensor, wrt: Any = None, names: Mapping[str, Any] | None = None, order: int = 1) -> Derivation:
    """The derivation of the gradients of a loss as on paper: definitions, then gradients, line by line.

    The derivative rules of the recorded operations are run on symbols instead of arrays. Every formula is evaluated and
    compared with what the engine computes before it is shown, for the current values and at other inputs of the same
    shapes. Graph, values and `.grad` do not change.

    Parameters
    ----------
    loss : Tensor of one element
        The result of recorded operations.
    wrt : Tensor, iterable of them, dict of str to Tensor, or Module, optional
        What to differentiate with respect to: leaves or intermediate results. By default all leaves. The keys of a
        dict are names. Parameters of a module without a usual symbol get their dotted name.
    names : dict of str to (Tensor or array), optional
        Names for tensors and for arrays that are constants. ``Tensor(..., name="X")`` and ``z.name = "Z"`` do the
        same. Without a name, affine results are Z, activations A, probabilities P, weights W, biases b, data X, targets
        Y, the loss L, and the rest U₁, U₂ ...; layers are numbered by superscripts. If several tensors have the same
        name, subscripts number them.
    order : int, default 1
        With 2 there are also second derivatives with respect to each tensor of `wrt`: the Hessian ∂²L/∂w∂wᵀ for a
        vector, ∂²L/∂w² for a scalar; for other arrays, and where the matrix cannot be read off, the product
        ∂²L/∂W² · V with an array V. There are no lines for pairs of tensors.

    Returns
    -------
    Derivation
        `print` shows it as Unicode text, a notebook as mathematics; `.steps` is the list of its lines, `.text()` and
        `.latex()` are strings. ⊙ is the elementwise product, **1** a column of ones; functions and powers are
        elementwise.

    Raises
    ------
    RuntimeError
        If the loss does not require gradients or is not a scalar, if `backward()` has released the graph, or if a
        saved value was overwritten.
        With ``order=2``, if the gradient has no formula that can be differentiated again, or if there is no second
        derivative for the current values.
    ValueError
        If the loss does not depend on a tensor in `wrt`, or `order` is neither 1 nor 2.

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
    >>> A, x = np.arange(4.0).reshape(2, 2), Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> derive(x @ A @ x, names={"A": A}, order=2)["∂²L/∂x∂xᵀ"].formula
    'A + Aᵀ'
    """
    if order not in (1, 2):
        raise ValueError(f"derive: order must be 1 or 2, not {show(order)}")
    root = _root(loss)
    given: dict[Any, str] = {}
    paths: dict[Any, str] = {}
    values: dict[Any, Any] = {root: loss.data}
    wanted: set[Any] = set()
    for tensor, name, path in _tensors(wrt):
        wanted.add(tensor._node)
        values[tensor._node], paths[tensor._node] = tensor.data, path
        if name:
            given[tensor._node] = name
    arrays = _named_arrays(names, given, values)

    first = first_order(root, loss._seed(None), wanted if wrt is not None else None, given, paths, values, arrays)
    lines = first.all_lines()
    if order == 2:
        recorded = _recorded_gradients(loss)
        for thing in (thing for thing in first.final if thing in first.wanted):
            lines += second_derivative(first, thing, recorded.get(thing))
    return Derivation(lines, *_sizes(root))


def _recorded_gradients(loss: Tensor) -> dict[Any, Tensor]:
    """The gradients of the leaves as tensors that can be differentiated, unless an operation refuses that."""
    try:
        return dict(backward_with_graph(loss, loss._seed(None, create_graph=True)))
    except (RuntimeError, np.linalg.LinAlgError):
        return {}


def _named_arrays(names: Any, given: dict[Any, str], values: dict[Any, Any]) -> dict[str, Any]:
    """The arrays among `names`; tensors that require gradients are added to `given` and `values`."""
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(f"derive: names must be a dict of names to tensors or arrays, not {type(names).__name__}")
    arrays: dict[str, Any] = {}
    for name, thing in (names or {}).items():
        if isinstance(thing, Tensor) and thing._node is not None:
            given[thing._node], values[thing._node] = name, thing.data
        else:
            arrays[name] = thing.data if isinstance(thing, Tensor) else np.asarray(thing)
    return arrays


def _root(loss: Any) -> Node:
    if not isinstance(loss, Tensor):
        raise TypeError(f"derive: the loss must be a tensor, not {type(loss).__name__}")
    if not isinstance(loss._node, Node):
        raise RuntimeError("derive: this tensor is not the result of operations that require gradients")
    if loss.size != 1:
        raise RuntimeError(f"derive: a tensor of shape {loss.shape} is not a scalar; reduce it, "
                           "for example with .sum() or .mean()")  # fmt: skip
    return loss._node


def _tensors(wrt: Any) -> list[tuple[Tensor, str | None, str]]:
    """The tensors of `wrt`, each with its name there and its dotted name in a module."""
    if wrt is None:
        return []
    if hasattr(wrt, "named_parameters"):
        return [(parameter, None, path) for path, parameter in wrt.named_parameters() if parameter.requires_grad]
    if isinstance(wrt, Mapping):
        found: list[Any] = [(tensor, name, "") for name, tensor in wrt.items()]
    elif isinstance(wrt, Tensor | Iterable):
        found = [(tensor, None, "") for tensor in ([wrt] if isinstance(wrt, Tensor) else wrt)]
    else:
        raise TypeError(f"derive: wrt must hold tensors, not {type(wrt).__name__}")
    for tensor, *_ in found:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"derive: wrt must hold tensors, not {type(tensor).__name__}")
        if not tensor.requires_grad:
            raise ValueError(f"derive: a tensor of shape {tensor.shape} in wrt does not require gradients")
    return found


_MEANS = re.compile("mean|average|var|std|loss|entropy|norm")


def _sizes(root: Node) -> tuple[dict[str, int], dict[int, str]]:
    """N and K, the axes that the loss reduces, and the names of denominators: {32: "N"}."""
    if not any(_MEANS.search(node.operation.name) for node in nodes_below(root)):
        return {}, {}  # a 1/3 is a number of the user
    node: Any = root
    while isinstance(node, Node) and node.dtype is not None and math.prod(node.shape) == 1:
        node = next((parent for parent in node.parents if parent is not None), None)
    if node is None or node.dtype is None or not node.shape or node.shape[0] < 2:
        return {}, {}
    rows, columns = node.shape[0], node.shape[1] if len(node.shape) == 2 else 1
    lengths = {rows: "N"} if rows > 2 else {}  # 1/2 need not be 1/N
    if columns < 2:
        return {"N": rows}, lengths
    return {"N": rows, "K": columns}, {rows * columns: "NK", **lengths}
