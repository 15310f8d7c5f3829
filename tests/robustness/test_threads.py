"""Threads do not disturb each other, and an exception in a backward pass leaves no gradient half-written."""

import asyncio
import contextvars
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from robustness.interrupts import EVERY_INSTRUCTION, interrupted

from autograd_lite import Tensor, data, enable_grad, is_grad_enabled, nn, no_grad, optim, primitive, vjp
from autograd_lite.core.backward import _deposits

THREADS = 8


def in_threads(function, threads=THREADS):
    """``function(number)`` in several threads that begin at the same moment; their results."""
    barrier = threading.Barrier(threads)

    def begin(number):
        barrier.wait()
        return function(number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # 500 times as often as usually
    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(begin, range(threads)))
    finally:
        sys.setswitchinterval(interval)


def train(seed, steps=30, width=16):
    """The bits of all losses and of the weights of a training run."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(
        nn.Linear(5, width, rng=rng),
        nn.BatchNorm1d(width),
        nn.Tanh(),
        nn.Dropout(0.2, rng=rng),
        nn.Linear(width, 3, rng=rng),
    )
    kind = [optim.Adam, optim.SGD, optim.RMSprop, optim.AdamW][seed % 4]
    optimizer, seen = kind(model.parameters(), lr=0.01), []
    batches = data.Batches(rng.normal(size=(40, 5)).astype(np.float32), rng.integers(0, 3, 40), batch_size=10, rng=rng)
    while len(seen) < steps:
        for batch, targets in batches:
            loss = nn.CrossEntropyLoss()(model(batch), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with no_grad():
                assert not model(batch).requires_grad
            seen.append(loss.data.tobytes())
            if len(seen) == steps:
                break
    return seen + [parameter.data.tobytes() for parameter in model.parameters()]


def test_models_trained_in_threads_have_the_same_bits_as_one_after_the_other(count, figure):
    steps = count(12, 400)
    assert in_threads(lambda seed: train(seed, steps)) == [train(seed, steps) for seed in range(THREADS)]
    figure(f"threads: {THREADS} models trained at the same time for {steps} steps have the bits of one after the other")


def test_large_models_can_be_trained_in_threads():
    assert in_threads(lambda seed: train(seed, 1, 40_000), 2) == [train(seed, 1, 40_000) for seed in range(2)]


FIRST_CALLS = """
import sys, threading
import numpy as np
import autograd_lite as ag

sys.setswitchinterval(1e-6)
barrier, failures = threading.Barrier(8), []
x = np.linspace(0.1, 0.9, 12).reshape(3, 4)

def work():
    barrier.wait()
    try:
        for name in "exp sum cumsum clip softmax matmul pad stack std gelu roll norm".split():
            t = ag.Tensor(x, requires_grad=True)
            others = {"clip": (0.2, 0.8), "matmul": (x.T,), "pad": (1,), "roll": (1,)}.get(name, ())
            y = ag.stack([t, t]) if name == "stack" else getattr(ag, name)(t, *others)
            (y * y).sum().backward()
            assert t.grad.shape == x.shape and t.grad.any()
    except BaseException as error:
        failures.append(f"{name}: {error!r}")

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit("; ".join(failures) or 0)
"""


def test_the_first_calls_of_operations_may_come_from_all_threads_at_once(count):
    """In a process of its own, because the code of an operation is generated at its first call."""
    for _ in range(count(1, 20)):
        done = subprocess.run([sys.executable, "-c", FIRST_CALLS], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


# -- switches ------------------------------------------------------------------------------------------------------


def test_no_grad_never_leaks_into_another_thread(count):
    shared = no_grad()  # one object for all

    def switch(number):
        x = Tensor([1.0], requires_grad=True)
        for _ in range(count(100, 3000)):
            assert is_grad_enabled()
            if number % 2:
                with shared:
                    assert not (x * 2).requires_grad
                    with enable_grad(), shared:
                        assert not is_grad_enabled()
                    assert not is_grad_enabled()
            assert (x * 2).requires_grad
        return True

    assert all(in_threads(switch))
    assert is_grad_enabled()


def test_a_context_takes_the_switch_along_and_brings_nothing_back():
    with no_grad():
        context = contextvars.copy_context()
    assert is_grad_enabled()
    assert not context.run(is_grad_enabled)
    assert not in_threads(lambda _: context.run(is_grad_enabled), 1)[0]
    assert is_grad_enabled()
    context.run(enable_grad().__enter__)
    assert context.run(is_grad_enabled)
    with no_grad():
        assert context.run(is_grad_enabled)
        assert not is_grad_enabled()


def test_tasks_that_take_turns_have_switches_of_their_own():
    shared = no_grad()

    async def task(number):
        for _ in range(5):
            with shared if number % 2 else enable_grad():
                await asyncio.sleep(0)
                assert is_grad_enabled() == (number % 2 == 0)
            await asyncio.sleep(0)
            assert is_grad_enabled()

    async def main():
        await asyncio.gather(*map(task, range(6)))

    asyncio.run(main())
    assert is_grad_enabled()


def test_an_exception_leaves_every_switch():
    shared = no_grad()
    with pytest.raises(ZeroDivisionError), shared, enable_grad(), shared:
        raise ZeroDivisionError
    assert is_grad_enabled()


def test_a_suspended_generator_closed_elsewhere_switches_nothing():
    def generate():
        with no_grad():
            yield

    generator = generate()
    contextvars.copy_context().run(next, generator)
    with enable_grad():
        contextvars.Context().run(generator.close)
        generator.close()
        assert is_grad_enabled()
    assert is_grad_enabled()


def other_threads_can_write():
    def take_and_give_back():
        taken = _deposits.acquire(timeout=5)
        if taken:
            _deposits.release()
        return taken

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(take_and_give_back).result()


# -- exceptions in a backward pass ---------------------------------------------------------------------------------


@EVERY_INSTRUCTION
def test_an_interrupt_at_any_instruction_writes_all_gradients_or_none(count, figure):
    tensors = [Tensor(np.full(2, value), requires_grad=True) for value in (0.5, 2.0, 3.0)]

    def loss():
        x, y, z = tensors
        return (np.tanh(x * y) + z * z + x).sum() * z.sum()

    loss().backward()
    full = [tensor.grad.copy() for tensor in tensors]
    moment, outcomes = 0, {"as before": 0, "all written": 0}
    while True:
        for tensor in tensors:
            tensor.grad = np.ones(2)
        result = loss()
        came = interrupted(result.backward, moment, everywhere=True)
        assert other_threads_can_write(), f"the lock is held after an interrupt before instruction {moment}"
        written = [not (tensor.grad == 1).all() for tensor in tensors]
        for tensor, gradient, done in zip(tensors, full, written, strict=True):
            np.testing.assert_array_equal(tensor.grad, 1 + gradient if done else np.ones(2))
        assert len(set(written)) == 1, f"half-written by an interrupt before instruction {moment}"
        if not came:
            break
        outcomes["all written" if written[0] else "as before"] += 1
        # The graph is whole or released; what it gives is never wrong.
        for tensor in tensors:
            tensor.grad = None
        if result._node.saved is None:
            with pytest.raises(RuntimeError, match="released"):
                result.backward()
            assert all(tensor.grad is None for tensor in tensors)
        else:
            result.backward()
            for tensor, gradient in zip(tensors, full, strict=True):
                np.testing.assert_array_equal(tensor.grad, gradient)
        moment += count(5, 1)  # more instructions than that follow the writing
    assert min(outcomes.values()) > 0
    assert is_grad_enabled()
    figure(
        f"interrupts of a backward pass: {sum(outcomes.values())} instructions tried, gradients all written after "
        f"{outcomes['all written']}, as before after {outcomes['as before']}, half-written after 0"
    )


@pytest.mark.parametrize("position", range(4))
def test_a_rule_that_raises_leaves_the_gradients_and_the_rest_of_the_graph(position):
    failing = [True]

    def rule(g):
        if failing[0]:
            raise FloatingPointError("in a rule")
        return g

    fragile = primitive(lambda x: x * 1, name="fragile", x=rule)
    x, w = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    x.grad = w.grad = np.ones(2)
    y = x * w
    for place in range(4):
        y = fragile(y) if place == position else y * 2
    with pytest.raises(FloatingPointError):
        y.sum().backward()
    assert (x.grad == 1).all()
    assert (w.grad == 1).all()
    assert is_grad_enabled()
    failing[0] = False
    with pytest.raises(RuntimeError, match="released"):
        y.sum().backward() if position < 3 else (y.backward([1, 1]), y.backward([1, 1]))


def test_an_exception_in_one_thread_does_not_touch_the_others():
    def work(number):
        x = Tensor(np.full(3, number + 1.0), requires_grad=True)
        for _ in range(30):
            x.grad = None
            if number % 2:
                with pytest.raises(ValueError, match="gradient"):
                    (x * x).backward(np.ones(5))
                assert x.grad is None
            (x * x).sum().backward()
            np.testing.assert_array_equal(x.grad, 2 * x.data)
            pull = vjp(lambda t: t * t, x.data)[1]
            np.testing.assert_array_equal(pull(np.ones(3))[0], 2 * x.data)
        return True

    assert all(in_threads(work))
