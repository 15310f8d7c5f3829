"""Files: `save` and `load` for nested dicts of arrays, `Checkpoint` for a training."""
