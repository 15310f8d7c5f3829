"""A native program: the source that calls kernels, compiled and built on the arrays of a program of NumPy calls."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.buffers import BufferPlan, allocate
from autograd_lite.compiler.expressions import dtype_name
from autograd_lite.compiler.native.building import KernelSource, build
from autograd_lite.compiler.native.kernels import KernelCall, imports
from autograd_lite.compiler.native.loops import NotNative
from autograd_lite.compiler.native.transform import NativeTape, native_tape
from autograd_lite.compiler.program_source import Source
from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value
from autograd_lite.core.graph import Leaf
from autograd_lite.support.threads import in_threads

_ERRORS = {"invalid": "invalid value", "divide": "divide by zero", "over": "overflow"}


class NativeSource(Source):
    """The source of a native program.

    A kernel returns which floating-point errors have occurred, or -1 if an index is out of range. As long as nothing
    has been changed, the program of NumPy calls then takes over: it warns or raises as the function does.
    """

    def __init__(self, native: NativeTape, plan: BufferPlan) -> None:
        self.kernels = native.kernels
        self.reasons = native.reasons
        super().__init__(native.tape, plan)

    def _write(self, instruction: Instruction) -> None:
        call = instruction.function
        if isinstance(call, KernelCall):
            self._write_kernel(call, instruction.args)
        elif call is np.empty:
            self._write_empty(instruction.results[0])
        else:
            super()._write(instruction)

    def _write_empty(self, value: Value) -> None:
        if self.plan.is_lasting(value.storage):
            self._write_room(value)
        else:
            shape, transposed = self._in_memory(value)
            self.body.append(f"{value.name} = np.empty({shape}, {dtype_name(value.dtype)}){transposed}")

    def _write_kernel(self, call: KernelCall, args: tuple[Any, ...]) -> None:
        text = ", ".join(map(self._expressions.argument, args))
        if call.iterations:
            self.functions["in_threads"] = in_threads
            text = f"in_threads({call.kernel.name}, {call.iterations}, {text})"
        else:
            text = f"{call.kernel.name}({text})"
        if call.can_restart:
            self.functions["numpy_program"] = None
            self.body.append(f"if {text}: return numpy_program({', '.join(self.parameters)})")
        else:
            self.functions["report"] = report
            self.body += [f"status = {text}", "if status: report(status)"]

    def _split_gradients(self, returned: list[str]) -> list[str]:
        """Gradients that have no array of their own are returned by each call."""
        returned += [f"{value.name}.copy()" for value in self.tape.gradients.values()]
        return []

    def compiled(self, title: str) -> dict[str, Callable[..., Any]]:
        """The compiled kernels by name."""
        sources = [KernelSource(kernel.name, kernel.module, kernel.signature) for kernel in self.kernels]
        return dict(zip([kernel.name for kernel in self.kernels], build(sources, title), strict=True))

    @property
    def whole_text(self) -> str:
        """The source with its kernels."""
        header = [
            "import numpy as np",
            imports(self.kernels),
            "from autograd_lite.compiler.native.runtime import kernel",
        ]
        kernels = [f'@kernel("{kernel.signature}")\n{kernel.text}' for kernel in self.kernels]
        return (
            "\n\n\n".join(["\n".join(header), *kernels, self.text.removeprefix("import numpy as np\n").strip("\n")])
            + "\n"
        )


def report(status: int) -> None:
    """Warn of floating-point errors, as `errstate` says; an index out of range is an error."""
    if status < 0:
        raise IndexError("an index is out of range")
    from autograd_lite.compiler.native.runtime import DIVIDE, INVALID, OVERFLOW  # imports numba

    rules: dict[str, Any] = {**np.geterr()}
    for bit, (name, text) in zip((INVALID, DIVIDE, OVERFLOW), _ERRORS.items(), strict=True):
        if status & bit and rules[name] == "raise":
            raise FloatingPointError(f"{text} encountered in a native program")
        if status & bit and rules[name] == "warn":
            warnings.warn(f"{text} encountered in a native program", RuntimeWarning, stacklevel=3)


def native_source(tape: Tape, places: dict[Storage, tuple[Value, int]], gradients: dict[Leaf, Any]) -> NativeSource:
    """The native source of a shortened tape.

    Parameters
    ----------
    gradients : dict of Leaf to array
        The arrays in which the program of NumPy calls leaves gradients.

    Raises
    ------
    NotNative
        If no call becomes a kernel.
    """
    places = dict(places)
    arrays: dict[Value, Any] = {}
    for leaf, array in gradients.items():
        value = tape.gradients[leaf]
        if value.storage in places:
            continue
        if not array.flags.c_contiguous or not value.is_contiguous:
            raise NotNative("a gradient is not contiguous")
        flat = array.reshape(-1)
        storage = Storage("array", array, is_scratch=True)
        place = Value(f"gradient_{len(arrays) + 1}", flat.shape, flat.dtype, flat.strides, storage)
        arrays[place] = flat
        places[value.storage] = (place, -value.offset // array.itemsize)
    native = native_tape(tape, places)
    native.tape.arrays |= arrays
    native.tape.gradients = {leaf: value for leaf, value in tape.gradients.items() if leaf not in gradients}
    if not native.kernels:
        raise NotNative("none of its calls has loops")
    return NativeSource(native, allocate(native.tape, places))
