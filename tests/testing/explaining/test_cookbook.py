"""The closed forms of the cookbook pass, their mistakes are caught, and the first two findings name them."""

import re

import pytest
from testing.explaining.cookbook import CASES
from testing.explaining.cookbook.false_findings import NOT_SAID
from testing.explaining.cookbook.not_named import NOT_NAMED

from autograd_lite.testing import GradientMismatch, check_closed_form

BY_NAME = {case.name: case for case in CASES}


def mismatch(case, change):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(case.function, case.closed_form(change), *case.arguments(), wrt=case.wrt)
    return caught.value


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore::autograd_lite.testing.NotGeneralWarning")  # some forms are for symmetric matrices
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_right_form_passes_and_mistakes_are_named(case):
    assert check_closed_form(case.function, case.closed_form(), *case.arguments(), wrt=case.wrt) <= 1e-10
    not_named = set()
    for mistake in case.mistakes:
        findings = mismatch(case, mistake.change).findings[:2]
        if not any(re.search(mistake.names, str(finding)) for finding in findings):
            not_named.add(mistake.change)
    assert not_named <= set(NOT_NAMED.get(case.name, {}))


def test_the_list_of_mistakes_that_are_not_named_is_one_of_mistakes_in_the_cookbook():
    for name, changes in NOT_NAMED.items():
        assert set(changes) <= {mistake.change for mistake in BY_NAME[name].mistakes}


def test_names_and_changes_are_unique():
    assert len(BY_NAME) == len(CASES)
    for case in CASES:
        assert len({mistake.change for mistake in case.mistakes}) == len(case.mistakes)


def says(name, change, sentence):
    return any(re.search(sentence, str(finding)) for finding in mismatch(BY_NAME[name], change).findings)


def test_sentences_that_are_false_at_other_inputs_are_not_said():
    assert [row for row in NOT_SAID if says(*row[:3])] == []
