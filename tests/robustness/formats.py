"""The formats of saved files: what tests of them have in common."""

import pickle
from hashlib import sha256
from importlib.util import find_spec

import pytest

needs_safetensors = pytest.mark.skipif(find_spec("safetensors") is None, reason="the extra is not installed")
each_suffix = pytest.mark.parametrize("suffix", [".npz", pytest.param(".safetensors", marks=needs_safetensors)])


def sealed(contents):
    """With the checksum that belongs to the contents, as somebody who knows the format can make it."""
    return contents[:-64] + sha256(contents[:-64]).hexdigest().encode()


def bits(checkpoint):
    """All that a checkpoint would save, as bytes to compare."""
    return pickle.dumps(checkpoint._state())
