"""What is sent to other processes: it arrives there and computes the same, or it is refused."""

import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, data, nn, optim, primitive

cloudpickle = pytest.importorskip("cloudpickle", reason="it comes with Dask, an extra")

x = np.array([0.3, -1.2, 2.0])


def function(x):
    return ag.logsumexp(x * x)


def model():
    return nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2, rng=1)).eval()


def trained():
    network = model()
    optimizer = optim.Adam(network.parameters(), lr=0.1)
    network(np.ones((2, 3), np.float32)).sum().backward()
    optimizer.step()
    return network, optimizer, optim.lr_scheduler.StepLR(optimizer, 2)


def derivation():
    W = Tensor(np.zeros((3, 2)), requires_grad=True)
    return ag.derive(ag.cross_entropy(np.eye(4, 3) @ W, np.array([0, 1, 1, 0]), reduction="sum"), [W])


def compiled(x):
    return np.tanh(x) * 2


# What is sent, and an expression of it, here and there.
THINGS = {
    "function": (function, "thing(x)"),
    "lambda": (lambda x: np.exp(x) * 2, "thing(x)"),
    "operation": (ag.softmax, "thing(x)"),
    "grad": (ag.grad(function), "thing(x)"),
    "grad of grad": (ag.grad(lambda x: ag.grad(function)(x).sum()), "thing(x)"),
    "value_and_grad": (ag.value_and_grad(function), "thing(x)[1]"),
    "jacobian": (ag.jacobian(ag.softmax), "thing(x)"),
    "hessian": (ag.hessian(function), "thing(x)"),
    "vmap": (ag.vmap(function), "thing(np.stack([x, x]))"),
    "compile": (ag.compile(compiled), "thing(x)"),
    "tensor": (Tensor(x, requires_grad=True), "(thing * thing).numpy()"),
    "module": (model(), "thing(x[None].astype(np.float32)).numpy()"),
    "training": (trained(), "[thing[2].step(), thing[1].step(), *(p.numpy() for p in thing[0].parameters())][2:]"),
    "batches": (data.Batches(np.arange(9), batch_size=2, rng=0), "np.concatenate([b for (b,) in thing])"),
    "derivation": (derivation(), "str(thing)"),
}
ELSEWHERE = """
import pickle, sys
import numpy as np
x = np.array([0.3, -1.2, 2.0])
things, expressions = pickle.load(sys.stdin.buffer)
sys.stdout.buffer.write(pickle.dumps({name: eval(expressions[name], {"np": np, "x": x, "thing": thing})
                                      for name, thing in things.items()}))
"""


def test_what_arrives_in_another_process_computes_the_same():
    # Functions of this file are sent by value, as those of a script are: the other process cannot import it.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    sent = {name: thing for name, (thing, _) in THINGS.items()}, {name: code for name, (_, code) in THINGS.items()}
    message = cloudpickle.dumps(sent)
    finished = subprocess.run([sys.executable, "-c", ELSEWHERE], input=message, capture_output=True, check=False)
    assert finished.returncode == 0, finished.stderr.decode()
    arrived = cloudpickle.loads(finished.stdout)
    for name, (thing, code) in THINGS.items():
        here = eval(code, {"np": np, "x": x, "thing": thing})
        pairs = zip(here, arrived[name], strict=True) if isinstance(here, list) else [(here, arrived[name])]
        for one, other in pairs:
            np.testing.assert_array_equal(one, other)


def test_operations_of_modules_are_sent_by_name():
    import new_operation

    assert cloudpickle.loads(cloudpickle.dumps(new_operation.log_normal_cdf)) is new_operation.log_normal_cdf
    assert cloudpickle.loads(cloudpickle.dumps(ag.exp)) is ag.exp


def test_an_operation_that_no_module_has_is_refused():
    cube = primitive(lambda x: x**3, name="cube", x=lambda g, x: 3 * g * x**2)
    with pytest.raises(TypeError, match="cannot pickle"):
        cloudpickle.dumps(lambda x: cube(x))
    with pytest.raises(RuntimeError, match=r"cannot be pickled or deep-copied: it is part of a graph; use \.detach"):
        cloudpickle.dumps(Tensor(1.0, requires_grad=True) * 2)
