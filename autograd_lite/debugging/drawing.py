"""`draw`: the computation graph of a tensor as a picture, as SVG and in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.debugging.folding import folded
from autograd_lite.debugging.graph_boxes import Values, parts_below, picture_of
from autograd_lite.debugging.picture import Picture, dot
from autograd_lite.support.messages import show

_SHOWN = 400  # boxes and arrows that a notebook shows without being asked


class Drawing:
    """The picture of a graph. A notebook shows it; `str` returns it in the DOT language of Graphviz.

    Attributes
    ----------
    dot : str
        The source in the DOT language.
    svg : str
        The picture, which needs no other program. It has a white ground, so it is legible on dark pages too.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    @property
    def dot(self) -> str:
        """The source in the DOT language."""
        return dot(self._picture)

    @property
    def svg(self) -> str:
        """The picture as SVG, the same on every machine."""
        from autograd_lite.debugging.svg import svg

        return svg(self._picture)

    def __str__(self) -> str:
        return self.dot

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._picture.boxes)} boxes, {len(self._picture.arrows)} arrows>"

    def _repr_svg_(self) -> str | None:
        if len(self._picture.boxes) + len(self._picture.arrows) > _SHOWN:
            return None  # a notebook then shows `repr`
        return self.svg

    def render(self, format: str = "svg") -> bytes:
        """The picture in a format of Graphviz ("pdf", "png"), or "svg", which this library writes itself.

        Raises
        ------
        FileNotFoundError
            For another format than "svg", if the program `dot` of Graphviz is not installed.
        RuntimeError
            If `dot` fails, with its message.
        """
        import shutil
        import subprocess

        if format == "svg":
            return self.svg.encode()

        program = shutil.which("dot")
        if program is None:
            raise FileNotFoundError(
                f"draw: writing {format} needs the program `dot` of Graphviz, which was not found; install Graphviz "
                '("apt install graphviz", "brew install graphviz", "conda install graphviz"), or save it as .svg'
            )
        done = subprocess.run([program, f"-T{format}"], input=self.dot.encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"draw: Graphviz failed to write {format}: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout

    def save(self, path: str | Path) -> None:
        """Write the picture in the format of the suffix, or the DOT source if that is .dot or .gv.

        Formats other than .svg need Graphviz.

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


def draw(tensor: Any, names: Any = None, values: bool = False, depth: int | None = None) -> Drawing:
    """The computation graph of a tensor: operations and leaves with their shapes, from top to bottom.

    Operations have rounded boxes, leaves are blue, and constants are dashed. The graph saves only constants that a
    derivative needs. Arguments for which an operation has no rule, such as indices and conditions, are never drawn,
    named or not. An arrow into an operation of several arguments has the name of the argument.

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
    depth : int, optional
        Fold the operations of each module at this depth of the model, `names`, into one box: 1 for the parts of the
        model, 2 for their parts (and for parts that have none), 0 for no folding. By default graphs of more than 40
        boxes are folded, as little as makes them smaller than that. See Notes.

    Returns
    -------
    Drawing
        A notebook shows it, `.save("graph.svg")` writes it, and `str` returns it in the DOT language.

    Raises
    ------
    RuntimeError
        If nothing was recorded, or `backward()` has released the graph; with `values`, also as `backward`.
    TypeError
        If the argument is not a tensor or a list of tensors, or `depth` no integer.
    ValueError
        If `depth` is negative, or given without a module.

    Notes
    -----
    A graph does not know modules. It knows which operation uses which parameter, and the order of the operations. So
    with `depth` the boxes are a reconstruction:

    - The box of a module holds the operations from the first to the last use of its parameters. What is computed from
      parameters of one module alone, such as a reshaped or a transposed weight, counts as a parameter, unless it is a
      single number or selected by an array of indices.
    - If a parameter of another module at this depth is used in between, there is one box before and one after it.
    - Operations before the first use and after the last one stay outside, as do modules without parameters (an
      activation, a pooling) between two others; inside a box of a lower depth they are included.
    - Parameters that the model itself holds, and no part of it, have no box.
    - A parameter that several modules share counts for the first of them, then for the second, in the order of its
      uses. What uses a parameter outside of its module, such as a penalty, is in a box with the name of the module.
    - Constants inside of a box are hidden, unless they have a name or the first operation on data takes them: the `X`
      of a first `Linear` is drawn. The indices of a first `Embedding` have no rule.

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
            hint = "; write draw(tensor, model)" if hasattr(root, "named_modules") else ""
            raise TypeError(f"draw: the first argument must be a tensor or a list, not {type(root).__name__}{hint}")
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
    if depth is not None:
        _check_depth(depth, names)
    known = dict(_named(names))
    parts = parts_below([root._node for root in roots])
    found = Values(parts, roots, known) if values else None
    picture = picture_of(parts, {root._node for root in roots}, known, found)
    return Drawing(folded(picture, parts, names, depth) if hasattr(names, "named_modules") else picture)


def _check_depth(depth: Any, names: Any) -> None:
    if not isinstance(depth, int) or isinstance(depth, bool):
        raise TypeError(f"draw: depth must be an integer, not {show(depth)}")
    if depth < 0:
        raise ValueError(f"draw: depth must be 0 or more, not {depth}")
    if depth and not hasattr(names, "named_modules"):
        raise ValueError("draw: depth counts modules inside the model; pass it as draw(tensor, model, depth=...)")


def _named(names: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(names, "named_parameters"):
        yield from names.named_parameters()
        yield from names.named_buffers()
    elif isinstance(names, Mapping):
        yield from names.items()
    elif names is not None:
        raise TypeError(f"draw: names must be a module or a dict of names to tensors, not {type(names).__name__}")
