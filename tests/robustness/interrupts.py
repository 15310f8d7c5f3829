"""Interrupts before every instruction of the library, as Ctrl-C can come."""

import dis
import functools
import sys

import pytest

EVERY_INSTRUCTION = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="traces of single instructions stop early since Python 3.12"
)


class Interrupt(BaseException):
    """As KeyboardInterrupt it can come anywhere."""


# After these the interpreter looks for signals; Ctrl-C comes nowhere else.
CHECKED = {"RESUME", "CALL", "CALL_FUNCTION_EX", "JUMP_BACKWARD"}

CALLED_AT_DEATH = {"record_changes.<locals>.<lambda>", "set_name.<locals>.<lambda>"}


@functools.cache
def _names(code):
    return {instruction.offset: instruction.opname for instruction in dis.get_instructions(code)}


def interrupted(function, moment, everywhere=False):
    """Call `function`, raise Interrupt before the instruction of that number in the engine; whether it came to that.

    Those count that Ctrl-C can come before, or all. Only the beginning of an `__exit__` is left out: nothing of it has
    run, and no context manager in Python can do anything about it. And what is called when something dies, where Python
    ignores exceptions.
    """
    remaining = iter(range(moment, -1, -1))
    last = {}

    def trace(frame, event, argument):
        if "autograd_lite" not in frame.f_globals.get("__name__", "autograd_lite"):  # written-out functions have none
            return None
        if frame.f_code.co_qualname in CALLED_AT_DEATH:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            before = _names(frame.f_code).get(last.get(frame), "RESUME")
            last[frame] = frame.f_lasti
            begins = frame.f_code.co_name == "__exit__" and before in ("RESUME", "LOAD_CONST", "STORE_FAST")
            if (everywhere or before in CHECKED) and not begins and next(remaining, -1) == 0:
                sys.settrace(None)
                raise Interrupt
        return trace

    traced = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except Interrupt:
        return True
    finally:
        sys.settrace(traced)
    return False


def moments(function, check, stride=1, everywhere=False):
    """How many interrupts came: before every instruction of a call, `check()` after each."""
    moment = 0
    while interrupted(function, moment, everywhere):
        try:
            check()
        except Exception as error:
            error.add_note(f"after an interrupt before instruction {moment}")
            raise
        moment += stride
    check()
    return moment // stride
