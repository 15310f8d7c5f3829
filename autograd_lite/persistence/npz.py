"""The `.npz` format of `save`: NumPy can read the files, and `read_npz` accepts no others.

An archive holds "structure.json" (see `structure`) and one uncompressed member per array. Its comment, the last 64
bytes of the file, is the SHA-256 of all bytes before it, so damage is found before anything is parsed. A malicious file
may have a correct checksum; so the reader accepts no pickles, no compression, and no array headers but NumPy's.
"""

from __future__ import annotations

import math
import os
import re
import zipfile
from hashlib import sha256
from typing import Any, BinaryIO

import numpy as np

from autograd_lite.persistence.structure import NAME, CorruptedFileError
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show

STRUCTURE = "structure.json"
SUM = 64  # characters of the SHA-256

# The header of an array, exactly as NumPy writes it: magic, version, length, dtype, order and shape.
_MAGIC = b"\x93NUMPY\x01\x00"
_LENGTH = r"\d{1,19}"
_HEADER = re.compile(
    r"\{'descr': '([<>|][biufc]\d{1,2})', 'fortran_order': (True|False), "
    rf"'shape': \(((?:{_LENGTH},)?|{_LENGTH}(?:, {_LENGTH})+)\), \}} *\n"
)


def write_npz(file: BinaryIO, text: str, arrays: dict[str, NumberArray]) -> None:
    """Write a structure and its arrays to an empty file. The same state gives the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(STRUCTURE), text)
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.comment = b"-" * SUM
    size = file.tell()
    digest = _digest(file, size - SUM)
    file.seek(size - SUM)
    file.write(digest)


def read_npz(file: BinaryIO) -> tuple[bytes, dict[str, NumberArray]]:
    """The structure and the arrays of a file by `write_npz`; CorruptedFileError for any other file.

    No more memory is allocated than the file has bytes for.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(max(size - SUM, 0))
    stated = file.read(SUM)
    if not re.fullmatch(rb"[0-9a-f]{64}", stated):
        raise CorruptedFileError(
            "it does not end with a checksum: it is truncated, or was not written by autograd_lite.save"
        )
    if _digest(file, size - SUM) != stated:
        raise CorruptedFileError("its checksum is not that of its contents")
    try:
        with zipfile.ZipFile(file) as archive:
            members = _checked(archive.infolist(), size)
            text = archive.read(members.pop(STRUCTURE))
            return text, {name[: -len(".npy")]: _read_array(archive, info) for name, info in members.items()}
    except CorruptedFileError:
        raise
    except Exception as error:  # zipfile raises many types of errors
        raise CorruptedFileError(f"it is not an archive of this library: {error or type(error).__name__}") from error


def _digest(file: BinaryIO, size: int) -> bytes:
    """The SHA-256 of the first `size` bytes, as hexadecimal digits."""
    file.seek(0)
    found = sha256()
    while size > 0 and (chunk := file.read(min(size, 2**20))):
        found.update(chunk)
        size -= len(chunk)
    return found.hexdigest().encode()


def _checked(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """The members by name, checked: only those that `write_npz` writes, within the size of the file."""
    members = {info.filename: info for info in infos}
    for name, info in members.items():
        expected = name == STRUCTURE or (name.endswith(".npy") and NAME.fullmatch(name[: -len(".npy")]))
        if not expected or info.orig_filename != name:  # zipfile cuts `filename` at a null byte
            raise CorruptedFileError(f"it has a member with the name {show(info.orig_filename)}")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.compress_size != info.file_size:
            raise CorruptedFileError(f"its member {show(name)} is compressed or encrypted")
    if len(members) < len(infos) or STRUCTURE not in members:
        raise CorruptedFileError(f"it has two members of one name, or none with the name {show(STRUCTURE)}")
    if (total := sum(info.file_size for info in infos)) > size:
        raise CorruptedFileError(f"its members need {total} bytes, but the file has {size}")
    return members


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NumberArray:
    opened: Any = archive.open(info)
    with opened as member:
        start = member.read(len(_MAGIC) + 2)
        length = int.from_bytes(start[len(_MAGIC) :], "little")
        header = _HEADER.fullmatch(member.read(length).decode("latin1"))
        if not start.startswith(_MAGIC) or header is None:
            raise CorruptedFileError(f"its member {show(info.filename)} has no header of an array of numbers")
        dtype: np.dtype[Any] = np.dtype(header[1])
        shape = tuple(int(part) for part in header[3].split(",") if part)
        size = info.file_size - len(start) - length
        if math.prod(shape) * dtype.itemsize != size:
            raise CorruptedFileError(
                f"its member {show(info.filename)} of {size} bytes claims the shape {shape} of {dtype}"
            )
        data = np.empty(size, np.uint8)
        if member.readinto(data) != size or (dtype.kind == "b" and data.max(initial=0) > 1):
            raise CorruptedFileError(f"its member {show(info.filename)} is truncated, or its bytes are not booleans")
    return data.view(dtype).reshape(shape, order="F" if header[2] == "True" else "C")
