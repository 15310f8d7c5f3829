"""Random calls of tensors, modules, optimizers, schedules, data and checkpoints, compared with plain NumPy.

Hypothesis chooses valid and invalid calls. After each call the state must equal that of `plain.PlainTraining`.
"""

import copy
import pickle
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)  # fmt: skip
from robustness.plain import MOMENTUM, PlainTraining

from autograd_lite import Checkpoint, data, nn, no_grad, optim
from autograd_lite.persistence.saving import CorruptedFileError

FEATURES, HIDDEN, GAMMA, KEEP = 2, 3, 0.9, 2
WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}
numbers = st.integers(0, 3)  # of one of the four parameters


def close(found, expected):
    assert np.shape(found) == np.shape(expected)
    assert (np.abs(found - expected) <= 1e-10 + 1e-8 * np.abs(expected)).all()  # a tenth of the time of assert_allclose


class Machine(RuleBasedStateMachine):
    """A training run with the library (`parts`) and one in plain NumPy (`plain`)."""

    runs = calls = refused = 0

    @initialize(
        kind=st.sampled_from(["SGD", "Adam"]), samples=st.integers(1, 7), batch_size=st.integers(1, 4),
        drop_last=st.booleans(), seed=st.integers(0, 99),
    )  # fmt: skip
    def begin(self, kind, samples, batch_size, drop_last, seed):
        self.folder = Path(tempfile.mkdtemp())
        rng = np.random.default_rng(seed)
        self.kind, self.order = kind, {"batch_size": batch_size, "drop_last": drop_last}
        self.x, self.y = rng.normal(size=(samples, FEATURES)), rng.normal(size=(samples, 1))
        self.saved, self.unreadable, self.known, self.clock = {}, set(), set(), 0
        self.left_behind = None
        self.make(seed)

    def make(self, seed):
        """Create all parts again, as in a new process."""
        rng = np.random.default_rng(seed)
        model = nn.Sequential(nn.Linear(FEATURES, HIDDEN, rng=rng), nn.Tanh(), nn.Linear(HIDDEN, 1, rng=rng))
        model.astype(np.float64)
        if self.kind == "SGD":
            optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=MOMENTUM)
        else:
            optimizer = optim.Adam(model.parameters(), lr=0.1)
        schedule = optim.lr_scheduler.ExponentialLR(optimizer, GAMMA)
        self.plain = PlainTraining([p.data.copy() for p in model.parameters()], self.kind, 0.1, seed)
        self.take((model, optimizer, schedule, data.Batches(self.x, self.y, **self.order, rng=seed)))

    def take(self, parts):
        self.model, self.optimizer, self.schedule, self.batches = parts
        names = ("model", "optimizer", "schedule", "batches")
        self.checkpoint = Checkpoint(self.folder, keep=KEEP, **dict(zip(names, parts, strict=True)))
        self.parameters, self.epoch, self.pending = list(self.model.parameters()), None, None
        self.written = False  # whether parameters were overwritten since the forward pass, perhaps by the same numbers
        self.known = set()

    def teardown(self):
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)
            type(self).runs += 1

    @property
    def parts(self):
        return self.model, self.optimizer, self.schedule, self.batches

    def refuses(self, error, function, *arguments, match=None, **options):
        """The call raises. The invariants check that nothing has changed."""
        type(self).refused += 1
        with pytest.raises(error, match=match):
            function(*arguments, **options)

    # -- data and graphs -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.pending is None)
    @rule()
    def forward(self):
        """The loss of the next batch with its graph, and the expected gradients."""
        if self.epoch is None:
            self.epoch = iter(self.batches)
        chosen, found = self.plain.next_batch(len(self.x), **self.order), next(self.epoch, None)
        if chosen is None:
            assert found is None
            self.epoch = None
            return
        np.testing.assert_array_equal(found[0], self.x[chosen])
        np.testing.assert_array_equal(found[1], self.y[chosen])
        loss = nn.MSELoss()(self.model(found[0]), found[1])
        expected, gradients = self.plain.loss_and_gradients(*found)
        close(loss.data, expected)
        self.pending, self.written = (loss, gradients), False

    @precondition(lambda self: self.pending is not None)
    @rule(retain=st.booleans())
    def backward(self, retain):
        """The right gradient, or an error if a parameter has changed in between."""
        loss, gradients = self.pending
        try:
            loss.backward(retain_graph=retain)
        except RuntimeError as error:
            assert "changed in place" in str(error)  # noqa: PT017 - it may also be right
            assert self.written
            type(self).refused += 1
            self.pending = None
            return
        self.plain.accumulate(gradients)
        for parameter, gradient in zip(self.parameters, self.plain.gradients, strict=True):
            close(parameter.grad, gradient)
        self.plain.gradients = [parameter.grad.copy() for parameter in self.parameters]  # the same last bits
        if not retain:
            self.refuses(RuntimeError, loss.backward, match="released")
            self.pending = None

    @rule()
    def leave_the_epoch(self):
        if self.epoch is not None:
            self.epoch.close()
            self.epoch = self.plain.rest = None

    @rule()
    def forget_gradients(self):
        self.optimizer.zero_grad()
        self.plain.gradients = [None] * 4

    @rule(number=numbers)
    def forget_one_gradient(self, number):
        self.parameters[number].grad = None
        self.plain.gradients[number] = None

    @rule()
    def compute_without_a_graph(self):
        with no_grad():
            loss = self.model(self.x).sum()
        assert not loss.requires_grad
        self.refuses(RuntimeError, loss.backward)

    @rule()
    def pass_what_does_not_fit(self):
        self.refuses(ValueError, self.model, np.ones((4, FEATURES + 1)))
        self.refuses(ValueError, self.parameters[0].__setattr__, "grad", np.ones(FEATURES + 5))

    # -- updates ---------------------------------------------------------------------------------------------------

    @rule(refusing=st.booleans())
    def step(self, refusing):
        self.optimizer.step(error_if_nonfinite=refusing)
        self.plain.step()
        self.written = True

    @rule()
    def step_the_schedule(self):
        if any(self.plain.steps):
            self.schedule.step()
            self.plain.lr *= GAMMA
        else:
            self.refuses(RuntimeError, self.schedule.step)

    @rule(lr=st.floats(1e-3, 0.5))
    def set_the_learning_rate(self, lr):
        self.optimizer.param_groups[0]["lr"] = self.plain.lr = lr

    @rule(lr=st.sampled_from([-1.0, np.nan, "fast"]))
    def set_an_impossible_learning_rate(self, lr):
        before, self.optimizer.param_groups[0]["lr"] = self.optimizer.param_groups[0]["lr"], lr
        self.refuses(ValueError, self.optimizer.step, match="lr")
        self.optimizer.param_groups[0]["lr"] = before

    @rule(number=numbers, bad=st.sampled_from([np.nan, np.inf, -np.inf]))
    def step_with_a_gradient_that_is_not_finite(self, number, bad):
        parameter, before = self.parameters[number], self.plain.gradients[number]
        parameter.grad = np.full(parameter.shape, bad)
        self.refuses(RuntimeError, self.optimizer.step, error_if_nonfinite=True, match=f"parameter {number} ")
        parameter.grad = before

    @rule(kind=st.sampled_from(["missing", "unexpected", "shape", "dtype"]))
    def load_a_state_that_does_not_fit(self, kind):
        state = self.model.state_dict()
        value = state.pop("2.bias")
        changes = {"missing": {}, "unexpected": {"2.bias": value, "more": value},
                   "shape": {"2.bias": np.ones(2)}, "dtype": {"2.bias": value + 1j}}  # fmt: skip
        self.refuses((KeyError, ValueError, TypeError), self.model.load_state_dict, {**state, **changes[kind]})

    @rule()
    def load_the_state_of_another_optimizer(self):
        other = optim.RMSprop(self.model.parameters())
        self.refuses(ValueError, self.optimizer.load_state_dict, other.state_dict(), match="options")

    @rule(way=st.sampled_from(sorted(WAYS)))
    def go_on_with_a_copy(self, way):
        """The original does not change, whatever happens to the copy."""
        self.left_behind = self.parameters, [p.data.copy() for p in self.parameters], self.plain.gradients
        self.leave_the_epoch()
        self.take(WAYS[way](self.parts))
        self.plain = self.plain.snapshot()

    # -- checkpoints -----------------------------------------------------------------------------------------------

    @rule(ahead=st.integers(-1, 2))
    def save(self, ahead):
        step = max(self.clock + ahead, 0)
        if any(number > step and number not in self.known for number in self.saved):
            self.refuses(FileExistsError, self.checkpoint.save, step)
            return
        self.clock = step
        self.checkpoint.save(step, note=("some", step))
        self.saved[step] = self.plain.snapshot()
        self.unreadable.discard(step)
        self.known.discard(step)
        for old in sorted(number for number in self.saved if number <= step)[:-KEEP]:
            del self.saved[old]

    @precondition(lambda self: set(self.saved) - self.unreadable)
    @rule(cut=st.booleans(), place=st.integers(0, 10**6))
    def damage_the_newest(self, cut, place):
        step = max(set(self.saved) - self.unreadable)
        path = self.folder / f"checkpoint-{step:010d}.npz"
        contents = bytearray(path.read_bytes())
        place %= len(contents)
        contents[place] ^= 1 << place % 8
        path.write_bytes(contents[:place] if cut else contents)
        self.unreadable.add(step)

    @rule(anew=st.booleans(), seed=st.integers(0, 99))
    def resume(self, anew, seed):
        """In the same process, or in a new one after a crash."""
        readable = set(self.saved) - self.unreadable
        if anew:
            self.make(seed)
        newest = max(readable, default=None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about those that cannot be read
            if newest is None and self.saved:
                self.refuses(CorruptedFileError, self.checkpoint.resume)
            elif newest is not None and self.epoch is not None:
                self.refuses(ValueError, self.checkpoint.resume, match="an epoch is under way")
                self.written = True  # by what was loaded before, and by what it was
            else:
                counters = self.checkpoint.resume()
                assert counters == ({"step": 0} if newest is None else {"step": newest, "note": ("some", newest)})
                if newest is not None:
                    gradients = self.plain.gradients
                    self.plain, self.clock = self.saved[newest].snapshot(), newest
                    self.plain.gradients = gradients  # are not part of it
                    self.written = True
        self.known = {step for step in self.unreadable if step > (-1 if newest is None else newest)}

    # -- what must be true -----------------------------------------------------------------------------------------

    @invariant()
    def all_is_as_in_plain_numpy(self):
        type(self).calls += 1
        state = self.optimizer.state_dict()
        assert sorted(state["state"]) == [i for i in range(4) if self.plain.steps[i]]
        for i, parameter in enumerate(self.parameters):
            close(parameter.data, self.plain.weights[i])
            gradient = self.plain.gradients[i]
            assert (parameter.grad is None) == (gradient is None)
            if gradient is not None:
                np.testing.assert_array_equal(parameter.grad, gradient, strict=True)
            if self.plain.steps[i]:
                assert state["state"][i]["step"] == self.plain.steps[i]
                for name, array in self.plain.states[i].items():
                    close(state["state"][i][name], array)
        close(state["param_groups"][0]["lr"], self.plain.lr)
        rest = self.batches.state_dict()["rest"]
        assert (rest is None) == (self.plain.rest is None)
        assert rest is None or rest.tolist() == self.plain.rest.tolist()
        assert self.batches.rng.bit_generator.state == self.plain.rng.bit_generator.state

    @invariant()
    def the_folder_holds_the_last_checkpoints_alone(self):
        expected = [f"checkpoint-{step:010d}.npz" for step in sorted(self.saved)]
        assert sorted(path.name for path in self.folder.iterdir()) == expected

    @invariant()
    def what_was_copied_is_left_alone(self):
        if self.left_behind is not None:
            for parameter, value, gradient in zip(*self.left_behind, strict=True):
                np.testing.assert_array_equal(parameter.data, value)
                np.testing.assert_array_equal(parameter.grad, gradient)


def test_random_calls_keep_the_library_beside_plain_numpy(count, figure):
    Machine.runs = Machine.calls = Machine.refused = 0
    examples = count(settings().max_examples, 10 * settings().max_examples)
    run_state_machine_as_test(Machine, settings=settings(max_examples=examples, stateful_step_count=30))
    assert Machine.refused > examples
    figure(
        f"random calls of model, optimizer, schedule, data and checkpoints: {Machine.runs:,} runs, {Machine.calls:,} "
        f"calls, {Machine.refused:,} of them invalid: all as in plain NumPy"
    )
