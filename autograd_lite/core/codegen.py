"""The two functions behind every operation, written out as source the way `dataclass` writes `__init__`.

``call(*arguments)`` takes the arrays out of the tensors, runs the forward function and records a node;
``pull(g, parents, saved)`` runs the rules. Written for one signature, they need no loop over arguments, no dictionary
and no lookup while a graph is recorded, and a wrong call gets Python's own message. Internal names start with an
underscore, so that any argument name is possible.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.core.aliases import note_view, note_views
from autograd_lite.core.arguments import (
    check_count,
    explain,
    read_argument,
    read_option,
    read_result,
    refuse,
    refuse_result,
)
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.graph import Node
from autograd_lite.core.hooks import current_recorder, notify_record, notify_result, registrations
from autograd_lite.core.outputs import wrap_outputs
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import tick
from autograd_lite.support.conversion import ARRAYS, OPERANDS, OPTIONS, PYTHON_NUMBERS, number_as_array
from autograd_lite.support.half_precision import HALF

if TYPE_CHECKING:
    from autograd_lite.core.primitive import Primitive


def write_call(operation: Primitive) -> Callable[..., Any]:
    """The function that users call."""
    namespace: dict[str, Any] = {
        "_Node": Node, "_Tensor": Tensor, "_array": np.ndarray, "_arrays": ARRAYS, "_as_array": np.asarray,
        "_clock": tick, "_default": {parameter.name: parameter.default for parameter in operation.parameters},
        "_forward": operation.forward, "_half": HALF, "_of_others": getattr(operation.forward, "of_others", None),
        "_is_recording": is_grad_enabled, "_name": operation.name,
        "_new": object.__new__, "_note_view": note_view, "_note_views": note_views, "_notify_record": notify_record,
        "_notify_result": notify_result, "_numbers": _NUMBERS,
        "_objects": np.dtype(object), "_observers": registrations,
        "_operands": OPERANDS, "_operation": operation, "_options": OPTIONS,
        "_python_numbers": PYTHON_NUMBERS, "_read_argument": read_argument, "_read_option": read_option,
        "_read_result": read_result, "_refuse": refuse, "_refuse_result": refuse_result, "_shape": np.shape,
        "_try_otherwise": _try_otherwise, "_with_arrays": _with_arrays, "_wrap_outputs": wrap_outputs,
    }  # fmt: skip
    function: Any = FunctionType(_not_yet_written.__code__, namespace, operation.name)
    function.__qualname__ = operation.name
    function.__signature__ = inspect.Signature(operation.parameters)

    def write() -> Callable[..., Any]:
        written: Any = _compile(_call_source(operation), operation.name, namespace)
        function.__defaults__, function.__kwdefaults__ = written.__defaults__, written.__kwdefaults__
        function.__code__ = written.__code__  # last, for another thread may be calling
        return function  # type: ignore[no-any-return]

    namespace["_write"] = write
    return function  # type: ignore[no-any-return]


def _not_yet_written(*args: Any, **kwargs: Any) -> Any:
    """What an operation is until its first call: compiling all of them would take a third of the import."""
    return _write()(*args, **kwargs)  # type: ignore[name-defined] # noqa: F821 - in the namespace of the operation


def write_pull(operation: Primitive) -> Callable[..., tuple[Any, ...]]:
    """The function that the reverse sweep calls: one gradient per parent, None where none is required."""
    namespace: dict[str, Any] = {f"_{argument}_rule": rule for argument, rule in operation.rules.items()}
    namespace |= {"_check_count": check_count, "_joint_rule": operation.joint, "_operation": operation}
    return _compile(_pull_source(operation), f"{operation.name}_pull", namespace)


def _compile(source: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    made: dict[str, Any] = {}  # of its own, because several threads may be at it
    exec(_code(source), namespace, made)
    function: Callable[..., Any] = made["_function"]
    function.__code__ = function.__code__.replace(co_name=name, co_qualname=name)
    function.__name__ = function.__qualname__ = name
    return function


@functools.cache  # operations with the same arguments and needs share their code: the import takes half the time
def _code(source: str) -> CodeType:
    filename = f"<operation {len(linecache.cache)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)  # so tracebacks show the lines
    return compile(source, filename, "exec")


# Between two numbers Python's operator gives what the ufunc gives, in 0.1 µs instead of 0.9: a step of micrograd's
# demo, scalar by scalar, takes a third less.
_OPERATORS: dict[Any, str] = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}
_NUMBERS = {float, np.float64, np.float32}


def _call_source(operation: Primitive) -> str:
    operator = _OPERATORS.get(operation.forward) if isinstance(operation.forward, np.ufunc) else None
    # A ufunc makes a new array; the result of any other function may be a view of what it was given, or just that. And
    # rules of ufuncs are arithmetic, which knows Python's numbers; others ask operands for their shapes and dtypes.
    is_ufunc = isinstance(operation.forward, np.ufunc)
    sources = [] if is_ufunc else operation.differentiable
    given = ", ".join(f"{'*' * (name == operation.variadic)}_{name}_given" for name in sources)
    lines = [f"def _function({_signature(operation.parameters)}):", " _tensors = False"]
    lines += [f" _{name}_given = {name}" for name in sources]
    lines += [] if is_ufunc else [" _number = False"]
    for name in operation.arguments:
        if name == operation.variadic:
            lines += [
                f" _{name}_node = tuple([a._node if isinstance(a, _Tensor) else None for a in {name}])",
                f" if any([isinstance(a, _Tensor) for a in {name}]): _tensors = True",
                f" {name} = tuple([",
                "  a._data if isinstance(a, _Tensor) else a if a.__class__ in _operands",
                f"  else _read_argument(_name, {name!r}, a) for a in {name}])",
                f" _number = not _python_numbers.isdisjoint([a.__class__ for a in {name}])",
            ]
        else:
            has_rule = name in operation.rules
            lines += [
                f" _{name}_node = None" if has_rule else "",
                f" if isinstance({name}, _Tensor):",
                f"  _{name}_node = {name}._node"
                if has_rule
                else f"  if {name}._node is not None: _refuse(_name, {name!r})",
                f"  {name} = {name}._data; _tensors = True",
                f"  if {name}.__class__ is _array and not {name}.ndim: {name} = {name}[()]" if operator else "",
                f" elif {name}.__class__ not in _operands: {name} = _read_argument(_name, {name!r}, {name})"
                if has_rule and is_ufunc
                else f" elif {name}.__class__ not in _arrays and {name} is not None:\n"
                f"  {name} = _read_argument(_name, {name!r}, {name})\n"
                f"  if {name}.__class__ in _python_numbers: _number = True"
                if has_rule
                else f" elif {name}.__class__ not in _options: {name} = _read_option(_name, {name!r}, {name})",
            ]
    computed = f"_forward({_passed(operation.parameters)})"
    if hasattr(operation.forward, "of_others"):  # `rounded_once`
        first, passed = operation.arguments[0], _passed(operation.parameters)
        computed = f"_forward({passed}) if getattr({first}, 'dtype', None) == _half else _of_others({passed})"
    if operator:  # at least one of the numbers is NumPy's, for which 1/0 is infinite
        x, y = operation.arguments
        are_numbers = f"{x}.__class__ in _numbers and {y}.__class__ in _numbers and _tensors"
        computed = f"{x} {operator} {y} if {are_numbers} else {computed}"
    results = ", ".join(["_out", *(f"_{residual}" for residual in operation.residuals)])
    nothing_required = " and ".join(f"not ({_is_required(operation, a)})" for a in operation.differentiable) or "True"
    parents = "".join(f"{'*' * (a == operation.variadic)}_{a}_node, " for a in operation.differentiable)
    identical = "".join(f" or _out is {name}" for name in sources if name != operation.variadic)
    note = f"if _out.base is not None{identical}: _note_view(_result, {given})" if sources else ""
    wrapped = f"return _note_views(_wrap_outputs(_out, _node), {given})"
    # Without a dtype is what NumPy makes of 0-d arrays of objects, or what somebody else's function returns.
    no_dtype = "_out = _as_array(_out); _dtype = _out.dtype"
    no_dtype = no_dtype if _is_foreign(operation) else "_refuse_result(_operation, _objects)"
    recorded = (_several_results if operation.results else _one_result).format(
        nothing_required=nothing_required, no_dtype=no_dtype, note=note, wrapped=wrapped
    )
    lines += [
        " try:",
        f"  {results} = {computed}",
        " except Exception as error:",
        f"  {results} = _try_otherwise(_operation, error, ({''.join(name + ', ' for name in operation.arguments)}))",
        " if _out.__class__ not in _operands: _out = _read_result(_name, _out)" if _is_foreign(operation) else "",
        " if not _tensors: return _out",
        f" if _observers: _notify_result(_operation, ({''.join(name + ', ' for name in operation.arguments)}), _out)",
        *recorded.splitlines(),
        " _node.order = _clock()",
        " _node.operation = _operation",
        f" _node.parents = ({parents})",
        f" _node.saved = ({''.join(_saved(operation, name) + ', ' for name in operation.saved_names)})",
        "" if is_ufunc else " if _number: _node.saved = _with_arrays(_operation, _node.saved, _out)",
        " if _observers: _notify_record(_node)",
        *((f" {wrapped}",) if operation.results else (" _result._node = _node", f" {note}", " return _result")),
    ]
    return "\n".join(lines)


def _is_foreign(operation: Primitive) -> bool:
    """Whether somebody else has written the forward function, so that it may return arrays of any kind."""
    is_own = str(getattr(operation.forward, "__module__", "")).partition(".")[0] == "autograd_lite"
    return not (is_own or isinstance(operation.forward, np.ufunc) or operation.results)


_one_result = """\
 try: _dtype = _out.dtype
 except AttributeError: {no_dtype}
 _result = _new(_Tensor)
 _result._data = _out
 if ({nothing_required}) or _dtype.kind != 'f' or not _is_recording():
  if _dtype.kind not in 'fiub': _refuse_result(_operation, _dtype)
  _result._node = None
  {note}
  return _result
 _node = _Node()
 _node.shape = _out.shape
 _node.dtype = _dtype"""

_several_results = """\
 _node = None
 if ({nothing_required}) or not _is_recording(): {wrapped}
 _node = _Node()"""


def _pull_source(operation: Primitive) -> str:
    several = len(operation.differentiable) > 1
    results = []
    for name in operation.differentiable:
        spread = name == operation.variadic
        needs = [
            f"_{name}_node.shape" if need == f"{name}_shape" and not spread else _local(operation, need)
            for need in operation.needs[name]
        ]
        call = f"_{name}_rule({', '.join(['g', *needs])})"
        results.append(f"*{call}" if spread else f"None if _{name}_node is None else {call}" if several else call)
    if operation.joint:
        needs = [_local(operation, need) for need in operation.needs[operation.differentiable[0]]]
        results = [f"*_joint_rule({', '.join(['g', *needs])})"]
    returned = "".join(result + ", " for result in results)
    nodes = "".join("*_, " if name == operation.variadic else f"_{name}_node, " for name in operation.differentiable)
    saved = "".join(_local(operation, name) + ", " for name in operation.saved_names)
    lines = [
        "def _function(g, parents, saved):",
        " g = g.filled()" if operation.results else "",
        f" {nodes}= parents" if "_node" in returned else "",
        f" {saved}= saved" if saved else "",
    ]
    if operation.joint or operation.variadic in operation.differentiable:  # whose rules return any number of gradients
        lines += [f" _gradients = ({returned})", " _check_count(_operation, _gradients, parents)", " return _gradients"]
    else:
        lines += [f" return ({returned})"]
    return "\n".join(lines)


def _signature(parameters: list[inspect.Parameter]) -> str:
    parts = []
    for i, parameter in enumerate(parameters):
        keyword_only = parameter.kind is parameter.KEYWORD_ONLY
        if keyword_only and (not i or parameters[i - 1].kind < parameter.VAR_POSITIONAL):
            parts.append("*")
        default = "" if parameter.default is parameter.empty else f"=_default[{parameter.name!r}]"
        parts.append("*" * (parameter.kind is parameter.VAR_POSITIONAL) + parameter.name + default)
    return ", ".join(parts)


def _passed(parameters: list[inspect.Parameter]) -> str:
    pattern = dict.fromkeys(inspect._ParameterKind, "{0}")
    pattern |= {inspect.Parameter.VAR_POSITIONAL: "*{0}", inspect.Parameter.KEYWORD_ONLY: "{0}={0}"}
    return ", ".join(pattern[parameter.kind].format(parameter.name) for parameter in parameters)


def _local(operation: Primitive, name: str) -> str:
    """How a saved value is called in the source: arguments as they are, what the engine adds with an underscore."""
    return name if name in operation.arguments else f"_{name}_of"


def _is_required(operation: Primitive, argument: str) -> str:
    return f"any(_{argument}_node)" if argument == operation.variadic else f"_{argument}_node is not None"


def _saved(operation: Primitive, name: str) -> str:
    """The expression that saves a value, only if one of the gradients that need it is required."""
    value = name if name in operation.arguments else f"_{name}"
    if name == f"{operation.variadic}_shape":
        value = f"tuple([_shape(a) for a in {operation.variadic}])"
    keepers = operation.keepers[name]
    if keepers == set(operation.differentiable):
        return value
    return f"({value} if {' or '.join(_is_required(operation, argument) for argument in sorted(keepers))} else None)"


def _with_arrays(operation: Primitive, saved: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    """Saved values with numbers of Python among the operands as arrays."""
    dtype = (out[0] if operation.results else out).dtype

    def as_array(value: Any) -> Any:
        if type(value) is tuple:
            return tuple(map(as_array, value))
        return number_as_array(value, dtype) if value.__class__ in PYTHON_NUMBERS else value

    pairs = zip(operation.saved_names, saved, strict=True)
    return tuple([as_array(value) if name in operation.differentiable else value for name, value in pairs])


def _try_otherwise(operation: Primitive, error: Exception, values: tuple[Any, ...]) -> Any:
    """What a forward function returns that cannot be recorded call by call: it is one call of the program.

    Without a recorder, or if that fails too, the error is raised, with what the operation was given.
    """
    recorder = current_recorder()
    if recorder is not None:
        try:
            return recorder.forward(operation, values)
        except Exception as second_error:
            error = second_error
    raise explain(operation, error, values) from error
