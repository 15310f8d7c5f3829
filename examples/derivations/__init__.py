"""The derivations of four documents as code: the statements that hold, and the errors in the documents.

Tests, `docs/derivations.md` and `examples/verify.py` are generated from the two lists of this package.
"""

from derivations import backpropagation, descent, functions, networks, regression
from derivations.catalogue import Check, DocumentError, Statement
from derivations.document_errors import DOCUMENT_ERRORS

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

__all__ = ["DOCUMENT_ERRORS", "STATEMENTS", "Check", "DocumentError", "Statement"]
