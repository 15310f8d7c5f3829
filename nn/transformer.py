"""The encoder of a transformer, and what its layers share with those of the decoder."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.attention import MultiheadAttention
from autograd_lite.nn.container import ModuleList
from autograd_lite.nn.linear import Linear
from autograd_lite.nn.module import Module
from autograd_lite.nn.normalization import LayerNorm
from autograd_lite.nn.regularization import Dropout
from autograd_lite.ops.layers.activation import gelu, relu
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.messages import show

_ACTIVATIONS: dict[str, Callable[..., Any]] = {"relu": relu, "gelu": gelu}


class _Layer(Module):
    """Some attentions and a network of two layers, each of them added to its input and normalized."""

    _attentions: tuple[str, ...] = ("self_attn",)
    self_attn: MultiheadAttention
    norm1: LayerNorm
    norm2: LayerNorm

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        rng, name = generator(rng), type(self).__name__
        check_positive_integer(name, dim_feedforward=dim_feedforward)
        if isinstance(activation, str) and activation not in _ACTIVATIONS:
            raise ValueError(f'{name}: activation must be "relu", "gelu" or a function, not {show(activation)}')
        for part in self._attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng)
            setattr(self, part, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm_first = norm_first
        for number in range(1, len(self._attentions) + 2):
            setattr(self, f"norm{number}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
            setattr(self, f"dropout{number}", Dropout(dropout))
        self.activation: Any = _ACTIVATIONS[activation] if isinstance(activation, str) else activation

    def _added(self, x: Any, number: int, part: Callable[[Any], Any]) -> Any:
        """x + dropout(part(x)), normalized, by the normalization and the dropout of this number."""
        norm, drop = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        return x + drop(part(norm(x))) if self.norm_first else norm(x + drop(part(x)))

    def _network(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, and a network of two layers, each added to its input and normalized.

    x ← norm(x + attention(x)), x ← norm(x + W₂ φ(W₁ x)); with `norm_first` x ← x + attention(norm(x)) and likewise.

    Parameters
    ----------
    d_model, nhead : int
        The number of features, and of heads.
    dim_feedforward : int, default 2048
    dropout : float, default 0.1
        Of the attention, of the network, and of what is added.
    activation : "relu", "gelu" or function, default "relu"
        φ.
    layer_norm_eps : float, default 1e-5
    batch_first : bool, default False
    norm_first : bool, default False
    bias : bool, default True
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Raises
    ------
    ValueError
        If a size is out of its range, or the activation has another name.

    References
    ----------
    Vaswani et al., "Attention is all you need" (2017).

    Examples
    --------
    >>> layer = TransformerEncoderLayer(4, 2, 8, batch_first=True, rng=0)
    >>> layer(np.ones((3, 5, 4), np.float32)).shape
    (3, 5, 4)
    """

    def forward(
        self, src: Array, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        def attend(x: Any) -> Any:
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]

        return self._added(self._added(src, 1, attend), 2, self._network)


class _Stack(Module):
    """Copies of a layer one after the other, and a normalization at the end if one is passed."""

    norm: Any

    def __init__(self, called: str, layer: Module, num_layers: int, norm: Module | None) -> None:
        check_positive_integer(type(self).__name__, num_layers=num_layers)
        if not isinstance(layer, Module):
            raise TypeError(f"{type(self).__name__}: {called} must be a module, not {type(layer).__name__}")
        layers = [layer] * num_layers  # an error at once for a number that no list can have
        self.layers = ModuleList(map(copy.deepcopy, layers))
        self.num_layers = num_layers
        self.add_module("norm", norm)

    def _run(self, x: Any, *others: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *others)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """Several encoder layers one after the other, and a normalization at the end if one is passed.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        It is copied `num_layers` times, with its numbers.
    num_layers : int
    norm : Module, optional
    enable_nested_tensor, mask_check : bool
        Accepted and ignored: they choose an implementation in PyTorch.

    Raises
    ------
    ValueError
        If num_layers is not a positive integer.
    TypeError
        If the layer is not a module.

    Examples
    --------
    >>> encoder = TransformerEncoder(TransformerEncoderLayer(4, 2, 8, rng=0), 2)
    >>> encoder(np.ones((5, 3, 4), np.float32)).shape
    (5, 3, 4)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__("encoder_layer", encoder_layer, num_layers, norm)

    def forward(
        self, src: Array, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Tensor:
        return self._run(src, mask, src_key_padding_mask, bool(is_causal))
