"""Derivative rules for functions of `scipy.special`; a tensor that meets one of them imports this package.

The ufuncs of `scipy.special` are called as ever: ``scipy.special.gammaln(x)``. SciPy's functions that are not ufuncs do
not dispatch on their arguments. They are here under the same names: `logsumexp`, `softmax`, `log_softmax`, `polygamma`.
"""

from autograd_lite.core.numpy_protocols import numpy_operations

with numpy_operations.family():  # also if a program imports this package by its name
    from autograd_lite.ops.special.bessel import *
    from autograd_lite.ops.special.entropy import *
    from autograd_lite.ops.special.error_functions import *
    from autograd_lite.ops.special.exponentials import *
    from autograd_lite.ops.special.gamma_functions import *
    from autograd_lite.ops.special.logistic import *
