"""The same training steps by several libraries, compared and timed: see benchmarks/README.md."""
