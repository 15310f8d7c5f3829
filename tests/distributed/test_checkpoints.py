"""Checkpoint on several ranks: rank 0 writes and reads, and all ranks go on or fail together."""

import numpy as np
import pytest

from autograd_lite import Checkpoint, data, distributed, nn, optim
from mpi_processes import launch, needs_mpi, results

TRAIN = """
def train(comm, folder, steps):
    model, X, y = problem(37)
    optimizer = distributed.Optimizer(optim.Adam(model.parameters(), lr=0.01), comm, model)
    batches = data.Batches(X, y, batch_size=10, shard=comm, rng=0)
    checkpoint = Checkpoint(folder, model=model, optimizer=optimizer, batches=batches)
    step, losses = (state := checkpoint.resume())["step"], list(state.get("losses", []))
    while step < steps:
        for x, labels in batches:
            optimizer.zero_grad()
            loss = cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            losses.append(distributed.mean(loss, comm))
            step += 1
            if step % 3 == 0:
                assert os.path.exists(checkpoint.save(step, losses=losses))
            if step == steps:
                break
    distributed.check_same(model, comm)
    return losses

comm = distributed.communicator(timeout=30)
"""


@pytest.mark.exhaustive
@needs_mpi
def test_one_program_saves_and_resumes_on_any_number_of_ranks(tmp_path):
    for ranks, steps in [(2, 10), (None, 17), (3, 23), (4, 32)]:
        found = results(ranks, TRAIN + f'np.save(f"{{comm.rank}}.npy", train(comm, "run", {steps}))', tmp_path)
    (expected,) = results(None, TRAIN + 'np.save("0.npy", train(comm, "whole", 32))', tmp_path)
    for losses in found:
        np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-12)
    assert len(list((tmp_path / "run").iterdir())) == 3


@pytest.mark.exhaustive
@needs_mpi
def test_an_error_of_rank_0_is_raised_on_all_ranks_and_the_run_goes_on(tmp_path):
    """The folder has a later checkpoint; then a counter cannot be saved; then an error that cannot be pickled."""
    program = """
comm = distributed.communicator(timeout=30)
model = problem(3)[0]
checkpoint = Checkpoint("run", model=model, comm=comm)
checkpoint.save(5)
class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(one)
class Part:
    def state_dict(self):
        raise Unpicklable("a bad part", 2)
    load_state_dict = None
found = []
for action in (lambda: checkpoint.save(4), lambda: checkpoint.save(6, f=comm.barrier),
               lambda: Checkpoint("run", part=Part(), comm=comm).save(7)):
    try:
        action()
    except Exception as error:
        found.append(f"{type(error).__name__} {error}")
assert "FileExistsError Checkpoint.save: step 4, but" in found[0], found
assert found[1].startswith("TypeError"), found
assert found[2] == ("Unpicklable a bad part" if comm.rank == 0 else
                    "RuntimeError Checkpoint.save: rank 0 has raised Unpicklable: a bad part"), found
model[0].weight.data[...] = comm.rank
assert checkpoint.resume() == {"step": 5}
distributed.check_same(model, comm)
np.save(f"{comm.rank}.npy", [checkpoint.save(8).endswith("checkpoint-0000000008.npz")])
"""
    assert np.all(results(2, program, tmp_path))


@pytest.mark.exhaustive
@needs_mpi
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("checkpoint.save(5 + comm.rank)", "rank 1 has step 6 of ['model'], rank 0 has step 5 of ['model']"),
        ("if comm.rank == 0: checkpoint.save(5)", "rank 1 is in check_same, rank 0 is in Checkpoint.save"),
        (
            "if comm.rank == 0: Checkpoint._state = lambda self: time.sleep(100)\ncheckpoint.save(5)",
            "Communicator.broadcast (call ",
        ),
    ],
)
def test_ranks_that_do_not_save_together_end_with_an_error(line, message, tmp_path):
    program = f"""
comm = distributed.communicator(timeout=4)
model = problem(3)[0]
checkpoint = Checkpoint("run", model=model, comm=comm)
{line}
distributed.check_same(model, comm)
"""
    done = launch(2, program, tmp_path, seconds=30)
    assert done.returncode != 0
    assert message in done.stderr, done.stderr


def test_the_communicator_is_that_of_the_parts(tmp_path):
    comm, other = distributed.communicator(), distributed.communicator()
    model = nn.Linear(2, 1)
    optimizer = distributed.Optimizer(optim.SGD(model.parameters(), lr=0.1), comm)
    batches = data.Batches(np.ones((4, 2)), batch_size=2, shard=other)
    assert Checkpoint(tmp_path, model=model).comm is None
    assert Checkpoint(tmp_path, model=model, optimizer=optimizer).comm is comm
    assert Checkpoint(tmp_path, batches=batches).comm is other
    assert Checkpoint(tmp_path, comm=comm, batches=batches).comm is comm
    with pytest.raises(ValueError, match="the parts have different communicators; pass the one of all ranks as comm="):
        Checkpoint(tmp_path, optimizer=optimizer, batches=batches)
