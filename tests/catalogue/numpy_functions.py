"""Which function of NumPy each case of the catalogue tests."""

import numpy as np

import autograd_lite as ag
from autograd_lite.core.numpy_protocols import numpy_operations
from catalogue import CASES, Case
from catalogue import arrays as catalogue_arrays
from catalogue import elementwise as catalogue_elementwise
from catalogue import linalg as catalogue_linalg
from catalogue import reductions as catalogue_reductions

# Functions of NumPy by the name of the case that tests them; those with another order of arguments are adapted.
ADAPTED = {
    "where": lambda x, y, condition: np.where(condition, x, y),
    "concatenate": lambda *arrays, axis: np.concatenate(arrays, axis=axis),
    "stack": lambda *arrays, axis: np.stack(arrays, axis=axis),
    "clip: from below": lambda x, bound: np.clip(x, bound, None),
    "clip: from above": lambda x, bound: np.clip(x, None, bound),
    "astype": lambda x: np.astype(x, x.dtype),
}
ADAPTED |= catalogue_arrays.NUMPY
ADAPTED.update(catalogue_elementwise.ADAPTED | catalogue_reductions.ADAPTED)
for _case in CASES:
    if _case.name.startswith("power: "):  # a ufunc takes no names
        ADAPTED[_case.name] = lambda x, y: np.power(x, y)
OLD_NAMES = {np.amax, np.amin, np.around}


def numpy_name(case: Case) -> str:
    return {"clone": "copy"}.get(case.exported, case.exported)


_OF_NUMPY = {id(value) for module in (np, np.linalg) for value in vars(module).values()}  # not those of SciPy
FUNCTIONS = [target for target in numpy_operations if id(target) in _OF_NUMPY]
FUNCTIONS.sort(key=lambda target: "linalg" not in (getattr(target, "__module__", None) or ""))
_registered = {target.__name__: target for target in FUNCTIONS}  # np.outer stands for np.linalg.outer too
# Cases that look at a decomposition through a function of it; tests/ops/test_linalg.py has NumPy's functions.
_THROUGH = {case.name for case in catalogue_linalg.CASES if case.operation is not getattr(ag, case.exported)}
SHARED = [case for case in CASES if numpy_name(case) in _registered and case.name not in _THROUGH]
REFUSED = {"eig", "eigvals"}  # their results are complex


def numpy_function(case: Case):
    """The function of NumPy that a case tests."""
    return _registered[numpy_name(case)]
