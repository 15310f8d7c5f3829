"""Optimizers, with PyTorch's names."""

from autograd_lite.optim import lr_scheduler
from autograd_lite.optim.adagrad import Adagrad
from autograd_lite.optim.adam import Adam, AdamW
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.rmsprop import RMSprop
from autograd_lite.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
