"""The place in the user's source code that is being executed: the text of the expression and of its operands.

The instruction that a frame is executing has a range of columns (`code.co_positions`). The text in this range is parsed
again, for the texts of the operands. There is no place without source code, and none where the text cannot be that of
the instruction, because the file has been changed since it was imported.
"""

from __future__ import annotations

import ast
import itertools
import linecache
import sys
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, NamedTuple

from autograd_lite.compiler.user_code import is_user_code
from autograd_lite.core.graph import Node
from autograd_lite.core.hooks import Observer
from autograd_lite.core.tensor import Tensor

_LONGEST = 60
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_HOME = str(Path(__file__).parent.parent)


class Place(NamedTuple):
    """An expression in the user's source code.

    Attributes
    ----------
    text : str
        The expression on one line, at most 60 characters long.
    line, filename, function : int, str, str
        Where it is.
    operands : tuple of str
        Its operands in their order, shortened alike: the two sides of an operator; the positional arguments of a call,
        and before them the object of a method; the array that is indexed, and the index.
    """

    text: str
    line: int
    filename: str
    function: str
    operands: tuple[str, ...] = ()


def place_of(frame: FrameType | None) -> Place | None:
    """The place of the innermost frame of user code, from `frame` outwards up to this package.

    Examples
    --------
    >>> import sys
    >>> def here(x, y):
    ...     return place_of(sys._getframe(1))
    >>> x = here(1 +  2, y=3)
    >>> print(x.text, x.line, x.operands)
    here(1 + 2, y=3) 1 ('1 + 2',)
    """
    frame = user_frame(frame)
    return None if frame is None else _place(frame)


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of user code, unless this package has called everything that is being executed."""
    while frame is not None and not is_user_code(frame.f_code):
        if frame.f_code.co_filename.startswith(_HOME):
            return None
        frame = frame.f_back
    return frame


class Places(Observer):
    """Keeps the place of each node that is recorded, in `of`."""

    def __init__(self) -> None:
        self.of: dict[Node, Place] = {}
        self._known: dict[tuple[CodeType, int], Place | None] = {}

    def on_record(self, node: Node) -> None:
        """Keep the place where the node is recorded."""
        self.keep(node, sys._getframe(1))

    def keep(self, node: Node, frame: FrameType | None) -> None:
        """Keep the place of `frame` for a node."""
        place = self.place(frame)
        if place is not None:
            self.of[node] = place

    def place(self, frame: FrameType | None) -> Place | None:
        """The place of `frame`, which is read only once from the source."""
        frame = user_frame(frame)
        if frame is None:
            return None
        key = frame.f_code, frame.f_lasti
        if key not in self._known:
            self._known[key] = _place(frame)
        return self._known[key]


# -- from instructions to texts ------------------------------------------------------------------------------------


def _place(frame: FrameType) -> Place | None:
    code = frame.f_code
    position = next(itertools.islice(code.co_positions(), frame.f_lasti // 2, None), (None,) * 4)
    if None in position:
        return None
    first, last, start, end = map(int, position)  # type: ignore[arg-type]
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    if len(lines) < last:
        return None
    if lines[first - 1].encode()[:start].endswith(b"."):  # of a call over several lines, only the method
        first, start = _start_of_call(lines, last, end)
    parsed = _parsed([line.encode() for line in lines[first - 1 : last]], start, end)
    if parsed is None or not _names(parsed[1]) <= _known_names(code):
        return None
    source, node = parsed
    if isinstance(node, _COMPREHENSIONS):  # the array that it runs over
        node = node.generators[0].iter
    unpacked = isinstance(node, ast.Tuple | ast.List)  # to the targets of an assignment
    text = " ".join(lines[first - 1].split()) if unpacked else _text(source, node)
    operands = tuple(_shortened(_text(source, operand)) for operand in _operands(node, frame))
    return Place(_shortened(text), first, code.co_filename, code.co_qualname, operands)


def _start_of_call(lines: list[str], last: int, end: int) -> tuple[int, int]:
    """Line and column where the call begins that ends at a line and column; (1, 0) if there is none."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return 1, 0
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    ending = (node for node in calls if (node.end_lineno, node.end_col_offset) == (last, end))
    return next(((node.lineno, node.col_offset) for node in ending), (1, 0))


def _parsed(lines: list[bytes], start: int, end: int) -> tuple[str, ast.AST] | None:
    """The text in a range of columns, in parentheses, and what it is: an expression, or ``x += y``."""
    lines[-1] = lines[-1][:end]  # first, because there may be only one line
    lines[0] = lines[0][start:]
    text = b"".join(lines).decode(errors="replace")
    for source in (f"({text})", text):
        try:
            tree: Any = ast.parse(source).body
        except (SyntaxError, ValueError):
            continue
        if len(tree) == 1 and isinstance(tree[0], ast.Expr | ast.AugAssign):
            return source, tree[0].value if isinstance(tree[0], ast.Expr) else tree[0]
    return None


def _names(node: ast.AST) -> set[str]:
    """The names that are used, without those in functions and comprehensions, which have code of their own."""
    if isinstance(node, ast.Lambda | _COMPREHENSIONS):
        return set()
    own = {node.id} if isinstance(node, ast.Name) else {node.attr} if isinstance(node, ast.Attribute) else set()
    return own.union(*map(_names, ast.iter_child_nodes(node)))


def _known_names(code: CodeType) -> set[str]:
    """The names in code, also without the prefix of private names in a class."""
    names = {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars}
    return names | {name[name.index("__", 1) :] for name in names if name.startswith("_") and "__" in name[1:]}


def _operands(node: ast.AST, frame: FrameType) -> list[ast.AST]:
    match node:
        case ast.BinOp(left=first, right=second) | ast.AugAssign(target=first, value=second):
            return [first, second]
        case ast.Compare(left=first, comparators=others):
            return [first, *others]
        case ast.UnaryOp(operand=first) | ast.Attribute(value=first):
            return [first]
        case ast.Subscript(value=first, slice=second):
            return [first, second]
        case ast.Call(func=ast.Attribute(value=first, attr=name), args=args):
            is_method = hasattr(Tensor, name) and not _is_module(first, frame)
            return [first, *args] if is_method else list(args)
        case ast.Call(args=args):
            return list(args)
        case _:
            return []


def _is_module(node: ast.AST, frame: FrameType) -> bool:
    """Whether an expression is a module: ``np``, ``np.linalg``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name):
        return False
    return isinstance(frame.f_locals.get(node.id, frame.f_globals.get(node.id)), ModuleType)


def _text(source: str, node: ast.AST) -> str:
    """The source of a node on one line: as it was written, or as Python would write it if it has several lines."""
    text = ast.get_source_segment(source, node)
    if text is None or "\n" in text:
        text = ast.unparse(node)
    return " ".join(text.split())


def _shortened(text: str) -> str:
    """The beginning and the end of a long text."""
    half = _LONGEST // 2 - 2
    return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[1 - half :]}"
