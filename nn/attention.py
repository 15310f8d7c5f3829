"""Attention with several heads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn import init
from autograd_lite.nn.dot_products import additive, attention_weights, causal_mask
from autograd_lite.nn.functional import dropout
from autograd_lite.nn.linear import Linear
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive_integer, check_probability
from autograd_lite.support.conversion import strip, to_floats


class MultiheadAttention(Module):
    """Several scaled dot products side by side, of projections of the query, the key and the value.

    Parameters
    ----------
    embed_dim : int
        The number of features of the query and the output, a multiple of `num_heads`.
    num_heads : int
    dropout : float, default 0
        The probability with which a weight is set to 0 in training.
    bias : bool, default True
    add_bias_kv : bool, default False
        Whether a learned key and value are added at the end.
    add_zero_attn : bool, default False
        Whether a key and a value of zeros are added at the end.
    kdim, vdim : int, optional
        The numbers of features of key and value, by default `embed_dim`.
    batch_first : bool, default False
        Whether the axis of samples precedes that of places.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    in_proj_weight, in_proj_bias : Parameter (3·embed_dim, embed_dim), (3·embed_dim,)
        Of query, key and value. With another kdim or vdim the weights are `q_proj_weight`, `k_proj_weight` and
        `v_proj_weight`. They start as Glorot's uniform distribution, the bias as 0.
    bias_k, bias_v : Parameter (1, 1, embed_dim), or None
    out_proj : Linear

    Raises
    ------
    ValueError
        If a size is not a positive integer, embed_dim is no multiple of num_heads, or shapes do not match.

    References
    ----------
    Vaswani et al., "Attention is all you need" (2017).

    Examples
    --------
    >>> attention = MultiheadAttention(4, 2, batch_first=True, rng=0)
    >>> x = np.ones((3, 5, 4), np.float32)
    >>> output, weights = attention(x, x, x)
    >>> output.shape, weights.shape
    ((3, 5, 4), (3, 5, 5))
    """

    _shown = ("embed_dim", "num_heads")
    in_proj_bias: Any
    bias_k: Any
    bias_v: Any

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        kdim, vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        check_positive_integer("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads, kdim=kdim, vdim=vdim)
        check_probability("MultiheadAttention", dropout=dropout)
        if embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim={embed_dim} is no multiple of num_heads={num_heads}")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim, self.add_zero_attn, rng = kdim, vdim, add_zero_attn, generator(rng)

        def glorot(*shape: int) -> Parameter:
            return init.xavier_uniform_(Parameter(np.zeros(shape), dtype=dtype), rng=rng)

        if kdim == vdim == embed_dim:
            self.in_proj_weight = glorot(3 * embed_dim, embed_dim)
        else:
            self.q_proj_weight, self.k_proj_weight = glorot(embed_dim, embed_dim), glorot(embed_dim, kdim)
            self.v_proj_weight = glorot(embed_dim, vdim)
        self.register_parameter("in_proj_bias", Parameter(np.zeros(3 * embed_dim), dtype=dtype) if bias else None)
        for name in ("bias_k", "bias_v"):
            start = Parameter(np.zeros((1, 1, embed_dim)), dtype=dtype) if add_bias_kv else None
            self.register_parameter(name, None if start is None else init.xavier_normal_(start, rng=rng))
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=rng)
        if bias:
            init.zeros_(self.out_proj.bias)  # type: ignore[type-var]

    def forward(
        self,
        query: Array,
        key: Array,
        value: Array,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, in the shape of the query, and the weights (N, L, S) if `need_weights`.

        In the masks True forbids, as in PyTorch, and numbers are added: `key_padding_mask` (N, S), and `attn_mask`
        (L, S) or (N·num_heads, L, S). With `is_causal` and no `attn_mask` a place may attend to those up to it.
        """
        query, key, value = (x if isinstance(x, Tensor) else to_floats(strip(x)) for x in (query, key, value))
        self._check(query, key, value)
        alone, axis = query.ndim == 2, 0 if self.batch_first else 1
        if alone:
            query, key, value = (np.expand_dims(x, axis) for x in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else np.expand_dims(key_padding_mask, 0)
        if not self.batch_first:
            query, key, value = (np.swapaxes(x, 0, 1) for x in (query, key, value))
        samples, length, _ = query.shape
        q, k, v = self._projected(query, key, value)
        if is_causal and attn_mask is None:
            attn_mask = ~causal_mask(length, key.shape[1])
        mask = self._mask(attn_mask, key_padding_mask, (samples, length, key.shape[1]), query.dtype)
        if self.bias_k is not None:
            rows = (samples, 1, self.embed_dim)
            k = np.concatenate([k, np.broadcast_to(self.bias_k, rows)], axis=1)
            v = np.concatenate([v, np.broadcast_to(self.bias_v, rows)], axis=1)
        q, k, v = (self._heads(x) for x in (q, k, v))
        if self.add_zero_attn:
            zeros = np.zeros((samples, self.num_heads, 1, k.shape[-1]), k.dtype)
            k, v = np.concatenate([k, zeros], axis=2), np.concatenate([v, zeros], axis=2)
        if mask is not None and k.shape[2] > mask.shape[-1]:
            mask = np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, k.shape[2] - mask.shape[-1])])
        weights = dropout(attention_weights(q, k, mask, q.shape[-1] ** -0.5), self.dropout, self.training)
        joined = np.reshape(np.swapaxes(weights @ v, 1, 2), (samples, length, self.embed_dim))
        out: Any = self.out_proj(joined)
        out = np.squeeze(out, 0) if alone else out if self.batch_first else np.swapaxes(out, 0, 1)
        if not need_weights:
            return out, None
        shown: Any = np.mean(weights, axis=1) if average_attn_weights else weights
        return out, np.squeeze(shown, 0) if alone else shown

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        size, bias = self.embed_dim, self.in_proj_bias
        parts = [slice(i * size, (i + 1) * size) for i in range(3)]
        if hasattr(self, "in_proj_weight"):
            weights = [self.in_proj_weight[part] for part in parts]
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        biases = [None if bias is None else bias[part] for part in parts]
        return [linear(x, weight, b) for x, weight, b in zip((query, key, value), weights, biases, strict=True)]

    def _heads(self, x: Any) -> Any:
        """(N, S, E) as (N, heads, S, E/heads)."""
        samples, places, _ = x.shape
        return np.swapaxes(np.reshape(x, (samples, places, self.num_heads, -1)), 1, 2)

    def _mask(self, attn_mask: Any, padding: Any, shape: tuple[int, int, int], dtype: Any) -> Any:
        """Both masks as one to add, that broadcasts with (N, heads, L, S)."""
        samples, length, places = shape
        mask = None
        if attn_mask is not None:
            mask = additive(attn_mask, dtype, False, "MultiheadAttention: attn_mask")
            if mask.shape == (samples * self.num_heads, length, places):
                mask = np.reshape(mask, (samples, self.num_heads, length, places))
            elif mask.shape != (length, places):
                expected = f"({length}, {places}) or ({samples * self.num_heads}, {length}, {places})"
                raise ValueError(f"MultiheadAttention: attn_mask of shape {mask.shape}, expected {expected}")
        if padding is not None:
            other = additive(padding, dtype, False, "MultiheadAttention: key_padding_mask")
            if other.shape != (samples, places):
                raise ValueError(
                    f"MultiheadAttention: key_padding_mask of shape {other.shape}, expected ({samples}, {places})"
                )
            other = other[:, None, None, :]
            mask = other if mask is None else mask + other
        return mask

    def _check(self, query: Any, key: Any, value: Any) -> None:
        sizes = [(query, self.embed_dim), (key, self.kdim), (value, self.vdim)]
        samples = slice(None, 1) if self.batch_first else slice(1, 2)
        is_right = query.ndim in (2, 3) and all(x.ndim == query.ndim and x.shape[-1] == size for x, size in sizes)
        if (
            not is_right
            or key.shape[:-1] != value.shape[:-1]
            or (query.ndim == 3 and query.shape[samples] != key.shape[samples])
        ):
            axes = "(N, {}, {})" if self.batch_first else "({}, N, {})"
            expected = [axes.format(place, size) for place, (_, size) in zip("LSS", sizes, strict=True)]
            raise ValueError(
                f"MultiheadAttention: query, key and value of shapes {query.shape}, {key.shape} and {value.shape}, "
                f"expected {expected[0]}, {expected[1]} and {expected[2]}, or without N"
            )
