"""Programs as native code: loop nests in generated source, compiled by numba (``pip install "autograd-lite[native]"``).

The files, in reading order:

- loops: a NumPy call as a statement inside loops;
- operands, elementwise, reductions, indexing, lowering: from a call of the tape to statements;
- fusion, contraction: statements share loops, and memory that one iteration needs alone becomes a variable;
- neighbours, texts, kernel_source, kernels: loops as Python source;
- postponing, partition, runs, scalars: which calls become one kernel, which loops threads share; long runs of single
  numbers become a table for one kernel;
- transform, program: a tape whose calls are kernels, and its source;
- runtime, functions: what kernels call;
- exponentials, logarithms, powers, trigonometry: how the elementary functions are computed;
- reduction, coefficients, intrinsics: what these functions share;
- building, cache, progress: kernels are compiled once, or loaded from files of an earlier process.
"""
