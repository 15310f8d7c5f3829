"""The source of a kernel: loops and statements as Python code that numba compiles."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.compiler.native.loops import (
    ARGMAX,
    Call,
    Checked,
    Constant,
    Element,
    Expression,
    Loop,
    Memory,
    Number,
    Position,
    Statement,
    statements_of,
)
from autograd_lite.compiler.native.neighbours import (
    UNROLLED,
    block_lengths,
    is_overwritten,
    is_read,
    later_statement,
    long_sums,
    place_of,
    repeated_term,
    sum_of_block,
)
from autograd_lite.compiler.native.texts import (
    LOOP_NAMES,
    constant_text,
    is_call,
    loop_name,
    number_dtype,
    product_text,
    wrapped,
)
from autograd_lite.compiler.traced_numbers import TracedNumber

Body = list[Loop | Statement]
# Functions and names that a kernel uses, by the module that they come from.
MODULES = {
    "math": {"inf", "nan"},
    "numba": {"float32", "float64", "int32", "int64", "uint8"},
    "autograd_lite.compiler.native.runtime": {
        "pointer", "add", "maximum", "minimum", "fmax", "fmin", "floor", "ceil", "trunc", "rint", "sqrt", "copysign",
        "sign", "clear_flags", "flags",
    },
}  # fmt: skip
_TAKEN = {
    *LOOP_NAMES,
    "first",
    "last",
    "thread",
    "value",
    "index",
    "range",
    "abs",
    "min",
    "sum",
    *keyword.kwlist,
    *set().union(*MODULES.values()),
}


@dataclass
class KernelText:
    """A kernel.

    Attributes
    ----------
    lines : list of str
        The body of the function.
    memories, numbers : dict
        Its parameters with their names: memories, and what is computed in Python.
    starts : dict
        The position in each memory to which its parameter points. ``base(memory, first)`` chooses it, where `first` is
        the lowest position that is used.
    stretches : dict, optional
        If threads share the only loop: how much of each scratch memory is a thread's.
    iterations : int
        How many iterations threads share; 0 if they share none.
    """

    body: Body
    local: frozenset[Memory]
    base: Callable[[Memory, int], int]
    stretches: dict[Memory, int] | None = None
    lines: list[str] = field(default_factory=list)
    memories: dict[Memory, str] = field(default_factory=dict)
    numbers: dict[Any, tuple[str, Number]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names: dict[str, int] = {}
        self._locals: dict[Memory, str] = {}
        lowest: dict[Memory, int] = {}
        for statement in statements_of(self.body):
            for element in statement.elements:
                first = element.span(statement.extents, 0)[0]
                lowest[element.memory] = min(first, lowest.get(element.memory, first))
        self.starts = {memory: self.base(memory, first) for memory, first in lowest.items()}
        self.iterations = self.body[0].extent if self.stretches is not None and isinstance(self.body[0], Loop) else 0
        self._write(self.body, 0)

    # -- statements --------------------------------------------------------------------------------------------------

    def _write(self, body: Body, level: int) -> None:
        known: dict[Any, str] = {}  # elements that are in a local variable
        for position, part in enumerate(body):
            if isinstance(part, Loop):
                sums = long_sums(part, level)
                if sums:
                    self._write_blocks(part, sums, level)
                else:
                    self._write_loop(part, level)
                known.clear()
            else:
                self._write_statement(part, level, known, body[position + 1 :])

    def _write_loop(self, loop: Loop, level: int) -> None:
        term, start = repeated_term(loop, level), 0
        if term is not None:
            start = loop.extent - loop.extent % UNROLLED
            self._do(level, f"for {loop_name(level)} in range(0, {start}, {UNROLLED}):")
            self._do(level + 1, f"for {loop_name(level + 1)} in range({term.extents[level + 1]}):")
            self._write_terms(term, level)
        if start < loop.extent:
            bounds = f"{start}, {loop.extent}" if start else f"{loop.extent}"
            if self.iterations and not level:
                bounds = "first, last"
            self._do(level, f"for {loop_name(level)} in range({bounds}):")
            self._write(loop.body, level + 1)

    def _write_blocks(self, loop: Loop, sums: list[Statement], level: int) -> None:
        """A loop in blocks of blocks, whose sums are added: long sums are about as exact as NumPy's pairwise ones."""
        parts = {made: sum_of_block(made) for made in sums}
        totals = [[self._element(made.target, level, {}) for made in sums]]
        depth, start, stop = level, "0", str(loop.extent)
        for length in block_lengths(loop.extent):
            start, bounds = self._new_name("start"), f"{start}, {stop}, {length}"
            self._do(depth, f"for {start} in range({bounds}):")
            depth, end, stop = depth + 1, stop, self._new_name("stop")
            self._do(depth, f"{stop} = min({start} + {length}, {end})")
            totals.append([self._new_name("part") for _ in sums])
            for made, name in zip(sums, totals[-1], strict=True):
                self._do(depth, f"{name} = {made.target.dtype.name}(0)")
        self._locals.update((part.target.memory, name) for part, name in zip(parts.values(), totals[-1], strict=True))
        self.local |= self._locals.keys()
        self._do(depth, f"for {loop_name(level)} in range({start}, {stop}):")
        body: Body = [parts.get(made, made) if isinstance(made, Statement) else made for made in loop.body]
        self._write(body, depth + 1)
        while len(totals) > 1:
            names = totals.pop()
            for total, name in zip(totals[-1], names, strict=True):
                self._do(depth, f"{total} = {total} + {name}")
            depth -= 1

    def _write_terms(self, term: Statement, level: int) -> None:
        """Several terms of a sum, which is read and written once for all of them."""
        place, name = self._element(term.target, level, {}), self._new_name("sum")
        self._do(level + 2, f"{name} = {place}")
        for count in range(UNROLLED):
            later = later_statement(term, level, count)
            expression = self._text(later.expression, level + 2, {})
            self._do(level + 2, f"{name} = {term.combine.format(name, expression)}")
        self._do(level + 2, f"{place} = {name}")

    def _do(self, level: int, line: str) -> None:
        self.lines.append("    " * level + line)

    def _write_statement(self, statement: Statement, level: int, known: dict[Any, str], later: Body) -> None:
        expression = self._text(statement.expression, level, known)
        target = statement.target
        if statement.combine == ARGMAX:
            self._write_argmax(statement, level, expression)
            return
        if statement.expression.dtype != target.dtype:
            expression = f"{target.dtype.name}({expression})"
        place = self._element(target, level, known)
        if statement.combine:
            combined = statement.combine.format(known.get(place_of(target), place), expression)
            expression = wrapped(combined, target.dtype)
        stale = [key for key in known if key[0] is target.memory]
        for key in stale:
            del known[key]
        if target.memory in self.local:
            self._do(level, f"{place} = {expression}")
            return
        if target.dtype.kind == "b":
            expression = f"uint8({expression})"
        if not target.gathers and is_read(target, later):
            name = self._new_name(target.memory.name)
            self._do(level, f"{name} = {expression}")
            known[place_of(target)] = expression = name
        if not is_overwritten(target, later):
            self._do(level, f"{place} = {expression}")

    def _write_argmax(self, statement: Statement, level: int, value: str) -> None:
        position, best = (self._element(part, level, {}) for part in statement.written)
        self._do(level, f"value = {value}")
        self._do(level, f"if (value > {best}) | ((value != value) & ({best} == {best})):")
        self._do(level + 1, f"{best} = value")
        self._do(level + 1, f"{position} = {loop_name(len(statement.extents) - 1)}")

    # -- expressions -------------------------------------------------------------------------------------------------

    def _text(self, part: Expression, level: int, known: dict[Any, str]) -> str:
        if isinstance(part, Constant):
            return constant_text(part)
        if isinstance(part, Number):
            return self._number(part)
        if isinstance(part, Position):
            return loop_name(part.level)
        if isinstance(part, Element):
            text = known.get(place_of(part)) or self._element(part, level, known)
            is_byte = part.dtype.kind == "b" and part.memory not in self.local
            return f"({text} != 0)" if is_byte else text
        if isinstance(part, Checked):
            return self._checked(part, level, known)
        assert isinstance(part, Call)
        operands = []
        for number, operand in enumerate(part.operands):
            text = self._text(operand, level, known)
            if part.template.count(f"{{{number}}}") > 1 and not text.isidentifier():
                name = self._new_name("value")
                self._do(level, f"{name} = {text}")
                text = name
            elif isinstance(operand, Call) and not is_call(text):
                text = f"({text})"
            operands.append(text)
        return wrapped(part.template.format(*operands), part.dtype)

    def _checked(self, part: Checked, level: int, known: dict[Any, str]) -> str:
        name = self._new_name("index")
        self._do(level, f"{name} = {self._text(part.index, level, known)}")
        if part.wraps:
            self._do(level, f"if {name} < 0:")
            self._do(level + 1, f"{name} += {part.length}")
        self._do(level, f"if {name} < 0 or {name} >= {part.length}:")
        self._do(level + 1, "return -1")
        return name

    def _number(self, part: Number) -> str:
        source = part.source
        key = source.expression if type(source) is TracedNumber else source
        if key not in self.numbers:
            plain = key if isinstance(key, str) and key.isidentifier() else getattr(key, "name", "number")
            self.numbers[key] = (self._new_name(plain), part)
        name, first = self.numbers[key]
        return name if part.dtype == number_dtype(first) else f"{part.dtype.name}({name})"

    def _element(self, element: Element, level: int, known: dict[Any, str]) -> str:
        memory = element.memory
        if memory in self.local:
            if memory not in self._locals:
                self._locals[memory] = self._new_name(memory.name)
            return self._locals[memory]
        if memory not in self.memories:
            self.memories[memory] = self._new_name(memory.name)
        terms = [product_text(loop_name(number), stride) for number, stride in enumerate(element.strides) if stride]
        for index, stride in element.gathers:
            text = self._text(index, level, known)
            terms.append(product_text(text if text.isidentifier() else f"({text})", stride))
        if self.stretches and memory in self.stretches:
            terms.append(product_text("thread", self.stretches[memory]))
        start = element.offset - self.starts[memory]
        text = " + ".join([*terms, *([str(start)] if start or not terms else [])]).replace("+ -", "- ")
        return f"{self.memories[memory]}[{text}]"

    def _new_name(self, name: str) -> str:
        name = re.sub(r"_?\d*$", "", name) or "value"
        number = self._names[name] = self._names.get(name, 0) + 1
        return name if number == 1 and name not in _TAKEN else f"{name}{number}"
