"""The world of a wrong call: fresh tensors, a model half way through its training, and all that must not change."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import Tensor, data, nn, optim, random, testing
from autograd_lite.optim import lr_scheduler

# Rows say `sum(x)` and `nn.Linear(3, 2)`, and so does the page.
LIBRARY = {
    **{name: getattr(ag, name) for name in ag.__all__},
    **{name: getattr(nn, name) for name in ("functional", "init", "utils")},
    "lr_scheduler": lr_scheduler,
    "np": np,
    "random": random,
    "strategies": testing.strategies,
    "testing": testing,
}
FUNCTIONS = {"double": lambda x: 2 * x, "total": lambda x: (x**2).sum()}


def objects(folder: Path) -> dict[str, Any]:
    """What the rows call by name, `folder` emptied; `LEGEND` in error_table.py tells readers."""
    for file in folder.iterdir():
        file.unlink()
    ag.manual_seed(0)
    rng = np.random.default_rng(0)
    floats = {
        "s": 2.0,
        "x": [1.0, 2.0, 3.0],
        "A": [[2.0, 1.0], [1.0, 3.0]],
        "W": np.arange(6.0).reshape(2, 3),
        "signal": rng.normal(size=(1, 2, 4)),
        "image": rng.normal(size=(1, 2, 4, 4)),
        "kernel": rng.normal(size=(3, 2, 2, 2)),
    }
    found: dict[str, Any] = {name: Tensor(values, requires_grad=True) for name, values in floats.items()}
    for tensor in found.values():
        tensor.grad = np.ones(tensor.shape)
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Tanh())
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = lr_scheduler.StepLR(optimizer, 2)
    for _ in range(2):
        model(np.ones((2, 3))).sum().backward()
        optimizer.step()
        schedule.step()
    return {
        **found, **FUNCTIONS, "n": Tensor([0, 1, 2]), "a": np.array([1.0, 2.0, 3.0]), "nan": np.nan, "rng": rng,
        "model": model, "optimizer": optimizer, "schedule": schedule, "folder": folder,
        "batches": data.Batches(np.arange(5), batch_size=2, rng=0),
    }  # fmt: skip


def run(source: str, names: dict[str, Any]) -> Any:
    """Run statements; the value of the last one, if it is an expression."""
    statements, last = _compiled(source)
    exec(statements, names)
    return eval(last, names)


@functools.cache
def _compiled(source: str) -> tuple[CodeType, CodeType]:
    """All statements but an expression at the end, and that."""
    tree, value = ast.parse(source), ast.parse("None", mode="eval")
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        value = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    return compile(tree, "<row>", "exec"), compile(value, "<row>", "eval")


def split(source: str) -> tuple[str, str]:
    """All statements but the last, and the last: what is done before, and the wrong call."""
    *before, last = ast.parse(source).body
    return "\n".join(map(ast.unparse, before)), ast.unparse(last)


def plain(value: Any) -> Any:
    """What there is to compare of a value, bit by bit: its numbers, and how it is made of them."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, int | float | str | np.generic | None):
        return repr(value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Tensor):
        return plain([value.data, value.grad, value.requires_grad])
    if isinstance(value, nn.Module):
        modes = [module.training for module in value.modules()]
        return plain([*value.parameters(), *value.buffers(), *value.state_dict(), *modes])
    if isinstance(value, optim.Optimizer):
        return plain([value.state_dict(), *(group["params"] for group in value.param_groups)])
    if isinstance(value, lr_scheduler.LRScheduler | lr_scheduler.ReduceLROnPlateau):
        return plain(value.state_dict())
    if isinstance(value, data.Batches):
        return plain([value.rng, value._rest, [epoch.start for epoch in value._epochs]])
    if isinstance(value, np.random.Generator):
        return plain(value.bit_generator.state)
    if isinstance(value, Path):
        return {file.name: file.read_bytes() for file in sorted(value.iterdir())}
    return type(value).__name__


def state(names: Mapping[str, Any]) -> Any:
    """All that a wrong call must leave as it is."""
    own = {name: plain(value) for name, value in names.items() if name not in LIBRARY and name != "__builtins__"}
    return [own, plain(random.generator()), ag.is_grad_enabled()]
