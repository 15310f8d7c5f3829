"""Shape, order, joining, choosing and products, as cases of the catalogue."""

from samples import Case

CASES: list[Case] = []
