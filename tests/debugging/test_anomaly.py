"""`anomaly`: what makes the first NaN or infinity is named, and values that are still needed cannot be changed."""

import contextlib
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import AnomalyError, Tensor, anomaly, compile, nn, no_grad, optim, primitive


def line_number():
    return sys._getframe(1).f_lineno


def test_the_operation_its_arguments_and_the_line_are_named():
    x = Tensor([[1.0, 4.0], [0.0, 2.0]], requires_grad=True)
    with anomaly():
        line = line_number() + 2
        with pytest.raises(AnomalyError) as caught:
            np.log(x * 2)
    message = str(caught.value)
    assert "log gives -inf at index (1, 0) of its result of shape (2, 2)" in message
    assert "x: float64 (2, 2), from 0 to 8" in message
    assert f"test_anomaly.py, line {line}, in test_the_operation" in message


def test_a_derivative_rule_is_named_with_the_line_that_recorded_it():
    x = Tensor([4.0, 0.0], requires_grad=True)
    with anomaly():
        line = line_number() + 1
        y = np.sqrt(x * 1.0)
        with pytest.raises(AnomalyError) as caught:
            y.sum().backward()
    message = str(caught.value)
    assert "sqrt: the derivative rule for 'x' gives inf at index (1,)" in message
    assert f"recorded in {__file__}, line {line}" in message
    assert x.grad is None


def test_operations_inside_of_modules_are_reported_with_the_line_of_the_user():
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Sigmoid())
    with no_grad():
        model[0].weight.data[0, 0] = np.nan
    with (
        anomaly(),
        pytest.raises(AnomalyError, match=r"(?s)linear gives nan.*weight: .*1 of 4 not finite, which was so"),
    ):
        model(np.ones((1, 2), np.float32))


def test_infinities_may_be_meant():
    scores = Tensor([[1.0, 2.0]], requires_grad=True)
    with anomaly(infinity=False):
        masked = np.where([[True, False]], scores, -np.inf)
        assert masked.data[0, 1] == -np.inf
    with anomaly(), pytest.raises(AnomalyError, match="where gives -inf"):
        np.where([[True, False]], scores, -np.inf)


def test_training_without_anomalies_is_the_same_inside():
    def losses():
        model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Sigmoid(), nn.Linear(4, 2, rng=0))
        optimizer = optim.Adam(model.parameters())
        for _ in range(4):
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss()(model(np.ones((2, 3), np.float32)), [0, 1])
            loss.backward()
            optimizer.step()
            yield loss.item()

    expected = list(losses())
    with anomaly():
        assert list(losses()) == expected


def test_changing_a_value_that_a_gradient_needs_is_an_error_there():
    w = Tensor([1.0, 2.0], requires_grad=True)
    plain = np.array([3.0, 4.0])
    with anomaly():
        y = (w * w * plain).sum()
        for array in w.data, plain:
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 5
        y.backward()
        w.data[0] = 5
        plain[0] = 5
        z = (w * w).sum()  # dropped without backward
        del z
        w.data[1] = 6
        kept = (w * plain).sum()
        assert not plain.flags.writeable
    w.data[0], plain[0] = 7, 7
    assert kept.item() == 5 * 5 + 6 * 4


def test_views_are_locked_down_to_the_memory_they_show():
    whole = np.arange(4.0)
    x = Tensor(1.0, requires_grad=True)
    with anomaly():
        y = x * whole[1:3]
        with pytest.raises(ValueError, match="read-only"):
            whole[1] = 9
        y.sum().backward()
        whole[1] = 9


def test_what_was_read_only_before_stays_so():
    constant = np.ones(2)
    constant.flags.writeable = False
    with anomaly():
        (Tensor([1.0, 2.0], requires_grad=True) * constant).sum().backward()
    assert not constant.flags.writeable


def test_second_derivatives_and_several_results_are_watched_too():
    x = Tensor([1e-250], requires_grad=True)
    with anomaly():
        np.sqrt(x).sum().backward(create_graph=True)
        first = x.grad.sum()
        with pytest.raises(AnomalyError, match="the derivative rule for 'x' gives -inf"):
            first.backward()
    both = primitive(lambda x: (x, x), name="twice", outputs=2, x=lambda g: g[0] + g[1] / 0.0)
    with anomaly(), pytest.raises(AnomalyError, match="twice: the derivative rule for 'x' gives"):
        both(Tensor([1.0], requires_grad=True))[1].sum().backward()


def test_other_threads_and_what_comes_after_are_not_watched():
    found = []
    with anomaly():
        thread = threading.Thread(target=lambda: found.append(np.log(Tensor([-1.0, 0.0]) * 0 + 1)))
        thread.start()
        thread.join()

        def divide():
            with np.errstate(all="ignore"):
                found.append(Tensor([1.0]) / 0.0)

        thread = threading.Thread(target=divide)
        thread.start()
        thread.join()
    assert found[1].item() == np.inf
    with np.errstate(all="ignore"):
        assert (Tensor([1.0]) / 0.0).item() == np.inf


def test_a_compiled_function_runs_as_it_is():
    compiled = compile(lambda x: np.log(Tensor(x)))
    with np.errstate(all="ignore"):
        for _ in range(3):
            compiled(np.zeros(2))
    with anomaly(), pytest.raises(AnomalyError, match="log gives -inf"):
        compiled(np.zeros(2))


def arrays_of(model):
    return [tensor.data for tensor in [*model.parameters(), *model.buffers()]]


@pytest.mark.parametrize("norm", [lambda: nn.BatchNorm1d(3), lambda: nn.LayerNorm(3)])
@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Adam])
def test_a_normalization_before_a_layer_trains_inside(norm, optimizer):
    """Parameters are views of one memory of the optimizer, which several operations need at a time."""
    model = nn.Sequential(nn.Linear(2, 3, rng=0), norm(), nn.Linear(3, 2, rng=0))
    step, x = optimizer(model.parameters(), lr=0.1), np.array([[1.0, 2.0], [0.5, -1.0]], np.float32)
    with anomaly():
        for _ in range(3):
            step.zero_grad()
            nn.CrossEntropyLoss()(model(x), [0, 1]).backward()
            step.step()
    assert all(array.flags.writeable for array in arrays_of(model))


def test_a_view_of_what_is_locked_can_be_written_afterwards():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with anomaly():
        y = x * 2.0
        loss = (y * y).sum()
        view = y[1:]
        wide = np.broadcast_to(y, (2, 2))
        assert not view.data.flags.writeable
        loss.backward()
        assert view.data.flags.writeable
    assert not wide.data.flags.writeable
    view += 1.0
    assert y.tolist() == [2, 5]
    assert wide.tolist() == [[2, 5], [2, 5]]
    with pytest.raises(ValueError, match="read-only"):
        wide += 1.0


@given(
    seed=st.integers(0, 999),
    steps=st.lists(st.sampled_from(["view", "use", "backward", "drop", "write", "fail"]), max_size=15),
)
def test_whatever_happens_inside_everything_can_be_written_afterwards(seed, steps):
    """Views of views, used and released in any order; also after an error."""
    rng = np.random.default_rng(seed)
    constant = np.ones((4, 4))
    constant.flags.writeable = False
    whole = np.arange(1.0, 17.0).reshape(4, 4)
    leaf = Tensor(np.ones((4, 4)), requires_grad=True)
    tensors, plain, losses, made = [leaf, leaf * 2.0], [whole, whole[1:].T, constant[1:]], [], []
    made += tensors

    def pick(known):
        return known[rng.integers(len(known))]

    def run():
        for step in steps:
            tensor = pick(tensors)
            if step == "view":
                tensors.append(pick([lambda t: t.T, lambda t: t[..., 1:], lambda t: t[::-1], np.ravel])(tensor))
                made.append(tensors[-1])
            elif step == "use":
                array = pick(plain)
                losses.append((tensor * tensor).sum() + (leaf[: len(array), : array.shape[1]] * array).sum())
            elif step == "backward" and losses:
                with contextlib.suppress(RuntimeError):  # the graph may be released
                    losses.pop(rng.integers(len(losses))).backward()
            elif step == "drop" and len(tensors) > 2:
                tensors.pop(rng.integers(2, len(tensors)))
            elif step == "write" and tensor.is_leaf is False:
                with contextlib.suppress(RuntimeError):  # a view of the leaf
                    tensor += 1.0
            elif step == "fail":
                raise KeyError

    with contextlib.suppress(KeyError), anomaly():
        run()
    assert whole.flags.writeable
    assert plain[1].flags.writeable
    assert not constant.flags.writeable
    assert all(tensor.data.flags.writeable for tensor in made)


def test_a_batch_that_is_refilled_before_backward_is_caught():
    """Without `anomaly` it cannot be seen, as docs/architecture.md says."""
    w, batch = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    with anomaly():
        loss = (w * batch).sum()
        with pytest.raises(ValueError, match="read-only"):
            np.copyto(batch, 0.0)
        loss.backward()
        np.copyto(batch, 5.0)
        loss = (w * w).sum()
        for array in (w.numpy(), w.data, w.detach().data):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0.0
    assert w.grad.tolist() == [3, 4]
