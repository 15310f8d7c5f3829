"""Whatever happens to a rank, all end soon with an error that names it, and the newest checkpoint is whole."""

import re

import numpy as np
import pytest

from mpi_processes import ROOT, launch, needs_mpi, results

pytestmark = pytest.mark.exhaustive  # each starts several processes, and some wait

TRAIN = """
comm = distributed.communicator(timeout=6)
rank = comm.rank
manual_seed(rank)
fault = {fault!r}
model, X, y = problem(0 if fault == "no data" and rank == 1 else 37, 4 if fault == "shapes" and rank == 1 else 3)
optimizer = distributed.Optimizer(optim.Adam(model.parameters(), lr=0.01), comm, model)
step = 0
for epoch in range(3):
    for x, labels in data.Batches(X, y, batch_size=10, shard=comm):
        optimizer.zero_grad()
        loss = cross_entropy(model(x), labels)
        loss.backward()
        if step == 5 and rank == 1:
            if fault == "raises":
                raise ValueError("a bad sample")
            if fault == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if fault == "sleeps":
                time.sleep(1000)
            if fault == "stops":
                os.kill(os.getpid(), signal.SIGSTOP)
            if fault == "ends":
                sys.exit(0)
            if fault == "options":
                optimizer.param_groups[0]["lr"] = 0.5
            if fault == "order":
                distributed.mean(loss, comm)
            if fault == "drifts":
                model[0].weight.data[0, 0] += 1e-7
            if fault == "frozen":
                model[0].bias.requires_grad = False
            if fault == "breaks":
                break
        optimizer.step(samples=9 if fault == "samples" and step == 5 and rank == 1 else None)
        step += 1
    distributed.check_same(model, comm)
"""
FAULTS = {
    "raises": ["rank 1 of 3 ends all ranks", "ValueError: a bad sample"],
    "sleeps": ["rank 0 of 3", "rank 2 of 3", "average_gradients (call ", "nothing from rank 1 for 6 s"],
    "stops": ["rank 0 of 3", "rank 2 of 3", "average_gradients (call ", "nothing from rank 1 for 6 s"],
    "ends": ["nothing from rank 1 for 6 s: it has ended"],
    "shapes": ["rank 1 has parameter 2 (2.weight) of shape (4, 8)", "rank 0 has parameter 2 (2.weight) of shape (3, "],
    "options": ["rank 1 has lr=0.5 in group 0, rank 0 has lr=0.01 in group 0"],
    "order": ["rank 1 is in distributed.mean, rank 0 is in distributed.Optimizer.average_gradients"],
    "drifts": ["check_same", "rank 1 has 0.weight, shape (8, 5), dtype float64, hash "],
    "frozen": ["rank 1 has parameter 1 (0.bias) of shape (8,) and dtype float64, frozen, rank 0 has parameter 1 "],
    "breaks": ["rank 1 is in check_same, rank 0 is in distributed.Optimizer.average_gradients"],
    "samples": ["the ranks have [3, 9, 4] samples, 16 together; the batch of ranks 0, 2 has 10"],
    "no data": ["Batches: the start of a loop", "rank 1 has an array of shape (0, 5)", "rank 0 has an array of "],
}  # fmt: skip


@needs_mpi
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_one_rank_ends_all_with_an_error_that_names_it(fault, tmp_path):
    done = launch(3, TRAIN.format(fault=fault), tmp_path)
    assert done.returncode != 0
    for part in FAULTS[fault]:
        assert part in done.stderr, done.stderr


@needs_mpi
def test_no_fault_is_no_error(tmp_path):
    done = launch(3, TRAIN.format(fault=None), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@needs_mpi
def test_a_killed_rank_ends_all(tmp_path):
    assert launch(3, TRAIN.format(fault="killed"), tmp_path).returncode != 0


KILLED = """
comm = distributed.communicator(timeout=20)
model, X, y = problem(37)
optimizer = distributed.Optimizer(optim.Adam(model.parameters(), lr=0.01), comm, model)
batches = data.Batches(X, y, batch_size=10, shard=comm, rng=0)
checkpoint = Checkpoint("run", model=model, optimizer=optimizer, batches=batches)
step, losses = (state := checkpoint.resume())["step"], list(state.get("losses", []))
victim, seconds = int(sys.argv[1]), float(sys.argv[2])
if comm.rank == victim:
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
while step < 200:
    for x, labels in batches:
        optimizer.zero_grad()
        loss = cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(distributed.mean(loss, comm))
        step += 1
        if step % 5 == 0:
            checkpoint.save(step, losses=losses)
distributed.check_same(model, comm)
np.save(f"{comm.rank}.npy", losses)
"""


@needs_mpi
@pytest.mark.parametrize("kills", [3, 20])
def test_a_run_that_is_killed_at_random_moments_continues_with_other_numbers_of_ranks(kills, tmp_path):
    """Each run ends in an error, the newest checkpoint is whole, and the losses are those without a kill."""
    rng = np.random.default_rng(kills)
    for kill in range(kills):
        ranks = 2 + kill % 3
        program = f"sys.argv[1:] = ['{rng.integers(ranks)}', '{rng.uniform(0.001, 0.1)}']\n" + KILLED
        assert launch(ranks, program, tmp_path).returncode != 0 or (tmp_path / "0.npy").exists()
    found = results(2, "sys.argv[1:] = ['-1', '0']\n" + KILLED, tmp_path)
    (expected,) = results(None, "sys.argv[1:] = ['-1', '0']\n" + KILLED.replace('"run"', '"whole"'), tmp_path)
    for losses in found:
        np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-12)


@needs_mpi
def test_an_error_that_all_ranks_have_can_be_caught_and_the_ranks_go_on(tmp_path):
    """They have all answered, so they are still in step. Without an answer no further call is possible."""
    program = """
comm = distributed.communicator(timeout=30)
try:
    comm.all_reduce(np.ones(2 + comm.rank))
except distributed.DistributedError as error:
    assert "rank 1 has an array of shape (3,)" in str(error), error
np.save(f"{comm.rank}.npy", comm.all_reduce(np.ones(2) * comm.rank))
"""
    for found in results(2, program, tmp_path):
        np.testing.assert_array_equal(found, [1, 1])
    program = """
comm = distributed.communicator(timeout=30)
comm._exchange.timeout = 1
if comm.rank == 0:
    for _ in range(2):
        try:
            comm.barrier()
        except distributed.DistributedError as error:
            print(error)
else:
    time.sleep(1000)
"""
    done = launch(2, program, tmp_path)
    first, second = done.stdout.splitlines()[:2]
    assert "nothing from rank 1 for 1 s" in first
    assert "no call is possible after an earlier error: " in second
    assert done.returncode != 0


@needs_mpi
def test_a_rank_that_is_lost_during_a_transfer_is_named(tmp_path):
    """It has announced its call and does not take part in the transfer. The others answer each other and name it."""
    program = """
comm = distributed.communicator(timeout=30)
comm._exchange.timeout = 1
if comm.rank == 1:
    comm.add_in_place = lambda *arguments: time.sleep(1000)
comm.all_reduce(np.ones(100_000))
"""
    done = launch(3, program, tmp_path, seconds=40)
    assert done.returncode != 0
    assert "all_reduce (call 1): the transfer was not finished after 1 s; no answer from rank 1" in done.stderr


@needs_mpi
def test_the_start_is_bounded_too(tmp_path):
    program = """
from mpi4py import MPI
if MPI.COMM_WORLD.rank == 1:
    time.sleep(1000)
distributed.communicator(timeout=1)
"""
    done = launch(2, program, tmp_path)
    assert done.returncode != 0
    assert "communicator (call 1): nothing from rank 1 for 1 s" in done.stderr


@needs_mpi
def test_several_processes_without_mpi4py_are_not_mistaken_for_one(tmp_path):
    done = launch(2, 'sys.modules["mpi4py"] = None\ndistributed.communicator()', tmp_path)
    assert done.returncode != 0
    assert "mpiexec has started 2 processes, but mpi4py cannot be imported" in done.stderr


@needs_mpi
def test_several_processes_that_are_alone_for_the_mpi_library_are_an_error(tmp_path):
    program = 'os.environ["OMPI_COMM_WORLD_SIZE"] = "2"\ndistributed.communicator()'
    done = launch(None, program, tmp_path)
    assert "the launcher has started 2 processes, but for mpi4py each is alone" in done.stderr


@needs_mpi
@pytest.mark.parametrize("ranks", [None, 2])
def test_the_programs_of_the_page_run(ranks, tmp_path):
    page = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(programs) == 4
    done = launch(ranks, "\n".join(programs), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 5


@needs_mpi
def test_compile_with_several_processes_is_an_error(tmp_path):
    program = """
from autograd_lite import compile
comm = distributed.communicator(timeout=30)
w = Tensor(np.ones(3), requires_grad=True)
optimizer = distributed.Optimizer(optim.SGD([w], lr=0.1), comm)

@compile
def step():
    optimizer.zero_grad()
    (w * w).sum().backward()
    optimizer.step(samples=1)

try:
    step()
except Exception as error:
    assert "compile: distributed.Optimizer.step()" in str(error), error
else:
    raise AssertionError("compiled")
"""
    done = launch(2, program, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@needs_mpi
def test_unclear_batches_are_an_error(tmp_path):
    program = """
import threading
comm = distributed.communicator(timeout=5)
model, X, y = problem(37)
optimizer = distributed.Optimizer(optim.Adam(model.parameters(), lr=0.01), comm, model)
batches = data.Batches(X, y, batch_size=9, shard=comm, shuffle=False)

def error():
    try:
        distributed.mean(1.0, comm)
    except RuntimeError as error:
        return str(error)

assert "no loop over Batches(..., shard=comm) is under way" in error()
list(batches)
assert "no loop over Batches(..., shard=comm) is under way" in error()
loop = iter(batches)
next(loop)
assert error() is None
other = iter(data.Batches(X, batch_size=2, shard=comm, shuffle=False))
next(other)
assert "2 loops over batches are under way, with different shares" in error()
other.close()
thread = threading.Thread(target=next, args=[loop])
thread.start()
thread.join()
assert "a batch was drawn in another thread" in error()
loop.close()
"""
    done = launch(2, program, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
