"""PyTorch, eager, with its default number of threads and optimizers with `fused=True`, the fastest variant."""

from __future__ import annotations

import torch

from suite.cases import Network, Scalars
from suite.engine import Engine, Step
from suite.modules import network_step, scalar_step


def network(case: Network) -> Step:
    return network_step(case, torch.nn, torch.optim, torch.from_numpy, fused=True)


def scalar(case: Scalars) -> Step:
    def parameter(value: float) -> torch.Tensor:
        return torch.tensor(value, dtype=torch.float64, requires_grad=True)

    return scalar_step(case, parameter, torch.relu, torch.optim, fused=True)


ENGINE = Engine("PyTorch", network, scalar, torch.from_numpy, torch.Tensor.item)
