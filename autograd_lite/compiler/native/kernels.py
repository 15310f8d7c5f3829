"""Kernels: compiled functions with loops, as calls of a program."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograd_lite.compiler.native.kernel_source import MODULES, KernelText
from autograd_lite.compiler.native.texts import number_dtype
from autograd_lite.compiler.tape import Value

_FUNCTIONS = re.compile(r"\b(\w+_float(?:32|64))\(")


@dataclass(frozen=True)
class Kernel:
    """A kernel.

    Attributes
    ----------
    name : str
    text : str
        The function.
    signature : str
        The types of its parameters, for numba.
    """

    name: str
    text: str
    signature: str

    @property
    def module(self) -> str:
        """The function with its imports."""
        return f"{imports([self])}\n\n\n{self.text}"


@dataclass(frozen=True, eq=False)
class KernelCall:
    """A kernel at its place in a program.

    Attributes
    ----------
    can_restart : bool
        Whether nothing has been changed when it ends, so that the program can be left for the one of NumPy calls.
    iterations : int
        How many iterations threads share; 0 if they share none.
    """

    kernel: Kernel
    can_restart: bool
    iterations: int = 0

    @property
    def __name__(self) -> str:
        return self.kernel.name


def make_kernel(text: KernelText, name: str, args: list[Value], written: list[bool]) -> Kernel:
    """The kernel of a body of loops."""
    memories, numbers = list(text.memories.values()), [name for name, _ in text.numbers.values()]
    part = ["first", "last", "thread"] if text.iterations else []
    lines = [f"def {name}({', '.join([*part, *memories, *numbers])}):"]
    lines += [f"    {memory} = pointer({memory})" for memory in memories]
    lines += ["    clear_flags()", *(f"    {line}" for line in text.lines), "    return flags()", ""]
    kinds = [
        f"Array({value.dtype.name.rstrip('_')}, {len(value.shape)}, 'A', {not is_written})".replace("(bool,", "(bool_,")
        for value, is_written in zip(args, written, strict=True)
    ]
    kinds += [number_dtype(number).name for _, number in text.numbers.values()]
    return Kernel(name, "\n".join(lines), f"int64({', '.join(['int64'] * len(part) + kinds)})")


def imports(kernels: list[Kernel]) -> str:
    """The imports that the kernels need."""
    texts = "\n".join(kernel.text for kernel in kernels)
    words = set(re.findall(r"\w+", texts))
    used = {module: words & names for module, names in MODULES.items()}
    used["autograd_lite.compiler.native.functions"] = set(_FUNCTIONS.findall(texts))
    return "\n".join(f"from {module} import {', '.join(sorted(names))}" for module, names in used.items() if names)
