"""What is changed in a formula, one place at a time. A change is written as source: the old expression, the new one."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from mutations.targets import Node, Target, compile_function

_SIGNS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.BitAnd: "|", ast.BitOr: "&"}
_SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.Mod: "%",
            ast.FloorDiv: "//", ast.BitAnd: "&", ast.BitOr: "|"}  # fmt: skip
_COMPARISONS = {
    ast.Gt: (">=", "<="), ast.GtE: (">", "<"), ast.Lt: ("<=", ">="), ast.LtE: ("<", ">"), ast.Eq: ("!=",),
    ast.NotEq: ("==",), ast.In: ("not in",), ast.NotIn: ("in",), ast.Is: ("is not",), ast.IsNot: ("is",),
}  # fmt: skip
_SIBLINGS = {
    "np.sin": "np.cos", "np.cos": "np.sin", "np.exp": "np.expm1", "np.log": "np.log1p", "np.log1p": "np.log",
    "np.expm1": "np.exp", "np.sum": "np.mean", "np.add.reduce": "np.mean", "np.mean": "np.sum", "np.max": "np.min",
    "np.min": "np.max", "np.maximum": "np.minimum", "np.minimum": "np.maximum", "np.sign": "np.abs",
    "np.abs": "np.sign", "sigmoid": "np.tanh", "np.tanh": "np.sin", "np.zeros": "np.ones", "np.cumprod": "np.cumsum",
    "np.logaddexp": "np.maximum", "np.maximum.reduce": "np.minimum.reduce", "np.diag": "np.ravel",
    "np.prod": "np.sum", "softmax": "log_softmax", "log_softmax": "softmax",
}  # fmt: skip

# What these say or do changes no number.
_CONVERSIONS = {"any", "int", "list", "strip", "to_array", "to_floats", "tuple", "np.array", "np.asarray", "np.stack"}
_GUARDS = {"dtype", "otypes", "sparse", "strict"}
_ABOUT_ARRAYS = {"dtype", "ndim", "shape", "size"}  # most often the same for another array
_QUESTIONS = {"isinstance", "len"}  # what these are asked about too


@dataclass
class Mutant:
    """One change in one function: a node of its syntax tree and what stands in its place; `text` says it for people."""

    target: Target
    text: str
    old: ast.AST
    new: ast.AST

    @property
    def name(self) -> str:
        return f"{self.target.name}: {self.text}"

    def compile(self) -> CodeType:
        mutated = copy.deepcopy(self.target.node, {id(self.old): self.new})
        _ask_for(mutated, self.target)
        return compile_function(mutated, self.target.function.__code__.co_freevars, f"<{self.name}>")


def mutants(target: Target) -> Iterator[Mutant]:
    """Every mutant of a function, each with a text of its own."""
    texts: Counter[str] = Counter()
    for node, parent in _places(target.node):
        seen = {ast.unparse(node)}
        for new in _changes(node, parent, target):
            source = ast.unparse(new)
            if source not in seen:
                seen.add(source)
                text = _describe(node, new, parent)
                texts[text] += 1
                place = f" (place {texts[text]})" if texts[text] > 1 else ""
                yield Mutant(target, text + place, node, new)


def _ask_for(mutated: Node, target: Target) -> None:
    """A rule gets what it asks for by name: a new name in its formula is a new parameter."""
    used = {node.id for node in ast.walk(mutated) if isinstance(node, ast.Name)}
    own = [parameter.arg for parameter in mutated.args.args]
    mutated.args.args += [ast.arg(name) for name in target.names if name in used and name not in own]


def _places(function: Node) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Every node of a function's body and its parent, without what only serves error messages and type checkers."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    waiting = [(node, function) for node in reversed(body)]
    while waiting:
        node, parent = waiting.pop()
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.expr_context | ast.operator | ast.cmpop | ast.arguments):
            continue
        yield node, parent
        children = [node.value] if isinstance(node, ast.AnnAssign) else list(ast.iter_child_nodes(node))
        children = [child for child in children if getattr(child, "arg", None) not in _GUARDS]
        if _is_zero(node) or (isinstance(node, ast.Call) and ast.unparse(node.func) in _QUESTIONS):
            children = []
        elif ast.unparse(node) == "-1":
            children = []  # the last axis: the others are enough
        waiting += [(child, node) for child in reversed(children) if child is not None]


def _describe(old: ast.AST, new: ast.AST, parent: ast.AST) -> str:
    """The change in the smallest expression that shows where it is."""
    if isinstance(old, ast.expr) and isinstance(parent, ast.expr | ast.keyword):
        old, new = parent, copy.deepcopy(parent, {id(old): new})
    if isinstance(old, ast.stmt):
        return " → ".join(ast.unparse(statement).partition("\n")[0] for statement in (old, new))
    return f"{ast.unparse(old)} → {ast.unparse(new)}"


# -- the changes ---------------------------------------------------------------------------------------------------


def _changes(node: ast.AST, parent: ast.AST, target: Target) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        for source in _statement(node):
            yield ast.parse(source).body[0]
    elif isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
        sources = list(_expression(node))
        if isinstance(parent, ast.Lambda | ast.Return) and _is_number(node) and not _is_zero(node):
            sources += [f"-({ast.unparse(node)})", f"2 * ({ast.unparse(node)})"]
        if isinstance(node, ast.Name) and getattr(parent, "attr", None) not in _ABOUT_ARRAYS:
            sources += _other_names(node.id, target)
        for source in sources:
            yield ast.parse(source, mode="eval").body


def _is_zero(node: ast.AST) -> bool:
    """Whether an expression is zero by its form: of `g * 0` only that there is a zero says anything."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and ast.unparse(node.right) == "0"


def _is_number(node: ast.expr) -> bool:
    """Whether twice an expression is something else: not for truth values and the like."""
    if isinstance(node, ast.IfExp):
        return _is_number(node.body) and _is_number(node.orelse)
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.BitAnd | ast.BitOr)
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) not in ("any", "tuple")
    return isinstance(node, ast.UnaryOp | ast.Name | ast.Attribute | ast.Subscript)


def _other_names(name: str, target: Target) -> list[str]:
    if name not in {parameter.arg for parameter in target.node.args.args}:
        return []
    if target.names:
        return [other for other in target.names if other != name]
    others = [parameter.arg for parameter in target.node.args.args]  # of a function that is no rule one is enough
    return [other for other in others[others.index(name) + 1 :] + others if other not in (name, "g")][:1]


def _statement(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.If):
        yield ast.unparse(copy.deepcopy(node, {id(node.test): ast.UnaryOp(ast.Not(), node.test)}))
    elif isinstance(node, ast.AugAssign):
        target, value = ast.unparse(node.target), ast.unparse(node.value)
        if type(node.op) in _SIGNS:
            yield f"{target} {_SIGNS[type(node.op)]}= {value}"
        yield "pass"
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield "pass"


def _expression(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.BinOp():
            yield from _binary(node)
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            yield "0" if ast.unparse(node) == "-1" else ast.unparse(node.operand)  # the last axis and the first
        case ast.Compare(ops=[operator]):
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            for other in _COMPARISONS[type(operator)]:
                yield f"({left}) {other} ({right})"
        case ast.BoolOp():
            yield {"And": " or ", "Or": " and "}[type(node.op).__name__].join(
                f"({ast.unparse(v)})" for v in node.values
            )
            yield from map(ast.unparse, node.values)
        case ast.IfExp():
            yield f"({ast.unparse(node.orelse)}) if {ast.unparse(node.test)} else ({ast.unparse(node.body)})"
        case ast.Constant(value=bool()):
            yield repr(not node.value)
        case ast.Constant(value=int()):
            yield {0: "1", 1: "2", 2: "1"}.get(node.value, repr(node.value + 1))
        case ast.Constant(value=float()):
            yield repr(2 * node.value)
        case ast.Attribute(attr="T") | ast.Subscript():
            yield ast.unparse(node.value)
        case ast.Call():
            yield from _call(node)


def _binary(node: ast.BinOp) -> Iterator[str]:
    kind, left, right = type(node.op), f"({ast.unparse(node.left)})", f"({ast.unparse(node.right)})"
    if _is_zero(node):
        yield left
        return
    if kind in _SIGNS:
        yield f"{left} {_SIGNS[kind]} {right}"
    if kind in (ast.Sub, ast.Div, ast.MatMult, ast.Pow):
        yield f"{right} {_SYMBOLS[kind]} {left}"
    yield left
    yield {ast.Div: f"1 / {right}", ast.Sub: f"-{right}"}.get(kind, right)


def _call(node: ast.Call) -> Iterator[str]:
    function, arguments = ast.unparse(node.func), [ast.unparse(argument) for argument in node.args]
    keywords = [ast.unparse(keyword) for keyword in node.keywords]

    def call(name: str, *parts: str) -> str:
        return f"{name}({', '.join(parts)})"

    if function in _SIBLINGS:
        yield call(_SIBLINGS[function], *arguments, *keywords)
    if function == "np.where" and len(arguments) == 3:
        condition, taken, otherwise = arguments
        yield from (call(function, condition, otherwise, taken), taken, otherwise)
    elif function == "np.matmul":
        yield from (call(function, *reversed(arguments)), *arguments)
    elif isinstance(node.func, ast.Attribute) and not function.startswith(("np.", "math.")):
        yield ast.unparse(node.func.value)  # a method: g.reshape(shape) becomes g
    elif function == "np.einsum":
        yield arguments[1]
    elif arguments and function not in _CONVERSIONS:
        yield arguments[0].lstrip("*")  # exp(x) becomes x, a transpose or a sum is removed
    for keyword in node.keywords:
        if keyword.arg not in _GUARDS:
            yield call(function, *arguments, *(other for other in keywords if other != ast.unparse(keyword)))
