"""Observers are notified of what the engine does, in their thread only, and cost nothing else."""

import threading

import numpy as np
import pytest

from autograd_lite import Tensor, compile, no_grad, primitive
from autograd_lite.core.hooks import Observer, current_observers, observing, registrations


class Diary(Observer):
    """Writes everything down."""

    def __init__(self):
        self.lines = []

    def on_result(self, operation, arguments, result):
        self.lines.append(("result", operation.name, arguments, result))

    def on_record(self, node):
        self.lines.append(("record", node))

    def on_pull(self, node, g, saved, gradients):
        self.lines.append(("pull", node, g, saved, gradients))

    def on_release(self, node):
        self.lines.append(("release", node))


class OtherDiary(Diary):
    pass


def test_an_operation_and_its_backward_pass():
    diary, x = Diary(), Tensor([1.0, 2.0], requires_grad=True)
    with observing(diary):
        y = x * np.array([3.0, 4.0])
        node = y._node
        y.backward([1.0, 10.0])
    result, record, pull, release = diary.lines
    assert result[:2] == ("result", "multiply")
    assert [array.tolist() for array in (*result[2], result[3])] == [[1, 2], [3, 4], [3, 8]]
    assert record == ("record", node)
    kind, pulled, g, saved, gradients = pull
    assert (kind, pulled) == ("pull", node)
    assert g.tolist() == [1, 10]
    assert saved[0].tolist() == [3, 4]
    assert saved[1] is None
    assert gradients[0].tolist() == [3, 40]
    assert gradients[1] is None
    assert release == ("release", node)
    x * 2.0
    assert len(diary.lines) == 4


def test_what_is_not_recorded_has_a_result_only_and_a_graph_that_is_kept_is_not_released():
    diary, x = Diary(), Tensor([1.0, 2.0], requires_grad=True)
    with observing(diary):
        with no_grad():
            x * 2.0
        np.exp(x).sum().backward(retain_graph=True)
        np.exp(np.ones(2))
    assert [line[0] for line in diary.lines] == ["result", "result", "record", "result", "record", "pull", "pull"]


def test_several_results_are_one_result():
    halves = primitive(lambda x: (x[:1], x[1:]), name="halves", outputs=2, x=lambda g: np.concatenate(g))
    diary, x = Diary(), Tensor([1.0, 2.0], requires_grad=True)
    with observing(diary):
        parts = halves(x)
    assert [line[0] for line in diary.lines] == ["result", "record"]
    assert [array.tolist() for array in diary.lines[0][3]] == [[1], [2]]
    assert diary.lines[1][1] is parts[0]._node.parents[0]


def test_an_inner_observer_takes_the_place_of_one_of_its_class_and_joins_the_others():
    outer, inner, other = Diary(), Diary(), OtherDiary()
    x = Tensor([1.0])
    with observing(outer), observing(other):
        with observing(inner):
            x * 2.0
        x * 3.0
    assert [len(diary.lines) for diary in (outer, inner, other)] == [1, 1, 2]
    assert current_observers() == ()
    assert not registrations


def test_an_exception_of_an_observer_ends_the_operation():
    class Refusing(Observer):
        def on_result(self, operation, arguments, result):
            raise ArithmeticError(operation.name)

    x = Tensor([1.0])
    with observing(Refusing()), pytest.raises(ArithmeticError, match="multiply"):
        x * 2.0
    assert (x * 2.0).tolist() == [2]


def test_other_threads_are_not_observed():
    diary = Diary()
    with observing(diary):
        thread = threading.Thread(target=lambda: Tensor([1.0], requires_grad=True) * 2.0)
        thread.start()
        thread.join()
    assert diary.lines == []


def test_a_compiled_function_runs_as_a_plain_function_while_it_is_observed():
    compiled, diary = compile(lambda x: Tensor(x) * 2.0), Diary()
    for _ in range(3):
        compiled(np.ones(2))
    with observing(diary):
        compiled(np.ones(2))
    assert [line[1] for line in diary.lines] == ["multiply"]
