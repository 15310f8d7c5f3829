"""One file for each program: its inputs, its function, and the derivative that GradBench asks for."""
