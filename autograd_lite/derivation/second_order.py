"""Second derivatives: the formula of a gradient is differentiated again, in the direction of a symbol V.

A formula is evaluated on tensors, so that the engine records it, and the scalar Σ g ⊙ V is derived like any loss. Its
gradient is H V. It is linear in V; where its form is known, the matrix H is read off it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.derivation.checking import WrongFormulaError, agrees, is_same, proved
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.first_order import first_order
from autograd_lite.derivation.formula import (
    Call,
    Symbol,
    alike,
    call,
    evaluate,
    mapped,
    subformulas,
    substitute,
    symbols,
)
from autograd_lite.derivation.formula_recording import Recording, as_leaf
from autograd_lite.derivation.gradient_formulas import GradientFormulas
from autograd_lite.derivation.linear_maps import NotReadError, matrix_of
from autograd_lite.derivation.lines import Line
from autograd_lite.derivation.nodes import nodes_below
from autograd_lite.derivation.rewriting import simplify, split_constant
from autograd_lite.derivation.rules import zero_gradient

Program = list[tuple[Symbol, Formula]]  # definitions in order


def second_derivative(first: GradientFormulas, thing: Any, gradient_of_loss: Tensor | None) -> list[Line]:
    """The line of ∂²L/∂w∂wᵀ for a vector w, of ∂²L/∂w² for a scalar, and of the product H V for other arrays.

    `gradient_of_loss` is the recorded gradient of the engine, if there is one.

    Raises
    ------
    RuntimeError
        If the gradient has no formula that can be differentiated again, or if the second derivative of the engine is
        another one for the current values, because it does not exist there.
    """
    graph = first.graph
    variable, loss = graph.formula_of[thing], graph.names[graph.root]
    if not isinstance(variable, Symbol):
        raise RuntimeError(
            f"derive: no second derivative with respect to a result of {thing.operation.name!r}; name it"
        )
    program = [(symbol, formula) for symbol, formula, _ in graph.definitions] + first.defined
    factor, gradient = split_constant(first.final[thing])
    v = Symbol(graph.names.fresh("V") if not graph.names.reserve("V") else "V", variable.shape, variable.dtype)
    v.value = np.random.default_rng(0).uniform(0.5, 1.5, v.shape)
    graph.trials.draw(v, is_variable=True)
    try:
        product, made = _product(first, program, gradient, variable, v)
    except WrongFormulaError:
        raise
    except Exception as error:  # a function of a formula may refuse tensors in any way
        raise RuntimeError(
            f"derive: the gradient with respect to {variable.name} has no formula that can be differentiated again "
            f"({type(error).__name__}: {error})"
        ) from error
    _check_differences(first, program, gradient, variable, v, product)
    product = simplify(call(np.multiply, (factor, product)))
    if gradient_of_loss is not None:
        _check_at_hand(gradient_of_loss, thing, v, variable, product)
    what = f"a second derivative with respect to {variable.name}"
    left, formula = f"∂²{loss}/∂{variable.name}² · {v.name}", product
    if variable.shape == ():
        left, formula = f"∂²{loss}/∂{variable.name}²", simplify(substitute(product, [(v, Constant(1))]))
    elif variable.ndim == 1 and (matrix := _matrix(first, product, v, variable, what)) is not None:
        left, formula = f"∂²{loss}/∂{variable.name}∂{variable.name}ᵀ", matrix
    used = symbols(formula)
    lines = [Line(symbol.name, (), symbol.shape, "constant") for symbol in made if symbol in used]
    return [*lines, Line(left, (formula,), formula.shape or variable.shape, "second derivative")]


def _depending(program: Program, variable: Symbol) -> set[Symbol]:
    found = {variable}
    for symbol, formula in program:
        if not found.isdisjoint(symbols(formula)):
            found.add(symbol)
    return found


def _product(
    first: GradientFormulas, program: Program, gradient: Formula, variable: Symbol, v: Symbol
) -> tuple[Formula, Iterable[Symbol]]:
    """H V as a formula, for the gradient without its constant factor, and the constants made for it."""
    rng = np.random.default_rng(1)
    depending = _depending(program, variable)
    recording = Recording()
    known = recording.known
    for symbol in symbols([gradient, *(formula for _, formula in program)]):
        if symbol not in depending:
            value = rng.uniform(0.5, 1.5, symbol.shape) if symbol.value is None else symbol.value
            # Copies: one that is a view of another would not be known by its name.
            known[symbol] = np.array(value) if symbol.shape else as_leaf(value, symbol.name)
    at_hand = rng.uniform(0.5, 1.5, variable.shape) if variable.value is None else variable.value
    known[variable] = leaf = Tensor(at_hand, requires_grad=True, dtype=float, name=variable.name)
    for symbol, formula in program:
        if symbol in depending and symbol is not variable:
            known[symbol] = recording.value(formula)
            if isinstance(known[symbol], Tensor) and known[symbol].requires_grad:
                known[symbol].name = symbol.name
    result = recording.value(gradient)
    scalar: Any = np.sum(result * np.asarray(v.value))
    nodes = nodes_below(scalar._node) if getattr(scalar, "requires_grad", False) else []
    if not any(leaf._node in node.parents for node in nodes):
        return zero_gradient(variable.shape), ()
    tensors = {symbol.name: x for symbol, x in known.items() if isinstance(x, Tensor) and x.requires_grad}
    given = {x._node: name for name, x in tensors.items()} | {scalar._node: "the scalar"}
    values = {x._node: x.data for x in tensors.values()}
    # Every name is taken, also that of a result that has two names.
    arrays = {symbol.name: np.asarray(getattr(x, "data", x)) for symbol, x in known.items()} | {v.name: v.value}
    arrays = {name: array for name, array in arrays.items() if name not in given.values()}
    own: dict[str, Formula] = {symbol.name: symbol for symbol in (*known, v)}
    for i, (constant, formula) in enumerate(recording.constants):
        own[name := f"constant {i}"] = formula
        if isinstance(constant, Tensor):
            given[constant._node] = name
        elif np.ndim(constant):
            arrays[name] = constant
    second = first_order(scalar._node, scalar._seed(None), {leaf._node}, given, {}, values, arrays)
    formulas = [gradient, *(formula for _, formula in program)]
    return _translated(first, second, own, leaf._node, formulas)


def _with_fractions(formula: Any, fractions: list[Constant]) -> Any:
    """The formula with numbers as the fractions that they were: 0.666… as 4/6, if that is a part of the gradient."""
    if isinstance(formula, Constant) and formula.denominator == 1:
        for fraction in fractions:
            ratio = formula.value / fraction.value if fraction.value else 0.5
            if ratio.is_integer() and 0 < abs(ratio) <= 24 and not float(formula.value).is_integer():
                return Constant(int(ratio) * fraction.numerator, fraction.denominator)
    if isinstance(formula, tuple | list):
        return mapped(lambda part: _with_fractions(part, fractions), formula)
    if not isinstance(formula, Call):
        return formula
    operands, options = (_with_fractions(part, fractions) for part in (formula.operands, formula.options))
    return Call(formula.function, operands, options, formula.shape, formula.dtype)


def _translated(
    first: GradientFormulas, second: GradientFormulas, own: dict[str, Formula], leaf: Any, formulas: list[Formula]
) -> tuple[Formula, Iterable[Symbol]]:
    """The gradient of the scalar, with the formulas of the first derivation in place of the names of the second."""
    written = second.final[leaf]
    definitions = {symbol: formula for symbol, formula, _ in second.graph.definitions}
    definitions |= dict(second.defined)
    ready = {id(formula) for formula in own.values()}
    fractions = [part for part in subformulas(formulas)
                 if isinstance(part, Constant) and part.denominator != 1]  # fmt: skip
    while True:
        replaced = [(x, own.get(x.name) or definitions.get(x)) for x in symbols(written) if id(x) not in ready]
        pairs: Any = [(x, new) for x, new in replaced if new is not None]
        if not pairs:
            break
        written = substitute(written, pairs)
        ready |= {id(x) for _, new in pairs for x in symbols(new) if x.name in own and own[x.name] is x}
    written = _with_fractions(written, fractions)
    made = [symbol for symbol in symbols(written) if id(symbol) not in ready]
    graph, value = first.graph, second.gradients[leaf]
    forms = (simplify(graph.named(simplify(written, conditions)), conditions) for conditions in (True, False))
    is_known = all(symbol.value is not None for symbol in symbols([written, *formulas]))
    final = proved(forms, written, value if is_known else None, np.dtype(float), "a second derivative", graph.trials)
    return final, made


# -- checks ------------------------------------------------------------------------------------------------------------


def _check_at_hand(gradient: Tensor, leaf: Any, v: Symbol, variable: Symbol, product: Formula) -> None:
    """Compare H V with the second derivative of the engine."""
    scalar = np.sum(gradient * np.asarray(v.value, variable.dtype))
    found = np.zeros(variable.shape)
    if isinstance(scalar, Tensor) and isinstance(scalar._node, Node):
        found = sweep({scalar._node: scalar._seed(None)}, retain_graph=True).get(leaf, found)
    if not agrees(product, found, variable.dtype) or not np.isfinite(found).all():
        raise RuntimeError(
            f"derive: for the current values there is no second derivative with respect to {variable.name}, or it is "
            "not that of the printed gradient, because a function has a kink, a tie or a pole there"
        )


def _check_differences(
    first: GradientFormulas, program: Program, gradient: Formula, variable: Symbol, v: Symbol, product: Formula
) -> None:
    """Compare H V with central differences of the gradient, at other inputs.

    Raises
    ------
    WrongFormulaError
        If they differ where the gradient is smooth.
    """
    trials = first.graph.trials
    for trial in trials.living:
        direction = trials.values(v, trial)[id(v)]
        near, far = (
            (_gradient_at(first, program, gradient, variable, trial, step * direction)
             - _gradient_at(first, program, gradient, variable, trial, -step * direction)) / (2 * step)
            for step in (1e-5, 2e-5)
        )  # fmt: skip
        found = np.asarray(trials.evaluate(product, trial))
        scale = max(1e-3, *(np.max(np.abs(x), initial=0) for x in (near, found)))
        is_smooth = np.isfinite(near).all() and np.max(np.abs(near - far), initial=0) <= 1e-5 * scale
        if is_smooth and not np.max(np.abs(near - found), initial=0) <= 1e-4 * scale:
            raise WrongFormulaError(
                f"derive: the second derivative with respect to {variable.name} differs from central differences; "
                "this is an error in autograd_lite, please report it"
            )


def _gradient_at(
    first: GradientFormulas, program: Program, gradient: Formula, variable: Symbol, trial: int, step: Any
) -> Any:
    trials, depending = first.graph.trials, _depending(program, variable)
    moved = {id(variable): trials.values(variable, trial)[id(variable)] + step}
    for symbol, formula in program:
        if symbol in depending and symbol is not variable:
            moved[id(symbol)] = evaluate(formula, {**trials.values(formula, trial), **moved})
    return np.asarray(evaluate(gradient, {**trials.values(gradient, trial), **moved}), np.float64)


def _matrix(first: GradientFormulas, product: Formula, v: Symbol, variable: Symbol, what: str) -> Formula | None:
    """The matrix of H V, if its form is known."""
    n = variable.shape[0]
    if alike(product, zero_gradient(variable.shape)):
        return zero_gradient((n, n))
    try:
        written = matrix_of(product, v)
    except NotReadError:
        return None
    trials = first.graph.trials
    if not is_same(call(np.matmul, (written, v)), product, np.dtype(float), trials):
        return None
    value = None
    forms = (simplify(first.graph.named(simplify(written, conditions)), conditions) for conditions in (True, False))
    return proved(forms, written, value, np.dtype(float), what, trials)
