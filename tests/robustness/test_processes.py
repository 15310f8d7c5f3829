"""Models and optimizers can be pickled and deep-copied with their shared parts, and used after a fork."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from autograd_lite import Tensor, nn, no_grad, optim

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def square(epoch):
    return 1 / (1 + epoch) ** 2


SCHEDULES = {
    "LambdaLR": lambda optimizer: optim.lr_scheduler.LambdaLR(optimizer, square),
    "LambdaLR of groups": lambda optimizer: optim.lr_scheduler.LambdaLR(optimizer, [square, square]),
    "StepLR": lambda optimizer: optim.lr_scheduler.StepLR(optimizer, 2),
    "CosineAnnealingLR": lambda optimizer: optim.lr_scheduler.CosineAnnealingLR(optimizer, 20),
    "SequentialLR": lambda optimizer: optim.lr_scheduler.SequentialLR(
        optimizer,
        [optim.lr_scheduler.LinearLR(optimizer, total_iters=3), optim.lr_scheduler.ExponentialLR(optimizer, 0.9)],
        [3],
    ),
}
OPTIMIZERS = {
    "SGD": lambda groups: optim.SGD(groups, lr=0.1, momentum=0.9),
    "Adam": lambda groups: optim.Adam(groups, lr=0.01, weight_decay=0.1),
    "AdamW": lambda groups: optim.AdamW(groups, lr=0.01),
    "RMSprop": lambda groups: optim.RMSprop(groups, lr=0.01, momentum=0.5),
    "Adagrad": lambda groups: optim.Adagrad(groups, lr=0.01),
}


class Tied(nn.Module):
    """Two layers that share their weight."""

    def __init__(self):
        self.first, self.last = nn.Linear(4, 4, rng=0), nn.Linear(4, 4, rng=1)
        self.last.weight = self.first.weight
        self.norm, self.dropout = nn.BatchNorm1d(4), nn.Dropout(0.3, rng=2)
        self.large = nn.Linear(4, 20_000, rng=3)  # an optimizer stores it separately

    def forward(self, x):
        return self.large(self.dropout(self.norm(np.tanh(self.last(self.first(x)))))).mean()


def make(optimizer="Adam", schedule="StepLR"):
    model = Tied()
    *small, weight, bias = model.parameters()
    made = OPTIMIZERS[optimizer]([{"params": small}, {"params": [weight, bias], "lr": 0.02}])
    return advance((model, made, SCHEDULES[schedule](made)), 3)


def advance(parts, steps):
    model, optimizer, schedule = parts
    x = np.linspace(-1, 1, 12).reshape(3, 4).astype(np.float32)
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).backward()
        optimizer.step()
        schedule.step()
    return parts


def bits(parts):
    model, optimizer, schedule = parts
    gradients = [None if p.grad is None else p.grad.tobytes() for p in model.parameters()]
    values = [(name, value.tobytes()) for name, value in model.state_dict().items()]
    arrays = [
        {name: value.tobytes() if isinstance(value, np.ndarray) else value for name, value in entry.items()}
        for entry in optimizer.state_dict()["state"].values()
    ]
    rates = [schedule.learning_rate(epoch) for epoch in range(6)]
    return gradients, values, arrays, optimizer.state_dict()["param_groups"], schedule.state_dict(), rates


# -- copies and pickles --------------------------------------------------------------------------------------------


@each_way
@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [*((name, "StepLR") for name in OPTIMIZERS), *(("SGD", name) for name in SCHEDULES if name != "StepLR")],
)
def test_a_copied_training_goes_on_bit_by_bit_and_by_itself(way, optimizer, schedule):
    original = make(optimizer, schedule)
    before = bits(original)
    model, made, scheduled = copied = way(original)
    assert bits(copied) == before
    assert model.last.weight is model.first.weight is made.param_groups[0]["params"][0]
    assert scheduled.optimizer is made
    for parameter in model.parameters():
        assert not any(np.shares_memory(parameter.data, other.data) for other in original[0].parameters())
    advance(copied, 4)
    assert bits(original) == before
    after = bits(advance(original, 4))
    assert bits(copied) == after != before


@each_way
def test_parameters_of_a_copy_are_views_of_its_optimizers_storage(way):
    model, optimizer, _ = way(make())
    storages = [bucket.values for _, bucket in optimizer._work]
    for parameter in model.parameters():
        assert any(np.shares_memory(parameter.data, storage) for storage in storages)


ROWS = np.linspace(-1, 1, 36).reshape(6, 6).astype(np.float32)
MODULES = {
    "mlp": (lambda: nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.GELU(), nn.Dropout(0.5), nn.Linear(4, 1)), ROWS),
    "images": (lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()), ROWS[None, None]),
    "lstm": (lambda: nn.LSTM(6, 3, bidirectional=True), ROWS),
    "gru": (lambda: nn.GRU(6, 3, num_layers=2), ROWS),
    "embedding": (lambda: nn.Embedding(10, 4, padding_idx=0), np.arange(6)),
}


@each_way
@pytest.mark.parametrize("name", MODULES)
def test_modules_compute_the_same_after_copying(way, name):
    make_model, x = MODULES[name]
    model = make_model().eval()
    copied = way(model)
    assert repr(copied) == repr(model)
    for own, other in zip(flat(model(x)), flat(copied(x)), strict=True):
        np.testing.assert_array_equal(own.data, other.data, strict=True)


def flat(outputs):
    return [leaf for output in outputs for leaf in flat(output)] if isinstance(outputs, tuple) else [outputs]


@each_way
@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("values", [[1.0, 2.0], 3.0, [], [[1, 2]], [True]])
def test_tensors_keep_what_they_are(way, values, requires_grad):
    tensor = Tensor(values, name="x")
    if tensor.dtype.kind == "f":
        tensor.requires_grad = True
        tensor.grad = np.full(tensor.shape, 7.0)
        tensor.requires_grad = requires_grad
    copied = way(tensor)
    assert (type(copied), copied.name, copied.requires_grad) == (Tensor, "x", tensor.requires_grad)
    np.testing.assert_array_equal(copied.data, tensor.data, strict=True)
    if tensor.grad is not None:
        np.testing.assert_array_equal(copied.grad, tensor.grad, strict=True)
        assert not np.shares_memory(copied.grad, tensor.grad)
    assert not np.shares_memory(copied.data, tensor.data) or not tensor.size


@each_way
def test_a_subclass_keeps_its_attributes(way):
    weight = Remembering([1.0])
    weight.note = ["a"]
    copied = way(weight)
    assert (type(copied), copied.note) == (Remembering, ["a"])
    assert copied.note is not weight.note


class Remembering(nn.Parameter):
    """A subclass with attributes."""


@each_way
def test_results_of_operations_are_refused_and_detached_ones_are_not(way):
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"the result of 'multiply'.*detach"):
        way({"y": x * 2})
    np.testing.assert_array_equal(way((x * 2).detach()).data, [2, 4])
    with no_grad():
        np.testing.assert_array_equal(way((x * 2).sum()).data, 6)
    (x**2).sum().backward(create_graph=True)
    with pytest.raises(RuntimeError, match="detach"):  # its gradient is in a graph
        way(x)


# -- other processes -----------------------------------------------------------------------------------------------

ELSEWHERE = """
import pickle, sys
from autograd_lite import nn
model, optimizer, x = pickle.load(sys.stdin.buffer)
for _ in range(5):
    optimizer.zero_grad()
    (model(x) ** 2).sum().backward()
    optimizer.step()
sys.stdout.buffer.write(pickle.dumps((model, optimizer, x)))
"""


def test_a_training_goes_on_in_another_process_and_comes_back():
    model = nn.Sequential(nn.Linear(3, 5, rng=0), nn.Tanh(), nn.Linear(5, 1, rng=1))
    optimizer, x = optim.Adam(model.parameters(), lr=0.1), np.ones((2, 3), np.float32)
    sent = pickle.dumps((model, optimizer, x))
    done = subprocess.run([sys.executable, "-c", ELSEWHERE], input=sent, capture_output=True)
    assert done.returncode == 0, done.stderr
    returned, _, _ = pickle.loads(done.stdout)
    for _ in range(5):
        optimizer.zero_grad()
        (model(x) ** 2).sum().backward()
        optimizer.step()
    for name, values in returned.state_dict().items():
        np.testing.assert_array_equal(values, model.state_dict()[name], strict=True)


FORK = """
import os, sys
import numpy as np
from autograd_lite import nn, no_grad, optim

model = nn.Sequential(nn.Linear(100, 500, rng=0), nn.GELU(), nn.Linear(500, 600, rng=1))
optimizer, x = optim.Adam(model.parameters(), lr=0.01), np.linspace(-1, 1, 4000, dtype=np.float32).reshape(40, 100)

def step():
    optimizer.zero_grad()
    loss = (model(x) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.data.tobytes()

step()
pending = (model(x) ** 2).mean()  # a graph from before the fork
read, write = os.pipe()
with no_grad():
    child = os.fork()
if not child:
    pending.backward()
    os.write(write, b"".join(step() for _ in range(2)))
    os._exit(0)
pending.backward()
own = b"".join(step() for _ in range(2))
assert os.waitpid(child, 0)[1] == 0
assert os.read(read, 1000) == own, "the child computed something else"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_fork_after_use_computes_the_same():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
