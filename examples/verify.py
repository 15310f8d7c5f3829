"""Verify all derivations of the catalogue: search for counterexamples and print what was tried and found.

Each statement is checked on random shapes and values. For each error in the documents the search must find a
counterexample with the right diagnosis, and none to the correction. The exit status is 0 if all of this holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from derivations import DOCUMENT_ERRORS, STATEMENTS, DocumentError, Statement

_WIDTH = 60
_GREEN, _RED, _DIM, _BOLD, _PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 0 if everything holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer examples: a few seconds instead of half a minute")
    parser.add_argument("--explain", action="store_true", help="print the counterexample to each error")
    options = parser.parse_args(arguments)
    examples = 20 if options.quick else 100
    started = time.perf_counter()

    _head("statement", "examples", "shapes", "largest error")
    verified = sum([_verify(statement, examples) for statement in STATEMENTS])
    print()
    _head("error in a document, and its diagnosis", "examples", "", "")
    refuted = sum([_refute(error, examples, options.explain) for error in DOCUMENT_ERRORS])

    complete = verified == len(STATEMENTS) and refuted == len(DOCUMENT_ERRORS)
    seconds = time.perf_counter() - started
    print(f"\n{verified} of {len(STATEMENTS)} statements verified, "
          f"{refuted} of {len(DOCUMENT_ERRORS)} errors in them refuted and corrected, in {seconds:.0f} s")  # fmt: skip
    return 0 if complete else 1


def _verify(statement: Statement, examples: int) -> bool:
    """One row for a statement: all its checks, in all layouts."""
    searches = [check.search(examples) for check in statement.checks]
    shapes = set().union(*(search.shapes for search in searches))
    error = max(search.largest_error for search in searches)
    holds = all(search.counterexample is None for search in searches)
    tried = sum(search.examples for search in searches)
    verdict = "verified" if holds else "REFUTED"
    _row(statement.id, statement.title, (tried, len(shapes), f"{error:.1e}"), verdict, holds)
    for search in searches:
        if search.counterexample:
            print(f"\n{search.counterexample}")
    return holds


def _refute(error: DocumentError, examples: int, explain: bool) -> bool:
    """One row for an error: the printed formula must be refuted with the right diagnosis, the correction must hold."""
    claim, correction = error.claim.search(examples), error.correction.search(examples)
    counterexample = claim.counterexample
    named = [f for f in counterexample.findings if f.kind == error.kind] if counterexample else []
    right = counterexample is not None and correction.counterexample is None and bool(named or error.kind is None)
    verdict = "refuted, corrected" if right else "NOT AS EXPECTED"
    _row(error.id, error.title, (claim.examples + correction.examples, "", ""), verdict, right)
    if counterexample is not None:
        mismatch = counterexample.mismatch
        if named:
            reason = str(named[0])
        elif mismatch is None:
            reason = str(counterexample.error)
        elif mismatch.is_shape_error:
            reason = f"wrong shape: {mismatch.actual_shape}, expected {mismatch.expected_shape}"
        else:
            reason = f"{mismatch.actual_value:.3g} instead of {mismatch.expected_value:.3g}"
        print(f"     {_styled(_DIM)}{reason}{_styled(_PLAIN)}")
        if explain:
            print(f"\n{counterexample}")
    return right


def _head(title: str, *figures: str) -> None:
    print(f"{_styled(_BOLD)}{'':4} {title:{_WIDTH}}{_figures(figures)}{_styled(_PLAIN)}")


def _row(row: str, title: str, figures: tuple[object, ...], verdict: str, good: bool) -> None:
    mark = f"{_styled(_GREEN)}✓" if good else f"{_styled(_RED)}✗"
    print(f"{row:4} {title:{_WIDTH}}{_figures(figures)}  {mark} {verdict}{_styled(_PLAIN)}", flush=True)


def _figures(figures: tuple[object, ...]) -> str:
    return "".join(f"{figure!s:>{width}}" for figure, width in zip(figures, (9, 8, 15), strict=True))


def _styled(code: str) -> str:
    return code if sys.stdout.isatty() else ""


if __name__ == "__main__":
    sys.exit(main())
