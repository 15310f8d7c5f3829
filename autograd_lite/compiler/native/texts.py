"""Names and numbers in the source of a kernel."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from autograd_lite.compiler.native.loops import Constant, Number
from autograd_lite.compiler.traced_numbers import TracedNumber

LOOP_NAMES = "ijklmn"


def product_text(name: str, stride: int) -> str:
    """A variable times a stride."""
    return name if stride == 1 else f"{name} * {stride}"


def wrapped(text: str, dtype: np.dtype[Any]) -> str:
    """The result of a calculation in its dtype; numba computes with int32 as int64."""
    return text if dtype != np.int32 or text.startswith("int32(") else f"int32({text})"


def is_call(text: str) -> bool:
    """Whether a text is a name, an element or a call, so that it needs no parentheses."""
    return bool(re.fullmatch(r"[\w.]*\([^()]*\)|[\w.]+|\w+\[[^\[\]]*\]", text))


def loop_name(level: int) -> str:
    """The variable of a loop."""
    return LOOP_NAMES[level] if level < len(LOOP_NAMES) else f"i{level}"


def number_dtype(number: Number) -> np.dtype[Any]:
    """The dtype with which a number is passed."""
    source = number.source
    if type(source) is TracedNumber:
        return np.dtype(np.int64 if isinstance(source._concrete, int) else np.float64)
    dtype: np.dtype[Any] = source.dtype
    return dtype


def constant_text(constant: Constant) -> str:
    """A constant in the source."""
    value, name = constant.value, constant.dtype.name
    if constant.dtype.kind == "b":
        return repr(bool(value))
    if constant.dtype.kind in "iu":
        return repr(int(value)) if name == "int64" else f"{name}({int(value)})"
    number = float(constant.dtype.type(value))
    if name != "float64":
        return f"{name}({number!r})"
    return f"({number!r})" if math.copysign(1, number) < 0 else repr(number)
