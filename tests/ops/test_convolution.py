"""Convolutions and pooling beyond the catalogue: single inputs, empty batches, ties, layers, and what is refused."""

import numpy as np
import pytest
from catalogue import layers as definitions

import autograd_lite as ag
from autograd_lite import Tensor, nn
from autograd_lite.ops.layers import convolution_form
from autograd_lite.testing import check_gradients

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


LAYERS = {
    "Conv1d": (lambda **o: nn.Conv1d(2, 4, 3, **o), (2, 7)),
    "Conv2d": (lambda **o: nn.Conv2d(2, 4, (3, 2), **o), (2, 6, 5)),
    "ConvTranspose2d": (lambda **o: nn.ConvTranspose2d(2, 4, (3, 2), **o), (2, 3, 2)),
}
FUNCTIONS = {"Conv1d": ag.conv1d, "Conv2d": ag.conv2d, "ConvTranspose2d": ag.conv_transpose2d}
each_layer = pytest.mark.parametrize("kind", LAYERS)


@each_layer
@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1, "groups": 2}, {"dilation": 2, "bias": False}])
def test_layers_follow_the_definition_with_first_and_second_derivatives(kind, options):
    make, shape = LAYERS[kind]
    layer = make(dtype=np.float64, rng=0, **options)
    x, axes = normal(2, *shape), len(shape) - 1
    full = {"stride": (1,) * axes, "padding": (0,) * axes, "dilation": (1,) * axes, "groups": 1}
    full |= {name: (value,) * axes if name != "groups" else value for name, value in options.items() if name != "bias"}
    bias = np.zeros(4) if layer.bias is None else layer.bias.data
    if kind == "ConvTranspose2d":
        expected = definitions.transposed_convolution(x, layer.weight.data, bias, output_padding=(0, 0), **full)
    else:
        expected = definitions.convolution(x, layer.weight.data, bias, **full)
    np.testing.assert_allclose(layer(Tensor(x)).data, expected, rtol=1e-12, atol=1e-12)
    if len(options) == 2:  # the other options are in the catalogue
        check_gradients(
            lambda x, w: FUNCTIONS[kind](x, w, dilation=2) ** 2, x[:1, :, -6:, ...], layer.weight.data, order=2
        )


@each_layer
@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": 3}])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_results_and_gradients_do_not_depend_on_the_size_of_blocks(kind, options, groups):
    make, shape = LAYERS[kind]
    channels = 4 if kind == "ConvTranspose2d" else 2 * groups
    x, weight = normal(3, channels, *(2 * n + 1 for n in shape[1:])), make().weight.shape[2:]
    weight = normal(4, 2 if kind == "ConvTranspose2d" else channels // groups, *weight)
    found = {}
    for block in (1, 300, 1 << 19):
        inputs = Tensor(x, requires_grad=True), Tensor(weight, requires_grad=True)
        with pytest.MonkeyPatch.context() as patch:  # the mutations do not run tests that need a fixture
            patch.setattr(convolution_form, "_BLOCK", block)
            out = FUNCTIONS[kind](*inputs, None, groups=groups, **options)
            (out * np.cos(np.arange(out.size)).reshape(out.shape)).sum().backward()
        found[block] = out.data, *(leaf.grad for leaf in inputs)
    for block in (1, 300):
        for part, whole in zip(found[block], found[1 << 19], strict=True):
            np.testing.assert_allclose(part, whole, rtol=1e-12, atol=1e-12)


def test_the_gradient_of_the_input_is_the_transpose_whichever_way_it_is_computed():
    x = normal(2, 6, 7, 5)
    for outputs in (2, 6, 8):  # the mirrored kernel is used up to as many outputs as inputs
        for groups in (1, 2):
            for options in ({}, {"padding": (2, 1)}, {"padding": (4, 3)}, {"dilation": 2, "padding": 2}):
                w = normal(outputs, 6 // groups, 3, 2)
                g = normal(*ag.conv2d(x, w, None, groups=groups, **options).shape)
                back = ag.conv_transpose2d(g, w, None, groups=groups, **options)
                np.testing.assert_allclose(
                    (g * ag.conv2d(x, w, None, groups=groups, **options)).sum(), (x * back).sum(), rtol=1e-10
                )


@each_layer
def test_one_input_is_a_batch_of_one_and_a_batch_can_be_empty(kind):
    make, shape = LAYERS[kind]
    layer = make(dtype=np.float64, rng=0)
    x = Tensor(normal(*shape), requires_grad=True)
    single, batch = layer(x), layer(x.data[None])
    np.testing.assert_array_equal(single.data, batch.data[0])
    single.sum().backward()
    assert x.grad.shape == shape
    empty = layer(Tensor(np.zeros((0, *shape)), requires_grad=True))
    assert empty.shape == (0, *single.shape)
    empty.sum().backward()
    np.testing.assert_array_equal(empty.data, np.zeros(empty.shape))


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, (2, 1), "same"])
def test_borders_can_be_made_of_the_input(mode, padding):
    layer = nn.Conv2d(1, 2, (2, 3), padding=padding, padding_mode=mode, dtype=np.float64, rng=0)
    numpy_mode = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}.get(mode, mode)
    width = {1: ((1, 1), (1, 1)), (2, 1): ((2, 2), (1, 1)), "same": ((0, 1), (1, 1))}[padding]
    x = normal(2, 1, 4, 5)
    padded = np.pad(x, ((0, 0), (0, 0), *width), mode=numpy_mode)
    expected = definitions.convolution(padded, layer.weight.data, layer.bias.data, 1, (0, 0), (1, 1), 1)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-12)
    if padding == "same":
        assert layer(x).shape == (2, 2, 4, 5)


def test_a_border_wider_than_the_input_is_refused():
    for mode, width in (("reflect", 3), ("circular", 4)):
        layer = nn.Conv1d(1, 1, 1, padding=width, padding_mode=mode)
        assert layer(np.zeros((1, 1, width + (mode == "reflect")))).shape[2] == 3 * width + (mode == "reflect")
        with pytest.raises(ValueError, match=f"Conv1d: pad: mode='{mode}' cannot make a border"):
            layer(np.zeros((1, 1, width - (mode == "circular"))))


@each_layer
def test_weights_start_uniform_within_the_bound_of_pytorch(kind):
    make, _ = LAYERS[kind]
    layer = {"Conv1d": lambda: nn.Conv1d(8, 64, 9, groups=2), "Conv2d": lambda: nn.Conv2d(8, 64, (3, 5), groups=2),
             "ConvTranspose2d": lambda: nn.ConvTranspose2d(8, 64, (3, 5), groups=2)}[kind]()  # fmt: skip
    fan = {"Conv1d": 4 * 9, "Conv2d": 4 * 15, "ConvTranspose2d": 32 * 15}[kind]
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= fan**-0.5
        assert np.abs(parameter.data).max() > 0.9 * fan**-0.5
        assert parameter.dtype == np.float32
    assert layer.weight.data.std() == pytest.approx((3 * fan) ** -0.5, rel=0.1)
    np.testing.assert_array_equal(make(rng=3).weight.data, make(rng=3).weight.data)


def test_texts_name_what_is_not_the_default():
    assert repr(nn.Conv2d(3, 6, 5, padding="same", groups=3, bias=False)).startswith(
        "Conv2d(3, 6, kernel_size=(5, 5), padding='same', groups=3, bias=False)"
    )
    assert repr(nn.ConvTranspose2d(3, 6, 5, stride=2, output_padding=1)).startswith(
        "ConvTranspose2d(3, 6, kernel_size=(5, 5), stride=(2, 2), output_padding=(1, 1))"
    )
    assert repr(nn.MaxPool2d(2, ceil_mode=True)) == (
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=True)"
    )


def test_a_bias_of_more_digits_is_added_with_all_of_them():
    x, weight, bias = np.ones((1, 1, 2), np.float32), np.ones((1, 1, 1), np.float32), np.array([1e-9])
    out = ag.conv1d(x, weight, bias)
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, 1 + 1e-9)
    assert ag.conv1d(x, weight, bias.astype(np.float32)).dtype == np.float32


# -- pooling ---------------------------------------------------------------------------------------------------------


def test_of_equal_elements_the_first_receives_the_gradient():
    x = Tensor(np.zeros((1, 1, 4, 4)), requires_grad=True)
    ag.max_pool2d(x, 2).sum().backward()
    np.testing.assert_array_equal(x.grad[0, 0], [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    x = Tensor([[[1.0, 2.0, 2.0, 0.0]]], requires_grad=True)
    ag.max_pool2d(x, (1, 3), stride=1).sum().backward()
    np.testing.assert_array_equal(x.grad, [[[0, 2, 0, 0]]])


def test_a_border_never_wins_and_nan_is_passed_on():
    np.testing.assert_array_equal(ag.max_pool2d(np.full((1, 2, 2), -5.0), 2, padding=1), np.full((1, 2, 2), -5.0))
    x = Tensor([[[1.0, np.nan], [0.0, 3.0]]], requires_grad=True)
    out = ag.max_pool2d(x, 2)
    assert np.isnan(out.item())
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, [[[0, 1], [0, 0]]])


@pytest.mark.parametrize("largest", [-np.inf, np.nan])
def test_beside_a_border_the_largest_element_receives_the_gradient_whatever_it_is(largest):
    """A place at the end sees one element and then border; −∞ is the number of the border."""
    x = Tensor([[[largest, largest], [largest, -np.inf]]], requires_grad=True)
    ag.max_pool2d(x, 2, padding=1).backward([[[1.0, 2.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(x.grad, [[[1, 2], [3, 4]]])
    x.zero_grad()
    ag.max_pool2d(x, 3, stride=1, padding=1).backward([[[1.0, 2.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(x.grad, [[[10, 0], [0, 0]]])


def test_nan_is_larger_than_infinity():
    x = Tensor([[[np.inf, 1.0, np.nan, np.nan], [np.inf, 2.0, 0.0, np.inf]]], requires_grad=True)
    ag.max_pool2d(x, (2, 3), stride=1).backward([[[1.0, 2.0]]])
    np.testing.assert_array_equal(x.grad, [[[0, 0, 3, 0], [0, 0, 0, 0]]])


def test_integers_are_pooled_as_numbers():
    x = np.arange(16).reshape(1, 4, 4)
    np.testing.assert_array_equal(ag.max_pool2d(x, 2, padding=1), [[[0, 2, 3], [8, 10, 11], [12, 14, 15]]])
    np.testing.assert_array_equal(ag.avg_pool2d(x, 2), [[[2.5, 4.5], [10.5, 12.5]]])


def test_a_kernel_with_many_positions_still_finds_its_winner():
    x = Tensor(RNG.permutation(400).reshape(1, 20, 20).astype(float), requires_grad=True)
    ag.max_pool2d(x, 20).sum().backward()
    np.testing.assert_array_equal(x.grad, x.data == 399)


def test_pooling_layers_are_their_functions():
    x = normal(2, 3, 7, 6)
    np.testing.assert_array_equal(nn.MaxPool2d(3, 2, 1, 1, ceil_mode=True)(x), ag.max_pool2d(x, 3, 2, 1, 1, True))
    np.testing.assert_array_equal(nn.AvgPool2d(3, 2, 1, True, False, 4)(x), ag.avg_pool2d(x, 3, 2, 1, True, False, 4))
    np.testing.assert_array_equal(nn.AvgPool2d(2)(x), ag.avg_pool2d(x, 2, 2))
    np.testing.assert_array_equal(nn.Upsample(size=(3, 9), mode="bilinear", align_corners=True)(x),
                                  ag.interpolate(x, (3, 9), None, "bilinear", True))  # fmt: skip
    np.testing.assert_array_equal(nn.Upsample(scale_factor=2)(x), x.repeat(2, axis=2).repeat(2, axis=3))


def test_an_infinite_pixel_stays_where_it_is():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = np.inf
    out = ag.interpolate(x, scale_factor=2)
    assert np.isinf(out).sum() == 4
    assert not np.isnan(out).any()


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 1, groups=2), "Conv2d: in_channels=3 is not divisible by groups=2"),
        (lambda: nn.Conv1d(4, 3, 1, groups=2), "Conv1d: out_channels=3 is not divisible by groups=2"),
        (lambda: nn.ConvTranspose2d(4, 3, 1, groups=2), "ConvTranspose2d: out_channels=3 is not divisible"),
        (lambda: nn.Conv2d(0, 1, 1), "in_channels must be a positive integer, not 0"),
        (lambda: nn.Conv2d(1, 1, (1, 2, 3)), r"Conv2d: kernel_size must be a positive integer, or 2 of them"),
        (lambda: nn.Conv2d(1, 1, 1, stride=0), "stride must be a positive integer"),
        (lambda: nn.Conv2d(1, 1, 1, dilation=1.5), "dilation must be a positive integer"),
        (lambda: nn.Conv2d(1, 1, 1, padding=-1), "padding must be an integer, at least 0"),
        (lambda: nn.Conv2d(1, 1, 1, padding="full"), 'must be "valid" or "same" if it is a string'),
        (lambda: nn.Conv2d(1, 1, 3, stride=2, padding="same"), "needs a stride of 1"),
        (lambda: nn.Conv2d(1, 1, 1, padding_mode="mirror"), "padding_mode must be .*, not 'mirror'"),
        (lambda: nn.ConvTranspose2d(1, 1, 1, padding_mode="reflect"), "must be .zeros., not 'reflect'"),
        (lambda: nn.ConvTranspose2d(1, 1, 1, padding="same"), "padding must be an integer or 2 of them"),
        (lambda: nn.Conv2d(1, 1, 5)(np.zeros((1, 1, 4, 6))), r"conv2d: a kernel of size \(5, 5\) is larger"),
        (lambda: nn.Conv1d(1, 1, 3, dilation=2)(np.zeros((1, 1, 4))), r"of size \(3,\), dilated to \(5,\)"),
        (lambda: nn.Conv2d(2, 1, 1)(np.zeros((1, 3, 4, 4))), "has 3 channels, but weight .* is for 2"),
        (lambda: nn.ConvTranspose2d(2, 1, 1)(np.zeros((1, 3, 4, 4))), "has 3 channels, but weight .* is for 2"),
        (lambda: nn.Conv2d(1, 1, 1)(np.zeros((4, 4))), r"conv2d: x of shape \(4, 4\)"),
        (lambda: nn.Conv1d(1, 1, 1)(np.zeros((1, 1, 4, 4))), r"conv1d: x of shape"),
        (
            lambda: ag.conv2d(np.zeros((1, 4, 3, 3)), np.zeros((3, 2, 1, 1)), groups=2),
            "divides the 3 output channels",
        ),
        (
            lambda: ag.conv_transpose2d(np.zeros((1, 3, 3, 3)), np.zeros((3, 2, 1, 1)), groups=2),
            "3 input channels",
        ),
        (
            lambda: ag.conv2d(np.zeros((1, 1, 3, 3)), np.zeros((3, 1, 1, 1)), groups=0),
            "groups must be a positive integer",
        ),
        (
            lambda: ag.conv2d(np.zeros((1, 1, 3, 3)), np.zeros((3, 1, 1, 1)), np.zeros(2)),
            r"bias of shape \(2,\)",
        ),
        (
            lambda: ag.conv_transpose2d(np.zeros((1, 1, 3, 3)), np.zeros((1, 1, 1, 1)), output_padding=1),
            "output_padding",
        ),
        (
            lambda: ag.conv_transpose2d(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 1, 1)), padding=1),
            "gives a result of size",
        ),
        (lambda: nn.MaxPool2d(2, return_indices=1), "return_indices must be True or False, not 1"),
        (lambda: nn.MaxPool2d(3)(np.zeros((1, 2, 4))), r"max_pool2d: a kernel of size \(3, 3\) is larger"),
        (lambda: nn.MaxPool2d(2, padding=2)(np.zeros((1, 4, 4))), "more than half of the kernel"),
        (lambda: nn.AvgPool2d(2, stride=0)(np.zeros((1, 4, 4))), "AvgPool2d: stride"),
        (lambda: nn.AvgPool2d(2, divisor_override=0)(np.zeros((1, 4, 4))), "divisor_override"),
        (lambda: nn.AvgPool2d(2)(np.zeros((4, 4))), r"expected \(N, C, H, W\) or \(C, H, W\)"),
        (lambda: nn.Upsample()(np.zeros((1, 1, 2, 2))), "either size or scale_factor"),
        (lambda: nn.Upsample(2, 2)(np.zeros((1, 1, 2, 2))), "either size or scale_factor"),
        (lambda: nn.Upsample(2, mode="bicubic")(np.zeros((1, 1, 2, 2))), "mode must be .*, not 'bicubic'"),
        (lambda: nn.Upsample(2, mode="linear")(np.zeros((1, 1, 2, 2))), "expected 3 axes"),
        (lambda: nn.Upsample(2, align_corners=True)(np.zeros((1, 1, 2, 2))), "align_corners is for"),
        (lambda: nn.Upsample((2, 2, 2))(np.zeros((1, 1, 2, 2))), "size must be one positive number"),
        (lambda: nn.Upsample(scale_factor=0.1)(np.zeros((1, 1, 2, 2))), "gives an empty result"),
        (lambda: nn.Upsample(2)(np.zeros((1, 1, 0, 2))), "no elements"),
        (lambda: nn.Flatten(2, 1)(np.zeros((1, 2, 3))), "start_dim=2 is after end_dim=1"),
    ],
)
def test_what_cannot_be_computed_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("start", "end", "expected"), [(1, -1, (2, 60)), (0, 1, (6, 4, 5)), (-2, -1, (2, 3, 20)),
                                                        (1, 1, (2, 3, 4, 5)), (0, -1, (120,))])  # fmt: skip
def test_flatten_joins_the_axes_between(start, end, expected):
    x = Tensor(normal(2, 3, 4, 5), requires_grad=True)
    out = nn.Flatten(start, end)(x)
    np.testing.assert_array_equal(out.data, x.data.reshape(expected))
    out.backward(np.arange(120.0).reshape(expected))
    np.testing.assert_array_equal(x.grad.ravel(), np.arange(120))
    assert nn.Flatten()(np.zeros((0, 3, 2))).shape == (0, 6)
