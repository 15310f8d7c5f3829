"""A program as NumPy source: `build` makes the buffers, and returns the function that each replay calls."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.compiler.buffers import BufferPlan, copies_number, takes_out
from autograd_lite.compiler.calls import Effect, NumberRead
from autograd_lite.compiler.expressions import Expressions, dtype_name
from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value
from autograd_lite.support.addresses import address, memory_owner


class Source:
    """The source of a program, and the arguments of `build`.

    Attributes
    ----------
    text : str
    arrays : dict of str to array
        The arrays from outside, by the name of the parameter of `build`.
    functions : dict of str to callable
        Functions that are not NumPy's; also parameters of `build`.
    effects : dict of str to callable
        What is done besides NumPy calls; parameters of `build` that do nothing by default.
    first_effect : int or None
        The first line of the body that changes something which exists after the call.
    first_line : int
        The line of the source with which the body begins.
    gradient_is_lasting : list of bool
        For each gradient of the tape whether it always lies in the same array, which `build` returns.
    """

    def __init__(self, tape: Tape, plan: BufferPlan) -> None:
        self.tape = tape
        self.plan = plan
        self.arrays: dict[str, Any] = {}
        self.effects: dict[str, Any] = {}
        self.first_effect: int | None = None
        self.gradient_is_lasting: list[bool] = []
        self._expressions = Expressions()
        self.functions = self._expressions.functions
        self.setup: list[str] = []  # run once
        self.body: list[str] = []  # run in each call
        self._checks_shapes = False
        self.uses_rng = any(hasattr(instruction.function, "random_method") for instruction in tape.instructions)
        self._write_arrays()
        self.setup += [f"buffer{i} = np.empty({nbytes}, np.uint8)" for i, nbytes in enumerate(plan.buffers, start=1)]
        self._write_body()
        self.text = self._text()

    # -- what is made once -----------------------------------------------------------------------------------------

    def _write_arrays(self) -> None:
        used = {value for instruction in self.tape.instructions for value in instruction.values()}
        used |= {array for array, _ in self.plan.places.values()} | set(self.tape.survivors())
        whole: dict[int, str] = {}
        for value, array in self.tape.arrays.items():
            if value not in used:
                continue
            owner = memory_owner(array)
            if array is not owner and _is_slice(array, owner):
                name = whole.setdefault(id(owner), f"memory{len(whole) + 1}")
                self.arrays[name] = owner
                start = (address(array) - address(owner)) // array.itemsize
                self.setup.append(f"{value.name} = {name}[{start}:{start + array.size}].reshape({array.shape})")
            elif id(owner) in whole and array is owner:
                self.setup.append(f"{value.name} = {whole[id(owner)]}")
            else:
                if array is owner:
                    whole[id(owner)] = value.name
                self.arrays[value.name] = array

    def _write_room(self, value: Value) -> None:
        """The array of a result that has a lasting place."""
        if value.storage in self.plan.places:
            array, start = self.plan.places[value.storage]
            stop = start + math.prod(value.shape)
            self.setup.append(f"{value.name} = {array.name}[{start}:{stop}].reshape({value.shape})")
            return
        buffer = f"buffer{self.plan.buffer_of[value.storage] + 1}"
        shape, transposed = self._in_memory(value)
        self.setup.append(f"{value.name} = np.ndarray({shape}, {dtype_name(value.dtype)}, {buffer}){transposed}")

    def _in_memory(self, value: Value) -> tuple[tuple[int, ...], str]:
        """The shape of a value with its axes in the order of their strides, and the call that restores their order."""
        if value.is_contiguous:
            return value.shape, ""
        order = sorted(range(len(value.shape)), key=lambda axis: -value.strides[axis])
        back = tuple(map(order.index, range(len(order))))
        return tuple(value.shape[axis] for axis in order), f".transpose({back})"

    # -- what is done in each call ---------------------------------------------------------------------------------

    def _write_body(self) -> None:
        """All instructions, those with another floating-point error handling inside a `with`."""
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
        results, is_lasting, call = instruction.results, self.plan.is_lasting, self._expressions.call
        if isinstance(instruction.function, Effect | NumberRead):
            self._write_effect(instruction.function, instruction.args)
        elif not results:
            self.body.append(call(instruction))
        elif (
            instruction.is_view
            and not instruction.several
            and not instruction.dynamic_shape
            and is_lasting(results[0].storage)
        ):
            self.setup.append(f"{results[0].name} = {call(instruction)}")
        elif takes_out(instruction) and is_lasting(results[0].storage):
            self._write_room(results[0])
            if copies_number(instruction):
                instruction = Instruction(np.copyto, (results[0], instruction.args[0]), {})
                self.body.append(call(instruction))
            else:
                self.body.append(call(instruction, out=results[0].name))
        else:
            names = ", ".join(value.name for value in results)
            comma = "," if instruction.several and len(results) == 1 else ""
            self.body.append(f"{names}{comma} = {call(instruction)}")
        if instruction.dynamic_shape and results:
            self._checks_shapes = True
            changed = " or ".join(f"np.shape({value.name}) != {value.shape}" for value in results)
            self.body.append(f"if {changed}: raise ShapeChanged")

    def _write_effect(self, effect: Effect | NumberRead, args: tuple[Any, ...]) -> None:
        name = f"call_{effect.__name__}_{len(self.effects) + 1}"
        self.effects[name] = effect.function
        call = f"{name}({', '.join(map(self._expressions.argument, args))})"
        self.body.append(call if isinstance(effect, Effect) else f"{effect.__name__} = {call}")

    @property
    def parameters(self) -> list[str]:
        """The parameters of the program."""
        numbers = [name for name, _, _ in self.tape.numbers]
        return [value.name for value in self.tape.inputs] + numbers + ["rng"] * self.uses_rng

    # -- the source ------------------------------------------------------------------------------------------------

    def _text(self) -> str:
        returned = self._returned()
        lasting = self._split_gradients(returned)
        constants = [f"{name} = {text}" for text, name in self._expressions.constants.items()]
        given = [*self.arrays, *self.functions, *(f"{name}=lambda *_: None" for name in self.effects)]
        layouts = [f"{name}: {array.dtype} {array.shape}" for name, array in self.arrays.items()]
        layouts += [f"{value.name}: {value.dtype} {value.shape}" for value in self.tape.inputs]
        head = f"    def {self.tape.name}({', '.join(self.parameters)}):"
        lines = [
            "import numpy as np",
            "",
            "",
            *(["class ShapeChanged(Exception):", "    pass", "", ""] if self._checks_shapes else []),
            f"def build({', '.join(given)}):",
            *(f"    # {line}" for line in layouts),
            *(f"    {line}" for line in constants + self.setup),
            "",
            head,
            *(f"        {line}" for line in self.body),
            f"        return ({''.join(name + ', ' for name in returned)})",
            "",
            f"    return {self.tape.name}, ({''.join(name + ', ' for name in lasting)})",
            "",
        ]
        for name, function in self.functions.items():
            if hasattr(function, "steps"):
                text = function.steps.source.text.rstrip().splitlines()
                lines += ["", f"# {name} runs, for each step of a loop:", *(f"# {line}".rstrip() for line in text)]
        self.first_line = lines.index(head) + 2
        return "\n".join(lines)

    def _returned(self) -> list[str]:
        """The results: they share no memory with the program, and with each other only if those of the function do."""
        returned: list[str] = []
        passed: dict[Storage, Storage] = {}  # memory that is returned, and that of the function's result
        for value, recorded in zip(self.tape.results(), self.tape.recorded_storages, strict=True):
            own = value.storage.kind == "result" and not self.plan.is_lasting(value.storage)
            own = own and passed.setdefault(value.storage, recorded) is recorded
            returned.append(value.name if own else f"{value.name}.copy()")
        return returned

    def _split_gradients(self, returned: list[str]) -> list[str]:
        """The gradients with a lasting array of their own; the others are added to what each call returns."""
        lasting: list[str] = []
        for value in self.tape.gradients.values():
            own = self.plan.is_lasting(value.storage) and value.storage.kind == "result"
            self.gradient_is_lasting.append(own and value.name not in lasting)
            if self.gradient_is_lasting[-1]:
                lasting.append(value.name)
            else:
                returned.append(f"{value.name}.copy()")
        return lasting


def _is_slice(array: Any, owner: Any) -> bool:
    """Whether `array` is a contiguous part of a one-dimensional array, perhaps in another shape."""
    return bool(
        isinstance(owner, np.ndarray)
        and owner.ndim == 1
        and owner.flags.c_contiguous
        and array.flags.c_contiguous
        and array.dtype == owner.dtype
        and array.size
    )
