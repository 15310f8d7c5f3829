"""The page docs/verify.md shows what its programs print; numbers may differ by rounding."""

import math
import re

import pytest
from verify_page import PAGE, page_with_outputs

NUMBER = re.compile(r"(?<![\w.])[-−]?\d+\.\d+(?:e[-+]?\d+)?")


def differences(shown, printed):
    """The lines that differ in words, or in numbers by more than rounding."""
    pairs = zip(shown.splitlines(), printed.splitlines(), strict=True)
    return [(mine, other) for mine, other in pairs if not _alike(mine, other)]


def _alike(mine, other):
    numbers = [[float(n.replace("−", "-")) for n in NUMBER.findall(line)] for line in (mine, other)]
    words = [" ".join(NUMBER.sub("#", line).split()) for line in (mine, other)]
    return words[0] == words[1] and all(
        math.isclose(a, b, rel_tol=1e-3 if abs(a) < 1e-5 else 1e-6, abs_tol=1e-9) for a, b in zip(*numbers, strict=True)
    )


@pytest.mark.exhaustive
def test_the_programs_print_what_the_page_shows():
    shown = PAGE.read_text(encoding="utf-8")
    assert differences(shown, page_with_outputs(shown)) == [], "run `python tests/verify_page.py`"


def test_a_wrong_output_would_be_noticed():
    page = "```python\nprint('it is', 1/3, 'times')\n```\n\n```text\n{}\n```\n"
    for output, same in (
        ("it is 0.33333333333 times", True),
        ("it is 0.334 times", False),
        ("it was 0.333 times", False),
    ):
        shown = page.format(output)
        assert (differences(shown, page_with_outputs(shown)) == []) is same


def test_the_page_has_twelve_mistakes_and_every_check():
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(\d+)\.", text, re.MULTILINE) == [str(n) for n in range(1, 13)]
    for name in ("check_closed_form", "verdict", "find_counterexample", "check_steps", "grade", "closed_form"):
        assert f"{name}(" in text
