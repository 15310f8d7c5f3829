"""Operations on each element: arithmetic, powers, logarithms, trigonometric functions, rounding."""
