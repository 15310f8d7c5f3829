"""Operations that rearrange, select and join elements: shapes, indices, sorting."""
