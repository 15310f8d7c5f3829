"""How a wrong call is written down."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One wrong call of a public name, and a right call of the same, which works after it."""

    name: str
    right: str
    wrong: str  # the last statement; those before it are right
    error: type[Exception]
    message: str  # "..." stands for anything


def rows(name: str, right: str, *wrong: tuple[str, type[Exception], str]) -> list[Row]:
    """The wrong calls of one name."""
    return [Row(name, right, *row) for row in wrong]


def each(names: str, right: str, *wrong: tuple[str, type[Exception], str]) -> list[Row]:
    """The wrong calls that several names have in common: {} stands for the name, in messages without its module."""
    found = []
    for name in names.split():
        short = name.rpartition(".")[2]
        for call, error, message in wrong:
            row = Row(name, right.replace("{}", name), call.replace("{}", name), error, message.replace("{}", short))
            found.append(row)
    return found
