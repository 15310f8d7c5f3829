"""Linear algebra, as cases of the catalogue."""

from samples import Case

CASES: list[Case] = []
