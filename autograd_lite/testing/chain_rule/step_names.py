"""The names of steps of the chain rule, in the words of the user's code."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.testing.chain_rule.recorded import Recorded, Step
from autograd_lite.testing.chain_rule.source_places import Place

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

    def where(self, *steps: Step) -> str:
        """The places in the user's code, for the end of a sentence: ", in `np.log(x)`, line 3"."""
        evaluations: dict[str, list[int]] = {}
        counts: dict[str, int] = {}
        for step in reversed(steps):
            if step.node in self._places:
                text = self._quoted(self._places[step.node])
                number, counts[text] = self._evaluations[step.node, step.position]
                evaluations.setdefault(text, []).append(number)
        if len(evaluations) > _SHOWN or (not evaluations and len(steps) > 1):
            return f", in all {len(steps)} places"
        places = [text + _times(numbers, counts[text]) for text, numbers in evaluations.items()]
        return ", in " * bool(places) + " and ".join(filter(None, (", ".join(places[:-1]), *places[-1:])))

    def is_shown(self, step: Step, length: int) -> bool:
        """Whether a step is one of at most `length` evaluations of its expression, or the first or last of more."""
        number, count = self._evaluations.get((step.node, step.position), (1, 1))
        return count <= length or number in (1, count)

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
        return step.name in _WITH_NUMBERS or (text is not None and not has_names(text))

    def _other(self, step: Step) -> str:
        operation = step.node.operation
        others = [name for name in operation.differentiable if name != step.argument]
        if len(others) != 1:
            return "the other operand"
        parent = step.node.parents[operation.differentiable.index(others[0])]
        text = self.operand(step.node, others[0]) or self.value(parent)
        return f"`{text}`" if text else "the other operand"

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
    def _evaluations(self) -> dict[tuple[Node, int], tuple[int, int]]:
        """For each step, which of the evaluations of its expression it is, and how many there are."""
        alike: dict[tuple[str, str, int], list[tuple[Node, int]]] = {}
        for step in reversed(self._recorded.steps):
            if step.node in self._places:
                key = self._quoted(self._places[step.node]), step.name, step.position
                alike.setdefault(key, []).append((step.node, step.position))
        return {edge: (i + 1, len(edges)) for edges in alike.values() for i, edge in enumerate(edges)}

    @cached_property
    def _numbers(self) -> dict[Node, int]:
        """For each node, its number among those of the operation; 0 if it is the only one."""
        alike: dict[str, list[Node]] = {}
        for node in reversed(self._recorded.nodes):
            alike.setdefault(node.operation.name, []).append(node)
        return {node: i + (len(nodes) > 1) for nodes in alike.values() for i, node in enumerate(nodes)}

    def _quoted(self, place: Place) -> str:
        return f"`{place.text}`" + (f", line {place.line}" if self._has_lines else "")

    def _number(self, node: Node) -> str:
        """The number of the step among those of its operation, if no place tells which it is."""
        return "" if node in self._places or not self._numbers[node] else f" number {self._numbers[node]}"

    def _operand(self, step: Step) -> str:
        if len(step.node.parents) < 2 or _has_constant(step):
            return ""
        text = self.operand(step.node, step.argument) or self.value(step.parent)
        return f" (operand `{text}`)" if text else f" (argument {step.argument!r})"


def _times(numbers: list[int], count: int) -> str:
    """Which evaluations of an expression are meant."""
    if count == 1:
        return ""
    if len(numbers) == count:
        return ", every time"
    if len(numbers) > _SHOWN:
        return f", {len(numbers)} of {count} times"
    return f", evaluation{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))} of {count}"


@lru_cache(maxsize=1024)
def has_names(text: str) -> bool:
    """Whether an expression has variables."""
    try:
        return any(isinstance(node, ast.Name) for node in ast.walk(ast.parse(text)))
    except SyntaxError:
        return True


def _has_constant(step: Step) -> bool:
    """Whether the other operand is only a number, as an exponent or threshold mostly is."""
    if step.name not in ("power", "maximum", "minimum") or step.node.parents.count(None) != 1:
        return False
    return all(np.ndim(value) == 0 for name, value in step.arguments.items() if name != step.argument)


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
