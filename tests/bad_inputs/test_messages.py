"""Whatever a wrong call is given, its error is of a documented type, and its text stays small.

Each argument of a right call of each public name is replaced by a value whose `repr` raises, returns no text, prints
megabytes or many lines.
"""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_inputs import world
from bad_inputs.table import ROWS

import autograd_lite
from autograd_lite import Tensor, nn, optim
from autograd_lite.support.messages import LIMIT, LINE, one_line, show


class Raising:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise ZeroDivisionError("in repr")

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        raise ZeroDivisionError("in format")


class NoText(Raising):
    """Its `repr` is no text."""

    __repr__ = __str__ = __format__ = lambda self, *_: 3  # type: ignore[assignment]


class Endless(Raising):
    """Its `repr` is never asked for, as nobody could wait for its end."""

    def __repr__(self) -> str:
        caller = sys._getframe(1)
        if caller.f_code is Endless.__format__.__code__:
            caller = caller.f_back  # type: ignore[assignment]
        # NumPy's own errors show what they were given; nobody can keep it from that.
        assert "autograd_lite" not in caller.f_globals["__name__"], "the repr of a foreign class is called"
        return "..."

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)


def deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


itself: list[Any] = []
itself.append(itself)
STRANGE = {
    "raising": Raising(),
    "no text": NoText(),
    "endless": Endless(),
    "list of raising": [Raising()] * 3,
    "dict of raising": {"a": Raising(), 3: [Raising()]},
    "long text": "two\nlines " * 500,
    "long bytes": b"two\nlines " * 500,
    "long list": ["one\n"] * 1_000,
    "deep list": deep(2000),
    "list of itself": itself,
    "huge integer": 10**5000,
    "negative huge integer": -(10**400),
    "array of raising": np.array([Raising(), None]),
    "array of texts": np.array(["two\nlines " * 1000] * 10),
    "class": Raising,
}
# What may be raised, by Python's and NumPy's own checks of arguments too.
DOCUMENTED = (TypeError, ValueError, IndexError, KeyError, OverflowError, AttributeError, RuntimeError, AssertionError)
DOCUMENTED += (OSError, MemoryError)


def calls(source: str, name: str) -> Iterator[str]:
    """The statements with one argument of the call of `name` replaced by STRANGE, for each of them."""
    short = name.rpartition(".")[2]
    tree = ast.parse(source)
    sites = [
        (number, place)
        for number, node in enumerate(ast.walk(tree))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == short
        for place in [*range(len(node.args)), *(keyword.arg for keyword in node.keywords)]
    ]
    for number, place in sites:
        changed = copy.deepcopy(tree)
        call: Any = list(ast.walk(changed))[number]
        strange = ast.Name("STRANGE", ast.Load())
        if isinstance(place, int):
            call.args[place] = strange
        else:
            next(keyword for keyword in call.keywords if keyword.arg == place).value = strange
        if place != "max_examples":  # a huge number of which would all be tried
            yield ast.unparse(changed)


RIGHT = {row.name: row.right for row in ROWS}
CALLS = [(name, call) for name, right in RIGHT.items() for call in calls(right, name)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strange", STRANGE)
def test_no_error_shows_more_than_a_line_of_a_value(strange: str, tmp_path: Path) -> None:
    bad = []
    objects = world.objects(tmp_path)
    for name, call in CALLS:
        try:
            world.run(call, {**world.LIBRARY, **objects, "STRANGE": STRANGE[strange]})
        except Exception as error:
            text = str(error)
            lines = text.split("\n")
            if not isinstance(error, DOCUMENTED) or len(lines) > 8 or max(map(len, lines)) > 2 * LINE + 20:
                bad.append(f"{name}: {call}: {type(error).__name__}: {len(text)} characters, {text[:300]}")
    assert bad == []


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("room", [10, 40, LIMIT])
def test_a_value_is_shown_on_one_line_of_bounded_length(strange: str, room: int) -> None:
    given = STRANGE[strange]
    for value in (given, [given], {"key": (given,)}, {0: {1, 2}, "s": given}):
        text = show(value, room)
        assert 0 < len(text) <= room
        assert text.isprintable()
    assert len(one_line(given, room)) <= max(room, len("<ZeroDivisionError>"))


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, 1e300, 2j, "a'b", b"ab", [], (), (1,), [1, [2.0, "x"]], {}, {"a": 1, 2: (3, None)}, {5},
     set(), frozenset(), frozenset({1}), range(0, 3, 2), slice(1, None, None), np.float32(0.5), np.int64(3), np.True_,
     np.dtype("f4"), np.exp, np.array([1.0, 2.0]), np.array([True]), Tensor([1.0, 2.0]), ...],
    ids=repr,
)  # fmt: skip
def test_what_is_short_is_shown_as_python_does(value: Any) -> None:
    expected = {frozenset({1}): "{1}"} if isinstance(value, frozenset) and value else {}
    assert show(value) == (expected.get(value) if expected else repr(value))


def test_what_is_long_is_shown_by_its_form() -> None:
    assert show(np.zeros((3, 4, 5), np.float32)) == "float32 (3, 4, 5)"
    assert show(Tensor(np.zeros((3, 4)))) == "Tensor float64 (3, 4)"
    assert show(nn.Linear(2, 3)) == "<Linear object>"
    assert show(10**400) == "an integer of 401 digits"
    assert show(list(range(1000)), 20) == "[0, 1, 2, 3, 4, 5..."


def test_an_error_within_the_function_of_an_operation_keeps_its_type() -> None:
    def fail(x: Any) -> Any:
        return 1 // 0

    with pytest.raises(ZeroDivisionError):
        autograd_lite.primitive(fail, x=lambda g: g)(Tensor(1.0))


# Names that the library has given or checked itself.
OWN = ("name", "__name__", "argument", "residual", "ingredient", "names[i]", "padding_mode", "names[position]")


def test_messages_show_what_users_pass_through_one_function() -> None:
    found = []
    for package in (autograd_lite, nn, optim):
        for path in Path(package.__path__[0]).rglob("*.py"):
            if path.parent.name == "program":  # its reprs are source code
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Raise):
                    found += [
                        f"{path.name}:{node.lineno}: {ast.unparse(part.value)}"
                        for part in ast.walk(node)
                        if isinstance(part, ast.FormattedValue)
                        and part.conversion == ord("r")
                        and not ast.unparse(part.value).endswith(OWN)
                    ]
    assert found == []
