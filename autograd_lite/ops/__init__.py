"""The catalogue of operations, a file a family. Each is a table: a NumPy function and its derivative rules."""
