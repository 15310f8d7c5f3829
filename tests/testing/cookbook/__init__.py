"""A cookbook of derivatives with the mistakes that people make in them."""

from testing.cookbook import layers, learning, matrices, networks, statistics, updates
from testing.cookbook.cases import CASES

__all__ = ["CASES", "layers", "learning", "matrices", "networks", "statistics", "updates"]
