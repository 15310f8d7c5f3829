"""The two functions of every operation, written as source code, as `dataclass` writes `__init__`.

``call(*arguments)`` is the function that users call: it takes the arrays out of the tensors, runs the forward function
and records a node. ``pull(g, parents, saved)`` is the function that the reverse sweep calls: it runs the rules. Both
are written for one signature, so they need no loop over arguments and no lookup, and a wrong call raises Python's own
error. All other names begin with an underscore, so an argument may have any name that does not.

For ``multiply = primitive(np.multiply, x=lambda g, y: g * y, y=lambda g, x: g * x)`` they are::

    def _function(x, y):
        _tensors = False
        _x_node = None
        if _isinstance(x, _Tensor):
            _x_node = x._node
            x = x._data; _tensors = True
            if x.__class__ is _array and not x.ndim: x = x[()]
        elif x.__class__ not in _operands: x = _read_argument(_name, 'x', x)
        _y_node = None
        if _isinstance(y, _Tensor):
            _y_node = y._node
            y = y._data; _tensors = True
            if y.__class__ is _array and not y.ndim: y = y[()]
        elif y.__class__ not in _operands: y = _read_argument(_name, 'y', y)
        try:
            _out = x * y if x.__class__ in _numbers and y.__class__ in _numbers and _tensors else _forward(x, y)
        except _Exception as _error:
            _out = _forward_otherwise(_operation, _error, (x, y, ))
        if not _tensors: return _out
        if _registrations:
            for _observer in _current_observers(): _observer.on_result(_operation, (x, y, ), _out)
        try: _dtype = _out.dtype
        except _AttributeError: _refuse_result(_operation, _objects)
        _result = _new(_Tensor)
        _result._data = _out
        if not (_x_node is not None or _y_node is not None) or _dtype.kind != 'f' or not _is_grad_enabled():
            if _dtype.kind not in 'fiub': _refuse_result(_operation, _dtype)
            _result._node = None
            return _result
        _node = _result._node = _Node()
        _node.shape = _out.shape
        _node.dtype = _dtype
        _node.order = _clock()
        _node.operation = _operation
        _node.parents = (_x_node, _y_node, )
        _node.saved = ((y if _x_node is not None else None), (x if _y_node is not None else None), )
        if _registrations:
            for _observer in _current_observers(): _observer.on_record(_node)
        return _result

    def _function(g, _parents, _saved):
        _x_node, _y_node, = _parents
        y, x, = _saved
        _gradients = (None if _x_node is None else _x_rule(g, y), None if _y_node is None else _y_rule(g, x), )
        return _gradients
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from autograd_lite.core import arguments
from autograd_lite.core.aliases import note_view
from autograd_lite.core.declaration import Declaration
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.graph import Node
from autograd_lite.core.hooks import current_observers, registrations
from autograd_lite.core.outputs import wrap_outputs
from autograd_lite.core.templates import call_source, pull_source
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import tick
from autograd_lite.support.arguments import read_argument, read_option
from autograd_lite.support.conversion import ARRAYS, OPERANDS, OPTIONS, PYTHON_NUMBERS
from autograd_lite.support.half_precision import HALF
from autograd_lite.support.rule_errors import check_arrays, check_count
from autograd_lite.support.source import compile_function

_NAMED_AS_THEY_ARE: tuple[Any, ...] = (
    AttributeError, Exception, any, getattr, isinstance, tuple, zip, Node, Tensor, note_view, read_argument,
    read_option, arguments.forward_otherwise, arguments.read_result, arguments.refuse, arguments.refuse_result,
    arguments.with_arrays, wrap_outputs,
)  # fmt: skip
_NAMES: dict[str, Any] = {f"_{thing.__name__}": thing for thing in _NAMED_AS_THEY_ARE} | {
    "_array": np.ndarray, "_arrays": ARRAYS, "_as_array": np.asarray, "_clock": tick, "_shape": np.shape,
    "_current_observers": current_observers, "_half": HALF, "_is_grad_enabled": is_grad_enabled, "_new": object.__new__,
    "_numbers": {float, np.float64, np.float32}, "_objects": np.dtype(object), "_operands": OPERANDS,
    "_options": OPTIONS, "_python_numbers": PYTHON_NUMBERS, "_ref": weakref.ref, "_registrations": registrations,
}  # fmt: skip


def write_call(operation: Declaration) -> Callable[..., Any]:
    """The function that users call. Its body is written at the first call: writing all takes a third of the import."""
    namespace = _NAMES | {
        "_default": {parameter.name: parameter.default for parameter in operation.parameters},
        "_forward": operation.forward, "_name": operation.name, "_operation": operation,
        "_of_others": getattr(operation.forward, "of_others", None),
    }  # fmt: skip
    function: Any = FunctionType(_not_yet_written.__code__, namespace, operation.name)
    function.__qualname__ = operation.name
    function.__signature__ = inspect.Signature(operation.parameters)

    def write() -> Callable[..., Any]:
        written: Any = compile_function(call_source(operation), operation.name, namespace)
        function.__defaults__, function.__kwdefaults__ = written.__defaults__, written.__kwdefaults__
        function.__code__ = written.__code__  # last, because another thread may be calling
        return function  # type: ignore[no-any-return]

    namespace["_write"] = write
    return function  # type: ignore[no-any-return]


def _not_yet_written(*args: Any, **kwargs: Any) -> Any:
    return _write()(*args, **kwargs)  # type: ignore[name-defined] # noqa: F821 - in the namespace of the operation


def write_pull(operation: Declaration) -> Callable[..., tuple[Any, ...]]:
    """The function that the reverse sweep calls: one gradient per parent, None where none is required."""
    namespace: dict[str, Any] = {f"_{argument}_rule": rule for argument, rule in operation.rules.items()}
    namespace |= {"_check_arrays": check_arrays, "_check_count": check_count, "_any": any}
    namespace |= {"_joint_rule": operation.joint, "_operation": operation}
    return compile_function(pull_source(operation), f"{operation.name}_pull", namespace)
