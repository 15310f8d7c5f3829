"""Optimizers, with PyTorch's names."""

from autograd_lite.optim import lr_scheduler
from autograd_lite.optim.adagrad import Adagrad
from autograd_lite.optim.adam import Adam, AdamW
from autograd_lite.optim.adamax import Adadelta, Adamax
from autograd_lite.optim.lbfgs import LBFGS
from autograd_lite.optim.nadam import NAdam, RAdam
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.rmsprop import RMSprop
from autograd_lite.optim.rprop import ASGD, Rprop
from autograd_lite.optim.sgd import SGD

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop",
    "Rprop", "lr_scheduler",
]  # fmt: skip
