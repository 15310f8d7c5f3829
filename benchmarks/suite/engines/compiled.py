"""The steps of `autograd_lite.py` under `autograd_lite.compile`."""

from __future__ import annotations

from autograd_lite import compile
from suite.cases import Network, Scalars
from suite.engine import Engine, Step
from suite.engines import autograd_lite
from suite.program import Program


def network(case: Network) -> Step:
    step: Step = compile(autograd_lite.network(case))
    return step


def scalar(case: Scalars) -> Step:
    step: Step = compile(autograd_lite.scalar(case))
    return step


def program(case: Program) -> Step:
    step: Step = compile(autograd_lite.program(case))
    return step


ENGINE = Engine("autograd_lite compiled", network, scalar, program)
