"""Linear algebra: products, systems of equations, decompositions, norms."""
