"""The parts of all ranks are the batches of one process; an epoch can be continued on another number of ranks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.data import Batches
from mpi_processes import needs_mpi, results


class Ranks:
    """A communicator whose other ranks are imagined: what `Batches` uses of one."""

    def __init__(self, rank, size):
        self.rank, self.size, self.noted, self.loops = rank, size, [], 0

    def broadcast(self, value):
        return np.random.default_rng(5)

    def meet(self, call, details):
        self.loops += 1

    def begin_batch(self, loop, samples, total):
        self.noted.append((samples, total))

    def end_batches(self, loop):
        self.loops -= 1


@given(st.integers(0, 30), st.integers(1, 12), st.integers(1, 5), st.booleans(), st.booleans())
def test_the_parts_of_a_batch_are_the_batch(samples, batch_size, size, shuffle, drop_last):
    arrays, options = (np.arange(samples), -np.arange(samples)), {
        "batch_size": batch_size, "shuffle": shuffle, "drop_last": drop_last
    }  # fmt: skip
    whole = [a for a, _ in Batches(*arrays, rng=5, **options)]
    comms = [Ranks(rank, size) for rank in range(size)]
    parts = [list(Batches(*arrays, rng=5, shard=comm, **options)) for comm in comms]
    assert [comm.loops for comm in comms] == [0 if size > 1 else -1] * size
    for number, batch in enumerate(whole):
        counts = [comm.noted[number] for comm in comms]
        assert {total for _, total in counts} == {len(batch)}
        assert max(counts)[0] - min(counts)[0] <= 1
        own = [part[number] for part in parts]
        assert all(len(a) == max(count, 1) for (a, _), (count, _) in zip(own, counts, strict=True))
        assert all((a == -b).all() for a, b in own)
        joined = np.concatenate([a[:count] for (a, _), (count, _) in zip(own, counts, strict=True)])
        np.testing.assert_array_equal(joined, batch)


@needs_mpi
@pytest.mark.parametrize("ranks", [2, *(pytest.param(n, marks=pytest.mark.exhaustive) for n in (1, 4))])
def test_an_epoch_of_three_ranks_continues_on_another_number(ranks, tmp_path):
    program = """
comm = distributed.communicator(timeout=30)
manual_seed(comm.rank)  # the order is that of rank 0
batches = data.Batches(np.arange(20), batch_size=5, shard=comm, rng={rng})
loop = iter(batches)
first = [next(loop)[0] for _ in range(2)]
state = batches.state_dict()
{write}
resumed = data.Batches(np.arange(20), batch_size=5, shard=comm, rng={rng})
resumed.load_state_dict(dict(np.load("state.npy", allow_pickle=True).item()))
parts = [part for _ in range(2) for part, in resumed]
whole = [np.concatenate(comm.all_gather(part)) for part in parts]
np.save(f"{{comm.rank}}.npy", np.concatenate(whole))
"""
    save = 'comm.rank or np.save("state.npy", state, allow_pickle=True)\ncomm.barrier()'
    three = results(3, program.format(rng=7, write=save), tmp_path)
    other = results(ranks, program.format(rng=7, write=""), tmp_path)
    for found in [*three, *other]:
        np.testing.assert_array_equal(found, three[0])
    assert sorted(three[0][10:]) == list(range(20))


@needs_mpi
def test_all_ranks_have_the_order_of_the_common_generator_of_rank_0(tmp_path):
    program = """
comm = distributed.communicator(timeout=30)
manual_seed(comm.rank)
before = np.random.default_rng(0).permutation(9)
(part,), = data.Batches(np.arange(9), batch_size=9, shard=comm)
np.save(f"{comm.rank}.npy", [np.concatenate(comm.all_gather(part)), before])
"""
    for found, expected in results(3, program, tmp_path):
        np.testing.assert_array_equal(found, expected)
