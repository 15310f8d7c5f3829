"""Attention, transformers, recurrent cells and packed sequences against PyTorch, over their options. Needs PyTorch."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn
from autograd_lite.nn import functional
from autograd_lite.nn.utils import rnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


def pair(values):
    """The same values in either library; integers and booleans, and lists, as they are."""
    if not isinstance(values, np.ndarray):
        return values, values
    if values.dtype.kind != "f":
        return values, torch.from_numpy(values)
    return Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)


def close(own, other):
    if other is None:
        assert own is None
        return
    np.testing.assert_allclose(getattr(own, "data", own), other.detach().numpy(), rtol=1e-8, atol=1e-10)


def compare(ours, theirs, arguments, **options):
    """Results, gradients of the arguments and of the parameters."""
    pairs = [pair(value) for value in arguments]
    named = {name: pair(value) for name, value in options.items()}
    own = ours(*[one for one, _ in pairs], **{name: one for name, (one, _) in named.items()})
    other = theirs(*[two for _, two in pairs], **{name: two for name, (_, two) in named.items()})
    own, other = (tuple(flat(value)) for value in (own, other))
    for one, two in zip(own, other, strict=True):
        close(one, two)
    weights = [normal(*one.shape) for one in own if one is not None]
    sum((one * w).sum() for one, w in zip([o for o in own if o is not None], weights, strict=True)).backward()
    sum((two * torch.from_numpy(w)).sum() for two, w in zip([o for o in other if o is not None], weights, strict=True)
        ).backward()  # fmt: skip
    for one, two in [*pairs, *named.values()]:
        if isinstance(one, Tensor):
            close(one.grad, two.grad)
    if isinstance(ours, nn.Module):
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            close(p.grad, q.grad)


def flat(value):
    if isinstance(value, tuple):
        for part in value:
            yield from flat(part)
    else:
        yield value


def both(name, arguments, options):
    theirs = getattr(torch.nn, name)(*arguments, **options).double()
    ours = getattr(nn, name)(*arguments, **options).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


MASK = np.array([[True, False, True, True], [True, True, False, False], [True, True, True, True]])
PRODUCTS = [
    ((2, 3, 5), (2, 4, 5), (2, 4, 6), {}),
    ((2, 2, 3, 5), (2, 2, 4, 5), (2, 2, 4, 6), {"attn_mask": MASK}),
    ((2, 3, 5), (2, 4, 5), (2, 4, 6), {"attn_mask": RNG.normal(size=(3, 4))}),
    ((2, 3, 5), (2, 3, 5), (2, 3, 5), {"is_causal": True, "scale": 0.7}),
    ((2, 4, 3, 5), (2, 2, 4, 5), (2, 2, 4, 5), {"enable_gqa": True}),
    ((2, 3, 5), (2, 4, 5), (2, 4, 6), {"attn_mask": MASK & [[False], [True], [True]]}),  # a query without keys
]


@pytest.mark.parametrize(("q", "k", "v", "options"), PRODUCTS)
def test_scaled_dot_products_agree(q, k, v, options):
    compare(functional.scaled_dot_product_attention, torch.nn.functional.scaled_dot_product_attention,
            [normal(*q), normal(*k), normal(*v)], **options)  # fmt: skip


FORBIDDEN = np.triu(np.ones((3, 3), bool), 1)
PADDING = np.array([[False, False, True], [False, True, True]])
HEADS = [
    ({}, {}),
    ({"bias": False}, {"need_weights": False}),
    ({}, {"attn_mask": FORBIDDEN}),
    ({}, {"attn_mask": np.where(FORBIDDEN, -np.inf, 0.5)}),
    ({}, {"attn_mask": np.stack([FORBIDDEN] * 4)}),
    ({}, {"key_padding_mask": PADDING, "average_attn_weights": False}),
    ({}, {"key_padding_mask": PADDING, "attn_mask": FORBIDDEN, "is_causal": True, "need_weights": False}),
    ({"add_bias_kv": True, "add_zero_attn": True}, {"key_padding_mask": PADDING, "attn_mask": FORBIDDEN}),
    ({"add_bias_kv": True, "kdim": 3, "vdim": 5}, {}),
]


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("options", "given"), HEADS)
def test_attention_with_several_heads_agrees(options, given, batch_first):
    ours, theirs = both("MultiheadAttention", (4, 2), {**options, "batch_first": batch_first})
    sizes = (4, options.get("kdim", 4), options.get("vdim", 4))
    compare(ours, theirs, [normal(*((2, 3) if batch_first else (3, 2)), size) for size in sizes], **given)


def test_attention_of_one_sequence_agrees():
    ours, theirs = both("MultiheadAttention", (4, 2), {})
    compare(ours, theirs, [normal(3, 4) for _ in range(3)], key_padding_mask=PADDING[0])


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}, {"bias": False}])
@pytest.mark.parametrize("given", [{}, {"mask": FORBIDDEN}, {"src_key_padding_mask": PADDING}])
def test_encoders_agree(options, given):
    options = {"dropout": 0.0, "batch_first": True, **options}
    layers = [module.TransformerEncoderLayer(4, 2, 6, **options) for module in (nn, torch.nn)]
    ours = nn.TransformerEncoder(layers[0], 2, nn.LayerNorm(4)).double()
    theirs = torch.nn.TransformerEncoder(layers[1], 2, torch.nn.LayerNorm(4)).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    compare(ours, theirs, [normal(2, 3, 4)], **given)


MASKS = [{}, {"tgt_mask": FORBIDDEN}, {"memory_mask": np.where(MASK, 0.5, -np.inf), "tgt_key_padding_mask": PADDING},
         {"memory_key_padding_mask": np.array([[False, True, False, False], [False, False, True, True]])}]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}, {"bias": False}])
@pytest.mark.parametrize("given", MASKS)
def test_decoders_agree(options, given):
    options = {"dropout": 0.0, "batch_first": True, **options}
    layers = [module.TransformerDecoderLayer(4, 2, 6, **options) for module in (nn, torch.nn)]
    ours = nn.TransformerDecoder(layers[0], 2, nn.LayerNorm(4)).double()
    theirs = torch.nn.TransformerDecoder(layers[1], 2, torch.nn.LayerNorm(4)).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    compare(ours, theirs, [normal(2, 3, 4), normal(2, 4, 4)], **given)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("given", [*MASKS, {"src_key_padding_mask": ~MASK[:2], "tgt_is_causal": True}])
@pytest.mark.parametrize("options", [{"batch_first": True}, {"batch_first": True, "norm_first": True}])
def test_transformers_agree(given, options):
    if given.get("tgt_is_causal"):
        given = {**given, "tgt_mask": FORBIDDEN}
    ours, theirs = both("Transformer", (4, 2, 2, 1, 6, 0.0), options)
    compare(ours, theirs, [normal(2, 4, 4), normal(2, 3, 4)], **given)


def test_masks_of_transformers_agree():
    expected = torch.nn.Transformer.generate_square_subsequent_mask(4)
    np.testing.assert_array_equal(nn.Transformer.generate_square_subsequent_mask(4), expected.numpy())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ["RNNCell", "GRUCell", "LSTMCell"])
def test_cells_agree(name, bias):
    ours, theirs = both(name, (3, 4), {"bias": bias})
    compare(ours, theirs, [normal(5, 3)])
    for shape in ((5,), ()):
        state = normal(*shape, 4)
        states = (state, normal(*shape, 4)) if name == "LSTMCell" else state
        own = tuple(map(Tensor, states)) if name == "LSTMCell" else Tensor(states)
        other = tuple(map(torch.from_numpy, states)) if name == "LSTMCell" else torch.from_numpy(states)
        x = normal(*shape, 3)
        for one, two in zip(flat(ours(Tensor(x), own)), flat(theirs(torch.from_numpy(x), other)), strict=True):
            close(one, two)


LENGTHS = [3, 5, 1, 5]


@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2, "bidirectional": True}, {"bidirectional": True, "bias": False}]
)
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("with_state", [False, True])
def test_recurrent_layers_agree_on_packed_sequences(name, options, with_state):
    packed_sequences_agree(name, options, with_state)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
@pytest.mark.parametrize("with_state", [False, True])
def test_projections_agree(options, with_state):
    packed_sequences_agree("LSTM", {"proj_size": 1, **options}, with_state)
    ours, theirs = both("LSTM", (3, 4), {"proj_size": 2, **options, "batch_first": True})
    value = normal(2, 5, 3)
    for one, two in zip(flat(ours(value)), flat(theirs(torch.from_numpy(value))), strict=True):
        close(one, two)


def packed_sequences_agree(name, options, with_state):
    ours, theirs = both(name, (3, 2), options)
    values = [normal(length, 3) for length in LENGTHS]
    own = [Tensor(value, requires_grad=True) for value in values]
    other = [torch.tensor(value, requires_grad=True) for value in values]
    states = ()
    if with_state:
        shape = (options.get("num_layers", 1) * (1 + options.get("bidirectional", False)), 4, 2)
        arrays = [normal(*shape[:2], options.get("proj_size", 2)), normal(*shape)]
        states = arrays if name == "LSTM" else arrays[:1]
    found = []
    for module, tensors, layer, made in ((rnn, own, ours, Tensor), (torch.nn.utils.rnn, other, theirs, torch.tensor)):
        given = [made(state) for state in states]
        hx = () if not given else (tuple(given),) if name == "LSTM" else tuple(given)
        packed = module.pack_sequence(tensors, enforce_sorted=False)
        out, last = layer(packed, *hx)
        padded, lengths = module.pad_packed_sequence(out, batch_first=True, padding_value=-1.0)
        assert list(lengths) == LENGTHS
        found.append([padded, *flat(last)])
        loss = sum((result * result).sum() for result in found[-1])
        loss.backward()
    for one, two in zip(*found, strict=True):
        close(one, two)
    for one, two in zip(own, other, strict=True):
        close(one.grad, two.grad)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        close(p.grad, q.grad)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_and_packing_agree(batch_first, side):
    values = [normal(length, 2) for length in LENGTHS]
    own, other = [Tensor(v) for v in values], [torch.from_numpy(v) for v in values]
    close(rnn.pad_sequence(own, batch_first, 7.0, side), torch.nn.utils.rnn.pad_sequence(other, batch_first, 7.0, side))
    padded = [
        module.pad_sequence(tensors, batch_first) for module, tensors in ((rnn, own), (torch.nn.utils.rnn, other))
    ]
    ours = rnn.pack_padded_sequence(padded[0], LENGTHS, batch_first, enforce_sorted=False)
    theirs = torch.nn.utils.rnn.pack_padded_sequence(padded[1], torch.tensor(LENGTHS), batch_first, False)
    np.testing.assert_array_equal(ours.batch_sizes, theirs.batch_sizes.numpy())
    one, two = (module.pad_packed_sequence(packed, batch_first, total_length=6)
                for module, packed in ((rnn, ours), (torch.nn.utils.rnn, theirs)))  # fmt: skip
    close(one[0], two[0])
    for own_part, part in zip(rnn.unpad_sequence(padded[0], LENGTHS, batch_first), values, strict=True):
        np.testing.assert_array_equal(own_part.data, part)


def test_vectors_agree():
    ours, theirs = both("Linear", (2, 3), {})
    close(nn.utils.parameters_to_vector(ours.parameters()), torch.nn.utils.parameters_to_vector(theirs.parameters()))
    vector = normal(9)
    nn.utils.vector_to_parameters(vector, ours.parameters())
    torch.nn.utils.vector_to_parameters(torch.from_numpy(vector), theirs.parameters())
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        close(p, q)
