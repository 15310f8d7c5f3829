"""autograd_lite, eager, as in its README: modules, a loss, an optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite import Tensor, nn, optim, relu, scatter, softmax
from suite.cases import Network, Scalars
from suite.engine import Engine, Step
from suite.modules import network_step, scalar_step
from suite.program import Library, Program


def network(case: Network) -> Step:
    return network_step(case, nn, optim, np.asarray)


def scalar(case: Scalars) -> Step:
    return scalar_step(case, lambda value: Tensor(value, requires_grad=True), relu, optim)


def attention(length: int) -> Any:
    mask = np.triu(np.full((length, length), -np.inf, np.float32), 1)

    def attend(queries: Any, keys: Any, values: Any) -> Any:
        scores = queries @ keys.swapaxes(-1, -2) * queries.shape[-1] ** -0.5
        return softmax(scores + mask, axis=-1) @ values

    return attend


def sum_of_rows(values: Any, index: Any, rows: int) -> Any:
    return scatter(values, index, (rows, values.shape[1]))


def program(case: Program) -> Step:
    return case.step(Library(nn, optim, np.asarray, np.exp, attention, sum_of_rows))


ENGINE = Engine("autograd_lite", network, scalar, program)
