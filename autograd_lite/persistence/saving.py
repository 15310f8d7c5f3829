"""save and load: nested dicts of arrays, numbers and strings in a file. Damaged files are refused; no code is run."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from hashlib import sha256
from typing import Any, BinaryIO

import numpy as np

from autograd_lite.persistence.files import kind_of_file, replace_file, show_path
from autograd_lite.persistence.npz import read_npz, write_npz
from autograd_lite.persistence.structure import CorruptedFileError, put_together, take_apart
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show

__all__ = ["CorruptedFileError", "load", "save"]


def save(path: str | os.PathLike[str], state: Any) -> None:
    """Write `state` to a file, or replace the file.

    At every instant, even if the process is killed or the power fails, the path holds the complete old or the complete
    new file.

    Parameters
    ----------
    path : str or path
        The suffix selects the format: ".npz", or ".safetensors", which needs
        ``pip install "autograd-lite[safetensors]"``. `numpy.load` reads the first, and PyTorch the second with
        ``safetensors.torch.load_file``. In both the name of an array is its keys joined by "/": ``"model/0.weight"``.
    state : nested dict, list, tuple
        Of arrays of numbers, numbers, strings and None. Keys are strings and integers. Tensors are saved as their
        values and loaded as arrays. ".safetensors" has no complex128, no long double and one byte order.

    Raises
    ------
    TypeError
        If `state` contains another type. Nothing is written.
    ValueError
        If the path has another suffix, or `state` contains itself.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written (disk full, no permission, no such folder). The old file is unchanged.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "state.npz")
    >>> save(path, {"weights": [np.ones(2), np.zeros(1)], "epoch": 3, "best": float("inf")})
    >>> load(path)
    {'weights': [array([1., 1.]), array([0.])], 'epoch': 3, 'best': inf}
    """
    if isinstance(state, str | os.PathLike) and not isinstance(path, str | os.PathLike):
        raise TypeError(f"save: the path comes first; write save({show(str(state))}, state)")
    write, _ = _format(path, "save")
    text, arrays = take_apart(state)
    replace_file(path, lambda file: write(file, text, arrays))


def load(path: str | os.PathLike[str]) -> Any:
    """The state in a file by `save`, with the same bits and types.

    No code from a file is ever run, and the memory is a small multiple of the file size. A ".safetensors" file of
    another program is loaded as a dict of arrays by name; it has no checksum, so only its form is checked.

    Raises
    ------
    CorruptedFileError
        (a ValueError) If the file is truncated, damaged, malicious, or not written by `save`.
    ValueError
        If the path has another suffix.
    ImportError
        If safetensors is not installed.
    OSError
        If there is no such file, or it cannot be read.
    """
    _, read = _format(path, "load")
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for a writer
            raise CorruptedFileError(f"it is {kind_of_file(found.st_mode)}")
        if not found.st_size:
            raise CorruptedFileError("it is empty")
        with open(path, "rb") as file:
            text, arrays = read(file)
        return put_together(text, arrays) if text is not None else arrays
    except CorruptedFileError as error:
        raise CorruptedFileError(f"load: {show_path(path)} is refused: {error}") from error
    except OSError as error:
        broken = error.errno == errno.ENOENT and os.path.islink(path)
        reason = "it is a broken link" if broken else error.strerror or error
        raise OSError(error.errno, f"load: cannot read {show_path(path)}: {reason}") from error


def _write_safetensors(file: BinaryIO, text: str, arrays: dict[str, NumberArray]) -> None:
    from safetensors.numpy import save as serialize

    plain = {name: np.asarray(array, array.dtype.newbyteorder("<"), order="C") for name, array in arrays.items()}
    try:
        contents = serialize(plain, {"structure": text, "sha256": _sum(text, plain)})
    except Exception as error:
        dtypes = sorted({str(array.dtype) for array in arrays.values()})
        raise TypeError(f'save: ".safetensors" cannot hold one of {", ".join(dtypes)}; use ".npz"') from error
    file.write(contents)


def _read_safetensors(file: BinaryIO) -> tuple[str | None, dict[str, NumberArray]]:
    import json

    from safetensors.numpy import load as deserialize

    contents = file.read()
    try:  # safetensors checks the header, and that the arrays fill the file without overlap
        arrays = {name: array.copy() for name, array in deserialize(contents).items()}
        header = json.loads(contents[8 : 8 + int.from_bytes(contents[:8], "little")])
    except Exception as error:
        raise CorruptedFileError(f"it cannot be read as safetensors: {error or type(error).__name__}") from error
    for name, array in arrays.items():
        if array.dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
            raise CorruptedFileError(f"the bytes of {show(name)} are not booleans")
    metadata = header.get("__metadata__") or {}
    if not {"structure", "sha256"} & set(metadata):
        return None, arrays
    text = metadata.get("structure", "")
    if metadata.get("sha256") != _sum(text, arrays):
        raise CorruptedFileError("its checksum is not that of its contents")
    return text, arrays


def _sum(text: str, arrays: dict[str, NumberArray]) -> str:
    """The SHA-256 of a structure and its arrays: names, dtypes, shapes and bytes."""
    found = sha256(text.encode())
    for name, array in sorted(arrays.items()):
        found.update(f"\n{name}\n{array.dtype.str}{array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


_Write = Callable[[BinaryIO, str, dict[str, NumberArray]], object]
_Read = Callable[[BinaryIO], tuple[Any, dict[str, NumberArray]]]
_FORMATS: dict[str, tuple[_Write, _Read]] = {
    ".npz": (write_npz, read_npz),
    ".safetensors": (_write_safetensors, _read_safetensors),
}


def _format(path: str | os.PathLike[str], name: str) -> tuple[_Write, _Read]:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name}: the path must be a string or a pathlib.Path, not {show(path)}")
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix not in _FORMATS:
        folder = ", and it is a folder" if os.path.isdir(path) else ""
        raise ValueError(f"{name}: the suffix of {show(show_path(path), 240)} is none of {', '.join(_FORMATS)}{folder}")
    if suffix == ".safetensors":
        try:
            import safetensors  # noqa: F401 - to raise before anything is written
        except ImportError as error:
            raise ImportError(f'{name}: {suffix} needs `pip install "autograd-lite[safetensors]"`') from error
    return _FORMATS[suffix]
