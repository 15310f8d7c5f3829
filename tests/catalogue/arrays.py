"""Shape, order, joining, choosing, pieces, writes and products, as cases of the catalogue."""

from catalogue import choosing as catalogue_choosing
from catalogue import diagonals as catalogue_diagonals
from catalogue import joining as catalogue_joining
from catalogue import ordering as catalogue_ordering
from catalogue import pieces as catalogue_pieces
from catalogue import products as catalogue_products
from catalogue import writes as catalogue_writes
from catalogue.ordering import NUMPY as NUMPY
from catalogue.samples import Case

CASES: list[Case] = [
    *catalogue_ordering.CASES,
    *catalogue_choosing.CASES,
    *catalogue_diagonals.CASES,
    *catalogue_joining.CASES,
    *catalogue_pieces.CASES,
    *catalogue_writes.CASES,
    *catalogue_products.CASES,
]
