"""One of each public module that has parts, with an input: what tests of all modules go through."""

import numpy as np

from autograd_lite import nn


class Nested(nn.Module):
    """Parts of every kind, at two depths."""

    def __init__(self):
        self.scale = nn.Parameter([1.0, 2.0])
        self.mean = nn.Buffer([0.5, 0.5])
        self.inner = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh())
        self.heads = nn.ModuleDict({"a": nn.Linear(3, 1, rng=1)})
        self.rest = nn.ModuleList([nn.Linear(1, 1, rng=2)])

    def forward(self, x):
        return self.rest[0](self.heads["a"](self.inner((x - self.mean) * self.scale)))


class Twice(nn.Module):
    """A module of two sequences that gets the same one twice."""

    def __init__(self, module):
        self.module = module

    def forward(self, x):
        return self.module(x, x)


MODULES = {
    "Linear": (lambda: nn.Linear(3, 2, rng=0), (4, 3)),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 2, rng=0), (1, 2, 5)),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 2, padding=1, padding_mode="reflect", rng=0), (1, 2, 4, 4)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 2, rng=0), (1, 2, 4, 4)),
    "Conv3d": (lambda: nn.Conv3d(1, 2, 2, rng=0), (1, 1, 2, 3, 2)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 3, 2, rng=0), (1, 2, 4)),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(1, 2, 2, rng=0), (1, 1, 2, 2, 2)),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(2), (2, 2, 1, 2, 2)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 2)),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(2, affine=True, track_running_stats=True), (1, 2, 3, 3)),
    "RMSNorm": (lambda: nn.RMSNorm(3), (4, 3)),
    "PReLU": (lambda: nn.PReLU(3), (4, 3)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (4, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), (2, 2, 3, 3)),
    "LayerNorm": (lambda: nn.LayerNorm(3), (4, 3)),
    "RNN": (lambda: nn.RNN(3, 2, num_layers=2, rng=0), (5, 1, 3)),
    "GRU": (lambda: nn.GRU(3, 2, bidirectional=True, rng=0), (5, 1, 3)),
    "LSTM": (lambda: nn.LSTM(3, 2, rng=0), (5, 1, 3)),
    "RNNCell": (lambda: nn.RNNCell(3, 2, rng=0), (4, 3)),
    "GRUCell": (lambda: nn.GRUCell(3, 2, rng=0), (4, 3)),
    "LSTMCell": (lambda: nn.LSTMCell(3, 2, rng=0), (4, 3)),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, rng=0), (3, 2, 4)),
    "TransformerEncoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, rng=0), 2),
        (3, 2, 4),
    ),
    "TransformerDecoderLayer": (lambda: Twice(nn.TransformerDecoderLayer(4, 2, 3, dropout=0.0, rng=0)), (3, 2, 4)),
    "TransformerDecoder": (
        lambda: Twice(nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 3, dropout=0.0, rng=0), 2)),
        (3, 2, 4),
    ),
    "Transformer": (lambda: Twice(nn.Transformer(4, 2, 1, 1, 3, dropout=0.0, rng=0)), (3, 2, 4)),
    "Embedding": (lambda: nn.Embedding(5, 2, rng=0), None),
    "Threshold": (lambda: nn.Threshold([1.0, 1.0, 1.0], 2.0), (4, 3)),
    "Perceptron": (lambda: nn.Perceptron(3), (4, 3)),
    "Sequential": (lambda: nn.Sequential(nn.Linear(3, 2, rng=0), nn.ReLU()), (4, 3)),
    "Nested": (Nested, (4, 2)),
}


def made(name):
    """A module, and an input for it."""
    make, shape = MODULES[name]
    values = np.array([[1, 0], [3, 4]]) if shape is None else np.random.default_rng(0).normal(size=shape)
    return make(), values
