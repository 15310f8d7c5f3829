"""autograd_lite, eager, as in its README: modules, a loss, an optimizer."""

from __future__ import annotations

import numpy as np

from autograd_lite import Tensor, nn, optim, relu
from suite.cases import Network, Scalars
from suite.engine import Engine, Step
from suite.modules import network_step, scalar_step


def network(case: Network) -> Step:
    return network_step(case, nn, optim, np.asarray)


def scalar(case: Scalars) -> Step:
    return scalar_step(case, lambda value: Tensor(value, requires_grad=True), relu, optim)


ENGINE = Engine("autograd_lite", network, scalar)
