"""All derivations of the documents verified, all errors in them refuted
=====================================================================

A search for counterexamples to every statement of the catalogue prints what was tried and found.

Each statement is checked on random shapes and values. For each error in the documents the search must find a
counterexample with the right diagnosis, and none to the correction. The exit status is 0 if all of this holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from derivations import DOCUMENT_ERRORS, STATEMENTS, DocumentError, Statement

# %%
# The table
# ---------


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 0 if everything holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer examples: a few seconds instead of half a minute")
    parser.add_argument("--explain", action="store_true", help="print the counterexample to each error")
    options = parser.parse_args(arguments)
    examples = 20 if options.quick else 100
    started = time.perf_counter()

    print(_row("", "statement", "examples", "shapes", "largest error"))
    verified = sum([_verify(statement, examples) for statement in STATEMENTS])
    print("\n" + _row("", "error in a document, and its diagnosis", "examples"))
    refuted = sum([_refute(error, examples, options.explain) for error in DOCUMENT_ERRORS])

    seconds = time.perf_counter() - started
    statements, errors = len(STATEMENTS), len(DOCUMENT_ERRORS)
    print(f"\n{verified} of {statements} statements verified, "
          f"{refuted} of {errors} errors in the documents refuted and corrected, in {seconds:.0f} s")  # fmt: skip
    return 0 if verified == statements and refuted == errors else 1


def _verify(statement: Statement, examples: int) -> bool:
    """One row for a statement: all its checks, in all layouts."""
    searches = [check.search(examples) for check in statement.checks]
    shapes = len(set().union(*(search.shapes for search in searches)))
    error = max(search.largest_error for search in searches)
    found = [search.counterexample for search in searches if search.counterexample]
    tried = sum(search.examples for search in searches)
    row = _row(statement.id, statement.title, tried, shapes, f"{error:.1e}")
    print(f"{row}  {'✗ REFUTED' if found else '✓ verified'}", *found, sep="\n", flush=True)
    return not found


def _refute(error: DocumentError, examples: int, explain: bool) -> bool:
    """One row for an error: the printed formula must be refuted with the right diagnosis, the correction must hold."""
    claim, correction = error.claim.search(examples), error.correction.search(examples)
    counterexample = claim.counterexample
    named = [f for f in counterexample.findings if f.kind == error.kind] if counterexample else []
    right = counterexample is not None and correction.counterexample is None and bool(named or error.kind is None)
    row = _row(error.id, error.title, claim.examples + correction.examples, "", "")
    print(f"{row}  {'✓ refuted, corrected' if right else '✗ NOT AS EXPECTED'}", flush=True)
    if counterexample is not None:
        print(f"     {named[0] if named else _reason(counterexample)}")
        if explain:
            print(f"\n{counterexample}")
    return right


def _reason(counterexample: Any) -> str:
    """The difference, where the diagnosis has no name for it."""
    mismatch = counterexample.mismatch
    if mismatch is None:
        return str(counterexample.error)
    if mismatch.is_shape_error:
        return f"wrong shape: {mismatch.actual_shape}, expected {mismatch.expected_shape}"
    return f"{mismatch.actual_value:.3g} instead of {mismatch.expected_value:.3g}"


def _row(name: str, title: str, *figures: object) -> str:
    cells = zip(figures, (9, 8, 15), strict=False)
    return f"{name:4} {title:60}" + "".join(f"{figure!s:>{width}}" for figure, width in cells)


if __name__ == "__main__":
    if status := main():
        sys.exit(status)
