"""A cookbook of derivatives with the mistakes that people make in them."""

from testing.explaining.cookbook import layers, learning, matrices, networks, statistics, updates
from testing.explaining.cookbook.cases import CASES

__all__ = ["CASES", "layers", "learning", "matrices", "networks", "statistics", "updates"]
