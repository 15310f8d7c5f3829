"""The derivations that this project was built on, as code: what they state, and where they slipped.

Tests, `docs/derivations.md` and `examples/verify.py` are all drawn from the two lists of this package.
"""

from derivations import backpropagation, descent, functions, networks, regression
from derivations.catalogue import Check, Slip, Statement
from derivations.slips import SLIPS

STATEMENTS = tuple(
    sorted(
        functions.STATEMENTS
        + regression.STATEMENTS
        + backpropagation.STATEMENTS
        + descent.STATEMENTS
        + networks.STATEMENTS,
        key=lambda statement: statement.id,
    )
)

__all__ = ["SLIPS", "STATEMENTS", "Check", "Slip", "Statement"]
