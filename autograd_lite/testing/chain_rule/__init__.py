"""Explanations from the function: one step of the chain rule, or the same step everywhere, is wrong."""
