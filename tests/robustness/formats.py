"""Helpers for tests of the formats of saved files."""

import pickle
from hashlib import sha256
from importlib.util import find_spec

import pytest

needs_safetensors = pytest.mark.skipif(find_spec("safetensors") is None, reason="the extra is not installed")
each_suffix = pytest.mark.parametrize("suffix", [".npz", pytest.param(".safetensors", marks=needs_safetensors)])


def sealed(contents):
    """The contents with a correct checksum, which an attacker can compute."""
    return contents[:-64] + sha256(contents[:-64]).hexdigest().encode()


def bits(checkpoint):
    """The state that a checkpoint would save, as bytes to compare."""
    return pickle.dumps(checkpoint._state())
