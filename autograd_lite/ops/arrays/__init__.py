"""Operations that move, select and join elements: shapes, indices, sorting."""
