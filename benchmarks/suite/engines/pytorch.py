"""PyTorch, eager, with its default number of threads and optimizers with `fused=True`, the fastest variant."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from suite.cases import Network, Scalars
from suite.engine import Engine, Step
from suite.modules import network_step, scalar_step
from suite.program import Library, Program


def network(case: Network) -> Step:
    return network_step(case, torch.nn, torch.optim, torch.from_numpy, fused=True)


def scalar(case: Scalars) -> Step:
    def parameter(value: float) -> torch.Tensor:
        return torch.tensor(value, dtype=torch.float64, requires_grad=True)

    return scalar_step(case, parameter, torch.relu, torch.optim, fused=True)


def attention(length: int) -> Any:
    return partial(torch.nn.functional.scaled_dot_product_attention, is_causal=True)


def scatter(values: Any, index: Any, rows: int) -> Any:
    return values.new_zeros((rows, values.shape[1])).index_add(0, index, values)


def program(case: Program) -> Step:
    return case.step(Library(torch.nn, torch.optim, torch.from_numpy, torch.exp, attention, scatter, {"fused": True}))


ENGINE = Engine("PyTorch", network, scalar, program, torch.from_numpy, torch.Tensor.item)
