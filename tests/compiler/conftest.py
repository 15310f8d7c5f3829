"""Programs of NumPy calls, which equal the function to the last bit, unless the environment asks for kernels."""

import os

import pytest


@pytest.fixture(autouse=True)
def _numpy_calls(request, monkeypatch):
    if "native" not in request.path.parts and "AUTOGRAD_LITE_BACKEND" not in os.environ:
        monkeypatch.setenv("AUTOGRAD_LITE_BACKEND", "numpy")
