"""Types: a program of a user passes ``mypy --strict``, and `typing.get_type_hints` works on everything public."""

import inspect
import os
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite import data, nn, optim, random, testing

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from collections.abc import Iterator

import numpy as np

import autograd_lite as al
from autograd_lite import Tensor, data, nn, optim
from autograd_lite.testing import check_closed_form, check_gradients

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        self.hidden = nn.Linear(4, width, rng=0)
        self.norm = nn.BatchNorm1d(width)
        self.activation = nn.ReLU()
        self.drop = nn.Dropout(0.1, rng=0)
        self.output = nn.Sequential(nn.Linear(width, width, rng=1), nn.Tanh(), nn.Linear(width, 3, rng=2))
        self.scale = nn.Parameter(1.0)
        self.blocks = nn.ModuleList(nn.Linear(width, width, rng=i) for i in range(2))

    def forward(self, x: Tensor) -> Tensor:
        h = self.drop(self.activation(self.norm(self.hidden(x))))
        for block in self.blocks:
            h = block(np.tanh(block(h)))
        return self.output(h) * self.scale


class Functions(nn.Module):
    def __init__(self) -> None:
        self.first, self.second = nn.Linear(4, 8, rng=0), nn.Linear(8, 3, rng=1)

    def hidden(self, x: Tensor) -> Tensor:
        return al.relu(self.first(x))

    def forward(self, x: Tensor) -> Tensor:
        h = nn.functional.dropout(self.hidden(x), 0.1) + al.sqrt(self.hidden(x)) + al.where(x.sum() > 0, 1.0, 0.0)
        return al.concatenate([self.second(h)], axis=0)

    def cost(self, x: Tensor, labels: Tensor) -> Tensor:
        return al.cross_entropy(self(x), labels)


class Reader(nn.Module):
    def __init__(self) -> None:
        self.table = nn.Embedding(10, 5, rng=0)
        self.cell = nn.LSTM(5, 6, batch_first=True, rng=0)

    def forward(self, words: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
        states, (last, _) = self.cell(self.table(words))
        return states[:, -1] + last[0]


def train(epochs: int) -> float:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(40, 4)).astype(np.float32), rng.integers(0, 3, 40)
    model, criterion = Net(8), nn.CrossEntropyLoss()
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    groups = optim.SGD([{"params": model.hidden.parameters(), "lr": 0.1}, {"params": [model.scale]}], lr=0.01)
    schedule: optim.lr_scheduler.LRScheduler = optim.lr_scheduler.StepLR(optimizer, 10)
    batches = data.Batches(x, labels, batch_size=10, rng=0)
    last = 0.0
    for _ in range(epochs):
        for inputs, targets in batches:
            loss = criterion(model(Tensor(inputs)), targets)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            last = loss.item()
        schedule.step()
    groups.zero_grad()
    model.load_state_dict(model.eval().state_dict())
    return last


@al.compile
def step(x: Array, scale: float = 1.0) -> Tensor:
    return (Tensor(x) * scale).sum()


class Trainer:
    @al.compile(verify=False)
    def twice(self, x: Array) -> Tensor:
        return Tensor(x).sum() * 2.0


def names(module: nn.Module) -> Iterator[str]:
    return (name for name, _ in module.named_parameters())


def cube(x: Tensor) -> Tensor:
    return (x**3).sum()


if __name__ == "__main__":
    ones = np.ones(3, np.float32)
    first: float = train(2)
    total: Tensor = step(ones, scale=2.0)
    doubled: Tensor = Trainer().twice(ones)
    program: str = step.program.source
    gradient = al.grad(cube)(ones)
    worst: float = check_closed_form(cube, lambda x: 3 * x**2, np.ones(3))
    check_gradients(cube, np.ones(3))
    state: Tensor = Reader()(np.zeros((2, 4), np.int64))
    with al.no_grad():
        mean: Tensor = nn.MSELoss()(state, np.zeros((2, 6)))
    print(first >= 0, total.item(), doubled.item(), gradient.tolist(), worst, state.shape, list(names(Net(2)))[:1])
"""

# Each line replaces one of the program by a mistake; the error must name it.
MISTAKES = {
    "total: Tensor = step(ones, scale=2.0)": ('step(ones, scale="2")', "arg-type"),
    "state: Tensor = Reader()(np.zeros((2, 4), np.int64))": ("Reader()()", "call-arg"),
    "            loss.backward()": ("            loss.backwards()", "attr-defined"),
    "        return self.output(h) * self.scale": ("        return self.cell(h)", "attr-defined"),
    "    first: float = train(2)": ("    first: Tensor = nn.LSTM(2, 2)(ones)", "assignment"),
}


def mypy(program, folder):
    """What mypy prints of a program; only the types of the package are followed, not errors in it."""
    pytest.importorskip("mypy")
    file = folder / "program.py"
    file.write_text(program)
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", file.name],
        cwd=folder, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.exhaustive
def test_a_training_program_passes_strict_type_checking_and_runs(tmp_path):
    checked = mypy(PROGRAM, tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    run = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "True 6.0 6.0 [3.0, 3.0, 3.0] 0.0 (2, 6) ['scale']\n"


def test_mistakes_in_it_are_found(tmp_path):
    program = PROGRAM
    for line, (mistake, _) in MISTAKES.items():
        assert program.count(line) == 1
        program = program.replace(line, line.replace(line.strip(), mistake.strip()))
    found = mypy(program, tmp_path).stdout
    lines = program.split("\n")
    for mistake, kind in MISTAKES.values():
        (number,) = [i for i, line in enumerate(lines, 1) if line.strip() == mistake.strip()]
        assert any(f":{number}: error" in line and f"[{kind}]" in line for line in found.split("\n")), found


def public():
    """Everything public, by its name: functions, classes and their methods."""
    modules = {"al": autograd_lite, "nn": nn, "F": nn.functional, "init": nn.init, "utils": nn.utils, "optim": optim,
               "lr_scheduler": optim.lr_scheduler, "data": data, "random": random, "testing": testing}  # fmt: skip
    for place, module in modules.items():
        for name in getattr(module, "__all__", None) or vars(module):
            thing = getattr(module, name)
            if name.startswith("_") or not (inspect.isroutine(thing) or inspect.isclass(thing)):
                continue
            yield f"{place}.{name}", thing
            for method in dir(thing) if inspect.isclass(thing) else ():
                found = inspect.getattr_static(thing, method)
                found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
                if inspect.isfunction(found) and (method.startswith("__") or not method.startswith("_")):
                    yield f"{place}.{name}.{method}", found


def test_type_hints_of_everything_public_can_be_evaluated():
    failures = {}
    for name, thing in public():
        try:
            typing.get_type_hints(thing)
        except NameError as error:
            failures[name] = str(error)
    assert failures == {}
