"""One test for each slip of the catalogue: refuted as printed, for the reason that it has, and right when corrected."""

from collections.abc import Callable

import pytest

from derivations import SLIPS, Slip


def _test_of(slip: Slip) -> Callable[[], None]:
    def test() -> None:
        counterexample = slip.claim.search(max_examples=100).counterexample
        assert counterexample is not None
        if slip.kind is not None:
            assert counterexample.findings[0].kind == slip.kind, str(counterexample)
        correction = slip.correction.search(max_examples=100)
        assert correction.counterexample is None, str(correction.counterexample)

    test.__name__ = test.__qualname__ = slip.test_name
    test.__doc__ = str(slip)
    return test


globals().update({slip.test_name: _test_of(slip) for slip in SLIPS})


def test_all_rows_are_there():
    assert [slip.id for slip in SLIPS] == [f"E{n:02}" for n in range(1, 12)]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.id)
def test_printed_inputs_refute_the_slip(slip):
    counterexample = slip.claim.search(max_examples=100).counterexample
    functions = {"fn": slip.claim.fn, "closed_form": slip.claim.closed_form}
    functions |= {function.__name__: function for function in functions.values()}
    with pytest.raises(type(counterexample.error)) as caught:
        exec(str(counterexample), functions)
    if counterexample.mismatch:
        assert caught.value.reference == counterexample.mismatch.reference
        assert (caught.value.actual == counterexample.mismatch.actual).all()
