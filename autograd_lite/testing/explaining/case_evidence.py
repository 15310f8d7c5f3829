"""What a diagnosis of one derivative works on: the inputs, and gradients that it computes when they are needed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.recorded import Recorded, has_square
from autograd_lite.testing.chain_rule.wrong_steps import mistaken_gradients
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.evaluation import as_array, derivatives, tensor_result
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.diagnosis.evidence import Evidence


def evidence_of(case: Case, inputs: Inputs, reference: Reference) -> Evidence:
    """What a diagnosis of one derivative works on."""
    named = case.intermediates(*inputs.arrays()) if case.intermediates else {}
    intermediates = {name: as_array(value, f"intermediates: {name!r} is") for name, value in named.items()}
    size, position = len(reference.output_shape), reference.position
    argument = None if position is None else inputs.names[position]
    evidence = Evidence(inputs.numbers(), argument, size, case.rtol, case.atol, intermediates)
    if position is None:
        return evidence
    recorded = cache(lambda: Recorded(case.fn, inputs, position))
    return replace(
        evidence,
        adjoints=cache(lambda: recorded().adjoints()),
        has_square=lambda: has_square(recorded()),
        other_gradients=cache(lambda: _other_gradients(case, inputs, position)),
        mistaken_gradients=cache(lambda: tuple(mistaken_gradients(recorded(), inputs.names[position]))),
    )


def _other_gradients(case: Case, inputs: Inputs, position: int) -> dict[str, NumberArray]:
    others = [i for i in inputs.floats() if i != position]
    try:
        result, tensors = tensor_result(case.fn, inputs, inputs.floats())
        return {inputs.names[i]: jacobian for i, jacobian in derivatives(result, tensors, others).items()}
    except Exception:  # they are only evidence, and fn need not have these gradients
        return {}
