"""The catalogue of operations, one file per family. Each operation is a NumPy function and its derivative rules."""
