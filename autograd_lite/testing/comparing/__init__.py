"""The comparison of a formula with the engine: inputs, values and derivatives, rounding errors, kinks."""
