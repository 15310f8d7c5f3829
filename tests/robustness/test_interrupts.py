"""An interrupt at any instruction leaves no switch on, no attribute patched, no optimizer broken."""

import threading

import numpy as np
import pytest
from robustness.interrupts import EVERY_INSTRUCTION, moments

from autograd_lite import Tensor, anomaly, enable_grad, grad, is_grad_enabled, nn, no_grad, optim
from autograd_lite.compiler import patches
from autograd_lite.compiler.patches import PATCHES, patched
from autograd_lite.core import hooks
from autograd_lite.core.grad_mode import transform_depth
from autograd_lite.support.interrupts import setting, undoing

pytestmark = EVERY_INSTRUCTION


class Reader:
    """A recorder that counts reads."""

    def __init__(self):
        self.reads = 0

    def read(self, owner, name, found):
        self.reads += 1
        return found

    def assign(self, owner, name, value):
        pass


def nothing_is_left():
    assert is_grad_enabled()
    assert hooks.current_recorder() is None
    assert not hooks.current_observers()
    assert not hooks.registrations
    assert not transform_depth.get()
    assert not patches._active
    for owner, name, original, _ in PATCHES:
        assert vars(owner)[name] is original, (owner, name)
    free = []
    thread = threading.Thread(target=lambda: free.append(patches._lock.acquire(timeout=1)))
    thread.start()
    thread.join()
    assert free == [True], "the lock is held"
    patches._lock = threading.RLock()  # that thread has the other one


def test_what_is_patched_is_restored(figure):
    reader = Reader()

    def observe():
        with setting(hooks.recorder, reader), patched(), patched():
            before = reader.reads
            Tensor(1.0).shape  # noqa: B018
            assert reader.reads == before + 1  # once, however many contexts are active

    tried = moments(observe, nothing_is_left, everywhere=True)
    assert tried > 100
    figure(f"interrupts of a context that patches attributes: {tried} instructions tried, all restored")


def test_after_an_interrupt_an_outer_context_is_active():
    reader = Reader()

    def observe():
        with patched():
            pass

    with setting(hooks.recorder, reader), patched():

        def check():
            before = reader.reads
            Tensor(1.0).shape  # noqa: B018
            assert reader.reads == before + 1
            assert len(patches._active) == 1

        moments(observe, check)
    nothing_is_left()


def test_recorders_of_many_threads_come_and_go():
    def work(number):
        reader = Reader()
        for i in range(60):
            with setting(hooks.recorder, reader), patched():
                Tensor(1.0).shape  # noqa: B018
            if reader.reads != i + 1:
                failures.append(number)

    failures = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    nothing_is_left()


def test_observers_are_taken_back():
    observer, x = hooks.Observer(), Tensor([1.0], requires_grad=True)

    def observe():
        with hooks.observing(observer), hooks.observing(hooks.Observer()):
            (x * 2.0).backward()

    assert moments(observe, nothing_is_left) > 20


@pytest.mark.parametrize("outer", [None, no_grad, enable_grad])
def test_switches_are_switched_back(outer):
    shared = no_grad()

    def switch():
        with no_grad(), enable_grad(), shared, shared:
            assert not is_grad_enabled()

    def check():
        assert is_grad_enabled() == (outer is not no_grad)

    if outer is None:
        moments(switch, nothing_is_left)
    else:
        with outer():
            moments(switch, check)
    nothing_is_left()


def test_switches_that_are_not_left_in_order_hold_as_long_as_they_are_on():
    def generate():
        with no_grad():
            yield

    first = generate()
    next(first)
    with enable_grad():
        assert is_grad_enabled()
        first.close()
        assert is_grad_enabled()
    assert is_grad_enabled()
    with enable_grad():
        second = generate()
        next(second)
    second.close()
    assert is_grad_enabled()


def test_transforms_are_left():
    x = np.array([1.0, 2.0])
    grad(lambda t: (t * t).sum())(x)
    moments(lambda: grad(lambda t: (t * t).sum())(x), nothing_is_left)


def test_anomaly_is_off():
    weights = [Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])]
    bias = Tensor([0.5, 0.5], requires_grad=True)

    def search():
        with anomaly():
            y = weights[0] * weights[1] + bias * weights[0][::-1]  # several nodes lock the same memory, and views of it
            (y * y).sum().backward()

    def check():
        nothing_is_left()
        for array in (weights[0].data, weights[1], bias.data):
            assert array.flags.writeable
            array[...] *= 1

    search()
    tried = moments(search, check)
    assert tried > 100


def test_a_step_that_is_interrupted_leaves_an_optimizer_that_goes_on():
    for kind in (optim.SGD, optim.Adam):
        model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Tanh())
        optimizer = kind(model.parameters(), lr=0.1)
        optimizer.zero_grad()
        model(np.ones((2, 3))).sum().backward()
        optimizer.step()

        def check(model=model, optimizer=optimizer):
            nothing_is_left()
            for parameter in model.parameters():
                assert parameter.data.flags.writeable
                assert np.isfinite(parameter.data).all()
            model.load_state_dict(model.state_dict())
            optimizer.load_state_dict(optimizer.state_dict())
            model(np.ones((2, 3))).sum().backward()
            optimizer.step()
            steps = {entry["step"] for entry in optimizer.state_dict()["state"].values()}
            assert len(steps) == 1, "parameters that were updated together count differently"

        moments(optimizer.step, check)


def test_undoing_runs_whole_even_if_it_is_interrupted():
    done = []

    def undo():
        done.append("begun")
        done.append("ended")

    def work():
        done.clear()
        with undoing(undo):
            done.append("work")

    def check():
        assert "work" not in done or done.count("ended") >= 1

    moments(work, check)
