"""What things are called: by the names of the user, else as the documents call them. No two things have one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_lite.core.graph import Leaf, Node
from autograd_lite.derivation.alphabet import subscript, superscript
from autograd_lite.derivation.definitions import letters_inside

ACTIVATIONS = {"elu", "gelu", "hardtanh", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"}
PRODUCTS = {"matmul", "dot"}


class Names:
    """Hands out names. Things ask first; when all have asked, those that want the same are numbered."""

    def __init__(self) -> None:
        self._wanted: dict[Any, tuple[str, bool]] = {}
        self._names: dict[Any, str] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def want(self, key: Any, letter: str, layer: int | None = None, given: bool = False) -> None:
        """Ask for a letter, of a layer of a network or not. Who has asked already keeps what it asked for.

        A name that is `given` by the user goes before those that were chosen here.
        """
        self._wanted.setdefault(key, (letter + superscript(f"({layer})") * (layer is not None), given))

    def hand_out(self) -> None:
        """Give everyone who has asked a name."""
        crowds: dict[str, list[Any]] = {}
        for key, (name, _) in self._wanted.items():
            crowds.setdefault(name, []).append(key)
        for name, keys in crowds.items():
            first = [key for key in keys if self._wanted[key][1]] or keys
            if len(first) == 1:
                self._names[first[0]] = name
                self._taken.add(name)
        for name, keys in crowds.items():
            for key in keys:
                if key not in self._names:
                    self._names[key] = self.fresh(name)

    def fresh(self, letter: str) -> str:
        """A letter with the next number that is free."""
        while True:
            number = self._numbers[letter] = self._numbers.get(letter, 0) + 1
            if self.take(name := letter + subscript(str(number))):
                return name

    def take(self, name: str) -> bool:
        """Take a name, if it is free."""
        free = name not in self._taken
        self._taken.add(name)
        return free

    def __getitem__(self, key: Any) -> str:
        return self._names[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._names


def want_names(
    names: Names,
    nodes: list[Node],
    root: Node,
    consumers: Mapping[Any, list[Node]],
    given: Mapping[Any, str],
    paths: Mapping[Any, str],
    saved: Mapping[Node, Mapping[str, Any]],
) -> dict[Any, str]:
    """Ask for all names of nodes and leaves; returns the role of those that have one.

    `given` are the user's names, `paths` those of the parameters in their module, for leaves without a usual letter.
    """
    roles = {node: role for node in nodes if (role := _role(node, consumers))}
    roles[root] = "L"
    layers = [node for node in nodes if roles.get(node) == "Z"]
    number: dict[Any, int] = {node: i for i, node in enumerate(layers, start=1)} if len(layers) > 1 else {}
    for thing, name in given.items():
        names.want(thing, name, given=True)
    for node in nodes:
        layer = next((number[thing] for thing in (node, *node.parents) if thing in number), None)
        if role := roles.get(node):
            names.want(node, role, layer if role in ("Z", "A") else None)
        if role == "Z":
            _want_parameters(names, node, layer)
    for node in nodes:
        for letter in letters_inside(node, saved[node]):
            names.want((letter, node), letter)
        for parent in node.parents:
            if isinstance(parent, Leaf):
                names.want(parent, paths.get(parent) or ("x" if len(parent.shape) < 2 else "X"))
    return roles


def _role(node: Node, consumers: Mapping[Any, list[Node]]) -> str | None:
    name, users = node.operation.name, consumers.get(node, [])
    if name == "linear" or (name == "add" and any(map(_is_layer_product, node.parents))):
        return "Z"
    if name in PRODUCTS and _is_layer_product(node):
        return None if [user.operation.name for user in users] == ["add"] else "Z"
    if name in ACTIVATIONS:
        return "P" if any(user.operation.name == "binary_cross_entropy" for user in users) else "A"
    return "P" if name == "softmax" else None


def _is_layer_product(node: Any) -> bool:
    if not isinstance(node, Node) or node.operation.name not in PRODUCTS:
        return False
    return any(not isinstance(parent, Node) for parent in node.parents)


def _want_parameters(names: Names, node: Node, layer: int | None) -> None:
    """The leaves of an affine map are its weight and its bias."""
    product = next((parent for parent in node.parents if _is_layer_product(parent)), node)
    assert isinstance(product, Node)
    if node.operation.name == "linear":
        x, weight, *bias = node.parents
    else:
        x, weight = product.parents if not isinstance(product.parents[0], Leaf) or isinstance(
            product.parents[1], Leaf) else product.parents[::-1]  # fmt: skip
        bias = [parent for parent in node.parents if parent is not product] if product is not node else []
    for leaf, letter in ((weight, "W"), *((b, "b") for b in bias), (x, "X")):
        if isinstance(leaf, Leaf):
            names.want(leaf, letter.lower() if len(leaf.shape) < 2 and letter == "W" else letter,
                       layer if letter != "X" else None)  # fmt: skip
