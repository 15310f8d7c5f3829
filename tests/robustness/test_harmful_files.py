"""Malicious files: each is refused, without running code, filling memory or changing any state."""

import io
import json
import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from robustness.formats import bits, needs_safetensors, sealed

from autograd_lite import Checkpoint, load, nn, save
from autograd_lite.persistence.saving import CorruptedFileError

WITNESS = []


class Harm:
    """An object whose pickle runs code when it is loaded."""

    def __reduce__(self):
        return WITNESS.append, (1,)


STRUCTURE = b'{"dict": [["w", {"array": "w"}]]}'


def npy(array=None, header=None, body=b""):
    """An array in NumPy's format, or any other header in front of a body."""
    file = io.BytesIO()
    if header is None:
        np.lib.format.write_array(file, np.ones(3) if array is None else array, allow_pickle=True)
    else:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body)
    return file.getvalue()


def described(descr="'<f8'", shape="(3,)", order="False", more=""):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {more}}} \n".encode()


def archive(*members, structure=STRUCTURE, method=zipfile.ZIP_STORED, change=None):
    """An archive of members (name, contents), with a correct checksum."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, contents in [("structure.json", structure), *members]:
            if contents is not None:
                made.writestr(zipfile.ZipInfo(name) if method == zipfile.ZIP_STORED else name, contents)
        made.comment = b"-" * 64
    contents = bytearray(file.getvalue())
    if change is not None:
        change(contents)
    return sealed(bytes(contents))


def patched(field, value, size=4):
    """Changes a field of the central directory's last entry."""

    def change(contents):
        place = contents.rindex(b"PK\x01\x02") + field
        contents[place : place + size] = value.to_bytes(size, "little")

    return change


def structured(text):
    return archive(("w.npy", npy()), structure=text)


def quoted_bomb(contents):
    """Two members that use the same bytes of the file."""
    last = contents.rindex(b"PK\x01\x02")
    first = contents.index(b"PK\x01\x02")
    contents[last + 42 : last + 46] = contents[first + 42 : first + 46]


def nulled(contents):
    """A name with a null byte, after which careless readers stop."""
    contents[:] = contents.replace(b"npy_", b"npy\0")


def bomb():
    return archive(("w.npy", npy(np.zeros(10**6))), method=zipfile.ZIP_DEFLATED)


deep = 100_000
MALICIOUS = {
    "a pickled array": archive(("w.npy", npy(np.array([Harm()])))),
    "a pickle for numbers": archive(("w.npy", npy(header=described("'|O'"), body=pickle.dumps(Harm())))),
    "a pickle": pickle.dumps(Harm()),
    "a sealed pickle": sealed(pickle.dumps(Harm()) + bytes(64)),
    "a pickle in an archive": archive(("data.pkl", pickle.dumps(Harm())), ("w.npy", npy())),
    "nothing": b"",
    "text": b"hello" * 100,
    "sealed text": sealed(b"hello" * 100),
    "a checksum alone": sealed(bytes(64)),
    "code in a header": archive(("w.npy", npy(header=b"{'descr': WITNESS.append(1)}"))),
    "code for a shape": archive(("w.npy", npy(header=described(shape="(WITNESS.append(1),)"), body=bytes(24)))),
    "a header without end": archive(("w.npy", npy(header=b"(" * 65535))),
    "a header longer than the file": archive(("w.npy", b"\x93NUMPY\x01\x00\xff\xff")),
    "a header of version 2": archive(("w.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1))),
    "an absurd shape": archive(("w.npy", npy(header=described(shape="(999999999999999999,)"), body=bytes(24)))),
    "a shape that overflows": archive(("w.npy", npy(header=described(shape="(4294967296, 4294967296, 8)")))),
    "a shape with a huge zero": archive(("w.npy", npy(header=described(shape=f"({'9' * 18}, 0, {'9' * 18}, 9)")))),
    "a negative shape": archive(("w.npy", npy(header=described(shape="(-3,)"), body=bytes(24)))),
    "a shape of fractions": archive(("w.npy", npy(header=described(shape="(3.0,)"), body=bytes(24)))),
    "a hundred axes": archive(("w.npy", npy(header=described(shape=f"({'1, ' * 99}3)"), body=bytes(24)))),
    "an array that is too short": archive(("w.npy", npy(header=described(), body=bytes(23)))),
    "an array that is too long": archive(("w.npy", npy(header=described(), body=bytes(25)))),
    "an unknown dtype": archive(("w.npy", npy(header=described("'<f3'"), body=bytes(9)))),
    "numbers without size": archive(("w.npy", npy(header=described("'<f0'")))),
    "a structured dtype": archive(("w.npy", npy(np.zeros(3, [("x", float)])))),
    "texts": archive(("w.npy", npy(np.array(["abc"])))),
    "booleans that are none": archive(("w.npy", npy(header=described("'|b1'"), body=b"\x02\x00\x01"))),
    "more in a header": archive(("w.npy", npy(header=described(more="'x': 1, "), body=bytes(24)))),
    "a zip bomb": bomb(),
    "overlapping members": archive(("a.npy", npy()), ("b.npy", npy()), change=quoted_bomb),
    "a member that claims too much": archive(("w.npy", npy()), change=patched(20, 2**31 - 1)),
    "two members that claim too much": archive(
        ("w.npy", npy()), change=lambda c: (patched(20, 2**31 - 1)(c), patched(24, 2**31 - 1)(c))
    ),
    "a member elsewhere": archive(("w.npy", npy()), change=patched(42, 2**31 - 1)),
    "an encrypted member": archive(("w.npy", npy()), change=patched(8, 1, 2)),
    "an unknown compression": archive(("w.npy", npy()), change=patched(10, 99, 2)),
    "a wrong sum of a member": archive(("w.npy", npy()), change=patched(16, 0)),
    "a path upwards": archive(("../w.npy", npy())),
    "a path upwards inside": archive(("a/../../w.npy", npy())),
    "an absolute path": archive(("/tmp/w.npy", npy())),
    "a path of Windows": archive(("C:\\w.npy", npy())),
    "a name with a null": archive(("w.npy_.txt", npy()), change=nulled),
    "an empty name": archive((".npy", npy())),
    "a folder": archive(("w.npy/", b"")),
    "a member that is no array": archive(("w.npy", npy()), ("notes.txt", b"hello")),
    "an array without a place": archive(("w.npy", npy()), ("v.npy", npy())),
    "a place without an array": archive(),
    "no structure": archive(("w.npy", npy()), structure=None),
    "an array for the structure": archive(("structure.json.npy", npy()), structure=None),
    "a structure that is not JSON": structured(b"{"),
    "a structure of bytes": structured(b"\xff\xfe\xfa"),
    "a structure without end": structured(b"[" * deep),
    "a deep structure": structured(b"[" * 500 + b"]" * 500),
    "an array named twice": structured(b'[{"array": "w"}, {"array": "w"}]'),
    "a number that is an array": structured(b'{"scalar": "w"}'),
    "an unknown kind": structured(b'{"code": "WITNESS.append(1)"}'),
    "a kind of another type": structured(b'{"array": ["w"]}'),
    "two kinds": structured(b'{"array": "w", "scalar": "w"}'),
    "a key that is a list": structured(b'{"dict": [[["w"], {"array": "w"}]]}'),
    "a key twice": structured(b'{"dict": [["w", {"array": "w"}], ["w", 1]]}'),
    "a pair of three": structured(b'{"dict": [["w", {"array": "w"}, 1]]}'),
    "an endless number": structured(b'[{"array": "w"}, ' + b"9" * deep + b"]"),
    "NaN, which is not JSON": structured(b'[{"array": "w"}, NaN]'),
    "code for a number": structured(b'[{"array": "w"}, {"float": "WITNESS.append(1)"}]'),
}  # fmt: skip


@pytest.fixture
def refusing(training):
    """Asserts that a file is refused without running code, filling memory or changing any state."""
    before = bits(training)

    def check(path, contents):
        path.write_bytes(contents)
        tracemalloc.start()
        with pytest.raises(CorruptedFileError, match="is refused") as refusal:
            load(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2**20 + 40 * len(contents)
        assert len(str(refusal.value)) < 500
        assert not WITNESS
        assert bits(training) == before

    return check


@pytest.mark.parametrize("name", MALICIOUS)
def test_an_npz_file_made_to_do_harm_is_refused(tmp_path, name, refusing, figure):
    refusing(tmp_path / "a.npz", MALICIOUS[name])
    figure("malicious files refused")


def test_the_honest_archive_beside_them_is_read(tmp_path):
    (tmp_path / "a.npz").write_bytes(archive(("w.npy", npy(header=described(), body=bytes(24)))))
    np.testing.assert_array_equal(load(tmp_path / "a.npz")["w"], np.zeros(3), strict=True)


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_files_of_others_are_refused_with_a_hint(tmp_path, write):
    write(tmp_path / "a.npz", w=np.ones(3))
    with pytest.raises(CorruptedFileError, match=r"was not written by autograd_lite\.save"):
        load(tmp_path / "a.npz")


def header(length=None, body=bytes(8), **tensors):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


SAFETENSORS = {
    "nothing": b"",
    "a pickle": pickle.dumps(Harm()),
    "an absurd header": header(2**63, w=tensor()),
    "a header longer than the file": header(10**6, w=tensor()),
    "a header of nothing": header(0),
    "a deep header": struct.pack("<Q", deep) + b"[" * deep,
    "arrays that overlap": header(v=tensor(), w=tensor()),
    "an array beyond the end": header(w=tensor(shape=(4,), offsets=(0, 16))),
    "an absurd shape": header(w=tensor(shape=(2**62, 2**62))),
    "a negative shape": header(w=tensor(shape=(-2, -1))),
    "a negative offset": header(w=tensor(offsets=(-8, 0))),
    "offsets that go backwards": header(w=tensor(offsets=(8, 0))),
    "a hole": header(w=tensor(offsets=(4, 12)), body=bytes(12)),
    "more behind the end": header(w=tensor(), body=bytes(9)),
    "a dtype of nobody": header(w=tensor("F3")),
    "a dtype that NumPy has not": header(w=tensor("BF16", (4,))),
    "booleans that are none": header(w=tensor("BOOL", (8,)), body=b"\x02" * 8),
    "a structure without a checksum": header(w=tensor(), __metadata__={"structure": STRUCTURE.decode()}),
    "a checksum without a structure": header(w=tensor(), __metadata__={"sha256": "0" * 64}),
    "metadata that are none": header(w=tensor(), __metadata__={"structure": {"a": 1}}),
}


@needs_safetensors
@pytest.mark.parametrize("name", SAFETENSORS)
def test_a_safetensors_file_made_to_do_harm_is_refused(tmp_path, name, refusing, figure):
    refusing(tmp_path / "a.safetensors", SAFETENSORS[name])
    figure("malicious files refused")


@needs_safetensors
def test_an_honest_safetensors_file_of_others_is_a_dict_of_arrays(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(header(w=tensor(), __metadata__={"format": "pt"}))
    np.testing.assert_equal(load(tmp_path / "a.safetensors"), {"w": np.zeros(2, np.float32)})


def test_what_is_not_a_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "zeros.npz").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "zeros"):
        with pytest.raises(CorruptedFileError, match="not a regular file"):
            load(tmp_path / f"{name}.npz")
    for name in ("pipe", "folder", "zeros"):
        with pytest.raises(OSError, match="not a regular file"):
            save(tmp_path / f"{name}.npz", 1)
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    with pytest.raises(OSError, match="symbolic links"):
        load(tmp_path / "loop.npz")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz")
    (tmp_path / "astray.npz").symlink_to("nothing.npz")
    with pytest.raises(FileNotFoundError, match=r"astray\.npz: it is a broken link"):
        load(tmp_path / "astray.npz")
    for suffix in ("npz", "safetensors"):
        (tmp_path / f"empty.{suffix}").touch()
        with pytest.raises(CorruptedFileError, match="it is empty"):
            load(tmp_path / f"empty.{suffix}")
    for call in (load, lambda path: save(path, 1)):
        with pytest.raises(ValueError, match="it is a folder"):
            call(tmp_path)


def test_a_folder_where_a_checkpoint_should_be_is_an_error_that_names_it(tmp_path):
    """A folder of another program does not prevent saving and resuming."""
    checkpoint = Checkpoint(tmp_path, model=nn.Linear(1, 1))
    (tmp_path / "checkpoint-0000000005.npz").mkdir()
    with (
        pytest.warns(UserWarning, match=r"checkpoint-0000000005\.npz is refused: it is a folder"),
        pytest.raises(CorruptedFileError, match=f"no checkpoint in {tmp_path}"),
    ):
        checkpoint.resume()
    checkpoint.save(1)
    with pytest.warns(UserWarning, match=r"checkpoint-0000000005\.npz is refused: it is a folder"):
        assert checkpoint.resume()["step"] == 1
    with pytest.raises(IsADirectoryError, match=r"checkpoint-0000000005\.npz.*it is a folder"):
        checkpoint.save(5)
    for step in range(6, 12):
        checkpoint.save(step)
    assert checkpoint.resume()["step"] == 11
    assert len(list(tmp_path.glob("*.npz"))) == 1 + checkpoint.keep
    (tmp_path / "file").touch()
    for folder in ("file", "file/below"):
        with pytest.raises(OSError, match=f"the folder {tmp_path}/{folder} cannot be made"):
            Checkpoint(tmp_path / folder, model=nn.Linear(1, 1))


ODD_METADATA = [None, [], {}, 3, "text", {"a": None}, {"a": "b"}, {"a": [{}]}, {"structure": None}]


@needs_safetensors
@pytest.mark.parametrize("metadata", ODD_METADATA, ids=str)
def test_odd_metadata_are_as_none_or_refused(tmp_path, metadata):
    (tmp_path / "a.safetensors").write_bytes(header(w=tensor(), __metadata__=metadata))
    if metadata is None or metadata == {} or metadata == {"a": "b"}:
        assert list(load(tmp_path / "a.safetensors")) == ["w"]
    else:
        with pytest.raises(CorruptedFileError, match="is refused"):
            load(tmp_path / "a.safetensors")
