"""One test for each error in the documents: refuted as printed, with the right diagnosis, and right when corrected."""

from collections.abc import Callable

import pytest

from autograd_lite.testing.counterexample import Counterexample
from derivations import DOCUMENT_ERRORS, DocumentError


def _test_of(document_error: DocumentError) -> Callable[[], None]:
    def test() -> None:
        counterexample = document_error.claim.search(max_examples=100).counterexample
        assert counterexample is not None
        if document_error.kind is not None:
            assert counterexample.findings[0].kind == document_error.kind, str(counterexample)
        check_printed_inputs_refute(document_error, counterexample)
        correction = document_error.correction.search(max_examples=100)
        assert correction.counterexample is None, str(correction.counterexample)

    test.__name__ = test.__qualname__ = document_error.test_name
    test.__doc__ = str(document_error)
    return test


def check_printed_inputs_refute(document_error: DocumentError, counterexample: Counterexample) -> None:
    claim = document_error.claim
    functions = {"fn": claim.fn, "closed_form": claim.closed_form}
    functions |= {function.__name__: function for function in functions.values()}
    with pytest.raises(type(counterexample.error)) as caught:
        exec(str(counterexample), functions)
    if counterexample.mismatch:
        assert caught.value.reference == counterexample.mismatch.reference
        assert (caught.value.actual == counterexample.mismatch.actual).all()


globals().update({document_error.test_name: _test_of(document_error) for document_error in DOCUMENT_ERRORS})


def test_all_rows_are_there():
    assert [document_error.id for document_error in DOCUMENT_ERRORS] == [f"E{n:02}" for n in range(1, 12)]
