"""Neural networks from modules, by the names that PyTorch made known."""

from autograd_lite.nn import init
from autograd_lite.nn.activation import Identity, LogSoftmax, ReLU, Sigmoid, Softmax, Softplus, Tanh
from autograd_lite.nn.container import Sequential
from autograd_lite.nn.linear import Linear
from autograd_lite.nn.loss import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, MSELoss, NLLLoss
from autograd_lite.nn.module import Module, Parameter

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "Identity", "Linear", "LogSoftmax", "MSELoss", "Module",
    "NLLLoss", "Parameter", "ReLU", "Sequential", "Sigmoid", "Softmax", "Softplus", "Tanh", "init",
]  # fmt: skip
