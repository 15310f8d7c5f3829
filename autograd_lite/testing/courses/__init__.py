"""Checks for courses and papers: derivations line by line, many submissions, formulas as tests."""
