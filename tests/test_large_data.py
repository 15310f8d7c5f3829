"""Batches of memory maps and Dask arrays: the numbers of arrays in memory, and only what a batch needs is read."""

import os
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.data import Batches
from autograd_lite.support.ahead import ahead
from autograd_lite.support.rows import BLOCKS_TOGETHER, shuffled


def samples(number):
    """Two arrays whose rows hold the number of their sample."""
    numbers = np.arange(number)
    return np.stack([numbers, -numbers], axis=1).astype(np.float32), numbers


def mapped(folder, *arrays):
    """The same arrays in files, mapped into memory."""
    found = []
    for array in arrays:
        file = folder / f"{len(os.listdir(folder))}.npy"
        np.save(file, array)
        found.append(np.load(file, mmap_mode="r"))
    return found


def as_dask(*arrays, chunks=3):
    """The same arrays by Dask, in chunks of one or several lengths."""
    dask_array = pytest.importorskip("dask.array", reason="Dask is an extra")
    return [dask_array.from_array(array, chunks=(chunks, *array.shape[1:])) for array in arrays]


def plain(epoch):
    return [[part.tolist() for part in batch] for batch in epoch]


def assert_same_batches(outside, inside, **options):
    """Two epochs, the second one left and continued elsewhere, of arrays outside the memory and of the same inside."""
    batches, expected = Batches(*outside, **options, rng=5), Batches(*inside, **options, rng=5)
    for epoch in (list(batches), list(expected)):
        assert all(type(part) is np.ndarray and part.flags.writeable for batch in epoch for part in batch)
    assert [part.dtype for batch in batches for part in batch] == [part.dtype for batch in expected for part in batch]
    left, rest = iter(batches), plain(expected)
    begun = plain(batch for _, batch in zip(range(2), left, strict=False))
    assert begun == rest[:2]
    state = batches.state_dict()
    left.close()
    resumed = Batches(*outside, **options, rng=6)
    resumed.load_state_dict(state)
    if len(rest) > 2:
        assert plain(resumed) == rest[2:]
        assert plain(resumed) == plain(expected)


NAMES = ("batch_size", "shuffle", "drop_last", "block_size", "prefetch")
OPTIONS = [
    dict(zip(NAMES, values, strict=True))
    for values in [
        (4, True, False, None, 0), (4, False, False, None, 2), (5, True, True, 2, 0), (3, False, False, 7, 1),
        (7, True, False, 1, 3), (100, True, False, 1, 0), (1, True, False, 3, 0), (6, True, False, 200, 1),
    ]
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("number", [0, 1, 50])
def test_memory_maps_give_the_batches_of_arrays_in_memory(tmp_path, options, number):
    inside = samples(number)
    outside = samples(number)
    if number:  # an empty file cannot be mapped
        outside = mapped(tmp_path, *inside)
    assert_same_batches(outside, inside, **options)
    assert_same_batches([outside[0], inside[1]], inside, **options)
    assert_same_batches([array[3:31] for array in outside], [array[3:31] for array in inside], **options)
    assert_same_batches([array[::-1] for array in outside], [array[::-1] for array in inside], **options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("number", [1, 50])
def test_dask_arrays_give_the_batches_of_arrays_in_memory(options, number):
    inside = samples(number)
    options = {**options, "block_size": options["block_size"] or 3}  # the default is the length of the chunks
    outside = [*as_dask(inside[0]), *as_dask(inside[1], chunks=5)]
    assert_same_batches(outside, inside, **options)
    assert_same_batches([outside[0], inside[1]], inside, **options)


def test_the_blocks_of_dask_arrays_are_their_longest_chunks_by_default():
    inside = samples(50)
    outside = as_dask(*inside, chunks=(3, 7, 40))
    assert Batches(*outside, batch_size=4).block_size == 40
    assert Batches(*as_dask(*inside), batch_size=4, block_size=2).block_size == 2
    assert Batches(*inside, batch_size=4).block_size is None


@given(st.integers(0, 200), st.integers(1, 30), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_shuffled_blocks_have_every_sample_once_and_windows_few_blocks(number, block, batch, seed):
    window = -(-BLOCKS_TOGETHER * block // batch) * batch
    order = shuffled(number, block, window, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(number))
    for start in range(0, number, window):
        blocks = np.unique(order[start : start + window] // block)
        assert len(blocks) <= window // block + 3  # the first and the last in part, and the shorter one


def test_blocks_come_in_random_order_and_are_mixed_with_others():
    orders = [shuffled(1000, 10, 80, np.random.default_rng(seed)) for seed in range(200)]
    neighbours = np.mean([np.abs(np.diff(order)) == 1 for order in orders])
    assert neighbours < 0.05  # of 80 mixed samples, one in 40 has its neighbour next to it
    first = np.array([order[0] for order in orders])
    assert abs(first.mean() - 499.5) < 4 * 289 / np.sqrt(200)
    assert len(np.unique(first // 10)) > 60


def test_an_epoch_computes_each_chunk_of_a_dask_array_once():
    dask_array = pytest.importorskip("dask.array", reason="Dask is an extra")
    computed = []

    def read(block_info=None):
        ((start, stop),) = block_info[None]["array-location"]
        computed.append(start)
        return np.arange(start, stop)

    x = dask_array.map_blocks(read, chunks=((16,) * 20,), dtype=np.int64, meta=np.empty(0, np.int64))
    batches = Batches(x, x + 1, batch_size=32, rng=0)
    assert computed == []
    for _ in range(2):
        seen = []
        for number, (one, other) in enumerate(batches):
            np.testing.assert_array_equal(one + 1, other)
            seen += one.tolist()
            assert len(computed) == 8 * (number // 4 + 1) if number < 8 else 20  # 8 chunks together, 4 batches
        assert sorted(seen) == list(range(320))
        assert sorted(computed) == list(range(0, 320, 16))
        computed.clear()


def test_a_continued_epoch_reads_the_windows_that_it_would_have_read(tmp_path):
    dask_array = pytest.importorskip("dask.array", reason="Dask is an extra")
    computed = []

    def read(block):
        computed.append(block[0])
        return block

    x = dask_array.arange(320, chunks=16).map_blocks(read, dtype=np.int64, meta=np.empty(0, np.int64))
    batches = Batches(x, batch_size=32, rng=0)
    epoch = iter(batches)
    for _ in range(5):  # one of the second window
        next(epoch)
    state = batches.state_dict()
    computed.clear()
    resumed = Batches(x, batch_size=32, rng=1)
    resumed.load_state_dict(state)
    assert len(list(resumed)) == 5
    assert len(computed) == 8 + 4  # the second window again, in part, and the third


def test_writing_into_a_batch_changes_no_data(tmp_path):
    inside = samples(20)
    whole = as_dask(*(array.copy() for array in inside), chunks=20)
    for outside in (mapped(tmp_path, *inside), as_dask(*inside), whole):
        for shuffle in (True, False):
            for x, labels in Batches(*outside, batch_size=20, shuffle=shuffle):
                x[...] = -7
                labels += 7
        for array, expected in zip(outside, inside, strict=True):
            np.testing.assert_array_equal(array, expected)


def test_a_map_with_writes_that_are_not_in_the_file_keeps_them(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(5000))
    x = np.load(tmp_path / "x.npy", mmap_mode="c")
    x[:] = 1
    for (batch,) in Batches(x, batch_size=100):
        assert (batch == 1).all()
    assert (x == 1).all()


# -- reading ahead -------------------------------------------------------------------------------------------------


def threads():
    return [thread.name for thread in threading.enumerate() if "ahead" in thread.name]


def test_a_thread_reads_the_next_items_and_ends_with_the_loop():
    computed = []

    def numbers():
        for number in range(10):
            computed.append(number)
            yield number

    items = ahead(numbers(), 3)
    assert next(items) == 0
    deadline = time.monotonic() + 10
    while len(computed) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert computed == [0, 1, 2, 3]  # three more, and not a fourth
    assert len(threads()) == 1
    items.close()
    assert threads() == []
    assert list(ahead(numbers(), 20)) == list(range(10))
    assert threads() == []


@pytest.mark.parametrize("prefetch", [0, 1, 5])
def test_an_error_in_the_thread_arrives_where_its_batch_would(tmp_path, prefetch):
    np.save(tmp_path / "x.npy", np.arange(100_000))
    batches = Batches(np.load(tmp_path / "x.npy", mmap_mode="r"), batch_size=10_000, shuffle=False, prefetch=prefetch)
    seen = []

    def train():
        for (batch,) in batches:
            seen.append(batch[0])
            if len(seen) == 2:
                os.truncate(tmp_path / "x.npy", 0)

    with pytest.raises(ValueError, match=r"the file of a memory map is truncated: .*x\.npy has 0 bytes, not 800128"):
        train()
    assert seen[:2] == [0, 10_000]
    assert len(seen) <= 2 + prefetch
    assert threads() == []
    assert batches.state_dict()["rest"] is None


def test_a_loop_that_is_left_leaves_no_thread(tmp_path):
    batches = Batches(np.arange(100), batch_size=10, prefetch=4)
    for _ in batches:
        assert len(threads()) == 1
        break
    assert threads() == []

    def fail():
        for (batch,) in batches:
            batch[100]

    with pytest.raises(IndexError):
        fail()
    assert threads() == []


def test_epochs_under_way_count_what_the_loop_has_seen_not_what_was_read():
    batches = Batches(np.arange(100), batch_size=10, prefetch=5, rng=0)
    epoch = iter(batches)
    seen = [next(epoch)[0], next(epoch)[0]]
    rest = batches.state_dict()["rest"]
    assert len(rest) == 80
    assert sorted([*rest, *np.concatenate(seen)]) == list(range(100))
    epoch.close()


# -- what cannot be read -------------------------------------------------------------------------------------------


def test_what_a_dask_array_does_not_keep_is_named():
    dask_array = pytest.importorskip("dask.array", reason="Dask is an extra")
    x = dask_array.arange(20, chunks=5)
    with pytest.raises(
        ValueError, match=r"Batches: a Dask array of the shape \(nan,\) has chunks of unknown size; .*sizes"
    ):
        Batches(x[x > 3], batch_size=2)
    assert len(Batches(x[x > 3].compute_chunk_sizes(), batch_size=2)) == 8
    wrong = x.map_blocks(lambda block: block / 2, dtype=np.int64, meta=np.empty(0, np.int64))
    with pytest.raises(
        ValueError, match=r"promises int64 \(20,\) for these samples, and its chunks give float64 \(20,\)"
    ):
        list(Batches(wrong, batch_size=2, shuffle=False))
    short = x.rechunk(20).map_blocks(lambda block: block[:, None], dtype=np.int64, meta=np.empty(0, np.int64))
    with pytest.raises(
        ValueError, match=r"promises int64 \(20,\) for these samples, and its chunks give int64 \(20, 1\)"
    ):
        list(Batches(short, batch_size=2, shuffle=False))
    with pytest.raises(TypeError, match=r"MaskedArray; convert it with \.filled"):
        Batches(dask_array.ma.masked_equal(x, 3), batch_size=2)
    with pytest.raises(ValueError, match=r"same number of samples \(axis 0\), not the shapes \(20,\), \(19,\)"):
        Batches(x, np.arange(19), batch_size=2)
    with pytest.raises(ZeroDivisionError):
        list(Batches(x.map_blocks(lambda block: 1 // 0, dtype=np.int64, meta=np.empty(0, np.int64)), batch_size=2))


def test_files_that_are_too_short_or_of_another_length_are_refused(tmp_path):
    x, y = samples(1000)
    maps = mapped(tmp_path, x, y[:999])
    with pytest.raises(ValueError, match=r"same number of samples \(axis 0\), not the shapes \(1000, 2\), \(999,\)"):
        Batches(*maps, batch_size=2)
    os.truncate(tmp_path / "0.npy", 5000)
    with pytest.raises(ValueError, match="mmap length is greater than file size"):
        np.load(tmp_path / "0.npy", mmap_mode="r")
    for shuffle in (True, False):
        with pytest.raises(ValueError, match=r"truncated: .*0\.npy has 5000 bytes, not 8128"):
            list(Batches(maps[0][:10], batch_size=2, shuffle=shuffle))


# -- memory --------------------------------------------------------------------------------------------------------

EPOCH = """
import resource, sys
import numpy as np
from autograd_lite import Tensor, optim
from autograd_lite.data import Batches

def resident(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024

x = np.load(sys.argv[1], mmap_mode="r")
w = Tensor(np.zeros((x.shape[1], 1), np.float32), requires_grad=True)
optimizer = optim.SGD([w], lr=1e-6)
options = eval(sys.argv[2])

def train(x):
    for (batch,) in Batches(x, batch_size=64, rng=0, **options):
        optimizer.zero_grad()
        ((batch @ w - batch[:, :1]) ** 2).mean().backward()
        optimizer.step()

train(x[:64])  # what is loaded at first use
resource.setrlimit(resource.RLIMIT_DATA, (resident("VmData:") + x.nbytes // 5,) * 2)
before = resident("VmHWM:")
train(x)
print((resident("VmHWM:") - before) / x.nbytes, float(np.abs(w.data).sum()))
try:
    x[:].copy()
except MemoryError:
    print("the file does not fit")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit and the figures are those of Linux")
def test_an_epoch_over_a_file_of_five_times_the_memory_has_flat_memory(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(30_000, 500)).astype(np.float32))  # 60 MB
    for options in ("{}", "{'block_size': 64}", "{'block_size': 64, 'prefetch': 2}", "{'shuffle': False}"):
        command = [sys.executable, "-c", textwrap.dedent(EPOCH), str(tmp_path / "x.npy"), options]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert finished.returncode == 0, (options, finished.stderr)
        figures, fits = finished.stdout.splitlines()
        share, trained = map(float, figures.split())
        assert share < 0.2, (options, share)
        assert trained > 0
        assert fits == "the file does not fit"


def test_the_order_of_blocks_takes_the_memory_that_is_documented():
    tracemalloc.start()
    order = shuffled(1_000_000, 100, 800, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert order.nbytes == 4_000_000
    assert peak < 10_000_000
