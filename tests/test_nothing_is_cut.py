"""A tensor that requires gradients is in the graph of what was made from it, or there is an error: never neither."""

import inspect

import numpy as np
import pytest
from catalogue import ALIASES, CASES, METHODS, WITHOUT_DERIVATIVE
from hypothesis import Phase, find, settings

import autograd_lite as ag
from autograd_lite import Tensor
from autograd_lite.nn import functional as F  # noqa: N812
from autograd_lite.tensor import numpy_operations

ERRORS = (TypeError, ValueError, IndexError)


def reaches(result, leaf) -> bool:
    """Whether a result, or one of several, was made from a leaf."""
    if isinstance(result, tuple | list):
        return any(reaches(part, leaf) for part in result)
    seen, waiting = set(), [getattr(result, "_node", None)]
    while waiting:
        node = waiting.pop()
        if node is leaf._node:
            return True
        if node is not None and node not in seen:
            seen.add(node)
            waiting += getattr(node, "parents", ())
    return False


# -- every argument of every function --------------------------------------------------------------------------------


def in_the_graph_or_refused(function, arguments, name, leaf) -> None:
    try:
        result = function(**arguments)
    except ERRORS as error:
        assert str(error)
        return
    assert reaches(result, leaf), f"{name}={arguments[name]} was cut out of the graph"


def recorded_like(value) -> Tensor:
    """A tensor that requires gradients in the place of an argument."""
    try:
        return Tensor(np.asarray(value, float), requires_grad=True)
    except (TypeError, ValueError):
        return Tensor(1.0, requires_grad=True)


def check_every_argument(function, arguments, parameters, case) -> None:
    """Put a tensor in the place of each argument in turn; and in lists, where numbers or lists of them belong."""
    for name, default in parameters.items():
        if (case, name) in WITHOUT_EFFECT:
            continue
        value = arguments.get(name, default)
        leaf = recorded_like(value)
        in_the_graph_or_refused(function, {**arguments, name: leaf}, name, leaf)
        if isinstance(value, tuple | list) or type(value) in (int, float):
            for given in ([leaf], (leaf, leaf)):
                in_the_graph_or_refused(function, {**arguments, name: given}, name, leaf)


def parameters_of(function) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def one_sample(case):
    """A sample with elements, as arguments by name."""
    few = settings(max_examples=50, database=None, derandomize=True, phases=[Phase.generate])
    sample = find(case.samples, lambda sample: all(array.size for array in sample.arrays), settings=few)
    names = parameters_of(case.operation)
    return {**dict(zip(names, sample.arrays, strict=False)), **sample.static}


# Arguments that have no effect there, whatever they are.
WITHOUT_EFFECT = {("trapezoid: over points", "dx"), ("real_if_close", "tol"), ("full_like", "x")}

DIRECT = [case for case in CASES if case.operation is getattr(ag, case.exported) and parameters_of(case.operation)]

M, V, ROWS = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]), np.array([[[1.0, 2.0]]])
# Operations that the catalogue calls through another function: right arguments, by name.
OTHERS = {
    "append": {"x": V, "values": V, "axis": 0},
    "array_split": {"x": V, "sections": 2, "axis": 0},
    "astype": {"x": V, "dtype": float},
    "average": {"a": M, "weights": V, "axis": 0},
    "batch_norm": {"x": M, "running_mean": V, "running_var": V, "weight": V, "bias": V, "momentum": 0.1, "eps": 1e-5},
    "block": {"arrays": [V, V]},
    "cholesky": {"a": M},
    "choose": {"index": np.array([0, 1]), "choices": [V, V]},
    "column_stack": {"arrays": [V, V]},
    "compress": {"condition": np.array([True, False]), "x": V, "axis": 0},
    "concatenate": {"arrays": [V, V], "axis": 0},
    "delete": {"x": V, "index": 0, "axis": 0},
    "divmod": {"x": V, "y": V},
    "dsplit": {"x": ROWS, "sections": 2},
    "dstack": {"arrays": [V, V]},
    "eigh": {"a": M},
    "eigvalsh": {"a": M},
    "embedding": {"indices": np.array([0, 1]), "weight": M, "padding_idx": 0},
    "extract": {"condition": np.array([True, False]), "x": V},
    "frexp": {"x": V},
    "full_like": {"x": V, "fill_value": 1.0},
    "hsplit": {"x": M, "sections": 2},
    "hstack": {"arrays": [V, V]},
    "insert": {"x": V, "index": 0, "values": V, "axis": 0},
    "interp": {"x": V, "xp": V, "fp": V, "left": 0.0, "right": 1.0},
    "layer_norm": {"x": M, "normalized_shape": (2,), "weight": V, "bias": V, "eps": 1e-5},
    "lstsq": {"a": M, "b": V, "rcond": 1e-9},
    "modf": {"x": V},
    "multi_dot": {"arrays": [M, M]},
    "norm": {"x": V, "ord": 2, "axis": 0},
    "qr": {"a": M},
    "select": {"condlist": [V > 1], "choicelist": [V], "default": 0.0},
    "setitem": {"x": V, "index": 0, "value": 1.0},
    "slogdet": {"a": M},
    "split": {"x": V, "sections": 2, "axis": 0},
    "stack": {"arrays": [V, V], "axis": 0},
    "svd": {"a": M},
    "unstack": {"x": V, "axis": 0},
    "vsplit": {"x": M, "sections": 2},
    "vstack": {"arrays": [V, V]},
    "where": {"condition": np.array([True, False]), "x": V, "y": V},
    "dropout": {"x": V, "p": 0.5, "rng": 0},
}
# Their arguments are operands without names, and options that the signature lists.
VARIADIC = {
    **{f"atleast_{n}d": getattr(ag, f"atleast_{n}d") for n in (1, 2, 3)},
    "broadcast_arrays": lambda **options: ag.broadcast_arrays(V, M, **options),
    "einsum": lambda **options: ag.einsum("ij,jk", M, M, **options),
    "meshgrid": lambda **options: ag.meshgrid(V, V, **options),
}


@pytest.mark.parametrize("case", DIRECT, ids=lambda case: case.name)
def test_every_argument_of_an_operation_is_in_the_graph_or_refused(case):
    check_every_argument(case.operation, one_sample(case), parameters_of(case.operation), case.name)


@pytest.mark.parametrize("name", OTHERS)
def test_and_of_those_that_are_not_in_the_catalogue_themselves(name):
    function = getattr(ag, name, None) or getattr(F, name)
    function(**OTHERS[name])
    check_every_argument(function, OTHERS[name], parameters_of(function), name)


@pytest.mark.parametrize("name", VARIADIC)
def test_and_of_those_with_any_number_of_operands(name):
    check_every_argument(VARIADIC[name], {}, parameters_of(getattr(ag, name)), name)


def test_these_are_all_operations():
    tested = {case.exported for case in DIRECT} | set(OTHERS) | set(VARIADIC) | WITHOUT_DERIVATIVE | set(ALIASES)
    assert {case.exported for case in CASES} <= tested
