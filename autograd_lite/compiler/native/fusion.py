"""Fusion: statements are placed into common loops where no element is read before it is complete."""

from __future__ import annotations

from autograd_lite.compiler.native.loops import Element, Loop, Statement, statements_of

Body = list[Loop | Statement]
# A loop with loops inside is not vectorised. From this work on, one exponential more does not matter there.
_LONG = 512


def place(statement: Statement, body: Body, level: int = 0) -> None:
    """Add a statement after those in `body`, inside the last loops that it can share."""
    for position in range(len(body) - 1, -1, -1):
        part = body[position]
        fitted = None
        if isinstance(part, Loop) and level < len(statement.extents):
            fitted = _fitted(statement, level, part.extent)
        if fitted is not None and isinstance(part, Loop) and _can_share(fitted, statement, part, level):
            place(fitted, part.body, level + 1)
            return
        if any(_depends(statement, other) for other in statements_of([part])):
            break  # it has to come later
    added: Loop | Statement = statement
    for extent in statement.extents[: level - 1 if level else None : -1]:
        added = Loop(extent, [added])
    body.append(added)


def _fitted(statement: Statement, level: int, extent: int) -> Statement | None:
    """The statement with a loop of length `extent` at `level`, if it can be written so."""
    while statement.extents[level] < extent and level + 1 < len(statement.extents) and statement.can_merge(level):
        statement = statement.merged(level)
    found = statement.extents[level]
    if found != extent and found % extent == 0 and extent > 1 and not statement.has_position:
        statement = statement.split(level, extent)
    return statement if statement.extents[level] == extent else None


def _can_share(statement: Statement, original: Statement, loop: Loop, level: int) -> bool:
    """Whether the statement, perhaps with other loops than the original, may join a loop, and has a reason to."""
    others = list(loop.statements())
    if statement is not original:  # loops are split and merged only for what is computed here
        has_reason = any(_depends(statement, other) for other in others)
    else:
        has_reason = any(not statement.related.isdisjoint(other.related) for other in others)
    if not has_reason or not all(_is_aligned(statement, other, level) for other in others):
        return False
    return _suits(statement, loop, level)


def _suits(statement: Statement, loop: Loop, level: int) -> bool:
    """Whether the statement and what is in a loop can be vectorised together, or need not be."""
    if level + 1 < len(statement.extents):  # below it there are loops of its own
        return True
    inside = [part for part in loop.body if isinstance(part, Loop)]
    if inside:
        return not statement.is_costly or sum(map(_work, inside)) >= _LONG
    return all(other.is_vectorizable == statement.is_vectorizable for other in loop.statements())


def _work(loop: Loop) -> int:
    return loop.extent * sum(_work(part) if isinstance(part, Loop) else 1 for part in loop.body)


def _depends(statement: Statement, other: Statement) -> bool:
    """Whether the order of the two matters."""
    return any(True for _ in _conflicts(statement, other))


def _conflicts(one: Statement, other: Statement) -> list[tuple[Element, Element]]:
    """Pairs of elements of the same memory of which one is written."""
    pairs = [(mine, element) for mine in one.written for element in other.elements if element.memory is mine.memory]
    return pairs + [
        (mine, element) for element in other.written for mine in one.elements if element.memory is mine.memory
    ]


def _is_aligned(one: Statement, other: Statement, level: int) -> bool:
    """Whether all that both use and one writes is used in the same iteration of the loop at `level`."""
    return all(same_iteration(a, one.extents, b, other.extents, level) for a, b in _conflicts(one, other))


def same_iteration(a: Element, extents_a: tuple[int, ...], b: Element, extents_b: tuple[int, ...], level: int) -> bool:
    """Whether the loop at `level` uses each place of the two elements in one iteration only."""
    if a.gathers or b.gathers:
        return False
    stride = a.strides[level]
    if a.strides[: level + 1] != b.strides[: level + 1] or stride == 0:
        return False
    low_a, high_a = a.span(extents_a, level + 1)
    low_b, high_b = b.span(extents_b, level + 1)
    return max(high_a, high_b) - min(low_a, low_b) < abs(stride)


def join_loops(body: Body, level: int = 0) -> Body:
    """Join loops that follow each other and became related only by what came later, also by loops joined before."""
    joined: Body = []
    for part in body:
        last = joined[-1] if joined else None
        while isinstance(part, Loop) and isinstance(last, Loop) and _can_join(part, last, level):
            for statement in part.statements():
                place(statement, last.body, level + 1)
            joined.pop()
            part, last = last, joined[-1] if joined else None
        joined.append(part)
    for part in joined:
        if isinstance(part, Loop):
            part.body = join_loops(part.body, level + 1)
    return joined


def _can_join(loop: Loop, last: Loop, level: int) -> bool:
    pairs = [(statement, other) for statement in loop.statements() for other in last.statements()]
    return (
        loop.extent == last.extent
        and any(not statement.related.isdisjoint(other.related) for statement, other in pairs)
        and all(_is_aligned(statement, other, level) for statement, other in pairs)
        and all(_suits(statement, last, level) for statement in loop.statements())
        and all(_suits(statement, loop, level) for statement in last.statements())
    )


def merge_loops(body: Body, level: int = 0) -> Body:
    """Write nested loops as one wherever all elements allow it."""
    merged: Body = []
    for part in body:
        while isinstance(part, Loop) and len(part.body) == 1 and isinstance(part.body[0], Loop):
            statements = list(part.statements())
            if not all(statement.can_merge(level) for statement in statements):
                break
            part = Loop(part.extent * part.body[0].extent, _mapped(part.body[0].body, level))
        if isinstance(part, Loop):
            part.body = merge_loops(part.body, level + 1)
        merged.append(part)
    return merged


def _mapped(body: Body, level: int) -> Body:
    return [
        part.merged(level) if isinstance(part, Statement) else Loop(part.extent, _mapped(part.body, level))
        for part in body
    ]
