"""Names in a derivation: those of the user, else the usual symbols of textbooks. All names are unique."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_lite.core.graph import Leaf, Node
from autograd_lite.derivation.definitions import intermediate_names
from autograd_lite.derivation.notation import subscript, superscript

ACTIVATIONS = {"elu", "gelu", "hardtanh", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"}
PRODUCTS = {"dot", "inner", "matmul", "outer", "vecdot"}
MATRIX_FUNCTIONS = {
    "cholesky", "det", "diag", "diagonal", "eigvalsh", "einsum", "inv", "matrix_power", "norm", "slogdet", "slogdet[1]",
    "solve", "svdvals", "trace",
}  # fmt: skip


class Names:
    """Assigns unique names, in two phases: `request` registers a name for each key, `assign` numbers equal ones."""

    def __init__(self) -> None:
        self._requested: dict[Any, tuple[str, bool]] = {}
        self._names: dict[Any, str] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def request(self, key: Any, name: str, layer: int | None = None, given: bool = False) -> None:
        """Register the name for a key, with the number of a layer as a superscript. The first call for a key counts.

        A name that is `given` by the user has priority over equal ones that were chosen here.
        """
        self._requested.setdefault(key, (name + superscript(f"({layer})") * (layer is not None), given))

    def assign(self) -> None:
        """Assign a name to every key."""
        keys_of: dict[str, list[Any]] = {}
        for key, (name, _) in self._requested.items():
            keys_of.setdefault(name, []).append(key)
        for name, keys in keys_of.items():
            first = [key for key in keys if self._requested[key][1]] or keys
            if len(first) == 1:
                self._names[first[0]] = name
                self._taken.add(name)
        for name, keys in keys_of.items():
            for key in keys:
                if key not in self._names:
                    self._names[key] = self.fresh(name)

    def fresh(self, base: str) -> str:
        """The name `base` with the next free number."""
        while True:
            number = self._numbers[base] = self._numbers.get(base, 0) + 1
            if self.reserve(name := base + subscript(str(number))):
                return name

    def reserve(self, name: str) -> bool:
        """Reserve a name; whether it was free."""
        free = name not in self._taken
        self._taken.add(name)
        return free

    def __getitem__(self, key: Any) -> str:
        return self._names[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._names


def request_names(
    names: Names,
    nodes: list[Node],
    root: Node,
    consumers: Mapping[Any, list[Node]],
    given: Mapping[Any, str],
    paths: Mapping[Any, str],
    saved: Mapping[Node, Mapping[str, Any]],
) -> dict[Any, str]:
    """Register names for all nodes and leaves; returns the roles, such as "Z" and "A", of nodes that have one.

    `given` are the user's names, `paths` the names of parameters in their module, for leaves without a usual symbol.
    """
    roles = {node: role for node in nodes if (role := _role(node, consumers))}
    roles[root] = "L"
    layers = [node for node in nodes if roles.get(node) == "Z"]
    number: dict[Any, int] = {node: i for i, node in enumerate(layers, start=1)} if len(layers) > 1 else {}
    for thing, name in given.items():
        names.request(thing, name, given=True)
    for node in nodes:
        layer = next((number[thing] for thing in (node, *node.parents) if thing in number), None)
        if role := roles.get(node):
            names.request(node, role, layer if role in ("Z", "A") else None)
        if role == "Z":
            _request_parameters(names, node, layer)
    for node in nodes:
        for symbol in intermediate_names(node, saved[node]):
            if not (node.operation.name == "log_softmax" and _has_softmax(node.parents[0], consumers)):
                small = symbol == "X̂" and len(node.shape) < 2
                names.request((symbol, node), symbol.lower() if small else symbol)
        for parent in node.parents:
            if isinstance(parent, Leaf):
                names.request(parent, paths.get(parent) or ("x" if len(parent.shape) < 2 else "X"))
    return roles


def _role(node: Node, consumers: Mapping[Any, list[Node]]) -> str | None:
    name, users = node.operation.name, consumers.get(node, [])
    if name == "linear":
        return "Z"
    if name == "add" and any(map(_is_layer_product, node.parents)):
        return "Z" if _has_bias(node) or not _is_in_matrix_function(node, consumers) else None
    if name in PRODUCTS and _is_layer_product(node):
        if [user.operation.name for user in users] == ["add"] or _is_in_matrix_function(node, consumers):
            return None
        return "Z"
    if name in ("mean", "std", "sqrt") and node.shape:
        return _statistic(node, users)
    if name in ACTIVATIONS:
        return "P" if any(user.operation.name == "binary_cross_entropy" for user in users) else "A"
    return "P" if name == "softmax" else None


def _has_softmax(logits: Any, consumers: Mapping[Any, list[Node]]) -> bool:
    """Whether a node has the probabilities of which another takes the logarithm."""
    return any(user.operation.name == "softmax" for user in consumers.get(logits, ()))


def _statistic(node: Node, users: list[Node]) -> str | None:
    """μ for a mean that is subtracted, σ for a deviation that is a divisor; both of slices."""
    name = node.operation.name
    parent: Any = node.parents[0]
    if name == "mean":
        subtracted = any(user.operation.name == "subtract" and user.parents[1] is node for user in users)
        return "μ" if subtracted else None
    if not any(user.operation.name == "divide" and user.parents[1] is node for user in users):
        return None
    if name == "sqrt" and isinstance(parent, Node) and parent.operation.name == "add":
        parent = parent.parents[0]
    from_variance = isinstance(parent, Node) and parent.operation.name in ("mean", "var")
    return "σ" if name == "std" or from_variance else None


def _has_bias(node: Node) -> bool:
    """Whether a vector is added to every row or column of a product."""
    return any(isinstance(parent, Leaf) and parent.shape != node.shape for parent in node.parents)


def _is_in_matrix_function(node: Node, consumers: Mapping[Any, list[Node]]) -> bool:
    """Whether a product is a scalar or a part of a matrix function, such as a trace or another product.

    It is an expression of matrix calculus then, and no layer of a network.
    """
    if node.shape == ():
        return True
    for user in consumers.get(node, ()):
        name = user.operation.name
        if name in PRODUCTS or name in MATRIX_FUNCTIONS:
            return True
        if name in ("add", "subtract", "negative", "transpose") and _is_in_matrix_function(user, consumers):
            return not _has_bias(user)
    return False


def _is_layer_product(node: Any) -> bool:
    if not isinstance(node, Node) or node.operation.name not in PRODUCTS:
        return False
    return any(not isinstance(parent, Node) for parent in node.parents)


def _request_parameters(names: Names, node: Node, layer: int | None) -> None:
    """Register names for the weight, the bias and the data of an affine map."""
    product = next((parent for parent in node.parents if _is_layer_product(parent)), node)
    assert isinstance(product, Node)
    if node.operation.name == "linear":
        x, weight, *bias = node.parents
    else:
        x, weight = product.parents if not isinstance(product.parents[0], Leaf) or isinstance(
            product.parents[1], Leaf) else product.parents[::-1]  # fmt: skip
        bias = [parent for parent in node.parents if parent is not product] if product is not node else []
    for leaf, name in ((weight, "W"), *((b, "b") for b in bias), (x, "X")):
        if isinstance(leaf, Leaf):
            name = "w" if name == "W" and len(leaf.shape) < 2 else name
            names.request(leaf, name, layer if name != "X" else None)
