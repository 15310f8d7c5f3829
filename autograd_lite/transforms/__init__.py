"""Transforms: functions that take a function and return one for its derivative.

`functions` holds grad, value_and_grad, vjp and jvp; `matrices` holds jacobian, hessian and hvp. Both are built on
`differentiated_call`: one call of a function with variables in place of its arguments.
"""

from autograd_lite.transforms.functions import grad, jvp, value_and_grad, vjp
from autograd_lite.transforms.mapping import vmap
from autograd_lite.transforms.matrices import hessian, hvp, jacobian
from autograd_lite.transforms.scan import scan

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "scan", "value_and_grad", "vjp", "vmap"]
