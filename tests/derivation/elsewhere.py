"""The lines of a derivation at other inputs of the same shapes, and the loss that they define, differentiated there."""

import numpy as np

from autograd_lite.derivation.formula import evaluate, symbols


def inputs_of(derivation):
    """The symbols that no line defines. Arrays that a rule has made have a line without a formula; they stay."""
    defined = {name for line in derivation.steps for name in (line.left, line.gradient)}
    used = symbols([line.formulas for line in derivation.steps])
    return {symbol.name: symbol for symbol in used if symbol.name not in defined}


def other_values(inputs, rng, leaves=(), size=0.05):
    """Values near those at hand. Arrays of integers, booleans, two numbers, rows that sum to one, or ascending numbers
    stay such; `leaves` may become anything."""
    return {name: _other(symbol, rng, size, name in leaves) for name, symbol in inputs.items()}


def _other(symbol, rng, size, is_leaf):
    value = symbol.value
    if value is None:
        return rng.uniform(0.5, 1.5, symbol.shape)
    value = np.asarray(value)
    if value.dtype.kind == "b":
        return rng.permutation(value.ravel()).reshape(value.shape)
    if value.dtype.kind in "iu":
        drawn = rng.permutation(value.ravel()).reshape(value.shape)
        return np.sort(drawn) if (np.diff(value.ravel()) >= 0).all() else drawn
    if symbol.in_simplex:
        rows = np.where(value > 0, value * rng.uniform(0.9, 1.1, value.shape), value)
        return rows / rows.sum(axis=1, keepdims=True)
    if value.ndim == 1 and len(value) > 1 and (np.diff(value) > 0).all():  # such as the places of an interpolation
        return np.sort(value + size * rng.uniform(-1, 1, value.shape) * np.diff(value).min())
    if len(np.unique(value)) == 2 and not is_leaf:
        return rng.permutation(value.ravel()).reshape(value.shape)
    return value + size * rng.uniform(-1, 1, value.shape) * np.maximum(abs(value), 0.1)


def values_at(steps, inputs):
    """The value of every form of every line, by the name on its left, in order."""
    known = dict(inputs)
    for line in steps:
        values = [evaluate(form, _environment(form, known)) for form in line.formulas]
        for value in values[1:]:
            close(value, values[0], f"the forms of {line.left}")
        if values:
            yield line.left, values[0]
            known[line.left] = values[0]
            if line.gradient:
                known[line.gradient] = line.scale.value * values[0]
                yield line.gradient, known[line.gradient]


def _environment(form, known):
    return {id(symbol): known[symbol.name] for symbol in symbols(form) if symbol.name in known}


def close(value, expected, what, rtol=1e-9):
    scale = max(1e-3, np.max(np.abs(np.where(np.isfinite(expected), expected, 0)), initial=0))
    np.testing.assert_allclose(value, expected, rtol=0, atol=rtol * scale, err_msg=what)


def check_lines(derivation, rng, loss="L", rtol=1e-5, inputs=None):
    """Every gradient line agrees with central differences of the definitions, at other inputs; how many did."""
    symbols_of = inputs_of(derivation)
    left = {line.left for line in derivation.steps}
    leaves = [name for name in symbols_of if f"∂{loss}/∂{name}" in left]
    chosen = other_values(symbols_of, rng, leaves) if inputs is None else inputs
    values = dict(values_at(derivation.steps, chosen))
    assert np.isfinite(values[loss]).all(), "outside the domain"
    definitions = [line for line in derivation.steps if line.left[0] not in "∂Δ"]
    for name in left:
        variable = name.removeprefix(f"∂{loss}/∂")
        if variable != name and variable not in values and variable not in symbols_of:
            assert not np.any(values[name]), f"{loss} does not depend on {variable}"
    checked = 0
    for name in symbols_of:
        gradient = values.get(f"∂{loss}/∂{name}")
        if gradient is None:
            continue
        direction, h = rng.normal(size=np.shape(chosen[name])), 1e-6
        there, back = (
            dict(values_at(definitions, {**chosen, name: chosen[name] + sign * h * direction}))[loss]
            for sign in (1, -1)
        )
        difference = (np.sum(there) - np.sum(back)) / (2 * h)
        expected = np.sum(gradient * direction)
        scale = max(1, abs(expected), np.sum(abs(gradient * direction)))
        assert abs(difference - expected) <= rtol * scale, f"{name}: {difference} {expected}\n{derivation}"
        checked += 1
    return checked
