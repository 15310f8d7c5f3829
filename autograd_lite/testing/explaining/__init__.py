"""All explanations of a mismatch together, each tested at other inputs."""
