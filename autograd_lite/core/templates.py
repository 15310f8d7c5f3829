"""Templates of the functions that `codegen` generates, and the parts that are filled in.

The docstring of `codegen` shows the result for `multiply`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.declaration import Declaration
from autograd_lite.support.source import function_source, passing_source, signature_source, tuple_source

_CALL = """\
_tensors = False
{given}
{number}
{arguments}
try:
    {results} = {computed}
except _Exception as _error:
    {results} = _forward_otherwise(_operation, _error, ({names}))
{read_result}
if not _tensors: return _out
if _registrations:
    for _observer in _current_observers(): _observer.on_result(_operation, ({names}), _out)
{result}
_node.order = _clock()
_node.operation = _operation
_node.parents = ({parents})
_node.saved = ({saved})
{unsaved}
{saved_arrays}
if _registrations:
    for _observer in _current_observers(): _observer.on_record(_node)
{returned}"""

_VARIADIC = """\
_{name}_node = _tuple([a._node if _isinstance(a, _Tensor) else None for a in {name}])
if _any([_isinstance(a, _Tensor) for a in {name}]): _tensors = True
{name} = _tuple([
    a._data if _isinstance(a, _Tensor) else a if a.__class__ in _operands
    else _read_argument(_name, {name!r}, a) for a in {name}])
if not _python_numbers.isdisjoint([a.__class__ for a in {name}]): _number = True"""

_WITHOUT_RULE = """
if _any(_{name}_node): _refuse(_name, {name!r})"""

_OPERAND = """\
_{name}_node = None
if _isinstance({name}, _Tensor):
    _{name}_node = {name}._node
    {name} = {name}._data; _tensors = True
"""

_READ = """\
elif {name}.__class__ not in _arrays and {name} is not None:
    {name} = _read_argument(_name, {name!r}, {name})
    if {name}.__class__ in _python_numbers: _number = True"""

# Rules of ufuncs are arithmetic, which works with Python's numbers; other rules need the shape and dtype of operands.
_READ_FOR_UFUNC = "elif {name}.__class__ not in _operands: {name} = _read_argument(_name, {name!r}, {name})"

_OPTION = """\
if _isinstance({name}, _Tensor):
    if {name}._node is not None: _refuse(_name, {name!r})
    {name} = {name}._data; _tensors = True
elif {name}.__class__ not in _options: {name} = _read_option(_name, {name!r}, {name})"""

_ONE_RESULT = """\
try: _dtype = _out.dtype
except _AttributeError: {without_dtype}
_result = _new(_Tensor)
_result._data = _out
if not ({required}) or _dtype.kind != 'f' or not _is_grad_enabled():
    if _dtype.kind not in 'fiub': _refuse_result(_operation, _dtype)
    _result._node = None
    {note}
    return _result
_node = _result._node = _Node()
_node.shape = _out.shape
_node.dtype = _dtype"""

_SEVERAL_RESULTS = """\
_node = None
if not ({required}) or not _is_grad_enabled(): {wrapped}
_node = _Node()"""

# Between two numbers Python's operator gives what the ufunc gives, in 0.1 µs instead of 0.9: a step of micrograd's
# demo, scalar by scalar, takes a third less.
_OPERATORS: dict[Any, str] = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}


def call_source(operation: Declaration) -> str:
    """The source of `call`."""
    # Arguments that the result may be a view of. A ufunc always makes a new array.
    sources = () if operation.is_ufunc else operation.differentiable
    given = ", ".join(f"{'*' * (name == operation.variadic)}_{name}_given" for name in sources)
    identical = "".join(f" or _out is {name}" for name in sources if name != operation.variadic)
    note = f"if _out.base is not None{identical}: _note_view(_result, {given})" if sources else ""
    read_result = "if _out.__class__ not in _operands: _out = _read_result(_name, _out)"
    several, wrapped = operation.outputs > 1, f"return _wrap_outputs(_name, _out, _node, {given})"
    # NumPy gives objects without a dtype for 0-d arrays of objects; a user's function may return a Python number.
    as_array, refusal = "_out = _as_array(_out); _dtype = _out.dtype", "_refuse_result(_operation, _objects)"
    without_dtype = as_array if operation.is_foreign else refusal
    required = " or ".join(_is_required(operation, name) for name in operation.differentiable) or "False"
    result = _SEVERAL_RESULTS if several else _ONE_RESULT
    result = result.format(required=required, without_dtype=without_dtype, note=note, wrapped=wrapped)
    unsaved = f"_node.unsaved = ({tuple_source(_unsaved(operation, name) for name in operation.unsaved_names)})"
    body = _CALL.format(
        given="\n".join(f"_{name}_given = {name}" for name in sources),
        number="" if operation.is_ufunc else "_number = False",
        arguments="\n".join(_argument(operation, name) for name in operation.arguments),
        results=", ".join(["_out", *(f"_residual_{residual}" for residual in operation.residuals)]),
        computed=_computed(operation),
        names=tuple_source(operation.arguments),
        read_result=read_result if operation.is_foreign and not several else "",
        result=result,
        parents=tuple_source(f"{'*' * (name == operation.variadic)}_{name}_node" for name in operation.differentiable),
        saved=tuple_source(_saved(operation, name) for name in operation.saved_names),
        unsaved=unsaved * bool(operation.unsaved_names),
        saved_arrays="if _number: _node.saved = _with_arrays(_operation, _node.saved, _out)" * (not operation.is_ufunc),
        returned=wrapped if several else f"{note}\nreturn _result",
    )
    return function_source(signature_source(operation.parameters), body)


def _argument(operation: Declaration, name: str) -> str:
    """The lines that replace a tensor by its array, and read what is neither an array nor a number."""
    if name == operation.variadic:
        return (_VARIADIC + _WITHOUT_RULE * (name not in operation.rules)).format(name=name)
    if name not in operation.rules:
        return _OPTION.format(name=name)
    if not operation.is_ufunc:
        return (_OPERAND + _READ).format(name=name)
    as_number = "    if {name}.__class__ is _array and not {name}.ndim: {name} = {name}[()]\n"
    return (_OPERAND + as_number * (operation.forward in _OPERATORS) + _READ_FOR_UFUNC).format(name=name)


def _computed(operation: Declaration) -> str:
    """The expression that runs the forward function."""
    passed = passing_source(operation.parameters)
    if hasattr(operation.forward, "of_others"):  # `rounded_once`
        is_half = f"_getattr({operation.arguments[0]}, 'dtype', None) == _half"
        return f"_forward({passed}) if {is_half} else _of_others({passed})"
    if operation.is_ufunc and operation.forward in _OPERATORS:  # one number at least is NumPy's, so 1/0 is infinite
        x, y = operation.arguments
        are_numbers = f"{x}.__class__ in _numbers and {y}.__class__ in _numbers and _tensors"
        return f"{x} {_OPERATORS[operation.forward]} {y} if {are_numbers} else _forward({passed})"
    return f"_forward({passed})"


def _is_required(operation: Declaration, argument: str) -> str:
    return f"_any(_{argument}_node)" if argument == operation.variadic else f"_{argument}_node is not None"


def _saved(operation: Declaration, name: str) -> str:
    """The expression that saves a value, if one of the gradients that need it is required."""
    value = name if name in operation.arguments else f"_residual_{name}" if name in operation.residuals else f"_{name}"
    if name == f"{operation.variadic}_shape":
        value = f"_tuple([_shape(a) for a in {operation.variadic}])"
    keepers = operation.keepers[name]
    if keepers == set(operation.differentiable):
        return value
    return f"({value} if {' or '.join(_is_required(operation, argument) for argument in sorted(keepers))} else None)"


def _unsaved(operation: Declaration, name: str) -> str:
    """The expression for an argument that is not saved: a weak reference to an array, None for a parent."""
    a, node = ("a", "n") if name == operation.variadic else (name, f"_{name}_node")
    reference = f"_ref({a})" if operation.is_ufunc else f"(_ref({a}), {a}.shape)"
    noted = f"{reference} if {a}.__class__ is _array else {a}"
    noted = f"None if {node} is not None else {noted}" if name in operation.rules else noted
    return f"_tuple([{noted} for a, n in _zip({name}, _{name}_node)])" if name == operation.variadic else noted


_PULL = """\
{filled}
{nodes}
{values}
_gradients = ({gradients})
{check}
return _gradients"""


def pull_source(operation: Declaration) -> str:
    """The source of `pull`."""
    variadic = operation.variadic
    with_rule = operation.differentiable[:1] if operation.joint else operation.differentiable
    gradients = [_gradient(operation, name) for name in with_rule]
    nodes = tuple_source(f"{'*' * (name == variadic)}_{name}_node" for name in operation.differentiable)
    saved = tuple_source(_local(operation, name) for name in operation.saved_names)
    any_number = operation.joint or variadic in operation.differentiable
    body = _PULL.format(
        filled="g = g.filled()" if operation.outputs > 1 else "",
        nodes=f"{nodes}= _parents" if any("_node" in gradient for gradient in gradients) else "",
        values=f"{saved}= _saved" if saved else "",
        gradients=tuple_source(gradients),
        check="_check_count(_operation, _gradients, _parents)\n" * bool(any_number)
        + "_check_arrays(_operation, g, _saved, _gradients)" * operation.has_foreign_rules,
    )
    return function_source("g, _parents, _saved", body)


def _gradient(operation: Declaration, name: str) -> str:
    """The expression that calls the rule of an argument."""
    shape = None if name == operation.variadic else f"{name}_shape"  # that of the parent
    needs = [f"_{name}_node.shape" if need == shape else _local(operation, need) for need in operation.needs[name]]
    given = ", ".join(["g", *needs])
    if operation.joint:
        return f"*_joint_rule({given})"
    several = len(operation.differentiable) > 1
    if name == operation.variadic:
        return f"*(_{name}_rule({given})" + f" if _any(_{name}_node) else _{name}_node" * several + ")"
    return f"None if _{name}_node is None else " * several + f"_{name}_rule({given})"


def _local(operation: Declaration, name: str) -> str:
    """The local variable of a saved value: arguments have their names, names of the engine an underscore."""
    return name if name in operation.arguments else f"_{name}_of"
