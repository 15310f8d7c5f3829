"""Batches: arrays with a hidden axis, on which NumPy functions compute for all elements at once. Basis of `vmap`.

The files, in reading order:

- axes: hidden axes, the shape of a value that has some, and the error for what needs the values of one element;
- batch: `Batch`, an array around an array with the hidden axis in front;
- elements: one element after the other, for whatever has no entry in the table;
- ufuncs, indices: what ufuncs, their methods and indices do with a batch;
- table: the table of NumPy functions, and its entries in shapes, reductions, choosing, joining, products;
- randomness: random numbers for each element;
- operations: forward functions and rules that cannot compute with batches, one element after the other.

Nothing here knows tensors: a tensor may hold a batch as its array. `transforms/mapping.py` has the rest.
"""

# The functions of the table are entered when their modules are imported, and the protocols of `Batch` with them.
from autograd_lite.batching import choosing, indices, products, reductions, shapes, table, ufuncs  # noqa: F401
