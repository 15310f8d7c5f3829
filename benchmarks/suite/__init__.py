"""Training steps of several libraries, compared and timed; benchmarks/README.md describes the method."""
