"""The place that is named is the expression that the user wrote, or none is named."""

import functools
import linecache

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Tensor, nn
from autograd_lite.core.hooks import observing
from autograd_lite.testing.chain_rule.source_places import Places
from autograd_lite.testing.comparing.evaluation import tensor_result
from autograd_lite.testing.comparing.inputs import read_inputs

X = np.abs(np.random.default_rng(0).normal(size=(3, 3))) + 0.1


def places(fn, *inputs):
    """The operations that fn records, each with its place."""
    observer = Places()
    with observing(observer):
        fn(*[Tensor(value, requires_grad=True) for value in inputs])
    return [(node.operation.name, place) for node, place in observer.of.items()]


def texts(fn, *inputs):
    return [(name, place.text) for name, place in places(fn, *inputs)]


def doubled(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x) * 2

    return wrapper


@doubled
def decorated(x):
    return np.sin(x)


def over_several_lines(x):
    return (
        x
        .reshape(9, 1)  # a column
        .sum(
            axis=0,  # to a number
            keepdims=True,
        )
    )  # fmt: skip


def in_place(x):
    y = x * 1
    y += x  * 3  # fmt: skip
    return y


def unpacked(x):
    a, b, c = x
    return a, b, c


class Model:
    def __init__(self):
        self.layer = nn.Linear(3, 3)
        self.__scale = Tensor(1.0, requires_grad=True)

    def __call__(self, x):
        return self.layer(x) * self.__scale


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        (lambda x: np.log(np.exp(x).sum()), ["np.exp(x)", "np.exp(x).sum()", "np.log(np.exp(x).sum())"]),
        (lambda x: (x @ x.T + 1) [0], ["x.T", "x @ x.T", "x @ x.T + 1", "(x @ x.T + 1) [0]"]),
        (lambda x: al.softmax( x,  axis=0), ["al.softmax( x, axis=0)"]),
        (lambda ä: -ä - np.sqrt(ä), ["-ä", "np.sqrt(ä)", "-ä - np.sqrt(ä)"]),
        (lambda x: [np.sin(row) for row in x], ["x", "np.sin(row)"] * 3),
        (decorated, ["np.sin(x)", "function(x) * 2"]),
        (over_several_lines, ["x.reshape(9, 1)", "x.reshape(9, 1).sum(axis=0, keepdims=True)"]),
        (in_place, ["x * 1", "x * 3", "y += x * 3"]),
        (unpacked, ["a, b, c = x"] * 3),
        (Model(), ["self.layer(x)", "self.layer(x) * self.__scale"]),
    ],
)  # fmt: skip
def test_text_is_what_the_user_wrote(fn, expected):
    assert [text for _, text in texts(fn, X)] == expected


@pytest.mark.parametrize(
    ("fn", "operands"),
    [
        (lambda x: x.mean(axis=0), ("x",)),
        (lambda x: np.mean(x, axis=0), ("x",)),
        (lambda x: np.linalg.norm(x), ("x",)),
        (lambda x: 1 - x, ("1", "x")),
        (lambda x: x[0, :2], ("x", "0, :2")),
        (lambda x: np.where(X > 1, x, 0), ("X > 1", "x", "0")),
        (lambda x: -x, ("x",)),
        (lambda x: x.T, ("x",)),
    ],
)
def test_operands_are_those_of_the_expression(fn, operands):
    assert places(fn, X)[-1][1].operands == operands


def test_operands_of_a_function_of_a_module_imported_inside():
    def local(x):
        import numpy as local_name

        return local_name.sum(x)

    assert places(local, X)[0][1].operands == ("x",)


def test_place_says_line_file_and_function():
    place = places(decorated, X)[0][1]
    assert (place.line, place.filename) == (decorated.__wrapped__.__code__.co_firstlineno + 2, __file__)
    assert place.function == "decorated"


def test_long_text_is_shortened_in_the_middle():
    place = places(lambda x: np.log(np.exp(x + 1.0 + 2.0 + 3.0 + 4.0 + 5.0 + 6.0 + 7.0 + 8.0).sum(axis=0)), X)[-1][1]
    assert len(place.text) <= 60
    assert place.text.startswith("np.log(np.exp(")
    assert place.text.endswith(".sum(axis=0))")


def test_rules_that_are_recorded_have_the_place_of_the_transform():
    assert [text for _, text in texts(lambda x: al.grad(lambda t: (t**3).sum())(x), X)][-1].startswith("al.grad(")


def test_operation_that_is_itself_the_function_has_no_place():
    observer, inputs = Places(), read_inputs(al.softmax, [X])
    with observing(observer):
        tensor_result(al.softmax, inputs, [0])
    assert observer.of == {}


def test_without_source_there_is_no_place():
    namespace = {"np": np}
    exec("def fn(x): return np.sin(x)", namespace)
    assert texts(namespace["fn"], X) == []


def test_source_of_another_program_is_not_quoted(tmp_path):
    file = tmp_path / "changed.py"
    code = "import numpy as np\ndef fn(x): return np.sin(x)\n"
    file.write_text(code.replace("sin", "cos"))
    namespace = {}
    exec(compile(code, str(file), "exec"), namespace)
    assert texts(namespace["fn"], X) == []
    file.write_text(code)
    linecache.checkcache(str(file))
    assert texts(namespace["fn"], X) == [("sin", "np.sin(x)")]
