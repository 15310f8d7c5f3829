"""SyncBatchNorm on 1 to 4 ranks has the numbers of BatchNorm with the whole batch on one process."""

import numpy as np
import pytest

from autograd_lite import distributed, nn
from mpi_processes import launch, needs_mpi, results

# A bias before the normalization has a gradient of 0 but for rounding, which Adam would magnify.
TRAIN = """
def build(kind, comm, reduction="mean", dtype=np.float64, **options):
    if kind == 1:
        layers = [nn.Linear(5, 6, bias=False, rng=1), nn.BatchNorm1d(6, **options), nn.Tanh(), nn.Linear(6, 4, rng=2)]
        layers += [nn.BatchNorm1d(4, **options), nn.Linear(4, 3, rng=3)]
    else:
        convolution, normalization = (nn.Conv2d, nn.BatchNorm2d) if kind == 2 else (nn.Conv3d, nn.BatchNorm3d)
        layers = [convolution(2, 4, 2, bias=False, rng=1), normalization(4, **options), nn.ReLU(), nn.Flatten()]
        layers.append(nn.Linear(4 * 3**kind, 3, rng=2))
    model = nn.Sequential(*layers).astype(dtype)
    return distributed.convert_sync_batchnorm(model, comm, reduction=reduction)

def train(comm, kind, samples=37, batch=10, steps=100, reduction="mean", dtype=np.float64, **options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(samples, *((5,) if kind == 1 else (2, *(4,) * kind)))).astype(dtype)
    y = rng.integers(0, 3, samples)
    model = build(kind, comm, reduction, dtype, **options)
    optimizer = distributed.Optimizer(optim.SGD(model.parameters(), lr=0.01), comm, model, reduction=reduction)
    values, step = [], 0
    while step < steps:
        for x, labels in data.Batches(X, y, batch_size=batch, shard=comm, rng=0):
            optimizer.zero_grad()
            loss = cross_entropy(model(x), labels, reduction=reduction)
            loss.backward()
            optimizer.average_gradients()
            optimizer.step(average=False)
            step += 1
            if reduction == "mean":
                values.append(distributed.mean(loss, comm))
    values += [number for part in model.parameters() for number in part.grad.ravel()]
    values += [number for part in [*model.parameters(), *model.buffers()] for number in part.data.ravel()]
    distributed.check_same(model, comm)
    model.eval()
    if options.get("track_running_stats", True):
        values += [*model(X[:4]).data.ravel()]
    return values

"""
CASES = [
    "kind=1", "kind=1, samples=12, batch=3, steps=12", "kind=2, steps=20", "kind=3, steps=5",
    "kind=1, momentum=None, steps=20", "kind=1, track_running_stats=False, steps=20",
    "kind=1, affine=False, steps=20",
    'kind=1, reduction="sum", steps=20', 'kind=1, samples=12, batch=3, reduction="sum", steps=12',
]  # fmt: skip


@needs_mpi
@pytest.mark.parametrize("ranks", [2, *(pytest.param(n, marks=pytest.mark.exhaustive) for n in (1, 3, 4))])
def test_the_numbers_are_those_of_one_process(ranks, tmp_path):
    """37 samples in batches of 10 have an uneven end; 3 samples are fewer than 4 ranks, and magnify rounding."""
    program = TRAIN + "comm, one = distributed.communicator(timeout=30), distributed.Communicator()\n"
    program += "found, expected = [], []\n"
    for case in CASES:
        program += f"found += train(comm, {case})\nexpected += train(one, {case})\n"
    program += 'np.save(f"{comm.rank}.npy", [found, expected])\n'
    for found, expected in results(ranks, program, tmp_path):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert np.ptp(expected) > 0


@pytest.mark.exhaustive
@needs_mpi
def test_half_and_single_precision_and_extreme_numbers(tmp_path):
    """Squares overflow or underflow in float32; the deviations of equal numbers are 0."""
    program = """
comm = distributed.communicator(timeout=30)
X = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32) * np.float32([1, 1e30, 1e-30, 0, 1])
X += np.float32([0, 0, 0, 1234.567, 1e3])

def layer(comm, x, eps):
    module = distributed.SyncBatchNorm(x.shape[1], eps=eps, comm=comm, dtype=x.dtype)
    part = slice(0, None) if comm.size == 1 else slice(3 * comm.rank, 3 + 4 * comm.rank)
    own = Tensor(x[part], requires_grad=True)
    out = module(own)
    np.mean(np.sum(out**3, axis=1)).backward()
    assert out.dtype == own.grad.dtype == x.dtype
    pieces = comm.all_gather((out.data, own.grad * np.float64(len(own) / 7)))
    found = [np.concatenate(part).astype(float) for part in zip(*pieces)]
    return [*found, module.running_mean.data.astype(float)[None]]

cases = [(X[:, 4:].astype(np.float16), 1e-5, 1e-2), (X, 1e-5, 1e-4), (X[:, [0, 1, 2, 4]], 0, 1e-4)]
cases.append((X.astype(float) ** 5, 1e-5, 1e-9))
with np.errstate(over="ignore"):
    for x, eps, tolerance in cases:
        for found, expected in zip(layer(comm, x, eps), layer(distributed.Communicator(), x, eps)):
            assert np.isfinite(expected).all()
            largest = np.abs(expected).max(axis=0) + 1e-290
            np.testing.assert_allclose(found / largest, expected / largest, rtol=0, atol=tolerance)
np.save(f"{comm.rank}.npy", [1])
"""
    results(2, program, tmp_path)


@pytest.mark.exhaustive
@needs_mpi
def test_second_derivatives_are_those_of_one_process(tmp_path):
    """A penalty of the gradients by the inputs, differentiated by the parameters."""
    program = """
def gradients(comm):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(5, 6, rng=1), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3, rng=2)).astype(float)
    distributed.convert_sync_batchnorm(model, comm)
    optimizer = distributed.Optimizer(optim.SGD(model.parameters(), lr=0.01), comm, model)
    found = []
    for x, labels in data.Batches(rng.normal(size=(7, 5)), rng.integers(0, 3, 7), batch_size=7, shard=comm):
        x = Tensor(x, requires_grad=True)
        cross_entropy(model(x), labels).backward(create_graph=True)
        slopes = x.grad * len(x)
        optimizer.zero_grad()
        np.mean(np.sum(slopes**2, axis=1)).backward()
        optimizer.average_gradients()
        found += [number for part in model.parameters() if part.grad is not None for number in part.grad.ravel()]
    return found

comm = distributed.communicator(timeout=30)
np.save(f"{comm.rank}.npy", [gradients(comm), gradients(distributed.Communicator())])
"""
    for found, expected in results(3, program, tmp_path):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert np.abs(expected).max() > 1e-3


FAULTS = {
    "evaluation": ["rank 1 is in distributed.Optimizer.average_gradients, rank 0 is in SyncBatchNorm"],
    "order": ["SyncBatchNorm", "rank 1 has layer 1 of 6 features and dtype float64, rank 0 has layer 0 of 6 features"],
    "skipped": ["rank 1 is in the gradients of SyncBatchNorm, rank 0 is in SyncBatchNorm"],
    "features": ["rank 1 has layer 0 of 7 features and dtype float64, rank 0 has layer 0 of 6 features"],
    "reduction": ["has computed gradients for a loss of this rank of weight 1, but here it is 0.5: "],
    "samples": ["has computed gradients for a loss of this rank of weight 0.5, but here it is 0."],
    "one value": ["batch_norm: x of shape (1, 6) has 1 values per channel; a variance needs at least two"],
    "compiled": ["CompileError", "SyncBatchNorm with several processes would not be repeated"],
}  # fmt: skip


@pytest.mark.exhaustive
@needs_mpi
@pytest.mark.parametrize("fault", FAULTS)
def test_ranks_that_do_not_fit_together_end_with_an_error(fault, tmp_path):
    program = f"""
fault = {fault!r}
comm = distributed.communicator(timeout=6)
wide = 7 if fault == "features" and comm.rank == 1 else 6
layers = [distributed.SyncBatchNorm(wide, comm=comm, dtype=float) for _ in range(2)]
first, last = nn.Linear(5, wide, dtype=float), nn.Linear(wide, 3, dtype=float)
if fault == "order" and comm.rank == 1:
    layers.reverse()
if fault == "skipped" and comm.rank == 1:
    layers.pop()
model = nn.Sequential(first, *layers, last)
optimizer = None
if fault in ("evaluation", "reduction", "samples"):
    reduction = "mean" if fault != "reduction" else "sum"
    if fault == "reduction":
        reduction = "mean"
        for layer in layers:
            layer.reduction = "sum"
    optimizer = distributed.Optimizer(optim.SGD(model.parameters(), lr=0.1), comm, model, reduction=reduction)
if fault == "evaluation" and comm.rank == 1:
    model.eval()
x, y = np.random.default_rng(0).normal(size=(5, 5)), np.arange(5) % 3
if fault == "one value":
    batches = data.Batches(x[:1], y[:1], batch_size=1, shard=comm)
    for x, y in batches:
        model(x)
from autograd_lite import compile
forward = compile(model) if fault == "compiled" else model
cross_entropy(forward(x), y).backward()
optimizer.step(samples=5 if fault != "samples" else 1 + 2 * comm.rank)
"""
    done = launch(2, program, tmp_path, seconds=30)
    assert done.returncode != 0
    for part in FAULTS[fault]:
        assert part in done.stderr, done.stderr


@pytest.mark.exhaustive
@needs_mpi
def test_a_copy_of_a_model_belongs_to_the_same_processes(tmp_path):
    program = """
import copy
comm = distributed.communicator(timeout=30)
model = copy.deepcopy(nn.Sequential(distributed.SyncBatchNorm(2, comm=comm, dtype=float)))
assert model[0].comm is comm
out = model(np.full((2, 2), float(comm.rank)))
np.save(f"{comm.rank}.npy", [model[0].running_mean.data, model[0].running_var.data])
"""
    for mean, variance in results(2, program, tmp_path):
        np.testing.assert_allclose(mean, 0.1 * 0.5, rtol=1e-15)
        np.testing.assert_allclose(variance, 0.9 + 0.1 / 3, rtol=1e-15)  # of 0, 0, 1, 1, divided by n − 1


def test_conversion_keeps_the_model_and_one_process_keeps_its_bits():
    comm = distributed.communicator()
    shared = nn.BatchNorm2d(3, momentum=None)
    model = nn.Sequential(nn.Conv2d(2, 3, 2, rng=0), shared, nn.Sequential(nn.ReLU(), shared)).eval()
    before, state = list(model.parameters()), model.state_dict()
    assert distributed.convert_sync_batchnorm(model, comm) is model
    assert isinstance(model[1], distributed.SyncBatchNorm)
    assert model[1] is shared
    assert model[2][1] is shared
    assert (shared.training, shared.momentum, shared.comm) == (False, None, comm)
    assert all(one is other for one, other in zip(before, model.parameters(), strict=True))
    assert list(model.state_dict()) == list(state)
    root = nn.BatchNorm1d(3)
    assert distributed.SyncBatchNorm.convert_sync_batchnorm(root, comm) is root
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(root(x).data, nn.BatchNorm1d(3)(x).data)
    assert root.state_dict().keys() == nn.BatchNorm1d(3).state_dict().keys()
