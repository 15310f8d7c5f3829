"""Shape, order, joining, choosing and products, as cases of the catalogue."""

from catalogue import choosing as catalogue_choosing
from catalogue import diagonals as catalogue_diagonals
from catalogue import joining as catalogue_joining
from catalogue import ordering as catalogue_ordering
from catalogue import products as catalogue_products
from catalogue.ordering import NUMPY as NUMPY
from catalogue.samples import Case

CASES: list[Case] = [
    *catalogue_ordering.CASES,
    *catalogue_choosing.CASES,
    *catalogue_diagonals.CASES,
    *catalogue_joining.CASES,
    *catalogue_products.CASES,
]
