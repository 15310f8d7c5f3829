"""Damaged or malformed files: each is refused with a clear error, and no state changes."""

import pickle
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from robustness.formats import bits, each_suffix, needs_safetensors, sealed

from autograd_lite import load, save
from autograd_lite.persistence.saving import CorruptedFileError


def damaged(contents, moments):
    """Contents with typical damage: flipped bits, bytes lost, duplicated, overwritten or swapped."""
    start, stop = sorted(moments.sample(range(len(contents) + 1), 2))
    kind = moments.randrange(9)
    some = bytearray(contents)
    if kind == 0:
        return contents[:start]
    if kind == 1:
        return contents[start:]
    if kind in (2, 3):
        for _ in range(1 if kind == 2 else moments.randint(2, 20)):
            some[moments.randrange(len(some))] ^= 1 << moments.randrange(8)
    elif kind == 4:
        some[start:stop] = bytes(stop - start)
    elif kind == 5:
        some[start : start + 8] = moments.choice([b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\0" * 8, struct.pack("<q", -1)])
    elif kind == 6:
        some[start:start] = some[start:stop] or b"\0"
    elif kind == 7:
        del some[start:stop]
    else:
        some = some[stop:] + some[:start] + some[start:stop]
    return bytes(some)


def spoilt_copies(contents, number, seals):
    """Damaged contents; every other one has a correct checksum again, so that the checks after it are tested."""
    moments = random.Random(0)
    for i in range(number):
        spoilt = damaged(contents, moments)
        again = seals and i % 2 == 1 and len(spoilt) > 64
        yield (sealed(spoilt) if again else spoilt), again


def test_damaged_checkpoints_are_refused_before_anything_is_touched(training, count, figure):
    path, before = Path(training._path(1)), bits(training)
    contents, expected = path.read_bytes(), pickle.dumps(load(path))
    number, sealed_again, harmless = count(100, 1000), 0, 0
    for spoilt, again in spoilt_copies(contents, number, seals=True):
        path.write_bytes(spoilt)
        sealed_again += again
        try:
            found = load(path)
        except CorruptedFileError:
            with pytest.warns(UserWarning, match="is refused"), pytest.raises(CorruptedFileError, match="can be read"):
                training.resume()
            assert bits(training) == before
        else:  # only unused bytes were hit, such as a date; this passes only with a corrected checksum
            assert pickle.dumps(found) == expected
            assert again or spoilt == contents
            harmless += 1
    assert harmless < number / 10
    figure(
        f"damaged .npz checkpoints refused: {number - harmless} of {number}, {sealed_again} of them with a new, right "
        f"checksum; {harmless} hit nothing that is read"
    )


@needs_safetensors
def test_damaged_safetensors_files_are_refused(training, tmp_path, count, figure):
    path, state = tmp_path / "a.safetensors", load(training._path(1))
    save(path, state)
    contents, number, harmless = path.read_bytes(), count(100, 1000), 0
    for spoilt, _ in spoilt_copies(contents, number, seals=False):
        path.write_bytes(spoilt)
        try:
            found = load(path)
        except CorruptedFileError:
            continue
        assert pickle.dumps(found) == pickle.dumps(state)
        harmless += 1
    assert harmless < number / 10
    figure(f"damaged .safetensors files refused: {number - harmless} of {number}; {harmless} hit nothing that is read")


def misshapen(state, moments):
    """A nested state in which one place is missing, duplicated or replaced."""
    if isinstance(state, dict | list | tuple) and state and moments.random() < 0.85:
        items = list(state.items() if isinstance(state, dict) else enumerate(state))
        place = moments.randrange(len(items))
        key, value = items[place]
        kind = moments.randrange(20)
        if kind == 0:
            del items[place]
        elif kind == 1:
            items.append((len(items) + 7, value))
        elif kind == 2:
            items[place] = f"{key}.", value
        else:
            items[place] = key, misshapen(value, moments)
        return dict(items) if isinstance(state, dict) else type(state)(value for _, value in items)
    others = [None, -1, 7, 0.5, float("nan"), 10**40, "text", [], {}, (1,), np.zeros(3), np.ones((2, 3), np.complex64)]
    if isinstance(state, np.ndarray):
        others += [state.astype(np.float64), state[..., None], state.astype(np.int64), np.full(state.shape, np.nan)]
        others += [state.ravel()[:-1], state.astype(np.longdouble), state > 0]
    return moments.choice(others)


def test_misshapen_checkpoints_are_loaded_whole_or_change_nothing(training, count, figure):
    path, before, moments = training._path(1), bits(training), random.Random(0)
    honest, number, refused = load(path), count(150, 2000), 0
    for _ in range(number):
        state = misshapen(honest, moments)
        save(path, state)
        try:
            training.resume()
        except ValueError:
            assert bits(training) == before
            refused += 1
        else:
            # All of it is loaded. (Numbers, not bits: a weight may have another dtype.)
            np.testing.assert_equal(training._state()["parts"], state["parts"])
            training._restore({"step": 1, "counters": {}, **pickle.loads(before)}, 1)
            assert bits(training) == before
    assert number / 2 < refused < number
    figure(f"misshapen checkpoints refused: {refused} of {number}; the others fit, and were loaded whole")


def test_every_bit_of_an_npz_file_counts(tmp_path, count, figure):
    path = tmp_path / "a.npz"
    save(path, {"w": np.arange(3.0)})
    contents = path.read_bytes()
    flips = range(0, 8 * len(contents), count(37, 1))
    for position in flips:
        spoilt = bytearray(contents)
        spoilt[position // 8] ^= 1 << position % 8
        path.write_bytes(spoilt)
        with pytest.raises(CorruptedFileError, match="checksum"):
            load(path)
    figure(f"single flipped bits of an .npz file found: {len(flips)} of {len(flips)}")


@each_suffix
def test_every_truncation_is_noticed(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    save(path, {"w": np.arange(3.0)})
    contents = path.read_bytes()
    for length in range(0, len(contents), 7):
        path.write_bytes(contents[:length])
        with pytest.raises(CorruptedFileError):
            load(path)
