"""Neural networks made of modules, with PyTorch's names."""

from autograd_lite.nn import functional, init, utils
from autograd_lite.nn.activation import (
    ELU,
    GELU,
    Hardtanh,
    Identity,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)  # fmt: skip
from autograd_lite.nn.attention import MultiheadAttention
from autograd_lite.nn.container import ModuleDict, ModuleList, Sequential
from autograd_lite.nn.convolution import Conv1d, Conv2d, ConvTranspose2d
from autograd_lite.nn.embedding import Embedding
from autograd_lite.nn.linear import Linear
from autograd_lite.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
)  # fmt: skip
from autograd_lite.nn.module import Module
from autograd_lite.nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.nn.pooling import AvgPool2d, Flatten, MaxPool2d, Upsample
from autograd_lite.nn.recurrent import GRU, LSTM, RNN
from autograd_lite.nn.recurrent_cells import GRUCell, LSTMCell, RNNCell
from autograd_lite.nn.regularization import Dropout
from autograd_lite.nn.threshold import Perceptron, Threshold
from autograd_lite.nn.transformer import TransformerEncoder, TransformerEncoderLayer

__all__ = [
    "ELU", "GELU", "GRU", "LSTM", "RNN", "AvgPool2d", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d",
    "Buffer", "Conv1d", "Conv2d", "ConvTranspose2d", "CrossEntropyLoss", "Dropout", "Embedding", "Flatten", "GRUCell",
    "Hardtanh", "HingeLoss", "HuberLoss", "Identity", "KLDivLoss", "L1Loss", "LSTMCell", "LayerNorm", "LeakyReLU",
    "Linear", "LogSoftmax", "MSELoss", "MaxPool2d", "Module", "ModuleDict", "ModuleList", "MultiheadAttention",
    "NLLLoss", "Parameter", "Perceptron", "RNNCell", "ReLU", "Sequential", "SiLU", "Sigmoid", "Softmax", "Softplus",
    "Tanh", "Threshold", "TransformerEncoder", "TransformerEncoderLayer", "Upsample", "functional", "init", "utils",
]  # fmt: skip
