"""A program as NumPy source: `build` makes the buffers and returns the function that is called again and again."""

from __future__ import annotations

import math
import operator
import re
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Effect, Read
from autograd_lite.compiler.memory import Memory, takes_out
from autograd_lite.compiler.passes import is_contiguous
from autograd_lite.compiler.tape import Instruction, Tape, Value, function_name, parts
from autograd_lite.compiler.traced_numbers import Number
from autograd_lite.core.writes import memory_owner


class Source:
    """The text of a program, and what `build` is called with.

    Attributes
    ----------
    text : str
    arrays : dict of str to array
        The arrays from outside, by the name of the parameter of `build`.
    functions : dict of str to callable
        Functions that are not NumPy's; parameters of `build` too.
    effects : dict of str to callable
        What is done besides NumPy calls; parameters of `build` that do nothing if they are left out.
    first_effect : int or None
        The line of the body that is the first to change something which is there after the call.
    first_line : int
        The line of the text with which the body begins.
    """

    def __init__(self, tape: Tape, memory: Memory) -> None:
        self.tape = tape
        self.memory = memory
        self.arrays: dict[str, Any] = {}
        self.functions: dict[str, Any] = {}
        self.effects: dict[str, Any] = {}
        self.first_effect: int | None = None
        self.checks_shapes = False
        self.constants: dict[str, str] = {}
        self.gradient_is_lasting: list[bool] = []
        self.setup: list[str] = []
        self.body: list[str] = []
        self._arrays_from_outside()
        self._buffers()
        self._write_body()
        self.text = self._text()

    # -- what is made once -----------------------------------------------------------------------------------------

    def _arrays_from_outside(self) -> None:
        used = {value for instruction in self.tape.instructions for value in instruction.values()}
        used |= {array for array, _ in self.memory.places.values()} | set(self.tape.survivors())
        chosen = {value: array for value, array in self.tape.arrays.items() if value in used}
        whole: dict[int, str] = {}
        for value, array in chosen.items():
            owner = memory_owner(array)
            if array is not owner and _is_slice(array, owner):
                name = whole.setdefault(id(owner), f"memory{len(whole) + 1}")
                self.arrays[name] = owner
                start = (_address(array) - _address(owner)) // array.itemsize
                self.setup.append(f"{value.name} = {name}[{start}:{start + array.size}].reshape({array.shape})")
            elif id(owner) in whole and array is owner:
                self.setup.append(f"{value.name} = {whole[id(owner)]}")
            else:
                if array is owner:
                    whole[id(owner)] = value.name
                self.arrays[value.name] = array

    def _buffers(self) -> None:
        for number, nbytes in enumerate(self.memory.buffers, start=1):
            self.setup.append(f"buffer{number} = np.empty({nbytes}, np.uint8)")

    def _make_room(self, value: Value) -> None:
        """The array of a result that has a lasting place."""
        if value.storage in self.memory.places:
            array, start = self.memory.places[value.storage]
            stop = start + math.prod(value.shape)
            self.setup.append(f"{value.name} = {array.name}[{start}:{stop}].reshape({value.shape})")
            return
        buffer = f"buffer{self.memory.buffer_of[value.storage] + 1}"
        if is_contiguous(value):
            self.setup.append(f"{value.name} = np.ndarray({value.shape}, {_dtype(value.dtype)}, {buffer})")
        else:  # the axes in the order in which they lie in memory
            order = sorted(range(len(value.shape)), key=lambda axis: -value.strides[axis])
            shape, back = tuple(value.shape[axis] for axis in order), tuple(map(order.index, range(len(order))))
            permuted = f"np.ndarray({shape}, {_dtype(value.dtype)}, {buffer})"
            self.setup.append(f"{value.name} = {permuted}.transpose({back})")

    # -- what is done in each call ---------------------------------------------------------------------------------

    def _write_body(self) -> None:
        """All instructions, those with other rules for floating-point errors inside a `with`."""
        errstate = None
        for instruction in self.tape.instructions:
            start = len(self.body)
            self._write(instruction)
            if self.first_effect is None and instruction.is_effect:
                self.first_effect = start
            if instruction.errstate is None or start == len(self.body):
                errstate = None if start < len(self.body) else errstate
                continue
            if instruction.errstate != errstate:
                errstate = instruction.errstate
                options = ", ".join(f"{name}={value!r}" for name, value in errstate.items())
                self.body.insert(start, f"with np.errstate({options}):")
                start += 1
            self.body[start:] = [f"    {line}" for line in self.body[start:]]

    def _write(self, instruction: Instruction) -> None:
        results, lasting = instruction.results, self.memory.is_lasting
        if isinstance(instruction.function, Effect | Read):
            self._write_effect(instruction.function, instruction.args)
            return
        if instruction.is_view and not instruction.several and lasting(results[0].storage) and not instruction.ragged:
            self.setup.append(f"{results[0].name} = {self._call(instruction)}")
        elif takes_out(instruction) and lasting(results[0].storage):
            self._make_room(results[0])
            self.body.append(self._call(instruction, out=results[0].name))
        elif not results:
            self.body.append(self._call(instruction))
        else:
            names = ", ".join(value.name for value in results)
            comma = "," if instruction.several and len(results) == 1 else ""
            self.body.append(f"{names}{comma} = {self._call(instruction)}")
        if instruction.ragged and results:
            self.checks_shapes = True
            changed = " or ".join(f"np.shape({value.name}) != {value.shape}" for value in results)
            self.body.append(f"if {changed}: raise ShapeChanged")

    def _write_effect(self, effect: Effect | Read, args: tuple[Any, ...]) -> None:
        name = f"call_{effect.__name__}_{len(self.effects) + 1}"
        self.effects[name] = effect.function
        call = f"{name}({', '.join(map(self.expression, args))})"
        self.body.append(call if isinstance(effect, Effect) else f"{effect.__name__} = {call}")

    def _call(self, instruction: Instruction, out: str | None = None) -> str:
        function, args = instruction.function, list(map(self.expression, instruction.args))
        if function == "__getitem__":
            return f"{args[0]}[{self._index(instruction.args[1])}]"
        if function == "__setitem__":
            return f"{args[0]}[{self._index(instruction.args[1])}] = {args[2]}"
        if out is None and not instruction.kwargs and _is_single(instruction):
            return _OPERATORS[function].format(*args)
        keywords = [f"{name}={self.expression(value)}" for name, value in instruction.kwargs.items()]
        keywords += [f"out={out}"] * (out is not None)
        if isinstance(function, str):
            return f"{args[0]}.{function}({', '.join([*args[1:], *keywords])})"
        return f"{self._function(function)}({', '.join([*args, *keywords])})"

    def _function(self, function: Any) -> str:
        name = function_name(function)
        if hasattr(function, "random_method"):
            return f"rng.{function.random_method}"
        path = getattr(function, "__module__", None) or "numpy"
        text = ".".join(["np", *path.split(".")[1:], name]) if path.split(".")[0] == "numpy" else ""
        found: Any = np
        for part in text.split(".")[1:]:
            found = getattr(found, part, None)
        if found == function:
            return text
        known = next((known for known, other in self.functions.items() if other is function), None)
        if known is None:
            known = "call_" + re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
            known += f"_{len(self.functions)}" * (known in self.functions)
            self.functions[known] = function
        return known

    def expression(self, leaf: Any) -> str:
        """How an argument is written."""
        if isinstance(leaf, Value):
            return leaf.name
        if type(leaf) is Number:
            return leaf.expression
        if hasattr(leaf, "_fields"):  # a named tuple
            return f"{self._function(type(leaf))}({', '.join(map(self.expression, leaf))})"
        if isinstance(leaf, tuple):
            return f"({''.join(self.expression(part) + ', ' for part in leaf)})"
        if isinstance(leaf, list):
            return f"[{', '.join(map(self.expression, leaf))}]"
        if isinstance(leaf, dict):
            return f"{{{', '.join(f'{key!r}: {self.expression(part)}' for key, part in leaf.items())}}}"
        if isinstance(leaf, slice):
            return f"slice({self.expression(leaf.start)}, {self.expression(leaf.stop)}, {self.expression(leaf.step)})"
        if isinstance(leaf, np.generic):
            text = f"{_dtype(leaf.dtype)}({leaf.item()!r})".replace("(nan)", "(np.nan)").replace("inf)", "np.inf)")
            return self.constants.setdefault(text, f"constant{len(self.constants) + 1}")
        if isinstance(leaf, np.dtype) or (isinstance(leaf, type) and issubclass(leaf, np.generic)):
            return _dtype(np.dtype(leaf))
        if isinstance(leaf, float) and not math.isfinite(leaf):
            return {"inf": "np.inf", "-inf": "-np.inf"}.get(repr(leaf), "np.nan")
        if isinstance(leaf, bool | int | float | complex | str | bytes | None) or leaf is Ellipsis:
            return repr(leaf)
        if isinstance(leaf, type) and leaf.__module__ == "builtins":
            return leaf.__name__
        return self._function(leaf)

    def _index(self, index: Any) -> str:
        def one(part: Any) -> str:
            if not isinstance(part, slice):
                return self.expression(part)
            bounds = ["" if bound is None else self.expression(bound) for bound in (part.start, part.stop, part.step)]
            return ":".join(bounds if part.step is not None else bounds[:2])

        return (", ".join(map(one, index)) or "()") if isinstance(index, tuple) else one(index)

    # -- the text --------------------------------------------------------------------------------------------------

    def results(self) -> list[Value]:
        """The arrays that the function returns, in the order of its result."""
        return [leaf for leaf in parts(self.tape.result) if isinstance(leaf, Value)]

    def _text(self) -> str:
        lasting, returned = self._gradients(self._returned())
        numbers = [name for name, _, _ in self.tape.numbers]
        uses_rng = any("rng." in line for line in self.body)
        parameters = [value.name for value in self.tape.inputs] + numbers + ["rng"] * uses_rng
        self.uses_rng = uses_rng
        constants = [f"{name} = {text}" for text, name in self.constants.items()]
        given = [*self.arrays, *self.functions, *(f"{name}=lambda *_: None" for name in self.effects)]
        head = f"    def {self.tape.name}({', '.join(parameters)}):"
        lines = [
            "import numpy as np",
            "",
            "",
            *(["class ShapeChanged(Exception):", "    pass", "", ""] if self.checks_shapes else []),
            f"def build({', '.join(given)}):",
            *(f"    # {line}" for line in self._description()),
            *(f"    {line}" for line in constants + self.setup),
            "",
            head,
            *(f"        {line}" for line in self.body),
            f"        return ({''.join(name + ', ' for name in returned)})",
            "",
            f"    return {self.tape.name}, ({''.join(name + ', ' for name in lasting)})",
            "",
        ]
        self.first_line = lines.index(head) + 2
        return "\n".join(lines)

    def _returned(self) -> list[str]:
        """The expressions of the results: no memory of the program, and shared with each other as the function does."""
        returned: list[str] = []
        passed: dict[Any, Any] = {}  # memory that the program has given away, and whose it is in the function
        for value, recorded in zip(self.results(), self.tape.recorded_storages, strict=True):
            own = value.storage.kind == "result" and not self.memory.is_lasting(value.storage)
            own = own and passed.setdefault(value.storage, recorded) is recorded
            returned.append(value.name if own else f"{value.name}.copy()")
        return returned

    def _gradients(self, returned: list[str]) -> tuple[list[str], list[str]]:
        """Gradients with a lasting array of their own are known to `build`; the others are returned by each call."""
        lasting: list[str] = []
        for value in self.tape.gradients.values():
            own = self.memory.is_lasting(value.storage) and value.storage.kind == "result"
            self.gradient_is_lasting.append(own and value.name not in lasting)
            if self.gradient_is_lasting[-1]:
                lasting.append(value.name)
            else:
                returned = [*returned, f"{value.name}.copy()"]
        return lasting, returned

    def _description(self) -> list[str]:
        forms = [f"{name}: {array.dtype} {array.shape}" for name, array in self.arrays.items()]
        forms += [f"{value.name}: {value.dtype} {value.shape}" for value in self.tape.inputs]
        return forms


# Between single numbers Python's operators give what the ufuncs give; a division takes 0.1 µs instead of 1.9.
_OPERATORS = {np.add: "{} + {}", np.subtract: "{} - {}", np.multiply: "{} * {}", np.divide: "{} / {}",
              np.negative: "-{}", operator.pow: "{} ** {}"}  # fmt: skip


def _is_single(instruction: Instruction) -> bool:
    """Whether a call is arithmetic on single floating-point numbers."""
    values = [arg for arg in instruction.args if isinstance(arg, Value)]
    if instruction.function is operator.pow:
        return True
    others = [arg for arg in instruction.args if not isinstance(arg, Value)]
    return (
        instruction.function in _OPERATORS
        and bool(values)
        and all(value.shape == () and value.dtype.kind == "f" for value in values)
        and all(isinstance(other, float | int) and not isinstance(other, bool) for other in others)
    )


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _is_slice(array: Any, owner: Any) -> bool:
    """Whether `array` is a stretch of a one-dimensional array, perhaps in another shape."""
    return bool(
        isinstance(owner, np.ndarray)
        and owner.ndim == 1
        and owner.flags.c_contiguous
        and array.flags.c_contiguous
        and array.dtype == owner.dtype
        and array.size
    )


def _dtype(dtype: np.dtype[Any]) -> str:
    return f"np.{dtype.name}" if hasattr(np, dtype.name) and dtype.isnative else f"np.dtype({dtype.str!r})"
