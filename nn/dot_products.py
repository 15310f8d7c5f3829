"""Scaled dot products: the weights of attention, and their masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.activation import softmax
from autograd_lite.random import generator
from autograd_lite.support.checks import check_probability
from autograd_lite.support.conversion import strip, to_floats


def attention_weights(query: Any, key: Any, mask: Any, scale: float) -> Any:
    """softmax(query keyᵀ·scale + mask), (..., L, S), and 0 for a query that may attend to no key.

    `mask` is None, or numbers to add, of which −∞ forbids.
    """
    scores = (query * scale) @ np.swapaxes(key, -1, -2)
    if mask is None:
        return softmax(scores, -1)
    may = np.isneginf(strip(mask)).all(axis=-1, keepdims=True) ^ True
    # A row of −∞ alone has no softmax: it is computed without a mask, and the result is taken as 0.
    return softmax(scores + np.where(may, mask, 0), -1) * may.astype(scores.dtype)


def additive(mask: Any, dtype: Any, allows: bool, where: str) -> Any:
    """A mask as numbers to add; where a boolean one is `allows`, a key may be attended to."""
    kind = np.asarray(strip(mask)).dtype
    if kind == np.bool_:
        return np.where(np.asarray(strip(mask)) == allows, 0.0, -np.inf).astype(dtype)
    if kind.kind != "f":
        raise TypeError(f"{where} must be boolean or floating-point, not {kind}")
    return mask


def causal_mask(queries: int, keys: int) -> Any:
    """True where the query of a row may attend to the key of a column: up to its own place."""
    return np.arange(keys) <= np.arange(queries)[:, None]


@composed
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    rng: np.random.Generator | int | None = None,
) -> Tensor:
    """softmax(query keyᵀ·scale + mask) value: for each query the mean of the values, weighted by the keys.

    Parameters
    ----------
    query : array (..., L, E)
    key : array (..., S, E)
    value : array (..., S, V)
    attn_mask : array that broadcasts with (..., L, S), optional
        Booleans, True where a query may attend to a key, or numbers to add.
    dropout_p : float, default 0
        The probability with which a weight is set to 0. As in PyTorch, it applies whenever it is not 0.
    is_causal : bool, default False
        Whether query i may attend to the keys up to i only. Not together with a mask.
    scale : float, optional
        By default 1/√E.
    enable_gqa : bool, default False
        Whether the queries have a multiple of the heads (axis −3) of keys and values, which are then repeated.
    rng : numpy.random.Generator or int, optional

    Returns
    -------
    Tensor (..., L, V)
        0 for a query that may attend to no key.

    Raises
    ------
    ValueError
        If shapes do not match, or both a mask and `is_causal` are given.
    TypeError
        If the mask is neither boolean nor floating-point.

    References
    ----------
    Vaswani et al., "Attention is all you need" (2017).

    Examples
    --------
    >>> x = Tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> scaled_dot_product_attention(x, x, x, is_causal=True).round(2)
    Tensor([[1.  , 0.  ],
            [0.33, 0.67]])
    """
    query, key, value = (x if isinstance(x, Tensor) else to_floats(strip(x)) for x in (query, key, value))
    shapes = query.shape, key.shape, value.shape
    if min(map(len, shapes)) < 2 or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(f"query, key and value of shapes {shapes}, expected (..., L, E), (..., S, E) and (..., S, V)")
    if is_causal and attn_mask is not None:
        raise ValueError("pass attn_mask or is_causal=True, not both")
    check_probability("scaled_dot_product_attention", dropout_p=dropout_p)
    if enable_gqa:
        key, value = (np.repeat(x, query.shape[-3] // x.shape[-3], axis=-3) for x in (key, value))
    if is_causal:
        attn_mask = causal_mask(query.shape[-2], key.shape[-2])
    mask = None if attn_mask is None else additive(attn_mask, query.dtype, True, "attn_mask")
    weights = attention_weights(query, key, mask, query.shape[-1] ** -0.5 if scale is None else scale)
    if dropout_p:
        kept = generator(rng).random(weights.shape, dtype=np.float32) >= dropout_p
        weights = weights * np.multiply(kept, 1 / (1 - dropout_p) if dropout_p < 1 else 0, dtype=weights.dtype)
    return weights @ value
