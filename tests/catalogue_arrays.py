"""Shape, order, joining, choosing and products, as cases of the catalogue."""

import catalogue_choosing
import catalogue_diagonals
import catalogue_joining
import catalogue_ordering
import catalogue_products
from catalogue_ordering import NUMPY as NUMPY
from samples import Case

CASES: list[Case] = [
    *catalogue_ordering.CASES,
    *catalogue_choosing.CASES,
    *catalogue_diagonals.CASES,
    *catalogue_joining.CASES,
    *catalogue_products.CASES,
]
