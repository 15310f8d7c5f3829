"""Loops for several threads: which loops have independent iterations, and the cut of a run around the long ones."""

from __future__ import annotations

from autograd_lite.compiler.native.fusion import same_iteration
from autograd_lite.compiler.native.loops import Loop, Statement

Body = list[Loop | Statement]
# Statements executed, about 0.3 ms: threads that sleep take about 80 µs more than their share of the loop.
LONG = 1 << 23
# An elementary function takes as long as this many statements without one.
_COSTLY = 8


def cut(body: Body) -> list[tuple[Body, bool]]:
    """The body in parts that become kernels, and whether each is one loop that threads can share."""
    parts: list[tuple[Body, bool]] = [([], False)]
    for part in body:
        if isinstance(part, Loop) and _is_divisible(part):
            parts += [([part], True), ([], False)]
        else:
            parts[-1][0].append(part)
    return [(part, is_divided) for part, is_divided in parts if part]


def _is_divisible(loop: Loop) -> bool:
    """Whether threads can share the iterations of a loop, and gain from that."""
    return loop.extent > 1 and _work([loop]) >= LONG and _is_independent(list(loop.statements()))


def _work(body: Body) -> int:
    return sum(
        part.extent * _work(part.body) if isinstance(part, Loop) else _COSTLY if part.is_costly else 1 for part in body
    )


def _is_independent(statements: list[Statement]) -> bool:
    """Whether whatever an iteration of the outermost loop writes is used by this iteration alone."""
    for statement in statements:
        for target in statement.written:
            for other in statements:
                for element in other.elements:
                    if element.memory is not target.memory:
                        continue
                    if not same_iteration(target, statement.extents, element, other.extents, 0):
                        return False
    return True
