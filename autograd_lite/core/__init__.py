"""The engine: tensors, the graph, the backward pass, the declaration of operations. README.md has the reading order."""
