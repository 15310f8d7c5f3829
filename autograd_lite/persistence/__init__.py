"""Files: `save` and `load` for nested dicts of arrays, `Checkpoint` for a training run.

`structure` converts a nested structure to JSON and arrays; `npz` and `saving` write and read the file formats; `files`
replaces a file atomically; `checkpoint` saves a training run, and `generators` finds the random generators in it.
"""
