"""The names of steps of the chain rule, in the words of the user's code."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.testing.recorded import Recorded, Step
from autograd_lite.testing.source_places import Place

_SHOWN = 3
# Operations whose derivative has a factor that depends on nothing, or on the number of elements only.
_WITH_NUMBERS = ("mean", "mse_loss", "sqrt", "square", "std", "sum", "var")


class StepNames:
    """Names the steps of a recorded function."""

    def __init__(self, recorded: Recorded, argument: str) -> None:
        self._recorded, self._argument = recorded, argument

    def of_all(self, steps: Sequence[Step]) -> str:
        """The operations, and the operand if several are possible and it is the same in all: "divide (operand `y`)"."""
        operands = {self._operand(step) for step in steps}
        names = list(dict.fromkeys(f"{step.name}{self._number(step.node)}" for step in steps))
        return f"{' and '.join(names)}{operands.pop() if len(operands) == 1 else ''}"

    def other_of_all(self, steps: Sequence[Step]) -> str:
        """The other operand of operations with two, if it is the same in all."""
        texts = {self._other(step) for step in steps}
        return texts.pop() if len(texts) == 1 else "of the other operand"

    def operation(self, node: Node) -> str:
        """The operation, without an operand."""
        return f"{node.operation.name}{self._number(node)}"

    def where(self, *nodes: Node) -> str:
        """The places in the user's code, for the end of a sentence: ", in `np.log(x)`, line 3"."""
        texts = list(dict.fromkeys(self._quoted(self._places[node]) for node in nodes if node in self._places))
        if len(nodes) == 1:
            return f", in {texts[0]}{self._time(nodes[0])}" if texts else ""
        if not texts or len(texts) > _SHOWN:
            return f", in all {len(nodes)} places"
        if len(texts) == 1:
            return f", in {texts[0]}, every time"
        return f", in {', '.join(texts[:-1])} and {texts[-1]}"

    def value(self, parent: object) -> str | None:
        """A value in the user's words: the argument, or the expression that computed it."""
        if parent is self._recorded.argument:
            return self._argument
        place = self._places.get(parent) if isinstance(parent, Node) else None
        return place.text if place else None

    def has_number(self, step: Step) -> bool:
        """Whether the other operand is written as a number; also for operations whose derivative has a fixed factor."""
        others = [name for name in step.node.operation.arguments if name != step.argument]
        text = self.operand(step.node, others[0]) if len(others) == 1 else None
        return step.name in ("mean", "mse_loss", "sqrt", "square", "std", "sum", "var") or (
            text is not None and not has_names(text)
        )

    def _other(self, step: Step) -> str:
        others = [name for name in step.node.operation.arguments if name != step.argument]
        if len(others) != 1:
            return "the other operand"
        text = self.operand(step.node, others[0])
        if text is None and others[0] in step.node.operation.differentiable:
            text = self.value(step.node.parents[step.node.operation.differentiable.index(others[0])])
        return f"`{text}`" if text else f"argument {others[0]!r}"

    def operand(self, node: Node, argument: str) -> str | None:
        """An argument as it is written in the expression of the step, if the expression is this one operation."""
        place, arguments = self._places.get(node), node.operation.arguments
        if place is None or len(place.operands) != len(arguments) or node.operation.name not in _operations_of(place):
            return None
        return place.operands[arguments.index(argument)]

    @cached_property
    def _places(self) -> dict[Node, Place]:
        return self._recorded.places

    @cached_property
    def _has_lines(self) -> bool:
        return len({(place.filename, place.line) for place in self._places.values()}) > 1

    @cached_property
    def _times(self) -> Counter[tuple[Place, str]]:
        return Counter((place, node.operation.name) for node, place in self._places.items())

    def _quoted(self, place: Place) -> str:
        return f"`{place.text}`" + (f", line {place.line}" if self._has_lines else "")

    def _time(self, node: Node) -> str:
        """Which of the evaluations of one expression is meant."""
        place, name = self._places[node], node.operation.name
        count = self._times[place, name]
        if count == 1:
            return ""
        alike = [other for other in reversed(self._recorded.nodes)
                 if self._places.get(other) == place and other.operation.name == name]  # fmt: skip
        return f", evaluation {alike.index(node) + 1} of {count}"

    def _number(self, node: Node) -> str:
        """The number of the step among those of its operation, if no place tells which it is."""
        if node in self._places:
            return ""
        alike = sorted(other.order for other in self._recorded.nodes if other.operation is node.operation)
        return f" number {alike.index(node.order) + 1}" if len(alike) > 1 else ""

    def _operand(self, step: Step) -> str:
        if len(step.node.parents) < 2 or _has_constant(step):
            return ""
        text = self.operand(step.node, step.argument) or self.value(step.parent)
        return f" (operand `{text}`)" if text else f" (argument {step.argument!r})"


@lru_cache(maxsize=1024)
def has_names(text: str) -> bool:
    """Whether an expression has variables."""
    try:
        return any(isinstance(node, ast.Name) for node in ast.walk(ast.parse(text)))
    except SyntaxError:
        return True


def _has_constant(step: Step) -> bool:
    """Whether the other operand is only a number, as an exponent or threshold mostly is."""
    others = [value for name, value in step.arguments.items() if name != step.argument]
    is_number = len(others) == 1 and np.ndim(others[0]) == 0 and step.node.parents.count(None) == 1
    return step.name in ("power", "maximum", "minimum") and is_number


_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide",
    ast.Pow: "power", ast.MatMult: "matmul",
}  # fmt: skip


@lru_cache(maxsize=1024)
def _operations_of(place: Place) -> Sequence[str]:
    """The operations that an expression may be, by its operator or the name of the function."""
    try:
        node = ast.parse(place.text).body[0]
    except (SyntaxError, IndexError):
        return list(_OPERATORS.values())  # it was shortened
    value = node.value if isinstance(node, ast.Expr) else node
    if isinstance(value, ast.BinOp | ast.AugAssign):
        return [_OPERATORS.get(type(value.op), "")]
    if isinstance(value, ast.Call):
        function = value.func
        return [function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")]
    return []
