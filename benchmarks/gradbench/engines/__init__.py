"""One file for each way to differentiate: a `Library`, and what to do with the derivative before it is timed."""
