"""Right arguments for every operation, by name: for tests that exchange one of them."""

import copy
import functools
import inspect

import numpy as np
from hypothesis import Phase, find, settings

import autograd_lite as ag
from autograd_lite.nn import functional as F  # noqa: N812
from catalogue import CASES

BY_NAME = {case.name: case for case in CASES}


def parameters_of(function) -> dict[str, object]:
    """Names and defaults. NumPy before 2.4 has no signatures for functions in C, such as dot."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return {}
    return {p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def one_sample(case):
    """A sample with elements, the same in every call, and arrays that may be written."""
    return copy.deepcopy(_found(case.name))


@functools.cache
def _found(name):
    few = settings(max_examples=50, database=None, derandomize=True, phases=[Phase.generate])
    return find(BY_NAME[name].samples, lambda sample: all(array.size for array in sample.arrays), settings=few)


def function(name):
    """What the name of a case, or of a row below, stands for."""
    place, _, short = name.rpartition(".")
    return getattr(ag if not place and hasattr(ag, name) else F, short, None)


DIRECT = [case for case in CASES if case.operation is function(case.exported) and parameters_of(case.operation)]

M, V, ROWS = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]), np.array([[[1.0, 2.0]]])
# Operations that the catalogue calls through another function: right arguments, by name.
OTHERS = {
    "apply_along_axis": {"func1d": lambda row: row * 2.0, "axis": 0, "arr": M},
    "append": {"x": V, "values": V, "axis": 0},
    "array_split": {"x": V, "sections": 2, "axis": 0},
    "astype": {"x": V, "dtype": float},
    "average": {"a": M, "weights": V, "axis": 0},
    "batch_norm": {"x": M, "running_mean": V, "running_var": V, "weight": V, "bias": V, "momentum": 0.1, "eps": 1e-5},
    "block": {"arrays": [V, V]},
    "cholesky": {"a": M},
    "cholesky_solve": {"b": V, "L": M},
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
    "partition": {"x": V, "kth": 1, "axis": 0},
    "piecewise": {"x": V, "condlist": [V > 1], "funclist": [lambda part: part * 2.0, 3.0]},
    "qr": {"a": M},
    "select": {"condlist": [V > 1], "choicelist": [V], "default": 0.0},
    "setitem": {"x": V, "index": 0, "value": 1.0},
    "slogdet": {"a": M},
    "split": {"x": V, "sections": 2, "axis": 0},
    "stack": {"arrays": [V, V], "axis": 0},
    "svd": {"a": M},
    "topk": {"x": V, "k": 1, "axis": 0},
    "unstack": {"x": V, "axis": 0},
    "vsplit": {"x": M, "sections": 2},
    "vstack": {"arrays": [V, V]},
    "where": {"condition": np.array([True, False]), "x": V, "y": V},
    "dropout": {"input": V, "p": 0.5, "rng": 0},
    "F.binary_cross_entropy_with_logits": {"input": V, "target": V / 4, "weight": V, "pos_weight": V},
    "F.cross_entropy": {"input": M, "target": np.array([0, 1]), "weight": V, "label_smoothing": 0.5},
    "F.dropout1d": {"input": M, "p": 0.5, "rng": 0},
    "F.dropout2d": {"input": ROWS, "p": 0.5, "rng": 0},
    "F.dropout3d": {"input": ROWS[None], "p": 0.5, "rng": 0},
    "F.group_norm": {"input": M, "num_groups": 1, "weight": V, "bias": V, "eps": 1e-5},
    "F.instance_norm": {"input": ROWS, "running_mean": V[:1], "running_var": V[:1], "weight": V[:1], "bias": V[:1]},
    "F.linear_cross_entropy": {"input": M, "linear_weight": M, "target": np.array([0, 1]), "linear_bias": V},
    "F.multi_margin_loss": {"input": M, "target": np.array([0, 1]), "weight": V, "margin": 0.7},
    "F.nll_loss": {"input": -M, "target": np.array([0, 1]), "weight": V},
    "F.one_hot": {"input": np.array([0, 1]), "num_classes": 2},
    "F.rms_norm": {"input": M, "normalized_shape": (2,), "weight": V, "eps": 1e-5},
}
