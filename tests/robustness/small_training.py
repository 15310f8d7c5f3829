"""A small training run with its checkpoint, and exact comparison of states and folders."""

from pathlib import Path

import numpy as np

from autograd_lite import Checkpoint, compile, data, manual_seed, nn, optim


class Training:
    """A small training run: its parts, its state and a step."""

    def __init__(self, folder, seed=0, keep=3, features=4, compiled=False):
        manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.model = nn.Sequential(
            nn.Linear(features, 5, rng=rng), nn.BatchNorm1d(5), nn.Dropout(0.3), nn.Linear(5, 2, rng=rng)
        )
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.schedule = optim.lr_scheduler.ExponentialLR(self.optimizer, 0.99)
        self.batches = data.Batches(rng.normal(size=(11, features)).astype(np.float32), np.arange(11) % 2, batch_size=3)
        self.parts = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}
        self.checkpoint = Checkpoint(folder, keep=keep, batches=self.batches, **self.parts)
        self.step, self.losses, self.compute = 0, [], compile(self.advance) if compiled else self.advance

    def advance(self, batch, targets):
        loss = nn.CrossEntropyLoss()(self.model(batch), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def run(self, steps, save=False):
        self.step = self.checkpoint.resume()["step"] if save else self.step
        while self.step < steps:
            for batch, targets in self.batches:
                self.losses.append(self.compute(batch, targets).item())
                self.schedule.step()
                self.step += 1
                if save:
                    self.checkpoint.save(self.step)
                if self.step == steps:
                    break
        return self

    def state(self):
        return {**{name: part.state_dict() for name, part in self.parts.items()}, "common": self.checkpoint._state()}


def assert_same(found, expected):
    """Assert that types, structure and bits are equal."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert [*map(repr, found)] == [*map(repr, expected)]
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray | np.generic):
        assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
    else:
        assert repr(found) == repr(expected)


def files_in(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}
