"""Loading a structure takes little more memory than its file has bytes, and large valid structures can be loaded."""

import tracemalloc

import numpy as np
import pytest
from robustness.formats import needs_safetensors

from autograd_lite import load, save
from autograd_lite.persistence.saving import CorruptedFileError
from autograd_lite.persistence.structure import put_together

PARTS = {
    "empty lists": ("[]", []),
    "lists in lists": ("[" * 60 + "]" * 60, [[[[]]]]),
    "lists of a number": ("[0]", [0]),
    "empty dicts": ('{"dict": []}', {}),
    "dicts": ('{"dict": [[0, 0]]}', {0: 0}),
    "empty tuples": ('{"tuple": []}', ()),
    "tuples": ('{"tuple": [0, 0]}', (0, 0)),
    "infinities": ('{"float": "inf"}', float("inf")),
    "integers": ("999", 999),
    "strings": ('"ab"', "ab"),
    "floats": ("0.5", 0.5),
}
MEGABYTE = 2**20


def peak(function):
    tracemalloc.start()
    try:
        function()
    except CorruptedFileError:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


@pytest.mark.parametrize("name", PARTS)
def test_a_structure_takes_little_more_memory_than_its_file_or_is_refused(name):
    part, _ = PARTS[name]
    text = f"[{','.join([part] * (2 * MEGABYTE // len(part)))}]"
    assert peak(lambda: put_together(text, {})) < 16 * len(text) + MEGABYTE


@pytest.mark.parametrize("name", ["empty lists", "lists in lists", "dicts", "tuples"])
def test_a_structure_of_many_small_parts_can_be_saved_and_loaded(tmp_path, name):
    _, value = PARTS[name]
    state = {"parts": [value] * (30_000 if value == [[[[]]]] else 101_000), "w": np.ones(2)}
    save(tmp_path / "a.npz", state)
    loaded = load(tmp_path / "a.npz")
    assert loaded["parts"] == state["parts"]
    assert loaded["w"].tolist() == [1, 1]


@pytest.mark.parametrize("suffix", ["npz", pytest.param("safetensors", marks=needs_safetensors)])
@pytest.mark.parametrize("shape", [(0, 10**18), (10**18, 0), (0,), (2, 0, 3), (0, 2**62 // 8 - 1)])
@pytest.mark.parametrize("dtype", ["f8", "f4", "?", "i1"])
def test_arrays_without_elements_come_back_whatever_their_shape(tmp_path, suffix, shape, dtype):
    path = tmp_path / f"a.{suffix}"
    save(path, [np.empty(shape, dtype)])
    (found,) = load(path)
    assert (found.shape, found.dtype) == (shape, np.dtype(dtype))
