"""save and load: the loaded state equals the saved one, and NumPy and PyTorch can read the files."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from robustness.formats import each_suffix, needs_safetensors
from robustness.small_training import assert_same

from autograd_lite import Tensor, load, nn, save

shapes = st_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
arrays = st.one_of(
    st_numpy.arrays(dtype, shapes)
    for dtype in ("f2", "f4", "f8", "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8")
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = (
    st.text(max_size=8) | st.integers() | st.sampled_from(["a", "a/b", "..", "../../x", "/etc/passwd", "b.npy", "a\0b"])
)
states = st.recursive(
    plain | arrays | arrays.map(lambda array: array.ravel()[0] if array.size else 0),
    lambda inner: st.dictionaries(keys, inner) | st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=8,
)


@each_suffix
@given(states)
def test_what_is_saved_comes_back_bit_by_bit(suffix, state):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state" + suffix)
        save(path, state)
        assert_same(load(path), state)
        assert os.listdir(folder) == [path.name]


@each_suffix
def test_layouts_come_back_as_values_in_memory_of_their_own(tmp_path, suffix):
    base = np.arange(24.0).reshape(2, 3, 4)
    views = {"transposed": base.T, "strided": base[:, ::2, ::-1], "broadcast": np.broadcast_to(base[0], (5, 3, 4))}
    save(tmp_path / f"a{suffix}", {**views, "big-endian": base.astype(">f4"), "tensor": Tensor(base)})
    found = load(tmp_path / f"a{suffix}")
    for name, values in views.items():
        np.testing.assert_array_equal(found[name], values, strict=True)
        found[name] += 1  # the array is writable
    np.testing.assert_array_equal(found["big-endian"], base)
    np.testing.assert_array_equal(found["tensor"], base, strict=True)


@needs_safetensors
def test_long_doubles_and_complex_numbers_need_npz(tmp_path):
    for dtype in (np.longdouble, np.complex128, np.clongdouble):
        save(tmp_path / "a.npz", [np.ones(3, dtype)])
        (found,) = load(tmp_path / "a.npz")
        assert found.dtype == dtype  # bytes are not compared: a long double has padding
        np.testing.assert_array_equal(found, np.ones(3, dtype))
        with pytest.raises(TypeError, match="safetensors"):
            save(tmp_path / "a.safetensors", [np.ones(3, dtype)])
    assert os.listdir(tmp_path) == ["a.npz"]


@needs_safetensors
def test_numpy_and_the_safetensors_package_find_arrays_by_their_keys(tmp_path):
    from safetensors.numpy import load_file

    state = {"model": nn.Linear(2, 3, rng=0).state_dict(), "epoch": 4}
    for suffix, read in [(".npz", np.load), (".safetensors", load_file)]:
        save(tmp_path / f"a{suffix}", state)
        np.testing.assert_array_equal(read(tmp_path / f"a{suffix}")["model/weight"], state["model"]["weight"])


@needs_safetensors
def test_pytorch_reads_and_writes_safetensors(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is compared with where it is installed")
    from safetensors.torch import load_file, save_file

    layer, theirs = nn.Linear(2, 3, rng=0), torch.nn.Linear(2, 3)
    save(tmp_path / "ours.safetensors", layer.state_dict())
    theirs.load_state_dict(load_file(tmp_path / "ours.safetensors"))
    np.testing.assert_array_equal(theirs.weight.detach().numpy(), layer.weight.data)
    save_file({name: value * 2 for name, value in theirs.state_dict().items()}, tmp_path / "theirs.safetensors")
    layer.load_state_dict(load(tmp_path / "theirs.safetensors"))
    np.testing.assert_array_equal(layer.weight.data, 2 * theirs.weight.detach().numpy())


def test_the_same_state_gives_the_same_file(tmp_path):
    for name in "ab":
        save(tmp_path / f"{name}.npz", {"x": np.ones(3), "y": 2})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


class Tuple(tuple):
    __slots__ = ()


CYCLE = {}
CYCLE["itself"] = [CYCLE]


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"a": [object()]}, TypeError, r"state\['a'\]\[0\] is of object"),
        ({"a": np.array([None])}, TypeError, r"state\['a'\] is an array of object"),
        ({"a": np.array(["text"])}, TypeError, "array of <U4"),
        ({"a": np.zeros(2, [("x", int)])}, TypeError, "array of"),
        ({"a": {1, 2}}, TypeError, "of set"),
        ({"a": b"bytes"}, TypeError, "of bytes"),
        ({"a": 1j}, TypeError, "of complex"),
        ({"a": Tuple()}, TypeError, "of Tuple"),
        ({"a": {2.5: 1}}, TypeError, r"state\['a'\] has the key 2.5"),
        ({"a": {True: 1}}, TypeError, "key True"),
        (CYCLE, ValueError, "contains itself"),
        ({"a": 10**5000}, ValueError, "5001 digits"),
    ],
    ids=range(12),
)
def test_what_cannot_be_saved_is_an_error_and_leaves_the_old_file(tmp_path, state, error, message):
    path = tmp_path / "a.npz"
    save(path, 1)
    with pytest.raises(error, match=message):
        save(path, state)
    assert load(path) == 1
    assert os.listdir(tmp_path) == ["a.npz"]


@pytest.mark.parametrize("name", ["a", "a.npy", "a.pkl", "npz", ".npz/a"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="suffix"):
        save(tmp_path / name, 1)
    with pytest.raises(ValueError, match="suffix"):
        load(tmp_path / name)


def test_links_keep_pointing_and_files_keep_their_permissions(tmp_path):
    (tmp_path / "inner").mkdir()
    save(tmp_path / "inner" / "a.npz", 1)
    os.chmod(tmp_path / "inner" / "a.npz", 0o640)
    (tmp_path / "link.npz").symlink_to(tmp_path / "inner" / "a.npz")
    save(tmp_path / "link.npz", 2)
    assert load(tmp_path / "inner" / "a.npz") == 2
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "inner" / "a.npz").stat().st_mode & 0o777 == 0o640
