"""Transforms take functions and give functions: grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp."""

from autograd_lite.transforms.functions import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]
