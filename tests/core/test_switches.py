"""no_grad and enable_grad: per thread and task, nested, as decorators, reset after exceptions."""

import asyncio
import contextvars
import threading

import pytest

from autograd_lite import Tensor, enable_grad, is_grad_enabled, no_grad


def test_switches_nest_and_restore():
    assert is_grad_enabled()
    with no_grad():
        assert not is_grad_enabled()
        with enable_grad():
            assert is_grad_enabled()
            with no_grad():
                assert not is_grad_enabled()
            assert is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_one_switch_can_be_entered_again_inside_itself():
    switch = no_grad()
    with switch:
        with switch:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


@pytest.mark.parametrize("switch", [no_grad, enable_grad])
def test_an_exception_resets_the_switch_and_passes_through(switch):
    with pytest.raises(KeyError), switch():
        raise KeyError
    assert is_grad_enabled()


def test_a_decorated_function_is_switched_for_each_call_and_keeps_its_name():
    @no_grad()
    def predict(x, factor=2):
        """Documented."""
        assert not is_grad_enabled()
        return predict(x - 1) if x > 0 else factor

    assert predict(3) == 2
    assert is_grad_enabled()
    assert (predict.__name__, predict.__doc__) == ("predict", "Documented.")


def test_a_decorated_function_that_raises_resets_the_switch():
    @no_grad()
    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert is_grad_enabled()


def _generator():
    yield


async def _coroutine():
    pass


async def _asynchronous_generator():
    yield


@pytest.mark.parametrize("switch", [no_grad, enable_grad])
@pytest.mark.parametrize("function", [_generator, _coroutine, _asynchronous_generator])
def test_functions_that_are_suspended_cannot_be_decorated(switch, function):
    with pytest.raises(TypeError, match=function.__name__):
        switch()(function)


def test_a_thread_has_its_own_switch():
    seen, inside, leave = [], threading.Event(), threading.Event()

    def hold():
        with no_grad():
            inside.set()
            leave.wait(10)
            seen.append(is_grad_enabled())

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    assert is_grad_enabled()
    leave.set()
    thread.join()
    assert seen == [False]


def test_asynchronous_tasks_do_not_disturb_each_other():
    async def switched(switch, expected):
        with switch():
            for _ in range(5):
                assert is_grad_enabled() is expected
                await asyncio.sleep(0)

    async def main():
        await asyncio.gather(switched(no_grad, False), switched(enable_grad, True), switched(no_grad, False))
        assert is_grad_enabled()

    asyncio.run(main())


def test_a_context_keeps_the_switch_to_itself():
    def enter():
        no_grad().__enter__()
        return is_grad_enabled()

    assert contextvars.Context().run(enter) is False
    assert is_grad_enabled()


def test_threads_train_at_the_same_time():
    results = {}

    def train(seed):
        w = Tensor([float(seed)], requires_grad=True)
        for _ in range(50):
            (w * w).sum().backward()
            with no_grad():
                w -= 0.1 * w.grad
            w.zero_grad()
        results[seed] = w.item()

    threads = [threading.Thread(target=train, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {seed: pytest.approx(seed * 0.8**50) for seed in range(4)}
