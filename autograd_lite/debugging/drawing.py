"""`draw`: the computation graph of a tensor as a picture, in the DOT language of Graphviz."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.messages import show
from autograd_lite.support.names import name_of

Part = Node | Leaf

_HEAD = """\
digraph {
  graph [ranksep=0.35, nodesep=0.3]
  node [shape=box, style="rounded,filled", fillcolor="#f3f3ee", color="#999999", fontname="Helvetica", fontsize=11]
  edge [color="#777777", fontcolor="#777777", fontname="Helvetica", fontsize=9, arrowsize=0.7]"""
_LEAF = 'style=filled, fillcolor="#d0ddea", color="#4477aa"'
_CONSTANT = 'style="filled,dashed", fillcolor=white'
_RELEASED = 'style="rounded,filled,dashed"'
_RESULT = "penwidth=2"


class Drawing:
    """A graph in the DOT language. `str` returns the DOT source; a notebook shows the picture if Graphviz is installed.

    Attributes
    ----------
    dot : str
    """

    def __init__(self, dot: str) -> None:
        self.dot = dot

    def __str__(self) -> str:
        return self.dot

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.dot.splitlines())} lines of DOT>"

    def _repr_svg_(self) -> str | None:
        try:
            return self.render("svg").decode()
        except FileNotFoundError:
            return None  # a notebook then shows `repr`

    def render(self, format: str = "svg") -> bytes:
        """The picture in any format of Graphviz ("svg", "pdf", "png").

        Raises
        ------
        FileNotFoundError
            If the program `dot` of Graphviz is not installed.
        RuntimeError
            If `dot` fails, with its message.
        """
        import shutil
        import subprocess

        program = shutil.which("dot")
        if program is None:
            raise FileNotFoundError(
                f"draw: writing {format} needs the program `dot` of Graphviz, which was not found; install Graphviz "
                '("apt install graphviz", "brew install graphviz", "conda install graphviz"), or save the graph as .dot'
            )
        done = subprocess.run([program, f"-T{format}"], input=self.dot.encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"draw: Graphviz failed to write {format}: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout

    def save(self, path: str | Path) -> None:
        """Write the DOT source if the path ends in .dot or .gv, else the picture in the format of the suffix.

        Raises
        ------
        ValueError
            If the path has no suffix.
        FileNotFoundError, RuntimeError
            As `render`; no file is written.
        """
        path = Path(path)
        if not path.suffix:
            raise ValueError(
                f"draw: the path {show(str(path))} has no suffix; the format is one of .dot, .gv, .svg, .pdf, .png"
            )
        is_source = path.suffix in (".dot", ".gv")
        path.write_bytes(self.dot.encode() if is_source else self.render(path.suffix[1:]))


def draw(tensor: Any, names: Any = None, values: bool = False) -> Drawing:
    """The computation graph of a tensor: operations and leaves with their shapes, from top to bottom.

    Operations have rounded boxes, leaves are blue, and constants are dashed. The graph saves only constants that a
    derivative needs. An arrow into an operation of several arguments has the name of the argument.

    Parameters
    ----------
    tensor : Tensor, or a list or tuple of them
        Results of recorded operations, or leaves.
    names : Module, or dict of str to (Tensor or array), optional
        Names of tensors: the dotted names of parameters in a module, or the keys of a dict. ``Tensor(..., name="X")``
        and ``z.name = "Z"`` do the same.
    values : bool, default False
        Show data and gradients too, larger arrays by their range. Data is shown where the graph or `names` holds it.
        For a single tensor with one element its gradients are computed, without a change of `.grad`. Otherwise the
        gradients are the `.grad` of leaves.

    Returns
    -------
    Drawing
        `str` returns the DOT source. With Graphviz, `.save("graph.svg")` writes a picture, and a notebook shows it.

    Raises
    ------
    RuntimeError
        If nothing was recorded, or `backward()` has released the graph; with `values`, also as `backward`.
    TypeError
        If the argument is not a tensor or a list of tensors.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> print("\\n".join(str(draw((x * x).sum())).splitlines()[4:]))
      0 [label="sum\\n()", penwidth=2]
      1 [label="multiply\\n(2,)"]
      2 [label="x\\n(2,) float64", style=filled, fillcolor="#d0ddea", color="#4477aa"]
      2 -> 1 [label="x"]
      2 -> 1 [label="y"]
      1 -> 0
    }
    """
    roots = list(tensor) if isinstance(tensor, list | tuple) else [tensor]
    for root in roots:
        if not isinstance(root, Tensor):
            raise TypeError(f"draw: the first argument must be a tensor or a list, not {type(root).__name__}")
        if root._node is None:
            raise RuntimeError(
                f"draw: nothing was recorded for this tensor of shape {root.shape}: it does not require gradients, nor "
                "does any tensor it was computed from"
            )
        if isinstance(root._node, Node) and root._node.saved is None:
            raise RuntimeError(
                f"draw: the graph behind the result of {root._node.operation.name!r} was released by backward(); draw "
                "it before, or pass retain_graph=True to backward()"
            )
    known = dict(_named(names))
    parts = _parts_below([root._node for root in roots])
    found = _Values(parts, roots, known) if values else None
    return Drawing("\n".join([_HEAD, *_lines(parts, {root._node for root in roots}, known, found), "}"]))


def _named(names: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(names, "named_parameters"):
        yield from names.named_parameters()
        yield from names.named_buffers()
    elif isinstance(names, Mapping):
        yield from names.items()
    elif names is not None:
        raise TypeError(f"draw: names must be a module or a dict of names to tensors, not {type(names).__name__}")


def _parts_below(roots: list[Any]) -> dict[Any, int]:
    """All nodes and leaves that the roots depend on, numbered."""
    numbers: dict[Any, int] = {}
    waiting = list(reversed(roots))
    while waiting:
        part = waiting.pop()
        if part not in numbers:
            numbers[part] = len(numbers)
            if isinstance(part, Node):
                waiting += [parent for parent in reversed(part.parents) if parent is not None]
    return numbers


def _arguments(node: Node) -> Iterator[tuple[str, Part | None, Any]]:
    """Each differentiable argument of an operation: its name, its node or leaf, its value if it was saved."""
    differentiable = getattr(node.operation, "differentiable", ())  # one result of several has no arguments
    variadic = getattr(node.operation, "variadic", None)
    saved = dict(zip(node.operation.saved_names, node.saved or (), strict=False))
    if not differentiable:
        yield from (("", parent, None) for parent in node.parents)
        return
    for position, parent in enumerate(node.parents):
        name = differentiable[min(position, len(differentiable) - 1)]
        value = saved.get(name)
        if name == variadic:
            number = position - len(differentiable) + 1
            name, value = f"{name}[{number}]", None if value is None else value[number]
        yield name, parent, value


def _lines(parts: dict[Any, int], roots: set[Any], known: dict[str, Any], values: _Values | None) -> Iterator[str]:
    """The lines for the boxes, then those for the arrows."""
    called = {id(_identity(thing)): name for name, thing in known.items()}
    called |= {id(_array(thing)): name for name, thing in known.items()}
    arrows: list[list[str]] = []  # into each operation
    constants, numbers = {}, itertools.count(len(parts))
    for part, number in parts.items():
        name = called.get(id(part)) or name_of(part)
        details = [] if values is None else values.of(part)
        look = [_RESULT] if part in roots else []
        if isinstance(part, Leaf):
            yield _box(number, [name, f"{part.shape} {part.dtype}", *details], _LEAF, *look)
            continue
        released = part.saved is None
        yield _box(
            number,
            [name, part.operation.name, _shape(part), *["released"] * released, *details],
            *[_RELEASED] * released,
            *look,
        )
        arguments = list(_arguments(part))
        arrows.append([])
        for argument, parent, value in arguments:
            label = f" [label={_quoted(argument)}]" if len(arguments) > 1 else ""
            if parent is not None:
                arrows[-1].append(f"  {parts[parent]} -> {number}{label}")
            elif isinstance(value, np.ndarray | np.generic):
                if id(value) not in constants:
                    constants[id(value)] = next(numbers)
                    name = called.get(id(value)) or name_of(value)
                    shown = [] if values is None else [_describe(value)]
                    yield _box(constants[id(value)], [name, f"{value.shape} {value.dtype}", *shown], _CONSTANT)
                arrows[-1].append(f"  {constants[id(value)]} -> {number}{label}")
    yield from itertools.chain.from_iterable(reversed(arrows))


class _Values:
    """The data and the gradients of the parts of a graph, as far as they are known."""

    def __init__(self, parts: dict[Any, int], roots: list[Tensor], known: dict[str, Any]) -> None:
        self.data: dict[Any, Any] = {}
        for part in parts:
            if isinstance(part, Node):
                saved = dict(zip(part.operation.saved_names, part.saved or (), strict=False))
                if part.dtype is not None and saved.get("out") is not None:
                    self.data[part] = saved["out"]
                for _, parent, value in _arguments(part):
                    if parent is not None and isinstance(value, np.ndarray | np.generic):
                        self.data[parent] = value
        for tensor in (*known.values(), *roots):
            if isinstance(tensor, Tensor) and tensor._node is not None:
                self.data[tensor._node] = tensor.data
        self.gradients = {part: part.grad for part in parts if isinstance(part, Leaf) and part.grad is not None}
        if len(roots) == 1 and roots[0].size == 1:
            watched: dict[Any, Any] = dict.fromkeys(part for part in parts if isinstance(part, Node))
            leaves = sweep({roots[0]._node: roots[0]._seed(None)}, retain_graph=True, watched=watched)
            self.gradients = {**watched, **leaves}

    def of(self, part: Any) -> list[str]:
        """The lines for a part in its box."""
        lines = [f"data {_describe(self.data[part])}"] if part in self.data else []
        gradient = self.gradients.get(part)
        if gradient is not None and part.dtype is not None:  # several results have a box each
            lines.append(f"gradient {_describe(gradient)}")
        return lines


def _identity(thing: Any) -> Any:
    """The node or leaf of a tensor, or else its array."""
    return _array(thing) if getattr(thing, "_node", None) is None else thing._node


def _array(thing: Any) -> Any:
    return thing._data if isinstance(thing, Tensor) else thing


def _shape(node: Node) -> str:
    return str(node.shape) if node.dtype is not None else ", ".join(str(shape) for shape, _ in node.shape)


def _describe(value: Any) -> str:
    value = np.asarray(getattr(value, "_data", value))
    if not value.ndim:
        return f"{value:.4g}"
    if value.size <= 6:
        return np.array2string(value, precision=4, separator=", ").replace("\n", "")
    if value.dtype.kind == "b":
        return f"{np.count_nonzero(value)} of {value.size} true"
    return f"from {value.min():.4g} to {value.max():.4g}, mean {value.mean():.4g}"


def _box(number: int, lines: list[Any], *look: str) -> str:
    text = "\n".join(line for line in lines if line)
    return f"  {number} [{', '.join([f'label={_quoted(text)}', *look])}]"


def _quoted(text: str) -> str:
    """A string literal of the DOT language, with quotes, backslashes and line breaks escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
