"""Transcripts: two recordings of the same program are compared call by call."""

from __future__ import annotations

from typing import Any

from autograd_lite.compiler.tape import Tape, Value
from autograd_lite.core.hooks import CompileError

_DIFFERENT = (
    "compile: two calls with the same shapes differ, so a replay would be wrong; something inside depends on what "
    "is neither an argument nor a tensor (np.random, a counter, the clock, ...)"
)


class Transcript:
    """What all recordings of a program have in common.

    Attributes
    ----------
    lines, places : list of str
        The calls, and the lines of the user's code.
    shapes : list of tuple
        The shapes that depend on values.
    """

    def __init__(self, tape: Tape) -> None:
        self.lines = tape.lines()
        self.places = [instruction.place for instruction in tape.instructions]
        self.shapes = [value.shape for i in tape.instructions if i.dynamic_shape for value in i.results]
        self._values = list(tape.arrays)
        self._arrays: list[tuple[int, Value, Any]] = []

    def keep_arrays(self, tape: Tape) -> None:
        """Keep the arrays from outside, with their positions, for the comparison; the tape has released the others."""
        self._arrays = [(i, v, tape.arrays[v]) for i, v in enumerate(self._values) if v in tape.arrays]

    def refuse_difference(self, other: Transcript, tape: Tape) -> None:
        """Raise CompileError unless another recording is the same; its tape still holds all arrays."""
        for first, second, place in zip(self.lines, other.lines, other.places, strict=False):
            if first != second:
                where = place and f"\n  in {place}"
                raise CompileError(f"{_DIFFERENT}:\n  first:  {first[:300]}\n  second: {second[:300]}{where}")
        counts = len(self.lines), len(other.lines)
        if counts[0] != counts[1]:
            longer, number = max(self, other, key=lambda transcript: len(transcript.lines)), min(counts)
            raise CompileError(
                f"{_DIFFERENT}: {counts[0]} NumPy calls, then {counts[1]}; the first additional one is "
                f"{longer.lines[number][:300]}, in {longer.places[number]}"
            )
        arrays = list(tape.arrays.items())
        for number, value, array in self._arrays:
            other_value, other_array = arrays[number]
            overwritten = value.storage.write_count or other_value.storage.write_count
            if not overwritten and array.tobytes() != other_array.tobytes():
                raise CompileError(
                    f"{_DIFFERENT}: the array {value.name} of shape {value.shape} has other values; it is made inside "
                    "of the function from something that is not an argument"
                )
