"""Putting a mutant in the place of a living function, so that everybody who holds the function runs the mutant."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import CodeType

from mutations.mutants import Mutant
from mutations.targets import Node, Target

from autograd_lite.core.codegen import write_call, write_pull


@contextmanager
def in_place(mutant: Mutant) -> Iterator[None]:
    """Inside, the mutant lives. A function keeps its identity: only what it does is exchanged."""
    before = mutant.target.function.__code__
    try:
        _exchange(mutant.target, mutant.compile())
        yield
    finally:
        _exchange(mutant.target, before)


def _exchange(target: Target, code: CodeType) -> None:
    asks_for = target.function.__code__.co_varnames[: target.function.__code__.co_argcount]
    target.function.__code__ = code
    target.forget()
    if code.co_varnames[: code.co_argcount] != asks_for:
        for operation in target.operations:  # it reads again what its rules ask for, and keeps that
            primitive = operation.primitive
            primitive.needs = {name: primitive._check_rule(name, rule) for name, rule in primitive.rules.items()}
            primitive.keepers = primitive._keepers()
            primitive.saved_names = tuple(primitive.keepers)
            primitive.pull = write_pull(primitive)
            operation.__code__ = write_call(primitive).__code__


@contextmanager
def spied_on(targets: Sequence[Target]) -> Iterator[set[int]]:
    """Inside, the positions of all targets that are called are collected. A trace function would slow down the rest."""
    reached: set[int] = set()
    with ExitStack() as spies:
        for position, target in enumerate(targets):
            target.function.__globals__["_notice"] = reached.add
            spies.callback(target.function.__globals__.pop, "_notice", None)
            spy = Mutant(target, "spied on", target.node, _noticing(target.node, position))
            spies.enter_context(in_place(spy))
        yield reached


def _noticing(function: Node, position: int) -> Node:
    noticing, call = copy.deepcopy(function), f"_notice({position})"
    if isinstance(noticing, ast.Lambda):
        noticing.body = ast.parse(f"{call} or ({ast.unparse(noticing.body)})", mode="eval").body
    else:
        noticing.body.insert(0, ast.parse(call).body[0])
    return noticing
