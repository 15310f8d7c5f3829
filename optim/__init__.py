"""Optimizers: how parameters follow their gradients, by the names that PyTorch made known."""

from autograd_lite.optim.adam import Adam, AdamW
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
