"""Training on 1 to 4 ranks has the losses of one process with the global batch, and the same bits on all ranks."""

import re

import numpy as np
import pytest

from mpi_processes import ROOT, launch, needs_mpi, results

TRAIN = """
def train(comm, samples, batch, steps=100, *, make=lambda p: optim.Adam(p, lr=0.01), rng=None):
    model, X, y = problem(samples)
    optimizer = distributed.Optimizer(make(model.parameters()), comm, model)
    batches = data.Batches(X, y, batch_size=batch, shard=comm, rng=rng)
    losses = []
    while len(losses) < steps:
        for x, labels in batches:
            optimizer.zero_grad()
            loss = cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            losses.append(distributed.mean(loss, comm))
    distributed.check_same(model, comm)
    distributed.check_same(optimizer, comm)
    return losses + [value for part in model.parameters() for value in part.data.ravel()]

"""
ONE = "distributed.Communicator()"


@needs_mpi
@pytest.mark.parametrize("ranks", [2, *(pytest.param(n, marks=pytest.mark.exhaustive) for n in (1, 3, 4))])
def test_losses_and_parameters_are_those_of_one_process(ranks, tmp_path):
    """37 samples in batches of 10 have an uneven end; 7 samples in batches of 2 are fewer than 3 or 4 ranks."""
    program = (
        TRAIN
        + f"""
comm = distributed.communicator(timeout=30)
assert comm.size == {ranks}
cases = [(37, 10), (7, 2)]
found = [train(comm, *case) for case in cases]
again = [train(comm, *case) for case in cases]
expected = [train({ONE}, *case) for case in cases]
np.save(f"{{comm.rank}}.npy", np.array([np.concatenate(found), np.concatenate(again), np.concatenate(expected)]))
"""
    )
    found = results(ranks, program, tmp_path)
    for own, again, expected in found:
        np.testing.assert_allclose(own, expected, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(own, again)  # from run to run
        np.testing.assert_array_equal(own, found[0][0])  # on all ranks
        if ranks == 1:
            np.testing.assert_array_equal(own, expected)


def test_the_program_runs_without_mpi4py(tmp_path):
    program = (
        TRAIN
        + f"""
sys.modules["mpi4py"] = None  # importing it raises ImportError
comm = distributed.communicator()
assert "mpi4py.MPI" not in sys.modules
np.save("0.npy", [train(comm, 37, 10, 20), train({ONE}, 37, 10, 20)])
"""
    )
    ((found, expected),) = results(None, program, tmp_path)
    np.testing.assert_array_equal(found, expected)


def test_one_process_has_the_numbers_of_the_optimizer_itself(tmp_path):
    program = (
        TRAIN
        + """
comm = distributed.communicator()
inner = train(comm, 37, 10, 20)
distributed.Optimizer = lambda optimizer, comm, model: optimizer
distributed.check_same = lambda part, comm: None
np.save("0.npy", [inner, train(None, 37, 10, 20)])
"""
    )
    program = program.replace("losses.append(distributed.mean(loss, comm))", "losses.append(loss.item())")
    ((found, expected),) = results(None, program, tmp_path)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.exhaustive
@needs_mpi
def test_other_optimizers_and_clipping_have_the_numbers_of_one_process(tmp_path):
    program = """
from autograd_lite.nn.utils import clip_grad_norm_

def train(comm, way):
    model, X, y = problem(23)
    model[0].bias.name = "b"
    make = {"lbfgs": lambda p: optim.LBFGS(p, max_iter=5, line_search_fn="strong_wolfe"),
            "sum": lambda p: optim.SGD(p, lr=1e-3)}.get(way, lambda p: optim.SGD(p, lr=0.1, momentum=0.9))
    reduction = "sum" if way == "sum" else "mean"
    optimizer = distributed.Optimizer(make(model.parameters()), comm, model, reduction=reduction)
    schedule = optim.lr_scheduler.StepLR(optimizer, 3)
    losses = []
    size = 23 if way == "lbfgs" else 6  # the last batch has 5; line searches on changing batches magnify rounding
    for _ in range(1 if way == "lbfgs" else 4):
        for x, labels in data.Batches(X, y, batch_size=size, shard=comm, rng=0):
            def loss_and_gradients():
                loss = cross_entropy(model(x), labels, reduction=reduction)
                loss.backward()
                return loss
            optimizer.zero_grad()
            if way == "lbfgs":
                def closure():
                    optimizer.zero_grad()
                    return loss_and_gradients()
                loss = optimizer.step(closure)
            else:
                loss = loss_and_gradients()
                if way.startswith("clip"):
                    optimizer.average_gradients()
                    losses.append(clip_grad_norm_(model.parameters(), 0.1).item())
                    optimizer.step(average=way != "clip")
                else:
                    optimizer.step()
            if way != "lbfgs":
                loss = distributed.mean(loss, comm) if way != "sum" else comm.all_reduce(loss.data)
            losses.append(float(loss))
        schedule.step()
    distributed.check_same(model, comm)
    return losses + [value for part in model.parameters() for value in part.data.ravel()]

comm = distributed.communicator(timeout=30)
found, expected = [], []
for way in ["lbfgs", "clip", "clip twice", "sum"]:
    found += train(comm, way)
    expected += train(distributed.Communicator(), way)
np.save(f"{comm.rank}.npy", [found, expected])
"""
    for found, expected in results(2, program, tmp_path):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.exhaustive
@needs_mpi
def test_gradients_of_several_batches_add_up_to_those_of_one_process(tmp_path):
    """The batches have 6, 6 and 1 samples, so rank 0 has other shares of them: adding without weights is an error."""
    program = """
def gradients(comm, accumulate=True):
    model, X, y = problem(13)
    optimizer = distributed.Optimizer(optim.SGD(model.parameters(), lr=1.0), comm)
    batches = data.Batches(X, y, batch_size=6, shard=comm, rng=0)
    for number, (x, labels) in enumerate(batches):
        cross_entropy(model(x), labels).backward()
        if number < 2 and accumulate:
            optimizer.accumulate()
        if number == 2:
            optimizer.average_gradients()
    return np.concatenate([part.grad.ravel() for part in model.parameters()])

comm = distributed.communicator(timeout=30)
try:
    gradients(comm, accumulate=False)
except RuntimeError as error:
    assert "call accumulate()" in str(error), error
else:
    raise AssertionError("a mixture of shares was accepted")
np.save(f"{comm.rank}.npy", [gradients(comm), gradients(distributed.Communicator())])
"""
    for found, expected in results(2, program, tmp_path):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@pytest.mark.exhaustive
@needs_mpi
def test_parameters_without_a_gradient_frozen_ones_and_dtypes(tmp_path):
    """Without a gradient on one rank: zeros there. On no rank: not updated. float16 is added in float32."""
    program = """
comm = distributed.communicator(timeout=30)
a, b, c = (Tensor(np.full(3, comm.rank + 1.0), requires_grad=True) for _ in range(3))
h = Tensor(np.ones(2, np.float16), requires_grad=True)
optimizer = distributed.Optimizer(optim.SGD([a, b, c, h], lr=1.0), comm)
assert (a.data == 1).all()  # the values of rank 0
(a * (comm.rank + 1)).sum().backward()  # gradients 1, 2, 3
if comm.rank == 1:
    (b * 12).sum().backward()
h.grad = np.full(2, 1 + comm.rank, np.float16)
optimizer.step(samples=comm.rank + 1)
assert c.grad is None and (h.grad.dtype, h.dtype) == (np.float16, np.float16)
np.save(f"{comm.rank}.npy", np.concatenate([a.data, b.data, c.data, h.data]))
"""
    for found in results(3, program, tmp_path):
        a, b = 1 - (1 + 4 + 9) / 6, 1 - 12 * 2 / 6
        np.testing.assert_allclose(found, [a] * 3 + [b] * 3 + [1] * 3 + [float(np.float16(a))] * 2, atol=1e-3)
        np.testing.assert_allclose(found[:6], [a] * 3 + [b] * 3, rtol=1e-15)


@pytest.mark.exhaustive
@needs_mpi
def test_forward_and_backward_pass_can_be_compiled(tmp_path):
    """With several processes the step is made between two calls of the program; with one it can be a part of it."""
    program = """
from autograd_lite import compile

def train(comm, compiled):
    model, X, y = problem(37)
    optimizer = distributed.Optimizer(optim.Adam(model.parameters(), lr=0.01), comm, model)

    def gradients(x, labels):
        optimizer.zero_grad()
        loss = cross_entropy(model(x), labels)
        loss.backward()
        if comm.size == 1:
            optimizer.step()
        return loss

    function = compile(gradients) if compiled else gradients
    losses = []
    for _ in range(5):
        for x, labels in data.Batches(X, y, batch_size=10, shard=comm, rng=0):
            loss = function(x, labels)
            if comm.size > 1:
                optimizer.step()
            losses.append(distributed.mean(loss, comm))
    return losses

comm = distributed.communicator(timeout=60)
one = distributed.Communicator()
np.save(f"{comm.rank}.npy", [train(comm, True), train(comm, False), train(one, True), train(one, False)])
"""
    for found in results(2, program, tmp_path):
        np.testing.assert_allclose(found, [found[3]] * 4, rtol=0, atol=1e-12)


@pytest.mark.exhaustive
@needs_mpi
def test_buffers_and_frozen_parameters_are_those_of_rank_0_and_batch_normalization_warns(tmp_path):
    program = """
import warnings
comm = distributed.communicator(timeout=30)
model = nn.Sequential(nn.Linear(3, 2, rng=comm.rank), nn.BatchNorm1d(2))
model.scale = nn.Buffer(float(comm.rank))
model[0].bias.requires_grad = False
model[1].running_mean.data[...] = comm.rank
weights = [model[0].weight, *model[1].parameters()]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    distributed.Optimizer(optim.SGD(weights, lr=0.1), comm, model)
distributed.check_same(model, comm)
(warning,) = caught
assert "BatchNorm1d '1' uses the statistics of the samples of its rank" in str(warning.message), warning
assert warning.filename == __file__, warning
np.save(f"{comm.rank}.npy", [*model[1].running_mean.data, model.scale.item()])
"""
    for found in results(2, program, tmp_path):
        np.testing.assert_array_equal(found, [0, 0, 0])


@pytest.mark.exhaustive
@needs_mpi
def test_averages_can_be_averaged_again_and_sums_cannot_be_added_again(tmp_path):
    program = """
comm = distributed.communicator(timeout=30)
w = Tensor(np.ones(3), requires_grad=True)
found = []
for reduction in ("mean", "sum"):
    optimizer = distributed.Optimizer(optim.SGD([w], lr=0.0), comm, reduction=reduction)
    for _ in range(2):  # w.grad is not zeroed in between: 1 + 1 as with one process
        w.grad = (0 if w.grad is None else w.grad) + np.array([0.5, 1.0, 1.5]) * (1 + comm.rank)
        try:
            optimizer.average_gradients(samples=1)
        except RuntimeError as error:
            assert "hold sums over all ranks; call optimizer.zero_grad()" in str(error), error
        else:
            optimizer.step(average=False)
            found.append(w.grad)
    optimizer.zero_grad()
np.save(f"{comm.rank}.npy", found)
"""
    for found in results(2, program, tmp_path):
        np.testing.assert_array_equal(found, np.array([0.5, 1.0, 1.5]) * np.array([[1.5], [3], [3]]))


@pytest.mark.exhaustive
@needs_mpi
def test_a_gradient_of_an_earlier_step_keeps_its_numbers(tmp_path):
    program = """
comm = distributed.communicator(timeout=30)
w = Tensor(np.ones(3), requires_grad=True)
optimizer = distributed.Optimizer(optim.SGD([w], lr=1.0), comm)
kept = []
for factor in (1, 2):
    optimizer.zero_grad()
    (w * factor).sum().backward()
    optimizer.step(samples=1)
    kept.append(w.grad)
np.save(f"{comm.rank}.npy", kept)
"""
    for found in results(2, program, tmp_path):
        np.testing.assert_array_equal(found, [[1.0] * 3, [2.0] * 3])


@pytest.mark.exhaustive
@needs_mpi
def test_a_rank_without_samples_does_not_count_even_with_nan(tmp_path):
    program = """
comm = distributed.communicator(timeout=30)
w = Tensor(np.ones(3), requires_grad=True)
optimizer = distributed.Optimizer(optim.SGD([w], lr=1.0), comm)
samples = 0 if comm.rank == 1 else 2
w.grad = np.full(3, np.nan if comm.rank == 1 else 4.0)
optimizer.step(samples=samples)
mean = distributed.mean(np.nan if comm.rank == 1 else 7.0, comm, samples=samples)
np.save(f"{comm.rank}.npy", [*w.data, mean])
"""
    for found in results(2, program, tmp_path):
        np.testing.assert_array_equal(found, [-3, -3, -3, 7])


@pytest.mark.exhaustive
@needs_mpi
def test_an_optimizer_that_was_used_continues_on_all_ranks_with_the_state_of_rank_0(tmp_path):
    program = """
comm = distributed.communicator(timeout=30)
w = Tensor(np.ones(3), requires_grad=True)
inner = optim.Adam([w], lr=0.1)
for _ in range(comm.rank + 2):
    w.grad = np.full(3, comm.rank + 1.0)
    inner.step()
optimizer = distributed.Optimizer(inner, comm)
distributed.check_same(optimizer, comm)
assert isinstance(optimizer, optim.Adam) and inner.state_dict()["state"][0]["step"] == 2
np.save(f"{comm.rank}.npy", w.data)
"""
    found = results(2, program, tmp_path)
    np.testing.assert_array_equal(found[0], found[1])


@needs_mpi
def test_the_package_does_not_import_mpi4py(tmp_path):
    done = launch(None, "distributed.communicator(); assert 'mpi4py' not in sys.modules", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@needs_mpi
def test_the_program_of_the_readme_has_the_losses_of_one_process(tmp_path):
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = [text for text in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "distributed" in text]
    alone = launch(None, program, tmp_path)
    assert (alone.returncode, alone.stderr) == (0, "")
    losses = [float(line.removeprefix("rank 0: ")) for line in alone.stdout.splitlines()]
    assert len(losses) == 5
    assert losses[-1] < losses[0] / 2
    together = launch(2, program, tmp_path)
    assert together.returncode == 0, together.stderr
    for rank in range(2):
        lines = [line for line in together.stdout.splitlines() if line.startswith(f"rank {rank}: ")]
        assert [float(line.removeprefix(f"rank {rank}: ")) for line in lines] == pytest.approx(losses, abs=2e-5)
