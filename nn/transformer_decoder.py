"""The decoder of a transformer, and encoder and decoder together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn import init
from autograd_lite.nn.attention import MultiheadAttention
from autograd_lite.nn.module import Module
from autograd_lite.nn.normalization import LayerNorm
from autograd_lite.nn.transformer import TransformerEncoder, TransformerEncoderLayer, _Layer, _Stack
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.conversion import NumberArray


class TransformerDecoderLayer(_Layer):
    """Attention of the target to itself, attention to the memory, and a network, each added and normalized.

    x ← norm(x + attention(x)), x ← norm(x + attention(x, memory)), x ← norm(x + W₂ φ(W₁ x)); with `norm_first` each
    part reads norm(x), and only its result is added.

    Parameters and errors as for `TransformerEncoderLayer`.

    Examples
    --------
    >>> layer = TransformerDecoderLayer(4, 2, 8, batch_first=True, rng=0)
    >>> layer(np.ones((3, 5, 4), np.float32), np.ones((3, 7, 4), np.float32)).shape
    (3, 5, 4)
    """

    _attentions = ("self_attn", "multihead_attn")
    multihead_attn: MultiheadAttention
    norm3: LayerNorm

    def forward(
        self,
        tgt: Array,
        memory: Array,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Any) -> Any:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]

        def read(x: Any) -> Any:
            masks = (memory_key_padding_mask, False, memory_mask)
            return self.multihead_attn(x, memory, memory, *masks, is_causal=memory_is_causal)[0]

        return self._added(self._added(self._added(tgt, 1, attend), 2, read), 3, self._network)


class TransformerDecoder(_Stack):
    """Several decoder layers one after the other, and a normalization at the end if one is passed.

    Parameters
    ----------
    decoder_layer : TransformerDecoderLayer
        It is copied `num_layers` times, with its numbers.
    num_layers : int
    norm : Module, optional

    Raises
    ------
    ValueError
        If num_layers is not a positive integer.
    TypeError
        If the layer is not a module.

    Examples
    --------
    >>> decoder = TransformerDecoder(TransformerDecoderLayer(4, 2, 8, rng=0), 2)
    >>> decoder(np.ones((5, 3, 4), np.float32), np.ones((7, 3, 4), np.float32)).shape
    (5, 3, 4)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__("decoder_layer", decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Array,
        memory: Array,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        paddings = (tgt_key_padding_mask, memory_key_padding_mask)
        return self._run(tgt, memory, tgt_mask, memory_mask, *paddings, bool(tgt_is_causal), memory_is_causal)


class Transformer(Module):
    """An encoder for the source, and a decoder for the target that reads the result of the encoder.

    Parameters
    ----------
    d_model : int, default 512
    nhead : int, default 8
    num_encoder_layers, num_decoder_layers : int, default 6
    dim_feedforward, dropout, activation
        As for `TransformerEncoderLayer`.
    custom_encoder, custom_decoder : Module, optional
        Used in place of those made here.
    layer_norm_eps, batch_first, norm_first, bias, dtype, rng
        As for `TransformerEncoderLayer`.

    Raises
    ------
    ValueError
        If a size is out of its range.

    References
    ----------
    Vaswani et al., "Attention is all you need" (2017).

    Examples
    --------
    >>> model = Transformer(4, 2, 1, 1, 8, rng=0)
    >>> model(np.ones((7, 3, 4), np.float32), np.ones((5, 3, 4), np.float32)).shape
    (5, 3, 4)
    """

    encoder: Any
    decoder: Any

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        rng = generator(rng)
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        kinds: Any = (
            ("encoder", custom_encoder, num_encoder_layers, TransformerEncoder, TransformerEncoderLayer),
            ("decoder", custom_decoder, num_decoder_layers, TransformerDecoder, TransformerDecoderLayer),
        )
        for name, custom, count, stack, layer in kinds:
            if custom is None:
                check_positive_integer("Transformer", **{f"num_{name}_layers": count})
                norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
                custom = stack(layer(*options, dtype=dtype, rng=rng), count, norm)
            self.add_module(name, custom)
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, rng=rng)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Array,
        tgt: Array,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        paddings = (tgt_key_padding_mask, memory_key_padding_mask)
        return self.decoder(tgt, memory, tgt_mask, memory_mask, *paddings, tgt_is_causal, memory_is_causal)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: DTypeLike = np.float32) -> NumberArray:
        """The mask (sz, sz) to add that lets a place attend to those up to it: 0 there, −∞ elsewhere.

        Examples
        --------
        >>> Transformer.generate_square_subsequent_mask(2)
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
        """
        check_positive_integer("generate_square_subsequent_mask", sz=sz)
        return np.triu(np.full((sz, sz), -np.inf, dtype), 1)
