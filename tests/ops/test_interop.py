"""Tensors in other libraries: DLPack, numbers, plots and tables; recorded ones are refused, with the way out."""

import numpy as np
import pytest

from autograd_lite import Tensor, from_dlpack, no_grad, optim
from autograd_lite.support.conversion import as_state

DTYPES = [np.float16, np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_]


def recorded():
    return Tensor([1.0, 2.0, 3.0], requires_grad=True) * 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_memory_is_shared_with_pytorch_in_both_directions(dtype):
    torch = pytest.importorskip("torch")
    x = Tensor(np.array([[1, 0, 1], [0, 1, 1]], dtype))
    theirs = torch.from_dlpack(x)
    np.testing.assert_array_equal(theirs.numpy(), x.data)
    theirs[0, 1] = 1
    assert x[0, 1] == 1
    back = from_dlpack(theirs)
    assert (type(back), back.dtype, back.shape) == (Tensor, np.dtype(dtype), (2, 3))
    back[...] = np.zeros((), dtype)
    assert not theirs.any()
    assert not np.shares_memory(from_dlpack(theirs, copy=True).data, back.data)


def test_numpy():
    x = recorded()
    np.testing.assert_array_equal(np.from_dlpack(x.detach()), x.data)
    assert np.from_dlpack(Tensor(2.0).detach()).shape == ()
    assert x.__dlpack_device__() == np.zeros(1).__dlpack_device__()


def test_a_view_of_every_second_element():
    array = np.arange(6.0)
    x = from_dlpack(array[::2])
    array[2] = 9
    assert x.tolist() == [0, 9, 4]
    np.testing.assert_array_equal(np.from_dlpack(Tensor(np.arange(6.0))[::-2]), [5, 3, 1])


def test_a_tensor_of_this_library():
    x = Tensor([1.0, 2.0])
    shared, copied = from_dlpack(x), from_dlpack(x, copy=True)
    x[0] = 5.0
    assert (shared.tolist(), copied.tolist()) == ([5, 2], [1, 2])


def test_what_would_lose_a_gradient_is_refused():
    x, leaf = recorded(), Tensor([1.0], requires_grad=True)
    for tensor in (x, leaf):
        for convert in (from_dlpack, np.from_dlpack):
            with pytest.raises(TypeError, match=r"\.detach\(\)"):
                convert(tensor)
        with no_grad():
            np.testing.assert_array_equal(np.from_dlpack(tensor), tensor.data)
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"\.detach\(\)"):
        torch.from_dlpack(x)
    with pytest.raises(BufferError, match="require gradient"):
        from_dlpack(torch.ones(2, requires_grad=True))


def test_what_is_no_array_of_real_numbers_is_refused():
    for wrong, message in (([1.0], "__dlpack__"), (np.ones(2, complex), "complex"), (np.ma.ones(2), "MaskedArray")):
        with pytest.raises(TypeError, match=message):
            from_dlpack(wrong)


def test_a_state_may_hold_leaves():
    leaf = Tensor([1.0, 2.0], requires_grad=True)
    np.testing.assert_array_equal(as_state(leaf), [1, 2])
    optimizer = optim.SGD([leaf], lr=0.1)
    optimizer.load_state_dict(optimizer.state_dict())


# -- numbers, plots and tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("convert", [int, float, np.int64, np.int32, np.float64, np.float32])
def test_numbers_within_no_grad(convert):
    x = recorded()
    with no_grad():
        assert convert(x[1]) == 4
        assert type(convert(x[1])) is convert
    assert convert(x[1].detach()) == 4


@pytest.mark.filterwarnings("ignore")
def test_plots_within_no_grad():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    _, axes = pyplot.subplots()
    try:
        with no_grad():
            axes.scatter(recorded(), recorded())
            (line,) = axes.plot(recorded().detach(), recorded().detach())
        np.testing.assert_array_equal(line.get_ydata(), [2, 4, 6])
    finally:
        pyplot.close("all")


def test_tables():
    pandas = pytest.importorskip("pandas")
    for table in (pandas.DataFrame({"loss": recorded().detach()}), pandas.DataFrame({"loss": [1, 2, 3]}).assign(
            loss=recorded().detach()), pandas.Series(recorded().detach()).to_frame("loss")):  # fmt: skip
        assert table["loss"].dtype == np.float64
        assert table["loss"].tolist() == [2, 4, 6]
    with pytest.raises(TypeError, match=r"\.detach\(\)"):
        pandas.DataFrame({"loss": recorded()})
    with no_grad():
        assert pandas.DataFrame({"loss": recorded()})["loss"].tolist() == [2, 4, 6]
