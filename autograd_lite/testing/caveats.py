"""The warnings of the checks: a formula that is right, but not everywhere or not alone."""

from __future__ import annotations


class NotGeneralWarning(UserWarning):
    """The formula is right at the given inputs, but only under a condition that these inputs fulfil."""


class NotDifferentiableWarning(UserWarning):
    """The function has no derivative at the given inputs, and the formula returns one of the one-sided ones."""
